"""Sending files: each becomes a message of its own, in order. Where one is refused, none is queued."""

from dataclasses import dataclass

from domain.actors import Actor, Right
from domain.errors import REFUSALS, Refusal, TextTooLong, forbidden, invalid, not_found
from domain.ids import MediaId, MessageId, ThreadId
from domain.media import CAPTIONED, Media, MediaState, refusal_of
from domain.messages import CAPTION_LIMIT, Direction, MediaMessage, Message
from domain.outbox import PERSON_FIRST
from domain.ports import Ports, Transaction
from domain.use_cases.again import again_on_collision
from domain.use_cases.queueing import (
    channel_refusal,
    content_hash,
    first_results,
    key_fault,
    new_message,
    price,
    queue,
    remember,
    replied_to,
    session_refusal,
)

FILES_LIMIT = 30  # in one send; WhatsApp's own picker stops there

FIELD = ("content", "media", "mediaIds")


@dataclass(frozen=True, slots=True)
class SendMedia:
    thread: ThreadId
    files: tuple[MediaId, ...]
    caption: str | None = None  # of the first
    reply_to: MessageId | None = None
    idempotency_key: str | None = None


@again_on_collision
async def send_media(ports: Ports, actor: Actor, asked: SendMedia) -> list[Message] | Refusal:
    """Queue files, inside a session only; the messages in the order of the files.

    Refuses as `send_text` does, and MEDIA_REJECTED. The same key with the same content gives the first messages again.
    """
    if not actor.may(Right.SEND):
        return forbidden("send messages")
    caption = asked.caption or None
    if refusal := key_fault(asked.idempotency_key) or _fault(asked.files, caption):
        return refusal
    content = content_hash("media", asked.thread, asked.files, caption, asked.reply_to)
    now = ports.clock.now()
    async with ports.store.transaction(actor.organization) as tx:
        earlier = await first_results(tx, actor, asked.idempotency_key, "messageSend", content)
        if earlier is not None:
            return earlier
        thread = (await tx.threads([asked.thread])).get(asked.thread)
        channel = await tx.channel(thread.channel) if thread else None
        if thread is None or channel is None:
            return not_found("thread", "threadId")
        if refusal := channel_refusal(channel) or await session_refusal(tx, thread, channel, now):
            return refusal
        original = (await tx.messages([asked.reply_to])).get(asked.reply_to) if asked.reply_to is not None else None
        if asked.reply_to is not None and (refusal := replied_to(thread, original)):
            return refusal
        if refusal := await _files_fault(tx, asked.files, caption):
            return refusal
        paid = await price(ports, tx, thread, channel, now)
        if isinstance(paid, REFUSALS):
            return paid
        messages: list[Message] = []
        for place, file in enumerate(asked.files):
            said = MediaMessage(file, None if place else caption)
            message = new_message(ports, thread, channel, actor.author, said, now, None if place else original)
            thread = await queue(ports, tx, thread, message, None if place else paid, PERSON_FIRST)
            messages.append(message)
        remember(tx, actor, asked.idempotency_key, "messageSend", content, *messages)
    return messages


def _fault(files: tuple[MediaId, ...], caption: str | None) -> Refusal | None:
    if not 1 <= len(files) <= FILES_LIMIT:
        return invalid(f"One send takes 1 to {FILES_LIMIT} files.", *FIELD)
    if caption is not None and len(caption) > CAPTION_LIMIT:
        return TextTooLong(CAPTION_LIMIT, len(caption), ("content", "media", "caption"))
    return None


async def _files_fault(tx: Transaction, files: tuple[MediaId, ...], caption: str | None) -> Refusal | None:
    """The first reason why one of them can't go."""
    found = await tx.media(sorted(set(files)))
    for place, id in enumerate(files):
        media = found.get(id)
        if media is None:
            return not_found("file", *FIELD, str(place))
        if refusal := _file_fault(media, place):
            return refusal
    if caption is not None and found[files[0]].kind not in CAPTIONED:
        return invalid("WhatsApp shows no caption with sounds and stickers.", "content", "media", "caption")
    return None


def _file_fault(media: Media, place: int) -> Refusal | None:
    field = (*FIELD, str(place))
    if media.state is not MediaState.READY or media.size is None:
        return invalid("The bytes of this file are not here; PUT them at its uploadUrl first.", *field)
    return refusal_of(media.kind, Direction.OUTBOUND, media.mime_type, media.size, voice=media.voice, field=field)
