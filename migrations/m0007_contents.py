"""What messages became: earlier contents, reactions on their way out, and contacts that turned out to be one person.

A merged contact keeps its row, so that what names it still finds a name; lists leave it out.
"""

from migrations._dialect import POSTGRES_WORDS, SQLITE_WORDS, in_words, per_database
from migrations._recorded import RecordedMigration

STATEMENTS = [
    "ALTER TABLE messages ADD COLUMN versions {text} NOT NULL DEFAULT '[]'",
    "ALTER TABLE outbox ADD COLUMN reaction {text}",
    "ALTER TABLE contacts ADD COLUMN merged_into_id {text}",
]


class Migration(RecordedMigration):
    dependencies = [("desk", "m0006_media")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [  # noqa: RUF012
        per_database(sqlite=in_words(SQLITE_WORDS, STATEMENTS), postgres=in_words(POSTGRES_WORDS, STATEMENTS))
    ]
