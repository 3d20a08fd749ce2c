"""The bus: hints that something moved on."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.memory import MemoryBus
from adapters.redis import RedisBus, read_address
from domain.ports.hints import OUTBOX, WEBHOOK_INBOX, Bus
from tests.builders import ACME, GLOBEX


@pytest.fixture(params=["memory", "redis"])
async def bus(request: pytest.FixtureRequest, redis_namespace: str) -> AsyncIterator[Bus]:
    if request.param == "memory":
        yield MemoryBus()
        return
    async with RedisBus(read_address(request.getfixturevalue("redis_url")), redis_namespace).running() as bus:
        assert bus.healthy
        yield bus


async def test_a_hint_reaches_every_listener_of_its_topic(bus: Bus) -> None:
    async with bus.listen(ACME) as one, bus.listen(ACME) as other:
        bus.hint(ACME, 7)

        assert await anext(one) == 7
        assert await anext(other) == 7


async def test_a_listener_that_waits_is_woken(bus: Bus) -> None:
    async with bus.listen(WEBHOOK_INBOX) as hints:
        waiting = asyncio.ensure_future(anext(hints))
        await asyncio.sleep(0)
        assert not waiting.done()

        bus.hint(WEBHOOK_INBOX)

        assert await waiting == 0


async def test_hints_that_wait_become_one_the_highest(bus: Bus) -> None:
    async with bus.listen(ACME) as hints:
        for position in (3, 9, 4):
            bus.hint(ACME, position)

        assert await anext(hints) == 9

        bus.hint(ACME, 5)
        assert await anext(hints) == 5


async def test_nobody_hears_of_another_topic(bus: Bus) -> None:
    async with bus.listen(ACME) as acme, bus.listen(OUTBOX) as outbox:
        bus.hint(GLOBEX, 1)
        bus.hint(OUTBOX)
        bus.hint(ACME, 2)

        assert await anext(acme) == 2
        assert await anext(outbox) == 0


async def test_a_hint_before_listening_is_lost_and_one_to_nobody_is_harmless(bus: Bus) -> None:
    bus.hint(ACME, 1)

    async with bus.listen(ACME) as hints:
        bus.hint(ACME, 2)
        assert await anext(hints) == 2

    bus.hint(ACME, 3)


async def test_who_left_hears_no_more(bus: Bus) -> None:
    async with bus.listen(ACME) as hints:
        waiting = asyncio.ensure_future(anext(hints, None))
        await asyncio.sleep(0)
    bus.hint(ACME, 1)

    assert await waiting is None
    assert [position async for position in hints] == []


async def test_giving_up_the_wait_loses_no_later_hint(bus: Bus) -> None:
    async with bus.listen(ACME) as hints:
        impatient = asyncio.ensure_future(anext(hints))
        await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.wait([impatient])

        bus.hint(ACME, 4)

        assert await anext(hints) == 4


async def test_listening_leaves_no_task_behind(bus: Bus) -> None:
    before = asyncio.all_tasks()

    async with bus.listen(ACME) as hints:
        bus.hint(ACME, 1)
        await anext(hints)

    assert asyncio.all_tasks() == before
