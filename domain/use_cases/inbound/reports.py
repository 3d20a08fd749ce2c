"""What is told of a message that is here: reactions, edits, deletions, and how far it got."""

from collections.abc import Sequence
from typing import assert_never

from domain.channels.channels import Channel
from domain.conversations.messages import Direction, Message
from domain.conversations.status import MessageStatus, arrived
from domain.ids import MessageId
from domain.updates import DeletionReceived, EditReceived, Outcome, ReactionReceived, StatusReported, UpdateRecord
from domain.use_cases.inbound.batch import Batch, park
from domain.use_cases.inbound.records import record_of
from domain.use_cases.marks import is_of_reaction, read_callback
from domain.use_cases.message_changes import (
    apply_deletion,
    apply_edit,
    apply_parked,
    apply_reaction,
    apply_status,
    may_change,
    replies_of,
)
from domain.use_cases.moderation.copies import take_out_copies

AWAITED = "waits for its message"


async def reread(batch: Batch, replies: Sequence[MessageId]) -> None:
    stale = sorted(batch.messages.keys() & set(replies))
    for message in (await batch.tx.messages(stale)).values() if stale else ():
        batch.put_message(message)


async def receive_change(
    batch: Batch,
    channel: Channel,
    update: ReactionReceived | EditReceived | DeletionReceived,
) -> UpdateRecord:
    message = batch.message(channel, update.target)
    if message is None:
        park(batch, channel.phone_number_id, update.target, update)
        return record_of(batch, update, Outcome.PARKED, AWAITED)
    match update:
        case ReactionReceived():
            after = apply_reaction(batch.tx, message, update, (await batch.thread(message.thread)).home)
        case EditReceived():
            after = apply_edit(batch, message, update, batch.policy)
        case DeletionReceived():
            after = apply_deletion(batch.tx, message, update)
        case _:
            assert_never(update)
    batch.put_message(after)
    await take_out_words(batch, message, after)
    if isinstance(update, ReactionReceived) or may_change(message, update):
        return record_of(batch, update, Outcome.APPLIED)
    return record_of(batch, update, Outcome.IGNORED, "about a message of somebody else")


async def take_out_words(batch: Batch, before: Message, after: Message) -> None:
    """What a message showed and shows no more is not told by the tickets of its thread either."""
    if after.content == before.content:
        return
    thread = await batch.thread(before.thread)
    if thread.ticket is None:
        return
    of_contact = await batch.tx.tickets_of([thread.contact])
    of_thread = [ticket for ticket in of_contact if ticket.thread == before.thread]
    for ticket in await take_out_copies(batch.tx, of_thread, before, after):
        batch.tickets[ticket.id] = ticket


async def receive_status(batch: Batch, channel: Channel, update: StatusReported) -> UpdateRecord:
    if is_of_reaction(update.callback):
        return record_of(batch, update, Outcome.IGNORED, "about a reaction of ours")
    named = read_callback(update.callback)
    message = batch.messages.get(named[0]) if named else None
    if message is None or message.channel != channel.id:
        message = batch.message(channel, update.wamid)
    if message is None or message.direction is not Direction.OUTBOUND:
        park(batch, channel.phone_number_id, update.wamid, update)
        return record_of(batch, update, Outcome.PARKED, AWAITED)
    # Who told of a change may have named a send of ours that was not known.
    holder = batch.message(channel, update.wamid)
    learns_id = holder is None or holder.id == message.id
    after = await apply_status(batch, message, update, learns_id=learns_id)
    item = (
        batch.items.pop(message.id, None) if message.status is MessageStatus.QUEUED and arrived(after.status) else None
    )
    if item is not None and item.reaction is None and item.lease is None:
        batch.tx.remove(item)  # an earlier attempt arrived all the same: one that has not left yet need not leave
    if waiting := batch.parked.pop((channel.phone_number_id, update.wamid), []):
        contact = (await batch.thread(after.thread)).home
        reported, after = after, await apply_parked(batch, after, waiting, contact, batch.policy)
        await take_out_words(batch, reported, after)
        await reread(batch, replies_of(waiting))
    batch.put_message(after)
    return record_of(batch, update, Outcome.APPLIED)
