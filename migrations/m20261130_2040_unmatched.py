"""What waits for a message that does not come is shown after a while: found by when it is due."""

from migrations._dialect import POSTGRES_WORDS, SQLITE_WORDS, in_words, per_database
from migrations._recorded import RecordedMigration

STATEMENTS = [
    "ALTER TABLE parked ADD COLUMN due_at {time}",
    "CREATE INDEX parked_by_due ON parked (organization_id, due_at, id) WHERE due_at IS NOT NULL",
]


class Migration(RecordedMigration):
    dependencies = [("desk", "m20261130_2000_causes")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [  # noqa: RUF012
        per_database(sqlite=in_words(SQLITE_WORDS, STATEMENTS), postgres=in_words(POSTGRES_WORDS, STATEMENTS))
    ]
