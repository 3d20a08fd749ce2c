"""What leaves: an item of the queue with all it is about, locked in the order of everybody."""

from dataclasses import dataclass

from domain.channels.channels import Channel
from domain.conversations.messages import Message
from domain.conversations.threads import Thread
from domain.outbound.outbox import OutboxItem
from domain.ports.store import Transaction


@dataclass(frozen=True, slots=True)
class Departure:
    """An item, and its message, thread and channel: such rows are emptied when their time is over, never deleted."""

    item: OutboxItem
    message: Message
    thread: Thread
    channel: Channel


async def what_leaves(tx: Transaction, item: OutboxItem) -> Departure:
    """The thread is locked before its messages, as everywhere."""
    thread = (await tx.threads([item.thread]))[item.thread]
    message = (await tx.messages([item.id]))[item.id]
    channel = await tx.row(Channel, item.channel)
    assert channel is not None
    return Departure(item, message, thread, channel)
