"""Columns by the words of their fields: `not_before` for a pause, `quarantined` for what a message says meanwhile.

A renamed column is one that an older version does not find. None is in use: this comes before the first release.
"""

from migrations._dialect import per_database
from migrations._recorded import RecordedMigration

STATEMENTS = [
    "ALTER TABLE messages RENAME COLUMN held_until TO not_before",
    "ALTER TABLE messages RENAME COLUMN held TO quarantined",
    "ALTER TABLE paces RENAME COLUMN held_until TO not_before",
    "ALTER TABLE paces RENAME COLUMN templates_held_until TO templates_not_before",
]


class Migration(RecordedMigration):
    dependencies = [("desk", "m20261130_2040_unmatched")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [per_database(sqlite=STATEMENTS, postgres=STATEMENTS)]  # noqa: RUF012
