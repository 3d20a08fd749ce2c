"""The door: what an answer shows of what went wrong, who gets through, and what is read in one instant."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import pytest
import strawberry
from structlog.testing import capture_logs

from domain.errors import Throttled, TookTooLong, Unavailable
from domain.ids import OrganizationId
from domain.people.actors import Actor, Scope
from domain.people.callers import Caller
from domain.ports.bundle import Ports
from domain.ports.reads import Reader, Reads
from schema.engine import limits
from schema.engine.api_error import ApiError, Code
from schema.engine.values import ids
from schema.engine.values.cursors import Cursors
from schema.execution import BadRequest, Engine, GraphQLRequest, answer, read_request
from tests.api.memory_desk import memory_ports
from tests.schema.live_desk import LiveDesk, a_live_desk, heard, listening

HERE = Caller("192.0.2.7", "192.0.2.7")


# ---------------------------------------------------------------- what goes wrong, on a schema made for it


class Doors:
    """What a slow field waits for, and what tells that it began."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.opened = asyncio.Event()
        self.ended = asyncio.Event()


doors: Doors


@strawberry.type
class Query:
    @strawberry.field
    def fine(self) -> str:
        return "fine"

    @strawberry.field
    def bug(self) -> str | None:
        raise ValueError("the password is hunter2")

    @strawberry.field
    def bugs(self) -> "list[Query]":
        return [Query() for _ in range(30)]

    @strawberry.field
    def missing(self) -> str:
        return cast("str", None)

    @strawberry.field
    def number(self) -> int:
        return 2**40

    @strawberry.field
    def forbidden(self) -> str | None:
        raise ApiError(Code.FORBIDDEN, "This is for administrators.", {"right": "administer"})

    @strawberry.field
    def throttled(self) -> str | None:
        raise Throttled(41.2)

    @strawberry.field
    def unavailable(self) -> str | None:
        raise Unavailable(3.0)

    @strawberry.field
    def endless(self) -> str | None:
        raise TookTooLong(3.0)

    @strawberry.field
    def doubled(self, number: int = 1) -> int:
        return 2 * number

    @strawberry.field
    async def slow(self) -> str:
        doors.began.set()
        await doors.opened.wait()
        return "at last"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def slow(self) -> str:
        doors.began.set()
        await doors.opened.wait()
        doors.ended.set()
        return "at last"


faulty = strawberry.Schema(query=Query, mutation=Mutation)


@pytest.fixture
async def engine() -> Engine:
    global doors
    doors = Doors()
    return Engine(faulty, memory_ports(), Cursors(b"secret"))


@pytest.fixture
async def actor() -> Actor:
    desk = await a_live_desk()
    return await desk.actor(await desk.a_key())


async def asked(engine: Engine, actor: Actor, query: str, **variables: object) -> dict[str, Any]:
    return (await answer(engine, GraphQLRequest(query, variables), actor, HERE)).payload


async def test_a_bug_is_masked_and_found_in_the_log_by_its_reference(engine: Engine, actor: Actor) -> None:
    with capture_logs() as logged:
        said = await asked(engine, actor, "{ fine bug }")

    error = said["errors"][0]
    assert said["data"] == {"fine": "fine", "bug": None}
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["path"] == ["bug"]
    assert "hunter2" not in str(said)
    assert [line["reference"] for line in logged] == [error["extensions"]["reference"]]
    assert isinstance(logged[0]["exc_info"], ValueError)


async def test_one_bug_in_thirty_rows_has_one_reference_and_few_tracebacks(engine: Engine, actor: Actor) -> None:
    with capture_logs() as logged:
        said = await asked(engine, actor, "{ bugs { bug } }")

    assert len(said["errors"]) == 30
    assert len({error["extensions"]["reference"] for error in said["errors"]}) == 1
    assert len(logged) == 3


@pytest.mark.parametrize("query", ["{ missing }", "{ number }"])
async def test_what_does_not_fit_the_schema_is_a_bug_too(engine: Engine, actor: Actor, query: str) -> None:
    with capture_logs():
        said = await asked(engine, actor, query)

    assert said["data"] is None
    assert said["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "reference" in said["errors"][0]["extensions"]


async def test_an_error_meant_for_the_caller_keeps_its_words_and_code(engine: Engine, actor: Actor) -> None:
    said = await asked(engine, actor, "{ forbidden }")

    error = said["errors"][0]
    assert error["message"] == "This is for administrators."
    assert error["extensions"] == {"code": "FORBIDDEN", "right": "administer"}
    assert error["path"] == ["forbidden"]


async def test_who_is_throttled_hears_for_how_long(engine: Engine, actor: Actor) -> None:
    said = await answer(engine, GraphQLRequest("{ throttled }"), actor, HERE)

    assert said.errors[0]["extensions"] == {"code": "THROTTLED", "retryAfter": 42}
    assert said.retry_after_s == 41.2


async def test_a_question_that_took_too_long_says_to_ask_for_less(engine: Engine, actor: Actor) -> None:
    said = await answer(engine, GraphQLRequest("{ endless }"), actor, HERE)

    assert said.errors[0]["extensions"] == {"code": "TOO_COMPLEX"}
    assert said.errors[0]["message"] == "This took longer than 3 s to read and was stopped; ask for less at once."


async def test_a_store_that_cannot_answer_says_when_to_try_again(engine: Engine, actor: Actor) -> None:
    with capture_logs() as logged:
        said = await answer(engine, GraphQLRequest("{ unavailable }"), actor, HERE)

    assert said.unavailable
    assert said.errors[0]["extensions"] == {"code": "UNAVAILABLE", "retryAfter": 3}
    assert [line["log_level"] for line in logged] == ["warning"]


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("query($n: Int!) { doubled(number: $n) }", {}),
        ("query($n: Int!) { doubled(number: $n) }", {"n": None}),
        ("query($n: Int!) { doubled(number: $n) }", {"n": "many"}),
        ("query($n: Int!) { doubled(number: $n) }", {"n": 2**31}),
        ("query($n: Int = 1) { doubled(number: $n) }", {"n": None}),
        ("query($b: Boolean!) { fine @skip(if: $b) }", {"b": "perhaps"}),
    ],
)
async def test_variables_that_do_not_fit_are_the_callers_mistake(
    engine: Engine, actor: Actor, query: str, variables: dict[str, object]
) -> None:
    said = await asked(engine, actor, query, **variables)

    assert [error["extensions"]["code"] for error in said["errors"]] == ["BAD_REQUEST"]
    assert said.get("data") is None


async def test_a_mistake_of_a_hundred_thousand_characters_is_not_sent_back_whole(engine: Engine, actor: Actor) -> None:
    said = await asked(engine, actor, "query($n: Int!) { doubled(number: $n) }", n="x" * 100_000)

    assert len(said["errors"][0]["message"]) < 600


async def test_a_query_that_takes_too_long_is_stopped(
    engine: Engine, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "QUERY_S", 0.05)

    said = await asked(engine, actor, "{ fine slow }")

    assert said["errors"][0]["extensions"]["code"] == "TOO_COMPLEX"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ('query($v: ID = "x") { thread(id: $v) { id } }', "Argument 'id'"),
        ('query($v: ID = "x") { nodes(ids: [$v]) { id } }', "Argument 'ids'"),
        ("query($v: Boolean = true) { viewer @skip(if: $v) { role } }", "Argument 'if'"),
    ],
)
async def test_a_null_that_takes_the_place_of_a_default_is_the_callers_mistake(document: str, said: str) -> None:
    """A document that is valid: only the value is not."""
    desk = await a_live_desk()
    request = GraphQLRequest(document, {"v": None})

    told = await answer(desk.engine, request, await desk.actor(await desk.a_key()), HERE)

    [error] = told.errors
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert error["message"].startswith(said)


async def test_a_mutation_ends_although_its_caller_went_away(engine: Engine, actor: Actor) -> None:
    asking = asyncio.create_task(asked(engine, actor, "mutation { slow }"))
    await asyncio.wait_for(doors.began.wait(), 5)

    asking.cancel()
    await asyncio.wait([asking])
    doors.opened.set()

    await asyncio.wait_for(doors.ended.wait(), 5)
    assert asking.cancelled()


async def test_a_drain_waits_for_mutations_that_began(engine: Engine, actor: Actor) -> None:
    asking = asyncio.create_task(asked(engine, actor, "mutation { slow }"))
    await asyncio.wait_for(doors.began.wait(), 5)

    draining = asyncio.create_task(engine.drain())
    done, _ = await asyncio.wait([draining], timeout=0.05)
    assert not done
    doors.opened.set()

    await asyncio.wait_for(draining, 5)
    assert (await asking)["data"] == {"slow": "at last"}


# ---------------------------------------------------------------- the shape of a request


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        [{"query": "{ __typename }"}],
        "{ __typename }",
        5,
        {},
        {"query": None},
        {"query": 5},
        {"query": ["{ __typename }"]},
        {"query": "{ __typename }", "variables": []},
        {"query": "{ __typename }", "variables": "{}"},
        {"query": "{ __typename }", "variables": 1},
        {"query": "{ __typename }", "operationName": 5},
        {"query": "{ __typename }", "operationName": {}},
        {"query": "{ __typename }", "extensions": []},
        {"query": "{ __typename }", "extensions": "x"},
    ],
)
def test_a_request_of_another_shape_is_refused(body: object) -> None:
    with pytest.raises(BadRequest):
        read_request(body)


def test_nulls_in_a_request_are_as_good_as_nothing() -> None:
    body = {"query": "{ __typename }", "variables": None, "operationName": None, "extensions": None}

    assert read_request(body) == GraphQLRequest("{ __typename }")


# ---------------------------------------------------------------- the real schema


async def test_nobody_signed_in_hears_so() -> None:
    desk = await a_live_desk()

    said = (await answer(desk.engine, GraphQLRequest("{ viewer { role } }"), None, HERE)).payload

    assert [error["extensions"]["code"] for error in said["errors"]] == ["UNAUTHENTICATED"]
    assert "data" not in said


async def test_a_key_of_ours_is_somebody_and_other_words_are_nobody() -> None:
    desk = await a_live_desk()
    key = await desk.a_key(Scope.READ)

    assert await desk.engine.authenticate(f"Bearer {key}") == await desk.actor(key)
    assert await desk.engine.authenticate(f"bearer  {key} ") == await desk.actor(key)
    for header in (None, "", "Bearer", "Bearer ", key, f"Basic {key}", f"Bearer {key}x", "Bearer \udcff", "Bearer ds_"):
        assert await desk.engine.authenticate(header) is None


async def test_an_answer_tells_its_cost_when_asked() -> None:
    desk = await a_live_desk()
    actor = await desk.actor(await desk.a_key())
    request = GraphQLRequest("query($n: Int!) { threads(first: $n) { edges { cursor } } }", {"n": 9})

    told = await answer(desk.engine, request, actor, HERE, tell_cost=True)
    silent = await answer(desk.engine, request, actor, HERE)

    assert told.payload["extensions"]["cost"] == {"asked": 10, "left": 4_990, "restoresAt": "2026-11-20T12:00:00Z"}
    assert "extensions" not in silent.payload


class Snapshots:
    """A reader that counts the snapshots asked of it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.taken = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._reader, name)

    @asynccontextmanager
    async def snapshot(self, organization: OrganizationId, who: str = "") -> AsyncGenerator[Reads]:
        self.taken += 1
        async with self._reader.snapshot(organization, who) as reads:
            yield reads


async def a_counting_desk() -> tuple[LiveDesk, Snapshots]:
    ports: Ports = memory_ports()
    snapshots = Snapshots(ports.reader)
    return await a_live_desk(replace(ports, reader=cast("Reader", snapshots))), snapshots


@pytest.mark.parametrize(
    ("query", "taken"),
    [
        ("{ viewer { role } }", 0),
        ("{ viewer { cursor } }", 1),
        ("{ threads { edges { cursor } } }", 0),
        ("{ threads { edges { node { cursor } } } }", 1),
        ("{ threads { edges { node { ...f } } } } fragment f on Thread { place: cursor }", 1),
        ("{ events { edges { cursor } } }", 0),
    ],
)
async def test_a_query_that_tells_its_place_is_read_in_one_snapshot(query: str, taken: int) -> None:
    desk, snapshots = await a_counting_desk()
    await desk.writes(await desk.a_thread(), "hello")

    said = (await answer(desk.engine, GraphQLRequest(query), await desk.actor(await desk.a_key()), HERE)).payload

    assert "errors" not in said
    assert snapshots.taken == taken


async def test_the_place_a_mutation_tells_is_that_after_its_commit() -> None:
    desk, snapshots = await a_counting_desk()
    thread = await desk.a_thread()
    actor = await desk.actor(await desk.a_key())
    query = "mutation($i: ThreadCloseInput!) { threadClose(input: $i) { thread { status cursor } } }"
    request = GraphQLRequest(query, {"i": {"threadId": ids.THREAD.encode(thread.id)}})

    said = (await answer(desk.engine, request, actor, HERE)).payload

    assert said["data"]["threadClose"]["thread"] == {"status": "CLOSED", "cursor": await desk.cursor()}
    assert snapshots.taken >= 1


async def test_an_event_that_tells_its_place_is_read_in_one_snapshot() -> None:
    desk, snapshots = await a_counting_desk()
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())
    query = "subscription { inboxEvents { thread { cursor } } }"

    async with desk.engine.running(), listening(desk, actor, query) as stream:
        waiting = asyncio.create_task(heard(stream, 2))
        await desk.writes(thread, "one", "two")
        await waiting

    assert snapshots.taken == 2
