"""Copies of words that are shown no more are taken out where a message is hidden, changed or taken back."""

from collections.abc import Sequence

from domain.conversations.messages import Message
from domain.events import TicketChanged
from domain.moderation.copies import change_without, gone, ticket_without
from domain.ports.store import Transaction
from domain.tickets import Ticket, changed_fields


async def take_out_copies(
    tx: Transaction, tickets: Sequence[Ticket], before: Message, after: Message
) -> tuple[Ticket, ...]:
    """Those tickets of a message's thread that are changed by it, saved with their histories and told.

    Nothing of it is noted in a history, which would tell the words again.
    """
    words = gone(before, after)
    if words is None or not tickets:
        return ()
    histories = await tx.ticket_changes_of([ticket.id for ticket in tickets])
    mended = [entry for each in histories if (entry := change_without(each, words)) != each]
    tx.save(*mended)
    told_of = {entry.ticket for entry in mended}
    changed: list[Ticket] = []
    for ticket in tickets:
        renamed = ticket_without(ticket, words)
        fields = [field for field, _, _ in changed_fields(ticket, renamed)]
        if renamed != ticket:
            tx.save(renamed)
            changed.append(renamed)
        if fields or ticket.id in told_of:
            tx.record(
                TicketChanged(ticket.thread, ticket.id, (*fields, *(["history"] if ticket.id in told_of else [])))
            )
    return tuple(changed)
