"""A message that a contact wrote: its thread, session and ticket, and what waited for it."""

from dataclasses import replace
from datetime import datetime, timedelta

from domain.channels.channels import Channel, ChannelState
from domain.contacts import Contact, Person
from domain.conversations.contents import InteractiveReply, Text
from domain.conversations.messages import Direction, Message
from domain.conversations.status import MessageStatus
from domain.conversations.threads import Thread, with_message
from domain.conversations.versions import filled_in, stands_in
from domain.events import MessageAdded, MessageChange, MessageChanged
from domain.ids import MessageId, ThreadId
from domain.moderation.quarantine import screened
from domain.moderation.stop_words import says_stop
from domain.people.actors import ByContact
from domain.updates import AwaitedReply, MessageReceived, Outcome, UpdateRecord
from domain.use_cases.contacts.identity import answering, contact_of, home_of, known, learn, thread_of
from domain.use_cases.inbound.batch import Batch, park
from domain.use_cases.inbound.records import record_of
from domain.use_cases.inbound.reports import reread, take_out_words
from domain.use_cases.inbound.sessions import session_event, with_session
from domain.use_cases.inbound.tickets import with_ticket
from domain.use_cases.marks import sane_time
from domain.use_cases.message_changes import apply_parked, kept_content, replies_of
from domain.use_cases.ticketing import record_thread

ABSENT = "about a conversation that is not here"
LAST_INBOUND_NOTED_EVERY = timedelta(minutes=1)


async def receive_message(batch: Batch, channel: Channel, update: MessageReceived) -> UpdateRecord:
    at = sane_time(update.sent_at, update.place.received_at)
    here = batch.message(channel, update.wamid)
    if here is not None and (update.stands_in or not stands_in(here)):
        return record_of(batch, update, Outcome.DUPLICATE)
    if reason := not_ours(channel, at):
        return record_of(batch, update, Outcome.IGNORED, reason)
    contact = known(batch, update.person)
    thread = thread_of(batch, channel, contact, update.person) if contact else None
    if thread is None and not (update.extends_session or update.opens_thread):
        return record_of(batch, update, Outcome.IGNORED, ABSENT)
    contact = _opted_out(batch, await contact_of(batch, update.person), update, at)
    thread = thread_of(batch, channel, contact, update.person)
    before = thread or new_thread(batch, channel, contact, update.person, at)
    message = _inbound(batch, channel, before, update, at)
    after = answering(before, update.person)
    if here is not None:
        message = filled_in(here, message)  # counted and shown when its change was
    else:
        after = with_message(after, message)
    if update.extends_session:
        after = await with_session(batch, after, message)
    if update.asks_for_ticket:
        after = await with_ticket(batch, channel, after, message)
    await add_message(batch, channel, after, message, is_here=here is not None)
    session_event(batch, before, after)
    if here is not None:
        record_thread(batch.tx, before, after)
    elif thread is not None:
        _thread_event(batch, before, after)
    _note_inbound(batch, channel)
    return record_of(batch, update, Outcome.APPLIED)


async def add_message(
    batch: Batch,
    channel: Channel,
    thread: Thread,
    message: Message,
    *,
    is_here: bool = False,
) -> None:
    """A message that is new here, and all that waited for it or that it waits for. `is_here`: its changes are shown."""
    batch.threads[thread.id] = thread
    batch.tx.save(thread, message)
    if is_here:
        batch.tx.record(MessageChanged(thread.id, message.id, MessageChange.EDIT))
    else:
        batch.tx.record(MessageAdded(thread.id, message.id))
    waiting = batch.parked.pop((channel.phone_number_id, message.wamid), []) if message.wamid is not None else []
    after = await apply_parked(batch, message, waiting, thread.home, batch.policy)
    batch.put_message(after)
    await take_out_words(batch, message, after)
    await reread(batch, replies_of(waiting))
    if message.reply_to_wamid is not None and batch.message(channel, message.reply_to_wamid) is None:
        park(batch, channel.phone_number_id, message.reply_to_wamid, AwaitedReply(message.id))


def not_ours(channel: Channel, at: datetime) -> str | None:
    """Why a message is kept without effect: only what was written while the number is connected counts."""
    if channel.state is ChannelState.DISCONNECTED:
        return "the number is disconnected"
    connected_at = channel.connected_at
    if connected_at is not None and at < connected_at.replace(microsecond=0):  # the network tells whole seconds
        return "written before the number was connected"
    return None


def _opted_out(batch: Batch, contact: Contact, update: MessageReceived, at: datetime) -> Contact:
    """The contact, opted out where all they say is a stop word. Nothing they write later takes that back."""
    match update.content:
        case Text(body=said) | InteractiveReply(title=said) if says_stop(said, batch.stop_words):
            pass
        case _:
            return contact
    if contact.opted_out_at is not None:
        return contact
    home = home_of(batch, contact.id, update.person)
    return learn(batch, contact.id, home, lambda own: replace(own, opted_out_at=at))


def new_thread(batch: Batch, channel: Channel, contact: Contact, person: Person, at: datetime) -> Thread:
    home = home_of(batch, contact.id, person)
    return Thread(
        organization=channel.organization,
        id=ThreadId(batch.new_id()),
        channel=channel.id,
        contact=contact.id,
        created_at=batch.now,
        last_activity_at=at,
        wa_id=person.wa_id,
        business_scoped_id=person.business_scoped_id,
        origin=home if home != contact.id else None,
    )


def _inbound(batch: Batch, channel: Channel, thread: Thread, update: MessageReceived, at: datetime) -> Message:
    original = batch.message(channel, update.reply_to)
    id = MessageId(batch.new_id())
    message = Message(
        organization=batch.tx.organization,
        id=id,
        thread=thread.id,
        channel=channel.id,
        direction=Direction.INBOUND,
        author=ByContact(thread.home),
        content=kept_content(batch, channel.id, id, update.content, update.place),
        status=MessageStatus.RECEIVED,
        at=at,
        sent_at=update.sent_at or update.place.received_at,
        received_at=update.place.received_at,
        wamid=update.wamid,
        extends_session=update.extends_session,
        reply_to_wamid=update.reply_to,
        reply_to=original.id if original and original.thread == thread.id else None,
        forwarded=update.forwarded,
        referral=update.referral,
        from_number=f"+{update.person.wa_id}" if update.person.wa_id else None,
        to_number=channel.phone_number,
        original=update.original,
    )
    return screened(message, update.content, batch.policy, breaks_rules=update.breaks_rules)


def _thread_event(batch: Batch, before: Thread, after: Thread) -> None:
    """A fact of its own only for what the message's own event does not tell."""
    if (before.status, before.owner, before.team, before.ticket) != (
        after.status,
        after.owner,
        after.team,
        after.ticket,
    ):
        record_thread(batch.tx, before, after)


def _note_inbound(batch: Batch, channel: Channel) -> None:
    last = channel.last_inbound_at
    if last is None or batch.now - last >= LAST_INBOUND_NOTED_EVERY:
        noted = replace(channel, last_inbound_at=batch.now)
        batch.channels[channel.phone_number_id] = noted
        batch.tx.save(noted)
