"""Whose each name and thread was before its contact was merged, and what a contact was by itself: the way back.

What was merged before this stays so: it is not known any more what came from whom.
"""

from migrations._dialect import POSTGRES_WORDS, SQLITE_WORDS, in_words, per_database
from migrations._recorded import RecordedMigration

STATEMENTS = [
    "ALTER TABLE contact_identities ADD COLUMN origin_id {text}",
    "ALTER TABLE threads ADD COLUMN origin_id {text}",
    "ALTER TABLE contacts ADD COLUMN merged_by_network {flag} NOT NULL DEFAULT {false}",
    "ALTER TABLE contacts ADD COLUMN joined {text}",
]


class Migration(RecordedMigration):
    dependencies = [("desk", "m20261201_0305_teams")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [  # noqa: RUF012
        per_database(
            sqlite=in_words(SQLITE_WORDS | {"false": "0"}, STATEMENTS),
            postgres=in_words(POSTGRES_WORDS | {"false": "false"}, STATEMENTS),
        )
    ]
