"""Messages, what they can be, and how far they got.

Status is a lattice: QUEUED < UNKNOWN < SENT < FAILED < DELIVERED < READ < PLAYED. Marks arrive in any order and
repeat; the result is always the highest. An attempt is one try to hand a message over; a delivered, read or played
mark of any attempt wins over all.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from domain.errors import ErrorCode
from domain.ids import (
    ChannelId,
    DeliveryId,
    MediaId,
    MessageId,
    OrganizationId,
    TemplateId,
    ThreadId,
    Wamid,
)
from domain.people.actors import Author
from domain.text.emoji import is_emoji

TEXT_LIMIT = 4096  # characters; Cloud API, "Text messages"
CAPTION_LIMIT = 1024
VERSIONS_KEPT = 100  # of what a message said before: the first, and the newest


class Direction(StrEnum):
    INBOUND = "INBOUND"
    OUTBOUND = "OUTBOUND"
    INTERNAL = "INTERNAL"


class Source(StrEnum):
    WHATSAPP = "WHATSAPP"
    EMAIL = "EMAIL"
    CALL = "CALL"


class MessageStatus(StrEnum):
    RECEIVED = "RECEIVED"
    QUEUED = "QUEUED"
    UNKNOWN = "UNKNOWN"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    READ = "READ"
    PLAYED = "PLAYED"
    FAILED = "FAILED"


RANK: dict[MessageStatus, int] = {
    status: rank
    for rank, status in enumerate(
        (
            MessageStatus.RECEIVED,
            MessageStatus.QUEUED,
            MessageStatus.UNKNOWN,
            MessageStatus.SENT,
            MessageStatus.FAILED,
            MessageStatus.DELIVERED,
            MessageStatus.READ,
            MessageStatus.PLAYED,
        )
    )
}


class AttemptOutcome(StrEnum):
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    NOT_SENT = "NOT_SENT"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Text:
    body: str
    preview_url: bool = False


@dataclass(frozen=True, slots=True)
class MediaMessage:
    media: MediaId
    caption: str | None = None


@dataclass(frozen=True, slots=True)
class TemplateMessage:
    """A template as the contact sees it; the blanks are kept as they go to the network.

    `codes` names the buttons, as `parameters` does, whose value is a code to be copied.
    """

    template: TemplateId
    name: str
    language: str
    body: str
    header: str | None = None
    footer: str | None = None
    buttons: tuple[str, ...] = ()
    parameters: tuple["Filled", ...] = ()
    header_media: MediaId | None = None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filled:
    """One blank, filled: `component` is header, body or button:N; `name` its name or place from 1."""

    component: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Location:
    """A place, in degrees: latitude from -90 to 90, longitude from -180 to 180."""

    latitude: float
    longitude: float
    name: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class ContactCard:
    """Somebody as an address book has them; phones as they are written there."""

    name: str
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    organization: str | None = None


@dataclass(frozen=True, slots=True)
class ContactCards:
    cards: tuple[ContactCard, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose; `id` comes back with the answer and is not shown."""

    id: str
    title: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Interactive:
    """A question with answers to tap: buttons, or a list that opens under `button_label`."""

    body: str
    options: tuple[Option, ...]
    button_label: str | None = None


@dataclass(frozen=True, slots=True)
class InteractiveReply:
    """What the contact chose of buttons or a list, or how they filled in a form."""

    option_id: str
    title: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class OrderItem:
    product_id: str
    quantity: int
    price: Decimal  # of one, in units of the currency
    currency: str  # ISO 4217; empty where it was not told


@dataclass(frozen=True, slots=True)
class Order:
    items: tuple[OrderItem, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the network tells about the conversation, such as a changed number."""

    text: str


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A kind that can't be shown; the original is kept with the message."""

    kind: str
    reason: str


class RemovalReason(StrEnum):
    DELETED_BY_CONTACT = "DELETED_BY_CONTACT"
    RETENTION = "RETENTION"
    ERASURE = "ERASURE"


@dataclass(frozen=True, slots=True)
class Removed:
    """What stood here is gone, for everybody."""

    reason: RemovalReason
    at: datetime


class QuarantineReason(StrEnum):
    PHISHING = "PHISHING"
    PERSONAL_DATA = "PERSONAL_DATA"
    MALWARE = "MALWARE"
    NETWORK_POLICY = "NETWORK_POLICY"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """What stood here broke the content policy, and is kept from everybody; `Message.held` has it."""

    reason: QuarantineReason
    at: datetime


Content: TypeAlias = (
    Text
    | MediaMessage
    | TemplateMessage
    | Location
    | ContactCards
    | Interactive
    | InteractiveReply
    | Order
    | Notice
    | Unsupported
    | Quarantined
    | Removed
)


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
class Failure:
    """Why it did not arrive, for a person: what happened, and what to do about it."""

    title: str
    hint: str
    retryable: bool
    code: int | None = None  # the network's
    refusal: ErrorCode | None = None  # set where our own rules stopped it


SAID_NOT_SENT = Failure(
    "Somebody who looked says that it was not sent", "Send it again if it is still needed.", retryable=True
)
SENT_AFTER_ALL = Failure(
    "Somebody said that it was not sent, but the network had taken it",
    "Wait: it will be shown as delivered once it is. Sending it again would say it twice.",
    retryable=False,
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to hand the message over. `outcome` is None until it is known: before it leaves, and under way."""

    number: int
    at: datetime
    outcome: AttemptOutcome | None = None
    code: int | None = None
    message: str | None = None
    wamid: Wamid | None = None


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
class Mark:
    """One report of how far a message got, unique by the update that brought it; `delivery` None: our own hand."""

    organization: OrganizationId
    id: str
    message: MessageId
    status: MessageStatus
    at: datetime  # by the network's clock
    reported_at: datetime  # by ours
    attempt: int | None = None  # None for inbound messages
    delivery: DeliveryId | None = None
    place: int | None = None


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
    held_until: datetime | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    forwarded: bool = False
    referral: Referral | None = None
    from_number: str | None = None  # E.164
    to_number: str | None = None
    attempts: tuple[Attempt, ...] = ()
    original: str | None = None  # the network's update as JSON text
    versions: tuple[Version, ...] = ()  # earlier contents, oldest first
    held: Content | None = None  # what it says while it is Quarantined; shown to nobody as its content
    releases: tuple[Release, ...] = ()  # oldest first

    @property
    def is_quarantined(self) -> bool:
        return isinstance(self.content, Quarantined)

    @property
    def spoken(self) -> Content:
        """What it says, also while that is withheld."""
        return self.held if self.held is not None else self.content

    @property
    def shown_reactions(self) -> tuple[Reaction, ...]:
        """Those that stand and are emoji: nobody's words are shown as a reaction, whatever the network passed on."""
        return tuple(each for each in self.reactions if is_emoji(each.emoji))

    @property
    def attempt(self) -> int:
        """The number of the newest attempt, 1 before the first."""
        return self.attempts[-1].number if self.attempts else 1


def changed(message: Message, content: Content, at: datetime) -> Message:
    """The message after its sender changed it at `at`. Any order and repetition of changes gives the same message.

    What was taken back stays so: a change told later joins its past only. What is quarantined stays so, too.
    """
    if message.deleted_at is not None and at >= message.deleted_at:
        return message
    until = [version.until for version in message.versions]
    said = [*(version.content for version in message.versions), message.spoken]
    place = sum(each <= at for each in until)
    if place and until[place - 1] == at and said[place] == content:
        return message
    if place == 1 and len(until) >= VERSIONS_KEPT:  # among those that are not kept any more
        return message
    until.insert(place, at)
    said.insert(place + 1, content)
    after = replace(
        message,
        versions=_kept(tuple(Version(*pair) for pair in zip(said[:-1], until, strict=True))),
        edited_at=max(at, message.edited_at or at),
    )
    return replace(after, content=said[-1]) if message.held is None else replace(after, held=said[-1])


WORDS_BEFORE = Unsupported("edit", "What was said before is not known here.")
"""The first content of a message of which only an edit came."""


def stands_in(message: Message) -> bool:
    """Whether only a change of this message came so far, and it never did itself."""
    return bool(message.versions) and message.versions[0].content == WORDS_BEFORE


def filled_in(stand_in: Message, message: Message) -> Message:
    """A message that came after all, as its changes made it; it goes by the id under which those were shown."""
    first, *later = stand_in.versions
    return replace(
        message,
        id=stand_in.id,
        content=stand_in.content,
        held=stand_in.held,
        versions=(Version(message.spoken, first.until), *later),
        edited_at=stand_in.edited_at,
        deleted_at=stand_in.deleted_at,
        reactions=stand_in.reactions,
        releases=stand_in.releases,
    )


def taken_back(message: Message, at: datetime) -> Message:
    """The message after its sender deleted it: nothing of it is left but its versions."""
    if message.deleted_at is not None:
        return message
    gone_at = max([at, *(version.until for version in message.versions)])
    return replace(
        message,
        content=Removed(RemovalReason.DELETED_BY_CONTACT, gone_at),
        held=None,
        versions=_kept((*message.versions, Version(message.spoken, gone_at))),
        deleted_at=gone_at,
    )


def _kept(versions: tuple[Version, ...]) -> tuple[Version, ...]:
    """The first and the newest: a message may be edited without end, and all of them are written with it."""
    return versions if len(versions) <= VERSIONS_KEPT else (versions[0], *versions[1 - VERSIONS_KEPT :])


def file_of(content: Content) -> MediaId | None:
    """The file that a message brings."""
    match content:
        case MediaMessage(media=media):
            return media
        case TemplateMessage(header_media=media):
            return media
        case _:
            return None


def told_so_far(message: Message) -> tuple[Version, ...]:
    """Every content it had before the one it shows: for those who may see what is withheld, that too."""
    if message.held is None or not isinstance(message.content, Quarantined):
        return message.versions
    return (*message.versions, Version(message.held, message.content.at))


def shows(message: Message | None, file: MediaId) -> bool:
    """Whether a message has a file to show: not where it was removed, replaced or quarantined."""
    return message is not None and file_of(message.content) == file


def higher(one: MessageStatus, other: MessageStatus) -> MessageStatus:
    """The join of the lattice."""
    return one if RANK[one] >= RANK[other] else other


def arrived(status: MessageStatus) -> bool:
    """Delivered or more: what no later attempt or failure takes back."""
    return RANK[status] >= RANK[MessageStatus.DELIVERED]


def queued_again(message: Message, at: datetime) -> Message:
    """The message with a new attempt that has not left: what is told of the earlier ones counts only if it arrived."""
    begun = Attempt(message.attempt + 1, at)
    return replace(
        message, status=MessageStatus.QUEUED, failure=None, held_until=None, attempts=(*message.attempts, begun)
    )


def leaving(message: Message, at: datetime) -> Message:
    """The message with an attempt under way: the one begun by `queued_again`, or the next."""
    last = message.attempts[-1] if message.attempts else None
    if last is not None and last.outcome is None:
        return replace(message, held_until=None, attempts=(*message.attempts[:-1], replace(last, at=at)))
    number = last.number + 1 if last is not None else 1
    return replace(message, held_until=None, attempts=(*message.attempts, Attempt(number, at)))


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


def _better_reason(known: Failure | None, told: Failure | None) -> Failure | None:
    """The first reason stands, unless the network tells one where there was only a guess."""
    if known is None:
        return told
    is_guess = known.code is None and known.refusal is None
    return told if is_guess and told is not None and told.code is not None else known


def _earliest(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)
