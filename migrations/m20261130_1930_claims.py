"""How often a delivery was taken up without an end is counted with the claim, and what waits is found by its number."""

from migrations._dialect import POSTGRES_WORDS, SQLITE_WORDS, in_words, per_database
from migrations._recorded import RecordedMigration

STATEMENTS = [
    "ALTER TABLE deliveries ADD COLUMN claims {whole} NOT NULL DEFAULT 0",
    "CREATE INDEX deliveries_by_number ON deliveries (numbers, received_at, id) WHERE state = 'WAITING'",
]


class Migration(RecordedMigration):
    dependencies = [("desk", "m20261130_1928_indexes")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [  # noqa: RUF012
        per_database(sqlite=in_words(SQLITE_WORDS, STATEMENTS), postgres=in_words(POSTGRES_WORDS, STATEMENTS))
    ]
