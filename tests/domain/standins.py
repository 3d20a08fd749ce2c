"""Small real implementations of ports whose product twins need a network or a processor's time."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from adapters.memory import MemoryMedia, MemorySounds
from domain.channels.channels import REQUIRED_PERMISSIONS
from domain.channels.profiles import BusinessProfile, ProfileChange
from domain.channels.template_drafts import TemplateDraft
from domain.channels.templates import Template, TemplateCategory, TemplateStatus
from domain.errors import Throttled
from domain.files.media import Media
from domain.ids import BusinessAccountId, DeliveryId, OrganizationId, PhoneNumberId, Wamid
from domain.ports.deliveries import Delivery
from domain.ports.files import NotMade, SoundForm
from domain.ports.network import (
    Accepted,
    AccountFacts,
    BrokenOff,
    Elsewhere,
    Failed,
    FileFacts,
    NumberFacts,
    Outgoing,
    Rejected,
    SendResult,
    TemplateMade,
    TokenFacts,
    Unreadable,
)
from domain.updates import Update
from tests.builders import ACCOUNT, NUMBER

NO_SUCH_FILE = Rejected(100, "There is no such object.")

Meanwhile: TypeAlias = Callable[[Outgoing], Awaitable[None]]
"""What happens in the world while a send is on its way."""


@dataclass(slots=True)
class Network:
    """The network as a test tells it to be: it keeps what it was asked, and says yes unless told otherwise."""

    sent: list[Outgoing] = field(default_factory=list[Outgoing])
    told_read: list[Wamid] = field(default_factory=list[Wamid])
    told_typing: list[Wamid] = field(default_factory=list[Wamid])
    asked: list[str] = field(default_factory=list[str])
    tokens: set[str] = field(default_factory=set[str])
    answers: deque[SendResult] = field(default_factory=deque[SendResult])
    meanwhile: Meanwhile | None = None
    failing: dict[str, Failed] = field(default_factory=dict[str, Failed])
    facts: dict[str, FileFacts] = field(default_factory=dict[str, FileFacts])
    files: dict[str, Sequence[bytes | BrokenOff]] = field(default_factory=dict[str, Sequence[bytes | BrokenOff]])
    elsewhere: dict[str, str] = field(default_factory=dict[str, str])
    uploads: list[bytes] = field(default_factory=list[bytes])
    meanwhile_asked: Callable[[], Awaitable[None]] | None = None
    meanwhile_uploading: Callable[[], Awaitable[None]] | None = None
    token: TokenFacts = field(default_factory=lambda: TokenFacts(True, frozenset(REQUIRED_PERMISSIONS)))
    account: AccountFacts = field(default_factory=lambda: AccountFacts(ACCOUNT, "Acme", True))
    its_numbers: list[NumberFacts] = field(default_factory=lambda: [a_number()])
    its_profile: BusinessProfile = field(default_factory=lambda: BusinessProfile(""))
    reached: list[BusinessAccountId] = field(default_factory=lambda: [ACCOUNT])
    own_app: str | None = None
    subscribed: bool = False
    pins: dict[PhoneNumberId, str] = field(default_factory=dict[PhoneNumberId, str])
    its_templates: list[Template] = field(default_factory=list[Template])
    drafts: list[tuple[TemplateDraft, str | None]] = field(default_factory=list[tuple[TemplateDraft, str | None]])
    made: TemplateMade = field(
        default_factory=lambda: TemplateMade("made-1", TemplateStatus.PENDING, TemplateCategory.UTILITY)
    )

    async def send(self, token: str, outgoing: Outgoing) -> SendResult:
        self.tokens.add(token)
        self.sent.append(outgoing)
        if self.meanwhile is not None:
            await self.meanwhile(outgoing)
        if self.answers:
            return self.answers.popleft()
        return Accepted(wamid_number(len(self.sent)))

    async def mark_read(
        self, token: str, number: PhoneNumberId, wamid: Wamid, *, typing: bool = False
    ) -> Failed | None:
        (self.told_typing if typing else self.told_read).append(wamid)
        return await self._asked("mark_read", token)

    async def file_facts(self, token: str, number: PhoneNumberId, network_id: str) -> FileFacts | Failed:
        return await self._asked("file_facts", token, network_id) or self.facts.get(network_id) or NO_SUCH_FILE

    @asynccontextmanager
    async def download(self, token: str, url: str) -> AsyncGenerator[AsyncIterator[bytes] | Elsewhere | Failed]:
        if failed := await self._asked("download", token, url):
            yield failed
        elif url in self.elsewhere:
            yield Elsewhere(self.elsewhere[url])
        else:
            yield self._arriving(self.files[url])

    async def _arriving(self, chunks: Sequence[bytes | BrokenOff]) -> AsyncIterator[bytes]:
        for chunk in chunks:
            if isinstance(chunk, BrokenOff):
                raise chunk
            yield chunk

    async def upload(
        self, token: str, number: PhoneNumberId, file: Media, chunks: AsyncIterable[bytes]
    ) -> str | Failed:
        self.uploads.append(b"".join([chunk async for chunk in chunks]))
        if self.meanwhile_uploading is not None:
            await self.meanwhile_uploading()
        return await self._asked("upload", token, number) or f"uploaded-{len(self.uploads)}"

    async def token_facts(self, token: str) -> TokenFacts | Failed:
        return await self._asked("token_facts", token) or self.token

    async def account_facts(self, token: str, account: BusinessAccountId) -> AccountFacts | Failed:
        return await self._asked("account_facts", token) or replace(self.account, id=account)

    async def numbers(self, token: str, account: BusinessAccountId) -> list[NumberFacts] | Failed:
        return await self._asked("numbers", token) or self.its_numbers

    async def register(self, token: str, number: PhoneNumberId, pin: str) -> Failed | None:
        if failed := await self._asked("register", token, pin):
            return failed
        if self.pins.setdefault(number, pin) != pin:
            return Rejected(133005, "The two-step verification PIN is another one")
        self.its_numbers = [
            replace(each, status="CONNECTED") if each.id == number else each for each in self.its_numbers
        ]
        return None

    async def subscribe(self, token: str, account: BusinessAccountId) -> Failed | None:
        failed = await self._asked("subscribe", token)
        self.subscribed = self.subscribed or failed is None
        return failed

    async def unsubscribe(self, token: str, account: BusinessAccountId) -> Failed | None:
        failed = await self._asked("unsubscribe", token)
        self.subscribed = self.subscribed and failed is not None
        return failed

    async def is_subscribed(self, token: str, account: BusinessAccountId, app_id: str | None) -> bool | Failed:
        return await self._asked("is_subscribed", token) or self.subscribed

    @property
    def app_id(self) -> str | None:
        return self.own_app

    def sign_in_url(self, state: str) -> str | None:
        return f"https://meta.example.com/sign-in?state={state}" if self.own_app is not None else None

    async def exchanged(self, code: str) -> str | Failed:
        return await self._asked("exchanged", code) or f"token-of-{code}"

    async def accounts_reached(self, token: str) -> list[BusinessAccountId] | Failed:
        return await self._asked("accounts_reached", token) or self.reached

    async def number(self, token: str, number: PhoneNumberId) -> NumberFacts | Failed:
        known = next((each for each in self.its_numbers if each.id == number), None)
        return await self._asked("number", token) or known or NO_SUCH_FILE

    async def add_number(
        self, token: str, account: BusinessAccountId, phone_number: str, display_name: str
    ) -> PhoneNumberId | Failed:
        if failed := await self._asked("add_number", token, phone_number):
            return failed
        id = PhoneNumberId(f"{800 + len(self.its_numbers)}")
        added = a_number(id, phone_number=phone_number, display_name=display_name, connected=False, code_verified=False)
        self.its_numbers = [*self.its_numbers, added]
        return id

    async def request_code(self, token: str, number: PhoneNumberId, *, by_voice: bool, language: str) -> Failed | None:
        return await self._asked("request_code", token, "VOICE" if by_voice else "SMS", language)

    async def verify_code(self, token: str, number: PhoneNumberId, code: str) -> Failed | None:
        if failed := await self._asked("verify_code", token, code):
            return failed
        self.its_numbers = [
            replace(each, code_status="VERIFIED") if each.id == number else each for each in self.its_numbers
        ]
        return None

    async def profile(self, token: str, number: NumberFacts) -> BusinessProfile | Failed:
        return await self._asked("profile", token) or replace(self.its_profile, display_name=number.display_name)

    async def change_profile(self, token: str, number: PhoneNumberId, change: ProfileChange) -> Failed | None:
        if failed := await self._asked("change_profile", token):
            return failed
        self.its_profile = replace(
            self.its_profile,
            category=change.category or self.its_profile.category,
            about=change.about or self.its_profile.about,
        )
        return None

    async def templates(
        self, token: str, organization: OrganizationId, account: BusinessAccountId, now: datetime
    ) -> list[Template] | Failed:
        told = [replace(each, organization=organization, account=account, synced_at=now) for each in self.its_templates]
        return await self._asked("templates", token) or told

    async def upload_sample(self, token: str, app_id: str, file: Media, chunks: AsyncIterable[bytes]) -> str | Failed:
        self.uploads.append(b"".join([chunk async for chunk in chunks]))
        return await self._asked("upload_sample", token, app_id) or f"handle-{len(self.uploads)}"

    async def create_template(
        self, token: str, account: BusinessAccountId, draft: TemplateDraft, sample: str | None
    ) -> TemplateMade | Failed:
        self.drafts.append((draft, sample))
        return await self._asked("create_template", token, account) or self.made

    async def delete_template(
        self, token: str, account: BusinessAccountId, name: str, network_id: str
    ) -> Failed | None:
        return await self._asked("delete_template", token, account, name, network_id)

    async def _asked(self, what: str, token: str, *more: str) -> Failed | None:
        await asyncio.sleep(0)  # whoever else wants to do something meanwhile may
        self.tokens.add(token)
        self.asked.append(" ".join((what, *more)))
        if self.meanwhile_asked is not None:
            await self.meanwhile_asked()
        return self.failing.get(what)


def a_number(
    id: PhoneNumberId = NUMBER,
    *,
    phone_number: str = "+15550783881",
    display_name: str = "Acme Support",
    connected: bool = True,
    code_verified: bool = True,
) -> NumberFacts:
    status = "CONNECTED" if connected else "PENDING"
    code = "VERIFIED" if code_verified else "NOT_VERIFIED"
    return NumberFacts(id, phone_number, display_name, status, code, "GREEN", 1000, 80, "APPROVED", "CLOUD_API")


def wamid_number(number: int) -> Wamid:
    """The network id of the message that was the `number`th to be sent."""
    return Wamid(f"wamid.sent-{number}")


class Files(MemoryMedia):
    """A media store that can be looked into, and told to be away."""

    def __init__(self) -> None:
        super().__init__()
        self.failing: Exception | None = None

    @property
    def kept_names(self) -> set[str]:
        return set(self.files)

    async def put(self, name: str, chunks: AsyncIterable[bytes]) -> None:
        if self.failing is not None:
            raise self.failing
        await super().put(name, chunks)


class Sounds(MemorySounds):
    """Codecs that can be told to make nothing, or more than they should."""

    def __init__(self) -> None:
        self.refusing: str | None = None
        self.larger_by = 0
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    @asynccontextmanager
    async def made(
        self, chunks: AsyncIterable[bytes], mime_type: str, form: SoundForm
    ) -> AsyncGenerator[AsyncIterator[bytes] | NotMade]:
        async with super().made(chunks, mime_type, form) as made:
            if self.meanwhile is not None:
                await self.meanwhile()
            if self.refusing is not None:
                yield NotMade(self.refusing)
            else:
                yield made if isinstance(made, NotMade) else self._longer(made)

    async def _longer(self, made: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in made:
            yield chunk
        yield bytes(self.larger_by)


@dataclass(slots=True)
class Interpreter:
    """Reads a delivery as the test says it reads; one it was told nothing of is unreadable."""

    readings: dict[DeliveryId, list[Update]] = field(default_factory=dict[DeliveryId, list[Update]])

    async def updates(self, delivery: Delivery) -> list[Update]:
        if delivery.id not in self.readings:
            raise Unreadable("not a delivery of the network")
        return self.readings[delivery.id]


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals so that a reader of the test sees what is inside, and opens for the same organization and purpose only."""

    def seal(self, organization: OrganizationId, purpose: str, text: str) -> str:
        return f"sealed {organization} {purpose} {text}"

    def open(self, organization: OrganizationId, purpose: str, sealed: str, *, channel: str) -> str | None:
        seal = f"sealed {organization} {purpose} "
        return sealed.removeprefix(seal) if sealed.startswith(seal) else None

    def print(self, text: str) -> str:
        return f"print of {text}"


@dataclass(slots=True)
class Passwords:
    """Counts what it was asked to check: each check costs the same time outside of tests."""

    checks: int = 0
    askers: list[str] = field(default_factory=list[str])
    is_full: bool = False

    @asynccontextmanager
    async def place(self, asker: str) -> AsyncGenerator[None]:
        if self.is_full:
            raise Throttled(1.0)
        self.askers.append(asker)
        yield

    async def hash(self, password: str) -> str:
        return f"hash of {password}"

    async def fits(self, password: str, hashed: str | None) -> bool:
        self.checks += 1
        return hashed == f"hash of {password}"
