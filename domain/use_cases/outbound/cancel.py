"""Taking back a message that has not left."""

from domain.conversations.messages import Message
from domain.conversations.status import Failure, MessageStatus
from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused, forbidden
from domain.ids import MessageId
from domain.outbound.outbox import OutboxItem
from domain.people.actors import Actor, Right
from domain.ports.bundle import Ports
from domain.use_cases.again import again_on_collision
from domain.use_cases.marks import failed, give_back
from domain.use_cases.outbound.queue import written_here
from domain.use_cases.work import Work

CANCELLED = Failure(
    "It was taken back before it left",
    "Nothing reached the contact. Write it anew if it is to go after all.",
    retryable=False,  # else a program that sends failed messages again would send what a person took back
    refusal=ErrorCode.CANCELLED,
)


@again_on_collision
async def cancel(ports: Ports, actor: Actor, id: MessageId) -> Message | Refusal:
    """Take a QUEUED message out of the queue: FAILED with CANCELLED, what it took of the month given back.

    Refuses CONFLICT where it has left, or is leaving at this moment. Taking it back twice is taking it back.
    """
    if not actor.may(Right.SEND):
        return forbidden("take messages back")
    now = ports.clock.now()
    async with ports.store.transaction(actor.organization) as tx:
        work = Work.of(ports, tx, now)
        item = await tx.row(OutboxItem, id)  # before the thread, as who sends it does
        found = await written_here(tx, id)
        if not isinstance(found, tuple):
            return found
        _, message = found
        if message.status is MessageStatus.FAILED and message.failure == CANCELLED:
            return message
        if message.status is not MessageStatus.QUEUED or item is None or item.lease is not None:
            return Refused(ErrorCode.CONFLICT, "It has left already, or is leaving now.", ("messageId",))
        after = failed(work, message, CANCELLED)
        await give_back(work, after)
        tx.remove(item)
    return after
