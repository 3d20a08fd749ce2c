"""What was told of a month's use is told once: the highest mark is kept with the month."""

from migrations._dialect import POSTGRES_WORDS, SQLITE_WORDS, in_words, per_database
from migrations._recorded import RecordedMigration

STATEMENTS = ["ALTER TABLE quota_periods ADD COLUMN warned_at {whole} NOT NULL DEFAULT 0"]


class Migration(RecordedMigration):
    dependencies = [("desk", "m20261201_0250_column_words")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [  # noqa: RUF012
        per_database(sqlite=in_words(SQLITE_WORDS, STATEMENTS), postgres=in_words(POSTGRES_WORDS, STATEMENTS))
    ]
