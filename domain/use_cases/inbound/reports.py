"""What is told of a message that is here: reactions, edits, deletions, and how far it got."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from domain.channels.channels import Channel
from domain.conversations.messages import Direction, Message
from domain.conversations.status import MessageStatus, arrived
from domain.ids import MessageId
from domain.ports.bundle import Ports
from domain.ports.store import Transaction
from domain.updates import DeletionReceived, EditReceived, Outcome, ReactionReceived, StatusReported, UpdateRecord
from domain.use_cases.inbound.batch import Batch, park
from domain.use_cases.inbound.gather import thread_row
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


async def reread(tx: Transaction, desk: Batch, replies: Sequence[MessageId]) -> None:
    stale = sorted(desk.messages.keys() & set(replies))
    for message in (await tx.messages(stale)).values() if stale else ():
        desk.put_message(message)


async def receive_change(
    ports: Ports,
    tx: Transaction,
    desk: Batch,
    channel: Channel,
    update: ReactionReceived | EditReceived | DeletionReceived,
    now: datetime,
) -> UpdateRecord:
    message = desk.message(channel, update.target)
    if message is None:
        park(ports, tx, desk, channel.phone_number_id, update.target, update, now)
        return record_of(tx.organization, update, Outcome.PARKED, now, AWAITED)
    match update:
        case ReactionReceived():
            after = apply_reaction(tx, message, update, (await thread_row(tx, desk, message.thread)).contact)
        case EditReceived():
            after = apply_edit(ports, tx, message, update, desk.policy)
        case DeletionReceived():
            after = apply_deletion(tx, message, update)
        case _:
            assert_never(update)
    desk.put_message(after)
    await take_out_words(tx, desk, message, after)
    if isinstance(update, ReactionReceived) or may_change(message, update):
        return record_of(tx.organization, update, Outcome.APPLIED, now)
    return record_of(tx.organization, update, Outcome.IGNORED, now, "about a message of somebody else")


async def take_out_words(tx: Transaction, desk: Batch, before: Message, after: Message) -> None:
    """What a message showed and shows no more is not told by the tickets of its thread either."""
    if after.content == before.content:
        return
    thread = await thread_row(tx, desk, before.thread)
    if thread.ticket is None:
        return
    of_contact = await tx.tickets_of([thread.contact])
    of_thread = [ticket for ticket in of_contact if ticket.thread == before.thread]
    for ticket in await take_out_copies(tx, of_thread, before, after):
        desk.tickets[ticket.id] = ticket


async def receive_status(
    ports: Ports, tx: Transaction, desk: Batch, channel: Channel, update: StatusReported, now: datetime
) -> UpdateRecord:
    if is_of_reaction(update.callback):
        return record_of(tx.organization, update, Outcome.IGNORED, now, "about a reaction of ours")
    named = read_callback(update.callback)
    message = desk.messages.get(named[0]) if named else None
    if message is None or message.channel != channel.id:
        message = desk.message(channel, update.wamid)
    if message is None or message.direction is not Direction.OUTBOUND:
        park(ports, tx, desk, channel.phone_number_id, update.wamid, update, now)
        return record_of(tx.organization, update, Outcome.PARKED, now, AWAITED)
    holder = desk.message(channel, update.wamid)  # who told of a change may have named a send of ours that is not known
    learns_id = holder is None or holder.id == message.id
    after = await apply_status(ports, tx, message, update, now, learns_id=learns_id)
    item = (
        desk.items.pop(message.id, None) if message.status is MessageStatus.QUEUED and arrived(after.status) else None
    )
    if item is not None and item.reaction is None and item.lease is None:
        tx.remove(item)  # an earlier attempt arrived all the same: one that has not left yet need not leave
    if waiting := desk.parked.pop((channel.phone_number_id, update.wamid), []):
        contact = (await thread_row(tx, desk, after.thread)).contact
        reported, after = after, await apply_parked(ports, tx, after, waiting, contact, now, desk.policy)
        await take_out_words(tx, desk, reported, after)
        await reread(tx, desk, replies_of(waiting))
    desk.put_message(after)
    return record_of(tx.organization, update, Outcome.APPLIED, now)
