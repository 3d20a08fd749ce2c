"""Changes of tickets and threads as the history and the log tell them, the same from wherever they come."""

from datetime import datetime

from domain.conversations.threads import Thread
from domain.events import ThreadChanged, TicketChanged
from domain.people.actors import Author
from domain.ports.bundle import Ports
from domain.ports.store import Transaction
from domain.tickets import Ticket, TicketChange, changed_fields


def record_change(ports: Ports, tx: Transaction, before: Ticket, after: Ticket, by: Author, now: datetime) -> None:
    """Save a changed ticket with one entry of history a field and one event; nothing where nothing changed."""
    if after == before:
        return
    tx.save(after)
    differences = changed_fields(before, after)
    tx.save(
        *(
            TicketChange(tx.organization, ports.ids.new(), after.id, now, by, field, old, new)
            for field, old, new in differences
        )
    )
    if differences:
        tx.record(TicketChanged(after.thread, after.id, tuple(field for field, _, _ in differences)))


def record_thread(tx: Transaction, before: Thread, after: Thread) -> None:
    if after != before:
        tx.save(after)
        tx.record(ThreadChanged(after.id))
