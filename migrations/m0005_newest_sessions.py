"""PostgreSQL reads threads off an index by the end of their session, newest first and those without one last.

SQLite does so off the index that both have.
"""

from migrations._dialect import per_database
from migrations._recorded import RecordedMigration

STATEMENT = """
    CREATE INDEX threads_by_newest_session
        ON threads (organization_id, session_expires_at DESC NULLS LAST, id DESC)
"""


class Migration(RecordedMigration):
    dependencies = [("desk", "m0004_ticket_counters")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [per_database(sqlite=[], postgres=[STATEMENT])]  # noqa: RUF012
