"""Every event there is, one closed union of facts in the past tense.

An event holds ids and the few words a reader cannot look up later, never bodies.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import TypeAlias
from uuid import UUID

from domain.conversations.status import MessageStatus
from domain.ids import ChannelId, EventId, MessageId, OrganizationId, TemplateId, ThreadId, TicketId


class MessageChange(StrEnum):
    REACTION = "REACTION"
    EDIT = "EDIT"
    DELETION = "DELETION"
    MEDIA = "MEDIA"
    QUARANTINE = "QUARANTINE"


class SessionChange(StrEnum):
    OPENED = "OPENED"
    EXTENDED = "EXTENDED"
    EXPIRING = "EXPIRING"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class MessageAdded:
    thread: ThreadId
    message: MessageId


@dataclass(frozen=True, slots=True)
class MessageStatusChanged:
    thread: ThreadId
    message: MessageId
    status: MessageStatus  # the message's status after the mark


@dataclass(frozen=True, slots=True)
class MessageChanged:
    thread: ThreadId
    message: MessageId
    change: MessageChange


@dataclass(frozen=True, slots=True)
class SessionChanged:
    thread: ThreadId
    change: SessionChange


@dataclass(frozen=True, slots=True)
class ThreadChanged:
    thread: ThreadId


@dataclass(frozen=True, slots=True)
class TicketChanged:
    thread: ThreadId | None
    ticket: TicketId
    changed: tuple[str, ...]  # names of fields in the API's spelling


@dataclass(frozen=True, slots=True)
class ChannelChanged:
    channel: ChannelId


@dataclass(frozen=True, slots=True)
class TemplateChanged:
    template: TemplateId


@dataclass(frozen=True, slots=True)
class QuotaChanged:
    """The month's use or limit moved."""

    warning: int | None = None  # per cent of the limit that were reached with it: 80 or 100, once a month and limit


Event: TypeAlias = (
    MessageAdded
    | MessageStatusChanged
    | MessageChanged
    | SessionChanged
    | ThreadChanged
    | TicketChanged
    | ChannelChanged
    | TemplateChanged
    | QuotaChanged
)


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event at its place in the organization's log. Positions are gapless from 1 and rise in commit order."""

    position: int
    at: datetime
    event: Event


def event_id(organization: OrganizationId, position: int, at: datetime) -> EventId:
    """The event's for ever: a copy or a restored log tells it with the same one, and gives its place to no other.

    After a restore a place is taken again, by something else at another time.
    """
    named = f"{organization} {position} {at.astimezone(UTC).isoformat(timespec='microseconds')}"
    return EventId(str(UUID(bytes=sha256(named.encode()).digest()[:16])))


_HIDING = (MessageChange.QUARANTINE, MessageChange.DELETION, MessageChange.EDIT)


def hides(event: Event) -> bool:
    """Whether what earlier events showed may be shown no more."""
    return isinstance(event, MessageChanged) and event.change in _HIDING


def thread_of(event: Event) -> ThreadId | None:
    """The thread an event belongs to; None for those of the whole organization."""
    match event:
        case ChannelChanged() | TemplateChanged() | QuotaChanged():
            return None
        case _:
            return event.thread
