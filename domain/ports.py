"""Everything the core needs from outside, as Protocols in the desk's own words, and `Ports`, the frozen bundle of them.

Instants are aware and UTC. Whatever is read belongs to the organization named first; an id of another one is as
unknown as one that never was. A store that cannot answer raises `domain.errors.Unavailable`.
"""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeAlias, TypeVar

from domain.channels.channels import Channel, ChannelState
from domain.channels.template_drafts import TemplateDraft
from domain.channels.template_sync import TemplateSync
from domain.channels.templates import Template, TemplateCategory, TemplateStatus
from domain.claims import CLAIMED_BYTES
from domain.contacts import Contact, Identity, IdentityKey
from domain.conversations.library import LibraryItem, LibraryItemKind
from domain.conversations.messages import Direction, Mark, Message, Source, TemplateMessage
from domain.conversations.sendable import Sendable
from domain.conversations.sessions import SessionState
from domain.conversations.threads import Thread, ThreadStatus
from domain.events import Event, LoggedEvent
from domain.files.media import Media, MediaKind
from domain.ids import (
    ApiKeyId,
    BusinessAccountId,
    ChannelId,
    ContactId,
    DeliveryId,
    EntryId,
    LibraryItemId,
    MediaId,
    MessageId,
    OrganizationId,
    PhoneNumberId,
    SignInId,
    TemplateId,
    ThreadId,
    TicketId,
    UserId,
    Wamid,
)
from domain.outbound.outbox import OutboxItem, Remembered
from domain.outbound.pace import Pace
from domain.people.organizations import ApiKey, Organization, SignIn, User
from domain.quota import Entry, Period
from domain.tickets import Property, Ticket, TicketChange, TicketPriority, TicketStatus
from domain.updates import Parked, Update, UpdateRecord

T = TypeVar("T")

# ---------------------------------------------------------------- time, names, secrets


class Clock(Protocol):
    def now(self) -> datetime: ...

    async def wait(self, seconds: float) -> None:
        """As long by a clock that is never set."""
        ...


class Ids(Protocol):
    def new(self) -> str:
        """A UUIDv7 as text; rising within a process."""
        ...

    def secret(self) -> str:
        """At least 128 random bits, URL-safe text."""
        ...

    def cause(self) -> str | None:
        """The id of the request that is being carried out, by which the log finds all it causes; None where none is."""
        ...


class Passwords(Protocol):
    """Slow on purpose, and never on the event loop's thread."""

    def place(self, asker: str) -> AbstractAsyncContextManager[None]:
        """One of the few places at the hashing, to be had before `fits`. Each asker has an equal share of them.

        Raises Throttled where too many wait.
        """
        ...

    async def hash(self, password: str) -> str: ...

    async def fits(self, password: str, hashed: str | None) -> bool:
        """Costs the same where there is no hash: whoever asks can't tell an unknown address from a wrong password."""
        ...


class Vault(Protocol):
    """Secrets at rest: what is sealed for one organization and purpose opens for no other."""

    def seal(self, organization: OrganizationId, purpose: str, text: str) -> str: ...

    def open(self, organization: OrganizationId, purpose: str, sealed: str, *, channel: ChannelId) -> str | None:
        """None where no key opens it, as after one was removed too early; who runs this is told of the channel."""
        ...

    def print(self, text: str) -> str:
        """A keyed fingerprint: equal for equal secrets, useless without the key."""
        ...


class Throttle(Protocol):
    async def take(self, name: str, limit: int, per_s: float) -> float | None:
        """One more of `name`: None where fewer than `limit` came in the last `per_s` seconds, else seconds to wait."""
        ...

    async def give_back(self, name: str) -> None:
        """The newest that was taken of `name` turned out not to count."""
        ...

    async def turn(self, name: str, every_s: float, patience_s: float) -> bool:
        """Waits for a turn of `name`: one every `every_s` seconds in a process, by lot among those who wait.

        False for who did not have one within `patience_s` seconds.
        """
        ...


# ---------------------------------------------------------------- writing

Row: TypeAlias = (
    Organization
    | User
    | ApiKey
    | SignIn
    | Channel
    | Template
    | TemplateSync
    | Contact
    | Identity
    | Thread
    | Message
    | Mark
    | Media
    | LibraryItem
    | Ticket
    | TicketChange
    | Period
    | Entry
    | OutboxItem
    | Pace
    | Remembered
    | UpdateRecord
    | Parked
)
"""What a transaction can save. Each has an organization and an id, which together are its key."""


ONCE: frozenset[type[Row]] = frozenset({Remembered})
"""Kinds whose rows are only ever new. Of several that save one of the same id, the first is kept and each of the others
collides as a whole: that it was not there when they looked says nothing."""


WATCHED: frozenset[type[Row]] = frozenset({Organization, User, ApiKey, SignIn, Channel, Template})
"""What everybody looks at and few change. Read, it is not locked; whoever saves one after somebody else did collides.
Locked, a number's row would let one message pass at a time, in or out."""

LOCK_ORDER: tuple[type[Row], ...] = (
    UpdateRecord,
    Remembered,
    Parked,
    OutboxItem,
    Identity,
    Contact,
    Thread,
    Message,
    LibraryItem,
    Media,
    TemplateSync,
    Entry,
    Period,
    Ticket,  # and after the tickets their numbers
    TicketChange,
    Pace,
)
"""In which a transaction reads what it reads to change; turns come before all of it, rows of WATCHED kinds and the
positions of events after. Two that lock in one order never wait for each other both."""


Removable: TypeAlias = OutboxItem | Parked | LibraryItem | SignIn | UpdateRecord
"""What may go again without a trace. All else is emptied where its time is over."""


class Listing(StrEnum):
    """Kinds of names that the directory resolves without an organization."""

    ORGANIZATION = "ORGANIZATION"  # its name, casefolded; unique
    KEY = "KEY"  # an API key's hash; unique
    TOKEN = "TOKEN"  # a sign-in token's hash; unique
    EMAIL = "EMAIL"  # a sign-in address; several organizations may have it
    NUMBER = "NUMBER"  # a phone number id; unique
    ACCOUNT = "ACCOUNT"  # a business account id; several


UNIQUE_LISTINGS = frozenset({Listing.ORGANIZATION, Listing.KEY, Listing.TOKEN, Listing.NUMBER})


class DeliveryState(StrEnum):
    WAITING = "WAITING"
    INTERPRETED = "INTERPRETED"
    FAILED = "FAILED"
    IGNORED = "IGNORED"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook body as received."""

    id: DeliveryId
    received_at: datetime
    body: bytes
    state: DeliveryState = DeliveryState.WAITING
    reason: str | None = None
    numbers: tuple[PhoneNumberId, ...] = ()  # every number it names
    claims: int = 0  # times it was taken up, and not finished since


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    id: DeliveryId
    state: DeliveryState
    reason: str | None = None


class Look(Protocol):
    """One organization's rows as a decision reads them. Whether something may be done is asked of a `Look` alone, so
    that the same function answers in a transaction, which then does it, and before anybody does it.
    """

    organization: OrganizationId

    @property
    def unheld(self) -> "Look":
        """The same rows with nothing locked, for what is only looked at and may be asked for in any order."""
        ...

    async def settings(self) -> Organization: ...

    async def channel(self, id: ChannelId) -> Channel | None: ...

    async def template(self, id: TemplateId) -> Template | None: ...

    async def templates_of(self, account: BusinessAccountId) -> list[Template]: ...

    async def identities(self, keys: Collection[IdentityKey]) -> list[Identity]: ...

    async def contacts(self, ids: Collection[ContactId]) -> dict[ContactId, Contact]: ...

    async def threads(self, ids: Collection[ThreadId]) -> dict[ThreadId, Thread]: ...

    async def threads_of(self, contacts: Collection[ContactId]) -> list[Thread]: ...

    async def messages(self, ids: Collection[MessageId]) -> dict[MessageId, Message]: ...

    async def media(self, ids: Collection[MediaId]) -> dict[MediaId, Media]: ...

    async def library_item(self, id: LibraryItemId) -> LibraryItem | None: ...

    async def period_at(self, at: datetime) -> Period | None:
        """The ledger's period that holds an instant, where it was begun."""
        ...

    async def entries_since(self, thread: ThreadId, since: datetime) -> list[Entry]: ...

    async def allowance_taken(self, account: BusinessAccountId, since: datetime) -> list[datetime]:
        """Instants of the account's BUSINESS_INITIATED entries after `since` that were not refunded."""
        ...

    async def pace(self, channel: ChannelId) -> Pace | None:
        """None where it has none yet. A transaction asks last: whoever sends from the number waits for it."""
        ...

    async def remembered(self, id: str) -> Remembered | None: ...


class Transaction(Look, Protocol):
    """One organization's rows, all or nothing.

    What is read here is locked until the end, in the order of keys; whoever asks goes by `LOCK_ORDER`. `save` stages
    rows, new or changed; they are written together, in the order of their tables, before the next read and at the end.
    Positions of recorded events are taken last: no gaps, and commit order is position order. No call to the outside, no
    task, inside.
    """

    def save(self, *rows: Row) -> None: ...

    def remove(self, *rows: Removable) -> None: ...

    def record(self, *events: Event) -> None: ...

    async def take_turns(self, names: Collection[str]) -> None:
        """From here to the end nobody else of the organization is past this with one of these names.

        For what no key of a row can keep one: what is counted or looked for after this is there, or nowhere. It comes
        before anything else is asked, since who waits here may hold nothing that others wait for.
        """
        ...

    async def user(self, id: UserId) -> User | None: ...

    async def user_by_email(self, email: str) -> User | None: ...

    async def api_key(self, id: ApiKeyId) -> ApiKey | None: ...

    async def sign_in(self, id: SignInId) -> SignIn | None: ...

    async def channels(self) -> list[Channel]: ...

    async def template_of(self, account: BusinessAccountId, network_id: str) -> Template | None:
        """One template of an account by the network's id."""
        ...

    async def template_sync(self, account: BusinessAccountId) -> TemplateSync | None: ...

    async def identities_of(self, contacts: Collection[ContactId]) -> list[Identity]: ...

    async def tickets(self, ids: Collection[TicketId]) -> dict[TicketId, Ticket]: ...

    async def tickets_of(self, contacts: Collection[ContactId]) -> list[Ticket]: ...

    async def ticket_changes_of(self, tickets: Collection[TicketId]) -> list[TicketChange]: ...

    async def next_ticket_numbers(self, count: int) -> int:
        """The first of `count` numbers in a row that nobody else gets; from 1.

        A count below zero gives back as many: the last that this transaction took.
        """
        ...

    async def messages_by_wamid(
        self, wamids: Collection[tuple[ChannelId, Wamid]]
    ) -> dict[tuple[ChannelId, Wamid], Message]: ...

    async def unread(self, thread: ThreadId, after: "tuple[datetime, MessageId] | None") -> int:
        """How many inbound messages stand after a place, (`at`, id); all of them where it is None."""
        ...

    async def session_instants(self, thread: ThreadId, before: datetime, limit: int) -> list[datetime]:
        """Where the messages that extend a session stand, before an instant, newest first."""
        ...

    async def recorded(self, ids: Collection[str]) -> dict[str, UpdateRecord]:
        """What became of these updates by id; one that FAILED, or never came, is left out."""
        ...

    async def parked(self, wamids: Collection[tuple[PhoneNumberId, Wamid]]) -> list[Parked]:
        """What waits for these messages, oldest first."""
        ...

    async def parked_before(self, instant: datetime, limit: int) -> list[Parked]:
        """What has waited since before an instant, oldest first."""
        ...

    async def updates_before(self, instant: datetime, limit: int) -> list[UpdateRecord]:
        """Records from before an instant whose delivery is not kept any more, oldest first."""
        ...

    async def sign_ins_before(self, instant: datetime, limit: int) -> list[SignIn]:
        """What ran out before an instant, first the first."""
        ...

    async def forget_events(self, before: datetime, limit: int) -> int:
        """Take the oldest events off the log, up to the first from `before` or later; how many that were.

        Positions go on where they stood.
        """
        ...

    async def period_of(self, entry: Entry) -> Period:
        """The period that paid for an entry."""
        ...

    async def entry_of(self, message: MessageId) -> Entry | None:
        """The unit that a message took and still has; None where it took none, or got it back."""
        ...

    async def outbox_item(self, message: MessageId) -> OutboxItem | None: ...

    async def outbox_items(self, messages: Collection[MessageId]) -> dict[MessageId, OutboxItem]: ...

    async def outbox(self, limit: int) -> list[OutboxItem]:
        """Messages that wait to leave or are leaving, by key."""
        ...

    async def begin_epoch(self, epoch: str) -> None:
        """The log goes on in a new life: cursors of the old one are good no longer."""
        ...

    async def outbox_ahead(self, item: OutboxItem) -> bool:
        """Whether an item of the same thread was queued before this one and is still there."""
        ...

    async def enlist(self, kind: Listing, value: str, ref: str) -> bool:
        """Make a name resolve to this organization; False where it is unique and another one has it."""
        ...

    async def delist(self, kind: Listing, value: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Head:
    """Where an organization's log stands. A restore begins a new epoch."""

    epoch: str
    position: int  # 0 before the first event


@dataclass(frozen=True, slots=True)
class DueNumber:
    """A number that something waits to leave from, now."""

    organization: OrganizationId
    channel: ChannelId
    pace: Pace | None


@dataclass(frozen=True, slots=True)
class Figures:
    """How all organizations together stand, for whoever runs the desk."""

    due_sends: int  # that nobody has in hand
    oldest_due_send: datetime | None  # when that one fell due
    channels: Mapping[ChannelState, int]


class Store(Protocol):
    def transaction(
        self, organization: OrganizationId, *, background: bool = False
    ) -> AbstractAsyncContextManager[Transaction]:
        """Leaving the block commits and hints the bus, an exception rolls back. Raises `Collision`, `Unavailable`.

        `background` is for work nobody waits for: it lets what people wait for go first.
        """
        ...

    async def pause(self, tries: int) -> bool:
        """Wait a little, longer each time and spread out, before a collided transaction is tried again.

        False at once where it was tried often enough.
        """
        ...

    async def due_sends(self, now: datetime, limit: int) -> list[tuple[OrganizationId, MessageId]]:
        """Outbox items that may leave now: due, not leased, first of their thread; by priority, then by time."""
        ...

    async def due_numbers(self, now: datetime) -> list[DueNumber]:
        """Numbers with an outbox item that is due and not leased, in the order of their keys."""
        ...

    async def due_sends_of(
        self, organization: OrganizationId, channel: ChannelId, priority: int, now: datetime, limit: int
    ) -> list[MessageId]:
        """`due_sends` of one number and priority."""
        ...

    async def old_sends(self, before: datetime, limit: int) -> list[tuple[OrganizationId, MessageId]]:
        """Outbox items queued before an instant and not leased, the oldest first."""
        ...

    async def lost_sends(self, now: datetime, limit: int) -> list[tuple[OrganizationId, MessageId]]:
        """Outbox items whose lease ran out: their worker died."""
        ...

    async def due_alarms(self, now: datetime, limit: int) -> list[tuple[OrganizationId, ThreadId]]: ...

    async def due_media(self, now: datetime, limit: int) -> list[tuple[OrganizationId, MediaId]]:
        """Files that are to be fetched now, the longest due first."""
        ...

    async def due_template_syncs(self, now: datetime, limit: int) -> list[tuple[OrganizationId, BusinessAccountId]]:
        """Accounts whose templates are to be read now, the longest due first."""
        ...

    async def due_parked(self, now: datetime, limit: int) -> list[Parked]:
        """What waits for a message and is to be shown without it now, the longest due first."""
        ...

    async def failed_media(self, since: datetime, limit: int) -> list[tuple[OrganizationId, MediaId]]:
        """Files of after `since` that came with a message and could not be had; by organization and id."""
        ...

    async def rung_away(self, now: datetime, limit: int) -> list[tuple[OrganizationId, ThreadId]]:
        """Threads whose session is open and has no alarm, though it ends more than a minute after `now`.

        It was told to have ended by a clock that was ahead.
        """
        ...

    async def given_up_ahead(self, now: datetime, limit: int) -> list[tuple[OrganizationId, MessageId]]:
        """Messages that we said FAILED at an instant more than a minute after `now`."""
        ...

    async def held_too_far(self, now: datetime, limit: int) -> list[tuple[OrganizationId, MessageId]]:
        """Outbox items that nobody has and that `outbox.leads_too_far` speaks of."""
        ...

    async def next_due(self, now: datetime) -> datetime | None:
        """The next instant after `now` at which something in the outbox falls due; None where none is known."""
        ...

    async def figures(self, now: datetime) -> Figures: ...


class Journal(Protocol):
    """Webhook bodies as received. They belong to no organization."""

    async def append(self, delivery: Delivery) -> None:
        """Returns once the body would survive a power cut. Many at a time share one commit."""
        ...

    async def waiting(self, limit: int) -> list[Delivery]:
        """The oldest WAITING deliveries, oldest first."""
        ...

    async def claim(self, limit: int, until: datetime, max_bytes: int = CLAIMED_BYTES) -> list[Delivery]:
        """The oldest WAITING deliveries that nobody has, this worker's until then, oldest first; see `claims.chosen`.

        The first is taken whatever its size, more as long as their bodies have `max_bytes` together. Each has one more
        in `claims` from here on. That nothing is applied twice does not hang on it.
        """
        ...

    async def renew(self, ids: Collection[DeliveryId], until: datetime) -> set[DeliveryId]:
        """Keep deliveries that this worker claimed until then; which ones still wait and are its own."""
        ...

    async def delivery(self, id: DeliveryId) -> Delivery | None: ...

    async def finish(self, results: Sequence[DeliveryResult]) -> None:
        """Say what became of deliveries. Of one that another worker claimed meanwhile this one has no word any more."""
        ...

    async def again(self, states: Collection[DeliveryState], ids: Collection[DeliveryId] = ()) -> int:
        """Put deliveries back to WAITING, as if nobody had claimed them: those in these states, or these ids alone.

        How many that were.
        """
        ...

    async def forget(self, state: DeliveryState, before: datetime, limit: int) -> int:
        """Forget the oldest deliveries in a state, received and last interpreted before an instant; how many."""
        ...

    async def counts(self) -> dict[DeliveryState, int]: ...

    async def waiting_since(self) -> datetime | None:
        """When the oldest WAITING delivery came; None where none waits."""
        ...

    async def named_in(self, state: DeliveryState, since: datetime) -> dict[PhoneNumberId, int]:
        """The numbers named by deliveries in a state that came since an instant, and how many name each."""
        ...


class Directory(Protocol):
    """Names that are known without an organization."""

    async def organizations(self) -> list[OrganizationId]: ...

    async def find(self, kind: Listing, values: Collection[str]) -> list[tuple[str, OrganizationId, str]]:
        """(value, organization, ref) of each listed name; several rows where a name is not unique."""
        ...


# ---------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True)
class PageAsk:
    """A keyset page: `size` rows after (or before) a place. Places are what `Page.places` gave."""

    size: int
    after: tuple[str, ...] | None = None
    before: tuple[str, ...] | None = None
    from_end: bool = False  # the last `size` rows instead of the first


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    rows: list[T]
    places: list[tuple[str, ...]]  # one a row
    has_next: bool
    has_previous: bool


@dataclass(frozen=True, slots=True)
class ThreadFilter:
    """All given conditions hold; None or empty asks nothing."""

    channels: tuple[ChannelId, ...] = ()
    statuses: tuple[ThreadStatus, ...] = ()
    ticket_statuses: tuple[TicketStatus, ...] = ()
    sources: tuple[Source, ...] = ()
    owners: tuple[UserId, ...] = ()
    contact: ContactId | None = None
    last_direction: Direction | None = None
    unassigned: bool | None = None
    unread: bool | None = None
    session: SessionState | None = None
    active_since: datetime | None = None


class ThreadOrder(StrEnum):
    LAST_ACTIVITY = "LAST_ACTIVITY"
    CREATED_AT = "CREATED_AT"
    SESSION_EXPIRY = "SESSION_EXPIRY"  # threads that never had a session come last, whichever the direction


@dataclass(frozen=True, slots=True)
class ThreadAsk:
    page: PageAsk
    filter: ThreadFilter = field(default_factory=ThreadFilter)
    order: ThreadOrder = ThreadOrder.LAST_ACTIVITY
    descending: bool = True


@dataclass(frozen=True, slots=True)
class TicketFilter:
    channels: tuple[ChannelId, ...] = ()
    statuses: tuple[TicketStatus, ...] = ()
    priorities: tuple[TicketPriority, ...] = ()
    owners: tuple[UserId, ...] = ()
    sources: tuple[Source, ...] = ()
    properties: tuple[Property, ...] = ()
    unassigned: bool | None = None
    created_since: datetime | None = None
    created_until: datetime | None = None
    thread: ThreadId | None = None
    contact: ContactId | None = None


class TicketOrder(StrEnum):
    CREATED_AT = "CREATED_AT"
    PRIORITY = "PRIORITY"  # LOW < MEDIUM < HIGH < URGENT
    NUMBER = "NUMBER"


@dataclass(frozen=True, slots=True)
class TicketAsk:
    page: PageAsk
    filter: TicketFilter = field(default_factory=TicketFilter)
    order: TicketOrder = TicketOrder.CREATED_AT
    descending: bool = True


@dataclass(frozen=True, slots=True)
class TemplateAsk:
    page: PageAsk
    account: BusinessAccountId | None = None
    statuses: tuple[TemplateStatus, ...] = ()
    query: str | None = None  # part of the name or body, case left out


@dataclass(frozen=True, slots=True)
class LibraryAsk:
    page: PageAsk
    kinds: tuple[LibraryItemKind, ...] = ()
    words: tuple[str, ...] = ()  # as `domain.text.words` makes them plain; each stands somewhere in title, body or link


class Reads(Protocol):
    """What the API shows. One call is at most one statement a table; `…_by_ids` leaves out what is not there."""

    async def head(self, organization: OrganizationId) -> Head: ...

    async def organization(self, organization: OrganizationId) -> Organization: ...

    async def events(
        self, organization: OrganizationId, after: int, limit: int, thread: ThreadId | None = None
    ) -> list[LoggedEvent]:
        """Events at positions above `after`, in order."""
        ...

    async def first_position(self, organization: OrganizationId) -> int:
        """The oldest position still kept; head + 1 where the log is empty."""
        ...

    async def heads(self, organizations: Collection[OrganizationId]) -> dict[OrganizationId, Head]:
        """In one statement."""
        ...

    async def threads(self, organization: OrganizationId, ask: ThreadAsk, now: datetime) -> Page[Thread]: ...

    async def thread_count(self, organization: OrganizationId, filter: ThreadFilter, now: datetime) -> int: ...

    async def threads_by_ids(
        self, organization: OrganizationId, ids: Collection[ThreadId]
    ) -> dict[ThreadId, Thread]: ...

    async def tickets(self, organization: OrganizationId, ask: TicketAsk) -> Page[Ticket]: ...

    async def ticket_count(self, organization: OrganizationId, filter: TicketFilter) -> int: ...

    async def tickets_by_ids(
        self, organization: OrganizationId, ids: Collection[TicketId]
    ) -> dict[TicketId, Ticket]: ...

    async def ticket_changes(self, organization: OrganizationId, ticket: TicketId, page: PageAsk) -> Page[TicketChange]:
        """Oldest first."""
        ...

    async def contacts(self, organization: OrganizationId, page: PageAsk, query: str | None) -> Page[Contact]:
        """Newest first, without those merged into others.

        `query` is part of a name, profile name, user name, email or number.
        """
        ...

    async def contacts_by_ids(
        self, organization: OrganizationId, ids: Collection[ContactId]
    ) -> dict[ContactId, Contact]: ...

    async def identities_of(
        self, organization: OrganizationId, contacts: Collection[ContactId]
    ) -> dict[ContactId, list[Identity]]: ...

    async def messages(self, organization: OrganizationId, thread: ThreadId, page: PageAsk) -> Page[Message]:
        """Oldest first: by where they stand, then by arrival."""
        ...

    async def messages_by_ids(
        self, organization: OrganizationId, ids: Collection[MessageId]
    ) -> dict[MessageId, Message]: ...

    async def marks_of(
        self, organization: OrganizationId, messages: Collection[MessageId]
    ) -> dict[MessageId, list[Mark]]:
        """Oldest report first."""
        ...

    async def media_by_ids(self, organization: OrganizationId, ids: Collection[MediaId]) -> dict[MediaId, Media]: ...

    async def channels(self, organization: OrganizationId) -> list[Channel]:
        """Oldest first."""
        ...

    async def channels_by_ids(
        self, organization: OrganizationId, ids: Collection[ChannelId]
    ) -> dict[ChannelId, Channel]: ...

    async def templates(self, organization: OrganizationId, ask: TemplateAsk) -> Page[Template]:
        """By name, then language."""
        ...

    async def templates_by_ids(
        self, organization: OrganizationId, ids: Collection[TemplateId]
    ) -> dict[TemplateId, Template]: ...

    async def library(self, organization: OrganizationId, ask: LibraryAsk) -> Page[LibraryItem]:
        """By title."""
        ...

    async def library_items_by_ids(
        self, organization: OrganizationId, ids: Collection[LibraryItemId]
    ) -> dict[LibraryItemId, LibraryItem]: ...

    async def users(self, organization: OrganizationId, page: PageAsk, query: str | None) -> Page[User]:
        """By name; `query` is part of a name or email."""
        ...

    async def users_by_ids(self, organization: OrganizationId, ids: Collection[UserId]) -> dict[UserId, User]: ...

    async def open_tickets_of(self, organization: OrganizationId, users: Collection[UserId]) -> dict[UserId, int]: ...

    async def api_keys_by_ids(
        self, organization: OrganizationId, ids: Collection[ApiKeyId]
    ) -> dict[ApiKeyId, ApiKey]: ...

    async def sign_ins_by_ids(
        self, organization: OrganizationId, ids: Collection[SignInId]
    ) -> dict[SignInId, SignIn]: ...

    async def period_at(self, organization: OrganizationId, at: datetime) -> Period | None: ...

    async def entries(
        self, organization: OrganizationId, since: datetime, until: datetime, page: PageAsk
    ) -> Page[Entry]:
        """The ledger's entries in [since, until), oldest first."""
        ...

    async def entries_by_ids(self, organization: OrganizationId, ids: Collection[EntryId]) -> dict[EntryId, Entry]: ...

    async def allowance_taken(
        self, organization: OrganizationId, accounts: Collection[BusinessAccountId], since: datetime
    ) -> dict[BusinessAccountId, list[datetime]]: ...


class Reader(Reads, Protocol):
    """`who` names somebody inside of the organization, or nobody: those who ask for much wait behind those who don't.

    A question that takes too long is stopped, and raises `TookTooLong`.
    """

    def asked_by(self, organization: OrganizationId, who: str) -> Reads: ...

    def snapshot(self, organization: OrganizationId, who: str = "") -> AbstractAsyncContextManager[Reads]:
        """Everything read inside is of one instant."""
        ...

    def look(self, organization: OrganizationId, who: str = "") -> AbstractAsyncContextManager[Look]:
        """What a decision reads, of one instant. Nothing is locked, nobody waits, and nothing can be written."""
        ...


# ---------------------------------------------------------------- bytes


class BytesMissing(Exception):
    """The store has no file of this name, though one was kept."""


class MediaStore(Protocol):
    """Bytes under names that Deskline makes: letters, digits, `-` and `_`."""

    async def put(self, name: str, chunks: AsyncIterable[bytes]) -> None:
        """Whole and durable once this returns. Where `chunks` raises, nothing is kept and the error goes on.

        At most a few chunks are in memory at a time. Raises `Unavailable` where there is no room.
        """
        ...

    def read(self, name: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes]:
        """The bytes in [start, stop), to the end where `stop` is None. Raises `BytesMissing` at the first chunk."""
        ...

    async def size(self, name: str) -> int | None:
        """None where there is no such file."""
        ...

    async def remove(self, name: str) -> None:
        """Nothing happens where there is no such file."""
        ...

    def names(self, before: datetime) -> AsyncGenerator[str]:
        """Every file that was kept before an instant, in no order that counts."""
        ...

    async def tidy(self, before: datetime) -> int:
        """Remove what a crash left half written before an instant; how many that were."""
        ...


@dataclass(frozen=True, slots=True)
class Clean:
    """Nothing was found."""


@dataclass(frozen=True, slots=True)
class Infected:
    virus: str


@dataclass(frozen=True, slots=True)
class NotScanned:
    """The scanner does not take this file; the reason is for a person."""

    reason: str


class Scanner(Protocol):
    async def scan(self, chunks: AsyncIterable[bytes]) -> Clean | Infected | NotScanned:
        """What is in a file. What `chunks` raises goes on. Raises `Unavailable` where no answer comes."""
        ...


class SoundForm(StrEnum):
    VOICE_NOTE = "VOICE_NOTE"  # Opus in Ogg with one channel: what phones play as a voice note
    PLAYABLE = "PLAYABLE"  # MP3: what every browser and program plays


@dataclass(frozen=True, slots=True)
class NotMade:
    """Nothing could be made of a sound; the reason is for a person."""

    reason: str


class Sounds(Protocol):
    """Sounds in other forms. Bounded in time and memory, whatever the sound claims to be."""

    def made(
        self, chunks: AsyncIterable[bytes], mime_type: str, form: SoundForm
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes] | NotMade]:
        """A sound of `mime_type` in another form, to be read while inside. What `chunks` raises goes on.

        One that is in this form already comes out as good as it went in.
        """
        ...


# ---------------------------------------------------------------- hints


class Bus(Protocol):
    """Hints that an organization's log, the journal or the outbox moved on. They may be lost, repeated or late."""

    def hint(self, topic: str, position: int = 0) -> None:
        """Topics: an organization's id, `JOURNAL` or `OUTBOX`."""
        ...

    def listen(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[int]]:
        """Positions hinted while inside; several waiting hints become one, the highest."""
        ...


JOURNAL = "journal"
OUTBOX = "outbox"

# ---------------------------------------------------------------- the network


@dataclass(frozen=True, slots=True)
class ReactionTo:
    """Our emoji on a message; empty takes it away."""

    target: Wamid
    emoji: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as the network knows it, and what is said of it."""

    kind: MediaKind
    network_id: str
    caption: str | None = None
    file_name: str | None = None
    voice: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message, or a reaction, as it is to leave. `callback` comes back with every status of it.

    `header` is the file above a template's text.
    """

    number: PhoneNumberId
    wa_id: str | None
    business_scoped_id: str | None
    content: Sendable | TemplateMessage | ReactionTo | Attachment
    callback: str
    reply_to: Wamid | None = None
    header: Attachment | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The network has it, under this id. Not sent yet."""

    wamid: Wamid
    wa_id: str | None = None
    business_scoped_id: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The network said no; `code` is its own, None where it gave none."""

    code: int | None
    message: str
    retry_after_s: float | None = None
    subcode: int | None = None  # what is wrong in detail, where the code says only that something is


@dataclass(frozen=True, slots=True)
class NotSent:
    """Nothing left: the request died before its first byte."""

    message: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """It may have been accepted: never send it again by itself."""

    message: str


SendResult: TypeAlias = Accepted | Rejected | NotSent | Unanswered


@dataclass(frozen=True, slots=True)
class TokenFacts:
    valid: bool
    permissions: frozenset[str]
    app_id: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountFacts:
    id: BusinessAccountId
    name: str
    verified: bool


@dataclass(frozen=True, slots=True)
class NumberFacts:
    id: PhoneNumberId
    phone_number: str  # E.164
    display_name: str
    connected: bool  # status CONNECTED: registered and able to send
    code_verified: bool
    quality_rating: str | None = None
    messaging_limit: int | None = None
    throughput_per_second: int | None = None


@dataclass(frozen=True, slots=True)
class TemplateMade:
    """A template the network took in for review. It may have moved it to another category."""

    network_id: str
    status: TemplateStatus
    category: TemplateCategory


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Where a file can be had for the next five minutes, and what the network says of it."""

    url: str
    sha256: str | None = None  # hex or base64, as told
    size: int | None = None  # bytes


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The file's link leads to a host that is not the network's: nothing was asked of it."""

    host: str


class BrokenOff(Exception):
    """A file stopped coming in the middle; the message says how."""


class Network(Protocol):
    """The WhatsApp Cloud API. Questions answer facts, or `Rejected | NotSent | Unanswered`."""

    async def send(self, token: str, outgoing: Outgoing) -> SendResult: ...

    async def mark_read(
        self, token: str, number: PhoneNumberId, wamid: Wamid, *, typing: bool = False
    ) -> "Failed | None":
        """Blue ticks on this message and those before it; with `typing`, that somebody is writing as well."""
        ...

    async def file_facts(self, token: str, number: PhoneNumberId, network_id: str) -> "FileFacts | Failed": ...

    def download(
        self, token: str, url: str
    ) -> "AbstractAsyncContextManager[AsyncIterator[bytes] | Elsewhere | Failed]":
        """The bytes behind a link of `file_facts`, as they come; raises `BrokenOff` where they stop coming."""
        ...

    async def upload(
        self, token: str, number: PhoneNumberId, file: Media, chunks: AsyncIterable[bytes]
    ) -> "str | Failed":
        """The network's id of a READY file, for this number alone. What `chunks` raises goes on."""
        ...

    async def token_facts(self, token: str) -> "TokenFacts | Failed": ...

    async def account_facts(self, token: str, account: BusinessAccountId) -> "AccountFacts | Failed": ...

    async def numbers(self, token: str, account: BusinessAccountId) -> "list[NumberFacts] | Failed":
        """Every number of the account, all pages."""
        ...

    async def register(self, token: str, number: PhoneNumberId, pin: str) -> "Failed | None": ...

    async def subscribe(self, token: str, account: BusinessAccountId) -> "Failed | None":
        """Have the account's webhooks sent to our app."""
        ...

    async def templates(
        self, token: str, organization: OrganizationId, account: BusinessAccountId, now: datetime
    ) -> "list[Template] | Failed":
        """Every template of the account, all pages; ids are new ones."""
        ...

    async def upload_sample(self, token: str, app_id: str, file: Media, chunks: AsyncIterable[bytes]) -> "str | Failed":
        """A handle of a READY file, for the review of a template. What `chunks` raises goes on."""
        ...

    async def create_template(
        self, token: str, account: BusinessAccountId, draft: TemplateDraft, sample: str | None
    ) -> "TemplateMade | Failed":
        """Have a template reviewed; `sample` is the handle of the file above its text."""
        ...

    async def delete_template(
        self, token: str, account: BusinessAccountId, name: str, network_id: str
    ) -> "Failed | None":
        """Delete one language of a template."""
        ...


Failed: TypeAlias = Rejected | NotSent | Unanswered


class Unreadable(Exception):
    """A delivery that nothing can be made of; the reason is for administrators."""


class Interpreter(Protocol):
    async def updates(self, delivery: Delivery) -> list[Update]:
        """The delivery's items in the order they are written, `Place.index` counting from 0. Raises `Unreadable`.

        What takes long leaves the event loop free meanwhile, and ends.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    clock: Clock
    ids: Ids
    store: Store
    journal: Journal
    directory: Directory
    reader: Reader
    bus: Bus
    network: Network
    interpreter: Interpreter
    vault: Vault
    passwords: Passwords
    throttle: Throttle
    media: MediaStore
    sounds: Sounds | None = None  # None where the codecs are not installed
    scanner: Scanner | None = None  # None where no scanner is set
