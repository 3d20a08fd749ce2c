"""Sending files: each becomes a message of its own, in order. Where one is refused, none is queued."""

from dataclasses import dataclass

from domain.conversations.contents import CAPTION_LIMIT, MediaMessage
from domain.conversations.messages import Message
from domain.errors import Refusal, TextTooLong, invalid, not_found
from domain.files.fit import outbound_refusal
from domain.files.rules import CAPTIONED
from domain.ids import MediaId, MessageId, ThreadId
from domain.people.actors import Actor
from domain.ports.bundle import Ports
from domain.ports.store import Look
from domain.use_cases.files.sendable import files_at_hand
from domain.use_cases.outbound.idempotency import Call, content_hash, key_fault
from domain.use_cases.outbound.queue import ApprovedSend, FreeFormPlace, free_form_place
from domain.use_cases.outbound.sending.steps import approved_free_form, send
from domain.use_cases.work import Reading

FILES_LIMIT = 30  # in one send; WhatsApp's own picker stops there

FIELD = ("content", "media", "mediaIds")


@dataclass(frozen=True, slots=True)
class SendMedia:
    thread: ThreadId
    files: tuple[MediaId, ...]
    caption: str | None = None  # of the first
    reply_to: MessageId | None = None
    idempotency_key: str | None = None

    @property
    def call(self) -> Call:
        content = content_hash("media", self.thread, self.files, self.caption or None, self.reply_to)
        return Call("messageSend", content, self.idempotency_key)

    def fault(self) -> Refusal | None:
        return key_fault(self.idempotency_key) or _fault(self.files, self.caption or None)

    async def approved(self, reading: Reading, actor: Actor) -> ApprovedSend | Refusal:
        to = await free_form_place(reading.look, self.thread, self.reply_to, reading.now)
        if not isinstance(to, FreeFormPlace):
            return to
        caption = self.caption or None
        if refusal := await _files_fault(reading.look, self.files, caption):
            return refusal
        contents = tuple(MediaMessage(file, None if index else caption) for index, file in enumerate(self.files))
        return await approved_free_form(reading, actor, to, contents)


async def send_media(ports: Ports, actor: Actor, command: SendMedia) -> list[Message] | Refusal:
    """Queue files, inside a session only; the messages in the order of the files.

    Refuses as `send_text` does, and MEDIA_REJECTED. The same key with the same content gives the first messages again.
    """
    sent = await send(ports, actor, command)
    return list(sent) if isinstance(sent, tuple) else sent


def _fault(files: tuple[MediaId, ...], caption: str | None) -> Refusal | None:
    if not 1 <= len(files) <= FILES_LIMIT:
        return invalid(f"One send takes 1 to {FILES_LIMIT} files.", *FIELD)
    if caption is not None and len(caption) > CAPTION_LIMIT:
        return TextTooLong(CAPTION_LIMIT, len(caption), ("content", "media", "caption"))
    return None


async def _files_fault(look: Look, files: tuple[MediaId, ...], caption: str | None) -> Refusal | None:
    """The first reason why one of them can't go."""
    found = await files_at_hand(look, files)
    for place, id in enumerate(files):
        media = found.get(id)
        if media is None:
            return not_found("file", *FIELD, str(place))
        if refusal := outbound_refusal(media, *FIELD, str(place)):
            return refusal
    if caption is not None and found[files[0]].kind not in CAPTIONED:
        return invalid("WhatsApp shows no caption with sounds and stickers.", "content", "media", "caption")
    return None
