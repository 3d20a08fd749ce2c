"""The month's conversations: when it turns, what counts, what is given back."""

from calendar import monthrange
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.error_codes import ErrorCode
from domain.errors import QuotaExceeded
from domain.ids import EntryId, MessageId, PeriodId
from domain.people.organizations import is_time_zone
from domain.quota import (
    ALLOWANCE_WINDOW,
    DEFAULT_LIMIT,
    UNVERIFIED_ALLOWANCE,
    Allowance,
    Entry,
    Period,
    allowance,
    begin_today,
    charge,
    limited_anew,
    month_begun_in,
    month_of,
    refund,
    user_initiated_counts,
    warning,
)
from tests.builders import DAY, HOUR, NOON, a_period, an_entry, an_id

INSTANT = timedelta(microseconds=1)
FOUR_YEARS = [(2023 + month // 12, month % 12 + 1) for month in range(48)]

ZONES = (
    "UTC",
    "Europe/Warsaw",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "America/Santiago",
    "America/Asuncion",
    "America/Havana",
    "America/St_Johns",
    "America/Nuuk",
    "America/Scoresbysund",
    "Atlantic/Azores",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "Asia/Amman",
    "Asia/Beirut",
    "Asia/Damascus",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Pyongyang",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Australia/Adelaide",
    "Australia/Eucla",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Europe/Chisinau",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Fakaofo",
    "Pacific/Kiritimati",
    "Pacific/Kwajalein",
    "Pacific/Marquesas",
    "Pacific/Norfolk",
    "Pacific/Tongatapu",
)


def subscribed_on(day: int) -> date:
    return date(2023, 1, day)


def months_from(at: datetime, day: int, zone: str, count: int) -> list[tuple[datetime, datetime]]:
    """The month that holds an instant and those after it, each found by asking for the end of the one before."""
    months = [month_of(at, subscribed_on(day), zone)]
    while len(months) < count:
        months.append(month_of(months[-1][1], subscribed_on(day), zone))
    return months


def assert_no_day_is_in_two_months_or_in_none(months: list[tuple[datetime, datetime]], day: int, zone: str) -> None:
    for starts_at, ends_at in months:
        assert starts_at < ends_at
        assert month_of(starts_at, subscribed_on(day), zone) == (starts_at, ends_at)
        assert month_of(ends_at - INSTANT, subscribed_on(day), zone) == (starts_at, ends_at)
    for (_, end), (start, _) in pairwise(months):
        assert end == start


# When the month turns


@pytest.mark.parametrize("day", range(1, 32))
def test_no_day_is_in_two_periods_or_in_none_whatever_day_the_subscription_began(day: int) -> None:
    months = months_from(datetime(2023, 1, 31, 12, tzinfo=UTC), day, "UTC", 48)

    assert_no_day_is_in_two_months_or_in_none(months, day, "UTC")
    for offset in range(1400):
        noon = datetime(2023, 2, 1, 12, tzinfo=UTC) + offset * DAY
        holding = [month for month in months if month[0] <= noon < month[1]]
        assert holding == [month_of(noon, subscribed_on(day), "UTC")]


@pytest.mark.parametrize("day", range(1, 32))
def test_the_month_turns_on_the_subscriptions_day_or_the_last_day_of_a_shorter_month(day: int) -> None:
    for year, month in FOUR_YEARS:
        last_day = (date(year + month // 12, month % 12 + 1, 1) - DAY).day
        turn = datetime(year, month, min(day, last_day), tzinfo=UTC)

        assert month_of(turn, subscribed_on(day), "UTC")[0] == turn
        assert month_of(turn - INSTANT, subscribed_on(day), "UTC")[1] == turn


def test_a_subscription_of_the_31st_turns_at_the_end_of_february_and_returns_to_its_day() -> None:
    turns = [start for start, _ in months_from(datetime(2024, 1, 31, tzinfo=UTC), 31, "UTC", 5)]

    assert [turn.date().isoformat() for turn in turns] == [
        "2024-01-31",
        "2024-02-29",
        "2024-03-31",
        "2024-04-30",
        "2024-05-31",
    ]


def test_a_subscription_of_28_october_turns_on_every_28th_at_midnight_in_its_zone() -> None:
    starts_at, ends_at = month_of(datetime(2026, 11, 20, 12, tzinfo=UTC), date(2023, 10, 28), "Europe/Warsaw")

    assert starts_at == datetime(2026, 10, 27, 23, tzinfo=UTC)  # 28 October 00:00, winter time since the 25th
    assert ends_at == datetime(2026, 11, 27, 23, tzinfo=UTC)


@pytest.mark.parametrize("zone", ZONES)
def test_clock_changes_and_odd_offsets_leave_no_gap_and_no_overlap(zone: str) -> None:
    for day in (1, 15, 26, 29, 30, 31):
        months = months_from(datetime(2021, 1, 20, 12, tzinfo=UTC), day, zone, 73)

        assert_no_day_is_in_two_months_or_in_none(months, day, zone)
        for starts_at, _ in months:
            before, turned = ((starts_at - early).astimezone(ZoneInfo(zone)) for early in (INSTANT, timedelta()))
            assert before.date() < turned.date()


@pytest.mark.parametrize(
    ("zone", "day", "turn"),
    [
        # Midnight was skipped: the month turns at the first instant there was, 01:00.
        ("America/Sao_Paulo", 4, datetime(2018, 11, 4, 3, tzinfo=UTC)),
        ("Asia/Beirut", 29, datetime(2026, 3, 28, 22, tzinfo=UTC)),
        # The whole of 30 December 2011 was skipped.
        ("Pacific/Apia", 30, datetime(2011, 12, 30, 10, tzinfo=UTC)),
        ("Pacific/Apia", 31, datetime(2011, 12, 30, 10, tzinfo=UTC)),
        # A quarter of an hour is an offset too.
        ("Asia/Kathmandu", 15, datetime(2026, 5, 14, 18, 15, tzinfo=UTC)),
        # Midnight came twice: the first of them counts.
        ("America/Havana", 1, datetime(2026, 11, 1, 4, tzinfo=UTC)),
    ],
)
def test_the_month_turns_at_local_midnight_or_the_first_instant_after_it(zone: str, day: int, turn: datetime) -> None:
    assert month_of(turn, subscribed_on(day), zone)[0] == turn
    assert month_of(turn - INSTANT, subscribed_on(day), zone)[1] == turn


def test_an_evening_that_came_twice_belongs_to_one_month() -> None:
    """Newfoundland's clocks went from 00:01 on 1 November 2009 back to 23:01 on 31 October."""
    midnight = datetime(2009, 11, 1, 2, 30, tzinfo=UTC)
    second_evening = midnight + timedelta(minutes=31)

    month = month_of(midnight, subscribed_on(1), "America/St_Johns")

    assert month[0] == midnight
    assert month_of(second_evening, subscribed_on(1), "America/St_Johns") == month


EVERY_ZONE = sorted(filter(is_time_zone, available_timezones()))


@given(
    year=st.integers(1970, 2100),
    day=st.integers(1, 31),
    hours=st.integers(0, 366 * 24),
    zone=st.sampled_from(EVERY_ZONE),
)
def test_the_months_of_any_year_zone_and_day_tile_time(year: int, day: int, hours: int, zone: str) -> None:
    """Each begins where the one before ends, on its day, or on the first that there was after it."""
    months = months_from(datetime(year, 1, 1, tzinfo=UTC) + hours * HOUR, day, zone, 14)

    assert_no_day_is_in_two_months_or_in_none(months, day, zone)
    for starts_at, ends_at in months:
        assert timedelta(days=26) < ends_at - starts_at < timedelta(days=33)
        before, turned = (at.astimezone(ZoneInfo(zone)) for at in (starts_at - INSTANT, starts_at))
        assert before.date() < turned.date()
        wanted = min(day, monthrange(turned.year, turned.month)[1])
        assert turned.day == wanted or (turned.date() - before.date()).days > 1, "a day that there never was"
    begun = [(start.astimezone(ZoneInfo(zone)).year, start.astimezone(ZoneInfo(zone)).month) for start, _ in months]
    assert len(set(begun)) == len(begun), "two began in one month of the calendar"
    assert [month_begun_in(*each, subscribed_on(day), zone) for each in begun] == months


# What counts


@pytest.mark.parametrize(
    ("zone", "cut_off"),
    [
        ("UTC", datetime(2024, 11, 1, tzinfo=UTC)),
        ("Europe/Warsaw", datetime(2024, 10, 31, 23, tzinfo=UTC)),
        ("America/New_York", datetime(2024, 11, 1, 4, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2024, 10, 31, 18, 15, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(2024, 10, 31, 10, tzinfo=UTC)),
    ],
)
def test_replies_counted_until_midnight_of_1_november_2024_where_the_organization_is(
    zone: str, cut_off: datetime
) -> None:
    assert user_initiated_counts(cut_off - INSTANT, zone)
    assert not user_initiated_counts(cut_off, zone)
    assert not user_initiated_counts(cut_off + INSTANT, zone)


def test_the_default_limits_are_those_of_the_product() -> None:
    assert (DEFAULT_LIMIT, UNVERIFIED_ALLOWANCE) == (1000, 50)


@pytest.mark.parametrize(
    ("used", "goes", "warned_at"),
    [(0, True, 0), (998, True, 80), (999, True, 100), (1000, False, 0), (1001, False, 0)],
)
def test_the_conversation_that_reaches_the_limit_is_the_last_to_go(used: int, goes: bool, warned_at: int) -> None:
    period = a_period(used=used)

    after = charge(period, 1000)

    assert after == (a_period(used=used + 1, warned_at=warned_at) if goes else QuotaExceeded(1000, period.ends_at))


def test_a_limit_of_nothing_lets_nothing_go() -> None:
    period = a_period(used=0)

    assert charge(period, 0) == QuotaExceeded(0, period.ends_at, ErrorCode.QUOTA_EXCEEDED)


def test_a_refund_gives_the_unit_back_and_keeps_the_entry() -> None:
    period, entry = a_period(used=3), an_entry()

    assert refund(period, entry, NOON + HOUR) == (replace(period, used=2), replace(entry, refunded_at=NOON + HOUR))


def test_a_failure_told_twice_is_refunded_once() -> None:
    given_back = refund(a_period(used=3), an_entry(), NOON)
    assert given_back is not None

    assert refund(*given_back, NOON + HOUR) is None


# The moving day


def test_nothing_taken_leaves_the_whole_day() -> None:
    assert allowance(50, [], NOON) == Allowance(50, 0, NOON)


@pytest.mark.parametrize(
    ("age", "used"),
    [
        (ALLOWANCE_WINDOW - INSTANT, 1),
        (ALLOWANCE_WINDOW, 0),
        (ALLOWANCE_WINDOW + INSTANT, 0),
    ],
)
def test_a_unit_comes_back_exactly_24_hours_after_it_was_taken(age: timedelta, used: int) -> None:
    assert allowance(50, [NOON - age], NOON).used == used


def test_the_day_gets_room_again_when_its_oldest_unit_leaves() -> None:
    taken = [NOON - 2 * HOUR, NOON - 5 * HOUR, NOON - 30 * HOUR]

    assert allowance(50, taken, NOON) == Allowance(50, 2, NOON + 19 * HOUR)


def test_a_verified_business_may_have_no_limit_and_is_counted_all_the_same() -> None:
    assert allowance(None, [NOON], NOON) == Allowance(None, 1, NOON + DAY)


def test_with_room_in_the_day_one_more_begins() -> None:
    assert begin_today(2, [NOON - HOUR], NOON) is None
    assert begin_today(2, [NOON - HOUR, NOON - DAY], NOON) is None, "exactly a day ago is not today"
    assert begin_today(None, [NOON] * 1000, NOON) is None


@pytest.mark.parametrize(("limit", "leaves"), [(4, 20), (3, 15), (1, 1)])
def test_there_is_room_when_as_many_have_left_the_day_as_were_too_many(limit: int, leaves: int) -> None:
    taken = [NOON - hours * HOUR for hours in (1, 20, 10, 15)]

    assert begin_today(limit, taken, NOON) == QuotaExceeded(
        limit, NOON + DAY - leaves * HOUR, ErrorCode.DAILY_ALLOWANCE_EXCEEDED
    )


def test_who_may_begin_none_is_told_to_ask_again_in_a_day() -> None:
    assert begin_today(0, [], NOON) == QuotaExceeded(0, NOON + DAY, ErrorCode.DAILY_ALLOWANCE_EXCEEDED)


# What is told of its use


@pytest.mark.parametrize(
    ("before", "told"),
    [(798, None), (799, 80), (800, None), (998, None), (999, 100)],
)
def test_a_warning_comes_at_80_and_at_100_per_cent(before: int, told: int | None) -> None:
    period = charged(a_period(used=before - 1), 1000)

    assert warning(period, charged(period, 1000)) == told


def charged(period: Period, limit: int) -> Period:
    after = charge(period, limit)
    assert isinstance(after, Period)
    return after


def test_a_limit_of_one_warns_of_its_end_at_once() -> None:
    assert warning(a_period(), charged(a_period(), 1)) == 100


def test_what_was_given_back_and_taken_again_warns_once() -> None:
    period = charged(a_period(used=799), 1000)
    given_back = refund(period, an_entry(), NOON)
    assert given_back is not None

    again = charged(given_back[0], 1000)

    assert again == period
    assert warning(given_back[0], again) is None


def test_a_month_warns_of_both_or_of_the_higher_where_one_step_reaches_both() -> None:
    period, told = a_period(), list[int | None]()
    for _ in range(10):
        period, before = charged(period, 10), period
        told.append(warning(before, period))

    assert told == [None] * 7 + [80, None, 100]


@pytest.mark.parametrize(
    ("limit", "told", "next_one"),
    [(2000, None, None), (1000, None, None), (901, None, 100), (900, 100, None), (10, 100, None), (0, 100, None)],
)
def test_another_limit_tells_what_it_reaches_by_itself_and_what_is_reached_anew(
    limit: int, told: int | None, next_one: int | None
) -> None:
    period = a_period(used=900, warned_at=80)

    limited = limited_anew(period, limit)

    assert warning(period, limited) == told
    assert (limited.used, limited.starts_at) == (period.used, period.starts_at)
    after = charge(limited, limit)
    assert (warning(limited, after) if isinstance(after, Period) else None) == next_one


def test_a_raised_limit_will_be_warned_of_when_it_is_reached() -> None:
    raised = limited_anew(a_period(used=1000, warned_at=100), 1250)

    assert warning(raised, charged(raised, 1250)) is None, "80 per cent are used already"
    doubled = limited_anew(a_period(used=1599, warned_at=100), 2000)
    assert warning(doubled, charged(doubled, 2000)) == 80


# The ledger, against a list that is obviously right


class Ledger(RuleBasedStateMachine):
    """One organization's months: units taken, given back, once or several times, in this month or a later one."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.limit = 5
        self.periods: dict[datetime, Period] = {}
        self.entries: list[Entry] = []
        self.limits_at_taking: list[tuple[int, int]] = []

    def period(self) -> Period:
        starts_at, ends_at = month_of(self.now, subscribed_on(31), "America/Sao_Paulo")
        new = a_period(PeriodId(an_id(len(self.periods))), starts_at=starts_at, ends_at=ends_at)
        return self.periods.setdefault(starts_at, new)

    @rule()
    def take(self) -> None:
        period = self.period()
        unrefunded = sum(entry.period == period.id and entry.refunded_at is None for entry in self.entries)

        after = charge(period, self.limit)

        if unrefunded >= self.limit:
            assert after == QuotaExceeded(self.limit, period.ends_at)
            return
        assert isinstance(after, Period), "one was refused that was free"
        self.periods[period.starts_at] = after
        number = len(self.entries)
        message = MessageId(an_id(number))
        self.entries.append(an_entry(EntryId(an_id(number)), period=period.id, at=self.now, message=message))
        self.limits_at_taking.append((after.used, self.limit))

    @precondition(lambda self: bool(self.entries))
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.entries) - 1))
        entry = self.entries[index]
        period = next(each for each in self.periods.values() if each.id == entry.period)

        given_back = refund(period, entry, self.now)

        assert (given_back is None) is (entry.refunded_at is not None)
        if given_back is not None:
            self.periods[period.starts_at], self.entries[index] = given_back

    @rule(days=st.integers(0, 20))
    def tick(self, days: int) -> None:
        self.now += days * DAY

    @rule(limit=st.integers(0, 8))
    def change_limit(self, limit: int) -> None:
        self.limit = limit

    @invariant()
    def used_is_the_sum_of_what_was_not_given_back(self) -> None:
        for period in self.periods.values():
            entries = [entry for entry in self.entries if entry.period == period.id]
            assert period.used == sum(entry.refunded_at is None for entry in entries)
            assert all(period.starts_at <= entry.at < period.ends_at for entry in entries)

    @invariant()
    def no_unit_was_ever_taken_beyond_the_limit_of_its_moment(self) -> None:
        assert all(used <= limit for used, limit in self.limits_at_taking)


TestLedger = Ledger.TestCase
