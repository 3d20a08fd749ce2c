"""The store: what a decision reads and writes in one transaction, and what falls due."""

from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from domain.channels.channels import Channel, ChannelState, ProblemCode
from domain.channels.drafts import ConnectionDraft
from domain.channels.template_sync import TemplateSync
from domain.channels.templates import Template
from domain.contacts import Contact, Identity, IdentityKey
from domain.conversations.messages import Message
from domain.conversations.threads import Thread
from domain.events import Event
from domain.files.media import Media
from domain.ids import (
    BusinessAccountId,
    ChannelId,
    ContactId,
    MediaId,
    MessageId,
    OrganizationId,
    PhoneNumberId,
    ThreadId,
    TicketId,
    Wamid,
)
from domain.outbound.outbox import IdempotencyRecord, OutboxItem
from domain.outbound.pace import RateState
from domain.people.organizations import Organization, SignIn, User
from domain.ports.directory import DirectoryEntry
from domain.quota import Entry, Period
from domain.rows import Removable, Row
from domain.tickets import Ticket, TicketChange
from domain.updates import ParkedUpdate, UpdateRecord

R = TypeVar("R", bound=Row)
K = TypeVar("K", bound=str)


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

    async def row(self, kind: type[R], id: str) -> R | None:
        """A row of any type."""
        ...

    async def by_ids(self, kind: type[R], ids: Collection[K]) -> dict[K, R]:
        """Rows of any type by their ids, in one statement; what is not there is left out."""
        ...

    async def all_of(self, kind: type[R]) -> list[R]:
        """Every row of a type of which an organization has few, in the order of ids."""
        ...

    async def channels_of(self, account: BusinessAccountId) -> list[Channel]: ...

    async def templates_of(self, account: BusinessAccountId) -> list[Template]: ...

    async def identities(self, keys: Collection[IdentityKey]) -> list[Identity]: ...

    async def contacts(self, ids: Collection[ContactId]) -> dict[ContactId, Contact]: ...

    async def threads(self, ids: Collection[ThreadId]) -> dict[ThreadId, Thread]: ...

    async def threads_of(self, contacts: Collection[ContactId]) -> list[Thread]: ...

    async def messages(self, ids: Collection[MessageId]) -> dict[MessageId, Message]: ...

    async def messages_by_wamid(
        self, wamids: Collection[tuple[ChannelId, Wamid]]
    ) -> dict[tuple[ChannelId, Wamid], Message]: ...

    async def media(self, ids: Collection[MediaId]) -> dict[MediaId, Media]: ...

    async def period_at(self, at: datetime) -> Period | None:
        """The ledger's period that holds an instant, where it was begun."""
        ...

    async def entries_since(self, thread: ThreadId, since: datetime) -> list[Entry]: ...

    async def allowance_taken(self, account: BusinessAccountId, since: datetime) -> list[datetime]:
        """Instants of the account's BUSINESS_INITIATED entries after `since` that were not refunded."""
        ...

    async def pace(self, channel: ChannelId) -> RateState | None:
        """None where it has none yet. A transaction asks last: whoever sends from the number waits for it."""
        ...

    async def remembered(self, id: str) -> IdempotencyRecord | None: ...


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

    async def user_by_email(self, email: str) -> User | None: ...

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

    async def unread(self, thread: ThreadId, after: "tuple[datetime, MessageId] | None") -> int:
        """How many inbound messages stand after a place, (`at`, id); all of them where it is None."""
        ...

    async def session_instants(self, thread: ThreadId, before: datetime, limit: int) -> list[datetime]:
        """Where the messages that extend a session stand, before an instant, newest first."""
        ...

    async def recorded(self, ids: Collection[str]) -> dict[str, UpdateRecord]:
        """What became of these updates by id; one that FAILED, or never came, is left out."""
        ...

    async def parked(self, wamids: Collection[tuple[PhoneNumberId, Wamid]]) -> list[ParkedUpdate]:
        """What waits for these messages, oldest first."""
        ...

    async def parked_before(self, instant: datetime, limit: int) -> list[ParkedUpdate]:
        """What has waited since before an instant, oldest first."""
        ...

    async def updates_before(self, instant: datetime, limit: int) -> list[UpdateRecord]:
        """Records from before an instant whose delivery is not kept any more, oldest first."""
        ...

    async def sign_ins_before(self, instant: datetime, limit: int) -> list[SignIn]:
        """What ran out before an instant, first the first."""
        ...

    async def drafts_before(self, instant: datetime, limit: int) -> list[ConnectionDraft]:
        """Sign-ins at the network that ran out before an instant, first the first."""
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

    async def enlist(self, kind: DirectoryEntry, value: str, ref: str) -> bool:
        """Make a name resolve to this organization; False where it is unique and another one has it."""
        ...

    async def delist(self, kind: DirectoryEntry, value: str) -> None: ...


@dataclass(frozen=True, slots=True)
class DueNumber:
    """A number that something waits to leave from, now."""

    organization: OrganizationId
    channel: ChannelId
    pace: RateState | None


@dataclass(frozen=True, slots=True)
class Figures:
    """How all organizations together stand, for whoever runs the desk."""

    due_sends: int  # that nobody has in hand
    oldest_due_send: datetime | None  # when that one fell due
    channels: Mapping[ChannelState, int]
    problems: Mapping[ProblemCode, int]  # of numbers, now


class Store(Protocol):
    def transaction(
        self, organization: OrganizationId, *, background: bool = False
    ) -> AbstractAsyncContextManager[Transaction]:
        """Leaving the block commits and hints the bus, an exception rolls back. Raises `WriteConflict`, `Unavailable`.

        `background` is for work nobody waits for: it lets what people wait for go first.
        """
        ...

    async def pause(self, tries: int) -> bool:
        """Wait a little, longer each time and spread out, before a collided transaction is tried again.

        False at once where it was tried often enough.
        """
        ...

    async def due_numbers(self, now: datetime) -> list[DueNumber]:
        """Numbers with an outbox item that is due and not leased, in the order of their keys."""
        ...

    async def due_sends_of(
        self, organization: OrganizationId, channel: ChannelId, priority: int, now: datetime, limit: int
    ) -> list[MessageId]:
        """Of one number and priority, what may leave now: due, not leased, first of its thread; the older first."""
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

    async def due_checks(self, now: datetime, limit: int) -> list[tuple[OrganizationId, ChannelId]]:
        """Numbers that are to be looked after by now, the longest due first."""
        ...

    async def due_template_syncs(self, now: datetime, limit: int) -> list[tuple[OrganizationId, BusinessAccountId]]:
        """Accounts whose templates are to be read now, the longest due first."""
        ...

    async def due_parked(self, now: datetime, limit: int) -> list[ParkedUpdate]:
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
