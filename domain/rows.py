"""The stored nouns, and what is true of each.

A new one stands here three times (in the union, in the table and in the order of locks) and in no other list: the
memory's tables, the databases' statements and what they search come from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from domain.channels.channels import Channel
from domain.channels.drafts import ConnectionDraft, Registration
from domain.channels.template_sync import TemplateSync
from domain.channels.templates import Template
from domain.contacts import Contact, Identity
from domain.conversations.library import LibraryItem
from domain.conversations.messages import Message
from domain.conversations.status import Mark
from domain.conversations.threads import Thread
from domain.files.media import Media
from domain.ids import OrganizationId
from domain.outbound.outbox import IdempotencyRecord, OutboxItem
from domain.outbound.pace import RateState
from domain.people.organizations import ApiKey, Organization, SignIn, User
from domain.people.teams import Team
from domain.quota import Entry, Period
from domain.tickets import Ticket, TicketChange
from domain.updates import ParkedUpdate, UpdateRecord

Row: TypeAlias = (
    Organization
    | User
    | Team
    | ApiKey
    | SignIn
    | Channel
    | Template
    | TemplateSync
    | ConnectionDraft
    | Registration
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
    | RateState
    | IdempotencyRecord
    | UpdateRecord
    | ParkedUpdate
)
"""What a transaction can save. Each has an organization and an id, which together are its key.

Type checkers read a union only where it is written; a test holds it against `NOUNS`.
"""


@dataclass(frozen=True, slots=True)
class Noun:
    """What is true of one stored type. Names are names of its fields."""

    kind: type[Row]
    parents: tuple[tuple[str, type[Row]], ...] = ()
    """The rows that have to be there before it, and who names them; None names nobody."""
    unique: tuple[str, ...] = ()
    """What together only one row of an organization may have; no row has it where one of them is None."""
    searched: tuple[str, ...] = ()
    """The texts that somebody looks for a word in."""
    accents_count: bool = True
    """Whether they are searched with their accents: columns that were filled before anybody thought of that."""
    watched: bool = False
    once: bool = False
    removable: bool = False


OF_ORGANIZATION = (("organization", Organization),)

NOUNS: tuple[Noun, ...] = (
    Noun(Organization, watched=True),
    Noun(User, OF_ORGANIZATION, unique=("email",), searched=("name", "email"), watched=True),
    Noun(Team, OF_ORGANIZATION, unique=("folded_name",), watched=True, removable=True),
    Noun(ApiKey, OF_ORGANIZATION, watched=True),
    Noun(SignIn, (("user", User),), watched=True, removable=True),
    Noun(Channel, OF_ORGANIZATION, unique=("phone_number_id",), watched=True),
    Noun(Template, OF_ORGANIZATION, searched=("name", "body"), watched=True),
    Noun(TemplateSync, OF_ORGANIZATION),
    Noun(ConnectionDraft, OF_ORGANIZATION, removable=True),
    Noun(Registration, OF_ORGANIZATION, removable=True),
    Noun(Contact, OF_ORGANIZATION, searched=("name", "profile_name", "username", "email")),
    Noun(Identity, (("contact", Contact),), unique=("key",), removable=True),
    Noun(Thread, (("channel", Channel), ("contact", Contact))),
    Noun(Ticket, (("thread", Thread), ("contact", Contact), ("channel", Channel)), unique=("number",)),
    Noun(TicketChange, (("ticket", Ticket),)),
    Noun(Media, (("channel", Channel),)),
    Noun(
        LibraryItem,
        (*OF_ORGANIZATION, ("media", Media)),
        searched=("title", "body", "url"),
        accents_count=False,
        removable=True,
    ),
    Noun(Message, (("thread", Thread), ("channel", Channel)), unique=("channel", "wamid")),
    Noun(Mark, (("message", Message),), unique=("delivery", "place", "message")),
    Noun(Period, OF_ORGANIZATION, unique=("starts_at",)),
    Noun(Entry, (("period", Period), ("thread", Thread))),
    Noun(OutboxItem, (("id", Message),), removable=True),
    Noun(RateState, (("id", Channel),)),
    Noun(IdempotencyRecord, (("message", Message),), once=True),
    Noun(UpdateRecord, OF_ORGANIZATION, removable=True),
    Noun(ParkedUpdate, OF_ORGANIZATION, removable=True),
)
"""In the order in which rows are written: parents before children. Newest tickets and messages point back, from the
thread and the ticket; nobody asks whether those are there."""

NOUN_OF: Mapping[type[Row], Noun] = {noun.kind: noun for noun in NOUNS}

ROW_TYPES: tuple[type[Row], ...] = tuple(NOUN_OF)
"""The stored types, in the order of writing."""


ONCE: frozenset[type[Row]] = frozenset(noun.kind for noun in NOUNS if noun.once)
"""Kinds whose rows are only ever new. Of several that save one of the same id, the first is kept and each of the others
collides as a whole: that it was not there when they looked says nothing."""


WATCHED: frozenset[type[Row]] = frozenset(noun.kind for noun in NOUNS if noun.watched)
"""What everybody looks at and few change. Read, it is not locked; whoever saves one after somebody else did collides.
Locked, a number's row would let one message pass at a time, in or out."""


LOCK_ORDER: tuple[type[Row], ...] = (
    UpdateRecord,
    IdempotencyRecord,
    ParkedUpdate,
    OutboxItem,
    Identity,
    Contact,
    Thread,
    Message,
    LibraryItem,
    Media,
    ConnectionDraft,
    Registration,
    TemplateSync,
    Entry,
    Period,
    Ticket,  # and after the tickets their numbers
    TicketChange,
    RateState,
)
"""In which a transaction reads what it reads to change; turns come before all of it, rows of WATCHED kinds and the
positions of events after. Two that lock in one order never wait for each other both."""


Removable: TypeAlias = (
    Identity | OutboxItem | ParkedUpdate | LibraryItem | SignIn | Team | UpdateRecord | ConnectionDraft | Registration
)
"""What may go again without a trace; all else is emptied where its time is over. A union too that a test holds against
`NOUNS`."""


def organization_of(row: Row) -> OrganizationId:
    return row.id if isinstance(row, Organization) else row.organization


def parents_of(row: Row) -> list[tuple[type[Row], str]]:
    """The rows that have to be there before this one: type and id."""
    named = [(kind, getattr(row, field)) for field, kind in NOUN_OF[type(row)].parents]
    return [(kind, id) for kind, id in named if id is not None]


def unique_name(row: Row) -> tuple[object, ...] | None:
    """What only this row of its type may be called in its organization; None where it has no such name."""
    values = tuple(getattr(row, field) for field in NOUN_OF[type(row)].unique)
    return values if values and None not in values else None
