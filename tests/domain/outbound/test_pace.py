"""How fast a number may send and a person be sent to, and what slows it down."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.outbound.outbox import CLOCKS_DIFFER
from domain.outbound.pace import (
    PAIR_BURST,
    PAIR_EVERY,
    PROBE_EVERY,
    RECOVERS_EVERY,
    SLOWEST,
    SPAM_HOLD,
    THROUGHPUT,
    RateState,
    at_rest,
    believed,
    burst,
    for_channel,
    free,
    free_at,
    gap,
    pair_free_at,
    pair_taken,
    pair_used_up,
    running,
    share,
    slowed_down,
    slowness,
    spread,
    stopped,
    taken,
    templates_are_held,
    together,
    without_templates,
)
from tests.builders import MINUTE, NOON, a_channel, a_pace

SECOND = timedelta(seconds=1)
NO_WAIT = timedelta(0)


def may_leave(pace: RateState, now: datetime, *, template: bool = False) -> int:
    return free(pace, now, template=template)


def sent_as_fast_as_it_may(pace: RateState, count: int, since: datetime = NOON) -> list[datetime]:
    """The instants at which so many messages leave, each as soon as it may."""
    at, instants = since, list[datetime]()
    while len(instants) < count:
        at = free_at(pace, at, 1, template=False)
        assert may_leave(pace, at) > 0, "what is promised holds"
        instants.append(at)
        pace = taken(pace, at)
    return instants


def most_within(instants: list[datetime], span: timedelta) -> int:
    return max(sum(start <= at < start + span for at in instants) for start in instants)


# ---------------------------------------------------------------- a number


@pytest.mark.parametrize("per_second", [1, 5, 20, 80, 1000])
def test_a_number_never_sends_more_in_a_second_than_the_network_takes(per_second: int) -> None:
    instants = sent_as_fast_as_it_may(a_pace(per_second=per_second), min(3 * per_second, 400) + 3)

    assert most_within(instants, SECOND) <= per_second


@given(st.lists(st.floats(0, 2), min_size=1, max_size=120), st.sampled_from([20, 80]))
def test_no_second_is_ever_too_full_however_messages_come(waits: list[float], per_second: int) -> None:
    pace, at, instants = a_pace(per_second=per_second), NOON, list[datetime]()
    for wait in waits:
        at += timedelta(seconds=wait) if wait > 1.5 else NO_WAIT
        at = free_at(pace, at, 1, template=False)
        pace = taken(pace, at)
        instants.append(at)

    assert most_within(instants, SECOND) <= per_second


def test_it_uses_three_quarters_of_what_the_network_takes() -> None:
    instants = sent_as_fast_as_it_may(a_pace(), 601)

    assert instants[-1] - instants[0] == pytest.approx((600 - burst(a_pace())) / 60 * SECOND, abs=SECOND / 10)


def test_the_throughput_is_what_the_network_told_last() -> None:
    channel = a_channel(throughput_per_second=20)

    assert at_rest(channel, NOON).per_second == 20
    assert at_rest(replace(channel, throughput_per_second=None), NOON).per_second == THROUGHPUT
    assert for_channel(None, channel, NOON) == at_rest(channel, NOON)
    expected = replace(a_pace(per_second=20, slowed=1, slowed_at=NOON), as_of=NOON)
    assert for_channel(a_pace(slowed=1, slowed_at=NOON), channel, NOON) == expected


def test_what_a_clock_said_that_was_set_back_since_holds_nothing() -> None:
    later = NOON + timedelta(hours=1)
    held = replace(
        a_pace(slowed=2, slowed_at=later), next_at=later, not_before=later, templates_not_before=later, as_of=later
    )

    assert believed(held, later) == held == believed(held, later - CLOCKS_DIFFER)
    free_again = believed(held, NOON)
    assert free(free_again, NOON, template=True) == burst(free_again)
    assert (slowness(free_again, NOON), slowness(held, NOON)) == (2, 2)
    assert believed(replace(held, slowed_at=None), NOON).slowed_at is None


def test_a_person_waits_no_longer_than_a_whole_burst_takes_whatever_a_clock_said() -> None:
    far = NOON + timedelta(hours=1)

    assert pair_free_at(far, NOON) == NOON
    assert pair_taken(far, NOON) == NOON + PAIR_EVERY
    assert pair_free_at(pair_used_up(NOON), NOON) > NOON


@given(st.integers(0, 40), st.integers(1, 24), st.integers(0, 2000))
def test_so_many_may_leave_as_is_promised_and_not_before(used: int, wanted: int, later_ms: int) -> None:
    pace = a_pace()
    for _ in range(used):
        pace = taken(pace, NOON)
    wanted = min(wanted, burst(pace))
    now = NOON + timedelta(milliseconds=later_ms)

    at = free_at(pace, now, wanted, template=False)

    assert may_leave(pace, at) >= wanted
    assert at == now or may_leave(pace, at - timedelta(milliseconds=1)) < wanted


def test_a_quiet_number_saves_no_more_than_its_burst() -> None:
    pace = taken(a_pace(), NOON)

    assert may_leave(pace, NOON + 10 * MINUTE) == burst(pace)
    assert may_leave(pace, NOON) == burst(pace) - 1


def test_a_busy_number_sends_a_few_at_a_time_and_a_slow_one_each_alone() -> None:
    assert together(a_pace(), NOON) == 4
    assert together(a_pace(per_second=20), NOON) == 1
    assert together(a_pace(per_second=1000), NOON) == 52
    assert together(a_pace(slowed=SLOWEST, slowed_at=NOON), NOON) == 1


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_replies_go_first_and_templates_are_never_forgotten(places: int, replies: int, templates: int) -> None:
    replying, sending = share(places, replies, templates)

    assert 0 <= replying <= replies
    assert 0 <= sending <= templates
    assert replying + sending == min(places, replies + templates)
    assert replying >= min(replies, places - 1)
    assert sending >= 1 or not templates or places <= min(1, replies)


# ---------------------------------------------------------------- slowed down


def test_a_refusal_holds_the_number_and_then_halves_its_pace() -> None:
    pace = slowed_down(taken(a_pace(), NOON), NOON, NO_WAIT)

    assert pace.not_before is not None
    assert NOON + 2 * SECOND <= pace.not_before <= NOON + 3 * SECOND
    assert may_leave(pace, pace.not_before - timedelta(microseconds=1)) == 0
    assert free_at(pace, NOON, 1, template=False) == pace.not_before
    assert may_leave(pace, pace.not_before) > 0
    assert gap(pace, pace.not_before) == 2 * gap(a_pace(), NOON)


def test_what_was_on_its_way_when_the_number_was_held_slows_it_no_further() -> None:
    once = slowed_down(a_pace(), NOON, NO_WAIT)

    assert slowed_down(once, NOON + SECOND, NO_WAIT) == once
    longer = slowed_down(once, NOON + SECOND, MINUTE)
    assert (longer.not_before, longer.slowed) == (NOON + SECOND + MINUTE, 1)


def test_the_network_may_say_how_long() -> None:
    assert slowed_down(a_pace(), NOON, timedelta(seconds=90)).not_before == NOON + timedelta(seconds=90)


@given(st.integers(1, 30))
def test_a_number_is_at_its_own_pace_again_within_two_minutes(refusals: int) -> None:
    pace, now = a_pace(), NOON
    for _ in range(refusals):
        now = free_at(pace, now, 1, template=False)
        pace = slowed_down(taken(pace, now), now, NO_WAIT)

    assert slowness(pace, now) <= SLOWEST
    assert slowness(pace, now + 2 * MINUTE) == 0
    assert may_leave(pace, now + 2 * MINUTE) == burst(pace)
    assert free_at(pace, now, 1, template=False) <= now + timedelta(seconds=25)


def test_it_recovers_step_by_step() -> None:
    pace = a_pace(slowed=2, slowed_at=NOON)

    assert [slowness(pace, NOON + n * RECOVERS_EVERY) for n in (-1, 0, 1, 2, 9)] == [2, 2, 1, 0, 0]


def test_pauses_are_spread_so_that_what_failed_together_does_not_come_back_together() -> None:
    pauses = {spread(MINUTE, str(number)) for number in range(50)}

    assert len(pauses) > 25
    assert all(MINUTE <= pause <= 1.5 * MINUTE for pause in pauses)


def test_a_number_that_people_report_sends_no_templates_for_a_while_and_replies_still() -> None:
    pace = without_templates(a_pace(), NOON, NO_WAIT)

    assert (templates_are_held(a_pace(), NOON), templates_are_held(pace, NOON)) == (False, True)
    assert may_leave(pace, NOON, template=True) == 0
    assert may_leave(pace, NOON) == burst(pace)
    assert free_at(pace, NOON, 1, template=True) == NOON + SPAM_HOLD
    assert may_leave(pace, NOON + SPAM_HOLD, template=True) > 0
    assert without_templates(pace, NOON + MINUTE, 3 * SPAM_HOLD).templates_not_before == NOON + MINUTE + 3 * SPAM_HOLD
    assert without_templates(pace, NOON - MINUTE, NO_WAIT).templates_not_before == NOON + SPAM_HOLD


def test_a_stopped_number_asks_once_a_minute_with_one_message() -> None:
    pace = stopped(a_pace(), NOON)
    probes = sent_as_fast_as_it_may(pace, 5)

    assert [later - earlier for earlier, later in pairwise(probes)] == [PROBE_EVERY] * 4
    assert probes[0] == NOON + PROBE_EVERY
    assert (may_leave(pace, probes[0]), together(pace, probes[0])) == (1, 1)
    assert running(taken(pace, probes[0])).not_before is None
    assert may_leave(running(pace), NOON) == burst(pace)


# ---------------------------------------------------------------- one person


def test_to_one_person_a_burst_goes_at_once_and_then_one_in_six_seconds() -> None:
    next_at, now, instants = None, NOON, list[datetime]()
    for _ in range(200):
        now = pair_free_at(next_at, now)
        next_at = pair_taken(next_at, now)
        instants.append(now)

    assert [at for at in instants if at == NOON] == [NOON] * PAIR_BURST
    assert {later - earlier for earlier, later in pairwise(instants[PAIR_BURST - 1 :])} == {PAIR_EVERY}


@given(st.lists(st.integers(0, 400), max_size=150))
def test_a_person_never_gets_more_than_the_network_lets_through(waits: list[int]) -> None:
    """The network's own bucket: 45 at most, one back in six seconds."""
    next_at, now, left, filled_at = None, NOON, 45.0, NOON
    for wait in waits:
        now = pair_free_at(next_at, now + (timedelta(seconds=wait) if wait > 300 else NO_WAIT))
        next_at = pair_taken(next_at, now)
        left, filled_at = min(45.0, left + (now - filled_at) / PAIR_EVERY), now
        assert left >= 1, "one too many"
        left -= 1


def test_whom_the_network_calls_flooded_gets_one_in_six_seconds_from_then_on() -> None:
    next_at = pair_used_up(NOON)

    assert pair_free_at(next_at, NOON) == NOON + PAIR_EVERY
    assert pair_free_at(pair_taken(next_at, NOON + PAIR_EVERY), NOON + PAIR_EVERY) == NOON + 2 * PAIR_EVERY
    assert pair_free_at(None, NOON) == NOON
