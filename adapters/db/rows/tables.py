"""The tables as Tortoise models: names, columns, types.

Tortoise has no composite keys: a model calls `id` its key, while the tables have (organization_id, id). Always filter
by both, or no index is found. Reading and writing go through `mapping`; migrations make the tables, not these models.
Inside a transaction of the store a model would wait for the connection that the transaction holds: use it outside.
"""

from datetime import date, datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model, ModelMeta

from adapters.db.rows.times import day_of, day_text, instant_of, instant_text
from domain.channels.channels import Channel
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
from domain.ports.deliveries import Delivery
from domain.quota import Entry, Period
from domain.tickets import Ticket, TicketChange
from domain.updates import ParkedUpdate, UpdateRecord

# ---------------------------------------------------------------- models


class _Uncommented(ModelMeta):
    """Tortoise reads the source of every model for comments in a form of its own, and there are none."""

    def __new__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> ModelMeta:
        return super().__new__(cls, name, bases, {**attrs, "_no_comments": True})


# ---------------------------------------------------------------- columns


class Words(fields.Field[str], str):
    """Text of any length: ids, names of enum members, what people wrote, nested values as JSON."""

    SQL_TYPE = "TEXT"


class Whole(fields.Field[int], int):
    SQL_TYPE = "BIGINT"

    class _db_sqlite:
        SQL_TYPE = "INTEGER"


class Flag(fields.Field[bool], int):
    """Truth; 0 and 1 on SQLite."""

    SQL_TYPE = "BOOLEAN"

    class _db_sqlite:
        SQL_TYPE = "INTEGER"

    def to_db_value(self, value: bool | None, instance: Any) -> bool | None:
        return value

    def to_python_value(self, value: Any) -> bool | None:
        return None if value is None else bool(value)


class Instant(fields.Field[datetime], datetime):
    """An instant in UTC, on SQLite in the one form that `times` writes."""

    SQL_TYPE = "TIMESTAMPTZ"

    class _db_sqlite:
        SQL_TYPE = "TEXT"

    def to_db_value(self, value: Any, instance: Any) -> Any:
        return instant_text(value) if isinstance(value, datetime) else value

    def to_python_value(self, value: Any) -> datetime | None:
        return instant_of(value) if isinstance(value, str) else value


class Day(fields.Field[date], date):
    SQL_TYPE = "DATE"

    class _db_sqlite:
        SQL_TYPE = "TEXT"

    def to_db_value(self, value: Any, instance: Any) -> Any:
        return day_text(value) if isinstance(value, date) else value

    def to_python_value(self, value: Any) -> date | None:
        return day_of(value) if isinstance(value, str) else value


def _key() -> Words:
    return Words(primary_key=True)


# ---------------------------------------------------------------- known without an organization


class DeliveryRow(Model, metaclass=_Uncommented):
    id = _key()
    received_at = Instant()
    body = fields.BinaryField()
    state = Words()
    reason = Words(null=True)
    numbers = Words()
    claims = Whole()
    lease = Words(null=True)
    leased_until = Instant(null=True)

    class Meta(Model.Meta):
        table = "deliveries"


class DirectoryRow(Model, metaclass=_Uncommented):
    kind = Words()
    value = _key()
    organization_id = Words()
    ref = Words()

    class Meta(Model.Meta):
        table = "directory"


# ---------------------------------------------------------------- the organization, its log, its people and keys


class OrganizationRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    name = Words()
    time_zone = Words()
    subscribed_on = Day()
    quota_limit = Whole()
    created_at = Instant()
    agent_visibility = Words()
    legal_name = Words(null=True)
    website = Words(null=True)
    email = Words(null=True)
    country = Words(null=True)
    blocked_links = Words()
    personal_data_patterns = Words()
    stop_words = Words()

    class Meta(Model.Meta):
        table = "organizations"


class EventCounterRow(Model, metaclass=_Uncommented):
    """Where an organization's log stands."""

    organization_id = _key()
    epoch = Words()
    position = Whole()

    class Meta(Model.Meta):
        table = "event_counters"


class TicketCounterRow(Model, metaclass=_Uncommented):
    """The last ticket number an organization gave."""

    organization_id = _key()
    number = Whole()

    class Meta(Model.Meta):
        table = "ticket_counters"


class EventRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    position = Whole(primary_key=True)
    at = Instant()
    kind = Words()
    version = Whole()
    thread_id = Words(null=True)
    refs = Words()

    class Meta(Model.Meta):
        table = "events"


class UserRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    name = Words()
    email = Words()
    role = Words()
    password_hash = Words(null=True)
    created_at = Instant()
    active = Flag()
    available = Flag()
    capacity = Whole(null=True)
    skills = Words()
    searched = Words()

    class Meta(Model.Meta):
        table = "users"


class ApiKeyRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    name = Words()
    prefix = Words()
    secret_hash = Words()
    scopes = Words()
    created_at = Instant()
    last_used_at = Instant(null=True)
    expires_at = Instant(null=True)
    revoked_at = Instant(null=True)

    class Meta(Model.Meta):
        table = "api_keys"


class SignInRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    user_id = Words()
    token_hash = Words()
    created_at = Instant()
    expires_at = Instant()
    ended_at = Instant(null=True)

    class Meta(Model.Meta):
        table = "sign_ins"


# ---------------------------------------------------------------- channels, templates


class ChannelRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    name = Words()
    phone_number = Words()
    phone_number_id = Words()
    account_id = Words()
    destination = Words()
    state = Words()
    created_at = Instant()
    connected_at = Instant(null=True)
    reopen_policy = Words()
    assignment = Words()
    send_read_receipts = Flag()
    access_token = Words(null=True)
    app_secret = Words(null=True)
    app_secret_print = Words(null=True)
    pin = Words(null=True)
    terms = Words(null=True)
    token_valid = Flag()
    webhook_subscribed = Flag()
    business_verified = Flag()
    last_inbound_at = Instant(null=True)
    quality_rating = Words(null=True)
    messaging_limit = Whole(null=True)
    throughput_per_second = Whole(null=True)
    missing_permissions = Words()
    problems = Words()

    class Meta(Model.Meta):
        table = "channels"


class TemplateRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    account_id = Words()
    network_id = Words()
    name = Words()
    language = Words()
    category = Words()
    status = Words()
    body = Words()
    synced_at = Instant()
    header = Words(null=True)
    footer = Words(null=True)
    buttons = Words()
    parameters = Words()
    named = Flag()
    quality = Words(null=True)
    rejection_reason = Words(null=True)
    other_parts = Words()
    told_at = Instant(null=True)
    heard_at = Instant(null=True)
    searched = Words()

    class Meta(Model.Meta):
        table = "templates"


class TemplateSyncRow(Model):
    organization_id = Words()
    id = _key()
    due_at = Instant(null=True)
    begun_at = Instant(null=True)
    tries = Whole()

    class Meta(Model.Meta):
        table = "template_syncs"


# ---------------------------------------------------------------- contacts


class ContactRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    created_at = Instant()
    name = Words(null=True)
    profile_name = Words(null=True)
    wa_id = Words(null=True)
    business_scoped_id = Words(null=True)
    username = Words(null=True)
    email = Words(null=True)
    phones = Words()
    opted_out_at = Instant(null=True)
    marketing_opted_out_at = Instant(null=True)
    searched = Words()
    merged_into_id = Words(null=True)
    marketing_told_at = Instant(null=True)

    class Meta(Model.Meta):
        table = "contacts"


class IdentityRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    contact_id = Words()
    kind = Words()
    value = Words()
    evidence = Words()
    since = Instant()

    class Meta(Model.Meta):
        table = "contact_identities"


# ---------------------------------------------------------------- threads, messages


class ThreadRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    channel_id = Words()
    contact_id = Words()
    created_at = Instant()
    last_activity_at = Instant()
    wa_id = Words(null=True)
    business_scoped_id = Words(null=True)
    status = Words()
    owner_id = Words(null=True)
    team_id = Words(null=True)
    ticket_id = Words(null=True)
    last_message_id = Words(null=True)
    last_message_at = Instant(null=True)
    last_direction = Words(null=True)
    last_source = Words()
    unread_count = Whole()
    read_up_to = Instant(null=True)
    read_up_to_message_id = Words(null=True)
    pair_next_at = Instant(null=True)
    session_opened_at = Instant(null=True)
    session_last_at = Instant(null=True)
    session_last_by = Words(null=True)
    session_expires_at = Instant(null=True)
    alarm_kind = Words(null=True)
    alarm_at = Instant(null=True)

    class Meta(Model.Meta):
        table = "threads"


class MessageRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    thread_id = Words()
    channel_id = Words()
    direction = Words()
    author = Words()
    content = Words()
    status = Words()
    at = Instant()
    sent_at = Instant()
    received_at = Instant()
    wamid = Words(null=True)
    source = Words()
    extends_session = Flag()
    reply_to_wamid = Words(null=True)
    reply_to_id = Words(null=True)
    reactions = Words()
    failure = Words(null=True)
    delivered_at = Instant(null=True)
    read_at = Instant(null=True)
    held_until = Instant(null=True)
    edited_at = Instant(null=True)
    deleted_at = Instant(null=True)
    forwarded = Flag()
    referral = Words(null=True)
    from_number = Words(null=True)
    to_number = Words(null=True)
    attempts = Words()
    original = Words(null=True)
    versions = Words()
    held = Words(null=True)
    releases = Words()

    class Meta(Model.Meta):
        table = "messages"


class MarkRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    message_id = Words()
    status = Words()
    at = Instant()
    reported_at = Instant()
    attempt = Whole(null=True)
    delivery_id = Words(null=True)
    place = Whole(null=True)

    class Meta(Model.Meta):
        table = "message_marks"


class MediaRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    kind = Words()
    state = Words()
    mime_type = Words()
    created_at = Instant()
    direction = Words()
    channel_id = Words(null=True)
    message_id = Words(null=True)
    network_id = Words(null=True)
    file_name = Words(null=True)
    size = Whole(null=True)
    sha256 = Words(null=True)
    voice = Flag()
    animated = Flag()
    failure = Words(null=True)
    stored_as = Words(null=True)
    due_at = Instant(null=True)
    tries = Whole()
    cause = Words(null=True)
    uploads = Words()
    renditions = Words()

    class Meta(Model.Meta):
        table = "media"


class LibraryItemRow(Model):
    organization_id = Words()
    id = _key()
    kind = Words()
    title = Words()
    created_at = Instant()
    updated_at = Instant()
    body = Words(null=True)
    url = Words(null=True)
    media_id = Words(null=True)
    searched = Words()

    class Meta(Model.Meta):
        table = "library_items"


# ---------------------------------------------------------------- tickets


class TicketRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    number = Whole()
    subject = Words()
    status = Words()
    thread_id = Words()
    contact_id = Words()
    channel_id = Words()
    created_at = Instant()
    priority = Words()
    source = Words()
    owner_id = Words(null=True)
    team_id = Words(null=True)
    required_skills = Words()
    properties = Words()
    closed_at = Instant(null=True)
    replied = Flag()

    class Meta(Model.Meta):
        table = "tickets"


class TicketChangeRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    ticket_id = Words()
    at = Instant()
    by = Words()
    field = Words()
    before = Words(null=True)
    after = Words(null=True)

    class Meta(Model.Meta):
        table = "ticket_changes"


# ---------------------------------------------------------------- the quota ledger


class PeriodRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    starts_at = Instant()
    ends_at = Instant()
    used = Whole()

    class Meta(Model.Meta):
        table = "quota_periods"


class EntryRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    period_id = Words()
    at = Instant()
    kind = Words()
    thread_id = Words()
    message_id = Words()
    account_id = Words()
    refunded_at = Instant(null=True)

    class Meta(Model.Meta):
        table = "quota_entries"


# ---------------------------------------------------------------- on the way out, and on the way in


class OutboxRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    thread_id = Words()
    channel_id = Words()
    queued_at = Instant()
    due_at = Instant()
    priority = Whole()
    tries = Whole()
    leased_until = Instant(null=True)
    lease = Words(null=True)
    cause = Words(null=True)
    reaction = Words(null=True)

    class Meta(Model.Meta):
        table = "outbox"


class PaceRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    per_second = Whole()
    next_at = Instant()
    slowed = Whole()
    slowed_at = Instant(null=True)
    held_until = Instant(null=True)
    templates_held_until = Instant(null=True)
    stopped = Flag()
    as_of = Instant(null=True)

    class Meta(Model.Meta):
        table = "paces"


class RememberedRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    mutation = Words()
    content = Words()
    message_id = Words()
    at = Instant()

    class Meta(Model.Meta):
        table = "idempotency_keys"


class UpdateRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    delivery_id = Words()
    index = Whole()
    outcome = Words()
    at = Instant()
    reason = Words(null=True)
    wamid = Words(null=True)

    class Meta(Model.Meta):
        table = "updates"


class ParkedRow(Model, metaclass=_Uncommented):
    organization_id = Words()
    id = _key()
    number = Words()
    wamid = Words()
    update = Words()
    parked_at = Instant()
    due_at = Instant(null=True)

    class Meta(Model.Meta):
        table = "parked"


TABLES: dict[type, type[Model]] = {
    Delivery: DeliveryRow,
    Organization: OrganizationRow,
    LoggedEvent: EventRow,
    User: UserRow,
    ApiKey: ApiKeyRow,
    SignIn: SignInRow,
    Channel: ChannelRow,
    Template: TemplateRow,
    TemplateSync: TemplateSyncRow,
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
    RateState: PaceRow,
    IdempotencyRecord: RememberedRow,
    UpdateRecord: UpdateRow,
    ParkedUpdate: ParkedRow,
}
"""Which table holds which domain type. `event_counters`, `ticket_counters` and `directory` hold none."""
