"""Random histories told to the desk in any order, held against a model that is obviously right."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.conversations.sessions import WINDOW
from domain.conversations.status import MessageStatus, higher
from domain.updates import MessageReceived, Outcome
from tests.builders import DAY, HOUR, MINUTE, NOON
from tests.domain.one_desk import open_desk
from tests.domain.standins import wamid_number

HISTORIES = settings(max_examples=60)
REPORTED = [MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.DELIVERED, MessageStatus.READ]


@dataclass(frozen=True, slots=True)
class Written:
    """A message of the contact: how long it took to come in, and how long after the one before it did."""

    pause: timedelta
    delay: timedelta


written = st.builds(
    Written,
    pause=st.integers(0, 30 * 60).map(lambda minutes: minutes * MINUTE),
    delay=st.sampled_from([timedelta(), MINUTE, HOUR, 20 * HOUR, 3 * DAY, -HOUR, -10 * DAY]),
)


@HISTORIES
@given(st.lists(written, min_size=1, max_size=12), st.data())
def test_the_session_is_that_of_the_newest_live_message_whatever_came_late_again_or_from_the_future(
    history: list[Written], data: st.DataObject
) -> None:
    async def story() -> None:
        desk = await open_desk()
        updates: list[MessageReceived] = []
        for each in history:
            desk.later(each.pause)
            updates.append(desk.message(at=desk.clock.now() - each.delay))
            await desk.receive(updates[-1])
        await desk.receive(*data.draw(st.lists(st.sampled_from(updates), max_size=4)))

        stood = sorted(min(each.sent_at, each.place.received_at) for each in updates if each.sent_at)
        begun = stood[-1]
        while earlier := [at for at in stood if begun - WINDOW < at < begun]:
            begun = min(earlier)
        session = (await desk.thread()).session
        assert session is not None
        assert (session.opened_at, session.expires_at) == (begun, stood[-1] + WINDOW)
        assert [each.at for each in await desk.messages()] == stood
        assert (await desk.thread()).last_message == (await desk.messages())[-1].id

    asyncio.run(story())


@HISTORIES
@given(st.lists(st.sampled_from(REPORTED), min_size=1, max_size=8), st.data())
def test_what_a_template_cost_is_given_back_once_if_it_ever_failed_before_it_arrived(
    reported: list[MessageStatus], data: st.DataObject
) -> None:
    answered_after = data.draw(st.integers(0, len(reported)), label="marks that came before the answer")

    async def story() -> None:
        desk = await open_desk()
        await desk.wrote()
        desk.later(DAY)
        message = await desk.reply_with_template()
        marks = [desk.status(status, wamid=wamid_number(1), callback=f"dk1:{message.id}:1") for status in reported]

        await desk.receive(*marks[:answered_after])
        await desk.dispatch(message)
        for mark in (*marks[answered_after:], *marks):
            desk.later(MINUTE)
            await desk.receive(mark)

        reached, failed_first = MessageStatus.QUEUED, False
        for status in reported:
            reached = higher(reached, status)
            failed_first = failed_first or reached is MessageStatus.FAILED
        ended = await desk.message_by_id(message.id)
        assert ended.status is higher(reached, MessageStatus.SENT)
        assert (await desk.period()).used == (0 if failed_first else 1)

    asyncio.run(story())


@HISTORIES
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=10), st.data())
def test_however_updates_are_cut_into_deliveries_and_repeated_the_desk_ends_the_same(
    names: list[str], data: st.DataObject
) -> None:
    cuts = data.draw(st.lists(st.integers(1, 4), min_size=len(names), max_size=len(names)))

    async def story() -> None:
        desk = await open_desk()
        updates = [desk.message(name, wamid=f"wamid.{name}", at=NOON) for name in names]
        taken: list[Outcome] = []
        rest = [*updates]
        for size in cuts:
            chunk, rest = rest[:size], rest[size:]
            if chunk:
                taken += [record.outcome for record in await desk.receive(*chunk)]

        first_seen = dict.fromkeys(names)
        assert await desk.texts() == list(first_seen)
        assert taken.count(Outcome.APPLIED) == len(first_seen)
        assert taken.count(Outcome.DUPLICATE) == len(names) - len(first_seen)

    asyncio.run(story())
