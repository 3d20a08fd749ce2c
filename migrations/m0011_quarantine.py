"""Quarantine and opt-out: what an organization keeps from its people and by which words contacts ask to be left alone.

Of a message what it says while that is withheld, and who showed it again; of a contact when the network last told what
they chose of marketing, since updates come in any order.
"""

from migrations._dialect import POSTGRES_WORDS, SQLITE_WORDS, in_words, per_database
from migrations._recorded import RecordedMigration

STATEMENTS = [
    "ALTER TABLE organizations ADD COLUMN blocked_links {text} NOT NULL DEFAULT '[]'",
    "ALTER TABLE organizations ADD COLUMN personal_data_patterns {text} NOT NULL DEFAULT '[]'",
    "ALTER TABLE organizations ADD COLUMN stop_words {text} NOT NULL DEFAULT '[]'",
    "ALTER TABLE messages ADD COLUMN held {text}",
    "ALTER TABLE messages ADD COLUMN releases {text} NOT NULL DEFAULT '[]'",
    "ALTER TABLE contacts ADD COLUMN marketing_told_at {time}",
]


class Migration(RecordedMigration):
    dependencies = [("desk", "m0010_template_syncs")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [  # noqa: RUF012
        per_database(sqlite=in_words(SQLITE_WORDS, STATEMENTS), postgres=in_words(POSTGRES_WORDS, STATEMENTS))
    ]
