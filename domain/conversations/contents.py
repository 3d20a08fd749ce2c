"""What a message can say: one type for each kind of content."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from domain.ids import (
    MediaId,
    TemplateId,
)

TEXT_LIMIT = 4096  # characters; Cloud API, "Text messages"
CAPTION_LIMIT = 1024


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
    """What stood here broke the content policy, and is kept from everybody; `Message.quarantined` has it."""

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


def file_of(content: Content) -> MediaId | None:
    """The file that a message brings."""
    match content:
        case MediaMessage(media=media):
            return media
        case TemplateMessage(header_media=media):
            return media
        case _:
            return None
