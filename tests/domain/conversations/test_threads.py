"""A thread after one more message, which may come late."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.conversations.messages import Direction, Source
from domain.conversations.threads import with_message
from domain.ids import MessageId
from tests.builders import HOUR, MESSAGE, NOON, OUR_MESSAGE, a_thread, an_inbound, an_outbound

LATE = MessageId("late")
SECOND = timedelta(seconds=1)


def test_a_thread_shows_its_first_message() -> None:
    thread = with_message(a_thread(created_at=NOON - HOUR), an_inbound(at=NOON))

    assert (thread.last_message, thread.last_message_at) == (MESSAGE, NOON)
    assert (thread.last_direction, thread.last_source) == (Direction.INBOUND, Source.WHATSAPP)
    assert (thread.unread_count, thread.last_activity_at) == (1, NOON)


def test_our_reply_becomes_the_last_message_and_is_not_unread() -> None:
    thread = with_message(with_message(a_thread(), an_inbound(at=NOON)), an_outbound(at=NOON + HOUR))

    assert (thread.last_message, thread.last_direction) == (OUR_MESSAGE, Direction.OUTBOUND)
    assert (thread.unread_count, thread.last_activity_at) == (1, NOON + HOUR)


def test_a_late_message_is_unread_and_leaves_the_last_message_where_it_is() -> None:
    thread = with_message(a_thread(), an_inbound(at=NOON))

    after = with_message(thread, an_inbound(LATE, at=NOON - HOUR))

    assert (after.last_message, after.last_message_at) == (MESSAGE, NOON)
    assert (after.unread_count, after.last_activity_at) == (2, NOON)


def test_of_two_messages_of_one_second_the_later_to_arrive_is_the_last() -> None:
    thread = with_message(a_thread(), an_inbound(at=NOON))

    assert with_message(thread, an_inbound(LATE, at=NOON)).last_message == LATE


@pytest.mark.parametrize("written_at", [NOON - SECOND, NOON, NOON + SECOND])
def test_a_message_that_arrives_after_somebody_read_is_unread_whatever_its_date(written_at: datetime) -> None:
    thread = replace(a_thread(read_up_to=NOON), read_up_to_message=LATE)

    assert with_message(thread, an_inbound(at=written_at)).unread_count == 1
