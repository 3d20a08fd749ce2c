"""What the memory database holds, and the uniqueness it keeps.

A `State` and the `Books` in it never change once published: a transaction works on a copy and publishes that. So a
snapshot is the state of the moment, and a rollback is a copy thrown away.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar, cast

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
from domain.ids import OrganizationId
from domain.outbound.outbox import IdempotencyRecord, OutboxItem
from domain.outbound.pace import RateState
from domain.people.organizations import ApiKey, Organization, SignIn, User
from domain.ports.directory import DirectoryEntry
from domain.ports.reads import Head
from domain.quota import Entry, Period
from domain.rows import ONCE, Row
from domain.tickets import Ticket, TicketChange
from domain.updates import ParkedUpdate, UpdateRecord

R = TypeVar("R", bound=Row)

Name: TypeAlias = tuple[str, ...]
"""What only one row of an organization may be called, the kind of name first."""


class Conflict(Exception):
    """What a database refuses: a row that wants another one's name, or one whose parent is not there."""


@dataclass(slots=True)
class Books:
    """One organization's rows by kind and id, the names they hold, its log and its counter of tickets."""

    epoch: str
    rows: dict[type[Row], dict[str, Row]] = field(default_factory=dict[type[Row], dict[str, Row]])
    holders: dict[Name, str] = field(default_factory=dict[Name, str])
    events: list[LoggedEvent] = field(default_factory=list[LoggedEvent])
    ticket_number: int = 0
    forgotten: int = 0
    """The last position that is not kept any more."""
    _own: set[object] = field(default_factory=set[object])
    """What is this copy's alone. All else is shared with the one it was made from, and copied when it is changed."""

    @property
    def head(self) -> Head:
        return Head(self.epoch, self.events[-1].position if self.events else self.forgotten)

    def of(self, kind: type[R]) -> Mapping[str, R]:
        return cast("Mapping[str, R]", self.rows.get(kind, {}))

    def copy(self) -> "Books":
        """To be changed while this one stays as it is, which from now on nobody may change."""
        return Books(self.epoch, dict(self.rows), self.holders, self.events, self.ticket_number, self.forgotten)

    def put(self, row: Row) -> None:
        """Raises `Conflict` before anything changed."""
        if type(row) in ONCE and row.id in self.of(type(row)):
            raise Conflict(f"there already: {row.id}")
        names = names_of(row)
        for name in names:
            if self.holders.get(name, row.id) != row.id:
                raise Conflict(f"taken already: {', '.join(name)}")
        for kind, id in parents_of(row):
            if id not in self.of(kind):
                raise Conflict(f"a {type(row).__name__} without its {kind.__name__} {id}")
        self.drop(row)
        if names:
            self._holders().update(dict.fromkeys(names, row.id))
        self._rows(type(row))[row.id] = row

    def drop(self, row: Row) -> None:
        before = self._rows(type(row)).pop(row.id, None)
        for name in names_of(before) if before else ():
            del self._holders()[name]

    def append(self, events: Iterable[LoggedEvent]) -> None:
        self._events().extend(events)

    def forget(self, count: int) -> None:
        """So many of the oldest events."""
        self.forgotten = self.events[count - 1].position
        del self._events()[:count]

    def _rows(self, kind: type[Row]) -> dict[str, Row]:
        if kind not in self._own:
            self._own.add(kind)
            self.rows[kind] = dict(self.rows.get(kind, {}))
        return self.rows[kind]

    def _holders(self) -> dict[Name, str]:
        if Name not in self._own:
            self._own.add(Name)
            self.holders = dict(self.holders)
        return self.holders

    def _events(self) -> list[LoggedEvent]:
        if LoggedEvent not in self._own:
            self._own.add(LoggedEvent)
            self.events = list(self.events)
        return self.events


@dataclass(frozen=True, slots=True)
class State:
    """Everything but the webhook inbox, at one instant."""

    books: Mapping[OrganizationId, Books] = field(default_factory=dict[OrganizationId, Books])
    listings: Mapping[tuple[DirectoryEntry, str, OrganizationId], str] = field(
        default_factory=dict[tuple[DirectoryEntry, str, OrganizationId], str]
    )


@dataclass(slots=True)
class Shelf:
    """Where the published state stands."""

    state: State = field(default_factory=State)


def names_of(row: Row) -> tuple[Name, ...]:
    match row:
        case User(email=email):
            return (("email", email),)
        case Channel(phone_number_id=number):
            return (("number", number),)
        case Message(channel=channel, wamid=str() as wamid):
            return (("wamid", channel, wamid),)
        case Identity(key=key):
            return (("identity", key.kind, key.value),)
        case Ticket(number=number):
            return (("ticket number", str(number)),)
        case Mark(delivery=str() as delivery, place=place, message=message):
            return (("mark", delivery, str(place), message),)
        case Period(starts_at=starts_at):
            return (("period", starts_at.isoformat()),)
        case _:
            return ()


def parents_of(row: Row) -> tuple[tuple[type[Row], str], ...]:
    """The rows that have to be there before this one. Newest tickets and messages point back, and are not asked for."""
    match row:
        case Organization():
            return ()
        case (
            User()
            | ApiKey()
            | Channel()
            | Template()
            | TemplateSync()
            | Contact()
            | Period()
            | UpdateRecord()
            | ParkedUpdate()
        ):
            return ((Organization, row.organization),)
        case SignIn():
            return ((User, row.user),)
        case Identity():
            return ((Contact, row.contact),)
        case Thread():
            return (Channel, row.channel), (Contact, row.contact)
        case Message():
            return (Thread, row.thread), (Channel, row.channel)
        case Mark() | IdempotencyRecord():
            return ((Message, row.message),)
        case Media():
            return ((Channel, row.channel),) if row.channel is not None else ()
        case LibraryItem():
            return ((Media, row.media),) if row.media is not None else ((Organization, row.organization),)
        case Ticket():
            return (Thread, row.thread), (Contact, row.contact), (Channel, row.channel)
        case TicketChange():
            return ((Ticket, row.ticket),)
        case Entry():
            return (Period, row.period), (Thread, row.thread)
        case OutboxItem():
            return ((Message, row.id),)
        case RateState():
            return ((Channel, row.id),)


TABLES: tuple[type[Row], ...] = (
    Organization,
    User,
    ApiKey,
    SignIn,
    Channel,
    Template,
    TemplateSync,
    Contact,
    Identity,
    Thread,
    Message,
    Mark,
    Media,
    LibraryItem,
    Ticket,
    TicketChange,
    Period,
    Entry,
    OutboxItem,
    RateState,
    IdempotencyRecord,
    UpdateRecord,
    ParkedUpdate,
)
"""The order in which rows are written: parents first."""


def organization_of(row: Row) -> OrganizationId:
    return row.id if isinstance(row, Organization) else row.organization
