"""Where the month is heading: its own pace at first, then the rhythm of its weeks."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from math import exp
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.quota import HOURS_BEFORE, Forecast, Period, forecast, seen_from
from tests.builders import DAY, HOUR, NOON, a_period

SECOND = timedelta(seconds=1)
MONTH = a_period(starts_at=NOON, ends_at=NOON + 30 * DAY)
MUCH = 1_000_000


def as_of(at: datetime, by_hour: dict[int, int], *, limit: int = MUCH, month: Period = MONTH) -> Forecast:
    """The forecast at an instant, of the units by hours after the month began, those of before it below 0."""
    used = sum(units for hour, units in by_hour.items() if hour >= 0)
    return forecast(replace(month, used=used), limit, at, {HOURS_BEFORE + hour: by_hour[hour] for hour in by_hour})


def after(days: float, by_hour: dict[int, int], *, limit: int = MUCH, month: Period = MONTH) -> Forecast:
    """The forecast so many days after the month began, of the units that were taken until then."""
    so_far = {hour: units for hour, units in by_hour.items() if hour < days * 24}
    return as_of(month.starts_at + days * DAY, so_far, limit=limit, month=month)


def daily(*units: int) -> dict[int, int]:
    """So many units at the tenth hour of each day."""
    return {24 * day + 10: count for day, count in enumerate(units)}


# The first week


def test_a_week_that_is_not_over_goes_on_at_the_months_own_pace() -> None:
    assert after(3, daily(*[30] * 3)) == Forecast(900, None)


def test_the_pace_says_when_the_month_runs_out() -> None:
    assert after(3, daily(*[50] * 3), limit=1000) == Forecast(1500, NOON + 20 * DAY)


def test_a_month_without_use_or_just_begun_promises_nothing() -> None:
    assert forecast(MONTH, 1000, NOON + 3 * DAY, {}) == Forecast(0, None)
    assert forecast(MONTH, 1000, NOON + 10 * DAY, {}) == Forecast(0, None)
    assert forecast(replace(MONTH, used=7), 1000, NOON, {}) == Forecast(7, None)
    assert forecast(replace(MONTH, used=7), 1000, NOON - HOUR, {}) == Forecast(7, None)


@given(st.integers(1, 900), st.integers(1, 29))
def test_the_forecast_of_a_steady_month_is_within_a_tenth(a_month: int, day: int) -> None:
    by_hour = dict(Counter(720 * unit // a_month for unit in range(a_month)))

    projected = after(day, by_hour).projected_use

    assert abs(projected - a_month) <= max(0.1 * a_month, 31)  # on the first day, one conversation more or less is 30


# From the second week on


def test_each_day_to_come_counts_as_those_of_its_weekday_did() -> None:
    week = [10, 20, 30, 40, 50, 0, 0]
    assert after(7, daily(*week)) == Forecast(4 * 150 + 10 + 20, None)

    busier = [20, 40]  # two of the days twice as busy as a week before: so their average from here on
    assert after(9, daily(*week, *busier)) == Forecast(150 + 60 + 120 + 2 * (15 + 30 + 120) + 15 + 30, None)


def test_of_the_day_that_runs_only_what_is_left_of_it_is_expected() -> None:
    week = daily(*[10] * 7)

    assert after(7 + 9 / 24, week).projected_use == 300, "the busy hour of today comes yet"
    assert after(7 + 12 / 24, daily(*[10] * 8)).projected_use == 300, "it is over"
    assert after(7 + 12 / 24, week).projected_use == 70 + 19 * 10 + 3 * 5, "it was not busy, which counts"


def test_the_month_runs_out_in_the_hour_that_its_rhythm_says() -> None:
    weekdays = daily(*[70] * 5, 0, 0, *[70] * 3)

    assert after(10, weekdays, limit=700).exhausted_at == NOON + 11 * DAY + 11 * HOUR, "560, and two more days"
    a_day_and_a_half = NOON + 11 * DAY + 10.5 * HOUR
    assert after(10, weekdays, limit=665).exhausted_at == a_day_and_a_half, "in the middle of the hour that counts"
    assert after(10, weekdays, limit=701).exhausted_at == NOON + 14 * DAY + 10 * HOUR + 51 * SECOND, "after the weekend"


def test_a_use_that_reaches_the_limit_at_the_turn_never_runs_out() -> None:
    steady = dict.fromkeys(range(30 * 24), 1)

    assert after(15, steady, limit=720) == Forecast(720, None)
    assert after(15, steady, limit=719) == Forecast(720, MONTH.ends_at - HOUR)
    assert after(3, steady, limit=720) == Forecast(720, None)


def test_a_month_used_up_is_exhausted_now_and_goes_on_as_if_it_were_not() -> None:
    assert after(10, daily(*[100] * 10), limit=1000) == Forecast(3000, NOON + 10 * DAY)


def test_a_limit_lowered_below_what_is_used_is_exhausted_now_and_never_projects_less_than_used() -> None:
    assert forecast(replace(MONTH, used=10), 5, NOON, {}) == Forecast(10, NOON)
    assert forecast(replace(MONTH, used=10), 5, MONTH.ends_at, {0: 10}) == Forecast(10, MONTH.ends_at)


def test_a_short_month_may_end_in_the_middle_of_an_hour() -> None:
    """Where clocks change by half an hour, a month is no whole number of hours."""
    month = replace(MONTH, ends_at=NOON + 28 * DAY + timedelta(minutes=30))

    assert after(14, dict.fromkeys(range(14 * 24), 2), month=month) == Forecast(28 * 48 + 1, None)


# What is remembered of before


def test_the_rhythm_of_two_weeks_before_is_known_from_the_first_hour_on() -> None:
    before = {24 * day + 10: units for day, units in zip(range(-14, 0), [10, 20, 30, 40, 50, 0, 0] * 2, strict=True)}

    assert as_of(MONTH.starts_at, before) == Forecast(4 * 150 + 10 + 20, None)
    assert as_of(MONTH.starts_at, before, limit=100).exhausted_at == NOON + 3 * DAY + 11 * HOUR
    assert as_of(MONTH.starts_at - HOUR, before) == as_of(MONTH.starts_at, before), "a clock that is behind"


def test_of_a_ledger_that_began_with_its_first_unit_a_few_days_ago_only_those_days_are_looked_at() -> None:
    began_two_days_before = dict.fromkeys(range(-48, 24), 2)

    assert after(1, began_two_days_before) == Forecast(60 * 24, None)


def test_what_is_two_weeks_past_and_of_another_month_is_forgotten() -> None:
    busy_before, quiet_since = dict.fromkeys(range(-HOURS_BEFORE, 0), 50), dict.fromkeys(range(14 * 24), 1)

    assert after(14, busy_before | quiet_since) == Forecast(720, None)


def test_what_is_looked_at_begins_two_weeks_before_the_month() -> None:
    assert seen_from(MONTH) == NOON - 14 * DAY


def test_the_forecast_is_as_of_the_instant_it_is_asked_for() -> None:
    """What a clock that ran ahead wrote into hours to come is used, and is no rhythm."""
    ahead = dict.fromkeys(range(8 * 24), 1) | {20 * 24: 5}

    assert as_of(NOON + 8 * DAY, ahead).projected_use == 720 + 5


# A hundred months


MOST_OF_A_WEEK = (46, 43, 41, 42, 38, 15, 11)  # conversations expected from Monday to Sunday: about a thousand a month


def a_month(seed: int) -> tuple[Period, dict[int, int]]:
    """28 to 31 days from any weekday on, and two weeks before: each conversation by chance, most in hours of work."""
    chance = Random(seed)
    first, days = chance.randrange(7), chance.choice((28, 29, 30, 31))
    hours = [
        24 * day + min(23, max(0, round(chance.gauss(13, 3))))
        for day in range(-14, days)
        for _ in range(by_chance(chance, MOST_OF_A_WEEK[(first + day) % 7]))
    ]
    return replace(MONTH, ends_at=NOON + days * DAY), dict(Counter(hours))


def a_first_month(seed: int) -> tuple[Period, dict[int, int]]:
    """The same of a desk that is new, where each day differs by up to a fifth from what its weekday lets expect."""
    chance = Random(seed)
    first, days = chance.randrange(7), chance.choice((28, 29, 30, 31))
    units = [round(MOST_OF_A_WEEK[(first + day) % 7] * chance.uniform(0.8, 1.2)) for day in range(days)]
    return replace(MONTH, ends_at=NOON + days * DAY), daily(*units)


def by_chance(chance: Random, expected: float) -> int:
    """How many come of so many expected, each independent of the others (Poisson)."""
    count, left = 0, chance.random()
    while left > exp(-expected):
        count, left = count + 1, left * chance.random()
    return count


@pytest.mark.parametrize("made", [a_month, a_first_month])
def test_from_the_tenth_day_on_the_forecast_is_within_a_tenth_in_95_of_100_months(
    made: Callable[[int], tuple[Period, dict[int, int]]],
) -> None:
    right = dict.fromkeys((10, 11, 12, 13, 15, 18, 22, 27), 0)
    for seed in range(100):
        month, by_hour = made(seed)
        comes_to = used_of(by_hour)
        for day in right:
            hour = seed % 24
            projected = after(day + hour / 24, by_hour, month=month).projected_use
            right[day] += abs(projected - comes_to) <= 0.1 * comes_to

    assert min(right.values()) >= 95, right


def test_a_pace_that_knows_no_weeks_is_wrong_in_more_of_them() -> None:
    wrong = 0
    for seed in range(100):
        month, by_hour = a_month(seed)
        used = used_of({hour: units for hour, units in by_hour.items() if hour < 240})
        projected = used * ((month.ends_at - month.starts_at) / (10 * DAY))
        wrong += abs(projected - used_of(by_hour)) > 0.1 * used_of(by_hour)

    assert wrong > 10


def used_of(by_hour: dict[int, int]) -> int:
    return sum(units for hour, units in by_hour.items() if hour >= 0)
