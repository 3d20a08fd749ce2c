"""What the API shows, in hand-written SQL: each call one statement, the organization first in each.

A comment names the index and the page key where there is one. Ids come as one value, a list, so that a statement stays
the same however many there are. Both databases answer the same statements, but for the words of their dialects.
"""

from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar

from adapters.db.reading.conditions import all_of, among, holding, within
from adapters.db.reading.filters import (
    OLDEST_FIRST,
    asks_for_open_tickets,
    contact_found,
    thread_order,
    threads_that_pass,
    ticket_order,
    tickets_that_pass,
)
from adapters.db.reading.lending import Asker
from adapters.db.reading.look import LookingOn, SqlLook
from adapters.db.reading.pages import Condition, Order, instant, page, page_statement, plain
from adapters.db.reading.source import Reading, Selects
from adapters.db.rows.mapping import EVENT_COLUMNS, event_from_record, from_record, selected, table
from adapters.db.rows.times import instant_of
from domain.channels.templates import Template
from domain.contacts import Contact, Identity
from domain.conversations.library import LibraryItem
from domain.conversations.messages import Message
from domain.conversations.status import Mark
from domain.conversations.threads import Thread
from domain.events import LoggedEvent
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
    TicketAsk,
    TicketFilter,
)
from domain.ports.store import Look
from domain.quota import ConversationKind, Entry, Period
from domain.rows import Row
from domain.tickets import Ticket, TicketChange, TicketStatus

R = TypeVar("R", bound=Row)
K = TypeVar("K", bound=str)
V = TypeVar("V")

STILL_OPEN = ", ".join(f"'{status}'" for status in TicketStatus if status is not TicketStatus.CLOSED)
BY_STANDING = Order((instant("at"), plain("id")))


class SqlReads:
    """Reads through whatever `selects` is: any reader, or a snapshot."""

    def __init__(self, selects: Selects) -> None:
        self._selects = selects
        self._dialect = selects.dialect
        self._listed = selects.dialect.listed

    # The log

    async def head(self, organization: OrganizationId) -> Head:
        return (await self.heads([organization]))[organization]

    async def heads(self, organizations: Collection[OrganizationId]) -> dict[OrganizationId, Head]:
        # event_counters: primary key
        records = await self._selects.select(
            f"SELECT organization_id, epoch, position FROM event_counters WHERE organization_id {self._listed}",
            list(organizations),
        )
        return {OrganizationId(r["organization_id"]): Head(r["epoch"], r["position"]) for r in records}

    async def events(
        self, organization: OrganizationId, after: int, limit: int, thread: ThreadId | None = None
    ) -> list[LoggedEvent]:
        # events: primary key; with a thread events_of_thread, which SQLite does not see by itself. Page key: position
        led_by = ""
        conditions = [within(organization), Condition("position > ?", (after,))]
        if thread is not None:
            conditions.insert(1, Condition("thread_id = ?", (thread,)))
            led_by = self._dialect.led_by.format("events_of_thread")
        where, values = all_of(conditions)
        records = await self._selects.select(
            f"SELECT {', '.join(EVENT_COLUMNS)} FROM events{led_by} WHERE {where} ORDER BY position LIMIT ?",
            *values,
            limit,
        )
        return [event_from_record(record) for record in records]

    async def first_position(self, organization: OrganizationId) -> int:
        # events and event_counters: primary keys
        records = await self._selects.select(
            """
            SELECT coalesce(
                (SELECT min(position) FROM events WHERE organization_id = ?1),
                (SELECT position + 1 FROM event_counters WHERE organization_id = ?1)
            ) AS position
            """,
            organization,
        )
        return records[0]["position"]

    async def organization(self, organization: OrganizationId) -> Organization:
        found = await self.by_ids(Organization, organization, [organization])
        return found[organization]

    # Threads and what is in them

    async def threads(self, organization: OrganizationId, ask: ThreadAsk, now: datetime) -> Page[Thread]:
        # threads_by_activity, threads_by_age or threads_by_session; with one status, channel, owner or contact, and by
        # activity, threads_by_status, threads_of_channel, threads_of_owner or threads_of_contact_by_activity; with open
        # tickets threads_of_ticket, sorted. Page key: the instant and the id
        conditions = threads_that_pass(self._dialect, organization, ask.filter, now)
        return await self._page(Thread, conditions, thread_order(ask), ask.page, self._led_by(ask.filter))

    async def thread_count(self, organization: OrganizationId, filter: ThreadFilter, now: datetime) -> int:
        conditions = threads_that_pass(self._dialect, organization, filter, now)
        return await self._count(Thread, conditions, self._led_by(filter))

    def _led_by(self, filter: ThreadFilter) -> str:
        return self._dialect.led_by.format("threads_of_ticket") if asks_for_open_tickets(filter) else ""

    async def messages(self, organization: OrganizationId, thread: ThreadId, page: PageAsk) -> Page[Message]:
        # messages_of_thread. Page key: at, id (ids rise with arrival)
        conditions = [within(organization), Condition("thread_id = ?", (thread,))]
        return await self._page(Message, conditions, BY_STANDING, page)

    async def marks_of(
        self, organization: OrganizationId, messages: Collection[MessageId]
    ) -> dict[MessageId, list[Mark]]:
        # message_marks_of_message
        marks = await self._where(Mark, organization, "message_id", messages, "reported_at, id")
        return _grouped(messages, ((mark.message, mark) for mark in marks))

    # Tickets

    async def tickets(self, organization: OrganizationId, ask: TicketAsk) -> Page[Ticket]:
        # tickets_by_age, tickets_by_number or tickets_by_priority; by age with one status, priority, owner, thread or
        # contact tickets_by_status, tickets_of_priority, tickets_of_owner_by_age, tickets_of_thread, tickets_of_contact
        # Page key: created_at and id, rank and id, or the number
        conditions = tickets_that_pass(self._dialect, organization, ask.filter)
        return await self._page(Ticket, conditions, ticket_order(ask), ask.page)

    async def ticket_count(self, organization: OrganizationId, filter: TicketFilter) -> int:
        return await self._count(Ticket, tickets_that_pass(self._dialect, organization, filter))

    async def ticket_changes(self, organization: OrganizationId, ticket: TicketId, page: PageAsk) -> Page[TicketChange]:
        # ticket_changes_of_ticket. Page key: at, id
        conditions = [within(organization), Condition("ticket_id = ?", (ticket,))]
        return await self._page(TicketChange, conditions, BY_STANDING, page)

    async def open_tickets_of(self, organization: OrganizationId, users: Collection[UserId]) -> dict[UserId, int]:
        # tickets_of_owner; the statuses stand in the statement, for PostgreSQL to know how few are open
        records = await self._selects.select(
            f"""
            SELECT owner_id, count(*) AS open FROM tickets
            WHERE organization_id = ? AND owner_id {self._listed} AND status IN ({STILL_OPEN}) GROUP BY owner_id
            """,
            organization,
            list(users),
        )
        counted = {record["owner_id"]: record["open"] for record in records}
        return {user: counted.get(user, 0) for user in users}

    # Contacts

    async def contacts(self, organization: OrganizationId, page: PageAsk, query: str | None) -> Page[Contact]:
        # contacts_by_age, backward. Page key: created_at, id
        order = Order(OLDEST_FIRST.keys, descending=True)
        conditions = [
            within(organization),
            Condition("merged_into_id IS NULL"),
            *contact_found(self._dialect, query),
        ]
        return await self._page(Contact, conditions, order, page)

    async def identities_of(
        self, organization: OrganizationId, contacts: Collection[ContactId]
    ) -> dict[ContactId, list[Identity]]:
        # contact_identities_of_contact
        identities = await self._where(Identity, organization, "contact_id", contacts, "since, id")
        return _grouped(contacts, ((identity.contact, identity) for identity in identities))

    # Channels, templates, people

    async def templates(self, organization: OrganizationId, ask: TemplateAsk) -> Page[Template]:
        # templates_by_name, with an account templates_of_account. Page key: name, language, id
        dialect = self._dialect
        conditions = [
            within(organization),
            *among(dialect, "status", ask.statuses),
            *holding(dialect, ask.query),
        ]
        if ask.account is not None:
            conditions.append(Condition("account_id = ?", (ask.account,)))
        order = Order((plain("name"), plain("language"), plain("id")))
        return await self._page(Template, conditions, order, ask.page)

    async def library(self, organization: OrganizationId, ask: LibraryAsk) -> Page[LibraryItem]:
        # library_items_by_title. Page key: title, id
        conditions = [within(organization), *among(self._dialect, "kind", ask.kinds)]
        conditions += [Condition(f"{self._dialect.place}(searched, ?) > 0", (word,)) for word in ask.words]
        return await self._page(LibraryItem, conditions, Order((plain("title"), plain("id"))), ask.page)

    async def users(self, organization: OrganizationId, page: PageAsk, query: str | None) -> Page[User]:
        # users_by_name. Page key: name, id
        conditions = [within(organization), *holding(self._dialect, query)]
        return await self._page(User, conditions, Order((plain("name"), plain("id"))), page)

    # The ledger

    async def period_at(self, organization: OrganizationId, at: datetime) -> Period | None:
        # quota_periods_by_start, backward
        records = await self._selects.select(
            f"""
            SELECT {selected(Period)} FROM quota_periods
            WHERE organization_id = ?1 AND starts_at <= ?2 AND ends_at > ?2 ORDER BY starts_at DESC LIMIT 1
            """,
            organization,
            at,
        )
        return from_record(Period, records[0]) if records else None

    async def entries(
        self, organization: OrganizationId, since: datetime, until: datetime, page: PageAsk
    ) -> Page[Entry]:
        # quota_entries_by_time. Page key: at, id
        between = Condition("at >= ? AND at < ?", (since, until))
        return await self._page(Entry, [within(organization), between], BY_STANDING, page)

    async def units_by_hour(self, organization: OrganizationId, since: datetime, until: datetime) -> dict[int, int]:
        # quota_entries_by_time
        seconds = self._dialect.seconds.format("at")
        records = await self._selects.select(
            f"""
            SELECT ({seconds} - ?4) / 3600 AS hour, count(*) AS units FROM quota_entries
            WHERE organization_id = ?1 AND at >= ?2 AND at < ?3 AND refunded_at IS NULL GROUP BY 1
            """,
            organization,
            since,
            until,
            int(since.timestamp()),
        )
        return {record["hour"]: record["units"] for record in records}

    async def allowance_taken(
        self, organization: OrganizationId, accounts: Collection[BusinessAccountId], since: datetime
    ) -> dict[BusinessAccountId, list[datetime]]:
        # quota_entries_of_account
        records = await self._selects.select(
            f"""
            SELECT account_id, at FROM quota_entries
            WHERE organization_id = ? AND account_id {self._listed} AND at > ? AND kind = ? AND refunded_at IS NULL
            ORDER BY at
            """,
            organization,
            list(accounts),
            since,
            ConversationKind.BUSINESS_INITIATED,
        )
        return _grouped(accounts, ((BusinessAccountId(r["account_id"]), instant_of(r["at"])) for r in records))

    # The statements most of these are

    async def all_of(self, kind: type[R], organization: OrganizationId, *by: str) -> list[R]:
        # primary key
        order = ", ".join((*by, "id"))
        records = await self._selects.select(
            f"SELECT {selected(kind)} FROM {table(kind)} WHERE organization_id = ? ORDER BY {order}", organization
        )
        return [from_record(kind, record) for record in records]

    async def by_ids(self, kind: type[R], organization: OrganizationId, ids: Collection[K]) -> dict[K, R]:
        """By primary key, in the order asked for."""
        rows = await self._where(kind, organization, "id", ids, "id")
        found = {row.id: row for row in rows}
        return {id: found[id] for id in ids if id in found}  # pyright: ignore[reportArgumentType]

    async def _where(
        self, row_type: type[R], organization: OrganizationId, column: str, ids: Collection[str], order: str
    ) -> list[R]:
        records = await self._selects.select(
            f"""
            SELECT {selected(row_type)} FROM {table(row_type)}
            WHERE organization_id = ? AND {column} {self._listed} ORDER BY {order}
            """,
            organization,
            list(ids),
        )
        return [from_record(row_type, record) for record in records]

    async def _page(
        self, row_type: type[R], conditions: Sequence[Condition], order: Order, ask: PageAsk, led_by: str = ""
    ) -> Page[R]:
        statement = page_statement(row_type, conditions, order, ask, led_by)
        records = await self._selects.select(statement.sql, *statement.values)
        return page(row_type, records, order, ask)

    async def _count(self, row_type: type[Row], conditions: Sequence[Condition], led_by: str = "") -> int:
        where, values = all_of(conditions)
        records = await self._selects.select(
            f"SELECT count(*) AS rows FROM {table(row_type)}{led_by} WHERE {where}", *values
        )
        return records[0]["rows"]


class SqlReader(SqlReads):
    """The reader over a database's reading connections; a snapshot keeps one of them to itself."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading)
        self._reading = reading

    def asked_by(self, organization: OrganizationId, who: str) -> Reads:
        return SqlReads(self._reading.asked_by(Asker(organization, who)))

    @asynccontextmanager
    async def snapshot(self, organization: OrganizationId, who: str = "") -> AsyncGenerator[Reads, None]:
        async with self._reading.asked_by(Asker(organization, who)).snapshot() as selects:
            yield SqlReads(selects)

    @asynccontextmanager
    async def look(self, organization: OrganizationId, who: str = "") -> AsyncGenerator[Look, None]:
        async with self._reading.asked_by(Asker(organization, who)).snapshot() as selects:
            yield SqlLook(organization, LookingOn(organization, selects))


def _grouped(keys: Iterable[K], pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    """A list for each key asked for, empty where there is nothing."""
    groups: dict[K, list[V]] = {key: [] for key in keys}
    for key, value in pairs:
        groups[key].append(value)
    return groups
