"""Sending a failed message again, as itself: a new attempt, judged and paid for as a new message would be."""

from dataclasses import dataclass
from datetime import datetime

from domain.channels.channels import Channel
from domain.channels.templates import Template
from domain.conversations.contents import MediaMessage, TemplateMessage, file_of
from domain.conversations.messages import Message
from domain.conversations.sendable import SENDABLE
from domain.conversations.status import MessageStatus
from domain.conversations.threads import Thread
from domain.error_codes import ErrorCode
from domain.errors import REFUSALS, Refusal, Refused, forbidden, invalid, not_found
from domain.files.media import MediaState
from domain.ids import MessageId
from domain.outbound.outbox import OutboxItem
from domain.outbound.templates import template_refusal
from domain.people.actors import Actor, Right
from domain.ports.bundle import Ports
from domain.ports.store import Transaction
from domain.use_cases.again import again_on_collision
from domain.use_cases.outbound.idempotency import Call, Repeated, content_hash, key_fault, remember, repeated
from domain.use_cases.outbound.price import price, take_unit
from domain.use_cases.outbound.queue import channel_refusal, queue_again, session_refusal, turn_of_place, written_here
from domain.use_cases.work import Work

CAN_LEAVE = (*SENDABLE, TemplateMessage, MediaMessage)


@dataclass(frozen=True, slots=True)
class Retry:
    message: MessageId
    idempotency_key: str | None = None


@again_on_collision
async def retry(ports: Ports, actor: Actor, command: Retry) -> Message | Refusal:
    """Queue a FAILED message again where its failure is `retryable`; it stands where it stood.

    A unit of the month that it still has is not taken twice. Refuses as the first send would, and CONFLICT where it
    has not failed, INVALID where sending it again cannot help.
    """
    if not actor.may(Right.SEND):
        return forbidden("send messages")
    if refusal := key_fault(command.idempotency_key):
        return refusal
    call = Call("messageRetry", content_hash(command.message), command.idempotency_key)
    now = ports.clock.now()
    async with ports.store.transaction(actor.organization) as tx:
        work = Work.of(ports, tx, now)
        await tx.take_turns([turn_of_place(command.message)])
        earlier = await repeated(tx, actor, call)
        if earlier is not None:
            return earlier.messages[0] if isinstance(earlier, Repeated) else earlier
        item = await tx.row(OutboxItem, command.message)  # before the thread, as who sends it does
        found = await written_here(tx, command.message)
        if not isinstance(found, tuple):
            return found
        thread, message = found
        channel = await tx.row(Channel, message.channel)
        assert channel is not None, "a message stands on a number, and numbers stay"
        if refusal := _unfit(message, item) or channel_refusal(channel):
            return refusal
        if refusal := await _content_refusal(tx, thread, channel, message, now):
            return refusal
        has_paid = await tx.entry_of(message.id) is not None
        paid = None if has_paid else await price(work.reading, thread, channel)
        if isinstance(paid, REFUSALS):
            return paid
        after = queue_again(work, message, due_at=now)
        take_unit(work, after, paid)
        remember(tx, actor, call, now, after.id)
    return after


def _unfit(message: Message, item: OutboxItem | None) -> Refusal | None:
    match message.status:
        case MessageStatus.FAILED:
            pass
        case MessageStatus.UNKNOWN:
            return _conflict("Nobody knows yet whether it went. Settle that first, or wait for the network.")
        case MessageStatus.QUEUED:
            return _conflict("It is queued already.")
        case _:
            return _conflict("It did not fail.")
    if message.failure is None or not message.failure.retryable:
        hint = message.failure.hint if message.failure is not None else "Write a new one."
        return invalid(f"Sending it again would not help. {hint}", "messageId")
    if not isinstance(message.content, CAN_LEAVE):
        return invalid("What it said is not here any more.", "messageId")
    if item is not None:
        return _conflict("A reaction to it is on its way. Try again in a moment.")
    return None


async def _content_refusal(
    tx: Transaction, thread: Thread, channel: Channel, message: Message, now: datetime
) -> Refusal | None:
    content = message.content
    if (file_id := file_of(content)) is not None:
        file = (await tx.media([file_id])).get(file_id)
        if file is None or file.state is not MediaState.READY:
            return invalid("Its file is not here any more. Attach it again.", "messageId")
    if not isinstance(content, TemplateMessage):
        return await session_refusal(tx, thread, channel, now)
    template = await tx.row(Template, content.template)
    if template is None:
        return not_found("template any more", "messageId")
    contact = (await tx.unheld.contacts([thread.contact])).get(thread.contact)
    return template_refusal(template, contact, thread, now, ("messageId",))


def _conflict(message: str) -> Refused:
    return Refused(ErrorCode.CONFLICT, message, ("messageId",))
