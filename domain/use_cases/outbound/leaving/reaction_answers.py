"""What the network answered to a reaction of ours: one it did not take comes down again."""

from dataclasses import replace
from typing import assert_never

from domain.conversations.messages import Message
from domain.events import MessageChange, MessageChanged
from domain.outbound.failures import Remedy, verdict
from domain.outbound.outbox import RETRIED_FOR, OutboxItem
from domain.people.actors import ByContact
from domain.ports.network import Accepted, NotSent, Rejected, SendResult, Unanswered
from domain.ports.store import Transaction
from domain.use_cases.channels.health import degrade
from domain.use_cases.outbound.leaving.departure import Departure
from domain.use_cases.outbound.leaving.rejections import pause_before, slow_down
from domain.use_cases.outbound.queue import hold
from domain.use_cases.work import Work


async def settle_reaction(work: Work, departure: Departure, ours: OutboxItem | None, result: SendResult) -> None:
    """A reaction that was not taken comes down again. One whose fate is unknown is sent again: twice is once."""
    message, channel = departure.message, departure.channel
    if ours is None:
        return
    if ours.reaction != departure.item.reaction:  # changed meanwhile: the newer one leaves next
        work.tx.save(replace(ours, due_at=work.now, leased_until=None, lease=None))
        return
    until = work.now + pause_before(ours)
    match result:
        case Accepted():
            work.tx.remove(ours)
            return
        case Rejected():
            judged = verdict(result.code, result.message)
            if judged.remedy is Remedy.FAIL:
                take_down(work.tx, message, ours)
                return
            if judged.problem is not None:
                degrade(work.tx, channel, judged.problem, judged.failure, work.now)
            until = await slow_down(work, replace(departure, item=ours), judged.remedy, result)
        case Unanswered() | NotSent():
            pass
        case _:
            assert_never(result)
    if until >= ours.queued_at + RETRIED_FOR:
        take_down(work.tx, message, ours)
    else:
        work.tx.save(hold(ours, until))


def take_down(tx: Transaction, message: Message, item: OutboxItem) -> None:
    """The reaction is not shown here any more, since the contact never sees it."""
    kept = tuple(each for each in message.reactions if isinstance(each.by, ByContact) or each.emoji != item.reaction)
    if item.reaction and kept != message.reactions:
        tx.save(replace(message, reactions=kept))
        tx.record(MessageChanged(message.thread, message.id, MessageChange.REACTION))
    tx.remove(item)
