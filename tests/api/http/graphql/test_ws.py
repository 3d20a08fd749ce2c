"""GraphQL over WebSockets: live events, the protocol's every rule, and each way a socket ends."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from api.logs import set_up_logs
from domain.ids import UserId
from domain.people.actors import Role
from domain.people.organizations import User
from schema.engine import limits
from schema.engine.values import ids
from tests.api.http.graphql.graphql_server import serving
from tests.schema.live_desk import LiveDesk, a_live_desk

PROTOCOL = Subprotocol("graphql-transport-ws")
TEXTS = "{ cursor ... on MessageAdded { message { content { ... on TextContent { body } } } } }"
INBOX = f"subscription($after: EventCursor) {{ inboxEvents(after: $after) {TEXTS} }}"
VIEWER = "{ viewer { role } }"


@dataclass
class Client:
    """A socket that speaks in frames."""

    socket: ClientConnection

    async def send(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def subscribe(self, id: str, query: str, **variables: Any) -> None:
        await self.send(id=id, type="subscribe", payload={"query": query, "variables": variables})

    async def receive(self) -> dict[str, Any]:
        frame = await asyncio.wait_for(self.socket.recv(), 10)
        assert isinstance(frame, str), "text frames only"
        return json.loads(frame)

    async def bodies(self, count: int) -> list[str]:
        """The texts of the next messages."""
        return [body_of(await self.receive()) for _ in range(count)]

    async def close_code(self) -> int | None:
        """What the server closes with, whatever it says before."""
        async with asyncio.timeout(10):
            try:
                while True:
                    await self.socket.recv()
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else None


def body_of(frame: dict[str, Any]) -> str:
    return next(iter(frame["payload"]["data"].values()))["message"]["content"]["body"]


@asynccontextmanager
async def a_socket(
    address: str, *, protocols: Sequence[Subprotocol] = (PROTOCOL,), origin: str | None = None, host: str | None = None
) -> AsyncGenerator[Client]:
    """A socket that has not introduced itself."""
    async with connect(
        f"ws://{address}/graphql",
        subprotocols=protocols,
        origin=Origin(origin) if origin is not None else None,
        additional_headers={"Host": host} if host else None,
        compression=None,
        proxy=None,
    ) as socket:
        yield Client(socket)


@asynccontextmanager
async def connected(address: str, secret: str) -> AsyncGenerator[Client]:
    """A socket whose introduction was acknowledged."""
    async with a_socket(address) as client:
        await introduce(client, secret)
        yield client


async def introduce(client: Client, secret: str) -> None:
    await client.send(type="connection_init", payload={"authorization": f"Bearer {secret}"})
    assert await client.receive() == {"type": "connection_ack"}


@dataclass
class Served:
    desk: LiveDesk
    address: str
    key: str

    def client(self) -> Any:
        return connected(self.address, self.key)


@pytest.fixture
async def served() -> AsyncGenerator[Served]:
    desk = await a_live_desk()
    key = await desk.a_key()
    async with serving(desk.engine) as address:
        yield Served(desk, address, key)


# ---------------------------------------------------------------- what works


async def test_events_come_live_under_the_operations_id(served: Served) -> None:
    thread = await served.desk.a_thread()
    async with connected(served.address, served.key) as client:
        await client.subscribe('an "odd" id ü', INBOX)
        await client.subscribe("2", VIEWER)
        assert (await client.receive())["id"] == "2"
        await served.desk.writes(thread, "hello")
        frames = [await client.receive(), await client.receive()]

    event = next(frame for frame in frames if frame["type"] == "next")
    assert event["id"] == 'an "odd" id ü'
    assert event["payload"]["data"]["inboxEvents"]["cursor"] == await served.desk.cursor(1)
    assert body_of(event) == "hello"


async def test_fifty_sockets_of_one_question_cost_one_execution_and_one_encoding_an_event(served: Served) -> None:
    thread, start = await served.desk.a_thread(), await served.desk.cursor()
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connected(served.address, served.key)) for _ in range(50)]
        for number, client in enumerate(clients):
            await client.subscribe(str(number % 3), INBOX, after=start)
        for text in ("one", "two", "three"):
            await served.desk.writes(thread, text)
        heard = await asyncio.gather(*(client.bodies(3) for client in clients))

    assert heard == [["one", "two", "three"]] * 50
    tally = served.desk.engine.hub.tally
    assert (tally.executions, tally.encodings) == (3, 3)


async def test_queries_and_mutations_go_over_the_socket_too(served: Served) -> None:
    thread = await served.desk.a_thread()
    close = "mutation($i: ThreadCloseInput!) { threadClose(input: $i) { thread { status } } }"
    async with connected(served.address, served.key) as client:
        await client.subscribe("q", VIEWER)
        assert await client.receive() == {"id": "q", "type": "next", "payload": {"data": {"viewer": {"role": "ADMIN"}}}}
        assert await client.receive() == {"id": "q", "type": "complete"}

        await client.subscribe("m", close, i={"threadId": ids.THREAD.encode(thread.id)})
        assert (await client.receive())["payload"] == {"data": {"threadClose": {"thread": {"status": "CLOSED"}}}}
        assert await client.receive() == {"id": "m", "type": "complete"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "BAD_REQUEST"),
        ("", "BAD_REQUEST"),
        ("{ nope }", "BAD_REQUEST"),
        ("subscription { nope { cursor } }", "BAD_REQUEST"),
        ("{ __schema { types { name } } }", "BAD_REQUEST"),
        ("{ viewer { " + "a: role " * 21 + "} }", "TOO_COMPLEX"),
        (f'subscription {{ inboxEvents(after: "nonsense") {TEXTS} }}', "CURSOR_INVALID"),
        (f'subscription {{ threadEvents(threadId: "nonsense") {TEXTS} }}', "BAD_REQUEST"),
    ],
)
async def test_a_bad_operation_ends_alone(served: Served, query: str, code: str) -> None:
    thread, start = await served.desk.a_thread(), await served.desk.cursor()
    async with connected(served.address, served.key) as client:
        await client.subscribe("good", INBOX, after=start)
        await client.subscribe("bad", query)
        error = await client.receive()
        await served.desk.writes(thread, "goes on")

        assert await client.bodies(1) == ["goes on"]
    assert (error["id"], error["type"]) == ("bad", "error")
    assert [each["extensions"]["code"] for each in error["payload"]] == [code]


async def test_pings_are_answered_and_pongs_are_heard(served: Served) -> None:
    async with a_socket(served.address) as client:
        await client.send(type="ping")
        assert await client.receive() == {"type": "pong"}
        await client.send(type="pong")
        await client.send(type="ping", payload={"at": 5})
        assert await client.receive() == {"type": "pong", "payload": {"at": 5}}


async def test_a_completed_operation_says_no_more_and_its_id_is_free(served: Served) -> None:
    thread, start = await served.desk.a_thread(), await served.desk.cursor()
    async with connected(served.address, served.key) as client:
        await client.subscribe("1", INBOX, after=start)
        await served.desk.writes(thread, "one")
        assert await client.bodies(1) == ["one"]
        await client.send(id="1", type="complete")
        await client.send(id="never was", type="complete")
        await client.subscribe("1", VIEWER)

        assert (await client.receive())["payload"]["data"]["viewer"] == {"role": "ADMIN"}
        assert await client.receive() == {"id": "1", "type": "complete"}
        await served.desk.writes(thread, "two")
        await client.subscribe("2", VIEWER)
        assert (await client.receive())["id"] == "2"


async def test_a_reader_resumes_after_a_restart_of_the_server_without_gap_or_double(served: Served) -> None:
    desk, thread = served.desk, await served.desk.a_thread()
    start = await desk.cursor()
    async with connected(served.address, served.key) as client:
        await client.subscribe("1", INBOX, after=start)
        await desk.writes(thread, "one", "two")
        await client.receive()
        last = (await client.receive())["payload"]["data"]["inboxEvents"]["cursor"]
    await desk.writes(thread, "three")

    reborn = await a_live_desk(replace(desk.ports))
    async with serving(reborn.engine) as address, connected(address, served.key) as client:
        await client.subscribe("1", INBOX, after=last)
        await desk.writes(thread, "four")

        assert await client.bodies(2) == ["three", "four"]


# ---------------------------------------------------------------- how sockets end

MALFORMED = {
    "an array": "[]",
    "a text": '"x"',
    "null": "null",
    "a number": "5",
    "no JSON": "hello",
    "nothing": "",
    "an empty object": "{}",
    "a type that is a number": '{"type": 5}',
    "a type that is null": '{"type": null}',
    "an unknown type": '{"type": "start", "id": "1"}',
    "a server's type": '{"type": "next", "id": "1", "payload": {}}',
    "half a frame": '{"type": "ping"',
    "a key twice": '{"type": "ping", "type": "ping"}',
    "an integer of 5,000 digits": '{"type": "ping", "payload": {"x": ' + "9" * 5_000 + "}}",
    "1,000 levels": '{"type": "ping", "payload": {"x": ' + "[" * 1_000 + "]" * 1_000 + "}}",
    "half a character": '{"type": "ping", "payload": {"x": "\\ud800"}}',
    "a ping with a list": '{"type": "ping", "payload": []}',
    "an introduction with a text": '{"type": "connection_init", "payload": "Bearer x"}',
    "over 64 KB": json.dumps({"type": "ping", "payload": {"x": "y" * 65_536}}),
    "bytes": b'{"type": "ping"}',
}


@pytest.mark.parametrize("frame", MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_malformed_frame_closes_4400(served: Served, frame: str | bytes) -> None:
    async with a_socket(served.address) as client:
        await client.socket.send(frame)

        assert await client.close_code() == 4400


MALFORMED_OPERATIONS: dict[str, dict[str, Any]] = {
    "no id": {"type": "subscribe", "payload": {"query": VIEWER}},
    "an id that is an object": {"id": {}, "type": "subscribe", "payload": {"query": VIEWER}},
    "an id that is empty": {"id": "", "type": "subscribe", "payload": {"query": VIEWER}},
    "an id of 1,000 characters": {"id": "x" * 1_000, "type": "subscribe", "payload": {"query": VIEWER}},
    "no payload": {"id": "1", "type": "subscribe"},
    "a payload that is a list": {"id": "1", "type": "subscribe", "payload": [{"query": VIEWER}]},
    "a query that is an object": {"id": "1", "type": "subscribe", "payload": {"query": {}}},
    "variables that are a list": {"id": "1", "type": "subscribe", "payload": {"query": VIEWER, "variables": []}},
    "complete without an id": {"type": "complete"},
}


@pytest.mark.parametrize("frame", MALFORMED_OPERATIONS.values(), ids=MALFORMED_OPERATIONS.keys())
async def test_a_malformed_operation_closes_4400(served: Served, frame: dict[str, Any]) -> None:
    async with connected(served.address, served.key) as client:
        await client.send(**frame)

        assert await client.close_code() == 4400


@pytest.mark.parametrize(
    "payload",
    [
        None,
        {},
        {"authorization": "Bearer nonsense"},
        {"authorization": "Bearer dk_unknown"},
        {"authorization": 5},
        {"authorization": None},
        {"token": "x"},
    ],
)
async def test_wrong_credentials_close_4403(served: Served, payload: object) -> None:
    async with a_socket(served.address) as client:
        await client.send(type="connection_init", payload=payload)

        assert await client.close_code() == 4403


async def test_wrong_credentials_are_told_of_in_the_log(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("json")
    async with a_socket(served.address) as client:
        await client.send(type="connection_init", payload={"authorization": "Bearer dk_guess"})
        await client.close_code()

    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (line["event"], line["address"]) == ("a key or a token was refused", "127.0.0.1")


async def test_a_revoked_key_does_not_get_in(served: Served) -> None:
    await served.desk.revoke(served.key)
    async with a_socket(served.address) as client:
        await client.send(type="connection_init", payload={"authorization": f"Bearer {served.key}"})

        assert await client.close_code() == 4403


async def test_an_operation_before_the_introduction_closes_4401(served: Served) -> None:
    async with a_socket(served.address) as client:
        await client.subscribe("1", VIEWER)

        assert await client.close_code() == 4401


async def test_no_introduction_in_time_closes_4408(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "INIT_S", 0.1)
    async with a_socket(served.address) as client:
        await client.send(type="ping")

        assert await client.close_code() == 4408


async def test_an_introduction_twice_closes_4429(served: Served) -> None:
    async with connected(served.address, served.key) as client:
        await client.send(type="connection_init", payload={"authorization": f"Bearer {served.key}"})

        assert await client.close_code() == 4429


async def test_an_id_in_use_closes_4409(served: Served) -> None:
    async with connected(served.address, served.key) as client:
        await client.subscribe("1", INBOX)
        await client.subscribe("1", INBOX)

        assert await client.close_code() == 4409


async def test_twenty_operations_are_taken_and_one_more_closes_4429(served: Served) -> None:
    async with connected(served.address, served.key) as client:
        for number in range(20):
            await client.subscribe(str(number), INBOX)
        await client.send(type="ping")
        assert await client.receive() == {"type": "pong"}
        await client.subscribe("one more", INBOX)

        assert await client.close_code() == 4429


async def test_twenty_sockets_of_one_person_are_taken_and_one_more_closes_4429(
    served: Served,
) -> None:
    token, other = await served.desk.a_token(), await served.desk.a_token()
    async with AsyncExitStack() as stack:
        for _ in range(20):
            await stack.enter_async_context(connected(served.address, token))
        await stack.enter_async_context(connected(served.address, other))
        one_more = await stack.enter_async_context(a_socket(served.address))
        await one_more.send(type="connection_init", payload={"authorization": f"Bearer {token}"})

        assert await one_more.close_code() == 4429


@pytest.mark.parametrize("kind", ["key", "token"])
async def test_what_is_revoked_closes_4403_within_a_second(served: Served, kind: str) -> None:
    secret = await (served.desk.a_key() if kind == "key" else served.desk.a_token())
    async with connected(served.address, secret) as client, connected(served.address, served.key) as other:
        await client.subscribe("1", INBOX)
        await served.desk.revoke(secret)
        began = asyncio.get_running_loop().time()

        assert await client.close_code() == 4403
        assert asyncio.get_running_loop().time() - began < 1.0
        await other.send(type="ping")
        assert await other.receive() == {"type": "pong"}


async def test_a_changed_role_changes_what_a_stream_shows(served: Served) -> None:
    desk, thread = served.desk, await served.desk.a_thread()
    token, start = await desk.a_token(Role.SUPERVISOR), await desk.cursor()
    actor = await desk.actor(token)
    query = "subscription($a: EventCursor) { messageAdded(after: $a) { message { original } } }"
    async with connected(served.address, token) as client:
        await client.subscribe("1", query, a=start)
        await desk.writes(thread, "one")
        shown = before = original_of(await client.receive())
        async with desk.ports.store.transaction(desk.organization) as tx:
            user = await tx.row(User, UserId(actor.key.removeprefix("user:")))
            assert user is not None
            tx.save(replace(user, role=Role.AGENT))
        async with asyncio.timeout(10):
            while shown is not None:
                await desk.writes(thread, "again")
                shown = original_of(await client.receive())

    assert before == "{}"


def original_of(frame: dict[str, Any]) -> str | None:
    return frame["payload"]["data"]["messageAdded"]["message"]["original"]


async def test_a_server_that_stops_closes_1012(served: Served) -> None:
    async with connected(served.address, served.key) as client, a_socket(served.address) as stranger:
        await client.subscribe("1", INBOX)
        await served.desk.engine.drain()

        assert await client.close_code() == 1012
        assert await stranger.close_code() == 1012
        with pytest.raises(InvalidStatus) as refused:
            async with a_socket(served.address):
                pass
    assert refused.value.response.status_code == 503


async def test_a_reader_who_does_not_read_is_closed_1013_and_others_do_not_notice(served: Served) -> None:
    desk, thread, start = served.desk, await served.desk.a_thread(), await served.desk.cursor()
    async with connected(served.address, served.key) as slow, connected(served.address, served.key) as quick:
        for client in (slow, quick):
            await client.subscribe("1", INBOX, after=start)
        await desk.writes(thread, "first")
        assert await slow.bodies(1) == await quick.bodies(1) == ["first"]
        slow.socket.transport.pause_reading()
        sent = 0
        while len(desk.engine.connections) == 2 and not closing(served):
            await desk.writes(thread, "x" * 4_000)
            assert await quick.bodies(1) == ["x" * 4_000]
            sent += 1
            assert sent < 10_000
        slow.socket.transport.resume_reading()

        assert await slow.close_code() == 1013
        await quick.send(type="ping")
        assert await quick.receive() == {"type": "pong"}


def closing(served: Served) -> bool:
    """Whether the server is about to close one of its sockets."""
    return any(getattr(each, "_closing").done() for each in served.desk.engine.connections)  # noqa: B009


async def test_a_socket_that_closes_leaves_nothing_behind(served: Served) -> None:
    async with connected(served.address, served.key) as client:
        for number in range(5):
            await client.subscribe(str(number), INBOX)
        await client.send(type="ping")
        await client.receive()
        (connection,) = served.desk.engine.connections
    async with asyncio.timeout(5):
        while connection in served.desk.engine.connections:  # noqa: ASYNC110  # what is gone tells nobody
            await asyncio.sleep(0)

    assert served.desk.engine.watch.of(await served.desk.actor(served.key)) == 0
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("log of")]


# ---------------------------------------------------------------- the handshake


@pytest.mark.parametrize("protocols", [[], ["graphql-ws"], ["graphql-sse", "mqtt"]])
async def test_no_other_protocol_is_spoken(served: Served, protocols: list[str]) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with a_socket(served.address, protocols=[Subprotocol(name) for name in protocols]):
            pass

    assert refused.value.response.status_code == 400


async def test_the_protocol_is_found_among_others(served: Served) -> None:
    async with a_socket(served.address, protocols=[Subprotocol("graphql-ws"), PROTOCOL]) as client:
        assert client.socket.subprotocol == PROTOCOL


@pytest.mark.parametrize(
    ("origin", "passes"),
    [
        ("http://{}", True),
        (None, True),
        ("http://evil.example", False),
        ("null", False),
        ("http://{}.evil.example", False),
        ("http://evil.example/{}", False),
        ("http://127.0.0.1:1", False),
        ("http://127.0.0.1", False),
        ("https://{}", True),
        ("ftp://{}", False),
        ("http://{}@evil.example", False),
        ("", False),
    ],
)
async def test_only_pages_of_this_server_may_connect(served: Served, origin: str | None, passes: bool) -> None:
    assert await gets_in(served.address, origin.format(served.address) if origin is not None else None) is passes


@pytest.mark.parametrize(
    ("origin", "passes"),
    [
        ("https://desk.example.com", True),
        ("https://DESK.example.com", True),
        ("http://desk.example.com", False),
        ("https://desk.example.com:8443", False),
        ("https://desk.example.com.evil.example", False),
        ("https://desk.example.com:443", True),
        ("http://evil.example", False),
        ("http://{}", True),
        (None, True),
    ],
)
async def test_where_origins_are_listed_they_may_connect_besides_the_servers_own(
    served: Served, origin: str | None, passes: bool
) -> None:
    served.desk.engine.allowed_origins = ("https://desk.example.com",)

    assert await gets_in(served.address, origin.format(served.address) if origin is not None else None) is passes


async def gets_in(address: str, origin: str | None) -> bool:
    try:
        async with a_socket(address, origin=origin):
            return True
    except InvalidStatus as refused:
        if refused.response.status_code == 403:
            return False
        raise


async def test_of_sockets_that_do_not_say_who_they_are_the_oldest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STRANGERS_PER_ADDRESS", 3)
    desk = await a_live_desk()
    async with serving(desk.engine) as address, AsyncExitStack() as stack:
        strangers = [await stack.enter_async_context(a_socket(address)) for _ in range(4)]

        assert await strangers[0].close_code() == 4429
        for each in strangers[1:]:
            await introduce(each, await desk.a_key())


# ---------------------------------------------------------------- errors of the caller are the caller's


@pytest.mark.parametrize("name", ["Authorization", "AUTHORIZATION", "authorization"])
async def test_the_case_of_authorization_is_not_looked_at(served: Served, name: str) -> None:
    async with a_socket(served.address) as client:
        await client.send(type="connection_init", payload={name: f"Bearer {served.key}"})

        assert await client.receive() == {"type": "connection_ack"}


async def test_two_authorizations_leave_open_which_one_counts(served: Served) -> None:
    async with a_socket(served.address) as client:
        told = f"Bearer {served.key}"
        await client.send(type="connection_init", payload={"Authorization": told, "authorization": told})

        assert await client.close_code() == 4403


async def test_an_id_of_emoji_used_twice_closes_4409(served: Served) -> None:
    async with connected(served.address, served.key) as client:
        for _ in range(2):
            await client.subscribe("👩‍👩‍👧‍👦" * 10, INBOX)

        assert await client.close_code() == 4409


async def test_a_pings_payload_comes_back_whatever_its_numbers(served: Served) -> None:
    payload = {"n": 2**64, "m": -(10**300), "f": 1e300}
    async with connected(served.address, served.key) as client:
        await client.send(type="ping", payload=payload)

        assert await client.receive() == {"type": "pong", "payload": payload}


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"\xff\xfe", id="no UTF-8"),
        pytest.param(b'{"type":"ping","payload":{"a":"\xed\xa0\x80"}}', id="half a character"),
        pytest.param(b'{"type":"ping","payload":{"a":"\\ud800"}}', id="half a character, escaped"),
        pytest.param(b'{"type":"ping","payload":{"n":' + b"9" * 5_000 + b"}}", id="an endless number"),
        pytest.param(b'{"type":"ping","payload":{"n":1e999}}', id="a number beyond doubles"),
        pytest.param(b"\x00", id="a control character"),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_a_frame_that_cannot_be_read_closes_4400_without_a_traceback(
    served: Served, raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(served.address, served.key) as client:
        await client.socket.send(raw, text=True)

        assert await client.close_code() == 4400
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize(
    ("path", "protocol", "origin", "status"),
    [
        ("/graphql", "graphql-ws", None, 400),
        ("/graphql", PROTOCOL, "https://elsewhere.example", 403),
        ("/graphql", PROTOCOL, "\u00ff://[", 403),
        ("/nowhere", PROTOCOL, None, 403),
        ("/media/%00%0a", PROTOCOL, None, 403),
    ],
)
async def test_a_refused_handshake_is_no_fault_of_the_server(
    served: Served, path: str, protocol: str, origin: str | None, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(
            f"ws://{served.address}{path}",
            subprotocols=[Subprotocol(protocol)],
            origin=Origin(origin) if origin else None,
            proxy=None,
        ):
            pass

    assert refused.value.response.status_code == status
    assert not [record for record in caplog.records if record.exc_info or record.levelname == "ERROR"]
