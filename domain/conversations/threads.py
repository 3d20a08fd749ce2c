"""Threads: everything said between one person, as the network knows them, and one of our numbers."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.contacts import Person, number_variants
from domain.conversations.messages import Direction, Message, Source
from domain.conversations.sessions import Alarm, Session
from domain.ids import ChannelId, ContactId, MessageId, OrganizationId, TeamId, ThreadId, TicketId, UserId


class ThreadStatus(StrEnum):
    OPEN = "OPEN"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Thread:
    organization: OrganizationId
    id: ThreadId
    channel: ChannelId
    contact: ContactId
    created_at: datetime
    last_activity_at: datetime
    wa_id: str | None = None  # whom replies go to: the network id last seen here
    business_scoped_id: str | None = None
    status: ThreadStatus = ThreadStatus.OPEN
    owner: UserId | None = None
    team: TeamId | None = None
    ticket: TicketId | None = None  # the newest
    last_message: MessageId | None = None
    last_message_at: datetime | None = None  # where it stands
    last_direction: Direction | None = None
    last_source: Source = Source.WHATSAPP
    unread_count: int = 0
    read_up_to: datetime | None = None  # where the message stands up to which somebody here last read
    read_up_to_message: MessageId | None = None  # and which one that is
    session: Session | None = None
    alarm: Alarm | None = None
    pair_next_at: datetime | None = (
        None  # how much of what may be sent to this person is used up: `domain.outbound.pace`
    )
    origin: ContactId | None = None  # whose it was before that contact was merged into this one

    @property
    def home(self) -> ContactId:
        """Who writes here, whichever contact that one was merged into."""
        return self.origin or self.contact


def with_message(thread: Thread, message: Message) -> Thread:
    """The thread after one more message, which may be older than its last."""
    newest = thread.last_message_at is None or message.at >= thread.last_message_at
    is_unread = message.direction is Direction.INBOUND  # nobody here has looked at it, however old it is
    return replace(
        thread,
        last_activity_at=max(thread.last_activity_at, message.at),
        last_message=message.id if newest else thread.last_message,
        last_message_at=message.at if newest else thread.last_message_at,
        last_direction=message.direction if newest else thread.last_direction,
        last_source=message.source if newest else thread.last_source,
        unread_count=thread.unread_count + 1 if is_unread else thread.unread_count,
    )


def thread_among(
    threads: Iterable[Thread], channel: ChannelId, homes: Collection[ContactId], person: Person
) -> Thread | None:
    """The person's thread here; of several, the one that answers the surest of their names, then the newest.

    `homes` are the contacts that the network knows this person by. Who was merged with them by people here writes in a
    thread of their own.
    """
    variants = number_variants(person.wa_id) if person.wa_id else ()

    def fit(thread: Thread) -> tuple[bool, bool, datetime, str]:
        same_id = person.business_scoped_id is not None and thread.business_scoped_id == person.business_scoped_id
        return thread.wa_id in variants, same_id, thread.last_activity_at, thread.id

    here = [each for each in threads if each.channel == channel and each.home in homes]
    return max(here, key=fit, default=None)
