"""While the database is away every way of asking says so in the same word, and when to come again."""

from dataclasses import dataclass

import pytest
from structlog.testing import capture_logs

from domain.errors import Unavailable
from tests.api.http.graphql.graphql_server import client_of, serving
from tests.api.http.graphql.test_sse import Events
from tests.api.http.graphql.test_ws import a_socket, connected
from tests.api.memory_desk import memory_ports
from tests.schema.live_desk import LiveDesk, Wrapped, a_live_desk, with_reader

QUERY = "{ threads { nodes { id } } }"
LISTEN = "subscription { inboxEvents { cursor } }"
CALLERS = {"api_keys_by_ids"}
UNAVAILABLE = {"code": "UNAVAILABLE", "retryAfter": 2}


class Away(Wrapped):
    """A reader whose database goes away and comes back."""

    away = False
    knows_callers = True  # as it may, where the database goes while a request is on its way

    def __getattr__(self, name: str) -> object:
        if self.away and not (self.knows_callers and name in CALLERS):
            raise Unavailable(1.2)
        return super().__getattr__(name)


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
