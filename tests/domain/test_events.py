"""Events: every one either belongs to a thread or to the whole organization."""

from datetime import timedelta, timezone
from typing import get_args

import pytest

from domain.conversations.status import MessageStatus
from domain.events import (
    ChannelChanged,
    Event,
    MessageAdded,
    MessageChange,
    MessageChanged,
    MessageStatusChanged,
    QuotaChanged,
    SessionChange,
    SessionChanged,
    TemplateChanged,
    ThreadChanged,
    TicketChanged,
    event_id,
    thread_of,
)
from tests.builders import ACME, CHANNEL, GLOBEX, MESSAGE, NOON, TEMPLATE, THREAD, TICKET

OF_A_THREAD: list[Event] = [
    MessageAdded(THREAD, MESSAGE),
    MessageStatusChanged(THREAD, MESSAGE, MessageStatus.READ),
    MessageChanged(THREAD, MESSAGE, MessageChange.REACTION),
    SessionChanged(THREAD, SessionChange.OPENED),
    ThreadChanged(THREAD),
    TicketChanged(THREAD, TICKET, ("owner",)),
]
OF_THE_ORGANIZATION: list[Event] = [
    ChannelChanged(CHANNEL),
    TemplateChanged(TEMPLATE),
    QuotaChanged(),
    TicketChanged(None, TICKET, ("owner",)),
]


@pytest.mark.parametrize("event", OF_A_THREAD)
def test_what_happens_in_a_thread_is_told_to_who_listens_to_it(event: Event) -> None:
    assert thread_of(event) == THREAD


@pytest.mark.parametrize("event", OF_THE_ORGANIZATION)
def test_what_happens_to_the_organization_belongs_to_no_thread(event: Event) -> None:
    assert thread_of(event) is None


def test_every_kind_of_event_is_told_apart_here() -> None:
    assert {type(event) for event in OF_A_THREAD + OF_THE_ORGANIZATION} == set(get_args(Event))


def test_an_event_keeps_its_id_and_shares_it_with_no_other() -> None:
    the_same = NOON.astimezone(timezone(timedelta(hours=2)))
    others = [event_id(GLOBEX, 7, NOON), event_id(ACME, 8, NOON), event_id(ACME, 7, NOON + timedelta(microseconds=1))]

    assert event_id(ACME, 7, the_same) == event_id(ACME, 7, NOON) == "58f864dc-0e6a-d58c-adcb-60556f20db60"
    assert event_id(ACME, 7, NOON) not in others
    assert len(set(others)) == 3
