"""While the database is away every way of asking says so in the same word, and when to come again."""

from collections.abc import Collection
from dataclasses import dataclass

import pytest
from structlog.testing import capture_logs

from domain.conversations.messages import Message
from domain.errors import TookTooLong, Unavailable
from domain.ids import OrganizationId
from domain.people.organizations import ApiKey
from domain.ports.reads import K, R
from schema.engine import limits
from tests.api.http.graphql.graphql_server import client_of, serving
from tests.api.http.graphql.test_sse import Events
from tests.api.http.graphql.test_ws import a_socket, connected
from tests.api.memory_desk import memory_ports
from tests.schema.live_desk import LiveDesk, Wrapped, a_live_desk, with_reader

QUERY = "{ threads { nodes { id } } }"
LISTEN = "subscription { inboxEvents { cursor } }"
UNAVAILABLE = {"code": "UNAVAILABLE", "retryAfter": 2}


class Away(Wrapped):
    """A reader whose database goes away and comes back."""

    away = False
    knows_callers = True  # as it may, where the database goes while a request is on its way

    def __getattr__(self, name: str) -> object:
        if self.away:
            raise Unavailable(1.2)
        return super().__getattr__(name)

    async def by_ids(self, kind: type[R], organization: OrganizationId, ids: Collection[K]) -> dict[K, R]:
        if self.away and not (self.knows_callers and kind is ApiKey):
            raise Unavailable(1.2)
        return await self.reader.by_ids(kind, organization, ids)


@dataclass
class Served:
    desk: LiveDesk
    reader: Away
    key: str


@pytest.fixture
async def served() -> Served:
    ports = memory_ports()
    reader = Away(ports.reader)
    desk = await a_live_desk(with_reader(ports, reader))
    return Served(desk, reader, await desk.a_key())


@pytest.mark.parametrize("knows_callers", [True, False])
@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_over_http_it_is_503(served: Served, accept: str, knows_callers: bool) -> None:
    served.reader.away, served.reader.knows_callers = True, knows_callers
    async with client_of(served.desk.engine, served.key) as client:
        with capture_logs() as logged:
            said = await client.post("/graphql", json={"query": QUERY}, headers={"Accept": accept})

    assert said.status_code == 503
    assert said.headers["Retry-After"] == "2"
    assert said.json()["errors"][0]["extensions"] == UNAVAILABLE
    assert {line["log_level"] for line in logged} == {"warning"}


@pytest.mark.parametrize("query", [QUERY, LISTEN])
async def test_over_an_event_stream_it_is_the_last_word(served: Served, query: str) -> None:
    served.reader.away = True
    async with (
        serving(served.desk.engine) as address,
        client_of(address, served.key) as client,
        client.stream("POST", "/graphql", json={"query": query}, headers={"Accept": "text/event-stream"}) as response,
    ):
        said, last = await Events(response).rest()

    assert said.json["errors"][0]["extensions"] == UNAVAILABLE
    assert last.name == "complete"


async def test_before_an_event_stream_it_is_503(served: Served) -> None:
    served.reader.away, served.reader.knows_callers = True, False
    async with client_of(served.desk.engine, served.key) as client:
        said = await client.post("/graphql", json={"query": LISTEN}, headers={"Accept": "text/event-stream"})

    assert said.status_code == 503
    assert said.json()["errors"][0]["extensions"] == UNAVAILABLE


async def test_before_a_sockets_introduction_it_is_1013(served: Served) -> None:
    served.reader.away, served.reader.knows_callers = True, False
    async with serving(served.desk.engine) as address, a_socket(address) as client:
        await client.send(type="connection_init", payload={"authorization": f"Bearer {served.key}"})

        assert await client.close_code() == 1013


@pytest.mark.parametrize("query", [QUERY, LISTEN])
async def test_over_a_socket_it_ends_that_operation(served: Served, query: str) -> None:
    async with serving(served.desk.engine) as address, connected(address, served.key) as client:
        served.reader.away = True
        await client.subscribe("1", query)
        frame = await client.receive()
        if frame["type"] == "next":
            assert (await client.receive())["type"] == "complete"
        served.reader.away = False
        await client.subscribe("2", "{ viewer { role } }")
        after = await client.receive()

    errors = frame["payload"] if frame["type"] == "error" else frame["payload"]["errors"]
    assert errors[0]["extensions"] == UNAVAILABLE
    assert after["payload"]["data"] == {"viewer": {"role": "ADMIN"}}


# ---------------------------------------------------------------- an event that takes too long to be shown

SHOW = (
    "subscription($after: EventCursor) { inboxEvents(after: $after) { cursor ... on MessageAdded { message { id } } } }"
)


async def a_slow_desk(monkeypatch: pytest.MonkeyPatch) -> Served:
    monkeypatch.setattr(limits, "RENDER_PAUSES_S", ())
    ports = memory_ports()
    reader = Slow(ports.reader)
    desk = await a_live_desk(with_reader(ports, reader))
    return Served(desk, reader, await desk.a_key())


class Slow(Away):
    def __getattr__(self, name: str) -> object:
        return super(Away, self).__getattr__(name)

    async def by_ids(self, kind: type[R], organization: OrganizationId, ids: Collection[K]) -> dict[K, R]:
        if self.away and kind is Message:
            raise TookTooLong(3.0)
        return await self.reader.by_ids(kind, organization, ids)


async def test_on_a_socket_it_is_closed_so_that_a_client_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    served = await a_slow_desk(monkeypatch)
    thread, start = await served.desk.a_thread(), await served.desk.cursor()
    async with serving(served.desk.engine) as address, connected(address, served.key) as client:
        await client.subscribe("1", SHOW, after=start)
        await served.desk.writes(thread, "shown")
        assert (await client.receive())["type"] == "next"
        served.reader.away = True
        await served.desk.writes(thread, "not shown")

        assert await client.close_code() == 1013


async def test_an_event_stream_ends_without_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    served = await a_slow_desk(monkeypatch)
    thread = await served.desk.a_thread()
    asked = {"query": SHOW, "variables": {"after": await served.desk.cursor()}}
    async with (
        serving(served.desk.engine) as address,
        client_of(address, served.key) as client,
        client.stream("POST", "/graphql", json=asked, headers={"Accept": "text/event-stream"}) as response,
    ):
        events = Events(response)
        await served.desk.writes(thread, "shown")
        shown = await events.take()
        assert shown is not None
        assert shown.name == "next"
        served.reader.away = True
        await served.desk.writes(thread, "not shown")

        assert await events.rest() == []
