"""Updates are named by where they stood, times are made sane, and a send is known by what came along with it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.conversations.status import Attempt, AttemptOutcome, Failure, MessageStatus
from domain.events import MessageStatusChanged
from domain.ids import MessageId, Wamid
from domain.updates import record_id
from domain.use_cases.marks import (
    after_report,
    attempt_of,
    callback_of,
    read_callback,
    sane_time,
    status_events,
)
from tests.builders import (
    DELIVERY,
    NOON,
    OUR_MESSAGE,
    THREAD,
    WAMID,
    a_mark,
    a_place,
    a_status_reported,
    an_outbound,
)

SECOND = timedelta(seconds=1)
OTHER = Wamid("wamid.other")


def test_an_update_is_named_by_its_delivery_and_its_place_there() -> None:
    assert record_id(a_place(7)) == f"{DELIVERY}:7"


@pytest.mark.parametrize(
    ("told", "stands_at"),
    [
        (NOON - SECOND, NOON - SECOND),
        (NOON, NOON),
        (NOON + SECOND, NOON),
        (NOON + timedelta(days=365), NOON),
        (datetime(2009, 1, 1, tzinfo=UTC), datetime(2009, 1, 1, tzinfo=UTC)),
        (datetime(2008, 12, 31, 23, 59, 59, tzinfo=UTC), NOON),
        (datetime(1970, 1, 1, tzinfo=UTC), NOON),
        (None, NOON),
    ],
)
def test_a_time_counts_as_told_unless_it_is_nonsense_or_not_come_yet(
    told: datetime | None, stands_at: datetime
) -> None:
    assert sane_time(told, NOON) == stands_at


def test_what_goes_along_with_a_send_names_message_and_attempt() -> None:
    second = replace(an_outbound(), attempts=(Attempt(1, NOON), Attempt(2, NOON)))

    assert callback_of(an_outbound()) == f"dk1:{OUR_MESSAGE}:1"
    assert read_callback(callback_of(second)) == (OUR_MESSAGE, 2)


@pytest.mark.parametrize(
    "text", [None, "", "dk1", "dk1:m", "dk1:m:", "dk1:m:x", "dk1:m:-1", "dk1:m:1234567", "dk2:m:1", "dk1:m:1:2", "x"]
)
def test_what_another_tool_sent_along_is_not_taken_for_ours(text: str | None) -> None:
    assert read_callback(text) is None


def test_a_report_speaks_of_the_attempt_it_names() -> None:
    message = replace(an_outbound(), attempts=(Attempt(1, NOON, wamid=WAMID), Attempt(2, NOON, wamid=OTHER)))

    assert attempt_of(message, a_status_reported(callback=f"dk1:{OUR_MESSAGE}:1", wamid=OTHER)) == 1
    assert attempt_of(message, a_status_reported(wamid=WAMID)) == 1
    assert attempt_of(message, a_status_reported(wamid=Wamid("wamid.unknown"))) == 2
    assert attempt_of(message, a_status_reported(callback="dk1:another:1", wamid=OTHER)) == 2
    assert MessageId("another") != message.id


def test_a_report_proves_that_the_network_took_the_attempt() -> None:
    message = an_outbound(status=MessageStatus.UNKNOWN, attempts=(Attempt(1, NOON, AttemptOutcome.UNKNOWN),))

    after = after_report(message, a_status_reported(MessageStatus.SENT, wamid=WAMID), a_mark(status=MessageStatus.SENT))

    assert (after.status, after.wamid) == (MessageStatus.SENT, WAMID)
    assert after.attempts == (Attempt(1, NOON, AttemptOutcome.ACCEPTED, wamid=WAMID),)


@pytest.mark.parametrize("outcome", [AttemptOutcome.ACCEPTED, AttemptOutcome.REFUSED])
def test_an_attempt_that_is_settled_stays_so(outcome: AttemptOutcome) -> None:
    settled = Attempt(1, NOON, outcome, wamid=WAMID)
    message = an_outbound(wamid=WAMID, attempts=(settled,))

    after = after_report(message, a_status_reported(wamid=OTHER), a_mark())

    assert (after.attempts, after.wamid) == ((settled,), WAMID)


def test_a_report_that_names_no_attempt_counts_for_the_newest() -> None:
    message = an_outbound(attempts=(Attempt(1, NOON), Attempt(2, NOON)))

    after = after_report(message, a_status_reported(), a_mark(attempt=None))

    assert [each.outcome for each in after.attempts] == [None, AttemptOutcome.ACCEPTED]


def test_a_listener_hears_of_a_mark_only_where_it_moves_what_is_shown() -> None:
    before = an_outbound(status=MessageStatus.DELIVERED)
    heard = (MessageStatusChanged(THREAD, OUR_MESSAGE, MessageStatus.DELIVERED),)

    assert status_events(before, before) == ()
    assert status_events(before, replace(before, delivered_at=NOON)) == heard
    assert status_events(before, replace(before, read_at=NOON)) == heard
    assert status_events(before, replace(before, failure=Failure("No", "Wait.", retryable=True))) == heard
    assert status_events(replace(before, status=MessageStatus.SENT), before) == heard
