"""A transaction that collided with another is tried again as a whole; what was rolled back left no trace."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain.error_codes import ErrorCode
from domain.errors import Unavailable
from domain.ports.deliveries import DeliveryState
from domain.use_cases import again
from domain.use_cases.outbound.sending.send import SendText, send_text
from tests.builders import HOUR
from tests.domain.log_check import TRIES
from tests.domain.one_desk import AGENT, Desk, granted, open_desk, refused_as


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
    kept = await desk.ports.webhook_inbox.delivery(delivery)
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


# Every use case


USE_CASES = Path(again.__file__).parent
OUTSIDE = frozenset({"network", "media", "sounds", "scanner", "interpreter", "throttle"})
"""Ports whose calls are not taken back when a transaction is."""


def functions() -> Iterator[tuple[str, ast.AsyncFunctionDef]]:
    for path in sorted(USE_CASES.glob("**/*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.AsyncFunctionDef):
                yield f"{path.name}: {node.name}", node


def called(function: ast.AsyncFunctionDef) -> set[tuple[str, str]]:
    """What a function asks of its ports, as (port, method)."""
    return {
        (node.value.attr, node.attr)
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and isinstance(node.value.value, ast.Name)
        and node.value.value.id == "ports"
    }


def is_tried_again(function: ast.AsyncFunctionDef) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "again_on_collision" for each in function.decorator_list)


def test_no_use_case_opens_a_transaction_that_is_not_tried_again() -> None:
    opening = {name: node for name, node in functions() if ("store", "transaction") in called(node)}

    assert len(opening) > 30, "they are looked for in the wrong place"
    assert [name for name, node in opening.items() if not is_tried_again(node)] == []


def test_what_is_tried_again_does_nothing_outside_the_database() -> None:
    tried = {name: node for name, node in functions() if is_tried_again(node)}

    assert [name for name, node in tried.items() if any(port in OUTSIDE for port, _ in called(node))] == []
