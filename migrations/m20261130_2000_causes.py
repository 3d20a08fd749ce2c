"""What waits to leave, and files, know the request or delivery that caused them: the log names it to the end."""

from migrations._dialect import POSTGRES_WORDS, SQLITE_WORDS, in_words, per_database
from migrations._recorded import RecordedMigration

STATEMENTS = [
    "ALTER TABLE outbox ADD COLUMN cause {text}",
    "ALTER TABLE media ADD COLUMN cause {text}",
]


class Migration(RecordedMigration):
    dependencies = [("desk", "m20261130_1955_clocks")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [  # noqa: RUF012
        per_database(sqlite=in_words(SQLITE_WORDS, STATEMENTS), postgres=in_words(POSTGRES_WORDS, STATEMENTS))
    ]
