"""The ticket that a message of the contact belongs to: the one that is open, reopened, or new."""

from dataclasses import replace
from datetime import datetime

from domain.channels.channels import Channel, Destination
from domain.conversations.messages import Message
from domain.conversations.previews import words_of
from domain.conversations.threads import Thread, ThreadStatus
from domain.events import TicketChanged
from domain.ids import TicketId, UserId
from domain.people.actors import BySystem
from domain.ports.bundle import Ports
from domain.ports.store import Transaction
from domain.tickets import ReopenPolicy, Ticket, TicketStatus, after_contact_wrote, subject_from
from domain.use_cases.inbound.batch import Batch
from domain.use_cases.ticketing import record_change


async def with_ticket(
    ports: Ports, tx: Transaction, desk: Batch, channel: Channel, thread: Thread, message: Message, now: datetime
) -> Thread:
    """The thread as the ticket it belongs to says; on inbox numbers a message just reopens the thread."""
    if channel.destination is Destination.INBOX:
        return replace(thread, status=ThreadStatus.OPEN)
    ticket = _ticket_of(desk, thread)
    if ticket is None or needs_ticket(desk, channel, thread):
        return await _with_new_ticket(ports, tx, desk, thread, message, now)
    if ticket.is_open:
        after = after_contact_wrote(ticket)
    else:
        after = replace(
            ticket, status=TicketStatus.WAITING_ON_US, closed_at=None, owner=await _owner_still_there(tx, ticket)
        )
    desk.tickets[after.id] = after
    author = message.author if ticket.is_open else BySystem()
    record_change(ports, tx, ticket, after, author, now)
    return replace(thread, status=ThreadStatus.OPEN, owner=after.owner, team=after.team)


def _ticket_of(desk: Batch, thread: Thread | None) -> Ticket | None:
    return desk.tickets.get(thread.ticket) if thread is not None and thread.ticket is not None else None


def needs_ticket(desk: Batch, channel: Channel, thread: Thread | None) -> bool:
    """Whether what the contact writes now begins another matter."""
    ticket = _ticket_of(desk, thread)
    return ticket is None or (not ticket.is_open and channel.reopen_policy is ReopenPolicy.NEW_TICKET)


async def _with_new_ticket(
    ports: Ports, tx: Transaction, desk: Batch, thread: Thread, message: Message, now: datetime
) -> Thread:
    ticket = Ticket(
        organization=tx.organization,
        id=TicketId(ports.ids.new()),
        number=desk.ticket_numbers.pop(0) if desk.ticket_numbers else await tx.next_ticket_numbers(1),
        subject=subject_from(words_of(message.content)),
        status=TicketStatus.NEW,
        thread=thread.id,
        contact=thread.contact,
        channel=thread.channel,
        created_at=now,
        source=message.source,
    )
    desk.tickets[ticket.id] = ticket
    after = replace(thread, status=ThreadStatus.OPEN, ticket=ticket.id, owner=None, team=None)
    tx.save(after, ticket)
    tx.record(TicketChanged(thread.id, ticket.id, ("status",)))
    return after


async def _owner_still_there(tx: Transaction, ticket: Ticket) -> UserId | None:
    """A reopened ticket goes back to its owner, unless that person is not available any more."""
    owner = await tx.user(ticket.owner) if ticket.owner is not None else None
    return owner.id if owner is not None and owner.active and owner.available else None
