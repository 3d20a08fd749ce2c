"""Changes of tickets and threads as the history and the log tell them, the same from wherever they come."""

from domain.conversations.threads import Thread
from domain.events import ThreadChanged, TicketChanged
from domain.people.actors import Author
from domain.ports.store import Transaction
from domain.tickets import Ticket, TicketChange, changed_fields
from domain.use_cases.work import Work


def record_change(work: Work, before: Ticket, after: Ticket, by: Author) -> None:
    """Save a changed ticket with one entry of history a field and one event; nothing where nothing changed."""
    if after == before:
        return
    work.tx.save(after)
    differences = changed_fields(before, after)
    work.tx.save(
        *(
            TicketChange(work.tx.organization, work.new_id(), after.id, work.now, by, field, old, new)
            for field, old, new in differences
        )
    )
    if differences:
        work.tx.record(TicketChanged(after.thread, after.id, tuple(field for field, _, _ in differences)))


def record_thread(tx: Transaction, before: Thread, after: Thread) -> None:
    if after != before:
        tx.save(after)
        tx.record(ThreadChanged(after.id))
