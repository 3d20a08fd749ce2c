"""WhatsApp's network: what is asked of it, what it answers, and what it tells."""

from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

from domain.channels.numbers import AccountFacts, NumberFacts
from domain.channels.profiles import BusinessProfile, ProfileChange
from domain.channels.template_drafts import TemplateDraft
from domain.channels.templates import Template, TemplateCategory, TemplateStatus
from domain.conversations.contents import TemplateMessage
from domain.conversations.sendable import Sendable
from domain.files.media import Media
from domain.files.rules import MediaKind
from domain.ids import (
    BusinessAccountId,
    OrganizationId,
    PhoneNumberId,
    Wamid,
)
from domain.ports.deliveries import Delivery
from domain.updates import Update


@dataclass(frozen=True, slots=True)
class ReactionTo:
    """Our emoji on a message; empty takes it away."""

    target: Wamid
    emoji: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as the network knows it, and what is said of it."""

    kind: MediaKind
    network_id: str
    caption: str | None = None
    file_name: str | None = None
    voice: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message, or a reaction, as it is to leave. `callback` comes back with every status of it.

    `header` is the file above a template's text.
    """

    number: PhoneNumberId
    wa_id: str | None
    business_scoped_id: str | None
    content: Sendable | TemplateMessage | ReactionTo | Attachment
    callback: str
    reply_to: Wamid | None = None
    header: Attachment | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The network has it, under this id. Not sent yet."""

    wamid: Wamid
    wa_id: str | None = None
    business_scoped_id: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The network said no; `code` is its own, None where it gave none."""

    code: int | None
    message: str
    retry_after_s: float | None = None
    subcode: int | None = None  # what is wrong in detail, where the code says only that something is


@dataclass(frozen=True, slots=True)
class NotSent:
    """Nothing left: the request died before its first byte."""

    message: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """It may have been accepted: never send it again by itself."""

    message: str


SendResult: TypeAlias = Accepted | Rejected | NotSent | Unanswered


@dataclass(frozen=True, slots=True)
class TokenFacts:
    valid: bool
    permissions: frozenset[str]
    app_id: str | None = None
    expires_at: datetime | None = None
    accounts: "Mapping[str, frozenset[BusinessAccountId]]" = field(
        default_factory=dict[str, frozenset[BusinessAccountId]]
    )
    """By permission, the accounts that it was given for; a permission that is missing here is for all of them."""


@dataclass(frozen=True, slots=True)
class TemplateMade:
    """A template the network took in for review. It may have moved it to another category."""

    network_id: str
    status: TemplateStatus
    category: TemplateCategory


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Where a file can be had for the next five minutes, and what the network says of it."""

    url: str
    sha256: str | None = None  # hex or base64, as told
    size: int | None = None  # bytes


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The file's link leads to a host that is not the network's: nothing was asked of it."""

    host: str


class BrokenOff(Exception):
    """A file stopped coming in the middle; the message says how."""


class Network(Protocol):
    """The WhatsApp Cloud API. Questions answer facts, or `Rejected | NotSent | Unanswered`."""

    async def send(self, token: str, outgoing: Outgoing) -> SendResult: ...

    async def mark_read(
        self, token: str, number: PhoneNumberId, wamid: Wamid, *, typing: bool = False
    ) -> "Failed | None":
        """Blue ticks on this message and those before it; with `typing`, that somebody is writing as well."""
        ...

    async def file_facts(self, token: str, number: PhoneNumberId, network_id: str) -> "FileFacts | Failed": ...

    def download(
        self, token: str, url: str
    ) -> "AbstractAsyncContextManager[AsyncIterator[bytes] | Elsewhere | Failed]":
        """The bytes behind a link of `file_facts`, as they come; raises `BrokenOff` where they stop coming."""
        ...

    async def upload(
        self, token: str, number: PhoneNumberId, file: Media, chunks: AsyncIterable[bytes]
    ) -> "str | Failed":
        """The network's id of a READY file, for this number alone. What `chunks` raises goes on."""
        ...

    async def token_facts(self, token: str) -> "TokenFacts | Failed": ...

    async def account_facts(self, token: str, account: BusinessAccountId) -> "AccountFacts | Failed": ...

    async def numbers(self, token: str, account: BusinessAccountId) -> "list[NumberFacts] | Failed":
        """Every number of the account, all pages."""
        ...

    async def register(self, token: str, number: PhoneNumberId, pin: str) -> "Failed | None": ...

    async def subscribe(self, token: str, account: BusinessAccountId) -> "Failed | None":
        """Have the account's webhooks sent to our app."""
        ...

    async def unsubscribe(self, token: str, account: BusinessAccountId) -> "Failed | None":
        """Have them sent no longer."""
        ...

    async def is_subscribed(self, token: str, account: BusinessAccountId, app_id: str | None) -> "bool | Failed":
        """Whether they are sent to this app; to any app, where None is asked for."""
        ...

    @property
    def app_id(self) -> str | None:
        """Our own app at the network; None where the server has none."""
        ...

    def sign_in_url(self, state: str) -> str | None:
        """Where an administrator signs in at Meta, to come back with a code and `state`; None where none is set up."""
        ...

    async def exchanged(self, code: str) -> "str | Failed":
        """The token that a sign-in's code stands for. A code lives 30 seconds and is good once."""
        ...

    async def accounts_reached(self, token: str) -> "list[BusinessAccountId] | Failed":
        """The business accounts of every business that the token's owner belongs to, owned and shared, all pages."""
        ...

    async def number(self, token: str, number: PhoneNumberId) -> "NumberFacts | Failed": ...

    async def add_number(
        self, token: str, account: BusinessAccountId, phone_number: str, display_name: str
    ) -> "PhoneNumberId | Failed":
        """Put a number, in E.164 form, on the account."""
        ...

    async def request_code(
        self, token: str, number: PhoneNumberId, *, by_voice: bool, language: str
    ) -> "Failed | None": ...

    async def verify_code(self, token: str, number: PhoneNumberId, code: str) -> "Failed | None": ...

    async def profile(self, token: str, number: NumberFacts) -> "BusinessProfile | Failed": ...

    async def change_profile(self, token: str, number: PhoneNumberId, change: ProfileChange) -> "Failed | None":
        """A display name is asked for first: the network reviews it, and shows the old one meanwhile."""
        ...

    async def templates(
        self, token: str, organization: OrganizationId, account: BusinessAccountId, now: datetime
    ) -> "list[Template] | Failed":
        """Every template of the account, all pages; ids are new ones."""
        ...

    async def upload_sample(self, token: str, app_id: str, file: Media, chunks: AsyncIterable[bytes]) -> "str | Failed":
        """A handle of a READY file, for the review of a template. What `chunks` raises goes on."""
        ...

    async def create_template(
        self, token: str, account: BusinessAccountId, draft: TemplateDraft, sample: str | None
    ) -> "TemplateMade | Failed":
        """Have a template reviewed; `sample` is the handle of the file above its text."""
        ...

    async def delete_template(
        self, token: str, account: BusinessAccountId, name: str, network_id: str
    ) -> "Failed | None":
        """Delete one language of a template."""
        ...


Failed: TypeAlias = Rejected | NotSent | Unanswered


class Unreadable(Exception):
    """A delivery that nothing can be made of; the reason is for administrators."""


class Interpreter(Protocol):
    async def updates(self, delivery: Delivery) -> list[Update]:
        """The delivery's items in the order they are written, `Place.index` counting from 0. Raises `Unreadable`.

        What takes long leaves the event loop free meanwhile, and ends.
        """
        ...
