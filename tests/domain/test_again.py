"""A transaction that collided with another is tried again as a whole; what was rolled back left no trace."""

from dataclasses import replace

import pytest

from domain.errors import ErrorCode, Unavailable
from domain.ports import DeliveryState
from domain.use_cases.send import SendText, send_text
from tests.builders import HOUR
from tests.domain.desk import AGENT, Desk, granted, open_desk, refused_as
from tests.domain.log_check import TRIES


@pytest.fixture
async def desk() -> Desk:
    desk = await open_desk()
    await desk.wrote()
    return desk


async def test_what_collides_a_few_times_is_done_once(desk: Desk) -> None:
    desk.store.collisions = TRIES - 1
    later = desk.later(HOUR)

    message = await desk.reply("Good day")

    assert await desk.texts() == ["Hello", "Good day"]
    assert (desk.store.pauses, message.at) == ([1, 2, 3], later)


async def test_what_collides_too_often_is_for_later_and_left_no_trace(desk: Desk) -> None:
    before = await desk.state()
    thread = await desk.thread()
    desk.store.collisions = TRIES

    with pytest.raises(Unavailable):
        await send_text(desk.ports, AGENT, SendText(thread.id, "Good day", idempotency_key="once"))

    assert await desk.state() == before
    assert granted(await send_text(desk.ports, AGENT, SendText(thread.id, "Ho", idempotency_key="once")))


async def test_a_refusal_is_an_answer_and_not_tried_again(desk: Desk) -> None:
    thread = await desk.thread()

    answer = await send_text(desk.ports, AGENT, SendText(replace(thread).id, " "))

    assert (refused_as(answer), desk.store.pauses) == (ErrorCode.INVALID, [])


async def test_deliveries_that_collide_are_applied_once_and_wait_where_it_goes_on_too_long(desk: Desk) -> None:
    delivery = await desk.deliver(desk.message("a"), desk.message("b"))
    desk.store.collisions = TRIES

    with pytest.raises(Unavailable):
        await desk.interpret()
    kept = await desk.ports.journal.delivery(delivery)
    assert kept is not None
    assert kept.state is DeliveryState.WAITING

    desk.store.collisions = TRIES - 1
    await desk.interpret()
    assert await desk.texts() == ["Hello", "a", "b"]


async def test_a_send_whose_settling_collides_is_settled_and_sent_once(desk: Desk) -> None:
    reply = await desk.reply()

    async def another_writer(_: object) -> None:
        desk.store.collisions = TRIES - 1

    desk.network.meanwhile = another_writer

    message = await desk.dispatch(reply)

    assert (message.status.value, len(desk.network.sent)) == ("SENT", 1)
