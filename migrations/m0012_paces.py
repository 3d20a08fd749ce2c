"""The pace of what goes out: of a number, in a row of its own, and of one person, in the thread. What is due is found
in the order in which it leaves, number by number. Every number has its row from the start, so that of many workers that
begin at once each finds what the others used.

Up to which message of a second somebody has read: where that is not known, all of that second is.
"""

from migrations._dialect import POSTGRES_WORDS, SQLITE_WORDS, in_words, per_database
from migrations._recorded import RecordedMigration

STATEMENTS = [
    """
    CREATE TABLE paces (
        organization_id {text} NOT NULL,
        id {text} NOT NULL,
        per_second {whole} NOT NULL,
        next_at {time} NOT NULL,
        slowed {whole} NOT NULL,
        slowed_at {time},
        held_until {time},
        templates_held_until {time},
        stopped {flag} NOT NULL,
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, id) REFERENCES channels (organization_id, id)
    )
    """,
    """
    INSERT INTO paces (organization_id, id, per_second, next_at, slowed, stopped)
    SELECT organization_id, id, coalesce(throughput_per_second, 80), created_at, 0, {no} FROM channels
    """,
    "ALTER TABLE threads ADD COLUMN read_up_to_message_id {text}",
    "ALTER TABLE threads ADD COLUMN pair_next_at {time}",
    """
    CREATE INDEX outbox_of_number ON outbox (organization_id, channel_id, priority, due_at, queued_at, id)
    WHERE leased_until IS NULL
    """,
]


class Migration(RecordedMigration):
    dependencies = [("desk", "m0011_quarantine")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [  # noqa: RUF012
        per_database(
            sqlite=in_words(SQLITE_WORDS | {"no": "0"}, STATEMENTS),
            postgres=in_words(POSTGRES_WORDS | {"no": "false"}, STATEMENTS),
        )
    ]
