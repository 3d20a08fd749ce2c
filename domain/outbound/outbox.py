"""What waits to leave, and what makes a repeated call harmless.

An item is a message, or our reaction to one: `reaction` is then the emoji, empty where it is taken away. A message
that can be reacted to has left or came in, so the two never want the same place.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.ids import ChannelId, MessageId, OrganizationId, ThreadId

LEASE = timedelta(seconds=15)  # a claimed attempt without a recorded answer becomes UNKNOWN after this
RETRIED_FOR = timedelta(hours=24)  # then FAILED, or at the session's end if that is sooner
LONGEST_WAIT = timedelta(hours=1)  # no pause of ours leads further; the network's own are kept by the number's pace
CLOCKS_DIFFER = timedelta(minutes=1)  # by no more, where they are right
IDEMPOTENCY_KEY_LIMIT = 200

PERSON_FIRST = 0  # priority of replies inside a session
TEMPLATE_NEXT = 1


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """A message that has to leave. Items of one thread leave in the order they were queued."""

    organization: OrganizationId
    id: MessageId
    thread: ThreadId
    channel: ChannelId
    queued_at: datetime
    due_at: datetime
    priority: int
    tries: int = 0  # times it was refused or not sent, for the pause before the next
    leased_until: datetime | None = None  # set while a worker has it
    lease: str | None = None  # which claim that is: a late worker's answer is told by it
    cause: str | None = None  # the request that queued it, as the log names it
    reaction: str | None = None  # set where our reaction to the message leaves, and not the message


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """The first result of a call with an idempotency key, unique per organization, actor and key."""

    organization: OrganizationId
    id: str  # "<actor key>/<idempotency key>"
    mutation: str
    content: str  # hash of what was asked
    message: MessageId
    at: datetime


def is_lost(leased_until: datetime, now: datetime) -> bool:
    """Whether whoever claimed it has had their time; also where that is told by a clock that was ahead."""
    return leased_until <= now or leased_until > now + LEASE + CLOCKS_DIFFER


def leads_too_far(item: OutboxItem, now: datetime) -> bool:
    """Whether it waits only because a clock was ahead when it was queued, or was put off."""
    return item.due_at > now + LONGEST_WAIT or (item.queued_at > now + CLOCKS_DIFFER and item.due_at > now)
