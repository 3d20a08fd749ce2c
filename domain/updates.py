"""What the network tells, as typed updates: one item of a webhook delivery each.

An update is named by its delivery and its place there, so that interpreting it twice changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias, assert_never

from domain.channels.health.account_news import News
from domain.channels.template_news import TemplateNews
from domain.contacts import Person
from domain.conversations.contents import ContactCards, InteractiveReply, Location, Notice, Order, Text, Unsupported
from domain.conversations.messages import Referral
from domain.conversations.status import Failure, MessageStatus
from domain.files.rules import MediaKind
from domain.ids import BusinessAccountId, DeliveryId, MessageId, OrganizationId, PhoneNumberId, Wamid


@dataclass(frozen=True, slots=True)
class UpdateKey:
    """Where an update stood: `index` counts the items of the delivery from 0, in the order they are written."""

    delivery: DeliveryId
    index: int
    received_at: datetime
    number: PhoneNumberId | None  # the business number it speaks of
    account: BusinessAccountId | None  # the business account it came under


@dataclass(frozen=True, slots=True)
class IncomingMedia:
    """A file that came with a message; fetched later by its network id."""

    kind: MediaKind
    network_id: str
    mime_type: str
    caption: str | None = None
    file_name: str | None = None
    sha256: str | None = None
    voice: bool = False
    animated: bool = False


IncomingContent: TypeAlias = (
    Text | IncomingMedia | Location | ContactCards | InteractiveReply | Order | Notice | Unsupported
)


@dataclass(frozen=True, slots=True)
class MessageReceived:
    place: UpdateKey
    person: Person
    wamid: Wamid
    sent_at: datetime | None  # as told; None where missing or unreadable
    content: IncomingContent
    original: str  # the network's item as JSON text
    extends_session: bool = True
    reply_to: Wamid | None = None
    forwarded: bool = False
    referral: Referral | None = None
    breaks_rules: bool = False  # the network says so itself
    opens_thread: bool = False  # also where it extends no session
    stands_in: bool = False  # only an edit of it came: what it said before is not known here

    @property
    def asks_for_ticket(self) -> bool:
        """The contact wants something now. What comes with a delay, or besides a conversation, opens nothing."""
        return self.extends_session or self.stands_in


@dataclass(frozen=True, slots=True)
class MessageEchoed:
    """A message that was written to `person` in the business's own phone app."""

    place: UpdateKey
    person: Person
    wamid: Wamid
    sent_at: datetime | None
    content: IncomingContent
    original: str
    reply_to: Wamid | None = None
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class ReactionReceived:
    """`echoed` here and below: it was done in the business's own phone app, and not by the contact."""

    place: UpdateKey
    person: Person
    wamid: Wamid
    sent_at: datetime | None
    target: Wamid
    emoji: str | None  # None takes the reaction away
    original: str
    echoed: bool = False


@dataclass(frozen=True, slots=True)
class EditReceived:
    """The sender of a message changed what it says."""

    place: UpdateKey
    person: Person
    wamid: Wamid
    sent_at: datetime | None
    target: Wamid
    content: IncomingContent
    original: str
    echoed: bool = False


@dataclass(frozen=True, slots=True)
class DeletionReceived:
    """The sender of a message took it back."""

    place: UpdateKey
    person: Person
    wamid: Wamid
    sent_at: datetime | None
    target: Wamid
    original: str
    echoed: bool = False


@dataclass(frozen=True, slots=True)
class IdentityChanged:
    """A person goes by other names from now on: `renamed` holds those that are new."""

    place: UpdateKey
    person: Person  # as they were known
    renamed: Person
    sent_at: datetime | None
    notice: Notice
    original: str
    wamid: Wamid | None = None  # None where no message of the conversation tells it


@dataclass(frozen=True, slots=True)
class StatusReported:
    place: UpdateKey
    wamid: Wamid
    status: MessageStatus
    at: datetime | None
    callback: str | None  # `biz_opaque_callback_data`: names our message and its attempt
    failure: Failure | None = None
    person: Person | None = None  # whom it was sent to, as the network names them; None where it does not


@dataclass(frozen=True, slots=True)
class TemplateTold:
    """News of one template of the account; None where they are of a kind that is not known here."""

    place: UpdateKey
    network_id: str
    news: TemplateNews | None
    told_at: datetime | None  # None where missing or unreadable


@dataclass(frozen=True, slots=True)
class MarketingChosen:
    """A person told WhatsApp whether this business may send them marketing."""

    place: UpdateKey
    person: Person
    stopped: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountNews:
    """What the network tells of an account, or of one number of it."""

    place: UpdateKey
    news: tuple[News, ...]
    told_at: datetime | None = None
    phone: str | None = None  # digits of the number it is about; None: every number of the account


@dataclass(frozen=True, slots=True)
class Ignored:
    """Kept and not acted on, with the reason."""

    place: UpdateKey
    reason: str


Update: TypeAlias = (
    MessageReceived
    | MessageEchoed
    | ReactionReceived
    | EditReceived
    | DeletionReceived
    | IdentityChanged
    | StatusReported
    | TemplateTold
    | MarketingChosen
    | AccountNews
    | Ignored
)

GROUP = "group"
"""The reason for which what is said in groups is ignored."""


class Outcome(StrEnum):
    """What became of an update."""

    APPLIED = "APPLIED"
    DUPLICATE = "DUPLICATE"
    PARKED = "PARKED"
    IGNORED = "IGNORED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class UpdateRecord:
    """One update's outcome, written in the same transaction as its effect."""

    organization: OrganizationId
    id: str  # "<delivery>:<index>"
    delivery: DeliveryId
    index: int
    outcome: Outcome
    at: datetime
    reason: str | None = None
    wamid: Wamid | None = None


@dataclass(frozen=True, slots=True)
class AwaitedReply:
    """A message here answers one that is not known yet."""

    message: MessageId


Waiting: TypeAlias = StatusReported | ReactionReceived | EditReceived | DeletionReceived | AwaitedReply

PARKED_FOR = timedelta(days=30)
SHOWN_AFTER = timedelta(seconds=60)  # so long may a change have overtaken its message


@dataclass(frozen=True, slots=True)
class ParkedUpdate:
    """What speaks of a message that is not known yet, waiting by the message's network id; 30 days at most."""

    organization: OrganizationId
    id: str
    number: PhoneNumberId
    wamid: Wamid
    update: Waiting
    parked_at: datetime
    due_at: datetime | None = None  # when it is shown without its message; None: never, or that was done


def shown_from(update: Waiting, now: datetime) -> datetime | None:
    """From when on an update is shown whose message does not come; None for what is no item of the contact's."""
    match update:
        case ReactionReceived() | EditReceived() | DeletionReceived():
            return None if update.echoed else now + SHOWN_AFTER
        case StatusReported() | AwaitedReply():
            return None
        case _:
            assert_never(update)


def record_id(place: UpdateKey) -> str:
    return f"{place.delivery}:{place.index}"
