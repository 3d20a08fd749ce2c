"""Webhook posts: signed over the exact bytes, in order for each pair of number and person, tried again when refused.

A post that is not answered 200 is tried again after 1 s, 2 s, 4 s, …; what comes after it does not wait, as with the
real network. The faults `duplicate_webhooks`, `batch`, `reorder` and `wrong_signature` happen here.
"""

import asyncio
import hashlib
import hmac
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx

from adapters.whatsapp.simulator.background import Background
from adapters.whatsapp.simulator.faults import GATHERING, Faults
from adapters.whatsapp.simulator.options import SimulatorOptions
from adapters.whatsapp.simulator.webhooks.payloads import webhook_body
from adapters.whatsapp.simulator.wire import JsonObject, encode

FIRST_PAUSE_S: Final = 1.0
GATHER_S: Final = 1.0  # how long an unfinished batch waits for more
MAX_WAITING: Final = 100_000
WRONG_SECRET: Final = "not-the-app-secret"


class WebhookVerificationFailed(Exception):
    """The webhook did not answer the handshake; the text says what it did instead."""


@dataclass(frozen=True, slots=True, eq=False)
class Update:
    """One change to be reported. Updates of one `lane` go out in order. `written` is the person's message in it,
    `account` the business account it is told of."""

    lane: str
    change: JsonObject
    time: int | None = None
    written: str | None = None
    account: str | None = None  # the simulator's first where None
    attempted: asyncio.Event = field(default_factory=asyncio.Event)  # set after the first try, however it ended


@dataclass(frozen=True, slots=True)
class Post:
    """One body on its way, the same bytes at every try."""

    lane: str
    body: bytes
    updates: tuple[Update, ...]


class Webhooks:
    def __init__(
        self, options: SimulatorOptions, faults: Faults, background: Background, taken: Callable[[str], None]
    ) -> None:
        """`taken` is called with the id of a person's message once the webhook answered 200."""
        self.url = options.webhook_url
        self.override_url: str | None = None
        self.subscribed: set[str] = {options.business_account_id} if options.subscribed else set[str]()
        self._options = options
        self._faults = faults
        self._background = background
        self._taken = taken
        self._client: httpx.AsyncClient | None = None
        self._lanes: dict[str, deque[Post]] = {}
        self._waiting = 0
        self._gathered: list[Update] = []
        self._gathering: asyncio.Task[None] | None = None
        self._places = asyncio.Semaphore(options.max_concurrent_posts)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        """Posts go out while this is open; before, they wait."""
        if self._client is not None:
            raise RuntimeError("the simulator is running already")
        async with self._new_client() as client:
            self._client = client
            for lane in self._lanes:
                self._background.start(self._empty(lane))
            try:
                yield
            finally:
                await self._background.stop()
                self._client = self._gathering = None

    def report(self, update: Update) -> None:
        """Sends an update on its way; nothing happens while nobody is subscribed."""
        account = update.account or self._options.business_account_id
        if account not in self.subscribed or self._target() is None or self._waiting >= MAX_WAITING:
            update.attempted.set()
            return
        if self._faults.peek(GATHERING) is None:
            self._queue([update])
        else:
            self._gather(update)

    async def verify(self, url: str | None, token: str, challenge: str) -> None:
        """The GET handshake; WebhookVerificationFailed unless 200 and the bare challenge come back."""
        if url is None:
            raise WebhookVerificationFailed("no webhook address is set")
        query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": challenge}
        try:
            async with self._new_client() as client:
                answer = await client.get(url, params=query)
        except httpx.HTTPError as error:
            raise WebhookVerificationFailed(f"{url} cannot be reached: {error!r}") from error
        if answer.status_code != 200:
            raise WebhookVerificationFailed(f"{url} answered {answer.status_code} instead of 200: is the token right?")
        if answer.text != challenge:
            raise WebhookVerificationFailed(f"{url} answered {answer.text[:80]!r} instead of the challenge {challenge}")

    async def post_raw(self, body: bytes) -> int:
        """Signs and posts any bytes once; the status of the answer. httpx.HTTPError when there is none."""
        url = self._target()
        if url is None:
            raise ValueError("no webhook address is set")
        async with self._new_client() as client:
            return (
                await client.post(url, content=body, headers=self._headers(body, self._options.app_secret))
            ).status_code

    def release(self) -> None:
        """Sends what a batch or a reordering still holds back."""
        gathered, self._gathered = self._gathered, []
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        if not gathered:
            return
        fault = self._faults.take(GATHERING)
        if fault is not None and fault.kind == "batch":
            self._queue(gathered, lane="batch")
            return
        for update in reversed(gathered) if fault is not None else gathered:
            self._queue([update], lane="reordered")

    def _gather(self, update: Update) -> None:
        fault = self._faults.peek(GATHERING)
        self._gathered.append(update)
        if fault is None or len(self._gathered) >= fault.size:
            self.release()
        elif self._gathering is None:
            self._gathering = self._background.start(self._release_later())

    async def _release_later(self) -> None:
        await asyncio.sleep(GATHER_S)
        self._gathering = None
        self.release()

    def _queue(self, updates: list[Update], lane: str | None = None) -> None:
        """One body an account."""
        for account in dict.fromkeys(update.account for update in updates):
            self._queue_of(account, [update for update in updates if update.account == account], lane)

    def _queue_of(self, account: str | None, updates: list[Update], lane: str | None) -> None:
        time = next((update.time for update in updates if update.time is not None), None)
        body = webhook_body(account or self._options.business_account_id, [update.change for update in updates], time)
        post = Post(lane or updates[0].lane, encode(body), tuple(updates))
        self._waiting += 1
        if post.lane in self._lanes:
            self._lanes[post.lane].append(post)
            return
        self._lanes[post.lane] = deque([post])
        if self._client is not None:
            self._background.start(self._empty(post.lane))

    async def _empty(self, lane: str) -> None:
        posts = self._lanes[lane]
        while posts:
            post = posts[0]
            is_taken = await self._try(post)
            posts.popleft()
            for update in post.updates:
                update.attempted.set()
            if is_taken:
                self._waiting -= 1
            else:
                self._background.start(self._try_again(post))
        del self._lanes[lane]

    async def _try_again(self, post: Post) -> None:
        pause_s = FIRST_PAUSE_S
        try:
            for _ in range(self._options.max_attempts - 1):
                await self._options.sleep(pause_s)
                pause_s *= 2
                if await self._try(post):
                    return
        finally:
            self._waiting -= 1

    async def _try(self, post: Post) -> bool:
        async with self._places:
            is_taken = await self._post(post.body)
            if self._faults.take(("duplicate_webhooks",)):
                await self._post(post.body)
        if is_taken:
            for update in post.updates:
                if update.written is not None:
                    self._taken(update.written)
        return is_taken

    async def _post(self, body: bytes) -> bool:
        url, client = self._target(), self._client
        if url is None or client is None:
            return False
        secret = WRONG_SECRET if self._faults.take(("wrong_signature",)) else self._options.app_secret
        try:
            answer = await client.post(url, content=body, headers=self._headers(body, secret))
        except Exception:  # an application in this process raises its own errors; all of them mean "not taken"
            return False
        return answer.status_code == 200

    def _target(self) -> str | None:
        return self.override_url or self.url

    def _headers(self, body: bytes, secret: str) -> dict[str, str]:
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": f"sha256={digest}",
        }

    def _new_client(self) -> httpx.AsyncClient:
        # proxies from the environment would stand between two processes of one machine
        return httpx.AsyncClient(
            transport=_Shared(self._options.transport) if self._options.transport else None,
            timeout=self._options.post_timeout_s,
            trust_env=False,
        )


class _Shared(httpx.AsyncBaseTransport):
    """The caller's transport, left open when one of our clients closes."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._inner.handle_async_request(request)
