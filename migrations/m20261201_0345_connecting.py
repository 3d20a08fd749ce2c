"""Sign-ins that are not channels yet, the PINs that numbers were registered with, and the profile people see."""

from migrations._dialect import POSTGRES_WORDS, SQLITE_WORDS, in_words, per_database
from migrations._recorded import RecordedMigration

STATEMENTS = [
    "ALTER TABLE channels ADD COLUMN profile {text}",
    """CREATE TABLE connection_drafts (
    organization_id {text} NOT NULL REFERENCES organizations (organization_id),
    id {text} NOT NULL,
    author {text} NOT NULL,
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    access_token {text},
    state_print {text},
    app_id {text},
    permissions {text} NOT NULL,
    accounts {text} NOT NULL,
    codes {text} NOT NULL,
    PRIMARY KEY (organization_id, id)
){clustered}""",
    "CREATE INDEX connection_drafts_by_end ON connection_drafts (organization_id, expires_at, id)",
    """CREATE TABLE registrations (
    organization_id {text} NOT NULL REFERENCES organizations (organization_id),
    id {text} NOT NULL,
    pin {text} NOT NULL,
    at {time} NOT NULL,
    PRIMARY KEY (organization_id, id)
){clustered}""",
]


class Migration(RecordedMigration):
    dependencies = [("desk", "m20261201_0320_merging")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [  # noqa: RUF012
        per_database(sqlite=in_words(SQLITE_WORDS, STATEMENTS), postgres=in_words(POSTGRES_WORDS, STATEMENTS))
    ]
