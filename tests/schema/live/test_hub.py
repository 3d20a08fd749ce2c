"""The hub: every listener gets what it asked for, once and in order, and everything is made once for all of them."""

import asyncio
import random
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import cast

import orjson
import pytest
from structlog.testing import capture_logs

from domain.conversations.contents import Text
from domain.conversations.messages import Message
from domain.conversations.threads import Thread
from domain.errors import TookTooLong, Unavailable
from domain.events import LoggedEvent, QuotaChanged
from domain.ids import ApiKeyId, MessageId, OrganizationId, ThreadId, UserId
from domain.people.actors import Role, Scope, key_actor, user_actor
from domain.people.callers import Caller
from domain.ports.hints import Bus
from domain.ports.reads import Head, K, R, Reader
from domain.use_cases.moderation.retention import EVENTS_KEPT, forget_events
from schema.engine import limits
from schema.engine.api_error import ApiError
from schema.engine.values import ids
from schema.engine.values.cursors import Cursors
from schema.execution import GraphQLRequest, answer
from schema.live.streams import HubStopped, SlowConsumer, Stream, TooSlowToShow
from tests.api.memory_desk import memory_ports
from tests.builders import ACME, GLOBEX, FixedClock
from tests.schema.live_desk import (
    LiveDesk,
    Wrapped,
    a_live_desk,
    heard,
    listen,
    listening,
    positions,
    refusal_of,
    with_reader,
)

TEXTS = "{ cursor ... on MessageAdded { message { id content { ... on TextContent { body } } } } }"
INBOX = f"subscription($after: EventCursor) {{ inboxEvents(after: $after) {TEXTS} }}"
ONE_THREAD = (
    f"subscription($thread: ID!, $from: EventCursor) {{ threadEvents(threadId: $thread, after: $from) {TEXTS} }}"
)


def bodies(frames: Sequence[object]) -> list[str]:
    payloads = [orjson.loads(getattr(frame, "payload")) for frame in frames]  # noqa: B009
    return [next(iter(payload["data"].values()))["message"]["content"]["body"] for payload in payloads]


async def all_live(desk: LiveDesk, thread: Thread, streams: Sequence[Stream]) -> None:
    """Until none of them catches up any more: whoever was handed what came once is live the second time."""
    for _ in range(2):
        waiting = [asyncio.create_task(heard(stream, 1)) for stream in streams]
        await desk.writes(thread, "are you there?")
        await asyncio.gather(*waiting)


# ---------------------------------------------------------------- sharing


async def test_fifty_listeners_of_one_question_cost_one_execution_and_one_encoding_an_event() -> None:
    desk = await a_live_desk()
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())

    async with desk.engine.running():
        streams = [await listen(desk, actor, INBOX) for _ in range(50)]
        waiting = [asyncio.create_task(heard(stream, 3)) for stream in streams]
        for text in ("one", "two", "three"):
            await desk.writes(thread, text)
        frames = await asyncio.gather(*waiting)

        tally = desk.engine.hub.tally
        assert (tally.executions, tally.encodings) == (3, 3)
        assert all(bodies(mine) == ["one", "two", "three"] for mine in frames)
        assert all(mine[0] is frames[0][0] for mine in frames)


async def test_who_shares_a_question_shares_it_whatever_the_variable_of_its_beginning_is_called() -> None:
    desk = await a_live_desk()
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())
    query = f"subscription($begin: EventCursor) {{ inboxEvents(after: $begin) {TEXTS} }}"

    async with desk.engine.running():
        await desk.writes(thread, "one", "two")
        first = await listen(desk, actor, query, {"begin": await desk.cursor(0)})
        second = await listen(desk, actor, query, {"begin": await desk.cursor(1)})

        assert bodies(await heard(first, 2)) == ["one", "two"]
        assert bodies(await heard(second, 1)) == ["two"]
        assert desk.engine.hub.tally.executions == 2


async def test_questions_rights_and_organizations_that_differ_share_nothing() -> None:
    ports = memory_ports()
    desk, other = await a_live_desk(ports), await a_live_desk(ports, GLOBEX)
    thread, elsewhere = await desk.a_thread(), await other.a_thread()
    engine = desk.engine
    other.engine = engine
    admin = await desk.actor(await desk.a_key(Scope.ADMIN))
    agent = await desk.actor(await desk.a_token(Role.AGENT))
    stranger = await other.actor(await other.a_key(Scope.ADMIN))
    query = "subscription { inboxEvents { cursor ... on MessageAdded { message { original } } } }"

    async with engine.running():
        streams = [
            await listen(desk, admin, query),
            await listen(desk, agent, query),
            await listen(desk, admin, query.replace("original", "id")),
            await listen(other, stranger, query),
        ]
        await desk.writes(thread, "ours")
        await other.writes(elsewhere, "theirs")
        frames = [(await heard(stream, 1))[0] for stream in streams]

        assert engine.hub.tally.executions == 4
        assert len({frame.payload for frame in frames}) == 4


async def test_listeners_who_come_back_after_a_restart_share_what_they_missed() -> None:
    desk = await a_live_desk()
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())
    await desk.writes(thread, *(f"text {number}" for number in range(20)))
    start = await desk.cursor(0)

    async with desk.engine.running():
        streams = [await listen(desk, actor, INBOX, {"after": start}) for _ in range(100)]
        caught_up = await asyncio.gather(*(heard(stream, 20) for stream in streams))

        assert desk.engine.hub.tally.executions == 20
        assert all(positions(mine) == list(range(1, 21)) for mine in caught_up)


async def test_an_event_nobody_asked_for_is_not_executed() -> None:
    desk = await a_live_desk()
    thread, other = await desk.a_thread(), await desk.a_thread()
    actor = await desk.actor(await desk.a_key())
    here = {"thread": ids.THREAD.encode(thread.id)}

    async with desk.engine.running(), listening(desk, actor, ONE_THREAD, here) as stream:
        await desk.writes(other, "elsewhere")
        await desk.happened(QuotaChanged())
        await desk.writes(thread, "here")

        assert bodies(await heard(stream, 1)) == ["here"]
        assert desk.engine.hub.tally.executions == 1


async def test_a_burst_of_events_is_read_once_for_all_who_are_live() -> None:
    desk = await a_live_desk()
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())

    async with desk.engine.running():
        streams = [await listen(desk, actor, INBOX) for _ in range(20)]
        await all_live(desk, thread, streams)
        reads = desk.engine.hub.tally.log_reads
        waiting = [asyncio.create_task(heard(stream, 100)) for stream in streams]
        await desk.writes(thread, *(f"text {number}" for number in range(100)))
        await asyncio.gather(*waiting)

        assert desk.engine.hub.tally.log_reads == reads + 1


# ---------------------------------------------------------------- beginning and resuming


async def test_without_a_cursor_a_listener_hears_what_happens_from_now_on() -> None:
    desk = await a_live_desk()
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())
    await desk.writes(thread, "before")

    async with desk.engine.running(), listening(desk, actor, INBOX) as stream:
        await desk.writes(thread, "after")

        assert bodies(await heard(stream, 1)) == ["after"]


async def test_a_cursor_of_one_field_is_good_for_another() -> None:
    desk = await a_live_desk()
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())

    async with desk.engine.running():
        async with listening(desk, actor, INBOX) as inbox:
            await desk.writes(thread, "one", "two")
            (first, _) = await heard(inbox, 2)
        id = ids.THREAD.encode(thread.id)
        async with listening(desk, actor, ONE_THREAD, {"thread": id, "from": first.cursor}) as stream:
            assert bodies(await heard(stream, 1)) == ["two"]


@pytest.mark.parametrize("seed", range(12))
async def test_a_reader_who_comes_and_goes_at_random_misses_nothing_and_hears_nothing_twice(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(limits, "LOG_PAGE", chance.choice([1, 2, 3, 7, 256]))
    desk = await a_live_desk()
    threads = [await desk.a_thread() for _ in range(3)]
    actor = await desk.actor(await desk.a_key())
    total = 120

    async def write_all() -> None:
        written = 0
        while written < total:
            count = min(chance.randint(1, 5), total - written)
            await desk.writes(chance.choice(threads), *("text" for _ in range(count)))
            written += count
            for _ in range(chance.randint(0, 6)):
                await asyncio.sleep(0)

    async def read_all() -> list[int]:
        seen: list[int] = []
        cursor = start
        while len(seen) < total:
            async with listening(desk, actor, INBOX, {"after": cursor}) as stream:
                for frame in await heard(stream, min(chance.randint(1, 25), total - len(seen))):
                    seen.append(frame.position)
                    cursor = frame.cursor
        return seen

    async with desk.engine.running():
        start = await desk.cursor()
        reading = [asyncio.create_task(read_all()) for _ in range(8)]
        await write_all()

        for seen in await asyncio.gather(*reading):
            assert seen == list(range(1, total + 1))


@pytest.mark.parametrize("seed", range(6))
async def test_one_thread_resumed_at_random_is_as_gapless_as_the_whole_inbox(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(limits, "LOG_PAGE", chance.choice([1, 3, 256]))
    desk = await a_live_desk()
    thread, other = await desk.a_thread(), await desk.a_thread()
    actor = await desk.actor(await desk.a_key())
    expected: list[int] = []

    async def write_all() -> None:
        for position in range(1, 81):
            here = chance.random() < 0.4
            if here:
                expected.append(position)
            await desk.writes(thread if here else other, "text")
            await asyncio.sleep(0)
        expected.append(81)
        await desk.writes(thread, "the end")

    async def read_all() -> list[int]:
        seen: list[int] = []
        cursor = start
        while 81 not in seen:
            variables = {"thread": ids.THREAD.encode(thread.id), "from": cursor}
            async with listening(desk, actor, ONE_THREAD, variables) as stream:
                frame = (await heard(stream, 1))[0]
                seen.append(frame.position)
                cursor = frame.cursor
        return seen

    async with desk.engine.running():
        start = await desk.cursor()
        reading = [asyncio.create_task(read_all()) for _ in range(4)]
        await write_all()

        assert await asyncio.gather(*reading) == [expected] * 4


async def test_a_query_then_a_subscription_after_its_place_has_no_gap() -> None:
    desk = await a_live_desk()
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())
    await desk.writes(thread, "read already")
    place = await desk.cursor()
    await desk.writes(thread, "between")

    async with desk.engine.running(), listening(desk, actor, INBOX, {"after": place}) as stream:
        await desk.writes(thread, "after")

        assert bodies(await heard(stream, 2)) == ["between", "after"]


# ---------------------------------------------------------------- cursors that lead nowhere


async def test_cursors_that_are_none_are_refused() -> None:
    ports = memory_ports()
    desk, other = await a_live_desk(ports), await a_live_desk(ports, GLOBEX)
    actor = await desk.actor(await desk.a_key())
    head = await desk.head()
    foreign = await other.cursor(0)
    forged = Cursors(b"another secret").encode(desk.organization, head.epoch, 0)
    good = await desk.cursor(0)

    for bad in ("", "nonsense", good[:-1], foreign, forged, await desk.cursor(head.position + 1)):
        assert await refusal_of(desk, actor, INBOX, {"after": bad}) == "CURSOR_INVALID"
    assert await refusal_of(desk, actor, INBOX, {"after": good}) is None


class Shortened(Wrapped):
    """A log whose oldest events are gone."""

    first = 1

    async def first_position(self, organization: OrganizationId) -> int:
        return self.first

    async def events(
        self, organization: OrganizationId, after: int, limit: int, thread: ThreadId | None = None
    ) -> list[LoggedEvent]:
        return await self.reader.events(organization, max(after, self.first - 1), limit, thread)


async def a_desk_whose_log_can_be_shortened() -> tuple[LiveDesk, Shortened]:
    ports = memory_ports()
    shortened = Shortened(ports.reader)
    return await a_live_desk(with_reader(ports, shortened)), shortened


async def test_a_cursor_older_than_the_log_is_told_so_at_once() -> None:
    desk, log = await a_desk_whose_log_can_be_shortened()
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())
    await desk.writes(thread, *["text"] * 10)
    log.first = 6

    assert await refusal_of(desk, actor, INBOX, {"after": await desk.cursor(4)}) == "CURSOR_EXPIRED"
    assert await refusal_of(desk, actor, INBOX, {"after": await desk.cursor(5)}) is None


async def test_a_cursor_of_last_week_is_told_so_by_subscription_and_by_page() -> None:
    here, clock = Caller("192.0.2.7", "192.0.2.7"), FixedClock()
    desk = await a_live_desk(memory_ports(clock=clock))
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())
    await desk.writes(thread, "one", "two")
    clock.advance(timedelta(days=8))
    await desk.writes(thread, "three")
    old, kept = await desk.cursor(1), await desk.cursor(2)
    page = GraphQLRequest("query($after: EventCursor!) { events(after: $after) { nodes { id } } }", {"after": old})
    assert "errors" not in (await answer(desk.engine, page, actor, here)).payload

    await forget_events(desk.ports, ACME, EVENTS_KEPT)

    assert await refusal_of(desk, actor, INBOX, {"after": old}) == "CURSOR_EXPIRED"
    assert await refusal_of(desk, actor, INBOX, {"after": kept}) is None
    said = await answer(desk.engine, page, actor, here)
    assert [error["extensions"]["code"] for error in said.errors] == ["CURSOR_EXPIRED"]


@pytest.mark.parametrize("query", [INBOX, ONE_THREAD.replace("$from", "$after")])
async def test_a_log_that_is_cut_while_somebody_catches_up_is_never_skipped(
    query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOG_PAGE", 2)
    desk, log = await a_desk_whose_log_can_be_shortened()
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())
    await desk.writes(thread, *["text"] * 10)
    variables = {"after": await desk.cursor(0)} | ({"thread": ids.THREAD.encode(thread.id)} if query != INBOX else {})

    async with desk.engine.running(), listening(desk, actor, query, variables) as stream:
        assert positions(await heard(stream, 2)) == [1, 2]
        log.first = 6
        with pytest.raises(ApiError) as ended:
            await heard(stream, 1)

    assert ended.value.code == "CURSOR_EXPIRED"


class Restored(Wrapped):
    epoch: str | None = None

    async def head(self, organization: OrganizationId) -> Head:
        head = await self.reader.head(organization)
        return replace(head, epoch=self.epoch or head.epoch)

    async def heads(self, organizations: Sequence[OrganizationId]) -> dict[OrganizationId, Head]:
        return {organization: await self.head(organization) for organization in organizations}


async def test_cursors_from_before_a_restore_are_expired_and_open_streams_are_told() -> None:
    ports = memory_ports()
    restored = Restored(ports.reader)
    desk = await a_live_desk(with_reader(ports, restored))
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())
    await desk.writes(thread, "text")
    before = await desk.cursor()

    async with desk.engine.running(), listening(desk, actor, INBOX) as stream:
        waiting = asyncio.create_task(heard(stream, 1))
        restored.epoch = "the next one"
        with pytest.raises(ApiError) as ended:
            await waiting

        assert ended.value.code == "CURSOR_EXPIRED"
        assert await refusal_of(desk, actor, INBOX, {"after": before}) == "CURSOR_EXPIRED"
        async with listening(desk, actor, INBOX) as anew:
            await desk.writes(thread, "goes on")
            assert bodies(await heard(anew, 1)) == ["goes on"]


# ---------------------------------------------------------------- what may go wrong


class DeafBus:
    """A bus that carries nothing."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def hint(self, topic: str, position: int = 0) -> None:
        return

    def __getattr__(self, name: str) -> object:
        return getattr(self._bus, name)


async def test_without_any_hint_events_still_come() -> None:
    ports = memory_ports()
    desk = await a_live_desk(ports)
    deaf = await a_live_desk(replace(ports, bus=cast("Bus", DeafBus(memory_ports().bus))))
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())

    async with deaf.engine.running(), listening(deaf, actor, INBOX) as stream:
        waiting = asyncio.create_task(heard(stream, 1))
        await desk.writes(thread, "unannounced")
        began = asyncio.get_running_loop().time()

        assert bodies(await waiting) == ["unannounced"]
        assert asyncio.get_running_loop().time() - began < 1.0


async def test_hints_that_come_twice_late_or_wrong_change_nothing() -> None:
    desk = await a_live_desk()
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())

    async with desk.engine.running(), listening(desk, actor, INBOX) as stream:
        for position in (0, 999, 1, 1, 0):
            desk.ports.bus.hint(desk.organization, position)
        await desk.writes(thread, "one")
        for position in (1, 0, 7):
            desk.ports.bus.hint(desk.organization, position)
        await desk.writes(thread, "two")

        assert bodies(await heard(stream, 2)) == ["one", "two"]


class Poisoned(Wrapped):
    """A reader that breaks over one message."""

    poison: MessageId | None = None

    async def by_ids(self, kind: type[R], organization: OrganizationId, ids: Collection[K]) -> dict[K, R]:
        if kind is Message and self.poison in ids:
            raise RuntimeError("this row is broken")
        return await self.reader.by_ids(kind, organization, ids)


async def test_an_event_that_cannot_be_shown_is_named_and_the_stream_goes_on() -> None:
    ports = memory_ports()
    poisoned = Poisoned(ports.reader)
    desk = await a_live_desk(with_reader(ports, poisoned))
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())

    async with desk.engine.running(), listening(desk, actor, INBOX) as stream:
        with capture_logs():
            made = await desk.writes(thread, "one", "poison", "three")
            poisoned.poison = made[1]
            first, second, third = await heard(stream, 3)

    assert bodies([first, third]) == ["one", "three"]
    error = orjson.loads(second.payload)["errors"][0]
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["cursor"] == second.cursor == await desk.cursor(2)


async def test_an_event_that_could_not_be_shown_is_tried_again_for_whoever_comes_later() -> None:
    ports = memory_ports()
    poisoned = Poisoned(ports.reader)
    desk = await a_live_desk(with_reader(ports, poisoned))
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())
    start = await desk.cursor(0)
    [poisoned.poison] = await desk.writes(thread, "poison")

    async with desk.engine.running(), listening(desk, actor, INBOX, {"after": start}) as stream:
        with capture_logs():
            [faulty] = await heard(stream, 1)
        poisoned.poison = None
        async with listening(desk, actor, INBOX, {"after": start}) as later:
            [mended] = await heard(later, 1)

    assert b"INTERNAL" in faulty.payload
    assert bodies([mended]) == ["poison"]


class Away(Wrapped):
    """A reader whose store is away, but for the log, which was read just before."""

    away = False
    tries = 0

    async def by_ids(self, kind: type[R], organization: OrganizationId, ids: Collection[K]) -> dict[K, R]:
        if kind is Message and self.away:
            self.tries += 1
            self.away = self.tries < 10
            raise self.error
        return await self.reader.by_ids(kind, organization, ids)

    error: Exception = Unavailable(0.001)


async def test_events_are_waited_for_while_the_store_is_away_and_never_told_as_errors() -> None:
    ports = memory_ports()
    away = Away(ports.reader)
    desk = await a_live_desk(with_reader(ports, away))
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())
    start = await desk.cursor(0)

    async with desk.engine.running(), listening(desk, actor, INBOX) as live:
        away.away = True
        with capture_logs():
            await desk.writes(thread, "one", "two")
            async with listening(desk, actor, INBOX, {"after": start}) as back:
                frames = await heard(live, 2), await heard(back, 2)

    assert [bodies(mine) for mine in frames] == [["one", "two"]] * 2
    assert away.tries == 10


class Slow(Wrapped):
    """A reader that takes too long for one text, a number of times."""

    text: str | None = None
    times = 0
    tries = 0

    async def by_ids(self, kind: type[R], organization: OrganizationId, ids: Collection[K]) -> dict[K, R]:
        found = await self.reader.by_ids(kind, organization, ids)
        if self.text in [
            row.content.body for row in found.values() if isinstance(row, Message) and isinstance(row.content, Text)
        ]:
            self.tries += 1
            if self.tries <= self.times:
                raise TookTooLong(3.0)
        return found


async def a_slow_desk(slowly: str, times: int) -> tuple[LiveDesk, Slow]:
    ports = memory_ports()
    slow = Slow(ports.reader)
    slow.text, slow.times = slowly, times
    return await a_live_desk(with_reader(ports, slow)), slow


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RENDER_PAUSES_S", (0.001,) * len(limits.RENDER_PAUSES_S))


ALL_TRIES = len(limits.RENDER_PAUSES_S) + 1


@pytest.mark.usefixtures("no_pauses")
async def test_an_event_that_takes_too_long_for_a_while_is_shown_then() -> None:
    desk, slow = await a_slow_desk("slow", ALL_TRIES - 1)
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())

    async with desk.engine.running(), listening(desk, actor, INBOX) as live:
        await desk.writes(thread, "slow", "two")
        frames = await heard(live, 2)

    assert bodies(frames) == ["slow", "two"]
    assert all(frame.whole for frame in frames)
    assert slow.tries == ALL_TRIES


@pytest.mark.usefixtures("no_pauses")
async def test_an_event_that_takes_too_long_is_told_as_no_error_but_ends_the_stream_before_it() -> None:
    desk, slow = await a_slow_desk("slow", 10**6)
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())

    async with desk.engine.running():
        live = await listen(desk, actor, INBOX)
        await all_live(desk, thread, [live])
        with capture_logs() as logged:
            await desk.writes(thread, "one", "slow", "three")
            [one] = await heard(live, 1)
            with pytest.raises(TooSlowToShow):
                await heard(live, 1)
            assert "live.too_slow_to_show" in [line["event"] for line in logged]
            back = await listen(desk, actor, INBOX, {"after": one.cursor})
            with pytest.raises(TooSlowToShow):
                await heard(back, 1)
        assert slow.tries == 2 * ALL_TRIES
        slow.times = 0
        async with listening(desk, actor, INBOX, {"after": one.cursor}) as again:
            assert bodies(await heard(again, 2)) == ["slow", "three"]


class Standing(Wrapped):
    """A reader that answers who asks for messages when it is told to."""

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader)
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def by_ids(self, kind: type[R], organization: OrganizationId, ids: Collection[K]) -> dict[K, R]:
        if kind is Message:
            await self.may_answer.wait()
        return await self.reader.by_ids(kind, organization, ids)


@pytest.mark.parametrize("waiting", [limits.PUSHED_EVENTS, 3])
async def test_those_for_whom_an_event_takes_long_hold_up_nobody_else_and_miss_nothing(
    waiting: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PUSHED_EVENTS", waiting)
    monkeypatch.setattr(limits, "PUSH_S", 0.01)
    ports = memory_ports()
    standing = Standing(ports.reader)
    desk = await a_live_desk(with_reader(ports, standing))
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())
    texts = [f"text {number}" for number in range(8)]

    async with desk.engine.running():
        slow = await listen(desk, actor, INBOX)
        quick = await listen(desk, actor, "subscription { inboxEvents { cursor } }")
        await all_live(desk, thread, [slow, quick])
        standing.may_answer.clear()
        for text in texts:
            await desk.writes(thread, text)
            await heard(quick, 1)
        standing.may_answer.set()

        assert bodies(await heard(slow, len(texts))) == texts


class Faltering(Wrapped):
    """A reader whose log cannot be read for a while."""

    failures = 0

    async def events(
        self, organization: OrganizationId, after: int, limit: int, thread: ThreadId | None = None
    ) -> list[LoggedEvent]:
        if self.failures:
            self.failures -= 1
            raise Unavailable(0.01)
        return await self.reader.events(organization, after, limit, thread)


async def test_a_store_that_falters_delays_events_and_loses_none() -> None:
    ports = memory_ports()
    faltering = Faltering(ports.reader)
    desk = await a_live_desk(with_reader(ports, faltering))
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())
    await desk.writes(thread, "one")
    faltering.failures = 3

    async with desk.engine.running(), listening(desk, actor, INBOX, {"after": await desk.cursor(0)}) as stream:
        assert bodies(await heard(stream, 1)) == ["one"]
        faltering.failures = 3
        await desk.writes(thread, "two")
        assert bodies(await heard(stream, 1)) == ["two"]


async def test_a_reader_who_stays_behind_is_cut_off_and_goes_on_from_its_cursor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "WAITING_FRAMES", 5)
    desk = await a_live_desk()
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())
    told = asyncio.Event()

    async with desk.engine.running():
        slow = await listen(desk, actor, INBOX, on_slow=told.set)
        quick = await listen(desk, actor, INBOX)
        await all_live(desk, thread, [slow, quick])
        last = await desk.cursor()
        for number in range(1, 8):
            await desk.writes(thread, f"text {number}")
            await heard(quick, 1)

        assert told.is_set()
        with pytest.raises(SlowConsumer):
            await heard(slow, 1)
        async with listening(desk, actor, INBOX, {"after": last}) as again:
            assert bodies(await heard(again, 7)) == [f"text {number}" for number in range(1, 8)]


async def test_big_frames_count_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WAITING_BYTES", 10_000)
    desk = await a_live_desk()
    thread, actor = await desk.a_thread(), await desk.actor(await desk.a_key())
    told = asyncio.Event()

    async with desk.engine.running():
        slow = await listen(desk, actor, INBOX, on_slow=told.set)
        await all_live(desk, thread, [slow])
        await desk.writes(thread, *["x" * 4_000] * 3)

        await asyncio.wait_for(told.wait(), 5)


async def test_a_hub_that_stops_says_so_to_its_listeners() -> None:
    desk = await a_live_desk()
    actor = await desk.actor(await desk.a_key())

    async with desk.engine.running():
        stream = await listen(desk, actor, INBOX)
        waiting = asyncio.create_task(heard(stream, 1))
        await asyncio.sleep(0)

    with pytest.raises(HubStopped):
        await waiting


# ---------------------------------------------------------------- rights


async def test_a_listener_whose_role_changes_goes_on_without_a_gap_in_its_new_group() -> None:
    desk = await a_live_desk()
    thread = await desk.a_thread()
    supervisor = user_actor(desk.organization, UserId("u"), Role.SUPERVISOR, None)
    agent = user_actor(desk.organization, UserId("u"), Role.AGENT, None)

    async with desk.engine.running():
        moved, stays = await listen(desk, supervisor, INBOX), await listen(desk, supervisor, INBOX)
        await all_live(desk, thread, [moved, stays])
        await desk.writes(thread, "two", "three")
        assert bodies(await heard(stays, 2)) == ["two", "three"]  # and wait, made for a supervisor, for the other

        moved.act_as(agent)
        made = desk.engine.hub.tally.executions
        await desk.writes(thread, "four")

        assert bodies(await heard(moved, 3)) == ["two", "three", "four"]
        assert bodies(await heard(stays, 1)) == ["four"]
        assert desk.engine.hub.tally.executions == made + 4  # three for the agent, one for the supervisor


@pytest.mark.parametrize("seed", range(6))
async def test_roles_that_change_at_random_leave_no_gap(seed: int) -> None:
    chance = random.Random(seed)
    desk = await a_live_desk()
    thread = await desk.a_thread()
    actors = [user_actor(desk.organization, UserId("u"), role, None) for role in Role]

    async def change(stream: Stream) -> None:
        for _ in range(40):
            stream.act_as(chance.choice(actors))
            for _ in range(chance.randint(0, 5)):
                await asyncio.sleep(0)

    async with desk.engine.running(), listening(desk, actors[0], INBOX) as stream:
        reading = asyncio.create_task(heard(stream, 60))
        changing = asyncio.create_task(change(stream))
        for _ in range(60):
            await desk.writes(thread, "text")

        await changing
        assert positions(await reading) == list(range(1, 61))


async def test_scopes_that_see_the_same_share_their_frames() -> None:
    desk = await a_live_desk()
    thread = await desk.a_thread()
    keys = [
        key_actor(desk.organization, ApiKeyId(name), scopes)
        for name, scopes in {"a": [Scope.READ], "b": [Scope.MESSAGES], "c": [Scope.TICKETS, Scope.CONTACTS]}.items()
    ]

    async with desk.engine.running():
        streams = [await listen(desk, key, INBOX) for key in keys]
        waiting = [asyncio.create_task(heard(stream, 1)) for stream in streams]
        await desk.writes(thread, "text")
        await asyncio.gather(*waiting)

        assert desk.engine.hub.tally.executions == 1
