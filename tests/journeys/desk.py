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
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

ROOT: Final = Path(__file__).parents[2]
NODE_MODULES: Final = ROOT / "web" / "node_modules"
DEADLINE_S: Final = 30.0

Json: TypeAlias = Any
"""What came over the wire; tests say what they expect of it."""


# Processes


class Process:
    """A program of ours or of node's, and what it prints, a line at a time."""

    def __init__(self, command: list[str | Path], directory: Path, settings: Mapping[str, str]) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DESKLINE_")}
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._log = directory / "log.txt"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                cwd=directory,
                env={**clean, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **settings},
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
        """The next line it prints."""
        line = self._lines.get(timeout=DEADLINE_S)
        assert line is not None, f"it ended without another line:\n{self.log}"
        return line

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

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
        if self._process.stdout is not None:
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
    return [sys.executable, "-m", "api.cli", *arguments]


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


# The simulated phones


@dataclass(frozen=True, slots=True)
class Phones:
    """The people on the other side, through the simulator's control calls."""

    url: str
    number: str
    http: httpx.Client

    def add_person(self) -> str:
        """Somebody new, by their number."""
        people = self.http.get(f"{self.url}/_sim").raise_for_status().json()["people"]
        wa_id = str(15550200000 + len(people))
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


# A town: a desk and a network of its own

APP_SECRET: Final = "journey-app-secret"
VERIFY_TOKEN: Final = "journey-verify-token"
NETWORK_TOKEN: Final = "journey-network-token"
ACCOUNT: Final = "100000000000001"
NUMBER: Final = "200000000000001"
ADA: Final = "15550100011"
BEN: Final = "15550100012"

CONNECT: Final = """
mutation ($input: ChannelConnectInput!) {
  channelConnect(input: $input) { channel { id state } userErrors { code message } }
}
"""


class Town:
    """A desk that may die and come back on the same port, and a network that goes on."""

    def __init__(self, directory: Path, http: httpx.Client, network: str, api_key: str) -> None:
        self.directory = directory
        self.http = http
        self.phones = Phones(network, NUMBER, http)
        self._api_key = api_key
        self._port = "0"
        self._process: Process | None = None

    @property
    def settings(self) -> dict[str, str]:
        return town_settings(self.phones.url)

    @property
    def process(self) -> Process:
        assert self._process is not None
        return self._process

    @property
    def desk(self) -> Desk:
        return Desk(f"http://127.0.0.1:{self._port}", self._api_key, self.http)

    def open(self) -> None:
        """Serve; returns once it answers."""
        command = deskline("serve", "--port", self._port)
        self._process = Process(command, self.directory, self.settings)
        url = address_in(self._process.line())
        self._port = url.rpartition(":")[2]
        assert self.http.get(f"{url}/readyz").status_code == 200, self._process.log

    def kill(self) -> None:
        """As a power cut would."""
        self.process.signal(signal.SIGKILL)
        self.process.wait()
        self.process.end()

    def stop(self) -> int:
        """As a deployment would; the exit code."""
        self.process.signal(signal.SIGTERM)
        code = self.process.wait()
        self.process.end()
        return code

    def end(self) -> None:
        if self._process is not None:
            self._process.end()


def town_settings(network: str) -> dict[str, str]:
    return {
        "DESKLINE_DATABASE_URL": "sqlite:///town.db",
        "DESKLINE_GRAPH_API_URL": network,
        "DESKLINE_APP_SECRETS": APP_SECRET,
        "DESKLINE_VERIFY_TOKEN": VERIFY_TOKEN,
    }


@contextmanager
def a_town(directory: Path, http: httpx.Client) -> Generator[Town, None, None]:
    secrets = ("--app-secret", APP_SECRET, "--verify-token", VERIFY_TOKEN, "--access-token", NETWORK_TOKEN)
    with running(*deskline("simulate", "--port", "0", *secrets), directory=directory) as network:
        url = address_in(network.line())
        begun = command_output(
            "bootstrap", "--organization", "Acme", "--email", "ada@acme.example", "--json", at=directory
        )
        town = Town(directory, http, url, json.loads(begun)["apiKey"])
        try:
            town.open()
            webhook = {"url": f"{town.desk.url}/webhooks/whatsapp"}
            http.put(f"{url}/_sim/webhooks/url", json=webhook).raise_for_status()
            http.post(f"{url}/_sim/webhooks/verify").raise_for_status()
            asked = {
                "acceptTerms": True,
                "accessToken": NETWORK_TOKEN,
                "businessAccountId": ACCOUNT,
                "phoneNumberId": NUMBER,
            }
            answer = town.desk.ask(CONNECT, input=asked)["channelConnect"]
            assert answer["userErrors"] == [], answer
            yield town
        finally:
            town.end()


def command_output(*arguments: str, at: Path) -> str:
    """What a command prints, on the town's database."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DESKLINE_")}
    done = subprocess.run(
        [str(part) for part in deskline(*arguments)],
        cwd=at,
        env={**clean, "PYTHONPATH": str(ROOT), **town_settings("http://127.0.0.1:1")},
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


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


def deliver(town: Town, body: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """Signed as it should be, unless headers are given."""
    given = signed(body) if headers is None else headers
    return town.http.post(f"{town.desk.url}/webhooks/whatsapp", content=body, headers=dict(given))
