"""The throttle: so many of a name in so many seconds, and how long to wait for the next."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from adapters.memory import MemoryThrottle
from adapters.redis import RedisThrottle, read_address
from domain.ports import Throttle
from tests.builders import FixedClock

WINDOW_S = 0.3  # real seconds where the clock is Redis's own


@dataclass(frozen=True, slots=True)
class Limits:
    throttle: Throttle
    passed: Callable[[float], Awaitable[None]]  # waits so many seconds of the throttle's clock

    async def take(self, name: str, limit: int) -> float | None:
        return await self.throttle.take(name, limit, WINDOW_S)


@pytest.fixture(params=["memory", "redis"])
async def limits(request: pytest.FixtureRequest, redis_namespace: str) -> AsyncIterator[Limits]:
    clock = FixedClock()
    memory = MemoryThrottle(clock)
    if request.param == "memory":

        async def passed(seconds: float) -> None:
            clock.advance(timedelta(seconds=seconds))

        yield Limits(memory, passed)
        return
    address = read_address(request.getfixturevalue("redis_url"))
    async with RedisThrottle(address, memory, redis_namespace).running() as throttle:
        yield Limits(throttle, asyncio.sleep)
        assert throttle.tally.alone == 0


async def test_as_many_as_the_limit_pass_and_the_next_is_told_to_wait(limits: Limits) -> None:
    assert [await limits.take("anna@acme.example", 3) for _ in range(3)] == [None, None, None]

    wait_s = await limits.take("anna@acme.example", 3)

    assert wait_s is not None
    assert 0 < wait_s <= WINDOW_S


async def test_waiting_the_told_seconds_is_enough(limits: Limits) -> None:
    await limits.take("anna@acme.example", 1)
    wait_s = await limits.take("anna@acme.example", 1)
    assert wait_s is not None

    await limits.passed(wait_s)

    assert await limits.take("anna@acme.example", 1) is None


async def test_what_was_refused_does_not_count(limits: Limits) -> None:
    await limits.take("anna@acme.example", 1)
    first_s = await limits.take("anna@acme.example", 1)

    later_s = await limits.take("anna@acme.example", 1)

    assert first_s is not None
    assert later_s is not None
    assert later_s <= first_s


async def test_the_window_moves_and_frees_one_place_at_a_time(limits: Limits) -> None:
    await limits.take("anna@acme.example", 2)
    await limits.passed(WINDOW_S / 2)
    await limits.take("anna@acme.example", 2)

    wait_s = await limits.take("anna@acme.example", 2)
    assert wait_s is not None
    assert wait_s <= WINDOW_S / 2
    await limits.passed(wait_s)

    assert await limits.take("anna@acme.example", 2) is None
    assert await limits.take("anna@acme.example", 2) is not None


async def test_one_name_does_not_slow_another(limits: Limits) -> None:
    await limits.take("anna@acme.example", 1)

    assert await limits.take("bela@acme.example", 1) is None


async def test_a_limit_of_none_lets_nobody_through(limits: Limits) -> None:
    assert await limits.take("anna@acme.example", 0) == WINDOW_S


async def test_many_at_once_share_the_places(limits: Limits) -> None:
    answers = await asyncio.gather(*(limits.take("anna@acme.example", 5) for _ in range(40)))

    assert answers.count(None) == 5


@pytest.mark.parametrize("name", ["", "\x00", "ä {x} 日本 \ud800", "n" * 100_000])
async def test_any_name_can_be_limited(limits: Limits, name: str) -> None:
    assert await limits.take(name, 1) is None
    assert await limits.take(name, 1) is not None
