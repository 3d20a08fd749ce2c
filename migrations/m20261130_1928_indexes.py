"""An index for each list that people look at: of tickets by priority and owner, of threads by contact and ticket.

And one for each table whose rows go with age.
"""

from migrations._dialect import per_database
from migrations._recorded import RecordedMigration

STATEMENTS = [
    "CREATE INDEX tickets_of_priority ON tickets (organization_id, priority, created_at, id)",
    """CREATE INDEX tickets_by_priority ON tickets (organization_id,
    (CASE priority WHEN 'LOW' THEN '0' WHEN 'MEDIUM' THEN '1' WHEN 'HIGH' THEN '2' WHEN 'URGENT' THEN '3' END), id)""",
    "CREATE INDEX tickets_of_owner_by_age ON tickets (organization_id, owner_id, created_at, id)",
    "CREATE INDEX threads_of_contact_by_activity ON threads (organization_id, contact_id, last_activity_at, id)",
    "CREATE INDEX threads_of_ticket ON threads (organization_id, ticket_id) WHERE ticket_id IS NOT NULL",
    "CREATE INDEX updates_by_age ON updates (organization_id, at, id)",
    "CREATE INDEX sign_ins_by_expiry ON sign_ins (organization_id, expires_at, id)",
]


class Migration(RecordedMigration):
    dependencies = [("desk", "m0012_paces")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [per_database(sqlite=STATEMENTS, postgres=STATEMENTS)]  # noqa: RUF012
