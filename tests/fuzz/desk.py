"""A desk behind the real application, and what must never be seen of it, whatever it is sent."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx
from graphql import GraphQLSchema
from pydantic import SecretStr
from starlette.types import ASGIApp, Message
from structlog.testing import capture_logs

from adapters.whatsapp.client import CloudApi, http_client
from api.http.app import serving
from api.settings import Settings
from api.wiring import opened, wired
from domain.people.actors import ByUser, Scope
from schema.engine.values import ids
from schema.schema import schema
from tests.builders import CHANNEL, a_channel
from tests.fuzz.documents import Documents, Made, Pool, damaged_bytes
from tests.schema.live_desk import a_live_desk

GRAPH: Final = schema._schema  # pyright: ignore[reportPrivateUsage]  # there is no public way to it
TYPES: Final = (*["application/json"] * 60, "application/json; charset=latin-1; x", "text/plain", "", "\xff")
ACCEPTED: Final = (
    "application/json",
    "application/graphql-response+json",
    "text/event-stream",
    "*/*",
    "",
    ";q=x,,",
    "\xff",
)
ANSWERS_WITHIN_S: Final = 60.0
PROTOCOL: Final = "graphql-transport-ws"
SECRET_KEY: Final = SecretStr("key-of-the-fuzz-0123456789-0123456789")


class Fault(AssertionError):
    """Something that no caller should be able to bring about."""


@dataclass(slots=True)
class Seen:
    """What one request or socket came to."""

    status: int = 0
    type: str = ""
    body: bytes = b""
    frames: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    close_code: int | None = None
    refused: bool = False


class Watching(logging.Handler):
    """Faults that only the log would tell."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(self.format(record))


@dataclass(slots=True)
class FuzzedDesk:
    app: ASGIApp
    key: str
    pool: Pool
    schema: GraphQLSchema = GRAPH

    async def one(self, seed: int) -> None:
        """One request, or one socket, made from a seed. Raises `Fault`."""
        random = Random(seed)
        watching = Watching()
        logging.getLogger().addHandler(watching)
        try:
            with capture_logs() as logged:
                if random.random() < 0.8:
                    said, asked = await self._request(random)
                else:
                    said, asked = await self._socket(random)
        except asyncio.CancelledError as error:
            me = asyncio.current_task()
            if me is not None and me.cancelling():
                raise
            raise Fault(f"seed {seed}: the request was cancelled, and by nobody") from error
        finally:
            logging.getLogger().removeHandler(watching)
        wrong = faults(said) + watching.told
        wrong += [repr(line) for line in logged if line["log_level"] in ("error", "critical") or "exc_info" in line]
        if wrong:
            raise Fault(f"seed {seed}: {'; '.join(wrong)[:2_000]}\n\nasked:\n{asked!r}"[:20_000])

    # ---------------------------------------------------------------- over HTTP

    async def _request(self, random: Random) -> tuple[Seen, object]:
        made = Documents(self.schema, self.pool, random).make()
        raw = _written(made, random)
        headers = {
            "content-type": random.choice(TYPES),
            "accept": random.choice(ACCEPTED),
            "authorization": f"Bearer {self.key}"
            if random.random() < 0.97
            else random.choice(("Bearer", "\xff", "x y")),
        }
        if random.random() < 0.05:
            headers[random.choice(("content-encoding", "last-event-id", "deskline-cost", "content-length"))] = "9" * 400
        method = "POST" if random.random() < 0.98 else random.choice(("GET", "PUT", "HEAD", "NOPE"))
        said = await asyncio.wait_for(self._call(method, headers, raw), ANSWERS_WITHIN_S)
        return said, (method, headers, raw)

    async def _call(self, method: str, headers: Mapping[str, str], raw: bytes) -> Seen:
        seen, gone = Seen(), asyncio.Event()
        waiting: list[Message] = [{"type": "http.request", "body": raw, "more_body": False}]

        async def receive() -> Message:
            if waiting:
                return waiting.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                seen.type = dict(message["headers"]).get(b"content-type", b"").decode()
                return
            seen.body += message.get("body", b"")
            if seen.body.startswith(b":"):
                gone.set()  # a stream that listens would never end by itself

        await self.app(_scope("http", headers, method=method), receive, send)
        return seen

    # ---------------------------------------------------------------- over a socket

    async def _socket(self, random: Random) -> tuple[Seen, object]:
        frames = self._frames(random)
        seen, news = Seen(), asyncio.Condition()
        coming: asyncio.Queue[Message] = asyncio.Queue()
        for message in ({"type": "websocket.connect"}, *frames):
            coming.put_nowait(message)

        async def send(message: Message) -> None:
            async with news:
                match message["type"]:
                    case "websocket.send":
                        seen.frames.append(json.loads(message["text"]))
                    case "websocket.close":
                        seen.close_code = message.get("code", 1000)
                    case _:
                        pass
                news.notify_all()

        def over() -> bool:
            return seen.close_code is not None or seen.frames[-1:] == [{"type": "pong", "payload": {"last": "word"}}]

        running = asyncio.ensure_future(self.app(_scope("websocket", {}), coming.get, send))
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            async with news:
                while not over() and not running.done():
                    waiting = asyncio.ensure_future(news.wait())
                    await asyncio.wait([waiting, running], return_when=asyncio.FIRST_COMPLETED)
                    if not waiting.done():
                        waiting.cancel()
                        await asyncio.wait([waiting])
            coming.put_nowait({"type": "websocket.disconnect", "code": 1001})
            await running
        return seen, frames

    def _frames(self, random: Random) -> list[Message]:
        frames: list[Message] = []
        if random.random() < 0.95:
            frames.append(_text({"type": "connection_init", "payload": {"authorization": f"Bearer {self.key}"}}))
        for number in range(random.choice((1, 2, 5, 22))):
            made = Documents(self.schema, self.pool, random).make()
            id = random.choice((str(number), str(number), "same", "👩‍👩‍👧", "", "\ud800", "x" * 200))
            kind = random.choice(("subscribe",) * 8 + ("complete", "ping", "pong", "connection_init", "nope", ""))
            payload = (
                made.body() if random.random() < 0.9 else random.choice((None, [], "x", {"query": 1}, {"n": 1e308}))
            )
            frame = _text({"id": id, "type": kind, "payload": payload})
            if random.random() < 0.05:
                frame = _damaged(frame, random)
            frames.append(frame)
        frames.append(_text({"type": "ping", "payload": {"last": "word"}}))
        return frames


@asynccontextmanager
async def a_fuzzed_desk(folder: Path, url: str | None = None) -> AsyncGenerator[FuzzedDesk]:
    """`folder` holds its files. The database at `url` is empty."""
    url = url or f"sqlite:///{folder / 'desk.db'}"
    settings = Settings(database_url=url, secret_key=SECRET_KEY, media_store=f"file://{folder / 'media'}")
    async with opened(settings) as database:
        await database.migrate()
    async with wired(settings) as wires:
        network = CloudApi("http://network.test", "v26.0", http_client(httpx.MockTransport(_refusing)), wires.ports.ids)
        wires = replace(wires, ports=replace(wires.ports, network=network))
        served = serving(settings, wires, with_worker=False)
        desk = await a_live_desk(wires.ports)
        assert served.engine is not None
        desk.engine = served.engine
        token = wires.ports.vault.seal(desk.organization, "access_token", "token")
        async with wires.ports.store.transaction(desk.organization) as tx:
            tx.save(a_channel(CHANNEL, access_token=token))
        threads = [await desk.a_thread() for _ in range(3)]
        messages = [id for thread in threads for id in await desk.writes(thread, "*one*", "https://a.example", "three")]
        actor = await desk.actor(await desk.a_token())
        known: dict[str, list[str]] = {
            "thread": [str(ids.THREAD.encode(each.id)) for each in threads],
            "message": [str(ids.MESSAGE.encode(each)) for each in messages],
            "contact": [str(ids.CONTACT.encode(each.contact)) for each in threads],
            "channel": [str(ids.CHANNEL.encode(CHANNEL))],
            "user": [str(ids.USER.encode(actor.author.user))] if isinstance(actor.author, ByUser) else [],
        }
        key = await desk.a_key(Scope.ADMIN)
        async with served.app.router.lifespan_context(served.app):
            fuzzed = FuzzedDesk(served.app, key, Pool(known, [await desk.cursor(0), await desk.cursor()]))
            fuzzed.pool.cursors += await _page_cursors(fuzzed)
            yield fuzzed


async def _page_cursors(desk: FuzzedDesk) -> list[str]:
    query = "{ threads { edges { cursor } } contacts { edges { cursor } } }"
    headers = {"content-type": "application/json", "authorization": f"Bearer {desk.key}"}
    said = await desk._call("POST", headers, json.dumps({"query": query}).encode())  # pyright: ignore[reportPrivateUsage]
    pages = json.loads(said.body)["data"].values()
    return [edge["cursor"] for page in pages for edge in page["edges"]]


def faults(seen: Seen) -> list[str]:
    """What in an answer is no caller's doing."""
    found = [f"status {seen.status}"] if seen.status >= 500 else []
    if seen.close_code in (1006, 1011):
        found.append(f"closed with {seen.close_code}")
    if seen.type.startswith("text/event-stream"):
        answers = [json.loads(line[5:]) for line in seen.body.splitlines() if line.startswith(b"data: {")]
    else:
        answers = [json.loads(seen.body)] if "json" in seen.type and seen.body else []
    for frame in seen.frames:
        payload = frame.get("payload")
        answers += [{"errors": payload}] if frame["type"] == "error" else [payload] if frame["type"] == "next" else []
    for answer in answers:
        for error in answer.get("errors", ()):
            code = error.get("extensions", {}).get("code")
            if code in (None, "INTERNAL", "UNAVAILABLE"):
                found.append(f"{code}: {error['message']} at {error.get('path')}")
    return found


def _written(made: Made, random: Random) -> bytes:
    body: Any = made.body()
    if random.random() < 0.03:
        body = random.choice(([body], body["query"], None, 1, {**body, "query": None}, {**body, "variables": [1]}))
    raw = json.dumps(body).encode()
    if random.random() < 0.05:
        raw = damaged_bytes(raw, random)
    return raw


def _text(frame: Mapping[str, Any]) -> Message:
    return {"type": "websocket.receive", "text": json.dumps(frame)}


def _damaged(frame: Message, random: Random) -> Message:
    raw = damaged_bytes(frame["text"].encode(), random)
    if random.random() < 0.3:
        return {"type": "websocket.receive", "bytes": raw}
    return {"type": "websocket.receive", "text": raw.decode("utf-8", "replace")}


def _scope(kind: str, headers: Mapping[str, str], method: str = "GET") -> dict[str, Any]:
    socket = {"subprotocols": [PROTOCOL]} if kind == "websocket" else {"method": method}
    return {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http" if kind == "http" else "ws",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "root_path": "",
        "query_string": b"",
        "headers": [
            (b"host", b"desk.test"),
            *((name.encode(), value.encode("latin-1")) for name, value in headers.items()),
        ],
        "client": ("127.0.0.1", 50_000),
        "server": ("desk.test", 80),
        "state": {},
        **socket,
    }


def _refusing(request: httpx.Request) -> httpx.Response:
    return httpx.Response(400, json={"error": {"code": 100, "message": "nothing is known here"}})
