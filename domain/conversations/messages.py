"""Messages, what they can be, and how far they got.

Status is a lattice: QUEUED < UNKNOWN < SENT < FAILED < DELIVERED < READ < PLAYED. Marks arrive in any order and
repeat; the result is always the highest. An attempt is one try to hand a message over; a delivered, read or played
mark of any attempt wins over all.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.conversations.contents import Content, Quarantined, QuarantineReason, file_of
from domain.conversations.status import (
    SAID_NOT_SENT,
    SENT_AFTER_ALL,
    Attempt,
    AttemptOutcome,
    Failure,
    MessageStatus,
    arrived,
    higher,
)
from domain.ids import ChannelId, MediaId, MessageId, OrganizationId, ThreadId, Wamid
from domain.people.actors import Author, ByContact
from domain.text.emoji import is_emoji


class Direction(StrEnum):
    INBOUND = "INBOUND"
    OUTBOUND = "OUTBOUND"
    INTERNAL = "INTERNAL"


class Source(StrEnum):
    WHATSAPP = "WHATSAPP"
    EMAIL = "EMAIL"
    CALL = "CALL"


@dataclass(frozen=True, slots=True)
class Version:
    """What a message said before, up to the moment it was changed or taken back."""

    content: Content
    until: datetime


@dataclass(frozen=True, slots=True)
class Release:
    """Who showed a quarantined message again, and what it had been hidden for."""

    by: Author
    at: datetime
    reason: QuarantineReason


@dataclass(frozen=True, slots=True)
class Reaction:
    """One side's emoji on a message; empty where it was taken away, kept so that an older one does not come back."""

    emoji: str
    by: Author
    at: datetime


@dataclass(frozen=True, slots=True)
class Referral:
    """The advertisement or post that led the contact here."""

    source_url: str
    headline: str | None = None
    body: str | None = None
    source_id: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    organization: OrganizationId
    id: MessageId
    thread: ThreadId
    channel: ChannelId
    direction: Direction
    author: Author
    content: Content
    status: MessageStatus
    at: datetime  # where it stands: `sent_at` made sane (never after arrival, arrival where it is nonsense)
    sent_at: datetime  # as told
    received_at: datetime
    wamid: Wamid | None = None
    source: Source = Source.WHATSAPP
    extends_session: bool = False
    reply_to_wamid: Wamid | None = None
    reply_to: MessageId | None = None
    reactions: tuple[Reaction, ...] = ()  # one a side at most, also those taken away
    failure: Failure | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    not_before: datetime | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    forwarded: bool = False
    referral: Referral | None = None
    from_number: str | None = None  # E.164
    to_number: str | None = None
    attempts: tuple[Attempt, ...] = ()
    original: str | None = None  # the network's update as JSON text
    versions: tuple[Version, ...] = ()  # earlier contents, oldest first
    quarantined: Content | None = None  # what it says while it is Quarantined; shown to nobody as its content
    releases: tuple[Release, ...] = ()  # oldest first

    @property
    def is_quarantined(self) -> bool:
        return isinstance(self.content, Quarantined)

    @property
    def spoken(self) -> Content:
        """What it says, also while that is withheld."""
        return self.quarantined if self.quarantined is not None else self.content

    @property
    def shown_reactions(self) -> tuple[Reaction, ...]:
        """Those that stand and are emoji: nobody's words are shown as a reaction, whatever the network passed on."""
        return tuple(each for each in self.reactions if is_emoji(each.emoji))

    @property
    def attempt(self) -> int:
        """The number of the newest attempt, 1 before the first."""
        return self.attempts[-1].number if self.attempts else 1


def shows(message: Message | None, file: MediaId) -> bool:
    """Whether a message has a file to show: not where it was removed, replaced or quarantined."""
    return message is not None and file_of(message.content) == file


def queued_again(message: Message, at: datetime) -> Message:
    """The message with a new attempt that has not left: what is told of the earlier ones counts only if it arrived."""
    begun = Attempt(message.attempt + 1, at)
    return replace(
        message, status=MessageStatus.QUEUED, failure=None, not_before=None, attempts=(*message.attempts, begun)
    )


def leaving(message: Message, at: datetime) -> Message:
    """The message with an attempt under way: the one begun by `queued_again`, or the next."""
    last = message.attempts[-1] if message.attempts else None
    if last is not None and last.outcome is None:
        return replace(message, not_before=None, attempts=(*message.attempts[:-1], replace(last, at=at)))
    number = last.number + 1 if last is not None else 1
    return replace(message, not_before=None, attempts=(*message.attempts, Attempt(number, at)))


def with_outcome(
    message: Message,
    attempt: int,
    outcome: AttemptOutcome,
    *,
    code: int | None = None,
    reason: str | None = None,
    wamid: Wamid | None = None,
) -> Message:
    """What came of an attempt, unless a status of the network's that was faster said so already."""
    attempts = tuple(
        replace(each, outcome=outcome, code=code, message=reason, wamid=wamid or each.wamid)
        if each.number == attempt and (each.outcome is not AttemptOutcome.ACCEPTED or wamid is not None)
        else each
        for each in message.attempts
    )
    return replace(message, attempts=attempts)


def with_mark(
    message: Message, status: MessageStatus, *, at: datetime, attempt: int, failure: Failure | None = None
) -> Message:
    """The message after one more report. Any order and repetition of reports gives the same message."""
    counts = attempt == message.attempt or arrived(status)
    reached = higher(message.status, status) if counts else message.status
    marked = replace(
        message,
        status=reached,
        delivered_at=_earliest(message.delivered_at, at) if status is MessageStatus.DELIVERED else message.delivered_at,
        read_at=_earliest(message.read_at, at) if status is MessageStatus.READ else message.read_at,
    )
    if status is MessageStatus.FAILED and reached is MessageStatus.FAILED and counts:
        return replace(marked, failure=_better_reason(message.failure, failure))
    if status is MessageStatus.SENT and counts and message.failure == SAID_NOT_SENT:
        return replace(marked, failure=SENT_AFTER_ALL)
    if reached is not MessageStatus.FAILED and message.failure is not None:
        return replace(marked, failure=None)
    return marked


def _better_reason(known: Failure | None, reported: Failure | None) -> Failure | None:
    """The first reason stands, unless the network tells one where there was only a guess."""
    if known is None:
        return reported
    is_guess = known.code is None and known.refusal is None
    return reported if is_guess and reported is not None and reported.code is not None else known


def _earliest(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


def with_reaction(message: Message, emoji: str | None, by: Author, at: datetime) -> Message:
    """The message with one side's reaction set, changed or taken away; each side has one.

    An older one never undoes a newer one, nor a newer removal.
    """
    theirs = isinstance(by, ByContact)
    others = tuple(each for each in message.reactions if isinstance(each.by, ByContact) is not theirs)
    known = next((each for each in message.reactions if isinstance(each.by, ByContact) is theirs), None)
    if known is not None and known.at > at:
        return message
    return replace(message, reactions=(*others, Reaction(emoji or "", by, at)))
