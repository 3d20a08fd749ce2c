"""How much runs at once: nobody's queries are in the way of another's, and what is too much is told so."""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from domain.ids import OrganizationId, UserId
from domain.people.actors import Actor, ByUser
from domain.people.callers import Caller
from schema.engine import limits
from schema.engine.admission import Admission, Crowded, InFlight
from schema.execution import Engine, EngineOptions, GraphQLRequest, answer
from schema.schema import schema
from tests.api.http.graphql.graphql_server import client_of
from tests.builders import ACME, GLOBEX
from tests.schema.desk import AGENT
from tests.schema.live_desk import LiveDesk, a_live_desk

WHOLE = limits.RUNNING_COST_OF_CALLER
HERE = Caller("192.0.2.7", "192.0.2.7")


def a_caller(name: str, organization: OrganizationId = ACME) -> Actor:
    return replace(AGENT, organization=organization, author=ByUser(UserId(name)))


class Queries:
    """Queries by name: begun when a test says so, ended when it says so."""

    def __init__(self, most: InFlight | None = None) -> None:
        self.admission = Admission(most or InFlight())
        self.running: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def asks(self, name: str, actor: Actor, cost: int = WHOLE, *, at_once: bool = False) -> None:
        self._ends[name] = asyncio.Event()
        self._tasks[name] = asyncio.create_task(self._run(name, actor, cost, at_once))
        await self.settled()

    async def ends(self, *names: str) -> None:
        for name in names:
            self._ends[name].set()
            await self._tasks[name]
        await self.settled()

    async def gives_up(self, name: str) -> None:
        self._tasks[name].cancel()
        await asyncio.wait([self._tasks[name]])
        await self.settled()

    async def refused(self, name: str) -> Crowded:
        with pytest.raises(Crowded) as refused:
            await self._tasks[name]
        return refused.value

    async def settled(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def _run(self, name: str, actor: Actor, cost: int, at_once: bool) -> None:
        async with self.admission.admitted(actor, cost, at_once=at_once):
            self.running.append(name)
            try:
                await self._ends[name].wait()
            finally:
                self.running.remove(name)


async def test_a_caller_runs_as_much_at_once_as_one_query_may_cost() -> None:
    office, ann = Queries(), a_caller("ann")

    await office.asks("half", ann, WHOLE // 2)
    await office.asks("other half", ann, WHOLE // 2)
    await office.asks("more", ann, WHOLE // 2)
    assert office.running == ["half", "other half"]

    await office.ends("half")
    assert office.running == ["other half", "more"]


async def test_a_small_query_of_another_does_not_wait_for_the_large_ones_of_one() -> None:
    office, ann = Queries(), a_caller("ann")
    for number in range(10):
        await office.asks(f"large {number}", ann)

    await office.asks("small", a_caller("ben"), 1)

    assert office.running == ["large 0", "small"]


async def test_organizations_take_turns_and_callers_within_one_too() -> None:
    office = Queries()
    ann, ben, globe = a_caller("ann"), a_caller("ben"), a_caller("globe", GLOBEX)
    for number in range(3):  # ACME's share is two of these
        await office.asks(f"ann {number}", ann)
        await office.asks(f"ben {number}", ben)
        await office.asks(f"globe {number}", globe)
    assert office.running == ["ann 0", "ben 0", "globe 0"]

    await office.ends("globe 0", "ann 0", "ben 0")
    assert sorted(office.running) == ["ann 1", "ben 1", "globe 1"]

    await office.ends("ann 1", "ben 1", "globe 1", "ann 2", "ben 2", "globe 2")
    assert office.running == []


async def test_where_the_process_is_full_nobody_small_slips_past_whose_turn_it_is() -> None:
    office = Queries()
    full = limits.RUNNING_COST // limits.RUNNING_COST_OF_CALLER
    for number in range(full):
        await office.asks(f"first {number}", a_caller("x", OrganizationId(f"organization {number}")))
    await office.asks("large", a_caller("ann"))
    await office.asks("small", a_caller("globe", GLOBEX), 1)
    assert len(office.running) == full

    await office.ends("first 0")

    assert "large" in office.running
    assert "small" not in office.running


async def test_who_gives_up_in_the_line_leaves_no_gap() -> None:
    office, ann = Queries(), a_caller("ann")
    for name in ("one", "two", "three"):
        await office.asks(name, ann)

    await office.gives_up("two")
    await office.ends("one")
    assert office.running == ["three"]

    await office.gives_up("three")
    await office.asks("four", ann)
    assert office.running == ["four"]


async def test_who_gives_up_the_moment_their_turn_comes_holds_no_place() -> None:
    office, ann = Queries(), a_caller("ann")
    async with office.admission.admitted(ann, WHOLE):
        await office.asks("two", ann)

    await office.gives_up("two")

    await office.asks("three", ann)
    assert office.running == ["three"]


async def test_who_waits_too_long_is_told_to_ask_for_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WAIT_S", 0.01)
    office, ann = Queries(), a_caller("ann")
    await office.asks("one", ann)
    await office.asks("two", ann)

    refused = await office.refused("two")

    assert refused.limit == limits.RUNNING_COST_OF_CALLER
    await office.ends("one")
    await office.asks("three", ann)
    assert office.running == ["three"]


@pytest.mark.parametrize(
    ("most", "callers"),
    [
        (InFlight(of_caller=3), [a_caller("ann")] * 4),
        (InFlight(of_organization=3), [a_caller(str(number)) for number in range(4)]),
        (InFlight(of_process=3), [a_caller("ann", OrganizationId(str(number))) for number in range(4)]),
    ],
    ids=["a caller", "an organization", "the process"],
)
async def test_what_is_in_flight_is_bounded_whether_it_runs_or_waits(most: InFlight, callers: Iterable[Actor]) -> None:
    office = Queries(most)
    names = [f"query {number}" for number in range(4)]
    for name, caller in zip(names, callers, strict=True):
        await office.asks(name, caller)

    refused = await office.refused(names[3])

    assert refused.limit == 3
    await office.ends(*names[:3])
    await office.asks("again", a_caller("ann"))
    assert office.running == ["again"]


async def test_mutations_never_wait_but_are_counted() -> None:
    office, ann = Queries(InFlight(of_caller=3)), a_caller("ann")
    for number in range(3):
        await office.asks(f"mutation {number}", ann, at_once=True)
    assert len(office.running) == 3

    await office.asks("query", ann)

    assert (await office.refused("query")).limit == 3


# ---------------------------------------------------------------- through the door


async def a_crowded_desk() -> tuple[LiveDesk, str]:
    """A desk whose callers may have one query in flight, and a key of it."""
    desk = await a_live_desk()
    desk.engine = Engine(schema, desk.ports, desk.cursors, EngineOptions(in_flight=InFlight(of_caller=1)))
    return desk, await desk.a_key()


async def test_what_is_too_much_at_once_is_throttled_with_the_limit_and_a_time() -> None:
    desk, key = await a_crowded_desk()
    actor, request = await desk.actor(key), GraphQLRequest("{ viewer { role } }")
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(desk.engine.admission.admitted(actor, 1))

        said = await answer(desk.engine, request, actor, HERE)

        assert said.code == "THROTTLED"
        assert said.errors[0]["extensions"] == {"code": "THROTTLED", "limit": 1, "retryAfter": 1}
    assert (await answer(desk.engine, request, actor, HERE)).code is None


@pytest.mark.parametrize(("accept", "status"), [("application/graphql-response+json", 429), ("application/json", 200)])
async def test_over_http_it_says_when_to_come_again(accept: str, status: int) -> None:
    desk, key = await a_crowded_desk()
    async with client_of(desk.engine, key) as client, desk.engine.admission.admitted(await desk.actor(key), 1):
        said = await client.post("/graphql", json={"query": "{ viewer { role } }"}, headers={"Accept": accept})

    assert said.status_code == status
    assert said.headers["Retry-After"] == "1"
    assert said.json()["errors"][0]["extensions"]["code"] == "THROTTLED"


async def test_room_is_not_lost_on_who_gives_up_the_moment_it_is_given_back() -> None:
    admission, ann = Admission(InFlight()), a_caller("ann")

    async def asks() -> None:
        async with admission.admitted(ann, WHOLE):
            pass

    async with admission.admitted(ann, WHOLE):
        gone = asyncio.create_task(asks())
        await asyncio.sleep(0)
        gone.cancel()  # and has not left the line yet
    await asyncio.wait([gone])

    assert gone.cancelled()
    await asyncio.wait_for(asks(), 5)
