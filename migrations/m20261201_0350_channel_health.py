"""What a number's health needs: when what was told, when it is looked after next, and the former secret."""

from migrations._dialect import POSTGRES_WORDS, SQLITE_WORDS, in_words, per_database
from migrations._recorded import RecordedMigration

STATEMENTS = [
    "ALTER TABLE channels ADD COLUMN heard {text} NOT NULL DEFAULT '[]'",
    "ALTER TABLE channels ADD COLUMN token_expires_at {time}",
    "ALTER TABLE channels ADD COLUMN check_due_at {time}",
    "ALTER TABLE channels ADD COLUMN read_at {time}",
    "ALTER TABLE channels ADD COLUMN former_app_secret {text}",
    "ALTER TABLE channels ADD COLUMN former_app_secret_print {text}",
    "ALTER TABLE channels ADD COLUMN former_secret_until {time}",
    "ALTER TABLE channels ADD COLUMN close_after_idle_hours {whole}",
    "UPDATE channels SET check_due_at = created_at WHERE state IN ('CONNECTED', 'DEGRADED')",
    "CREATE INDEX channels_by_check ON channels (organization_id, check_due_at) WHERE check_due_at IS NOT NULL",
]


class Migration(RecordedMigration):
    dependencies = [("desk", "m20261201_0345_connecting")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [  # noqa: RUF012
        per_database(sqlite=in_words(SQLITE_WORDS, STATEMENTS), postgres=in_words(POSTGRES_WORDS, STATEMENTS))
    ]
