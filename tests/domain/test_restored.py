"""A desk that was put back from a backup: it sends nothing twice, and its log is another one."""

from dataclasses import replace

import pytest

from domain.conversations.messages import Message, leaving
from domain.conversations.status import MessageStatus
from domain.ids import MessageId
from domain.outbound.outbox import OutboxItem
from domain.ports.bundle import Ports
from domain.ports.directory import DirectoryEntry
from domain.use_cases.restored import Restored, after_restore
from tests.api.memory_desk import memory_ports
from tests.builders import (
    ACME,
    MINUTE,
    NOON,
    OUR_MESSAGE,
    THREAD,
    a_channel,
    a_contact,
    a_thread,
    an_id,
    an_organization,
    an_outbound,
    an_outbox_item,
)

SECOND = MessageId(an_id(2))


@pytest.fixture
async def ports() -> Ports:
    """Acme, with two messages that wait to leave."""
    ports = memory_ports()
    async with ports.store.transaction(ACME) as tx:
        tx.save(an_organization(), a_channel(), a_contact(), a_thread(), an_outbound(), an_outbound(SECOND))
        tx.save(an_outbox_item(), an_outbox_item(SECOND))
        await tx.enlist(DirectoryEntry.ORGANIZATION, "acme", ACME)
    return ports


async def status_of(ports: Ports, id: MessageId = OUR_MESSAGE) -> MessageStatus:
    return (await ports.reader.by_ids(Message, ACME, [id]))[id].status


async def waiting(ports: Ports) -> list[OutboxItem]:
    async with ports.store.transaction(ACME) as tx:
        return [item for id in (OUR_MESSAGE, SECOND) if (item := await tx.row(OutboxItem, id)) is not None]


async def test_what_waited_to_leave_is_unknown_and_leaves_no_more(ports: Ports) -> None:
    before = await ports.reader.head(ACME)

    assert await after_restore(ports) == Restored(organizations=1, unknown=2)

    assert await waiting(ports) == []
    assert [await status_of(ports, id) for id in (OUR_MESSAGE, SECOND)] == [MessageStatus.UNKNOWN] * 2
    assert (await ports.reader.head(ACME)).epoch != before.epoch
    assert len(await ports.reader.events(ACME, 0, 10)) == 2
    assert await after_restore(ports) == Restored(organizations=1, unknown=0)


async def test_the_attempt_that_was_under_way_is_the_one_that_is_unknown(ports: Ports) -> None:
    async with ports.store.transaction(ACME) as tx:
        tx.save(leaving(an_outbound(), NOON), an_outbox_item(leased_until=NOON + MINUTE, lease="1"))

    await after_restore(ports)

    message = (await ports.reader.by_ids(Message, ACME, [OUR_MESSAGE]))[OUR_MESSAGE]
    assert (message.status, message.attempt, len(message.attempts)) == (MessageStatus.UNKNOWN, 1, 1)


async def test_what_the_network_told_of_stays_as_it_told(ports: Ports) -> None:
    async with ports.store.transaction(ACME) as tx:
        tx.save(replace(an_outbound(), status=MessageStatus.DELIVERED))

    await after_restore(ports)

    assert await status_of(ports) is MessageStatus.DELIVERED
    assert await waiting(ports) == []


async def test_a_reaction_may_leave_again(ports: Ports) -> None:
    reaction = replace(an_outbox_item(thread=THREAD), reaction="👍")
    async with ports.store.transaction(ACME) as tx:
        tx.save(reaction)

    assert (await after_restore(ports)).unknown == 1

    assert await waiting(ports) == [reaction]
