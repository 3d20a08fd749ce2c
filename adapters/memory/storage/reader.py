"""The reader in memory. What is published never changes, so a snapshot is the state of the moment."""

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

from adapters.memory.storage.books import Books, R, Shelf, State
from adapters.memory.storage.filters import (
    by_activity,
    by_creation,
    by_expiry,
    by_number,
    by_priority,
    holds,
    is_found,
    is_rank,
    thread_passes,
    ticket_passes,
)
from adapters.memory.storage.look import MemoryLook, counts_as_allowance
from adapters.memory.storage.pages import instant_text, is_instant, is_instant_or_empty, is_number, is_text, page_of
from domain.channels.templates import Template
from domain.contacts import Contact, Identity
from domain.conversations.library import LibraryItem
from domain.conversations.messages import Message
from domain.conversations.status import Mark
from domain.conversations.threads import Thread
from domain.events import LoggedEvent, thread_of
from domain.ids import BusinessAccountId, ContactId, MessageId, OrganizationId, ThreadId, TicketId, UserId
from domain.people.organizations import Organization, User
from domain.ports.reads import (
    Head,
    LibraryAsk,
    Page,
    PageAsk,
    Reads,
    TemplateAsk,
    ThreadAsk,
    ThreadFilter,
    ThreadOrder,
    TicketAsk,
    TicketFilter,
    TicketOrder,
)
from domain.ports.store import Look
from domain.quota import Entry, Period
from domain.text.words import plain
from domain.tickets import Ticket, TicketChange

K = TypeVar("K", bound=str)
V = TypeVar("V")

AT_AND_ID = (is_instant, is_text)


class _MemoryReads:
    """Reads of whatever state `current` gives."""

    def __init__(self, current: Callable[[], State]) -> None:
        self._current = current

    def _of(self, organization: OrganizationId, kind: type[R]) -> Collection[R]:
        books = self._current().books.get(organization)
        return books.of(kind).values() if books else ()

    async def all_of(self, kind: type[R], organization: OrganizationId, *by: str) -> list[R]:
        return sorted(self._of(organization, kind), key=attrgetter(*by, "id"))

    async def by_ids(self, kind: type[R], organization: OrganizationId, ids: Collection[K]) -> dict[K, R]:
        books = self._current().books.get(organization)
        if books is None:
            return {}
        rows = books.of(kind)
        return {id: rows[id] for id in ids if id in rows}

    # The log

    async def head(self, organization: OrganizationId) -> Head:
        return self._books(organization).head

    async def heads(self, organizations: Collection[OrganizationId]) -> dict[OrganizationId, Head]:
        books = self._current().books
        return {organization: books[organization].head for organization in organizations if organization in books}

    async def events(
        self, organization: OrganizationId, after: int, limit: int, thread: ThreadId | None = None
    ) -> list[LoggedEvent]:
        return [
            logged
            for logged in self._books(organization).events
            if logged.position > after and (thread is None or thread_of(logged.event) == thread)
        ][:limit]

    async def first_position(self, organization: OrganizationId) -> int:
        return self._books(organization).forgotten + 1

    def _books(self, organization: OrganizationId) -> Books:
        return self._current().books[organization]

    async def organization(self, organization: OrganizationId) -> Organization:
        return self._books(organization).of(Organization)[organization]

    # Threads and what is in them

    async def threads(self, organization: OrganizationId, ask: ThreadAsk, now: datetime) -> Page[Thread]:
        rows = self._threads(organization, ask.filter, now)
        match ask.order:
            case ThreadOrder.LAST_ACTIVITY:
                return page_of(rows, by_activity, AT_AND_ID, ask.page, descending=ask.descending)
            case ThreadOrder.CREATED_AT:
                return page_of(rows, by_creation, AT_AND_ID, ask.page, descending=ask.descending)
            case ThreadOrder.SESSION_EXPIRY:
                form = (is_instant_or_empty, is_text)
                return page_of(rows, by_expiry, form, ask.page, descending=ask.descending)

    async def thread_count(self, organization: OrganizationId, filter: ThreadFilter, now: datetime) -> int:
        return len(self._threads(organization, filter, now))

    def _threads(self, organization: OrganizationId, filter: ThreadFilter, now: datetime) -> list[Thread]:
        tickets = {ticket.id: ticket for ticket in self._of(organization, Ticket)}
        return [
            thread
            for thread in self._of(organization, Thread)
            if thread_passes(filter, thread, tickets.get(thread.ticket) if thread.ticket else None, now)
        ]

    async def messages(self, organization: OrganizationId, thread: ThreadId, page: PageAsk) -> Page[Message]:
        rows = [message for message in self._of(organization, Message) if message.thread == thread]
        return page_of(rows, lambda message: (instant_text(message.at), message.id), AT_AND_ID, page)

    async def marks_of(
        self, organization: OrganizationId, messages: Collection[MessageId]
    ) -> dict[MessageId, list[Mark]]:
        marks = sorted(self._of(organization, Mark), key=lambda mark: (mark.reported_at, mark.id))
        return _grouped(messages, ((mark.message, mark) for mark in marks))

    # Tickets

    async def tickets(self, organization: OrganizationId, ask: TicketAsk) -> Page[Ticket]:
        rows = self._tickets(organization, ask.filter)
        match ask.order:
            case TicketOrder.CREATED_AT:
                return page_of(rows, by_creation, AT_AND_ID, ask.page, descending=ask.descending)
            case TicketOrder.PRIORITY:
                return page_of(rows, by_priority, (is_rank, is_text), ask.page, descending=ask.descending)
            case TicketOrder.NUMBER:
                return page_of(rows, by_number, (is_number,), ask.page, descending=ask.descending)

    async def ticket_count(self, organization: OrganizationId, filter: TicketFilter) -> int:
        return len(self._tickets(organization, filter))

    def _tickets(self, organization: OrganizationId, filter: TicketFilter) -> list[Ticket]:
        return [ticket for ticket in self._of(organization, Ticket) if ticket_passes(filter, ticket)]

    async def ticket_changes(self, organization: OrganizationId, ticket: TicketId, page: PageAsk) -> Page[TicketChange]:
        rows = [change for change in self._of(organization, TicketChange) if change.ticket == ticket]
        return page_of(rows, lambda change: (instant_text(change.at), change.id), AT_AND_ID, page)

    async def open_tickets_of(self, organization: OrganizationId, users: Collection[UserId]) -> dict[UserId, int]:
        owned = [ticket for ticket in self._of(organization, Ticket) if ticket.is_open]
        return {user: sum(ticket.owner == user for ticket in owned) for user in users}

    # Contacts

    async def contacts(self, organization: OrganizationId, page: PageAsk, query: str | None) -> Page[Contact]:
        known = self._of(organization, Contact)
        rows = [contact for contact in known if contact.merged_into is None and is_found(contact, query)]
        return page_of(rows, by_creation, AT_AND_ID, page, descending=True)

    async def identities_of(
        self, organization: OrganizationId, contacts: Collection[ContactId]
    ) -> dict[ContactId, list[Identity]]:
        identities = sorted(self._of(organization, Identity), key=lambda identity: (identity.since, identity.id))
        return _grouped(contacts, ((identity.contact, identity) for identity in identities))

    # Channels, templates, people

    async def templates(self, organization: OrganizationId, ask: TemplateAsk) -> Page[Template]:
        rows = [
            template
            for template in self._of(organization, Template)
            if (ask.account is None or template.account == ask.account)
            and (not ask.statuses or template.status in ask.statuses)
            and holds(ask.query, template.name, template.body)
        ]
        form = (is_text, is_text, is_text)
        return page_of(rows, lambda template: (template.name, template.language, template.id), form, ask.page)

    async def library(self, organization: OrganizationId, ask: LibraryAsk) -> Page[LibraryItem]:
        rows = [
            item
            for item in self._of(organization, LibraryItem)
            if (not ask.kinds or item.kind in ask.kinds)
            and all(any(word in plain(text or "") for text in (item.title, item.body, item.url)) for word in ask.words)
        ]
        return page_of(rows, lambda item: (item.title, item.id), (is_text, is_text), ask.page)

    async def users(self, organization: OrganizationId, page: PageAsk, query: str | None) -> Page[User]:
        rows = [user for user in self._of(organization, User) if holds(query, user.name, user.email)]
        return page_of(rows, lambda user: (user.name, user.id), (is_text, is_text), page)

    # The ledger

    async def period_at(self, organization: OrganizationId, at: datetime) -> Period | None:
        periods = self._of(organization, Period)
        return next((period for period in periods if period.starts_at <= at < period.ends_at), None)

    async def entries(
        self, organization: OrganizationId, since: datetime, until: datetime, page: PageAsk
    ) -> Page[Entry]:
        rows = [entry for entry in self._of(organization, Entry) if since <= entry.at < until]
        return page_of(rows, lambda entry: (instant_text(entry.at), entry.id), AT_AND_ID, page)

    async def units_by_hour(self, organization: OrganizationId, since: datetime, until: datetime) -> dict[int, int]:
        counted = [e for e in self._of(organization, Entry) if since <= e.at < until and e.refunded_at is None]
        return dict(Counter(int((entry.at - since).total_seconds()) // 3600 for entry in counted))

    async def allowance_taken(
        self, organization: OrganizationId, accounts: Collection[BusinessAccountId], since: datetime
    ) -> dict[BusinessAccountId, list[datetime]]:
        entries = [e for e in self._of(organization, Entry) if e.at > since and counts_as_allowance(e)]
        return _grouped(accounts, sorted((entry.account, entry.at) for entry in entries))


class MemoryReader(_MemoryReads):
    def __init__(self, shelf: Shelf) -> None:
        super().__init__(lambda: shelf.state)
        self._shelf = shelf

    def asked_by(self, organization: OrganizationId, who: str) -> Reads:
        return self

    @asynccontextmanager
    async def snapshot(self, organization: OrganizationId, who: str = "") -> AsyncGenerator[Reads, None]:
        state = self._shelf.state
        yield _MemoryReads(lambda: state)

    @asynccontextmanager
    async def look(self, organization: OrganizationId, who: str = "") -> AsyncGenerator[Look, None]:
        yield MemoryLook(organization, self._shelf.state.books[organization])


def _grouped(keys: Iterable[K], pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    """A list for each key asked for, empty where there is nothing."""
    groups: dict[K, list[V]] = {key: [] for key in keys}
    for key, value in pairs:
        if key in groups:
            groups[key].append(value)
    return groups
