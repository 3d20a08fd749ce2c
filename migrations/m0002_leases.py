"""Deliveries can be leased: which worker interprets one, and until when it is given up for lost."""

from migrations._dialect import POSTGRES_WORDS, SQLITE_WORDS, in_words, per_database
from migrations._recorded import RecordedMigration

STATEMENTS = [
    "ALTER TABLE deliveries ADD COLUMN lease {text}",
    "ALTER TABLE deliveries ADD COLUMN leased_until {time}",
    "CREATE INDEX deliveries_by_lease ON deliveries (leased_until) WHERE leased_until IS NOT NULL",
]


class Migration(RecordedMigration):
    dependencies = [("desk", "m0001_start")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [  # noqa: RUF012
        per_database(sqlite=in_words(SQLITE_WORDS, STATEMENTS), postgres=in_words(POSTGRES_WORDS, STATEMENTS))
    ]
