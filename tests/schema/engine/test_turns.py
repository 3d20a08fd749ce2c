"""Long executions: others are answered in between, the store is asked no more often, and texts are rendered once."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import cast

import pytest
import strawberry

from domain.conversations.contents import Content, Text
from domain.conversations.previews import preview
from domain.files.media import Media
from domain.people.actors import Actor
from domain.people.callers import Caller
from domain.ports.reads import Reader
from schema import loaders
from schema.engine import limits
from schema.engine.values import rendering
from schema.engine.values.cursors import Cursors
from schema.engine.values.text_marks import rendered
from schema.execution import Engine, GraphQLRequest, answer
from schema.schema import schema
from tests.api.memory_desk import memory_ports
from tests.builders import GLOBEX
from tests.schema.desk import CountedReader
from tests.schema.live_desk import LiveDesk, a_live_desk

HERE = Caller("192.0.2.7", "192.0.2.7")
THREADS, MESSAGES = 12, 12
LARGE = f"""{{
  threads(first: {THREADS}) {{ nodes {{
    id contact {{ id name }} channel {{ id name }}
    messages(first: {MESSAGES}) {{ nodes {{
      id status sentAt sender {{ ... on Contact {{ id name }} }} content {{ ... on TextContent {{ body html }} }}
    }} }}
  }} }}
}}"""
TRIVIAL = "{ viewer { role organization { name } } threads(first: 1) { nodes { id } } }"


# ---------------------------------------------------------------- a schema that counts what it resolves


@dataclass
class Work:
    resolved: int = 0
    of_turns: list[int] = field(default_factory=list[int])

    @asynccontextmanager
    async def watched(self) -> AsyncGenerator[None]:
        """Notes after each time round of the loop how many fields were resolved in it."""
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.wait([watching])

    async def _watch(self) -> None:
        before = self.resolved
        while True:
            await asyncio.sleep(0)
            self.of_turns.append(self.resolved - before)
            before = self.resolved


work: Work


@strawberry.type
class Leaf:
    @strawberry.field
    def value(self) -> int:
        work.resolved += 1
        return 1

    @strawberry.field
    async def awaited(self) -> "Leaf":
        await asyncio.sleep(0)
        return Leaf()

    @strawberry.field
    def faulty(self, after: int) -> int:
        if work.resolved >= after:
            raise ValueError("a bug")
        work.resolved += 1
        return 1


@strawberry.type
class Branch:
    @strawberry.field
    def leaves(self) -> list[Leaf]:
        return [Leaf() for _ in range(100)]

    @strawberry.field
    async def late_leaves(self) -> list[Leaf]:
        await asyncio.sleep(0)
        return [Leaf() for _ in range(100)]


@strawberry.type
class Query:
    @strawberry.field
    def branches(self, count: int = 100) -> list[Branch]:
        return [Branch() for _ in range(count)]


orchard = strawberry.Schema(query=Query)


@pytest.fixture(autouse=True)
def slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "QUERY_S", 600.0)


@pytest.fixture
async def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    global work
    work = Work()
    monkeypatch.setattr(limits, "COST", 10**6)
    return Engine(orchard, memory_ports(), Cursors(b"secret"))


@pytest.fixture
async def actor() -> Actor:
    desk = await a_live_desk()
    return await desk.actor(await desk.a_key())


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("{ branches { leaves { value } } }", 10_000),
        ("{ branches { lateLeaves { value } } }", 10_000),
        ("{ branches(count: 20) { leaves { awaited { value } } } }", 2_000),
        ("{ branches(count: 20) { lateLeaves { value awaited { value } } } }", 4_000),
    ],
)
async def test_a_long_execution_gives_the_loop_back_after_each_turn(
    engine: Engine, actor: Actor, query: str, fields: int
) -> None:
    async with work.watched():
        said = await answer(engine, GraphQLRequest(query), actor, HERE)

    assert not said.errors
    assert work.resolved == fields
    assert max(work.of_turns) <= 2 * limits.FIELDS_A_TURN


async def test_eight_long_executions_hold_the_loop_no_longer_than_one(engine: Engine, actor: Actor) -> None:
    strangers = [replace(actor, organization=GLOBEX) for _ in range(4)]
    request = GraphQLRequest("{ branches(count: 20) { lateLeaves { value } } }")

    async with work.watched():
        await asyncio.gather(*(answer(engine, request, each, HERE) for each in [actor] * 4 + strangers))

    assert work.resolved == 8 * 2_000
    assert max(work.of_turns) <= 2 * limits.FIELDS_A_TURN + 8 * limits.FIELDS_A_TURN  # each may begin without a turn
    assert sorted(work.of_turns)[-9] <= 2 * limits.FIELDS_A_TURN


async def test_the_data_of_a_long_execution_is_whole_and_in_order(engine: Engine, actor: Actor) -> None:
    said = await answer(engine, GraphQLRequest("{ branches { leaves { value awaited { value } } } }"), actor, HERE)

    leaf = {"value": 1, "awaited": {"value": 1}}
    assert said.data == {"branches": [{"leaves": [leaf] * 100}] * 100}


@pytest.mark.parametrize("after", [0, 3_000])
async def test_a_bug_in_the_middle_ends_a_long_execution_and_nothing_is_left_behind(
    engine: Engine, actor: Actor, after: int
) -> None:
    query = f"{{ branches {{ leaves {{ awaited {{ value }} faulty(after: {after}) }} }} }}"
    before = asyncio.all_tasks()

    said = await answer(engine, GraphQLRequest(query), actor, HERE)
    async with asyncio.timeout(30):
        await asyncio.gather(*(asyncio.all_tasks() - before), return_exceptions=True)

    assert said.data is None
    assert said.code == "INTERNAL"


# ---------------------------------------------------------------- on a desk


async def a_full_desk() -> tuple[LiveDesk, LiveDesk]:
    """ACME with many threads, and GLOBEX beside it behind the same engine."""
    ports = memory_ports()
    desk, other = await a_live_desk(ports), await a_live_desk(ports, GLOBEX)
    other.engine = desk.engine
    for _ in range(THREADS):
        await desk.writes(await desk.a_thread(), *(f"*text* {number}" for number in range(MESSAGES)))
    await other.writes(await other.a_thread(), "theirs")
    return desk, other


async def order_of(answers: Sequence[tuple[str, Engine, str, Actor]]) -> list[str]:
    """Names of queries begun one after the other, in the order of their answers."""
    done: list[str] = []

    async def one(name: str, engine: Engine, query: str, actor: Actor) -> None:
        said = await answer(engine, GraphQLRequest(query), actor, HERE)
        assert not said.errors, said.errors
        done.append(name)

    await asyncio.gather(*(one(*each) for each in answers))
    return done


async def test_a_trivial_query_of_another_organization_overtakes_eight_large_ones() -> None:
    desk, other = await a_full_desk()
    me, them = await desk.actor(await desk.a_key()), await other.actor(await other.a_key())
    large = [(f"large {number}", desk.engine, LARGE, me) for number in range(8)]

    order = await order_of([*large, ("trivial", desk.engine, TRIVIAL, them)])

    assert order[0] == "trivial"


async def test_organizations_with_large_queries_take_turns() -> None:
    desk, other = await a_full_desk()
    for _ in range(THREADS):
        await other.writes(await other.a_thread(), *(f"*text* {number}" for number in range(MESSAGES)))
    me, them = await desk.actor(await desk.a_key()), await other.actor(await other.a_key())
    ours = [(f"ours {number}", desk.engine, LARGE, me) for number in range(6)]

    order = await order_of([*ours, ("theirs", desk.engine, LARGE, them)])

    assert order.index("theirs") <= 2


async def test_a_long_execution_asks_the_store_in_whole_batches() -> None:
    desk, _ = await a_full_desk()
    me = await desk.actor(await desk.a_key())
    reader = CountedReader(desk.ports.reader)
    engine = Engine(schema, replace(desk.ports, reader=cast("Reader", reader)), desk.cursors)

    said = await answer(engine, GraphQLRequest(LARGE), me, HERE)

    assert not said.errors
    assert engine.turns.given > 10
    assert reader.calls["by_ids Contact"] == 1
    assert reader.calls["by_ids Channel"] == 1


# ---------------------------------------------------------------- texts as HTML


@dataclass
class Rendering:
    texts: list[str] = field(default_factory=list[str])
    threads: set[str] = field(default_factory=set[str])

    def __call__(self, text: str) -> str:
        self.texts.append(text)
        self.threads.add(threading.current_thread().name)
        return rendered(text)


@pytest.fixture
def renders(monkeypatch: pytest.MonkeyPatch) -> Rendering:
    counted = Rendering()
    monkeypatch.setattr(rendering, "rendered", counted)
    return counted


ALIASES = " ".join(f"a{number}: content {{ ... on TextContent {{ html }} }}" for number in range(29))
HTML = f"{{ threads {{ nodes {{ messages {{ nodes {{ {ALIASES} }} }} }} }} }}"


async def test_a_text_is_rendered_once_however_many_fields_show_it(renders: Rendering) -> None:
    desk = await a_live_desk()
    await desk.writes(await desk.a_thread(), "*one*", "_two_", "three")
    me = await desk.actor(await desk.a_key())

    said = await answer(desk.engine, GraphQLRequest(HTML.replace("threads", "threads(first: 1)", 1)), me, HERE)

    assert sorted(renders.texts) == ["*one*", "_two_", "three"]
    message = said.data["threads"]["nodes"][0]["messages"]["nodes"][0]
    assert {content["html"] for content in message.values()} == {"<strong>one</strong>"}


async def test_a_preview_is_made_once_however_many_fields_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Content] = []

    def counted(content: Content, file: Media | None) -> str:
        made.append(content)
        return preview(content, file)

    monkeypatch.setattr(loaders, "preview", counted)
    desk = await a_live_desk()
    await desk.writes(await desk.a_thread(), "*one*", "two")
    me = await desk.actor(await desk.a_key())
    lines = " ".join(f"a{number}: preview" for number in range(29))

    query = f"{{ threads(first: 1) {{ nodes {{ messages {{ nodes {{ {lines} }} }} }} }} }}"
    said = await answer(desk.engine, GraphQLRequest(query), me, HERE)

    assert set(said.data["threads"]["nodes"][0]["messages"]["nodes"][0].values()) == {"one"}
    assert sorted(made, key=str) == [Text("*one*"), Text("two")]


async def test_long_texts_are_rendered_beside_the_loop(renders: Rendering) -> None:
    desk = await a_live_desk()
    texts = [f"*{number}* " + "word " * 800 for number in range(40)]
    await desk.writes(await desk.a_thread(), *texts)
    me = await desk.actor(await desk.a_key())
    query = "{ threads(first: 1) { nodes { messages { nodes { content { ... on TextContent { html } } } } } } }"

    said = await answer(desk.engine, GraphQLRequest(query), me, HERE)

    assert sorted(renders.texts) == sorted(texts)
    assert threading.main_thread().name not in renders.threads
    shown = [each["content"]["html"] for each in said.data["threads"]["nodes"][0]["messages"]["nodes"]]
    assert shown == [rendered(text) for text in texts]
