"""Sending: queue a message. WhatsApp hears of it from the worker, after the commit."""

from dataclasses import dataclass
from datetime import datetime

from domain.actors import Actor, Author, ByAutomation, ByIntegration, Right
from domain.contacts import Contact
from domain.errors import (
    REFUSALS,
    ErrorCode,
    Refusal,
    Refused,
    forbidden,
    invalid,
    not_found,
)
from domain.ids import MessageId, TemplateId, ThreadId
from domain.messages import Filled, Message, TemplateMessage, Text
from domain.outbox import PERSON_FIRST, TEMPLATE_NEXT
from domain.ports import Ports, Transaction
from domain.sendable import Sendable, fault_of
from domain.templates import Template, TemplateCategory, fill, not_sendable_reason
from domain.threads import Thread
from domain.use_cases.again import again_on_collision
from domain.use_cases.queueing import (
    channel_refusal,
    content_hash,
    first_result,
    key_fault,
    new_message,
    price,
    queue,
    remember,
    replied_to,
    session_refusal,
)

AUTOMATION_NAME_LIMIT = 200


@dataclass(frozen=True, slots=True)
class SendText:
    thread: ThreadId
    body: str
    preview_url: bool = False
    reply_to: MessageId | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class SendContent:
    """Anything free-form but a file."""

    thread: ThreadId
    content: Sendable
    reply_to: MessageId | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class SendTemplate:
    thread: ThreadId
    template: TemplateId
    values: tuple[Filled, ...] = ()
    automation: str | None = None  # shown as the sender, for sends by a program
    idempotency_key: str | None = None


async def send_text(ports: Ports, actor: Actor, asked: SendText) -> Message | Refusal:
    """Queue a free-form text, as `send_content` does."""
    text = Text(asked.body, asked.preview_url)
    return await send_content(ports, actor, SendContent(asked.thread, text, asked.reply_to, asked.idempotency_key))


@again_on_collision
async def send_content(ports: Ports, actor: Actor, asked: SendContent) -> Message | Refusal:
    """Queue a free-form message; inside a session only.

    Refuses FORBIDDEN, INVALID, TEXT_TOO_LONG, NOT_FOUND, CHANNEL_UNAVAILABLE, SESSION_CLOSED, QUOTA_EXCEEDED (only
    where replies count), IDEMPOTENCY_MISMATCH. The same key with the same content gives the first message again.
    """
    if not actor.may(Right.SEND):
        return forbidden("send messages")
    if refusal := key_fault(asked.idempotency_key) or fault_of(asked.content):
        return refusal
    content = content_hash(asked.thread, asked.content, asked.reply_to)
    now = ports.clock.now()
    async with ports.store.transaction(actor.organization) as tx:
        earlier = await first_result(tx, actor, asked.idempotency_key, "messageSend", content)
        if earlier is not None:
            return earlier
        thread = (await tx.threads([asked.thread])).get(asked.thread)
        channel = await tx.channel(thread.channel) if thread else None
        if thread is None or channel is None:
            return not_found("thread", "threadId")
        if refusal := channel_refusal(channel) or await session_refusal(tx, thread, channel, now):
            return refusal
        original = await _original(tx, asked.reply_to)
        if asked.reply_to is not None and (refusal := replied_to(thread, original)):
            return refusal
        paid = await price(ports, tx, thread, channel, now)
        if isinstance(paid, REFUSALS):
            return paid
        message = new_message(ports, thread, channel, actor.author, asked.content, now, original)
        await queue(ports, tx, thread, message, paid, PERSON_FIRST)
        remember(tx, actor, asked.idempotency_key, "messageSend", content, message)
    return message


@again_on_collision
async def send_template(ports: Ports, actor: Actor, asked: SendTemplate) -> Message | Refusal:
    """Queue a template, in a session or outside. Outside it takes one conversation of the month and of the day.

    Refuses as `send_content` does, without SESSION_CLOSED, and TEMPLATE_NOT_SENDABLE, TEMPLATE_PARAMETERS,
    CONTACT_OPTED_OUT, QUOTA_EXCEEDED, DAILY_ALLOWANCE_EXCEEDED.
    """
    if not actor.may(Right.SEND):
        return forbidden("send messages")
    if refusal := key_fault(asked.idempotency_key) or _automation_fault(asked.automation):
        return refusal
    content = content_hash(asked.thread, asked.template, sorted(map(repr, asked.values)), asked.automation)
    now = ports.clock.now()
    async with ports.store.transaction(actor.organization) as tx:
        earlier = await first_result(tx, actor, asked.idempotency_key, "messageSendTemplate", content)
        if earlier is not None:
            return earlier
        thread = (await tx.threads([asked.thread])).get(asked.thread)
        channel = await tx.channel(thread.channel) if thread else None
        if thread is None or channel is None:
            return not_found("thread", "threadId")
        template = await tx.template(asked.template)
        if template is None or template.account != channel.account:
            return not_found("template of this number", "templateId")
        contact = (await tx.contacts([thread.contact])).get(thread.contact)
        if refusal := channel_refusal(channel) or opt_out_refusal(contact, template, thread, now):
            return refusal
        filled = _filled(template, asked.values)
        if not isinstance(filled, TemplateMessage):
            return filled
        paid = await price(ports, tx, thread, channel, now)
        if isinstance(paid, REFUSALS):
            return paid
        message = new_message(ports, thread, channel, _author(actor, asked.automation), filled, now, None)
        await queue(ports, tx, thread, message, paid, TEMPLATE_NEXT)
        remember(tx, actor, asked.idempotency_key, "messageSendTemplate", content, message)
    return message


def opt_out_refusal(contact: Contact | None, template: Template, thread: Thread, now: datetime) -> Refused | None:
    """Who said stop gets nothing business-initiated; who stopped marketing gets no marketing template."""
    in_session = thread.session is not None and thread.session.is_open(now)
    if contact is None or in_session:
        return None
    if contact.opted_out_at is not None:
        return Refused(ErrorCode.CONTACT_OPTED_OUT, "The contact asked not to be written to.")
    if contact.marketing_opted_out_at is not None and template.category is TemplateCategory.MARKETING:
        return Refused(ErrorCode.CONTACT_OPTED_OUT, "The contact stopped marketing messages.")
    return None


def _filled(template: Template, values: tuple[Filled, ...]) -> TemplateMessage | Refusal:
    if reason := not_sendable_reason(template):
        return Refused(ErrorCode.TEMPLATE_NOT_SENDABLE, reason, ("templateId",))
    return fill(template, values)


def _automation_fault(name: str | None) -> Refusal | None:
    if name is not None and not 1 <= len(name.strip()) <= AUTOMATION_NAME_LIMIT:
        return invalid(f"An automation's name has 1 to {AUTOMATION_NAME_LIMIT} characters.", "automation")
    return None


def _author(actor: Actor, automation: str | None) -> Author:
    if automation is not None and isinstance(actor.author, ByIntegration):
        return ByAutomation(automation.strip())
    return actor.author


async def _original(tx: Transaction, id: MessageId | None) -> Message | None:
    return (await tx.messages([id])).get(id) if id is not None else None
