"""A clock that was wrong: what it mutes is bounded, and what it decided is undone when time comes back."""

from datetime import timedelta

import pytest

from domain.conversations.messages import Message
from domain.conversations.status import MessageStatus
from domain.error_codes import ErrorCode
from domain.events import SessionChange, SessionChanged
from domain.ids import MessageId, ThreadId
from domain.outbound.outbox import LEASE
from domain.ports.network import Accepted, Outgoing, Rejected
from domain.use_cases.conversations.session_timers import fire_timers
from domain.use_cases.outbound.leaving.dispatch import give_up
from domain.use_cases.outbound.leaving.own_failures import GAVE_UP
from domain.use_cases.time_back import hold_no_longer, restart_timers, send_after_all
from tests.builders import ACME, HOUR, MINUTE, NOON, a_person, a_template, an_id, an_organization
from tests.domain.one_desk import Desk, open_desk

DAY = timedelta(days=1)
SENT, QUEUED, FAILED = MessageStatus.SENT, MessageStatus.QUEUED, MessageStatus.FAILED
EXPIRING, EXPIRED, OPENED = SessionChange.EXPIRING, SessionChange.EXPIRED, SessionChange.OPENED


@pytest.fixture
async def desk() -> Desk:
    """A contact wrote at noon; it is noon still."""
    desk = await open_desk()
    await desk.wrote()
    return desk


async def ring_due(desk: Desk) -> list[SessionChange]:
    head = await desk.head()
    due = [thread for _, thread in await desk.ports.store.due_alarms(desk.clock.now(), 100)]
    await fire_timers(desk.ports, ACME, *due)
    return [each.change for each in await desk.events(head) if isinstance(each, SessionChanged)]


async def undo(desk: Desk) -> tuple[int, int, int]:
    """One turn of the worker; how many of each were found."""
    store, now = desk.ports.store, desk.clock.now()
    sessions = await store.rung_away(now, 100)
    failed = await store.given_up_ahead(now, 100)
    held = await store.held_too_far(now, 100)
    for organization, thread in sessions:
        await restart_timers(desk.ports, organization, thread)
    for organization, message in failed:
        await send_after_all(desk.ports, organization, message)
    for organization, message in held:
        await hold_no_longer(desk.ports, organization, message)
    return len(sessions), len(failed), len(held)


async def test_a_clock_that_is_set_back_an_hour_mutes_no_number(desk: Desk) -> None:
    desk.clock.at = NOON + HOUR
    for number in range(5):
        await desk.dispatch(await desk.reply(f"{number}"))

    desk.clock.at = NOON + MINUTE

    assert (await desk.dispatch(await desk.reply("after"))).status is SENT


async def test_a_number_that_was_held_for_seconds_is_not_held_for_an_hour(desk: Desk) -> None:
    desk.clock.at = NOON + HOUR
    desk.network.answers.append(Rejected(130429, "too fast"))
    held = await desk.dispatch(await desk.reply("held"))
    assert held.status is QUEUED

    desk.clock.at = NOON + MINUTE
    assert await desk.dispatch_due() == []
    assert (await undo(desk))[2] == 1

    assert await desk.dispatch_due() == [held.id]
    assert (await desk.message_by_id(held.id)).status is SENT


async def test_a_day_forward_and_back_tells_five_open_sessions_open_again_and_loses_no_alarm(desk: Desk) -> None:
    for number in range(4):
        await desk.wrote(by=a_person(f"4860010{number:04}"))
    desk.clock.at = NOON + DAY + HOUR
    assert await ring_due(desk) == [EXPIRED] * 5

    desk.clock.at = NOON + HOUR
    head = await desk.head()
    assert (await undo(desk))[0] == 5
    assert [each.change for each in await desk.events(head) if isinstance(each, SessionChanged)] == [OPENED] * 5

    assert await undo(desk) == (0, 0, 0)
    desk.clock.at = NOON + DAY - HOUR
    assert await ring_due(desk) == [EXPIRING] * 5
    desk.clock.at = NOON + DAY
    assert await ring_due(desk) == [EXPIRED] * 5
    assert await undo(desk) == (0, 0, 0)


async def test_a_message_that_failed_because_the_clock_was_a_day_ahead_leaves_when_time_comes_back(desk: Desk) -> None:
    queued = await desk.reply("queued")
    desk.clock.at = NOON + DAY + HOUR
    failed = await desk.dispatch(queued)
    assert failed.status is FAILED
    assert failed.failure is not None
    assert failed.failure.refusal is ErrorCode.SESSION_CLOSED

    desk.clock.at = NOON + MINUTE
    await undo(desk)

    assert (await desk.message_by_id(queued.id)).status is QUEUED
    assert await desk.dispatch_due() == [queued.id]
    assert (await desk.message_by_id(queued.id)).status is SENT
    assert await undo(desk) == (0, 0, 0)


async def test_a_template_that_was_given_back_stays_failed_where_the_month_has_no_unit_for_it_any_more(
    desk: Desk,
) -> None:
    desk.clock.at = NOON + 2 * DAY
    await desk.given(a_template())
    queued = await desk.reply_with_template()
    desk.clock.at = NOON + 4 * DAY
    assert (await desk.dispatch(queued)).failure == GAVE_UP
    await desk.given(an_organization(quota_limit=0))

    desk.clock.at = NOON + 2 * DAY + MINUTE
    assert (await undo(desk))[1] == 1

    assert (await desk.message_by_id(queued.id)).status is FAILED
    assert [entry.refunded_at is None for entry in await desk.entries()] == [False]


async def test_what_failed_for_another_reason_stays_failed_and_is_looked_at_once(desk: Desk) -> None:
    desk.clock.at = NOON + HOUR
    desk.network.answers.append(Rejected(131026, "not on WhatsApp"))
    failed = await desk.dispatch(await desk.reply("lost"))

    desk.clock.at = NOON
    assert (await undo(desk))[1] == 1

    assert (await desk.message_by_id(failed.id)).status is FAILED
    assert (await undo(desk))[1] == 0


async def test_what_is_in_order_is_left_as_it_is(desk: Desk) -> None:
    queued = await desk.reply("queued")
    thread = (await desk.thread()).id
    before = await desk.state()

    await restart_timers(desk.ports, ACME, thread)
    await restart_timers(desk.ports, ACME, ThreadId("none"))
    await send_after_all(desk.ports, ACME, queued.id)
    await hold_no_longer(desk.ports, ACME, queued.id)
    await hold_no_longer(desk.ports, ACME, MessageId(an_id(77)))

    assert await desk.state() == before


async def test_a_send_that_a_dead_worker_claimed_by_a_clock_that_was_ahead_is_given_up(desk: Desk) -> None:
    async def the_clock_is_set_back(outgoing: Outgoing) -> None:
        desk.clock.at = NOON
        assert await desk.ports.store.lost_sends(NOON, 10) == [(ACME, reply.id)]
        await give_up(desk.ports, ACME, reply.id)
        assert (await desk.message_by_id(reply.id)).status is MessageStatus.UNKNOWN

    desk.clock.at = NOON + HOUR
    reply: Message = await desk.reply()
    desk.network.meanwhile = the_clock_is_set_back
    desk.network.answers.append(Accepted(desk.message().wamid))

    assert (await desk.dispatch(reply)).status is SENT
    assert LEASE < HOUR
