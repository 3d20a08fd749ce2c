"""The stored nouns, and what is true of each: which must be one, which are watched, in which order they are locked."""

from typing import TypeAlias

from domain.channels.channels import Channel
from domain.channels.template_sync import TemplateSync
from domain.channels.templates import Template
from domain.contacts import Contact, Identity
from domain.conversations.library import LibraryItem
from domain.conversations.messages import Message
from domain.conversations.status import Mark
from domain.conversations.threads import Thread
from domain.files.media import Media
from domain.outbound.outbox import IdempotencyRecord, OutboxItem
from domain.outbound.pace import RateState
from domain.people.organizations import ApiKey, Organization, SignIn, User
from domain.quota import Entry, Period
from domain.tickets import Ticket, TicketChange
from domain.updates import ParkedUpdate, UpdateRecord

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
    | RateState
    | IdempotencyRecord
    | UpdateRecord
    | ParkedUpdate
)
"""What a transaction can save. Each has an organization and an id, which together are its key."""


ONCE: frozenset[type[Row]] = frozenset({IdempotencyRecord})
"""Kinds whose rows are only ever new. Of several that save one of the same id, the first is kept and each of the others
collides as a whole: that it was not there when they looked says nothing."""


WATCHED: frozenset[type[Row]] = frozenset({Organization, User, ApiKey, SignIn, Channel, Template})
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
    TemplateSync,
    Entry,
    Period,
    Ticket,  # and after the tickets their numbers
    TicketChange,
    RateState,
)
"""In which a transaction reads what it reads to change; turns come before all of it, rows of WATCHED kinds and the
positions of events after. Two that lock in one order never wait for each other both."""


Removable: TypeAlias = OutboxItem | ParkedUpdate | LibraryItem | SignIn | UpdateRecord
"""What may go again without a trace. All else is emptied where its time is over."""
