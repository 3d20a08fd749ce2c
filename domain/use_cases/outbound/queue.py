"""What every outgoing message shares: how it is decided whether it may go, and how it is queued where it may.

A decision reads a `Look` and writes nothing: what it allows comes back as `ApprovedSend`, with all it takes to carry it
out. So the same function answers the mutation, inside its transaction, and the preflight, which only wants to know.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from domain.channels.channels import Channel
from domain.contacts import Contact
from domain.conversations.contents import Content, TemplateMessage, file_of
from domain.conversations.messages import Direction, Message, queued_again
from domain.conversations.status import MessageStatus
from domain.conversations.threads import Thread, with_message
from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused, SessionClosed, invalid, not_found
from domain.events import MessageAdded
from domain.files.media import used
from domain.ids import MediaId, MessageId, ThreadId
from domain.outbound.outbox import PERSON_FIRST, TEMPLATE_NEXT, OutboxItem
from domain.outbound.templates import template_refusal
from domain.people.actors import Actor, Author, ByPhoneApp
from domain.ports.store import Look, Transaction
from domain.tickets import after_our_reply
from domain.use_cases.marks import own_mark, status_events
from domain.use_cases.outbound.idempotency import Call, Repeated, remember
from domain.use_cases.outbound.price import Price, take_unit
from domain.use_cases.ticketing import record_change
from domain.use_cases.work import Work


@dataclass(frozen=True, slots=True)
class ApprovedSend:
    """A send that nothing speaks against. Its contents become messages in their order; the first pays and replies."""

    now: datetime
    thread: Thread
    channel: Channel
    author: Author
    contents: tuple[Content, ...]
    paid: Price | None
    priority: int
    reply: Message | None = None


Decision: TypeAlias = ApprovedSend | Repeated | Refusal


async def carry_out(work: Work, actor: Actor, call: Call, decided: Decision) -> tuple[Message, ...] | Refusal:
    """The messages that a decision comes to: queued now, or as they were when the same was asked before."""
    if isinstance(decided, Repeated):
        return decided.messages
    if not isinstance(decided, ApprovedSend):
        return decided
    await keep_files(work.tx, [file for content in decided.contents if (file := file_of(content)) is not None])
    messages: list[Message] = []
    thread, paid, reply = decided.thread, decided.paid, decided.reply
    for content in decided.contents:
        message = new_message(work, thread, decided.channel, decided.author, content, reply)
        thread = await queue(work, thread, message, paid, decided.priority)
        messages.append(message)
        paid = reply = None
    remember(work.tx, actor, call, decided.now, *(message.id for message in messages))
    return tuple(messages)


async def keep_files(tx: Transaction, files: Sequence[MediaId]) -> None:
    """Files that something names from now on are not cleared away."""
    for media in (await tx.media(sorted(set(files)))).values() if files else ():
        if used(media) != media:
            tx.save(used(media))


async def place_of(look: Look, id: ThreadId) -> tuple[Thread, Channel] | Refusal:
    """A thread with the number it is on."""
    thread = (await look.threads([id])).get(id)
    channel = await look.row(Channel, thread.channel) if thread else None
    if thread is None or channel is None:
        return not_found("thread", "threadId")
    return thread, channel


@dataclass(frozen=True, slots=True)
class FreeFormPlace:
    """Where a free-form message may go now, and which one it answers."""

    thread: Thread
    channel: Channel
    reply: Message | None


async def free_form_place(
    look: Look, id: ThreadId, reply_to: MessageId | None, now: datetime
) -> FreeFormPlace | Refusal:
    """Refuses NOT_FOUND, CHANNEL_UNAVAILABLE, SESSION_CLOSED, INVALID."""
    found = await place_of(look, id)
    if not isinstance(found, tuple):
        return found
    thread, channel = found
    if refusal := channel_refusal(channel) or await session_refusal(look, thread, channel, now):
        return refusal
    original = (await look.messages([reply_to])).get(reply_to) if reply_to is not None else None
    if reply_to is not None and (refusal := replied_to(thread, original)):
        return refusal
    return FreeFormPlace(thread, channel, original)


def channel_refusal(channel: Channel) -> Refusal | None:
    if channel.can_send:
        return None
    return Refused(ErrorCode.CHANNEL_UNAVAILABLE, f"The number {channel.phone_number} is not connected.")


async def session_refusal(look: Look, thread: Thread, channel: Channel, now: datetime) -> SessionClosed | None:
    """Free-form messages go only inside a session; the refusal lists the templates that would go to them now."""
    if thread.session is not None and thread.session.is_open(now):
        return None
    listed = await look.templates_of(channel.account)
    contact = await look.unheld.row(Contact, thread.contact)
    sendable = tuple(each.id for each in listed if template_refusal(each, contact, thread, now) is None)
    return SessionClosed(thread.session.expires_at if thread.session else None, sendable)


def new_message(
    work: Work,
    thread: Thread,
    channel: Channel,
    author: Author,
    content: Content,
    reply: Message | None,
) -> Message:
    return Message(
        organization=thread.organization,
        id=MessageId(work.new_id()),
        thread=thread.id,
        channel=channel.id,
        direction=Direction.OUTBOUND,
        author=author,
        content=content,
        status=MessageStatus.QUEUED,
        # As the network tells time, so that an answer in this second stands after it.
        at=work.now.replace(microsecond=0),
        sent_at=work.now,
        received_at=work.now,
        reply_to=reply.id if reply else None,
        reply_to_wamid=reply.wamid if reply else None,
        from_number=channel.phone_number,
        to_number=f"+{thread.wa_id}" if thread.wa_id else None,
    )


async def queue(work: Work, thread: Thread, message: Message, paid: Price | None, priority: int) -> Thread:
    """Save the message and all that goes with it: its place in the outbox, thread, ticket, cost and events.

    The thread as it then stands, for the next message of the same send.
    """
    after = with_message(thread, message)
    work.tx.save(
        after,
        message,
        own_mark(work, message, MessageStatus.QUEUED),
        queued_item(work, message, work.now, priority),
    )
    work.tx.record(MessageAdded(thread.id, message.id))
    if thread.ticket is not None:
        ticket = (await work.tx.tickets([thread.ticket]))[thread.ticket]
        record_change(work, ticket, after_our_reply(ticket), message.author)
    take_unit(work, message, paid)
    return after


def queue_again(work: Work, message: Message, due_at: datetime) -> Message:
    """A new attempt of a message whose last one did not go: at the end of its thread's queue."""
    after = queued_again(message, work.now)
    item = queued_item(work, message, due_at, priority_of(message))
    work.tx.save(after, own_mark(work, after, MessageStatus.QUEUED), item)
    work.tx.record(*status_events(message, after))
    return after


def queued_item(work: Work, message: Message, due_at: datetime, priority: int) -> OutboxItem:
    return OutboxItem(
        message.organization,
        message.id,
        message.thread,
        message.channel,
        work.now,
        due_at,
        priority,
        cause=work.cause,
    )


def priority_of(message: Message) -> int:
    return TEMPLATE_NEXT if isinstance(message.content, TemplateMessage) else PERSON_FIRST


async def written_here(tx: Transaction, id: MessageId) -> tuple[Thread, Message] | Refusal:
    """A message that went out from here, and its thread, which is locked first as everywhere: it never moves."""
    known = (await tx.unheld.messages([id])).get(id)
    if known is None:
        return not_found("message", "messageId")
    if known.direction is not Direction.OUTBOUND or isinstance(known.author, ByPhoneApp):
        return invalid("This message was not sent from here.", "messageId")
    thread = (await tx.threads([known.thread]))[known.thread]
    return thread, (await tx.messages([id]))[id]


def replied_to(thread: Thread, original: Message | None) -> Refusal | None:
    """A reply quotes a message of the same thread that the network knows."""
    if original is None or original.thread != thread.id:
        return Refused(ErrorCode.NOT_FOUND, "There is no such message in this thread.", ("replyToId",))
    if original.wamid is None:
        return invalid("This message has not reached the network, so it can't be quoted yet.", "replyToId")
    return None


def turn_of_place(message: MessageId) -> str:
    """The turn of whoever may give a message its place in the queue: it or our reaction to it, never both. The place is
    looked for before the thread is locked, and would be taken by another meanwhile."""
    return f"place/{message}"


def hold(item: OutboxItem, until: datetime) -> OutboxItem:
    """The item back in the queue, its lease given up."""
    return replace(item, due_at=until, tries=item.tries + 1, leased_until=None, lease=None)
