"""A desk in several processes, and a ledger of what was said, against which everybody's account is held.

Two servers and two workers on one PostgreSQL and one Redis, and the network beside them. Webhooks come to the first
server. Whatever happens to the desk, the network goes on, and so do the people.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Final

import httpx
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.journeys.desk import (
    DEADLINE_S,
    LOOKED_EVERY_S,
    NETWORK_SECRETS,
    NUMBER,
    Desk,
    Json,
    Phones,
    Program,
    Storage,
    begin,
    connect_number,
    eventually,
    installation_settings,
)

SETTLED_WITHIN_S: Final = 60.0  # also a send whose worker died is given up by then
EXCHANGES_MAX: Final = 8  # at a time: one person takes 45 messages before the network slows them down
PACE_S: Final = 1.05  # the network's times are whole seconds: what one person writes stands in the order of writing

HERE: Final = "{ viewer { cursor } }"

THREADS: Final = "{ threads(first: 100) { edges { node { id contact { waId } } } } }"

MESSAGES: Final = """
query ($thread: ID!) {
  thread(id: $thread) {
    messages(first: 100) {
      edges { node { id direction status attempts { outcome } content { ... on TextContent { body } } } }
    }
  }
}
"""

EVENTS: Final = """
subscription ($after: EventCursor) {
  inboxEvents(after: $after) {
    __typename cursor
    thread { id }
    ... on MessageAdded { message { id direction content { ... on TextContent { body } } } }
  }
}
"""

SEND: Final = """
mutation ($input: MessageSendInput!) { messageSend(input: $input) { message { id } userErrors { code message } } }
"""


class SeveralProcesses:
    def __init__(self, directory: Path, http: httpx.Client, network: Program, api_key: str, storage: Storage) -> None:
        self.http = http
        self.network = network
        self.phones = Phones(network.url, NUMBER, http)
        self._api_key = api_key
        settings = installation_settings(network.url, storage)
        self.servers = [Program(directory, settings, "serve") for _ in range(2)]
        self.workers = [Program(directory, settings, "worker") for _ in range(2)]

    @property
    def programs(self) -> list[Program]:
        return [*self.servers, *self.workers]

    @property
    def desks(self) -> list[Desk]:
        """The same one, by either server."""
        return [Desk(server.url, self._api_key, self.http) for server in self.servers]

    def open(self) -> None:
        for program in self.programs:
            program.start()
        for program in self.programs:
            program.opened()

    def figure(self, server: Program, name: str) -> float:
        """A figure of `/metrics`, with its labels as they are written there; 0 where it is not there."""
        lines = self.http.get(f"{server.url}/metrics").raise_for_status().text.splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"deskline_{name} ")), 0.0)

    def network_back(self) -> None:
        """The network begins anew, and knows nothing but where webhooks go."""
        self.network.start("--subscribed", "--webhook-url", f"{self.servers[0].url}/webhooks/whatsapp")
        self.network.opened()

    def end(self) -> None:
        for program in self.programs:
            program.end()


@contextmanager
def several_processes(directory: Path, http: httpx.Client, storage: Storage) -> Generator[SeveralProcesses]:
    network = Program(directory, {}, "simulate", *NETWORK_SECRETS)
    try:
        network.open()
        several = SeveralProcesses(directory, http, network, begin(directory, storage), storage)
        try:
            several.open()
            connect_number(several.desks[0], several.phones)
            yield several
        finally:
            several.end()
    finally:
        network.end()


# What was said


@dataclass(slots=True)
class Conversation:
    """A person and the desk, as they would tell it themselves."""

    person: str
    thread: str
    written: list[str]
    replied: list[str] = field(default_factory=list[str])


async def conversations(several: SeveralProcesses, people: int) -> list[Conversation]:
    """New people, who have said hello and are in the inbox."""
    return await asyncio.to_thread(_conversations, several, people)


def _conversations(several: SeveralProcesses, people: int) -> list[Conversation]:
    hellos = {several.phones.add_person(): f"hello {number}" for number in range(people)}
    for person, hello in hellos.items():
        several.phones.write(person, hello)
    assert eventually(lambda: hellos.keys() <= threads(several).keys())
    found = threads(several)
    return [Conversation(person, found[person], [hello]) for person, hello in hellos.items()]


def threads(several: SeveralProcesses) -> dict[str, str]:
    """By the person's number."""
    edges = several.desks[1].ask(THREADS)["threads"]["edges"]
    return {edge["node"]["contact"]["waId"]: edge["node"]["id"] for edge in edges}


@asynccontextmanager
async def talking(several: SeveralProcesses, all: Sequence[Conversation]) -> AsyncGenerator[None]:
    """While this is open everybody writes about once a second, a few times, and agents at both servers answer."""
    enough = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for conversation in all:
            group.create_task(_talk(several, conversation, enough))
        try:
            yield
        finally:
            enough.set()


async def _talk(several: SeveralProcesses, conversation: Conversation, enough: asyncio.Event) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=DEADLINE_S) as http:
        for _ in range(EXCHANGES_MAX):
            if enough.is_set():
                return
            number = len(conversation.written)
            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.sleep(PACE_S))
                await write(several, conversation, f"question {number}")
                await reply(several, conversation, f"answer {number}", http)


async def write(several: SeveralProcesses, conversation: Conversation, text: str) -> None:
    await asyncio.to_thread(several.phones.write, conversation.person, text)
    conversation.written.append(text)


async def reply(several: SeveralProcesses, conversation: Conversation, text: str, http: httpx.AsyncClient) -> None:
    """An agent asks again, at the other server, until it is taken; the key keeps it one message."""
    content = {"threadId": conversation.thread, "content": {"text": {"body": text}}}
    body = {"query": SEND, "variables": {"input": content | {"idempotencyKey": f"{conversation.person} {text}"}}}
    async with asyncio.timeout(DEADLINE_S):
        for desk in cycle(several.desks):
            with suppress(httpx.TransportError):
                answer = await http.post(
                    f"{desk.url}/graphql", json=body, headers={"Authorization": f"Bearer {desk.token}"}
                )
                if answer.status_code != 503:
                    assert answer.json()["data"]["messageSend"]["userErrors"] == [], answer.text
                    conversation.replied.append(text)
                    return
                assert "Retry-After" in answer.headers
            await asyncio.sleep(LOOKED_EVERY_S)


# What was heard


class Listener:
    """Somebody before a page of one server, who goes on from the last cursor whenever the line breaks."""

    def __init__(self, desk: Desk, after: str) -> None:
        self.events: list[Json] = []
        self._desk = desk
        self._after = after
        self._more = asyncio.Condition()

    @property
    def cursors(self) -> list[str]:
        return [event["cursor"] for event in self.events]

    @property
    def messages(self) -> list[str]:
        """Ids, in the order of the log."""
        return [event["message"]["id"] for event in self.events if event["__typename"] == "MessageAdded"]

    async def hears(self, body: str) -> None:
        """Wait for a message with this text."""
        async with asyncio.timeout(SETTLED_WITHIN_S), self._more:
            await self._more.wait_for(lambda: any(_body(event) == body for event in self.events))

    async def has_heard(self, messages: Sequence[str]) -> None:
        async with asyncio.timeout(SETTLED_WITHIN_S), self._more:
            await self._more.wait_for(lambda: set(messages) <= set(self.messages))

    async def listen(self) -> None:
        while True:
            with suppress(ConnectionClosed, InvalidHandshake, OSError, TimeoutError):
                await self._listen()
            await asyncio.sleep(LOOKED_EVERY_S)

    async def _listen(self) -> None:
        async with self._desk.socket() as socket:
            await socket.subscribe(EVENTS, after=self._after)
            async for raw in _frames(socket):
                if raw["type"] != "next":
                    code = raw["payload"][0]["extensions"]["code"]
                    assert not code.startswith("CURSOR_"), raw
                    return
                (event,) = raw["payload"]["data"].values()
                self._after = event["cursor"]
                async with self._more:
                    self.events.append(event)
                    self._more.notify_all()


async def _frames(socket: Json) -> AsyncGenerator[Json]:
    while True:
        yield await socket.receive()


def _body(event: Json) -> str | None:
    return event["message"]["content"]["body"] if event["__typename"] == "MessageAdded" else None


@asynccontextmanager
async def listening(several: SeveralProcesses) -> AsyncGenerator[tuple[Listener, Listener]]:
    """One at each server, from here on."""
    after = several.desks[0].ask(HERE)["viewer"]["cursor"]
    one, other = (Listener(desk, after) for desk in several.desks)
    tasks = [asyncio.create_task(each.listen()) for each in (one, other)]
    try:
        yield one, other
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


# The accounts, held against each other


async def settled(several: SeveralProcesses, all: Sequence[Conversation]) -> None:
    """Everything that was said has arrived, or is known not to have been sent for sure."""
    async with asyncio.timeout(SETTLED_WITHIN_S):
        for conversation in all:
            while not await asyncio.to_thread(_is_settled, several, conversation):  # noqa: ASYNC110 - nobody tells it
                await asyncio.sleep(LOOKED_EVERY_S)


def _is_settled(several: SeveralProcesses, conversation: Conversation) -> bool:
    stored = messages(several, conversation)
    if len(stored) < len(conversation.written) + len(conversation.replied):
        return False
    phone = _texts_on(several.phones, conversation, "in")
    return all(
        message["status"] == "DELIVERED" or (message["status"] == "UNKNOWN" and text_of(message) not in phone)
        for message in stored
        if message["direction"] == "OUTBOUND"
    )


def messages(several: SeveralProcesses, conversation: Conversation) -> list[Json]:
    thread = several.desks[1].ask(MESSAGES, thread=conversation.thread)["thread"]
    return [edge["node"] for edge in thread["messages"]["edges"]]


def text_of(message: Json) -> str:
    return message["content"]["body"]


def check_messages(several: SeveralProcesses, conversation: Conversation) -> list[str]:
    """The desk has what both sides said, once and in order, and the phone what left. Ids of the desk's messages."""
    stored = messages(several, conversation)
    inbound = [text_of(each) for each in stored if each["direction"] == "INBOUND"]
    outbound = [each for each in stored if each["direction"] == "OUTBOUND"]
    assert inbound == conversation.written
    assert [text_of(each) for each in outbound] == conversation.replied
    left = [text_of(each) for each in outbound if each["status"] != "UNKNOWN"]
    assert _texts_on(several.phones, conversation, "in") == left
    return [each["id"] for each in stored]


def unsure(several: SeveralProcesses, all: Sequence[Conversation]) -> int:
    """Of how many replies nobody knows whether they left."""
    return sum(each["status"] == "UNKNOWN" for conversation in all for each in messages(several, conversation))


async def check_events(heard: Sequence[Listener], expected: Sequence[str]) -> None:
    """Both heard the same, in the same order, and each message once."""
    for listener in heard:
        await listener.has_heard(expected)
    one, other = ([*listener.cursors] for listener in heard)
    common = min(len(one), len(other))  # what comes last one of them may hear a moment earlier
    assert one[:common] == other[:common]
    for listener, cursors in zip(heard, (one, other), strict=True):
        assert len(set(cursors)) == len(cursors)
        assert sorted(listener.messages) == sorted(expected)


def _texts_on(phones: Phones, conversation: Conversation, direction: str) -> list[str]:
    return [each["text"] for each in phones.messages(conversation.person) if each["direction"] == direction]
