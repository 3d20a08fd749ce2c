"""Teams. A team's members lie in its row; the name as it is compared is unique in the organization."""

from migrations._dialect import POSTGRES_WORDS, SQLITE_WORDS, in_words, per_database
from migrations._recorded import RecordedMigration

STATEMENTS = [
    """
    CREATE TABLE teams (
        organization_id {text} NOT NULL REFERENCES organizations (organization_id),
        id {text} NOT NULL,
        name {text} NOT NULL,
        folded_name {text} NOT NULL,
        created_at {time} NOT NULL,
        members {text} NOT NULL,
        PRIMARY KEY (organization_id, id)
    )
    """,
    "CREATE UNIQUE INDEX teams_by_name ON teams (organization_id, folded_name)",
]


class Migration(RecordedMigration):
    dependencies = [("desk", "m20261201_0300_quota_warnings")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [  # noqa: RUF012
        per_database(sqlite=in_words(SQLITE_WORDS, STATEMENTS), postgres=in_words(POSTGRES_WORDS, STATEMENTS))
    ]
