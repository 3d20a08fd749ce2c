"""Which threads, tickets and contacts pass a filter, and where they stand."""

from datetime import datetime

from adapters.memory.storage.pages import instant_text, number_text
from domain.contacts import Contact, digits_looked_for
from domain.conversations.sessions import state_of
from domain.conversations.threads import Thread
from domain.ports.reads import ThreadFilter, TicketFilter
from domain.tickets import Ticket, TicketPriority

PRIORITIES = {priority: str(rank) for rank, priority in enumerate(TicketPriority)}


def by_activity(thread: Thread) -> tuple[str, str]:
    return instant_text(thread.last_activity_at), thread.id


def by_expiry(thread: Thread) -> tuple[str, str]:
    return (instant_text(thread.session.expires_at) if thread.session else ""), thread.id


def by_creation(row: Thread | Ticket | Contact) -> tuple[str, str]:
    return instant_text(row.created_at), row.id


def by_priority(ticket: Ticket) -> tuple[str, str]:
    return PRIORITIES[ticket.priority], ticket.id


def is_rank(text: str) -> bool:
    return text in PRIORITIES.values()


def by_number(ticket: Ticket) -> tuple[str]:
    return (number_text(ticket.number),)


def thread_passes(filter: ThreadFilter, thread: Thread, ticket: Ticket | None, now: datetime) -> bool:
    return (
        (not filter.channels or thread.channel in filter.channels)
        and (not filter.statuses or thread.status in filter.statuses)
        and (not filter.ticket_statuses or (ticket is not None and ticket.status in filter.ticket_statuses))
        and (not filter.sources or thread.last_source in filter.sources)
        and (not filter.owners or thread.owner in filter.owners)
        and (filter.contact is None or thread.contact == filter.contact)
        and (filter.last_direction is None or thread.last_direction is filter.last_direction)
        and (filter.unassigned is None or (thread.owner is None) is filter.unassigned)
        and (filter.unread is None or (thread.unread_count > 0) is filter.unread)
        and (filter.session is None or state_of(thread.session, now) is filter.session)
        and (filter.active_since is None or thread.last_activity_at >= filter.active_since)
    )


def ticket_passes(filter: TicketFilter, ticket: Ticket) -> bool:
    return (
        (not filter.channels or ticket.channel in filter.channels)
        and (not filter.statuses or ticket.status in filter.statuses)
        and (not filter.priorities or ticket.priority in filter.priorities)
        and (not filter.owners or ticket.owner in filter.owners)
        and (not filter.sources or ticket.source in filter.sources)
        and all(_has_property(ticket, wanted.name, wanted.value) for wanted in filter.properties)
        and (filter.unassigned is None or (ticket.owner is None) is filter.unassigned)
        and (filter.created_since is None or ticket.created_at >= filter.created_since)
        and (filter.created_until is None or ticket.created_at < filter.created_until)
        and (filter.thread is None or ticket.thread == filter.thread)
        and (filter.contact is None or ticket.contact == filter.contact)
    )


def _has_property(ticket: Ticket, name: str, value: str | None) -> bool:
    """A property that is not set has no value."""
    return {prop.name: prop.value for prop in ticket.properties}.get(name) == value


def is_found(contact: Contact, query: str | None) -> bool:
    if holds(query, contact.name, contact.profile_name, contact.username, contact.email):
        return True
    numbers = (contact.wa_id, *(phone.number for phone in contact.phones))
    return any(holds(digits, *numbers) for digits in digits_looked_for(query or ""))


def holds(query: str | None, *texts: str | None) -> bool:
    folded = (query or "").strip().casefold()
    return any(folded in (text or "").casefold() for text in texts)
