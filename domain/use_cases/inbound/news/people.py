"""What the network tells of a person: other names, and whether marketing may come."""

from datetime import datetime

from domain.channels.channels import Channel
from domain.contacts import with_marketing_choice
from domain.conversations.messages import Direction, Message
from domain.conversations.status import MessageStatus
from domain.conversations.threads import Thread, with_message
from domain.ids import MessageId
from domain.people.actors import ByContact
from domain.updates import IdentityChanged, MarketingChosen, Outcome, UpdateRecord
from domain.use_cases.contacts.identity import (
    contact_of,
    home_of,
    join,
    known,
    learn,
    rename_threads,
    thread_of,
    told_names,
)
from domain.use_cases.inbound.batch import Batch
from domain.use_cases.inbound.messages import add_message, not_ours
from domain.use_cases.inbound.records import record_of
from domain.use_cases.marks import sane_time


async def receive_names(batch: Batch, channel: Channel, update: IdentityChanged) -> UpdateRecord:
    """The contact goes by the new names, their threads answer them, and the conversation here says so."""
    at = sane_time(update.sent_at, update.place.received_at)
    if update.wamid is not None and batch.message(channel, update.wamid) is not None:
        return record_of(batch, update, Outcome.DUPLICATE)
    if reason := not_ours(channel, at):
        return record_of(batch, update, Outcome.IGNORED, reason)
    contact = known(batch, update.person)
    if contact is None:
        return record_of(batch, update, Outcome.IGNORED, "about somebody who is not here")
    holder = known(batch, update.renamed)
    if holder is not None and holder.id != contact.id:
        contact = await join(batch, [contact, holder], update.person)
    home = home_of(batch, contact.id, update.person)
    renamed = told_names(batch, contact, update.renamed, update.notice.text, home=home)
    moved = rename_threads(batch, renamed.id, update.person, update.renamed)
    if update.wamid is None and not moved and renamed == contact:
        return record_of(batch, update, Outcome.DUPLICATE)
    thread = thread_of(batch, channel, renamed, update.renamed)
    if thread is not None:
        message = _notice(batch, channel, thread, update, at)
        await add_message(batch, channel, with_message(thread, message), message)
    return record_of(batch, update, Outcome.APPLIED)


def _notice(batch: Batch, channel: Channel, thread: Thread, update: IdentityChanged, at: datetime) -> Message:
    return Message(
        organization=channel.organization,
        id=MessageId(batch.new_id()),
        thread=thread.id,
        channel=channel.id,
        direction=Direction.INBOUND,
        author=ByContact(thread.home),
        content=update.notice,
        status=MessageStatus.RECEIVED,
        at=at,
        sent_at=update.sent_at or update.place.received_at,
        received_at=update.place.received_at,
        wamid=update.wamid,
        from_number=f"+{update.person.wa_id}" if update.person.wa_id else None,
        to_number=channel.phone_number,
        original=update.original,
    )


async def receive_choice(batch: Batch, update: MarketingChosen) -> UpdateRecord:
    """Who is not known yet is from here on: a choice that is lost would be a message they did not want."""
    at = sane_time(update.at, update.place.received_at)
    contact = await contact_of(batch, update.person, "chose in WhatsApp whether marketing may come")
    home = home_of(batch, contact.id, update.person)
    before = batch.contacts[home]
    learn(batch, contact.id, home, lambda own: with_marketing_choice(own, stopped=update.stopped, at=at))
    if batch.contacts[home] == before:
        return record_of(batch, update, Outcome.DUPLICATE)
    return record_of(batch, update, Outcome.APPLIED)
