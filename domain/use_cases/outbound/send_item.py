"""Sending an item of the library: it goes as what it is now, and the message keeps that."""

from dataclasses import dataclass

from domain.conversations.contents import MediaMessage, Text
from domain.conversations.library import LibraryItem, as_sent, file_refusal
from domain.conversations.messages import Message
from domain.errors import REFUSALS, Refusal, forbidden, not_found
from domain.ids import LibraryItemId, MessageId, ThreadId
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

FIELD = ("content", "libraryItemId")


@dataclass(frozen=True, slots=True)
class SendItem:
    thread: ThreadId
    item: LibraryItemId
    reply_to: MessageId | None = None
    idempotency_key: str | None = None


@again_on_collision
async def send_item(ports: Ports, actor: Actor, asked: SendItem) -> Message | Refusal:
    """Queue an item of the library, inside a session only.

    Refuses as `send_content` does, and what has become of the item's file. The same key with the same item gives the
    first message again, also where the item has changed since.
    """
    if refusal := item_refusal(actor, asked):
        return refusal
    async with ports.store.transaction(actor.organization) as tx:
        work = Work.of(ports, tx, ports.clock.now())
        sent = await carry_out(work, actor, _call(asked), await decide_item(work.reading, actor, asked))
    return sent[0] if isinstance(sent, tuple) else sent


def item_refusal(actor: Actor, asked: SendItem) -> Refusal | None:
    """Why it may not go, as far as that can be told from the words alone."""
    if not actor.may(Right.SEND):
        return forbidden("send messages")
    return key_fault(asked.idempotency_key)


async def decide_item(reading: Reading, actor: Actor, asked: SendItem) -> Decision:
    """What becomes of an item that `item_refusal` let pass."""
    earlier = await repeated(reading.look, actor, _call(asked))
    if earlier is not None:
        return earlier
    place = await free_form_place(reading.look, asked.thread, asked.reply_to, reading.now)
    if not isinstance(place, Destination):
        return place
    content = await _content(reading.look, asked.item)
    if isinstance(content, REFUSALS):
        return content
    paid = await price(reading, place.thread, place.channel)
    if isinstance(paid, REFUSALS):
        return paid
    return ApprovedSend(
        reading.now, place.thread, place.channel, actor.author, (content,), paid, PERSON_FIRST, place.reply
    )


async def _content(look: Look, id: LibraryItemId) -> Text | MediaMessage | Refusal:
    item = await look.row(LibraryItem, id)
    if item is None:
        return not_found("library item", *FIELD)
    content = as_sent(item)
    if isinstance(content, MediaMessage):
        file = (await files_at_hand(look, [content.media])).get(content.media)
        return file_refusal(file, *FIELD) or content
    return content


def _call(asked: SendItem) -> Call:
    content = content_hash("library", asked.thread, asked.item, asked.reply_to)
    return Call("messageSend", content, asked.idempotency_key)
