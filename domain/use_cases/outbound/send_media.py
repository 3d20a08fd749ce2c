"""Sending files: each becomes a message of its own, in order. Where one is refused, none is queued."""

from dataclasses import dataclass

from domain.conversations.contents import CAPTION_LIMIT, MediaMessage
from domain.conversations.messages import Message
from domain.errors import REFUSALS, Refusal, TextTooLong, forbidden, invalid, not_found
from domain.files.fit import outbound_refusal
from domain.files.rules import CAPTIONED
from domain.ids import MediaId, MessageId, ThreadId
from domain.outbound.outbox import PERSON_FIRST
from domain.people.actors import Actor, Right
from domain.ports.bundle import Ports
from domain.ports.store import Look
from domain.use_cases.again import again_on_collision
from domain.use_cases.files.sendable import files_at_hand
from domain.use_cases.outbound.idempotency import Call, content_hash, key_fault, repeated
from domain.use_cases.outbound.price import price
from domain.use_cases.outbound.queue import ApprovedSend, Decision, Destination, carry_out, free_form_place
from domain.use_cases.work import Reading, Work

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
    if refusal := media_refusal(actor, asked):
        return refusal
    async with ports.store.transaction(actor.organization) as tx:
        work = Work.of(ports, tx, ports.clock.now())
        sent = await carry_out(work, actor, _call(asked), await decide_media(work.reading, actor, asked))
    return list(sent) if isinstance(sent, tuple) else sent


def media_refusal(actor: Actor, asked: SendMedia) -> Refusal | None:
    """Why they may not go, as far as that can be told from the words alone."""
    if not actor.may(Right.SEND):
        return forbidden("send messages")
    return key_fault(asked.idempotency_key) or _fault(asked.files, asked.caption or None)


async def decide_media(reading: Reading, actor: Actor, asked: SendMedia) -> Decision:
    """What becomes of files that `media_refusal` let pass."""
    earlier = await repeated(reading.look, actor, _call(asked))
    if earlier is not None:
        return earlier
    place = await free_form_place(reading.look, asked.thread, asked.reply_to, reading.now)
    if not isinstance(place, Destination):
        return place
    caption = asked.caption or None
    if refusal := await _files_fault(reading.look, asked.files, caption):
        return refusal
    paid = await price(reading, place.thread, place.channel)
    if isinstance(paid, REFUSALS):
        return paid
    contents = tuple(MediaMessage(file, None if index else caption) for index, file in enumerate(asked.files))
    return ApprovedSend(
        reading.now, place.thread, place.channel, actor.author, contents, paid, PERSON_FIRST, place.reply
    )


def _call(asked: SendMedia) -> Call:
    content = content_hash("media", asked.thread, asked.files, asked.caption or None, asked.reply_to)
    return Call("messageSend", content, asked.idempotency_key)


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
