"""The journal: webhook bodies as received, until somebody says what became of them."""

import asyncio
from contextlib import suppress
from dataclasses import replace

from domain.ids import DeliveryId, PhoneNumberId
from domain.ports import JOURNAL, Delivery, DeliveryResult, DeliveryState
from tests.adapters.contracts.desks import Desk, DeskOnFire
from tests.builders import ACME, DELIVERY, HOUR, MINUTE, NOON, a_delivery, an_id


def nth(number: int) -> Delivery:
    return a_delivery(DeliveryId(an_id(number)), b"%d" % number, received_at=NOON + number * MINUTE)


async def ids_waiting(desk: Desk, limit: int = 100) -> list[str]:
    return [delivery.id for delivery in await desk.journal.waiting(limit)]


async def test_a_body_is_kept_byte_for_byte(desk: Desk) -> None:
    numbers = (PhoneNumberId("106540352242922"), PhoneNumberId("2"))
    delivery = a_delivery(body=bytes(range(256)) + "żółw 🐢".encode(), numbers=numbers)

    await desk.journal.append(delivery)

    assert await desk.journal.delivery(DELIVERY) == delivery
    assert await desk.journal.waiting(1) == [delivery]


async def test_an_empty_body_is_kept_too(desk: Desk) -> None:
    await desk.journal.append(a_delivery(body=b""))

    assert await desk.journal.waiting(1) == [a_delivery(body=b"")]


async def test_an_unknown_delivery_is_none(desk: Desk) -> None:
    assert await desk.journal.delivery(DELIVERY) is None


async def test_the_oldest_come_first_and_no_more_than_asked_for(desk: Desk) -> None:
    for number in (3, 1, 2):
        await desk.journal.append(nth(number))

    assert await ids_waiting(desk) == [an_id(1), an_id(2), an_id(3)]
    assert await ids_waiting(desk, limit=2) == [an_id(1), an_id(2)]


async def test_a_worker_claims_the_oldest_that_wait(desk: Desk) -> None:
    for number in (3, 1, 4, 2):
        await desk.journal.append(nth(number))
    await desk.journal.finish([DeliveryResult(nth(1).id, DeliveryState.INTERPRETED)])

    assert await desk.journal.claim(2, NOON + HOUR) == [nth(2), nth(3)]


async def test_it_tells_since_when_the_oldest_waits(desk: Desk) -> None:
    assert await desk.journal.waiting_since() is None

    for number in (3, 1, 2):
        await desk.journal.append(nth(number))
    await desk.journal.finish([DeliveryResult(nth(1).id, DeliveryState.FAILED)])

    assert await desk.journal.waiting_since() == NOON + 2 * MINUTE


async def test_many_at_a_time_are_all_kept(desk: Desk) -> None:
    await asyncio.gather(*(desk.journal.append(nth(number)) for number in range(200)))

    assert await ids_waiting(desk, limit=1000) == [an_id(number) for number in range(200)]


async def test_a_body_that_came_is_hinted(desk: Desk) -> None:
    async with desk.bus.listen(JOURNAL) as hints:
        await desk.journal.append(a_delivery())

        await asyncio.wait_for(anext(hints), 5)


async def test_what_is_finished_waits_no_more_and_keeps_its_reason(desk: Desk) -> None:
    for number in (1, 2, 3):
        await desk.journal.append(nth(number))

    await desk.journal.finish(
        [
            DeliveryResult(nth(1).id, DeliveryState.INTERPRETED),
            DeliveryResult(nth(3).id, DeliveryState.FAILED, "not JSON"),
        ]
    )

    assert await ids_waiting(desk) == [an_id(2)]
    failed = await desk.journal.delivery(nth(3).id)
    assert failed is not None
    assert (failed.state, failed.reason, failed.body) == (DeliveryState.FAILED, "not JSON", b"3")


async def test_finishing_nothing_or_the_unknown_changes_nothing(desk: Desk) -> None:
    await desk.journal.append(nth(1))

    await desk.journal.finish([])
    await desk.journal.finish([DeliveryResult(nth(2).id, DeliveryState.INTERPRETED)])

    assert await ids_waiting(desk) == [an_id(1)]
    assert await desk.journal.delivery(nth(2).id) is None


async def test_a_transaction_finishes_deliveries_together_with_what_they_made(desk: Desk) -> None:
    await desk.journal.append(nth(1))

    with suppress(DeskOnFire):
        async with desk.store.transaction(ACME) as tx:
            tx.finish(DeliveryResult(nth(1).id, DeliveryState.INTERPRETED))
            raise DeskOnFire
    assert await ids_waiting(desk) == [an_id(1)]

    async with desk.store.transaction(ACME) as tx:
        tx.finish(DeliveryResult(nth(1).id, DeliveryState.IGNORED, "an unknown number"))
    assert await ids_waiting(desk) == []
    ignored = await desk.journal.delivery(nth(1).id)
    assert ignored is not None
    assert (ignored.state, ignored.reason) == (DeliveryState.IGNORED, "an unknown number")


async def given_one_of_each(desk: Desk) -> None:
    states = (DeliveryState.INTERPRETED, DeliveryState.FAILED, DeliveryState.IGNORED, DeliveryState.FAILED)
    for number, state in enumerate(states, 1):
        await desk.journal.append(nth(number))
        await desk.journal.finish([DeliveryResult(nth(number).id, state, "because")])


async def test_those_in_a_state_are_put_back(desk: Desk) -> None:
    await given_one_of_each(desk)

    assert await desk.journal.again({DeliveryState.FAILED}) == 2

    assert await desk.journal.waiting(10) == [nth(2), nth(4)]


async def test_several_states_are_put_back_together(desk: Desk) -> None:
    await given_one_of_each(desk)

    assert await desk.journal.again([DeliveryState.IGNORED, DeliveryState.INTERPRETED]) == 2

    assert await ids_waiting(desk) == [an_id(1), an_id(3)]


async def test_named_ones_are_put_back_alone(desk: Desk) -> None:
    await given_one_of_each(desk)

    assert await desk.journal.again((), [nth(1).id, nth(4).id, nth(9).id]) == 2

    assert await ids_waiting(desk) == [an_id(1), an_id(4)]


async def test_what_is_put_back_is_hinted(desk: Desk) -> None:
    await given_one_of_each(desk)

    async with desk.bus.listen(JOURNAL) as hints:
        await desk.journal.again({DeliveryState.FAILED})

        await asyncio.wait_for(anext(hints), 5)


async def test_the_counts_say_how_many_stand_in_each_state(desk: Desk) -> None:
    await given_one_of_each(desk)
    await desk.journal.append(nth(5))

    counts = await desk.journal.counts()

    assert {state: counts.get(state, 0) for state in DeliveryState} == {
        DeliveryState.WAITING: 1,
        DeliveryState.INTERPRETED: 1,
        DeliveryState.FAILED: 2,
        DeliveryState.IGNORED: 1,
    }


async def test_the_numbers_that_deliveries_name_are_told_with_how_many_name_each(desk: Desk) -> None:
    one, two = PhoneNumberId("1"), PhoneNumberId("2")
    ignored = DeliveryState.IGNORED
    for number, state, numbers in (
        (1, ignored, (one,)),
        (2, ignored, (one, two)),
        (3, ignored, ()),
        (4, ignored, (one,)),
    ):
        await desk.journal.append(replace(nth(number), numbers=numbers, state=state))
    await desk.journal.append(replace(nth(5), numbers=(two,)))

    assert await desk.journal.named_in(ignored, NOON) == {one: 3, two: 1}
    assert await desk.journal.named_in(ignored, NOON + 2 * MINUTE) == {one: 2, two: 1}
    assert await desk.journal.named_in(DeliveryState.FAILED, NOON) == {}
