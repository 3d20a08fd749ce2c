"""Tickets: one matter in a thread of a help desk number.

WAITING_ON_US when the contact wrote last, WAITING_ON_CONTACT when we did, NEW until our first reply. A thread has at
most one open ticket; after it closed, the channel's policy says whether a new message reopens it or begins another.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.conversations.messages import Source
from domain.error_codes import ErrorCode
from domain.errors import Refused
from domain.ids import ChannelId, ContactId, OrganizationId, TeamId, ThreadId, TicketId, UserId
from domain.people.actors import Author

SUBJECT_LIMIT = 200
ENUMERATED = frozenset({"status", "priority", "owner", "team", "requiredSkills", "quarantine"})
"""Fields of the history whose values nobody writes freely."""


class TicketStatus(StrEnum):
    NEW = "NEW"
    WAITING_ON_US = "WAITING_ON_US"
    WAITING_ON_CONTACT = "WAITING_ON_CONTACT"
    CLOSED = "CLOSED"


class TicketPriority(StrEnum):
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    URGENT = "URGENT"


class ReopenPolicy(StrEnum):
    REOPEN_TICKET = "REOPEN_TICKET"
    NEW_TICKET = "NEW_TICKET"


@dataclass(frozen=True, slots=True)
class Property:
    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Ticket:
    organization: OrganizationId
    id: TicketId
    number: int
    subject: str
    status: TicketStatus
    thread: ThreadId
    contact: ContactId
    channel: ChannelId
    created_at: datetime
    priority: TicketPriority = TicketPriority.MEDIUM
    source: Source = Source.WHATSAPP
    owner: UserId | None = None
    team: TeamId | None = None
    required_skills: tuple[str, ...] = ()
    properties: tuple[Property, ...] = ()
    closed_at: datetime | None = None
    replied: bool = False  # whether we ever answered; until then it is NEW

    @property
    def is_open(self) -> bool:
        return self.status is not TicketStatus.CLOSED


@dataclass(frozen=True, slots=True)
class TicketChange:
    """One entry of a ticket's history: who, what, when."""

    organization: OrganizationId
    id: str
    ticket: TicketId
    at: datetime
    by: Author
    field: str  # in the API's spelling
    before: str | None
    after: str | None


def subject_from(text: str) -> str:
    """A ticket's first subject: the first line of what the contact wrote."""
    lines = text.strip().splitlines()
    line = lines[0].strip() if lines else ""
    return line if len(line) <= SUBJECT_LIMIT else line[: SUBJECT_LIMIT - 1] + "…"


def after_contact_wrote(ticket: Ticket) -> Ticket:
    """The open ticket, waiting on us again."""
    return replace(ticket, status=TicketStatus.WAITING_ON_US if ticket.replied else TicketStatus.NEW)


def after_our_reply(ticket: Ticket) -> Ticket:
    """What we send never reopens a closed one."""
    if not ticket.is_open:
        return ticket
    return replace(ticket, status=TicketStatus.WAITING_ON_CONTACT, replied=True)


def close(ticket: Ticket, at: datetime) -> Ticket | Refused:
    if not ticket.is_open:
        return Refused(ErrorCode.ALREADY_CLOSED, f"Ticket {ticket.number} is closed already.", ("ticketId",))
    return replace(ticket, status=TicketStatus.CLOSED, closed_at=at)


def goes_on(ticket: Ticket | None, policy: ReopenPolicy) -> bool:
    """Whether what is said now belongs to this ticket: it is open, or its number's policy opens it again."""
    return ticket is not None and (ticket.is_open or policy is ReopenPolicy.REOPEN_TICKET)


def reopen(ticket: Ticket) -> Ticket | Refused:
    """Open again, waiting on us: somebody wants to go on with it."""
    if ticket.is_open:
        return Refused(ErrorCode.CONFLICT, f"Ticket {ticket.number} is open.", ("ticketId",))
    return replace(ticket, status=TicketStatus.WAITING_ON_US, closed_at=None)


def changed_fields(before: Ticket, after: Ticket) -> tuple[tuple[str, str | None, str | None], ...]:
    """What differs, as (field in the API's spelling, text before, text after)."""
    pairs: list[tuple[str, str | None, str | None]] = [
        ("subject", before.subject, after.subject),
        ("status", before.status, after.status),
        ("priority", before.priority, after.priority),
        ("owner", before.owner, after.owner),
        ("team", before.team, after.team),
        ("requiredSkills", ", ".join(before.required_skills), ", ".join(after.required_skills)),
    ]
    old = {prop.name: prop.value for prop in before.properties}
    new = {prop.name: prop.value for prop in after.properties}
    pairs += [(name, old.get(name), new.get(name)) for name in sorted(old.keys() | new.keys())]
    return tuple(pair for pair in pairs if pair[1] != pair[2])


def with_properties(ticket: Ticket, changes: tuple[Property, ...]) -> Ticket:
    """Each named property set; one set to None is taken away."""
    merged = {prop.name: prop.value for prop in ticket.properties} | {prop.name: prop.value for prop in changes}
    kept = tuple(Property(name, value) for name, value in sorted(merged.items()) if value is not None)
    return replace(ticket, properties=kept)
