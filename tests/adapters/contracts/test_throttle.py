"""The throttle: so many of a name in so many seconds, and how long to wait for the next."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from adapters.memory import MemoryThrottle
from adapters.memory.lots import WAITING_MOST
from adapters.redis import RedisThrottle, read_address
from domain.ports.system import Throttle
from tests.adapters.redis.desk import told
from tests.builders import FixedClock

WINDOW_S = 600.0  # longer than any test takes: where the clock is Redis's own, it goes on meanwhile

# Redis's clock can't be set: what it noted is put back instead, which comes to the same.
PUT_BACK = """
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
    for place, at in ipairs(redis.call('LRANGE', key, 0, -1)) do
        redis.call('LSET', key, place - 1, string.format('%.0f', at - ARGV[2]))
    end
end
return 1
"""


@dataclass(frozen=True, slots=True)
class Limits:
    throttle: Throttle
    passed: Callable[[float], Awaitable[None]]  # so many seconds of the throttle's clock

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
    url = request.getfixturevalue("redis_url")

    async def put_back(seconds: float) -> None:
        assert await told(url, ("EVAL", PUT_BACK, 0, f"{{{redis_namespace}:*", round(seconds * 1e6))) == [1]

    async with RedisThrottle(read_address(url), memory, redis_namespace).running() as throttle:
        yield Limits(throttle, put_back)
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


async def test_what_is_given_back_was_never_taken(limits: Limits) -> None:
    for _ in range(5):
        assert await limits.take("anna@acme.example", 2) is None
        await limits.throttle.give_back("anna@acme.example")

    assert [await limits.take("anna@acme.example", 2) for _ in range(2)] == [None, None]
    assert await limits.take("anna@acme.example", 2) is not None


async def test_the_newest_is_given_back(limits: Limits) -> None:
    await limits.take("anna@acme.example", 2)
    await limits.passed(WINDOW_S / 2)
    await limits.take("anna@acme.example", 2)
    await limits.throttle.give_back("anna@acme.example")
    await limits.take("anna@acme.example", 2)

    wait_s = await limits.take("anna@acme.example", 2)

    assert wait_s is not None
    assert wait_s <= WINDOW_S / 2, "until the oldest leaves"


async def test_what_was_never_taken_can_be_given_back(limits: Limits) -> None:
    await limits.throttle.give_back("anna@acme.example")

    assert await limits.take("anna@acme.example", 1) is None
    assert await limits.take("anna@acme.example", 1) is not None


async def test_turns_come_one_after_another(limits: Limits) -> None:
    async def turn(patience_s: float) -> bool:
        return await limits.throttle.turn("anna@acme.example", 60.0, patience_s)

    assert await turn(60.0), "the first at once"
    assert not await turn(0.01), "and the second not for a minute"
    assert await limits.throttle.turn("bela@acme.example", 60.0, 0.01)


async def test_everybody_who_waits_long_enough_has_a_turn(limits: Limits) -> None:
    turns = (limits.throttle.turn("anna@acme.example", 0.001, 60.0) for _ in range(WAITING_MOST))

    assert await asyncio.gather(*turns) == [True] * WAITING_MOST
    assert await limits.throttle.turn("anna@acme.example", 0.001, 60.0), "and so has who comes later"


async def test_of_too_many_who_wait_some_give_up(limits: Limits) -> None:
    turns = (limits.throttle.turn("anna@acme.example", 0.001, 60.0) for _ in range(10 * WAITING_MOST))

    assert (await asyncio.gather(*turns)).count(True) == WAITING_MOST + 1


async def test_a_turn_is_not_lost_on_who_has_gone(limits: Limits) -> None:
    await limits.throttle.turn("anna@acme.example", 0.02, 60.0)
    gone = [asyncio.create_task(limits.throttle.turn("anna@acme.example", 0.02, 60.0)) for _ in range(5)]
    await asyncio.sleep(0)
    for task in gone:
        task.cancel()

    assert await limits.throttle.turn("anna@acme.example", 0.02, 60.0)


# The table of one process, which is bounded


async def test_names_made_up_do_not_push_out_who_is_being_guessed_at() -> None:
    throttle = MemoryThrottle(FixedClock(), names_kept=100)
    for _ in range(3):
        await throttle.take("anna@acme.example", 3, 900)

    for number in range(10_000):
        await throttle.take(f"junk {number}", 3, 900)

    assert await throttle.take("anna@acme.example", 3, 900) is not None


async def test_of_names_beyond_the_bound_as_many_are_remembered_as_there_may_be() -> None:
    throttle = MemoryThrottle(FixedClock(), names_kept=100)

    for number in range(1_000):
        await throttle.take(f"junk {number}", 1, 900)

    # Whoever asks anew for what is remembered is refused, which changes nothing.
    remembered = [number for number in range(900, 1_000) if await throttle.take(f"junk {number}", 1, 900) is not None]
    assert remembered == list(range(900, 1_000))
    assert await throttle.take("junk 0", 1, 900) is None


async def test_a_new_name_is_counted_in_a_table_full_of_old_ones() -> None:
    throttle = MemoryThrottle(FixedClock(), names_kept=100)
    for number in range(100):
        for _ in range(5):
            await throttle.take(f"junk {number}", 5, 900)

    assert [await throttle.take("anna@acme.example", 2, 900) for _ in range(2)] == [None, None]
    assert await throttle.take("anna@acme.example", 2, 900) is not None


async def test_what_ran_out_goes_before_anything_else() -> None:
    clock = FixedClock()
    throttle = MemoryThrottle(clock, names_kept=100)
    for number in range(99):
        for _ in range(5):
            await throttle.take(f"of yesterday {number}", 5, 900)
    clock.advance(timedelta(seconds=900))
    await throttle.take("anna@acme.example", 1, 900)

    for number in range(60):
        await throttle.take(f"new {number}", 5, 900)

    assert await throttle.take("anna@acme.example", 1, 900) is not None


async def test_a_clock_that_is_set_back_makes_nobody_wait_longer_than_a_window() -> None:
    clock = FixedClock()
    throttle = MemoryThrottle(clock)
    await throttle.take("anna@acme.example", 1, 900)
    clock.advance(-timedelta(hours=1))

    assert await throttle.take("anna@acme.example", 1, 900) == 900
    clock.advance(timedelta(seconds=900))

    assert await throttle.take("anna@acme.example", 1, 900) is None
