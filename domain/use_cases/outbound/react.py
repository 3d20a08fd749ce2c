"""Reacting: our emoji on a message, changed or taken away. It leaves as messages do, and makes none."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.channels.channels import Channel
from domain.conversations.contents import Notice
from domain.conversations.messages import Message, with_reaction
from domain.conversations.sendable import emoji_fault
from domain.conversations.threads import Thread
from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused, forbidden, invalid, not_found
from domain.events import MessageChange, MessageChanged
from domain.ids import MessageId
from domain.outbound.outbox import PERSON_FIRST, OutboxItem
from domain.people.actors import Actor, Right
from domain.ports.bundle import Ports
from domain.ports.store import Transaction
from domain.use_cases.again import again_on_collision
from domain.use_cases.outbound.idempotency import Call, Repeated, content_hash, key_fault, remember, repeated
from domain.use_cases.outbound.queue import channel_refusal, session_refusal, turn_of_place

REACTED_FOR = timedelta(days=30)  # the network takes no reaction to an older message


@dataclass(frozen=True, slots=True)
class React:
    message: MessageId
    emoji: str  # empty takes the reaction away
    idempotency_key: str | None = None


@again_on_collision
async def react(ports: Ports, actor: Actor, command: React) -> Message | Refusal:
    """Put our reaction on a message of a session; it takes nothing of the month.

    The business has one reaction on a message, whoever of it reacts: the last one stands. Refuses FORBIDDEN, INVALID,
    TEXT_TOO_LONG, NOT_FOUND, CONFLICT, CHANNEL_UNAVAILABLE, SESSION_CLOSED, IDEMPOTENCY_MISMATCH.
    """
    if not actor.may(Right.SEND):
        return forbidden("send messages")
    if refusal := key_fault(command.idempotency_key) or emoji_fault(command.emoji):
        return refusal
    call = Call("messageReact", content_hash(command.message, command.emoji), command.idempotency_key)
    now = ports.clock.now()
    async with ports.store.transaction(actor.organization) as tx:
        await tx.take_turns([turn_of_place(command.message)])
        earlier = await repeated(tx, actor, call)
        if earlier is not None:
            return earlier.messages[0] if isinstance(earlier, Repeated) else earlier
        known = (await tx.unheld.messages([command.message])).get(command.message)
        if known is None:
            return not_found("message", "messageId")
        item = await tx.row(OutboxItem, known.id)
        thread = (await tx.threads([known.thread]))[known.thread]  # a message never moves to another one
        message = (await tx.messages([known.id]))[known.id]
        if refusal := _unfit(message, now) or await _closed(tx, thread, message, now):
            return refusal
        if item is not None and item.reaction is None:
            return Refused(ErrorCode.CONFLICT, "This message is still on its way.", ("messageId",))
        after = with_reaction(message, command.emoji, actor.author, now)
        if set(after.shown_reactions) != set(message.shown_reactions):
            tx.save(after, replace(_queued(item, message, command.emoji, now), cause=ports.ids.cause()))
            tx.record(MessageChanged(after.thread, after.id, MessageChange.REACTION))
        remember(tx, actor, call, now, after.id)
    return after


def _unfit(message: Message, now: datetime) -> Refusal | None:
    if message.wamid is None:
        return invalid("This message has not reached the network, so nobody can react to it yet.", "messageId")
    if message.deleted_at is not None or isinstance(message.content, Notice):
        return invalid("There is nothing here to react to.", "messageId")
    if message.at <= now - REACTED_FOR:
        return invalid("This message is older than 30 days.", "messageId")
    return None


async def _closed(tx: Transaction, thread: Thread, message: Message, now: datetime) -> Refusal | None:
    channel = await tx.row(Channel, message.channel)
    assert channel is not None, "a message stands on a number, and numbers stay"
    return channel_refusal(channel) or await session_refusal(tx, thread, channel, now)


def _queued(item: OutboxItem | None, message: Message, emoji: str, now: datetime) -> OutboxItem:
    """The place in the queue; a reaction that has not left yet gives its place to the newer one."""
    if item is None:
        return OutboxItem(
            message.organization, message.id, message.thread, message.channel, now, now, PERSON_FIRST, reaction=emoji
        )
    return replace(item, reaction=emoji, due_at=now if item.lease is None else item.due_at, tries=0)
