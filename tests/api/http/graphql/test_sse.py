"""GraphQL as Server-Sent Events: live events with their cursors as ids, and `Last-Event-ID` to come back with."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from domain.ids import ThreadId
from domain.people.actors import Actor
from schema.engine import limits
from schema.engine.values import ids
from schema.live.rights import Listeners, TooMany, Watch
from tests.api.http.graphql.graphql_server import client_of, serving
from tests.builders import an_id
from tests.schema.live_desk import LiveDesk, a_live_desk

TEXTS = "{ cursor ... on MessageAdded { message { content { ... on TextContent { body } } } } }"
INBOX = f"subscription($after: EventCursor) {{ inboxEvents(after: $after) {TEXTS} }}"


@dataclass
class Event:
    name: str = ""
    id: str | None = None
    data: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.data)

    @property
    def body(self) -> str:
        return self.json["data"]["inboxEvents"]["message"]["content"]["body"]


@dataclass
class Events:
    """A stream as a reader sees it: events, and comments apart."""

    response: httpx.Response
    lines: AsyncIterator[str] = field(init=False)
    comments: asyncio.Queue[str] = field(default_factory=asyncio.Queue[str])

    def __post_init__(self) -> None:
        self.lines = self.response.aiter_lines()

    async def take(self) -> Event | None:
        """The next event; None at the end."""
        event = Event()
        async with asyncio.timeout(10):
            async for line in self.lines:
                name, _, value = line.partition(":")
                match name:
                    case "" if line:
                        self.comments.put_nowait(value)
                    case "" if event.name:
                        return event
                    case "event":
                        event.name = value.removeprefix(" ")
                    case "id":
                        event.id = value.removeprefix(" ")
                    case "data":
                        event.data += value.removeprefix(" ")
                    case _:
                        pass
        return None

    async def rest(self) -> list[Event]:
        """All events up to the end."""
        events: list[Event] = []
        while (event := await self.take()) is not None:
            events.append(event)
        return events


@dataclass
class Served:
    desk: LiveDesk
    address: str
    key: str

    @asynccontextmanager
    async def events(
        self,
        query: str,
        variables: Mapping[str, object] | None = None,
        *,
        secret: str | None = None,
        last_event_id: str | None = None,
    ) -> AsyncGenerator[Events]:
        headers = {"Accept": "text/event-stream"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        body = {"query": query, "variables": variables}
        async with (
            client_of(self.address, secret or self.key) as http,
            http.stream("POST", "/graphql", json=body, headers=headers) as response,
        ):
            yield Events(response)


@pytest.fixture
async def served() -> AsyncGenerator[Served]:
    desk = await a_live_desk()
    key = await desk.a_key()
    async with serving(desk.engine) as address:
        yield Served(desk, address, key)


async def test_events_come_live_each_with_its_cursor_as_id(served: Served) -> None:
    thread = await served.desk.a_thread()
    async with served.events(INBOX, {"after": await served.desk.cursor()}) as events:
        await served.desk.writes(thread, "one", "two")
        first, second = await events.take(), await events.take()

    assert events.response.status_code == 200
    assert events.response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert events.response.headers["cache-control"] == "no-store"
    assert events.response.headers["x-content-type-options"] == "nosniff"
    assert first is not None
    assert second is not None
    assert (first.name, first.body, second.body) == ("next", "one", "two")
    assert first.id == first.json["data"]["inboxEvents"]["cursor"] == await served.desk.cursor(1)
    assert second.id == await served.desk.cursor(2)


async def test_whoever_comes_back_with_the_last_events_id_goes_on_behind_it(served: Served) -> None:
    thread, start = await served.desk.a_thread(), await served.desk.cursor()
    async with served.events(INBOX, {"after": start}) as events:
        await served.desk.writes(thread, "one", "two")
        first = await events.take()
        assert first is not None
    await served.desk.writes(thread, "three")

    async with served.events(INBOX, {"after": start}, last_event_id=first.id) as events:
        assert [event.body for event in (await events.take(), await events.take()) if event] == ["two", "three"]


async def test_sockets_and_streams_share_one_execution(served: Served) -> None:
    thread, start = await served.desk.a_thread(), await served.desk.cursor()
    async with served.events(INBOX, {"after": start}) as one, served.events(INBOX, {"after": start}) as two:
        await served.desk.writes(thread, "hello")
        assert (await one.take()) == (await two.take())

    assert served.desk.engine.hub.tally.executions == 1


@pytest.mark.parametrize(
    "accept", ["text/event-stream", "text/event-stream, application/json", "Text/Event-Stream;q=0.1"]
)
async def test_a_query_is_one_event_and_the_end(served: Served, accept: str) -> None:
    async with client_of(served.address, served.key) as http:
        said = await http.post("/graphql", json={"query": "{ viewer { role } }"}, headers={"Accept": accept})

    assert said.text == 'event: next\ndata: {"data":{"viewer":{"role":"ADMIN"}}}\n\nevent: complete\ndata: \n\n'


@pytest.mark.parametrize(
    "accept", ["application/graphql-response+json, application/json, text/event-stream", "*/*, text/event-stream"]
)
async def test_a_stream_is_only_for_who_accepts_it_first(served: Served, accept: str) -> None:
    async with client_of(served.address, served.key) as http:
        said = await http.post("/graphql", json={"query": "{ viewer { role } }"}, headers={"Accept": accept})

    assert said.json() == {"data": {"viewer": {"role": "ADMIN"}}}


async def test_a_mutation_goes_over_a_stream_too(served: Served) -> None:
    thread = await served.desk.a_thread()
    query = "mutation($i: ThreadCloseInput!) { threadClose(input: $i) { thread { status } } }"
    async with served.events(query, {"i": {"threadId": ids.THREAD.encode(thread.id)}}) as events:
        said = await events.rest()

    assert [event.name for event in said] == ["next", "complete"]
    assert said[0].json == {"data": {"threadClose": {"thread": {"status": "CLOSED"}}}}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "BAD_REQUEST"),
        ("subscription { nope { cursor } }", "BAD_REQUEST"),
        ("{ viewer { " + "a: role " * 21 + "} }", "TOO_COMPLEX"),
        (f'subscription {{ inboxEvents(after: "nonsense") {TEXTS} }}', "CURSOR_INVALID"),
        (
            f'subscription {{ threadEvents(threadId: "{ids.THREAD.encode(ThreadId(an_id(1)))}") {TEXTS} }}',
            "NOT_FOUND",
        ),
    ],
)
async def test_what_cannot_go_on_is_an_event_with_the_error_and_the_end(served: Served, query: str, code: str) -> None:
    async with served.events(query) as events:
        said = await events.rest()

    assert [event.name for event in said] == ["next", "complete"]
    assert [error["extensions"]["code"] for error in said[0].json["errors"]] == [code]


async def test_a_last_event_id_that_is_none_is_refused(served: Served) -> None:
    async with served.events(INBOX, last_event_id="nonsense") as events:
        said = await events.rest()

    assert said[0].json["errors"][0]["extensions"]["code"] == "CURSOR_INVALID"


async def test_a_quiet_stream_is_kept_alive(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KEEP_ALIVE_S", 0.02)
    thread = await served.desk.a_thread()
    async with served.events(INBOX) as events:
        taking = asyncio.create_task(events.take())
        async with asyncio.timeout(10):
            for _ in range(4):  # the first says that the reader is heard
                await events.comments.get()
        await served.desk.writes(thread, "still here")
        event = await taking

    assert event is not None
    assert event.body == "still here"


@pytest.mark.parametrize("kind", ["key", "token"])
async def test_a_revoked_key_ends_its_streams_within_a_second(served: Served, kind: str) -> None:
    secret = await (served.desk.a_key() if kind == "key" else served.desk.a_token())
    async with served.events(INBOX, secret=secret) as events:
        ending = asyncio.create_task(events.rest())
        await served.desk.revoke(secret)
        began = asyncio.get_running_loop().time()
        said = await ending

        assert asyncio.get_running_loop().time() - began < 1.0
    assert [event.name for event in said] == ["next", "complete"]
    assert said[0].json["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_server_that_stops_ends_streams_without_saying_that_they_are_complete(served: Served) -> None:
    thread, start = await served.desk.a_thread(), await served.desk.cursor()
    async with served.events(INBOX, {"after": start}) as events:
        await served.desk.writes(thread, "one")
        assert await events.take() is not None
        await served.desk.engine.drain()

        assert await events.rest() == []


async def test_a_reader_who_does_not_read_is_cut_off_and_others_do_not_notice(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    desk, thread, start = served.desk, await served.desk.a_thread(), await served.desk.cursor()
    body = json.dumps({"query": INBOX, "variables": {"after": start}}).encode()
    reader, writer = await asyncio.open_connection(*served.address.split(":"), limit=1024)
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer {served.key}\r\nAccept: text/event-stream\r\n"
    )
    writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    await reader.readuntil(b":\n\n")  # heard

    async with served.events(INBOX, {"after": start}) as quick:
        sent = 0
        while len(desk.engine.connections) == 2:
            await desk.writes(thread, "x" * 4_000)
            assert await quick.take() is not None
            sent += 1
            assert sent < 10_000
        await desk.writes(thread, "last")
        last = await quick.take()

    assert last is not None
    assert last.body == "last"
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    writer.close()


async def test_a_reader_who_leaves_leaves_nothing_behind(served: Served) -> None:
    async with served.events(INBOX) as events:
        taking = asyncio.create_task(events.take())
        await asyncio.wait_for(events.comments.get(), 5)
        taking.cancel()
        await asyncio.wait([taking])
    async with asyncio.timeout(5):
        while served.desk.engine.connections:  # noqa: ASYNC110  # what is gone tells nobody
            await asyncio.sleep(0)

    assert served.desk.engine.watch.of(await served.desk.actor(served.key)) == 0


async def test_one_person_has_twenty_streams_and_is_told_of_the_bound_by_name(served: Served) -> None:
    token, other = await served.desk.a_token(), await served.desk.a_token()
    async with AsyncExitStack() as stack:
        for _ in range(20):
            events = await stack.enter_async_context(served.events(INBOX, secret=token))
            assert events.response.status_code == 200
        refused = (await stack.enter_async_context(served.events(INBOX, secret=token))).response
        (error,) = json.loads(await refused.aread())["errors"]
        others = await stack.enter_async_context(served.events(INBOX, secret=other))
        assert others.response.status_code == 200

    assert refused.status_code == 429
    assert (error["extensions"]["code"], error["extensions"]["limit"]) == ("THROTTLED", 20)
    assert int(refused.headers["retry-after"]) > 0


async def test_an_organization_and_a_process_have_their_bounds_as_well() -> None:
    desk = await a_live_desk()
    one, other = [await desk.actor(await desk.a_key()) for _ in range(2)]
    for most, whose in (
        (Listeners(of_organization=1), "This organization"),
        (Listeners(of_process=1), "This server"),
        (Listeners(of_key=1), None),
    ):
        watch = Watch(desk.ports, most=most)
        open_ = Listening(one)
        watch.add(open_)
        if whose is None:
            watch.expect_room(other)
        else:
            with pytest.raises(TooMany, match=whose):
                watch.expect_room(other)
        watch.discard(open_)
        watch.discard(open_)
        watch.expect_room(other)


@dataclass(eq=False)
class Listening:
    actor: Actor

    def act_as(self, actor: Actor) -> None:
        self.actor = actor

    def revoke(self) -> None:
        raise AssertionError("nobody takes anything away here")
