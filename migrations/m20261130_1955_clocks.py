"""What was decided by a clock that was wrong is found when time comes back: paces say as of when they are; sessions
that were told to have ended, and messages that we gave up, have an index that is empty while clocks are right.
"""

from migrations._dialect import POSTGRES_WORDS, SQLITE_WORDS, in_words, per_database
from migrations._recorded import RecordedMigration

STATEMENTS = [
    "ALTER TABLE paces ADD COLUMN as_of {time}",
    "CREATE INDEX threads_rung_away ON threads (organization_id, session_expires_at) WHERE alarm_at IS NULL",
    """
    CREATE INDEX message_marks_given_up ON message_marks (organization_id, reported_at)
    WHERE status = 'FAILED' AND delivery_id IS NULL
    """,
]


class Migration(RecordedMigration):
    dependencies = [("desk", "m20261130_1930_claims")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [  # noqa: RUF012
        per_database(sqlite=in_words(SQLITE_WORDS, STATEMENTS), postgres=in_words(POSTGRES_WORDS, STATEMENTS))
    ]
