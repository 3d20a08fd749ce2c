"""Files in other forms: a voice note as everything plays it."""

from migrations._dialect import POSTGRES_WORDS, SQLITE_WORDS, in_words, per_database
from migrations._recorded import RecordedMigration

STATEMENTS = ["ALTER TABLE media ADD COLUMN renditions {text} NOT NULL DEFAULT '[]'"]


class Migration(RecordedMigration):
    dependencies = [("desk", "m0007_contents")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [  # noqa: RUF012
        per_database(sqlite=in_words(SQLITE_WORDS, STATEMENTS), postgres=in_words(POSTGRES_WORDS, STATEMENTS))
    ]
