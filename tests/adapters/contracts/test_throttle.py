"""The throttle: no more than so many of one name in any stretch of so many seconds."""

from datetime import timedelta

import pytest

from adapters.memory import MemoryThrottle
from domain.ports import Throttle
from tests.builders import FixedClock


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(params=["memory"])
def throttle(request: pytest.FixtureRequest, clock: FixedClock) -> Throttle:
    return {"memory": MemoryThrottle}[request.param](clock)


async def test_as_many_as_allowed_pass_and_the_next_is_told_how_long_to_wait(
    throttle: Throttle, clock: FixedClock
) -> None:
    assert await throttle.take("ada", 2, 60) is None
    clock.advance(timedelta(seconds=20))
    assert await throttle.take("ada", 2, 60) is None
    clock.advance(timedelta(seconds=10))

    assert await throttle.take("ada", 2, 60) == 30


async def test_who_waits_as_long_as_told_passes(throttle: Throttle, clock: FixedClock) -> None:
    for _ in range(3):
        await throttle.take("ada", 3, 10)

    clock.advance(timedelta(seconds=10) - timedelta(microseconds=1))
    wait = await throttle.take("ada", 3, 10)
    assert wait == pytest.approx(1e-6)

    clock.advance(timedelta(microseconds=1))
    assert await throttle.take("ada", 3, 10) is None


async def test_what_was_refused_does_not_count(throttle: Throttle, clock: FixedClock) -> None:
    await throttle.take("ada", 1, 60)
    for _ in range(10):
        clock.advance(timedelta(seconds=5))
        await throttle.take("ada", 1, 60)

    clock.advance(timedelta(seconds=10))

    assert await throttle.take("ada", 1, 60) is None


async def test_the_window_moves(throttle: Throttle, clock: FixedClock) -> None:
    passed = 0
    for _ in range(100):
        clock.advance(timedelta(seconds=1))
        passed += await throttle.take("ada", 5, 10) is None

    assert passed == 50


async def test_each_name_counts_for_itself(throttle: Throttle) -> None:
    assert await throttle.take("ada", 1, 60) is None
    assert await throttle.take("bob", 1, 60) is None
    assert await throttle.take("ada", 1, 60) == 60


async def test_a_limit_of_nothing_lets_nothing_pass(throttle: Throttle) -> None:
    assert await throttle.take("ada", 0, 60) == 60


async def test_a_clock_set_back_makes_nobody_wait_longer_than_the_window(throttle: Throttle, clock: FixedClock) -> None:
    await throttle.take("ada", 1, 60)

    clock.advance(timedelta(days=-1))

    assert await throttle.take("ada", 1, 60) == 60


async def test_a_flood_of_names_is_forgotten_from_the_quietest_on(clock: FixedClock) -> None:
    throttle = MemoryThrottle(clock, names_kept=3)
    for name in ("ada", "bob", "eve"):
        await throttle.take(name, 1, 60)

    assert await throttle.take("ada", 1, 60) == 60
    await throttle.take("new", 1, 60)

    assert await throttle.take("ada", 1, 60) == 60
    assert await throttle.take("bob", 1, 60) is None
