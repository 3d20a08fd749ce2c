"""The ticket that a message of the contact belongs to: the one that is open, reopened, or new."""

from dataclasses import replace

from domain.channels.channels import Channel, Destination
from domain.conversations.messages import Message
from domain.conversations.previews import words_of
from domain.conversations.threads import Thread, ThreadStatus
from domain.events import TicketChanged
from domain.ids import TicketId, UserId
from domain.people.actors import BySystem
from domain.people.organizations import User
from domain.tickets import Ticket, TicketStatus, after_contact_wrote, goes_on, reopen, subject_from
from domain.use_cases.inbound.batch import Batch
from domain.use_cases.ticketing import record_change


async def with_ticket(batch: Batch, channel: Channel, thread: Thread, message: Message) -> Thread:
    """The thread as the ticket it belongs to says; on inbox numbers a message just reopens the thread."""
    if channel.destination is Destination.INBOX:
        return replace(thread, status=ThreadStatus.OPEN)
    ticket = _ticket_of(batch, thread)
    if ticket is None or not goes_on(ticket, channel.reopen_policy):
        return await _with_new_ticket(batch, thread, message)
    if ticket.is_open:
        after = after_contact_wrote(ticket)
    else:
        opened = reopen(ticket)
        assert isinstance(opened, Ticket), "it is closed"
        after = replace(opened, owner=await _owner_still_there(batch, ticket))
    batch.tickets[after.id] = after
    author = message.author if ticket.is_open else BySystem()
    record_change(batch, ticket, after, author)
    return replace(thread, status=ThreadStatus.OPEN, owner=after.owner, team=after.team)


def _ticket_of(batch: Batch, thread: Thread | None) -> Ticket | None:
    return batch.tickets.get(thread.ticket) if thread is not None and thread.ticket is not None else None


def needs_ticket(batch: Batch, channel: Channel, thread: Thread | None) -> bool:
    """Whether what the contact writes now begins another matter."""
    return not goes_on(_ticket_of(batch, thread), channel.reopen_policy)


async def _with_new_ticket(batch: Batch, thread: Thread, message: Message) -> Thread:
    ticket = Ticket(
        organization=batch.tx.organization,
        id=TicketId(batch.new_id()),
        number=batch.ticket_numbers.pop(0) if batch.ticket_numbers else await batch.tx.next_ticket_numbers(1),
        subject=subject_from(words_of(message.content)),
        status=TicketStatus.NEW,
        thread=thread.id,
        contact=thread.contact,
        channel=thread.channel,
        created_at=batch.now,
        source=message.source,
    )
    batch.tickets[ticket.id] = ticket
    after = replace(thread, status=ThreadStatus.OPEN, ticket=ticket.id, owner=None, team=None)
    batch.tx.save(after, ticket)
    batch.tx.record(TicketChanged(thread.id, ticket.id, ("status",)))
    return after


async def _owner_still_there(batch: Batch, ticket: Ticket) -> UserId | None:
    """A reopened ticket goes back to its owner, unless that person is not available any more."""
    owner = await batch.tx.row(User, ticket.owner) if ticket.owner is not None else None
    return owner.id if owner is not None and owner.active and owner.available else None
