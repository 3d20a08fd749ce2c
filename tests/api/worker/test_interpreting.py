"""Interpreting beside other workers: what one has claimed no other gets, and it is not forgotten either."""

import asyncio
import weakref
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from adapters.memory.storage.webhook_inbox import MemoryWebhookInbox
from adapters.whatsapp.inbound.updates import CloudInterpreter
from api.operating.replaying import replay_files
from api.worker.interpreting import STUMBLES_AT_MOST, TOGETHER_BYTES, Interpreting
from domain.claims import CLAIMED_BYTES, CLAIMED_FOR
from domain.errors import Unavailable
from domain.files.media import MediaState
from domain.ids import DeliveryId
from domain.ports.bundle import Ports
from domain.ports.deliveries import Delivery, DeliveryState, WebhookInbox
from domain.updates import Update
from tests.api.worker.test_loops import DirectoryAwayAtFirst, FragileInterpreter, a_desk, deliver
from tests.builders import ACME, NOON, FixedClock, a_media

PATIENCE_S = 30.0


@pytest.fixture
async def desk() -> Ports:
    return await a_desk()


def another_worker(ports: Ports) -> Ports:
    assert isinstance(ports.webhook_inbox, MemoryWebhookInbox)
    return replace(ports, webhook_inbox=ports.webhook_inbox.of_another_worker())


async def state_of(ports: Ports, delivery: DeliveryId) -> DeliveryState:
    kept = await ports.webhook_inbox.delivery(delivery)
    assert kept is not None
    return kept.state


async def test_what_it_has_in_hand_is_taken_up_again_as_soon_as_the_store_answers(desk: Ports) -> None:
    away = replace(desk, directory=DirectoryAwayAtFirst(desk.directory, times=1))
    interpreting = Interpreting(away)
    delivery = await deliver(desk, "hello")

    with pytest.raises(Unavailable):
        await interpreting.turn(64)
    done = await interpreting.turn(64)

    assert done.deliveries == 1
    assert await state_of(desk, delivery) is DeliveryState.INTERPRETED


async def test_what_a_worker_holds_no_other_one_gets_before_its_claim_has_run_out() -> None:
    clock = FixedClock()
    desk = await a_desk(clock=clock)
    dying = Interpreting(replace(desk, directory=DirectoryAwayAtFirst(desk.directory, times=1)))
    other = Interpreting(another_worker(desk))
    await deliver(desk, "hello")
    with pytest.raises(Unavailable):
        await dying.turn(64)

    clock.advance(CLAIMED_FOR - timedelta(seconds=1))
    early = await other.turn(64)
    clock.advance(timedelta(seconds=1))
    late = await other.turn(64)
    clock.advance(timedelta(seconds=1))
    woken = await dying.turn(64)

    assert (early.deliveries, late.deliveries, woken.deliveries) == (0, 1, 0)


async def test_one_that_breaks_the_interpreter_is_found_among_those_claimed_with_it(desk: Ports) -> None:
    interpreting = Interpreting(replace(desk, interpreter=FragileInterpreter()))
    before, poison, after = [await deliver(desk, text) for text in ("before", "poison", "after")]

    done = await interpreting.turn(64)

    assert (done.deliveries, [each.delivery for each in done.failures]) == (3, [poison])
    assert await state_of(desk, before) is DeliveryState.INTERPRETED
    assert await state_of(desk, poison) is DeliveryState.FAILED
    assert await state_of(desk, after) is DeliveryState.INTERPRETED


class Reading(list[Update]):
    """What a delivery says, as long as anybody holds it."""


class Watching:
    """An interpreter that sees what is in hand whenever a delivery is read: here they say nothing."""

    def __init__(self, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._meanwhile = meanwhile
        self._alive: list[weakref.ref[Reading]] = []
        self.alive_at_most = 0

    async def updates(self, delivery: Delivery) -> list[Update]:
        await self._meanwhile()
        reading = Reading()
        self._alive = [ref for ref in (*self._alive, weakref.ref(reading)) if ref() is not None]
        self.alive_at_most = max(self.alive_at_most, len(self._alive))
        return reading


async def given_a_backlog(desk: Ports, count: int, size: int) -> None:
    for number in range(count):
        await desk.webhook_inbox.append(Delivery(DeliveryId(f"{number:03}"), NOON, bytes(size)))


async def test_of_a_backlog_of_large_deliveries_few_bytes_are_held_and_one_is_read_at_a_time(desk: Ports) -> None:
    held: list[int] = []

    async def weigh() -> None:
        held.append(sum(len(each.body) for each in await desk.webhook_inbox.waiting(100) if each.claims))

    watching = Watching(weigh)
    await given_a_backlog(desk, 64, 3_000_000)
    interpreting = Interpreting(replace(desk, interpreter=watching))

    while (await interpreting.turn(64)).deliveries:
        pass

    assert len(held) == 64
    assert max(held) <= CLAIMED_BYTES
    assert watching.alive_at_most == 1


async def test_small_deliveries_are_interpreted_together(desk: Ports) -> None:
    async def nothing() -> None:
        pass

    watching = Watching(nothing)
    await given_a_backlog(desk, 64, 1_000)

    assert (await Interpreting(replace(desk, interpreter=watching)).turn(64)).deliveries == 64
    assert watching.alive_at_most == 64


async def test_a_claim_is_kept_as_long_as_the_work_goes_on() -> None:
    clock = FixedClock()
    desk = await a_desk(clock=clock)
    other = another_worker(desk).webhook_inbox
    stolen: list[Delivery] = []

    async def time_goes_by_and_somebody_else_looks() -> None:
        clock.advance(CLAIMED_FOR / 2)
        stolen.extend(await other.claim(100, clock.now() + CLAIMED_FOR))

    await given_a_backlog(desk, 10, TOGETHER_BYTES)
    done = await Interpreting(replace(desk, interpreter=Watching(time_goes_by_and_somebody_else_looks))).turn(64)

    assert (done.deliveries, stolen) == (10, [])


class Renewed:
    """A journal that says each time that claims were renewed."""

    def __init__(self, webhook_inbox: WebhookInbox) -> None:
        self._webhook_inbox = webhook_inbox
        self.again = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._webhook_inbox, name)

    async def renew(self, ids: Collection[DeliveryId], until: datetime) -> set[DeliveryId]:
        mine = await self._webhook_inbox.renew(ids, until)
        self.again.set()
        return mine


async def test_a_claim_is_kept_while_one_delivery_takes_longer_than_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.worker.interpreting.KEPT_EVERY", timedelta(milliseconds=1))
    clock = FixedClock()
    desk = await a_desk(clock=clock)
    other = another_worker(desk).webhook_inbox
    webhook_inbox = Renewed(desk.webhook_inbox)
    stolen: list[Delivery] = []

    async def time_goes_by_and_somebody_else_looks() -> None:
        for _ in range(4):
            clock.advance(CLAIMED_FOR / 2)
            webhook_inbox.again.clear()
            async with asyncio.timeout(PATIENCE_S):
                await webhook_inbox.again.wait()
            stolen.extend(await other.claim(100, clock.now() + CLAIMED_FOR))

    await given_a_backlog(desk, 1, TOGETHER_BYTES)
    slow = replace(
        desk,
        webhook_inbox=cast(WebhookInbox, webhook_inbox),
        interpreter=Watching(time_goes_by_and_somebody_else_looks),
    )

    done = await Interpreting(slow).turn(64)

    assert (done.deliveries, done.failures, stolen) == (1, (), [])


async def test_what_was_lost_to_another_worker_meanwhile_is_left_to_it() -> None:
    clock = FixedClock()
    desk = await a_desk(clock=clock)
    other = another_worker(desk).webhook_inbox
    heir: list[Delivery] = []

    async def the_machine_sleeps_at_first() -> None:
        if not heir:
            clock.advance(CLAIMED_FOR)
            heir.extend(await other.claim(1, clock.now() + CLAIMED_FOR))
            heir.extend(await other.claim(1, clock.now() + CLAIMED_FOR))

    watching = Watching(the_machine_sleeps_at_first)
    await given_a_backlog(desk, 3, TOGETHER_BYTES)
    interpreting = Interpreting(replace(desk, interpreter=watching))

    assert (await interpreting.turn(64)).deliveries == 1  # the one it was at, in whose end it has no word any more
    assert [each.id for each in heir] == ["000", "001"]
    assert (await interpreting.turn(64)).deliveries == 1
    assert [each.id for each in await desk.webhook_inbox.waiting(10)] == ["000", "001"]


async def test_one_that_always_finds_something_away_is_put_back_and_the_others_go_on(desk: Ports) -> None:
    class NeverThere:
        """The network's interpreter, whose help one body asks for in vain."""

        async def updates(self, delivery: Delivery) -> list[Update]:
            if b"poison" in delivery.body:
                raise Unavailable
            return CloudInterpreter().updates(delivery)

    interpreting = Interpreting(replace(desk, interpreter=NeverThere()))
    head = await deliver(desk, "poison" + "!" * TOGETHER_BYTES)
    second = await deliver(desk, "hello" + "!" * TOGETHER_BYTES)

    for _ in range(STUMBLES_AT_MOST + 1):
        with pytest.raises(Unavailable):
            await interpreting.turn(64)
    await interpreting.turn(64)

    assert await state_of(desk, head) is DeliveryState.WAITING
    assert await state_of(desk, second) is DeliveryState.INTERPRETED


async def test_files_that_could_not_be_had_are_put_back_by_the_replay() -> None:
    ports = await a_desk()
    failed = a_media(state=MediaState.FAILED, created_at=ports.clock.now(), channel=None)
    async with ports.store.transaction(ACME) as tx:
        tx.save(failed)

    assert await replay_files(ports) == "Put back: 1 files, which the worker fetches."
    assert await ports.store.due_media(ports.clock.now(), 10) == [(ACME, failed.id)]
    assert await replay_files(ports) == "Put back: 0 files, which the worker fetches."
