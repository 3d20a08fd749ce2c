"""What the API shows: pages, filters and orders."""

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from domain.channels.templates import Template, TemplateStatus
from domain.contacts import Contact, Identity
from domain.conversations.library import LibraryItem, LibraryItemKind
from domain.conversations.messages import Direction, Message, Source
from domain.conversations.sessions import SessionState
from domain.conversations.status import Mark
from domain.conversations.threads import Thread, ThreadStatus
from domain.events import LoggedEvent
from domain.ids import (
    BusinessAccountId,
    ChannelId,
    ContactId,
    MessageId,
    OrganizationId,
    ThreadId,
    TicketId,
    UserId,
)
from domain.people.organizations import Organization, User
from domain.ports.store import Look
from domain.quota import Entry, Period
from domain.rows import Row
from domain.tickets import Property, Ticket, TicketChange, TicketPriority, TicketStatus

T = TypeVar("T")
R = TypeVar("R", bound=Row)
K = TypeVar("K", bound=str)


@dataclass(frozen=True, slots=True)
class Head:
    """Where an organization's log stands. A restore begins a new epoch."""

    epoch: str
    position: int  # 0 before the first event


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
    """What the API shows. One call is at most one statement a table."""

    async def head(self, organization: OrganizationId) -> Head: ...

    async def organization(self, organization: OrganizationId) -> Organization: ...

    async def by_ids(self, kind: type[R], organization: OrganizationId, ids: Collection[K]) -> dict[K, R]:
        """Rows of any type by their ids, in the order asked for; what nobody there has is left out."""
        ...

    async def all_of(self, kind: type[R], organization: OrganizationId, *by: str) -> list[R]:
        """Every row of a type of which an organization has few: in the order of these of its fields, then of ids."""
        ...

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

    async def tickets(self, organization: OrganizationId, ask: TicketAsk) -> Page[Ticket]: ...

    async def ticket_count(self, organization: OrganizationId, filter: TicketFilter) -> int: ...

    async def ticket_changes(self, organization: OrganizationId, ticket: TicketId, page: PageAsk) -> Page[TicketChange]:
        """Oldest first."""
        ...

    async def contacts(self, organization: OrganizationId, page: PageAsk, query: str | None) -> Page[Contact]:
        """Newest first, without those merged into others.

        `query` is part of a name, profile name, user name, email or number.
        """
        ...

    async def identities_of(
        self, organization: OrganizationId, contacts: Collection[ContactId]
    ) -> dict[ContactId, list[Identity]]: ...

    async def messages(self, organization: OrganizationId, thread: ThreadId, page: PageAsk) -> Page[Message]:
        """Oldest first: by where they stand, then by arrival."""
        ...

    async def marks_of(
        self, organization: OrganizationId, messages: Collection[MessageId]
    ) -> dict[MessageId, list[Mark]]:
        """Oldest report first."""
        ...

    async def templates(self, organization: OrganizationId, ask: TemplateAsk) -> Page[Template]:
        """By name, then language."""
        ...

    async def library(self, organization: OrganizationId, ask: LibraryAsk) -> Page[LibraryItem]:
        """By title."""
        ...

    async def users(self, organization: OrganizationId, page: PageAsk, query: str | None) -> Page[User]:
        """By name; `query` is part of a name or email."""
        ...

    async def open_tickets_of(self, organization: OrganizationId, users: Collection[UserId]) -> dict[UserId, int]: ...

    async def period_at(self, organization: OrganizationId, at: datetime) -> Period | None: ...

    async def entries(
        self, organization: OrganizationId, since: datetime, until: datetime, page: PageAsk
    ) -> Page[Entry]:
        """The ledger's entries in [since, until), oldest first."""
        ...

    async def units_by_hour(self, organization: OrganizationId, since: datetime, until: datetime) -> dict[int, int]:
        """How many entries of [since, until) were not given back, by whole hours after `since`; hours without left out.

        `since` is a whole second.
        """
        ...

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
