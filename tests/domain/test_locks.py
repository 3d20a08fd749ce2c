"""The check that holds every story's transactions against one order of locks does see what is out of order."""

import pytest

from domain.channels.channels import Channel
from domain.conversations.status import MessageStatus
from domain.ports.network import Rejected
from domain.rows import LOCK_ORDER, WATCHED
from tests.builders import ACME, DAY
from tests.domain.one_desk import open_desk


async def test_a_thread_locked_after_its_message_is_found() -> None:
    desk = await open_desk()
    message = await desk.wrote()

    async def in_reverse() -> None:
        async with desk.ports.store.transaction(ACME) as tx:
            await tx.messages([message.id])
            await tx.threads([message.thread])

    with pytest.raises(AssertionError, match="a Thread is locked after a Message"):
        await in_reverse()


async def test_what_is_held_already_is_not_held_and_is_only_looked_at_or_is_new_may_be_asked_for_at_any_time() -> None:
    desk = await open_desk()
    message = await desk.wrote()

    async with desk.ports.store.transaction(ACME) as tx:
        threads = await tx.threads([message.thread])
        await tx.messages([message.id])
        assert await tx.threads([message.thread]) == threads
        assert len(await tx.unheld.contacts([threads[message.thread].contact])) == 1
        assert await tx.row(Channel, message.channel) is not None


async def test_turns_come_first() -> None:
    desk = await open_desk()
    message = await desk.wrote()

    async def too_late() -> None:
        async with desk.ports.store.transaction(ACME) as tx:
            await tx.threads([message.thread])
            await tx.take_turns(["a name"])

    with pytest.raises(AssertionError, match="turns"):
        await too_late()


def test_what_is_watched_has_no_place_in_the_order() -> None:
    assert not WATCHED & set(LOCK_ORDER)
    assert len(LOCK_ORDER) == len(set(LOCK_ORDER))


async def test_a_paid_template_that_is_refused_for_its_pace_locks_its_unit_before_the_pace() -> None:
    """It may have to be given back, should it be too late to try again."""
    desk = await open_desk()
    await desk.wrote()
    desk.later(2 * DAY)
    message = await desk.reply_with_template()
    desk.network.answers.append(Rejected(130429, "Too fast."))

    assert (await desk.dispatch(message)).status is MessageStatus.QUEUED

    assert (await desk.period()).used == 1
