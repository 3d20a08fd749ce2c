"""Interpreting beside other workers: what one has claimed no other gets, and it is not forgotten either."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from api.interpreting import CLAIMED_FOR, Interpreting
from api.replay import replay_files
from domain.errors import Unavailable
from domain.ids import DeliveryId, PhoneNumberId
from domain.media import MediaState
from domain.ports import Delivery, DeliveryResult, DeliveryState, Journal, Ports
from tests.api.test_worker import DirectoryAwayAtFirst, FragileInterpreter, a_desk, deliver
from tests.builders import ACME, FixedClock, a_media


@dataclass(slots=True)
class SharedJournal:
    """Lends a delivery to one worker at a time, as a database does that several work on."""

    behind: Journal
    ports: Ports
    lent_until: dict[DeliveryId, datetime] = field(default_factory=dict[DeliveryId, datetime])

    async def claim(self, limit: int, until: datetime) -> list[Delivery]:
        now = self.ports.clock.now()
        waiting = await self.behind.waiting(1000)
        free = [each for each in waiting if each.id not in self.lent_until or self.lent_until[each.id] <= now][:limit]
        self.lent_until.update((each.id, until) for each in free)
        return free

    async def append(self, delivery: Delivery) -> None:
        await self.behind.append(delivery)

    async def waiting(self, limit: int) -> list[Delivery]:
        return await self.behind.waiting(limit)

    async def delivery(self, id: DeliveryId) -> Delivery | None:
        return await self.behind.delivery(id)

    async def finish(self, results: Sequence[DeliveryResult]) -> None:
        await self.behind.finish(results)

    async def again(self, states: Collection[DeliveryState], ids: Collection[DeliveryId] = ()) -> int:
        return await self.behind.again(states, ids)

    async def counts(self) -> dict[DeliveryState, int]:
        return await self.behind.counts()

    async def named_in(self, state: DeliveryState, since: datetime) -> dict[PhoneNumberId, int]:
        return await self.behind.named_in(state, since)


@pytest.fixture
async def desk() -> Ports:
    ports = await a_desk()
    return replace(ports, journal=SharedJournal(ports.journal, ports))


async def state_of(ports: Ports, delivery: DeliveryId) -> DeliveryState:
    kept = await ports.journal.delivery(delivery)
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
    ports = await a_desk(clock=clock)
    desk = replace(ports, journal=SharedJournal(ports.journal, ports))
    dying = Interpreting(replace(desk, directory=DirectoryAwayAtFirst(desk.directory, times=1)))
    other = Interpreting(desk)
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


async def test_files_that_could_not_be_had_are_put_back_by_the_replay() -> None:
    ports = await a_desk()
    failed = a_media(state=MediaState.FAILED, created_at=ports.clock.now(), channel=None)
    async with ports.store.transaction(ACME) as tx:
        tx.save(failed)

    assert await replay_files(ports) == "Put back: 1 files, which the worker fetches."
    assert await ports.store.due_media(ports.clock.now(), 10) == [(ACME, failed.id)]
    assert await replay_files(ports) == "Put back: 0 files, which the worker fetches."
