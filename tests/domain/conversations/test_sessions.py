"""The 24 hours after the contact last wrote, at every edge."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.conversations.sessions import (
    WARNING,
    WINDOW,
    Alarm,
    AlarmKind,
    Session,
    SessionState,
    after_inbound,
    next_alarm,
    run_start,
    state_of,
)
from domain.ids import MessageId
from domain.use_cases.marks import sane_time
from tests.builders import DAY, HOUR, MINUTE, NOON, a_session

INSTANT = timedelta(microseconds=1)
FIRST = MessageId("m1")
SECOND = MessageId("m2")


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (NOON - INSTANT, False),
        (NOON, True),
        (NOON + INSTANT, True),
        (NOON + WINDOW - timedelta(milliseconds=1), True),
        (NOON + WINDOW - INSTANT, True),
        (NOON + WINDOW, False),
        (NOON + WINDOW + INSTANT, False),
    ],
)
def test_a_session_holds_from_the_message_up_to_but_not_including_24_hours(moment: datetime, is_open: bool) -> None:
    session = a_session(NOON)

    assert session.is_open(moment) is is_open
    assert state_of(session, moment) is (SessionState.OPEN if is_open else SessionState.CLOSED)


def test_a_contact_who_never_wrote_has_no_session() -> None:
    assert state_of(None, NOON) is SessionState.NEVER_OPENED


def test_a_session_ends_24_hours_after_the_newest_message_and_not_after_the_first() -> None:
    session = a_session(NOON, last_at=NOON + 5 * HOUR)

    assert session.expires_at == NOON + 29 * HOUR


def test_the_first_message_opens_a_session() -> None:
    assert after_inbound(None, FIRST, NOON) == Session(NOON, NOON, FIRST)


@pytest.mark.parametrize(
    ("written_at", "opened_at"),
    [
        (NOON + INSTANT, NOON),
        (NOON + 5 * HOUR, NOON),
        (NOON + WINDOW - INSTANT, NOON),
        (NOON + WINDOW, NOON + WINDOW),
        (NOON + WINDOW + INSTANT, NOON + WINDOW + INSTANT),
    ],
)
def test_a_message_inside_the_session_extends_it_and_one_at_its_end_opens_another(
    written_at: datetime, opened_at: datetime
) -> None:
    after = after_inbound(a_session(NOON, last_by=FIRST), SECOND, written_at)

    assert after == Session(opened_at, written_at, SECOND)


def test_two_messages_of_one_instant_leave_the_session_to_the_first() -> None:
    session = a_session(NOON, last_by=FIRST)

    assert after_inbound(session, SECOND, NOON) == session


@pytest.mark.parametrize(
    ("written_at", "opened_at"),
    [
        (NOON - INSTANT, NOON - INSTANT),
        (NOON - WINDOW + INSTANT, NOON - WINDOW + INSTANT),
        (NOON - WINDOW, NOON),
        (NOON - WINDOW - INSTANT, NOON),
        (NOON - 30 * DAY, NOON),
    ],
)
def test_a_late_message_never_moves_the_end_and_joins_the_run_when_less_than_24_hours_lie_between(
    written_at: datetime, opened_at: datetime
) -> None:
    session = a_session(NOON, last_at=NOON + 3 * HOUR, last_by=FIRST)

    after = after_inbound(session, SECOND, written_at)

    assert after == Session(opened_at, NOON + 3 * HOUR, FIRST)


def test_a_late_message_from_the_middle_of_the_run_changes_nothing() -> None:
    session = a_session(NOON, last_at=NOON + 3 * HOUR, last_by=FIRST)

    assert after_inbound(session, SECOND, NOON + HOUR) == session


def test_a_run_without_earlier_messages_begins_with_its_own() -> None:
    assert run_start(NOON, []) == NOON


def test_a_run_goes_back_as_long_as_less_than_24_hours_lie_between_two_messages() -> None:
    near = NOON - WINDOW + INSTANT
    nearer_still = near - HOUR
    too_far = nearer_still - WINDOW
    beyond = too_far - HOUR

    assert run_start(NOON, [near, nearer_still, too_far, beyond]) == nearer_still
    assert run_start(NOON, [near, nearer_still]) == nearer_still
    assert run_start(NOON, [NOON - WINDOW]) == NOON


def test_a_session_is_spoken_of_an_hour_before_its_end_and_again_at_its_end() -> None:
    session = a_session(NOON)
    end = NOON + WINDOW

    assert next_alarm(session, NOON, warned=False) == Alarm(AlarmKind.EXPIRING, end - WARNING)
    assert next_alarm(session, end - WARNING, warned=True) == Alarm(AlarmKind.EXPIRED, end)


@pytest.mark.parametrize("warned", [False, True])
def test_a_session_that_ended_has_nothing_more_to_say(warned: bool) -> None:
    session = a_session(NOON)

    assert next_alarm(session, NOON + WINDOW - INSTANT, warned=warned) is not None
    assert next_alarm(session, NOON + WINDOW, warned=warned) is None


# Random histories against a model that is obviously right

OFFSETS = st.integers(-4 * 24 * 60, 4 * 24 * 60).map(lambda minutes: minutes * MINUTE)
ARRIVALS = st.lists(st.tuples(OFFSETS, st.sampled_from([timedelta(), -DAY, -HOUR, HOUR, 10 * DAY])), min_size=1)


def remembered_instants(history: list[datetime], before: datetime) -> list[datetime]:
    return sorted((at for at in history if at < before), reverse=True)


def received(history: list[tuple[timedelta, timedelta]]) -> tuple[Session, list[datetime]]:
    """The session after messages in the order of arrival, each (when it arrived, how wrong its clock is)."""
    session: Session | None = None
    stood: list[datetime] = []
    for index, (offset, skew) in enumerate(history):
        arrived_at = NOON + offset
        at = sane_time(arrived_at + skew, arrived_at)
        before, session = session, after_inbound(session, MessageId(f"m{index}"), at)
        if before is not None and session.opened_at < before.opened_at:
            begun = run_start(session.opened_at, remembered_instants(stood, session.opened_at))
            session = Session(begun, session.last_at, session.last_by)
        stood.append(at)
    assert session is not None
    return session, stood


@given(ARRIVALS)
def test_whatever_the_order_the_session_ends_24_hours_after_the_newest_time(
    history: list[tuple[timedelta, timedelta]],
) -> None:
    session, stood = received(history)

    assert session.expires_at == max(stood) + WINDOW


@given(ARRIVALS)
def test_whatever_the_order_the_session_began_with_the_first_message_of_the_unbroken_run(
    history: list[tuple[timedelta, timedelta]],
) -> None:
    session, stood = received(history)

    begun = max(stood)
    while earlier := [at for at in stood if begun - WINDOW < at < begun]:
        begun = min(earlier)
    assert session.opened_at == begun


@given(ARRIVALS, st.data())
def test_messages_told_again_change_nothing(history: list[tuple[timedelta, timedelta]], data: st.DataObject) -> None:
    repeats = data.draw(st.lists(st.sampled_from(history)))

    once, _ = received(history)
    again, _ = received([*history, *repeats])

    assert (again.opened_at, again.expires_at) == (once.opened_at, once.expires_at)


@given(ARRIVALS)
def test_a_clock_that_runs_ahead_never_keeps_a_session_open_longer_than_24_hours_after_arrival(
    history: list[tuple[timedelta, timedelta]],
) -> None:
    session, _ = received(history)

    assert session.expires_at <= max(NOON + offset for offset, _ in history) + WINDOW
