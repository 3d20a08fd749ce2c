"""Templates that are read again by themselves: when, and what the network tells of one alone in between.

Every account that is connected is due at once, so that what earlier versions left out of a template is read.
"""

from migrations._dialect import POSTGRES_WORDS, SQLITE_WORDS, in_words, per_database
from migrations._recorded import RecordedMigration

STATEMENTS = [
    "ALTER TABLE templates ADD COLUMN other_parts {text} NOT NULL DEFAULT '[]'",
    "ALTER TABLE templates ADD COLUMN told_at {time}",
    "ALTER TABLE templates ADD COLUMN heard_at {time}",
    "CREATE INDEX templates_by_network_id ON templates (organization_id, network_id)",
    """
    CREATE TABLE template_syncs (
        organization_id {text} NOT NULL REFERENCES organizations (organization_id),
        id {text} NOT NULL,
        due_at {time},
        begun_at {time},
        tries {whole} NOT NULL,
        PRIMARY KEY (organization_id, id)
    ){clustered}
    """,
    "CREATE INDEX template_syncs_by_due ON template_syncs (organization_id, due_at) WHERE due_at IS NOT NULL",
    """
    INSERT INTO template_syncs (organization_id, id, due_at, begun_at, tries)
    SELECT organization_id, account_id, min(created_at), NULL, 0
    FROM channels WHERE state <> 'DISCONNECTED' GROUP BY organization_id, account_id
    """,
]


class Migration(RecordedMigration):
    dependencies = [("desk", "m0009_library")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [  # noqa: RUF012
        per_database(sqlite=in_words(SQLITE_WORDS, STATEMENTS), postgres=in_words(POSTGRES_WORDS, STATEMENTS))
    ]
