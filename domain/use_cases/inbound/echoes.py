"""What was written in the phone's own app: an answer like any other, though it was not sent from here."""

from datetime import datetime

from domain.channels.channels import Channel
from domain.conversations.messages import Direction, Message
from domain.conversations.status import Mark, MessageStatus
from domain.conversations.threads import Thread, with_message
from domain.ids import MessageId
from domain.people.actors import ByPhoneApp
from domain.tickets import after_our_reply
from domain.updates import MessageEchoed, Outcome, UpdateRecord
from domain.use_cases.contacts.identity import answering, contact_of, thread_of
from domain.use_cases.inbound.batch import Batch
from domain.use_cases.inbound.messages import add_message, new_thread, not_ours
from domain.use_cases.inbound.records import record_of
from domain.use_cases.marks import sane_time
from domain.use_cases.message_changes import kept_content
from domain.use_cases.ticketing import record_change


async def receive_echo(batch: Batch, channel: Channel, update: MessageEchoed) -> UpdateRecord:
    """What a person of the business wrote on the phone: an answer like any other, that no session or quota knows."""
    at = sane_time(update.sent_at, update.place.received_at)
    if batch.message(channel, update.wamid) is not None:
        return record_of(batch, update, Outcome.DUPLICATE)
    if reason := not_ours(channel, at):
        return record_of(batch, update, Outcome.IGNORED, reason)
    contact = await contact_of(batch, update.person, "written to from the phone's app")
    thread = thread_of(batch, channel, contact, update.person)
    thread = thread or new_thread(batch, channel, contact, update.person, at)
    message = _echo(batch, channel, thread, update, at)
    batch.tx.save(_echo_mark(batch, message, update))
    ticket = batch.tickets.get(thread.ticket) if thread.ticket is not None else None
    if ticket is not None:
        batch.tickets[ticket.id] = after_our_reply(ticket)
        record_change(batch, ticket, batch.tickets[ticket.id], message.author)
    await add_message(batch, channel, with_message(answering(thread, update.person), message), message)
    return record_of(batch, update, Outcome.APPLIED)


def _echo(batch: Batch, channel: Channel, thread: Thread, update: MessageEchoed, at: datetime) -> Message:
    original = batch.message(channel, update.reply_to)
    id = MessageId(batch.new_id())
    return Message(
        organization=batch.tx.organization,
        id=id,
        thread=thread.id,
        channel=channel.id,
        direction=Direction.OUTBOUND,
        author=ByPhoneApp(channel.phone_number),
        content=kept_content(batch, channel.id, id, update.content, update.place),
        status=MessageStatus.SENT,
        at=at,
        sent_at=update.sent_at or update.place.received_at,
        received_at=update.place.received_at,
        wamid=update.wamid,
        reply_to_wamid=update.reply_to,
        reply_to=original.id if original and original.thread == thread.id else None,
        forwarded=update.forwarded,
        from_number=channel.phone_number,
        to_number=f"+{update.person.wa_id}" if update.person.wa_id else None,
        original=update.original,
    )


def _echo_mark(batch: Batch, message: Message, update: MessageEchoed) -> Mark:
    return Mark(
        organization=message.organization,
        id=batch.new_id(),
        message=message.id,
        status=MessageStatus.SENT,
        at=message.at,
        reported_at=message.received_at,
        attempt=message.attempt,
        delivery=update.place.delivery,
        place=update.place.index,
    )
