"""Sending an item of the library: it goes as what it is now, and the message keeps that."""

from dataclasses import dataclass

from domain.conversations.contents import MediaMessage, Text
from domain.conversations.library import LibraryItem, as_sent, file_refusal
from domain.conversations.messages import Message
from domain.errors import REFUSALS, Refusal, not_found
from domain.ids import LibraryItemId, MessageId, ThreadId
from domain.people.actors import Actor
from domain.ports.bundle import Ports
from domain.ports.store import Look
from domain.use_cases.files.sendable import files_at_hand
from domain.use_cases.outbound.idempotency import Call, content_hash, key_fault
from domain.use_cases.outbound.queue import ApprovedSend, FreeFormPlace, free_form_place
from domain.use_cases.outbound.sending.steps import approved_free_form, send_one
from domain.use_cases.work import Reading

FIELD = ("content", "libraryItemId")


@dataclass(frozen=True, slots=True)
class SendItem:
    thread: ThreadId
    item: LibraryItemId
    reply_to: MessageId | None = None
    idempotency_key: str | None = None

    @property
    def call(self) -> Call:
        content = content_hash("library", self.thread, self.item, self.reply_to)
        return Call("messageSend", content, self.idempotency_key)

    def fault(self) -> Refusal | None:
        return key_fault(self.idempotency_key)

    async def approved(self, reading: Reading, actor: Actor) -> ApprovedSend | Refusal:
        to = await free_form_place(reading.look, self.thread, self.reply_to, reading.now)
        if not isinstance(to, FreeFormPlace):
            return to
        content = await _content(reading.look, self.item)
        return content if isinstance(content, REFUSALS) else await approved_free_form(reading, actor, to, (content,))


async def send_item(ports: Ports, actor: Actor, command: SendItem) -> Message | Refusal:
    """Queue an item of the library, inside a session only.

    Refuses as `send_content` does, and what has become of the item's file. The same key with the same item gives the
    first message again, also where the item has changed since.
    """
    return await send_one(ports, actor, command)


async def _content(look: Look, id: LibraryItemId) -> Text | MediaMessage | Refusal:
    item = await look.row(LibraryItem, id)
    if item is None:
        return not_found("library item", *FIELD)
    content = as_sent(item)
    if isinstance(content, MediaMessage):
        file = (await files_at_hand(look, [content.media])).get(content.media)
        return file_refusal(file, *FIELD) or content
    return content
