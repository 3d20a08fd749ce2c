"""The library: what is sent again and again. An item's file is one of the media, and stays as long as the item."""

from migrations._dialect import POSTGRES_WORDS, SQLITE_WORDS, in_words, per_database
from migrations._recorded import RecordedMigration

STATEMENTS = [
    """
    CREATE TABLE library_items (
        organization_id {text} NOT NULL REFERENCES organizations (organization_id),
        id {text} NOT NULL,
        kind {text} NOT NULL,
        title {text} NOT NULL,
        created_at {time} NOT NULL,
        updated_at {time} NOT NULL,
        body {text},
        url {text},
        media_id {text},
        searched {text} NOT NULL,
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, media_id) REFERENCES media (organization_id, id)
    )
    """,
    "CREATE INDEX library_items_by_title ON library_items (organization_id, title, id)",
    "CREATE INDEX library_items_of_media ON library_items (organization_id, media_id) WHERE media_id IS NOT NULL",
]


class Migration(RecordedMigration):
    dependencies = [("desk", "m0008_renditions")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [  # noqa: RUF012
        per_database(sqlite=in_words(SQLITE_WORDS, STATEMENTS), postgres=in_words(POSTGRES_WORDS, STATEMENTS))
    ]
