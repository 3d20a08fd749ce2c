"""Sending: queue a message. WhatsApp hears of it from the worker, after the commit."""

from dataclasses import dataclass
from datetime import datetime

from domain.channels.channels import Channel
from domain.channels.templates import HEADER_FIELD, Template, fill
from domain.conversations.contents import Filled, TemplateMessage, Text
from domain.conversations.messages import Message
from domain.conversations.sendable import Sendable, fault_of
from domain.conversations.threads import Thread
from domain.errors import REFUSALS, Refusal, invalid, not_found
from domain.ids import MediaId, MessageId, TemplateId, ThreadId
from domain.outbound.outbox import TEMPLATE_NEXT
from domain.outbound.templates import template_refusal
from domain.people.actors import Actor, Author, ByAutomation, ByIntegration
from domain.ports.bundle import Ports
from domain.ports.store import Look
from domain.use_cases.files.sendable import files_at_hand
from domain.use_cases.outbound.idempotency import Call, content_hash, key_fault
from domain.use_cases.outbound.price import price
from domain.use_cases.outbound.queue import ApprovedSend, FreeFormPlace, channel_refusal, free_form_place, place_of
from domain.use_cases.outbound.sending.steps import approved_free_form, send_one
from domain.use_cases.work import Reading

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

    @property
    def call(self) -> Call:
        return Call("messageSend", content_hash(self.thread, self.content, self.reply_to), self.idempotency_key)

    def fault(self) -> Refusal | None:
        return key_fault(self.idempotency_key) or fault_of(self.content)

    async def approved(self, reading: Reading, actor: Actor) -> ApprovedSend | Refusal:
        to = await free_form_place(reading.look, self.thread, self.reply_to, reading.now)
        return await approved_free_form(reading, actor, to, (self.content,)) if isinstance(to, FreeFormPlace) else to


@dataclass(frozen=True, slots=True)
class SendTemplate:
    thread: ThreadId
    template: TemplateId
    values: tuple[Filled, ...] = ()
    header_media: MediaId | None = None
    automation: str | None = None  # shown as the sender, for sends by a program
    idempotency_key: str | None = None

    @property
    def call(self) -> Call:
        above = () if self.header_media is None else (self.header_media,)  # hashes without a file stay what they were
        content = content_hash(self.thread, self.template, sorted(map(repr, self.values)), self.automation, *above)
        return Call("messageSendTemplate", content, self.idempotency_key)

    def fault(self) -> Refusal | None:
        return key_fault(self.idempotency_key) or _automation_fault(self.automation)

    async def approved(self, reading: Reading, actor: Actor) -> ApprovedSend | Refusal:
        found = await place_of(reading.look, self.thread)
        if not isinstance(found, tuple):
            return found
        filling = Filling(self.template, self.values, self.header_media)
        return await approved_template(reading, *found, filling, _author(actor, self.automation))


async def send_text(ports: Ports, actor: Actor, command: SendText) -> Message | Refusal:
    """Queue a free-form text, as `send_content` does."""
    text = Text(command.body, command.preview_url)
    return await send_content(
        ports, actor, SendContent(command.thread, text, command.reply_to, command.idempotency_key)
    )


async def send_content(ports: Ports, actor: Actor, command: SendContent) -> Message | Refusal:
    """Queue a free-form message; inside a session only.

    Refuses FORBIDDEN, INVALID, TEXT_TOO_LONG, NOT_FOUND, CHANNEL_UNAVAILABLE, SESSION_CLOSED, QUOTA_EXCEEDED (only
    where replies count), IDEMPOTENCY_MISMATCH. The same key with the same content gives the first message again.
    """
    return await send_one(ports, actor, command)


async def send_template(ports: Ports, actor: Actor, command: SendTemplate) -> Message | Refusal:
    """Queue a template, in a session or outside. Outside it takes one conversation of the month and of the day.

    Refuses as `send_content` does, without SESSION_CLOSED, and TEMPLATE_NOT_SENDABLE, TEMPLATE_PARAMETERS (every
    blank that is wrong), MEDIA_REJECTED, CONTACT_OPTED_OUT, QUOTA_EXCEEDED, DAILY_ALLOWANCE_EXCEEDED.
    """
    return await send_one(ports, actor, command)


@dataclass(frozen=True, slots=True)
class Filling:
    """A template, and all that is put into it."""

    template: TemplateId
    values: tuple[Filled, ...] = ()
    header_media: MediaId | None = None


async def approved_template(
    reading: Reading, thread: Thread, channel: Channel, filling: Filling, author: Author
) -> ApprovedSend | Refusal:
    filled = await _filled_for(reading.look, thread, channel, filling, reading.now)
    if not isinstance(filled, TemplateMessage):
        return filled
    paid = await price(reading, thread, channel)
    if isinstance(paid, REFUSALS):
        return paid
    return ApprovedSend(reading.now, thread, channel, author, (filled,), paid, TEMPLATE_NEXT)


async def _filled_for(
    look: Look, thread: Thread, channel: Channel, filling: Filling, now: datetime
) -> TemplateMessage | Refusal:
    """The template as the person of this thread will see it, or why it can't go to them from this number."""
    template = await look.row(Template, filling.template)
    if template is None or template.account != channel.account:
        return not_found("template of this number", "templateId")
    contact = (await look.unheld.contacts([thread.contact])).get(thread.contact)
    if refusal := channel_refusal(channel) or template_refusal(template, contact, thread, now, ("templateId",)):
        return refusal
    return await _filled(look, template, filling)


async def _filled(look: Look, template: Template, filling: Filling) -> TemplateMessage | Refusal:
    id = filling.header_media
    file = (await files_at_hand(look, [id])).get(id) if id is not None else None
    if id is not None and file is None:
        return not_found("file", *HEADER_FIELD)
    return fill(template, filling.values, file)


def _automation_fault(name: str | None) -> Refusal | None:
    if name is not None and not 1 <= len(name.strip()) <= AUTOMATION_NAME_LIMIT:
        return invalid(f"An automation's name has 1 to {AUTOMATION_NAME_LIMIT} characters.", "automation")
    return None


def _author(actor: Actor, automation: str | None) -> Author:
    if automation is not None and isinstance(actor.author, ByIntegration):
        return ByAutomation(automation.strip())
    return actor.author
