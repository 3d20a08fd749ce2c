"""Media that are kept and sent: where their bytes lie, when they are to be fetched, how the network knows them.

What is to be sent has no channel, and SQLite can't take a NOT NULL away: there the table is made anew.
"""

from migrations._dialect import per_database
from migrations._recorded import RecordedMigration

SQLITE = [
    """
    CREATE TABLE media_new (
        organization_id TEXT NOT NULL,
        id TEXT NOT NULL,
        kind TEXT NOT NULL,
        state TEXT NOT NULL,
        mime_type TEXT NOT NULL,
        created_at TEXT NOT NULL,
        direction TEXT NOT NULL,
        channel_id TEXT,
        message_id TEXT,
        network_id TEXT,
        file_name TEXT,
        size INTEGER,
        sha256 TEXT,
        voice INTEGER NOT NULL,
        animated INTEGER NOT NULL,
        failure TEXT,
        stored_as TEXT,
        due_at TEXT,
        tries INTEGER NOT NULL,
        uploads TEXT NOT NULL,
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, channel_id) REFERENCES channels (organization_id, id)
    )
    """,
    """
    INSERT INTO media_new (
        organization_id, id, kind, state, mime_type, created_at, direction, channel_id, message_id, network_id,
        file_name, size, sha256, voice, animated, failure, stored_as, due_at, tries, uploads
    )
    SELECT media.organization_id, media.id, media.kind, media.state, media.mime_type, media.created_at, 'INBOUND',
        media.channel_id, message.id,
        media.network_id, media.file_name, media.size, media.sha256, media.voice, media.animated, media.failure,
        NULL, CASE media.state WHEN 'PENDING' THEN media.created_at END, 0, '[]'
    FROM media LEFT JOIN (
        SELECT organization_id, id, json_extract(content, '$.media') AS media_id FROM messages
        WHERE json_extract(content, '$.is') = 'MediaMessage'
    ) AS message ON message.organization_id = media.organization_id AND message.media_id = media.id
    """,
    "DROP TABLE media",
    "ALTER TABLE media_new RENAME TO media",
    "CREATE INDEX media_by_state ON media (organization_id, state, id)",
    "CREATE INDEX media_by_due ON media (organization_id, due_at) WHERE due_at IS NOT NULL",
]

POSTGRES = [
    "ALTER TABLE media ALTER COLUMN channel_id DROP NOT NULL",
    "ALTER TABLE media ADD COLUMN direction text COLLATE \"C\" NOT NULL DEFAULT 'INBOUND'",
    "ALTER TABLE media ALTER COLUMN direction DROP DEFAULT",
    'ALTER TABLE media ADD COLUMN message_id text COLLATE "C"',
    'ALTER TABLE media ADD COLUMN stored_as text COLLATE "C"',
    "ALTER TABLE media ADD COLUMN due_at timestamptz",
    "ALTER TABLE media ADD COLUMN tries bigint NOT NULL DEFAULT 0",
    "ALTER TABLE media ALTER COLUMN tries DROP DEFAULT",
    "ALTER TABLE media ADD COLUMN uploads text COLLATE \"C\" NOT NULL DEFAULT '[]'",
    "ALTER TABLE media ALTER COLUMN uploads DROP DEFAULT",
    """
    UPDATE media SET message_id = messages.id FROM messages
    WHERE messages.organization_id = media.organization_id AND messages.content::jsonb ->> 'media' = media.id
    """,
    "UPDATE media SET due_at = created_at WHERE state = 'PENDING'",
    "CREATE INDEX media_by_due ON media (organization_id, due_at) WHERE due_at IS NOT NULL",
]


class Migration(RecordedMigration):
    dependencies = [("desk", "m0005_newest_sessions")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [per_database(sqlite=SQLITE, postgres=POSTGRES)]  # noqa: RUF012
