"""Time and names from the machine."""

import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from adapters.system import FollowingClock, SystemClock, SystemIds
from tests.builders import HOUR, NOON, FixedClock


def test_the_clock_tells_now_in_utc() -> None:
    now = SystemClock().now()

    assert now.tzinfo is UTC
    assert abs(now - datetime.fromtimestamp(time.time(), UTC)) < timedelta(seconds=5)


def test_ids_rise_also_when_many_are_made_in_one_millisecond() -> None:
    ids = SystemIds()

    made = [ids.new() for _ in range(20_000)]

    assert all(before < after for before, after in pairwise(made))


def test_ids_rise_also_when_the_machines_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = SystemIds()
    first = ids.new()

    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000)

    assert ids.new() > first


def test_an_id_is_a_uuid_of_version_7_that_tells_its_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    id = UUID(SystemIds().new())

    assert (id.version, id.variant) == (7, "specified in RFC 4122")
    assert before <= id.int >> 80 <= time.time_ns() // 1_000_000


def test_secrets_differ_and_can_stand_in_a_link() -> None:
    ids = SystemIds()

    made = {ids.secret() for _ in range(1000)}

    assert len(made) == 1000
    assert all(len(secret) >= 22 and secret.replace("-", "").replace("_", "").isalnum() for secret in made)


async def test_a_clock_follows_whoever_it_asks_and_goes_on_by_one_that_is_never_set() -> None:
    machine, steady = FixedClock(NOON + HOUR), [50.0]
    clock = FollowingClock(machine, lambda: steady[0])
    assert clock.now() == NOON + HOUR  # nobody told it yet

    async def the_database() -> datetime:
        steady[0] += 2
        return NOON

    await clock.ask(the_database)
    machine.advance(-3 * HOUR)
    steady[0] += 10

    assert clock.now() == NOON + timedelta(seconds=1 + 10)


async def test_where_there_is_nobody_to_ask_it_is_the_machines_time() -> None:
    machine = FixedClock(NOON)
    clock = FollowingClock(machine)

    async def nobody() -> None:
        return None

    await clock.ask(nobody)
    machine.advance(HOUR)

    assert clock.now() == NOON + HOUR
