"""What a clock of another day decided is undone when time comes back, wherever the desk is kept."""

from datetime import timedelta

from domain.conversations.status import MessageStatus
from domain.events import SessionChange, SessionChanged
from domain.ports.network import Rejected
from domain.use_cases.conversations.session_timers import fire_timers
from domain.use_cases.time_back import hold_no_longer, restart_timers, send_after_all
from tests.adapters.contracts.races.races import Course
from tests.builders import ACME, HOUR, MINUTE, NOON
from tests.domain.one_desk import Desk

DAY = timedelta(days=1)


async def session_changes(desk: Desk, after: int) -> list[SessionChange]:
    return [each.change for each in await desk.events(after) if isinstance(each, SessionChanged)]


async def test_a_session_that_was_said_to_have_ended_is_open_again_and_ends_in_its_time(course: Course) -> None:
    desk, store = course.desk, course.desk.ports.store
    desk.clock.at = NOON
    await desk.wrote()
    desk.clock.at = NOON + DAY + HOUR
    await fire_timers(desk.ports, ACME, *[thread for _, thread in await store.due_alarms(desk.clock.now(), 10)])
    head = await desk.head()
    assert await store.due_alarms(desk.clock.now() + DAY, 10) == []

    desk.clock.at = NOON + HOUR
    rung_away = await store.rung_away(desk.clock.now(), 10)
    assert len(rung_away) == 1
    for organization, thread in rung_away:
        await restart_timers(desk.ports, organization, thread)

    assert await session_changes(desk, head) == [SessionChange.OPENED]
    assert await store.rung_away(desk.clock.now(), 10) == []
    desk.clock.at = NOON + DAY
    await fire_timers(desk.ports, ACME, *[thread for _, thread in await store.due_alarms(desk.clock.now(), 10)])
    assert (await session_changes(desk, head))[-1] is SessionChange.EXPIRED


async def test_a_message_whose_time_was_said_to_be_up_leaves_after_all(course: Course) -> None:
    desk, store = course.desk, course.desk.ports.store
    desk.clock.at = NOON
    await desk.wrote()
    queued = await desk.reply("queued")
    desk.clock.at = NOON + DAY + HOUR
    assert (await desk.dispatch(queued)).status is MessageStatus.FAILED

    desk.clock.at = NOON + MINUTE
    given_up = await store.given_up_ahead(desk.clock.now(), 10)
    assert given_up == [(ACME, queued.id)]
    await send_after_all(desk.ports, ACME, queued.id)

    assert await store.given_up_ahead(desk.clock.now(), 10) == []
    assert await desk.dispatch_due() == [queued.id]
    assert (await desk.message_by_id(queued.id)).status is MessageStatus.SENT


async def test_what_is_held_for_an_hour_that_was_none_waits_no_longer(course: Course) -> None:
    desk, store = course.desk, course.desk.ports.store
    desk.clock.at = NOON
    await desk.wrote()
    desk.clock.at = NOON + HOUR
    desk.network.answers.append(Rejected(130429, "too fast"))
    held = await desk.dispatch(await desk.reply("held"))
    assert held.status is MessageStatus.QUEUED

    desk.clock.at = NOON + MINUTE
    assert await store.held_too_far(desk.clock.now(), 10) == [(ACME, held.id)]
    assert await desk.dispatch_due() == []
    await hold_no_longer(desk.ports, ACME, held.id)

    assert await store.held_too_far(desk.clock.now(), 10) == []
    assert await desk.dispatch_due() == [held.id]
