"""Saying what became of a message whose outcome the network never told."""

from dataclasses import dataclass

from domain.conversations.messages import Message, with_mark
from domain.conversations.status import SAID_NOT_SENT, MessageStatus
from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused, forbidden
from domain.ids import MessageId
from domain.people.actors import Actor, Right
from domain.ports.bundle import Ports
from domain.use_cases.again import again_on_collision
from domain.use_cases.marks import failed, own_mark, status_events
from domain.use_cases.outbound.queue import written_here
from domain.use_cases.work import Work


@dataclass(frozen=True, slots=True)
class Settle:
    message: MessageId
    was_sent: bool


@again_on_collision
async def settle(ports: Ports, actor: Actor, command: Settle) -> Message | Refusal:
    """End an UNKNOWN by a person's word: SENT, or FAILED and retryable. It gives nothing back, and a later mark of the
    network still wins over both.

    Refuses CONFLICT where the outcome is known.
    """
    if not actor.may(Right.SEND):
        return forbidden("settle messages")
    now = ports.clock.now()
    async with ports.store.transaction(actor.organization) as tx:
        work = Work.of(ports, tx, now)
        found = await written_here(tx, command.message)
        if not isinstance(found, tuple):
            return found
        _, message = found
        if message.status is not MessageStatus.UNKNOWN:
            return Refused(ErrorCode.CONFLICT, "What became of it is known.", ("messageId",))
        if not command.was_sent:
            return failed(work, message, SAID_NOT_SENT)
        after = with_mark(message, MessageStatus.SENT, at=now, attempt=message.attempt)
        tx.save(after, own_mark(work, after, MessageStatus.SENT))
        tx.record(*status_events(message, after))
    return after
