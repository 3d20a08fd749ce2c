"""What a wrong clock decided is undone when time comes back: sessions said to have ended ring again when they do, and
what was given up before its time may leave after all.
"""

from dataclasses import replace

from domain.channels.channels import Channel
from domain.conversations.sessions import next_alarm
from domain.conversations.status import Mark, MessageStatus
from domain.events import SessionChange, SessionChanged
from domain.ids import MessageId, OrganizationId, ThreadId
from domain.outbound.outbox import OutboxItem, leads_too_far
from domain.ports.bundle import Ports
from domain.use_cases.again import again_on_collision
from domain.use_cases.outbound.leaving.own_failures import GAVE_UP, SESSION_OVER
from domain.use_cases.outbound.price import Price, price, take_unit
from domain.use_cases.outbound.queue import queue_again
from domain.use_cases.work import Work


@again_on_collision
async def restart_timers(ports: Ports, organization: OrganizationId, thread: ThreadId) -> None:
    """An open session that was told to have ended: it is told to be open, and has its alarms back."""
    now = ports.clock.now()
    async with ports.store.transaction(organization, background=True) as tx:
        current = (await tx.threads([thread])).get(thread)
        if current is None or current.session is None or current.alarm is not None or not current.session.is_open(now):
            return
        tx.save(replace(current, alarm=next_alarm(current.session, now, warned=False)))
        tx.record(SessionChanged(thread, SessionChange.OPENED))


async def send_after_all(ports: Ports, organization: OrganizationId, message: MessageId) -> None:
    """A message that is FAILED by an instant still to come: queued again where only its time was up."""
    marks = (await ports.reader.marks_of(organization, [message])).get(message, [])
    await _send_after_all(ports, organization, message, marks)


@again_on_collision
async def _send_after_all(ports: Ports, organization: OrganizationId, id: MessageId, marks: list[Mark]) -> None:
    now = ports.clock.now()
    async with ports.store.transaction(organization, background=True) as tx:
        known = (await tx.unheld.messages([id]))[id]
        thread = (await tx.threads([known.thread]))[known.thread]
        message = (await tx.messages([id]))[id]
        ahead = [mark for mark in marks if mark.reported_at > now and mark.delivery is None]
        tx.save(*(replace(mark, at=now, reported_at=now) for mark in ahead))
        timed_out = message.status is MessageStatus.FAILED and message.failure in (GAVE_UP, SESSION_OVER)
        if not timed_out or await tx.row(OutboxItem, id) is not None:
            return
        channel = await tx.row(Channel, message.channel)
        assert channel is not None, "a message stands on a number, and numbers stay"
        work = Work.of(ports, tx, now)
        paid = None if await tx.entry_of(id) is not None else await price(work.reading, thread, channel)
        if paid is None or isinstance(paid, Price):
            take_unit(work, queue_again(work, message, due_at=now), paid)


@again_on_collision
async def hold_no_longer(ports: Ports, organization: OrganizationId, message: MessageId) -> None:
    """What waits for an instant that no pause leads to."""
    now = ports.clock.now()
    async with ports.store.transaction(organization, background=True) as tx:
        item = await tx.row(OutboxItem, message)
        if item is not None and item.leased_until is None and leads_too_far(item, now):
            tx.save(replace(item, due_at=now))
