"""A problem of a number begins, changes and ends, in the order in which it was told."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.channels.channels import Channel, ChannelState, Problem, ProblemCode
from domain.channels.health.cannot_send import problem_in
from domain.channels.health.problems import begun, disproved, ended, expired, looks_alike, problem_of, stopped_by
from tests.builders import HOUR, MINUTE, NOON, a_channel

LOW = Problem(ProblemCode.QUALITY_LOW, "Low.", "Send less.", NOON)
LOCKED = Problem(ProblemCode.ACCOUNT_LOCKED, "Locked.", "Ask.", NOON)


def with_(*problems: Problem) -> Channel:
    channel = a_channel()
    for problem in problems:
        channel = begun(channel, problem, problem.since)
    return channel


def test_a_problem_told_again_is_the_same_and_told_otherwise_has_changed() -> None:
    later = NOON + HOUR
    again = begun(with_(LOW), replace(LOW, since=later), later)
    assert looks_alike(again, with_(LOW))

    worse = begun(again, replace(LOW, message="Lower.", since=later), later)
    [problem] = worse.problems
    assert (problem.since, problem.changed_at, problem.message) == (NOON, later, "Lower.")


def test_problems_of_different_codes_stand_side_by_side_and_end_by_themselves() -> None:
    both = with_(LOW, LOCKED)

    assert ended(both, LOCKED.code, NOON).problems == (LOW,)
    assert ended(both, ProblemCode.BANNED, NOON).problems == (LOW, LOCKED)


@pytest.mark.parametrize(
    ("problems", "state"),
    [
        ((), ChannelState.CONNECTED),
        ((LOW,), ChannelState.CONNECTED),
        ((LOW, LOCKED), ChannelState.DEGRADED),
        ((replace(LOW, stops_sending=True),), ChannelState.DEGRADED),
    ],
)
def test_a_number_is_degraded_while_something_stops_it(problems: tuple[Problem, ...], state: ChannelState) -> None:
    assert with_(*problems).state is state


def test_a_number_that_is_disconnected_stays_so() -> None:
    gone = replace(with_(LOCKED), state=ChannelState.DISCONNECTED)

    assert ended(gone, LOCKED.code, NOON).state is ChannelState.DISCONNECTED


def test_the_oldest_that_stops_it_is_the_reason() -> None:
    older = Problem(ProblemCode.BANNED, "Shut.", "Ask.", NOON - HOUR)

    assert stopped_by(with_(LOW, LOCKED, older)) == older
    assert stopped_by(with_(LOW)) is None


def test_a_token_is_valid_unless_it_is_told_not_to_be() -> None:
    invalid = Problem(ProblemCode.TOKEN_INVALID, "Dead.", "Renew.", NOON)

    assert with_(LOW).token_valid is True
    assert with_(invalid).token_valid is False
    assert ended(with_(invalid), invalid.code, NOON).token_valid is True


def test_what_has_an_end_is_over_then_and_does_not_begin_after_it() -> None:
    until = replace(LOW, expires_at=NOON + HOUR)

    assert expired(with_(until), NOON + HOUR - timedelta(microseconds=1)).problems == (until,)
    assert expired(with_(until), NOON + HOUR).problems == ()
    assert begun(a_channel(), until, NOON + HOUR) == a_channel()
    assert expired(with_(LOW), NOON + HOUR) == with_(LOW)


def test_a_message_that_was_taken_disproves_what_stopped_the_number_before_it_left() -> None:
    channel = with_(LOW, replace(LOCKED, since=NOON + MINUTE))

    assert disproved(channel, NOON).problems == channel.problems
    assert disproved(channel, NOON + MINUTE).problems == (LOW,)


def test_what_is_older_than_the_end_of_a_problem_is_no_news() -> None:
    over = ended(with_(LOW), LOW.code, NOON + HOUR)

    assert problem_of(begun(over, replace(LOW, since=NOON + MINUTE), NOON + 2 * HOUR), LOW.code) is None
    assert problem_of(begun(over, replace(LOW, since=NOON + HOUR), NOON + HOUR), LOW.code) is not None
    assert ended(with_(LOW), LOW.code, NOON - MINUTE) == with_(LOW)


_TOLD = st.lists(st.booleans(), min_size=1, max_size=6).flatmap(lambda each: st.permutations(list(enumerate(each))))


@settings(max_examples=60)
@given(told=_TOLD)
def test_in_whatever_order_it_comes_the_newest_told_counts(told: list[tuple[int, bool]]) -> None:
    """Each is the minute of the teller's clock, and whether it was told as over."""
    channel = a_channel()
    for minute, is_over in told:
        at = NOON + minute * MINUTE
        begins = replace(LOW, told_at=at, since=NOON + HOUR, message=f"Told at {minute}.")
        channel = ended(channel, LOW.code, at) if is_over else begun(channel, begins, NOON + HOUR)

    newest, is_over = max(told)
    found = problem_of(channel, LOW.code)
    assert (found is None) is is_over
    assert found is None or found.message == f"Told at {newest}."


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (None, None),
        (0, ProblemCode.TOKEN_INVALID),
        (199, None),
        (200, ProblemCode.PERMISSION_MISSING),
        (299, ProblemCode.PERMISSION_MISSING),
        (300, None),
        (131026, None),
        (131031, ProblemCode.ACCOUNT_LOCKED),
        (131042, ProblemCode.PAYMENT_PROBLEM),
        (131045, ProblemCode.NOT_REGISTERED),
        (133010, ProblemCode.NOT_REGISTERED),
    ],
)
def test_a_code_tells_of_the_number_or_of_something_else(code: int | None, problem: ProblemCode | None) -> None:
    assert problem_in(code) is problem
