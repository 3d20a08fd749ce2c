"""The webhook inbox: webhook bodies as received, until somebody says what became of them."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from domain.claims import CLAIMED_FOR
from domain.ids import DeliveryId, PhoneNumberId
from domain.ports.deliveries import Delivery, DeliveryResult, DeliveryState, WebhookInbox
from domain.ports.hints import WEBHOOK_INBOX
from tests.adapters.contracts.desks import Desk
from tests.builders import ACME, DAY, DELIVERY, HOUR, MINUTE, NOON, a_delivery, an_id, an_update_record

MICROSECOND = timedelta(microseconds=1)


def nth(number: int) -> Delivery:
    return a_delivery(DeliveryId(an_id(number)), b"%d" % number, received_at=NOON + number * MINUTE)


async def ids_waiting(desk: Desk, limit: int = 100) -> list[str]:
    return [delivery.id for delivery in await desk.webhook_inbox.waiting(limit)]


async def test_a_body_is_kept_byte_for_byte(desk: Desk) -> None:
    numbers = (PhoneNumberId("106540352242922"), PhoneNumberId("2"))
    delivery = a_delivery(body=bytes(range(256)) + "żółw 🐢".encode(), numbers=numbers)

    await desk.webhook_inbox.append(delivery)

    assert await desk.webhook_inbox.delivery(DELIVERY) == delivery
    assert await desk.webhook_inbox.waiting(1) == [delivery]


async def test_an_empty_body_is_kept_too(desk: Desk) -> None:
    await desk.webhook_inbox.append(a_delivery(body=b""))

    assert await desk.webhook_inbox.waiting(1) == [a_delivery(body=b"")]


async def test_an_unknown_delivery_is_none(desk: Desk) -> None:
    assert await desk.webhook_inbox.delivery(DELIVERY) is None


async def test_the_oldest_come_first_and_no_more_than_asked_for(desk: Desk) -> None:
    for number in (3, 1, 2):
        await desk.webhook_inbox.append(nth(number))

    assert await ids_waiting(desk) == [an_id(1), an_id(2), an_id(3)]
    assert await ids_waiting(desk, limit=2) == [an_id(1), an_id(2)]


async def test_a_worker_claims_the_oldest_that_wait(desk: Desk) -> None:
    for number in (3, 1, 4, 2):
        await desk.webhook_inbox.append(nth(number))
    await desk.webhook_inbox.finish([DeliveryResult(nth(1).id, DeliveryState.INTERPRETED)])

    assert await desk.webhook_inbox.claim(2, NOON + CLAIMED_FOR) == [once(nth(2)), once(nth(3))]


def once(delivery: Delivery) -> Delivery:
    return replace(delivery, claims=delivery.claims + 1)


async def claimed(
    desk: Desk, worker: WebhookInbox | None = None, limit: int = 100, max_bytes: int = 1_000_000
) -> list[str]:
    deliveries = await (worker or desk.webhook_inbox).claim(limit, desk.clock.now() + CLAIMED_FOR, max_bytes)
    return [delivery.id for delivery in deliveries]


async def claims_of(desk: Desk, delivery: Delivery) -> int:
    kept = await desk.webhook_inbox.delivery(delivery.id)
    assert kept is not None
    return kept.claims


async def test_no_other_worker_gets_what_is_claimed_before_the_claim_has_run_out(desk: Desk) -> None:
    other = await desk.other_worker()
    await desk.webhook_inbox.append(nth(1))

    assert await claimed(desk) == [nth(1).id]
    desk.clock.advance(CLAIMED_FOR - MICROSECOND)
    assert await claimed(desk, other) == []
    desk.clock.advance(MICROSECOND)
    assert await claimed(desk, other) == [nth(1).id]


async def test_a_claim_that_is_renewed_does_not_run_out(desk: Desk) -> None:
    other = await desk.other_worker()
    await desk.webhook_inbox.append(nth(1))
    await claimed(desk)

    for _ in range(4):
        desk.clock.advance(CLAIMED_FOR / 2)
        assert await desk.webhook_inbox.renew([nth(1).id], desk.clock.now() + CLAIMED_FOR) == {nth(1).id}
        assert await claimed(desk, other) == []


async def test_what_was_lost_or_is_done_or_never_was_ones_own_is_not_renewed(desk: Desk) -> None:
    other = await desk.other_worker()
    for number in (1, 2, 3):
        await desk.webhook_inbox.append(replace(nth(number), numbers=(PhoneNumberId(str(number)),)))
    assert await claimed(desk, limit=2) == [nth(1).id, nth(2).id]
    await desk.webhook_inbox.finish([DeliveryResult(nth(2).id, DeliveryState.INTERPRETED)])
    desk.clock.advance(CLAIMED_FOR)
    assert await claimed(desk, other) == [nth(1).id]
    assert await claimed(desk, other) == [nth(3).id]

    everything = [nth(number).id for number in (1, 2, 3, 4)]
    assert await desk.webhook_inbox.renew(everything, desk.clock.now() + CLAIMED_FOR) == set()
    assert await other.renew(everything, desk.clock.now() + CLAIMED_FOR) == {nth(1).id, nth(3).id}


async def test_who_lost_a_delivery_has_no_word_any_more(desk: Desk) -> None:
    other = await desk.other_worker()
    await desk.webhook_inbox.append(nth(1))
    await claimed(desk)
    desk.clock.advance(CLAIMED_FOR)
    await claimed(desk, other)

    await desk.webhook_inbox.finish([DeliveryResult(nth(1).id, DeliveryState.FAILED, "too late")])
    assert await ids_waiting(desk) == [nth(1).id]
    await other.finish([DeliveryResult(nth(1).id, DeliveryState.INTERPRETED)])
    await desk.webhook_inbox.finish([DeliveryResult(nth(1).id, DeliveryState.FAILED, "and again")])
    assert await desk.webhook_inbox.counts() == {DeliveryState.INTERPRETED: 1}


async def test_every_claim_is_counted_until_somebody_puts_it_back(desk: Desk) -> None:
    await desk.webhook_inbox.append(nth(1))

    for times in (1, 2, 3, 4):
        [delivery] = await desk.webhook_inbox.claim(100, desk.clock.now() + CLAIMED_FOR)
        assert delivery.claims == times == await claims_of(desk, nth(1))
        desk.clock.advance(CLAIMED_FOR)

    await desk.webhook_inbox.again((), [nth(1).id])
    assert await claims_of(desk, nth(1)) == 0


async def test_one_that_was_claimed_without_an_end_is_claimed_alone_from_then_on(desk: Desk) -> None:
    for number in (1, 2, 3):
        await desk.webhook_inbox.append(nth(number))
    assert await claimed(desk, limit=2) == [nth(1).id, nth(2).id]
    desk.clock.advance(CLAIMED_FOR)

    for number in (1, 2, 3):
        assert await claimed(desk) == [nth(number).id]
        await desk.webhook_inbox.finish([DeliveryResult(nth(number).id, DeliveryState.INTERPRETED)])


async def test_a_claim_takes_no_more_bytes_than_asked_for_but_always_one_delivery(desk: Desk) -> None:
    for number in range(5):
        await desk.webhook_inbox.append(replace(nth(number), body=bytes(10)))

    assert await claimed(desk, max_bytes=5) == [nth(0).id]
    assert await claimed(desk, max_bytes=29) == [nth(1).id, nth(2).id]
    assert await claimed(desk, max_bytes=30) == [nth(3).id, nth(4).id]


async def test_what_one_number_has_waiting_never_stands_before_anothers(desk: Desk) -> None:
    a, b, c = (PhoneNumberId(name) for name in "abc")
    other = await desk.other_worker()
    for number in range(150):
        await desk.webhook_inbox.append(replace(nth(number), numbers=(a,)))
    for number, named in ((150, (a, b)), (151, (c,)), (152, (b,)), (153, ())):
        await desk.webhook_inbox.append(replace(nth(number), numbers=named))

    assert len(await claimed(desk, limit=10)) == 10
    assert await claimed(desk, other, limit=10) == [nth(151).id, nth(153).id]  # 152 shares b with one that waits for a


async def test_deliveries_of_one_number_are_with_one_worker_at_a_time(desk: Desk) -> None:
    other = await desk.other_worker()
    for number in range(1, 5):
        await desk.webhook_inbox.append(replace(nth(number), numbers=(PhoneNumberId(str(number % 2)),)))

    assert await claimed(desk, limit=1) == [nth(1).id]
    assert await claimed(desk, other) == [nth(2).id, nth(4).id]
    await desk.webhook_inbox.finish([DeliveryResult(nth(1).id, DeliveryState.INTERPRETED)])
    assert await claimed(desk, other) == [nth(3).id]


async def test_a_claim_by_a_clock_that_was_ahead_is_over_when_the_clock_is_set_back(desk: Desk) -> None:
    other = await desk.other_worker()
    await desk.webhook_inbox.append(nth(1))
    desk.clock.advance(HOUR)
    await claimed(desk)

    desk.clock.advance(-HOUR)

    assert await claimed(desk, other) == [nth(1).id]


async def test_it_tells_since_when_the_oldest_waits(desk: Desk) -> None:
    assert await desk.webhook_inbox.waiting_since() is None

    for number in (3, 1, 2):
        await desk.webhook_inbox.append(nth(number))
    await desk.webhook_inbox.finish([DeliveryResult(nth(1).id, DeliveryState.FAILED)])

    assert await desk.webhook_inbox.waiting_since() == NOON + 2 * MINUTE


async def test_many_at_a_time_are_all_kept(desk: Desk) -> None:
    await asyncio.gather(*(desk.webhook_inbox.append(nth(number)) for number in range(200)))

    assert await ids_waiting(desk, limit=1000) == [an_id(number) for number in range(200)]


async def test_a_body_that_came_is_hinted(desk: Desk) -> None:
    async with desk.bus.listen(WEBHOOK_INBOX) as hints:
        await desk.webhook_inbox.append(a_delivery())

        await asyncio.wait_for(anext(hints), 5)


async def test_what_is_finished_waits_no_more_and_keeps_its_reason(desk: Desk) -> None:
    for number in (1, 2, 3):
        await desk.webhook_inbox.append(nth(number))

    await desk.webhook_inbox.finish(
        [
            DeliveryResult(nth(1).id, DeliveryState.INTERPRETED),
            DeliveryResult(nth(3).id, DeliveryState.FAILED, "not JSON"),
        ]
    )

    assert await ids_waiting(desk) == [an_id(2)]
    failed = await desk.webhook_inbox.delivery(nth(3).id)
    assert failed is not None
    assert (failed.state, failed.reason, failed.body) == (DeliveryState.FAILED, "not JSON", b"3")


async def test_finishing_nothing_or_the_unknown_changes_nothing(desk: Desk) -> None:
    await desk.webhook_inbox.append(nth(1))

    await desk.webhook_inbox.finish([])
    await desk.webhook_inbox.finish([DeliveryResult(nth(2).id, DeliveryState.INTERPRETED)])

    assert await ids_waiting(desk) == [an_id(1)]
    assert await desk.webhook_inbox.delivery(nth(2).id) is None


async def given_one_of_each(desk: Desk) -> None:
    states = (DeliveryState.INTERPRETED, DeliveryState.FAILED, DeliveryState.IGNORED, DeliveryState.FAILED)
    for number, state in enumerate(states, 1):
        await desk.webhook_inbox.append(nth(number))
        await desk.webhook_inbox.finish([DeliveryResult(nth(number).id, state, "because")])


async def test_those_in_a_state_are_put_back(desk: Desk) -> None:
    await given_one_of_each(desk)

    assert await desk.webhook_inbox.again({DeliveryState.FAILED}) == 2

    assert await desk.webhook_inbox.waiting(10) == [nth(2), nth(4)]


async def test_several_states_are_put_back_together(desk: Desk) -> None:
    await given_one_of_each(desk)

    assert await desk.webhook_inbox.again([DeliveryState.IGNORED, DeliveryState.INTERPRETED]) == 2

    assert await ids_waiting(desk) == [an_id(1), an_id(3)]


async def test_named_ones_are_put_back_alone(desk: Desk) -> None:
    await given_one_of_each(desk)

    assert await desk.webhook_inbox.again((), [nth(1).id, nth(4).id, nth(9).id]) == 2

    assert await ids_waiting(desk) == [an_id(1), an_id(4)]


async def test_what_is_put_back_is_hinted(desk: Desk) -> None:
    await given_one_of_each(desk)

    async with desk.bus.listen(WEBHOOK_INBOX) as hints:
        await desk.webhook_inbox.again({DeliveryState.FAILED})

        await asyncio.wait_for(anext(hints), 5)


async def test_the_counts_say_how_many_stand_in_each_state(desk: Desk) -> None:
    await given_one_of_each(desk)
    await desk.webhook_inbox.append(nth(5))

    counts = await desk.webhook_inbox.counts()

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
        await desk.webhook_inbox.append(replace(nth(number), numbers=numbers, state=state))
    await desk.webhook_inbox.append(replace(nth(5), numbers=(two,)))

    assert await desk.webhook_inbox.named_in(ignored, NOON) == {one: 3, two: 1}
    assert await desk.webhook_inbox.named_in(ignored, NOON + 2 * MINUTE) == {one: 2, two: 1}
    assert await desk.webhook_inbox.named_in(DeliveryState.FAILED, NOON) == {}


async def test_deliveries_in_a_state_are_forgotten_the_oldest_first(desk: Desk) -> None:
    for number, state in enumerate([DeliveryState.INTERPRETED, DeliveryState.FAILED, DeliveryState.INTERPRETED]):
        at = NOON + number * MINUTE
        await desk.webhook_inbox.append(a_delivery(DeliveryId(an_id(number)), received_at=at, state=state))

    assert await desk.webhook_inbox.forget(DeliveryState.INTERPRETED, NOON, 10) == 0
    assert await desk.webhook_inbox.forget(DeliveryState.INTERPRETED, NOON + HOUR, 1) == 1
    assert await desk.webhook_inbox.delivery(DeliveryId(an_id(0))) is None
    assert await desk.webhook_inbox.forget(DeliveryState.INTERPRETED, NOON + HOUR, 10) == 1
    assert await desk.webhook_inbox.counts() == {DeliveryState.FAILED: 1}


async def test_a_delivery_is_kept_from_the_last_time_that_it_was_interpreted(desk: Desk) -> None:
    await desk.webhook_inbox.append(a_delivery(state=DeliveryState.INTERPRETED, received_at=NOON - 10 * DAY))
    await desk.given(an_update_record(at=NOON), organization=ACME)

    assert await desk.webhook_inbox.forget(DeliveryState.INTERPRETED, NOON, 10) == 0
    assert await desk.webhook_inbox.forget(DeliveryState.INTERPRETED, NOON + MINUTE, 10) == 1
