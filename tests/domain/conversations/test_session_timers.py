"""A session says that it is about to end, and that it has ended, with nobody asking."""

from datetime import timedelta

import pytest

from domain.events import SessionChange, SessionChanged
from domain.ids import ThreadId
from domain.use_cases.conversations.session_timers import fire_timers
from tests.builders import ACME, HOUR, MINUTE, NOON, a_contact, a_person, a_thread
from tests.domain.one_desk import Desk, open_desk

SECOND = timedelta(seconds=1)
END = NOON + 24 * HOUR
EXPIRING, EXPIRED = SessionChange.EXPIRING, SessionChange.EXPIRED


@pytest.fixture
async def desk() -> Desk:
    """A contact wrote at noon; it is noon still."""
    desk = await open_desk()
    await desk.wrote()
    return desk


async def ring_due(desk: Desk) -> list[SessionChange]:
    """One turn of the worker; what was said."""
    head = await desk.head()
    for organization, thread in await desk.ports.store.due_alarms(desk.clock.now(), 10):
        await fire_timers(desk.ports, organization, thread)
    return [each.change for each in await desk.events(head) if isinstance(each, SessionChanged)]


async def test_a_session_is_said_to_end_an_hour_before_and_at_its_end_once_each(desk: Desk) -> None:
    said: dict[int, list[SessionChange]] = {}
    for minute in range(22 * 60, 26 * 60):
        desk.clock.at = NOON + minute * MINUTE
        said[minute] = await ring_due(desk)

    assert {minute: each for minute, each in said.items() if each} == {23 * 60: [EXPIRING], 24 * 60: [EXPIRED]}


async def test_no_alarm_rings_before_its_time(desk: Desk) -> None:
    thread = await desk.thread()
    head = await desk.head()
    desk.clock.at = END - HOUR - SECOND

    await fire_timers(desk.ports, ACME, thread.id)

    assert await desk.head() == head


async def test_an_end_that_a_newer_message_moved_is_never_told(desk: Desk) -> None:
    desk.clock.at = END - HOUR
    assert await ring_due(desk) == [EXPIRING]
    desk.later(30 * MINUTE)
    await desk.wrote("I am still here")
    assert await desk.ports.store.due_alarms(END, 10) == []

    desk.clock.at = END
    assert await ring_due(desk) == []

    moved = END - 30 * MINUTE + 24 * HOUR
    desk.clock.at = moved - HOUR
    assert await ring_due(desk) == [EXPIRING]
    desk.clock.at = moved
    assert await ring_due(desk) == [EXPIRED]


async def test_a_worker_that_asked_before_the_message_came_rings_nothing(desk: Desk) -> None:
    desk.clock.at = END
    due = await desk.ports.store.due_alarms(END, 10)
    assert due == [(ACME, (await desk.thread()).id)]
    await desk.wrote()
    head = await desk.head()

    await fire_timers(desk.ports, *due[0])

    assert await desk.head() == head


async def test_a_late_message_does_not_warn_again_of_the_same_end(desk: Desk) -> None:
    desk.clock.at = END - HOUR
    assert await ring_due(desk) == [EXPIRING]

    await desk.wrote(at=NOON - HOUR)

    assert await ring_due(desk) == []
    desk.clock.at = END
    assert await ring_due(desk) == [EXPIRED]


async def test_after_a_long_sleep_only_the_end_is_told(desk: Desk) -> None:
    desk.clock.at = END + HOUR

    assert await ring_due(desk) == [EXPIRED]
    assert await ring_due(desk) == []


async def test_a_message_whose_last_hour_is_running_already_is_said_to_end_at_once(desk: Desk) -> None:
    desk = await open_desk()
    await desk.wrote(at=NOON - 23 * HOUR - 30 * MINUTE)

    assert await ring_due(desk) == [EXPIRING]
    desk.clock.at = NOON + 30 * MINUTE
    assert await ring_due(desk) == [EXPIRED]


async def test_a_thread_without_a_session_or_none_at_all_has_nothing_to_say(desk: Desk) -> None:
    quiet = a_thread(ThreadId("quiet"), channel=(await desk.channel()).id)
    await desk.given(a_contact(), quiet)
    head = await desk.head()

    await fire_timers(desk.ports, ACME, quiet.id)
    await fire_timers(desk.ports, ACME, ThreadId("none"))

    assert await desk.head() == head


async def test_sessions_that_end_together_are_told_in_one_transaction(desk: Desk) -> None:
    for number in range(20):
        await desk.wrote(by=a_person(f"4860010{number:04}"))
    due = await desk.ports.store.due_alarms(END, 100)
    desk.clock.at = END
    before, head = desk.store.transactions, await desk.head()

    await fire_timers(desk.ports, ACME, *(thread for _, thread in due))

    assert desk.store.transactions == before + 1
    assert [each.change for each in await desk.events(head) if isinstance(each, SessionChanged)] == [EXPIRED] * 21
