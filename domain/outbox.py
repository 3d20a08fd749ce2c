"""What waits to leave, and what makes a repeated call harmless.

An item is a message, or our reaction to one: `reaction` is then the emoji, empty where it is taken away. A message
that can be reacted to has left or came in, so the two never want the same place.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.ids import ChannelId, MessageId, OrganizationId, ThreadId

LEASE = timedelta(seconds=15)  # a claimed attempt without a recorded answer becomes UNKNOWN after this
RETRIED_FOR = timedelta(hours=24)  # then FAILED, or at the session's end if that is sooner
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
    reaction: str | None = None  # set where our reaction to the message leaves, and not the message


@dataclass(frozen=True, slots=True)
class Remembered:
    """The first result of a call with an idempotency key, unique per organization, actor and key."""

    organization: OrganizationId
    id: str  # "<actor key>/<idempotency key>"
    mutation: str
    content: str  # hash of what was asked
    message: MessageId
    at: datetime
