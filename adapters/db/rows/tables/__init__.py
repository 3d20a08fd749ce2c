"""The tables as Tortoise models: names, columns, types.

Tortoise has no composite keys: a model calls `id` its key, while the tables have (organization_id, id). Always filter
by both, or no index is found. Reading and writing go through `mapping`; migrations make the tables, not these models.
Inside a transaction of the store a model would wait for the connection that the transaction holds: use it outside.
"""

from tortoise.models import Model

from adapters.db.rows.tables.channels import (
    ChannelRow,
    ConnectionDraftRow,
    RegistrationRow,
    TemplateRow,
    TemplateSyncRow,
)
from adapters.db.rows.tables.conversations import (
    ContactRow,
    IdentityRow,
    LibraryItemRow,
    MarkRow,
    MediaRow,
    MessageRow,
    ThreadRow,
)
from adapters.db.rows.tables.counting import EntryRow, PeriodRow
from adapters.db.rows.tables.desk import TicketChangeRow, TicketRow
from adapters.db.rows.tables.people import (
    ApiKeyRow,
    EventCounterRow,
    EventRow,
    OrganizationRow,
    SignInRow,
    TicketCounterRow,
    UserRow,
)
from adapters.db.rows.tables.teams import TeamRow
from adapters.db.rows.tables.ways import (
    DeliveryRow,
    DirectoryRow,
    IdempotencyRecordRow,
    OutboxRow,
    ParkedUpdateRow,
    RateStateRow,
    UpdateRow,
)
from domain.channels.channels import Channel
from domain.channels.drafts import ConnectionDraft, Registration
from domain.channels.template_sync import TemplateSync
from domain.channels.templates import Template
from domain.contacts import Contact, Identity
from domain.conversations.library import LibraryItem
from domain.conversations.messages import Message
from domain.conversations.status import Mark
from domain.conversations.threads import Thread
from domain.events import LoggedEvent
from domain.files.media import Media
from domain.outbound.outbox import IdempotencyRecord, OutboxItem
from domain.outbound.pace import RateState
from domain.people.organizations import ApiKey, Organization, SignIn, User
from domain.people.teams import Team
from domain.ports.deliveries import Delivery
from domain.quota import Entry, Period
from domain.tickets import Ticket, TicketChange
from domain.updates import ParkedUpdate, UpdateRecord

TABLES: dict[type, type[Model]] = {
    Delivery: DeliveryRow,
    Organization: OrganizationRow,
    LoggedEvent: EventRow,
    User: UserRow,
    Team: TeamRow,
    ApiKey: ApiKeyRow,
    SignIn: SignInRow,
    Channel: ChannelRow,
    Template: TemplateRow,
    TemplateSync: TemplateSyncRow,
    ConnectionDraft: ConnectionDraftRow,
    Registration: RegistrationRow,
    Contact: ContactRow,
    Identity: IdentityRow,
    Thread: ThreadRow,
    Message: MessageRow,
    Mark: MarkRow,
    Media: MediaRow,
    LibraryItem: LibraryItemRow,
    Ticket: TicketRow,
    TicketChange: TicketChangeRow,
    Period: PeriodRow,
    Entry: EntryRow,
    OutboxItem: OutboxRow,
    RateState: RateStateRow,
    IdempotencyRecord: IdempotencyRecordRow,
    UpdateRecord: UpdateRow,
    ParkedUpdate: ParkedUpdateRow,
}
"""Which table holds which domain type. `event_counters`, `ticket_counters` and `directory` hold none."""

__models__ = (*TABLES.values(), DirectoryRow, EventCounterRow, TicketCounterRow)
"""Where Tortoise looks for an app's models."""
