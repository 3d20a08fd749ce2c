"""The real thing, started as whoever runs it would, and spoken to over HTTP and WebSocket only."""

import asyncio
import hashlib
import hmac
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any, Final, TypeAlias

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.journeys.starter import starter

ROOT: Final = Path(__file__).parents[2]
NODE_MODULES: Final = ROOT / "web" / "node_modules"
DEADLINE_S: Final = 30.0
STARTED_WITHIN_S: Final = 120.0
LOOKED_EVERY_S: Final = 0.02

Json: TypeAlias = Any
"""What came over the wire; tests say what they expect of it."""


# Processes


DESKLINE = [sys.executable, "-m", "api.cli"]


class Process:
    """A program of ours or of node's, and what it prints, a line at a time."""

    def __init__(self, command: list[str | Path], directory: Path, settings: Mapping[str, str]) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DESKLINE_")}
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._log = directory / "log.txt"
        environment = {**clean, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **settings}
        words = [str(part) for part in command]
        with self._log.open("ab") as log:
            if words[: len(DESKLINE)] == DESKLINE:
                self._process = starter().start(words[len(DESKLINE) :], directory, environment, log)
            else:
                self._process = subprocess.Popen(
                    words,
                    cwd=directory,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                )
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def line(self) -> str:
        """The next line it prints. The first one may take long, where many start at once."""
        line = self._lines.get(timeout=STARTED_WITHIN_S)
        assert line is not None, f"it ended without another line:\n{self.log}"
        return line

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def pid(self) -> int:
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        return self._process.wait(DEADLINE_S)

    def end(self) -> None:
        """However it is; nothing of it stays."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(DEADLINE_S)
        self._reading.join(DEADLINE_S)
        # Where something that it started holds the other end, to close this one would wait for that, and for ever.
        if self._process.stdout is not None and not self._reading.is_alive():
            self._process.stdout.close()


@contextmanager
def running(
    *command: str | Path, directory: Path, settings: Mapping[str, str] | None = None
) -> Generator[Process, None, None]:
    process = Process(list(command), directory, settings or {})
    try:
        yield process
    finally:
        process.end()


def deskline(*arguments: str | Path) -> list[str | Path]:
    return [*DESKLINE, *arguments]


def node() -> Path:
    """Node, with the page's packages beside it; where they are missing the test is skipped, in CI it fails."""
    beside = Path(sys.executable).with_name("node")
    found = beside if beside.exists() else shutil.which("node")
    if found is None or not (NODE_MODULES / "graphql-ws").exists():
        missing("Node and web/node_modules are missing; ./dev web installs them")
    assert found is not None
    return Path(found)


def chromium() -> str:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        missing("there is no Chromium; set CHROMIUM to the path of one")
    assert found
    return found


def missing(what: str) -> None:
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(what)
    pytest.skip(what)


# The desk over HTTP


@dataclass(frozen=True, slots=True)
class Desk:
    """A desk that serves, and the token of somebody signed in to it."""

    url: str
    token: str
    http: httpx.Client

    def post(self, query: str, **variables: Json) -> httpx.Response:
        body = {"query": query, "variables": variables}
        return self.http.post(f"{self.url}/graphql", json=body, headers={"Authorization": f"Bearer {self.token}"})

    def ask(self, query: str, **variables: Json) -> Json:
        """The data of an answer without errors."""
        answer = self.post(query, **variables).json()
        assert "errors" not in answer, answer
        return answer["data"]

    @asynccontextmanager
    async def socket(self) -> AsyncGenerator["Socket", None]:
        """A signed-in graphql-transport-ws connection."""
        address = self.url.replace("http", "ws", 1) + "/graphql"
        protocol = Subprotocol("graphql-transport-ws")
        async with connect(address, subprotocols=[protocol], compression=None, proxy=None) as connection:
            socket = Socket(connection)
            await socket.send({"type": "connection_init", "payload": {"authorization": f"Bearer {self.token}"}})
            assert (await socket.receive())["type"] == "connection_ack"
            yield socket


@dataclass(frozen=True, slots=True)
class Socket:
    connection: ClientConnection

    async def send(self, frame: Json) -> None:
        await self.connection.send(json.dumps(frame))

    async def receive(self) -> Json:
        """The next frame that is no ping."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                frame = json.loads(await self.connection.recv())
                if frame["type"] != "ping":
                    return frame
                await self.send({"type": "pong"})

    async def subscribe(self, query: str, id: str = "1", **variables: Json) -> None:
        await self.send({"id": id, "type": "subscribe", "payload": {"query": query, "variables": variables}})

    async def event(self) -> Json:
        """The next event, whichever field it came by."""
        frame = await self.receive()
        assert frame["type"] == "next", frame
        assert "errors" not in frame["payload"], frame
        (event,) = frame["payload"]["data"].values()
        return event

    async def event_of(self, kind: str) -> Json:
        while (event := await self.event())["__typename"] != kind:
            pass
        return event


def eventually(question: Callable[[], bool], within_s: float = DEADLINE_S) -> bool:
    """Whether a state of other processes comes about, which nobody announces."""
    deadline = monotonic() + within_s
    while not (holds := question()) and monotonic() < deadline:
        sleep(LOOKED_EVERY_S)
    return holds


# The simulated phones


@dataclass(frozen=True, slots=True)
class Phones:
    """The people on the other side, through the simulator's control calls."""

    url: str
    number: str
    http: httpx.Client

    def add_person(self, wa_id: str | None = None) -> str:
        """Somebody new to this network, by their number."""
        people = self.http.get(f"{self.url}/_sim").raise_for_status().json()["people"]
        wa_id = wa_id or str(max(15550200000, *(int(each["waId"]) for each in people if each["waId"])) + 1)
        self.http.post(f"{self.url}/_sim/people", json={"name": "Somebody", "waId": wa_id}).raise_for_status()
        return wa_id

    def write(self, person: str, text: str, **more: Json) -> str:
        """The network's id of the message."""
        answer = self.http.post(
            f"{self.url}/_sim/people/{person}/messages", json={"to": self.number, "text": text, **more}
        )
        answer.raise_for_status()
        return answer.json()["id"]

    def messages(self, person: str) -> list[Json]:
        answer = self.http.get(f"{self.url}/_sim/people/{person}/messages", params={"number": self.number})
        return answer.raise_for_status().json()["messages"]

    def open_chat(self, person: str) -> None:
        """The person looks at what came."""
        self.http.post(f"{self.url}/_sim/people/{person}/read", json={"number": self.number}).raise_for_status()

    def sends(self) -> list[Json]:
        return self.http.get(f"{self.url}/_sim/sends").raise_for_status().json()["sends"]

    def fault(self, wanted: Json) -> None:
        """Something that the network is to do wrong from now on."""
        self.http.post(f"{self.url}/_sim/faults", json=wanted).raise_for_status()


@contextmanager
def http_client() -> Generator[httpx.Client, None, None]:
    with httpx.Client(trust_env=False, timeout=DEADLINE_S) as client:
        yield client


def address_in(line: str) -> str:
    """`Deskline is at http://…` and the simulator's like."""
    return line.rsplit(" ", 1)[-1]


# An installation: a desk and a network of its own

APP_SECRET: Final = "journey-app-secret"
VERIFY_TOKEN: Final = "journey-verify-token"
NETWORK_TOKEN: Final = "journey-network-token"
SECRET_KEY: Final = "journey-secret-key-of-the-desk"
NETWORK_SECRETS: Final = ("--app-secret", APP_SECRET, "--verify-token", VERIFY_TOKEN, "--access-token", NETWORK_TOKEN)
ACCOUNT: Final = "100000000000001"
NUMBER: Final = "200000000000001"
ADA: Final = "15550100011"
BEN: Final = "15550100012"

CONNECT: Final = """
mutation ($input: ChannelConnectInput!) {
  channelConnect(input: $input) { channel { id state } userErrors { code message } }
}
"""


@dataclass(frozen=True, slots=True)
class Storage:
    """Where a desk keeps what it knows, and what its processes speak through."""

    database: str = "sqlite:///installation.db"
    redis: str | None = None
    scanner: str | None = None
    log_level: str = "info"
    begun: str | None = None
    """The API key of the organization that is in it already."""

    @property
    def settings(self) -> dict[str, str]:
        told = {"DESKLINE_DATABASE_URL": self.database, "DESKLINE_LOG_LEVEL": self.log_level}
        if self.redis is not None:
            told["DESKLINE_REDIS_URL"] = self.redis
        if self.scanner is not None:
            told["DESKLINE_CLAMD"] = self.scanner
        if not self.is_embedded:
            told["DESKLINE_SECRET_KEY"] = SECRET_KEY
        return told

    @property
    def is_embedded(self) -> bool:
        return self.database.startswith("sqlite:")


EMBEDDED: Final = Storage()
SQLITE: Final = "sqlite"
STORAGES: Final = (SQLITE, "postgres and redis")

on_either_storage = pytest.mark.parametrize("installation", STORAGES, indirect=True)


class Program:
    """A deskline command that may die and be started again. What listens comes back on the same port."""

    def __init__(self, directory: Path, settings: Mapping[str, str], *arguments: str) -> None:
        self.port = "0"
        self.process: Process | None = None
        self._directory = directory
        self._settings = settings
        self._arguments = arguments
        self._listens = arguments[0] in ("serve", "simulate")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> Process:
        assert self.process is not None
        return self.process

    def start(self, *more: str) -> None:
        """Returns at once; `opened` waits."""
        port = ("--port", self.port) if self._listens else ()
        self.process = Process(deskline(*self._arguments, *port, *more), self._directory, self._settings)

    def opened(self) -> None:
        """Returns once it says that it runs."""
        line = self.running.line()
        if self._listens:
            self.port = address_in(line).rpartition(":")[2]

    def open(self) -> None:
        self.start()
        self.opened()

    def kill(self) -> None:
        """As a power cut would."""
        self.running.signal(signal.SIGKILL)
        self.running.wait()
        self.running.end()

    def stop(self) -> int:
        """As a deployment would; the exit code."""
        self.running.signal(signal.SIGTERM)
        code = self.running.wait()
        self.running.end()
        return code

    def end(self) -> None:
        if self.process is not None:
            self.process.end()


class Installation:
    """A desk that may die and come back on the same port, and a network that goes on."""

    def __init__(
        self, directory: Path, http: httpx.Client, network: str, api_key: str, storage: Storage = EMBEDDED
    ) -> None:
        self.directory = directory
        self.http = http
        self.phones = Phones(network, NUMBER, http)
        self.storage = storage
        self._api_key = api_key
        self._server = Program(directory, self.settings, "serve", "--with-worker")

    @property
    def settings(self) -> dict[str, str]:
        return installation_settings(self.phones.url, self.storage)

    @property
    def process(self) -> Process:
        return self._server.running

    @property
    def desk(self) -> Desk:
        return Desk(self._server.url, self._api_key, self.http)

    def open(self) -> None:
        """Serve; returns once it answers."""
        self._server.open()
        assert self.http.get(f"{self._server.url}/readyz").status_code == 200, self.process.log

    def kill(self) -> None:
        """As a power cut would."""
        self._server.kill()

    def stop(self) -> int:
        """As a deployment would; the exit code."""
        return self._server.stop()

    def end(self) -> None:
        self._server.end()


def installation_settings(network: str, storage: Storage = EMBEDDED) -> dict[str, str]:
    return {
        **storage.settings,
        "DESKLINE_GRAPH_API_URL": network,
        "DESKLINE_APP_SECRETS": APP_SECRET,
        "DESKLINE_VERIFY_TOKEN": VERIFY_TOKEN,
    }


@contextmanager
def an_installation(
    directory: Path, http: httpx.Client, storage: Storage = EMBEDDED
) -> Generator[Installation, None, None]:
    with a_network(directory) as url:
        installation = Installation(directory, http, url, begin(directory, storage), storage)
        try:
            installation.open()
            connect_number(installation.desk, installation.phones)
            yield installation
        finally:
            installation.end()


@contextmanager
def a_network(directory: Path) -> Generator[str, None, None]:
    """The address of a simulator, a process of its own."""
    with running(*deskline("simulate", "--port", "0", *NETWORK_SECRETS), directory=directory) as network:
        yield address_in(network.line())


def begin(directory: Path, storage: Storage) -> str:
    """An organization in a new desk, and its API key."""
    if storage.begun is not None:
        return storage.begun
    if storage.database != EMBEDDED.database:
        return bootstrapped(directory, storage)
    files, api_key = _begun()
    for name, held in files.items():
        (directory / name).write_bytes(held)
        (directory / name).chmod(0o600)
    return api_key


@cache
def _begun() -> tuple[dict[str, bytes], str]:
    """The files of a new desk, to be written out again: two programs fewer to start for each one."""
    with TemporaryDirectory() as folder:
        api_key = bootstrapped(Path(folder), EMBEDDED)
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}, api_key


def bootstrapped(directory: Path, storage: Storage) -> str:
    if not storage.is_embedded:
        command_output("migrate", at=directory, storage=storage)
    asked = ("--organization", "Acme", "--email", "ada@acme.example", "--json")
    return json.loads(command_output("bootstrap", *asked, at=directory, storage=storage))["apiKey"]


def connect_number(desk: Desk, phones: Phones) -> None:
    """The network's webhooks go to this desk from now on."""
    webhook = {"url": f"{desk.url}/webhooks/whatsapp"}
    desk.http.put(f"{phones.url}/_sim/webhooks/url", json=webhook).raise_for_status()
    desk.http.post(f"{phones.url}/_sim/webhooks/verify").raise_for_status()
    asked = {
        "acceptTerms": True,
        "accessToken": NETWORK_TOKEN,
        "businessAccountId": ACCOUNT,
        "phoneNumberId": NUMBER,
    }
    answer = desk.ask(CONNECT, input=asked)["channelConnect"]
    assert answer["userErrors"] == [], answer


def command_output(*arguments: str, at: Path, storage: Storage = EMBEDDED) -> str:
    """What a command prints that does what it was asked."""
    done = commanded(*arguments, at=at, settings=installation_settings("http://127.0.0.1:1", storage))
    assert done.returncode == 0, done.stderr
    return done.stdout


def commanded(*arguments: str, at: Path, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DESKLINE_")}
    return subprocess.run(
        [str(part) for part in deskline(*arguments)],
        cwd=at,
        env={**clean, "PYTHONPATH": str(ROOT), **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=STARTED_WITHIN_S,
    )


# Webhook posts by hand


def a_message_body(
    text: str, wamid: str, *, number: str = NUMBER, sender: str = ADA, timestamp: str | None = None
) -> bytes:
    """One delivery with one message, as the network would write it, sent now unless said otherwise."""
    sent = timestamp if timestamp is not None else str(int(datetime.now(UTC).timestamp()))
    message = {"from": sender, "id": wamid, "timestamp": sent, "type": "text", "text": {"body": text}}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550100001", "phone_number_id": number},
        "contacts": [{"profile": {"name": "Ada Moreno"}, "wa_id": sender}],
        "messages": [message],
    }
    entry = {"id": ACCOUNT, "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def signed(body: bytes, secret: str = APP_SECRET) -> dict[str, str]:
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def deliver(installation: Installation, body: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """Signed as it should be, unless headers are given."""
    given = signed(body) if headers is None else headers
    return installation.http.post(f"{installation.desk.url}/webhooks/whatsapp", content=body, headers=dict(given))
