"""Tickets are counted apart from events.

A number is taken in the middle of a transaction, a position at its end: on one row, whoever opened a ticket would keep
everybody else from the log for the rest of its work.
"""

from migrations._dialect import POSTGRES_WORDS, SQLITE_WORDS, in_words, per_database
from migrations._recorded import RecordedMigration

STATEMENTS = [
    """
    CREATE TABLE ticket_counters (
        organization_id {text} NOT NULL PRIMARY KEY,
        number {whole} NOT NULL
    ){clustered}
    """,
    "INSERT INTO ticket_counters SELECT organization_id, ticket_number FROM event_counters",
    "ALTER TABLE event_counters DROP COLUMN ticket_number",
]


class Migration(RecordedMigration):
    dependencies = [("desk", "m0003_searched")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [  # noqa: RUF012
        per_database(sqlite=in_words(SQLITE_WORDS, STATEMENTS), postgres=in_words(POSTGRES_WORDS, STATEMENTS))
    ]
