"""What every outgoing message shares: idempotency, the state of thread and ticket, the outbox row, what it costs."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from domain.actors import Actor, Author
from domain.channels import Channel
from domain.errors import ErrorCode, QuotaExceeded, Refusal, Refused, SessionClosed, invalid
from domain.events import MessageAdded, QuotaChanged
from domain.ids import BusinessAccountId, EntryId, MessageId
from domain.messages import Content, Direction, Message, MessageStatus
from domain.outbox import IDEMPOTENCY_KEY_LIMIT, OutboxItem, Remembered
from domain.ports import Ports, Transaction
from domain.quota import (
    ALLOWANCE_WINDOW,
    UNVERIFIED_ALLOWANCE,
    ConversationKind,
    Entry,
    Period,
    allowance,
    charge,
    month_of,
    user_initiated_counts,
)
from domain.templates import not_sendable_reason
from domain.threads import Thread, with_message
from domain.tickets import after_our_reply
from domain.use_cases.marks import own_mark
from domain.use_cases.ticketing import record_change


@dataclass(frozen=True, slots=True)
class Price:
    """The unit a send takes from the month, ready to be saved with it."""

    period: Period
    kind: ConversationKind
    account: BusinessAccountId


def key_fault(key: str | None) -> Refusal | None:
    if key is not None and not 1 <= len(key) <= IDEMPOTENCY_KEY_LIMIT:
        return invalid(f"An idempotency key has 1 to {IDEMPOTENCY_KEY_LIMIT} characters.", "idempotencyKey")
    return None


def content_hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


async def first_result(
    tx: Transaction, actor: Actor, key: str | None, mutation: str, content: str
) -> Message | Refusal | None:
    """The message an earlier call with this key made; None where there was none."""
    found = await first_results(tx, actor, key, mutation, content)
    return found[0] if isinstance(found, list) else found


async def first_results(
    tx: Transaction, actor: Actor, key: str | None, mutation: str, content: str
) -> list[Message] | Refusal | None:
    """The messages an earlier call with this key made, in order; None where there was none."""
    known = await tx.remembered(_memory_id(actor, key, 0)) if key is not None else None
    if key is None or known is None:
        return None
    if known.mutation != mutation or known.content != content:
        return Refused(ErrorCode.IDEMPOTENCY_MISMATCH, "This key was used for something else.", ("idempotencyKey",))
    made: list[MessageId] = []
    while known is not None:
        made.append(known.message)
        known = await tx.remembered(_memory_id(actor, key, len(made)))
    messages = await tx.messages(made)
    return [messages[id] for id in made]


def remember(tx: Transaction, actor: Actor, key: str | None, mutation: str, content: str, *messages: Message) -> None:
    """One row a message: what one send makes is found again in its order."""
    for place, message in enumerate(messages if key is not None else ()):
        id = _memory_id(actor, key or "", place)
        tx.save(Remembered(tx.organization, id, mutation, content, message.id, message.received_at))


def channel_refusal(channel: Channel) -> Refusal | None:
    if channel.can_send:
        return None
    return Refused(ErrorCode.CHANNEL_UNAVAILABLE, f"The number {channel.phone_number} is not connected.")


async def session_refusal(tx: Transaction, thread: Thread, channel: Channel, now: datetime) -> SessionClosed | None:
    """Free-form messages go only inside a session; the refusal lists the templates that would work."""
    if thread.session is not None and thread.session.is_open(now):
        return None
    listed = await tx.templates_of(channel.account)
    sendable = tuple(template.id for template in listed if not_sendable_reason(template) is None)
    return SessionClosed(thread.session.expires_at if thread.session else None, sendable)


async def price(
    ports: Ports, tx: Transaction, thread: Thread, channel: Channel, now: datetime
) -> Price | Refusal | None:
    """What this send costs, decided once, now: None where it is free."""
    organization = await tx.settings()
    in_session = thread.session is not None and thread.session.is_open(now)
    if in_session and not user_initiated_counts(now, organization.time_zone):
        return None
    if in_session and thread.session is not None:
        kind = ConversationKind.USER_INITIATED
        taken = await tx.entries_since(thread.id, thread.session.opened_at)
        if any(entry.kind is kind and entry.refunded_at is None for entry in taken):
            return None
    else:
        kind = ConversationKind.BUSINESS_INITIATED
    starts_at, ends_at = month_of(now, organization.subscribed_on, organization.time_zone)
    period = await tx.period(starts_at, ends_at, ports.ids.new())
    if kind is ConversationKind.BUSINESS_INITIATED:
        limit = channel.messaging_limit if channel.business_verified else UNVERIFIED_ALLOWANCE
        day = allowance(limit, await tx.allowance_taken(channel.account, now - ALLOWANCE_WINDOW), now)
        if day.limit is not None and day.used >= day.limit:
            return QuotaExceeded(day.limit, day.resets_at, ErrorCode.DAILY_ALLOWANCE_EXCEEDED)
    charged = charge(period, organization.quota_limit)
    return charged if isinstance(charged, QuotaExceeded) else Price(charged, kind, channel.account)


def new_message(
    ports: Ports,
    thread: Thread,
    channel: Channel,
    author: Author,
    content: Content,
    now: datetime,
    reply: Message | None,
) -> Message:
    return Message(
        organization=thread.organization,
        id=MessageId(ports.ids.new()),
        thread=thread.id,
        channel=channel.id,
        direction=Direction.OUTBOUND,
        author=author,
        content=content,
        status=MessageStatus.QUEUED,
        at=now.replace(microsecond=0),  # as the network tells time, so that an answer in this second stands after it
        sent_at=now,
        received_at=now,
        reply_to=reply.id if reply else None,
        reply_to_wamid=reply.wamid if reply else None,
        from_number=channel.phone_number,
        to_number=f"+{thread.wa_id}" if thread.wa_id else None,
    )


async def queue(
    ports: Ports, tx: Transaction, thread: Thread, message: Message, paid: Price | None, priority: int
) -> Thread:
    """Save the message and all that goes with it: its place in the outbox, thread, ticket, cost and events.

    The thread as it then stands, for the next message of the same send.
    """
    now = message.received_at
    after = with_message(thread, message)
    tx.save(
        after,
        message,
        own_mark(ports, message, MessageStatus.QUEUED, now),
        OutboxItem(tx.organization, message.id, thread.id, message.channel, now, now, priority),
    )
    tx.record(MessageAdded(thread.id, message.id))
    if thread.ticket is not None:
        ticket = (await tx.tickets([thread.ticket]))[thread.ticket]
        record_change(ports, tx, ticket, after_our_reply(ticket), message.author, now)
    if paid is not None:
        entry = Entry(
            tx.organization,
            EntryId(ports.ids.new()),
            paid.period.id,
            now,
            paid.kind,
            thread.id,
            message.id,
            paid.account,
        )
        tx.save(paid.period, entry)
        tx.record(QuotaChanged())
    return after


def replied_to(thread: Thread, original: Message | None) -> Refusal | None:
    """A reply quotes a message of the same thread that the network knows."""
    if original is None or original.thread != thread.id:
        return Refused(ErrorCode.NOT_FOUND, "There is no such message in this thread.", ("replyToId",))
    if original.wamid is None:
        return invalid("This message has not reached the network, so it can't be quoted yet.", "replyToId")
    return None


def hold(item: OutboxItem, until: datetime) -> OutboxItem:
    """The item back in the queue, its lease given up."""
    return replace(item, due_at=until, tries=item.tries + 1, leased_until=None, lease=None)


def _memory_id(actor: Actor, key: str, place: int) -> str:
    """Of the first message as it ever was; those after it are told apart by a character no key should have."""
    return f"{actor.key}/{key}" if place == 0 else f"{actor.key}/{key}\x1f{place}"
