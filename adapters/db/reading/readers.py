"""What the API shows, in hand-written SQL: each call one statement, the organization first in each.

A comment names the index and the page key where there is one. Ids come as one value, a list, so that a statement stays
the same however many there are. Both databases answer the same statements, but for the words of their dialects.
"""

from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar

from adapters.db.dialect import Dialect
from adapters.db.reading.lending import Asker
from adapters.db.reading.look import LookingOn, SqlLook
from adapters.db.reading.pages import (
    Condition,
    Order,
    instant,
    number,
    page,
    page_statement,
    plain,
    ranked,
)
from adapters.db.reading.source import Reading, Selects
from adapters.db.rows.mapping import (
    EVENT_COLUMNS,
    SEARCHED_END,
    Value,
    event_from_record,
    folded,
    from_record,
    selected,
    table,
)
from adapters.db.rows.times import instant_of
from domain.channels.channels import Channel
from domain.channels.templates import Template
from domain.contacts import Contact, Identity
from domain.conversations.library import LibraryItem
from domain.conversations.messages import Message
from domain.conversations.sessions import SessionState
from domain.conversations.status import Mark
from domain.conversations.threads import Thread
from domain.events import LoggedEvent
from domain.ids import (
    BusinessAccountId,
    ContactId,
    MessageId,
    OrganizationId,
    ThreadId,
    TicketId,
    UserId,
)
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
from domain.quota import ConversationKind, Entry, Period
from domain.rows import Row
from domain.tickets import Property, Ticket, TicketChange, TicketPriority, TicketStatus

R = TypeVar("R", bound=Row)
K = TypeVar("K", bound=str)
V = TypeVar("V")

OLDEST_FIRST = Order((instant("created_at"), plain("id")))
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
        conditions = [_of(organization), Condition("position > ?", (after,))]
        if thread is not None:
            conditions.insert(1, Condition("thread_id = ?", (thread,)))
            led_by = self._dialect.led_by.format("events_of_thread")
        where, values = _where(conditions)
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
        conditions = _threads_that_pass(self._dialect, organization, ask.filter, now)
        return await self._page(Thread, conditions, _thread_order(ask), ask.page, self._led_by(ask.filter))

    async def thread_count(self, organization: OrganizationId, filter: ThreadFilter, now: datetime) -> int:
        conditions = _threads_that_pass(self._dialect, organization, filter, now)
        return await self._count(Thread, conditions, self._led_by(filter))

    def _led_by(self, filter: ThreadFilter) -> str:
        return self._dialect.led_by.format("threads_of_ticket") if _asks_for_open_tickets(filter) else ""

    async def messages(self, organization: OrganizationId, thread: ThreadId, page: PageAsk) -> Page[Message]:
        # messages_of_thread. Page key: at, id (ids rise with arrival)
        conditions = [_of(organization), Condition("thread_id = ?", (thread,))]
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
        conditions = _tickets_that_pass(self._dialect, organization, ask.filter)
        return await self._page(Ticket, conditions, _ticket_order(ask), ask.page)

    async def ticket_count(self, organization: OrganizationId, filter: TicketFilter) -> int:
        return await self._count(Ticket, _tickets_that_pass(self._dialect, organization, filter))

    async def ticket_changes(self, organization: OrganizationId, ticket: TicketId, page: PageAsk) -> Page[TicketChange]:
        # ticket_changes_of_ticket. Page key: at, id
        conditions = [_of(organization), Condition("ticket_id = ?", (ticket,))]
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
        conditions = [_of(organization), Condition("merged_into_id IS NULL"), *_contact_found(self._dialect, query)]
        return await self._page(Contact, conditions, order, page)

    async def identities_of(
        self, organization: OrganizationId, contacts: Collection[ContactId]
    ) -> dict[ContactId, list[Identity]]:
        # contact_identities_of_contact
        identities = await self._where(Identity, organization, "contact_id", contacts, "since, id")
        return _grouped(contacts, ((identity.contact, identity) for identity in identities))

    # Channels, templates, people

    async def channels(self, organization: OrganizationId) -> list[Channel]:
        # primary key; an organization has few
        records = await self._selects.select(
            f"SELECT {selected(Channel)} FROM channels WHERE organization_id = ? ORDER BY created_at, id", organization
        )
        return [from_record(Channel, record) for record in records]

    async def templates(self, organization: OrganizationId, ask: TemplateAsk) -> Page[Template]:
        # templates_by_name, with an account templates_of_account. Page key: name, language, id
        dialect = self._dialect
        conditions = [_of(organization), *_in(dialect, "status", ask.statuses), *_holding(dialect, ask.query)]
        if ask.account is not None:
            conditions.append(Condition("account_id = ?", (ask.account,)))
        order = Order((plain("name"), plain("language"), plain("id")))
        return await self._page(Template, conditions, order, ask.page)

    async def library(self, organization: OrganizationId, ask: LibraryAsk) -> Page[LibraryItem]:
        # library_items_by_title. Page key: title, id
        conditions = [_of(organization), *_in(self._dialect, "kind", ask.kinds)]
        conditions += [Condition(f"{self._dialect.place}(searched, ?) > 0", (word,)) for word in ask.words]
        return await self._page(LibraryItem, conditions, Order((plain("title"), plain("id"))), ask.page)

    async def users(self, organization: OrganizationId, page: PageAsk, query: str | None) -> Page[User]:
        # users_by_name. Page key: name, id
        conditions = [_of(organization), *_holding(self._dialect, query)]
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
        return await self._page(Entry, [_of(organization), between], BY_STANDING, page)

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
        where, values = _where(conditions)
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


# ---------------------------------------------------------------- in which order


def _thread_order(ask: ThreadAsk) -> Order:
    match ask.order:
        case ThreadOrder.LAST_ACTIVITY:
            return Order((instant("last_activity_at"), plain("id")), ask.descending)
        case ThreadOrder.CREATED_AT:
            return Order(OLDEST_FIRST.keys, ask.descending)
        case ThreadOrder.SESSION_EXPIRY:
            return Order((instant("session_expires_at"), plain("id")), ask.descending, nulls_last=True)


def _ticket_order(ask: TicketAsk) -> Order:
    match ask.order:
        case TicketOrder.CREATED_AT:
            return Order(OLDEST_FIRST.keys, ask.descending)
        case TicketOrder.PRIORITY:
            return Order((ranked("priority", list(TicketPriority)), plain("id")), ask.descending)
        case TicketOrder.NUMBER:
            return Order((number("number"),), ask.descending)


# ---------------------------------------------------------------- which rows


def _threads_that_pass(
    dialect: Dialect, organization: OrganizationId, filter: ThreadFilter, now: datetime
) -> list[Condition]:
    conditions = [
        _of(organization),
        *_in(dialect, "channel_id", filter.channels),
        *_in(dialect, "status", filter.statuses),
        *_in(dialect, "last_source", filter.sources),
        *_in(dialect, "owner_id", filter.owners),
        *_absent("owner_id", filter.unassigned),
    ]
    if _asks_for_open_tickets(filter):
        conditions.append(_ticket_is_open(organization, filter.ticket_statuses))
    elif filter.ticket_statuses:
        conditions.append(_ticket_stands(dialect, filter.ticket_statuses))
    if filter.contact is not None:
        conditions.append(Condition("contact_id = ?", (filter.contact,)))
    if filter.last_direction is not None:
        conditions.append(Condition("last_direction = ?", (filter.last_direction,)))
    if filter.unread is not None:
        conditions.append(Condition("unread_count > 0" if filter.unread else "unread_count = 0"))
    if filter.session is not None:
        conditions.append(_session_stands(filter.session, now))
    if filter.active_since is not None:
        conditions.append(Condition("last_activity_at >= ?", (filter.active_since,)))
    return conditions


def _asks_for_open_tickets(filter: ThreadFilter) -> bool:
    return bool(filter.ticket_statuses) and TicketStatus.CLOSED not in filter.ticket_statuses


def _ticket_is_open(organization: OrganizationId, statuses: tuple[TicketStatus, ...]) -> Condition:
    """Open tickets are few among all there ever were: they lead to their threads. For PostgreSQL to know, the statuses
    stand in the statement.
    """
    wanted = ", ".join(f"'{status}'" for status in sorted(statuses))
    return Condition(
        f"ticket_id IN (SELECT id FROM tickets WHERE organization_id = ? AND status IN ({wanted}))", (organization,)
    )


def _ticket_stands(dialect: Dialect, statuses: tuple[TicketStatus, ...]) -> Condition:
    """The newest ticket's status; found by the ticket's primary key."""
    return Condition(
        "EXISTS (SELECT 1 FROM tickets WHERE tickets.organization_id = threads.organization_id "
        f"AND tickets.id = threads.ticket_id AND tickets.status {dialect.listed})",
        (list(statuses),),
    )


def _session_stands(state: SessionState, now: datetime) -> Condition:
    """The page stays with the index of its order: open sessions lie at its beginning anyway."""
    ends_at = _aside("session_expires_at")
    match state:
        case SessionState.OPEN:
            return Condition(f"{ends_at} > ? AND session_opened_at <= ?", (now, now))
        case SessionState.CLOSED:
            return Condition(f"({ends_at} <= ? OR session_opened_at > ?)", (now, now))
        case SessionState.NEVER_OPENED:
            return Condition("session_expires_at IS NULL")


def _tickets_that_pass(dialect: Dialect, organization: OrganizationId, filter: TicketFilter) -> list[Condition]:
    conditions = [
        _of(organization),
        *_in(dialect, "channel_id", filter.channels),
        *_in(dialect, "status", filter.statuses),
        *_in(dialect, "priority", filter.priorities),
        *_in(dialect, "owner_id", filter.owners),
        *_in(dialect, "source", filter.sources),
        *_absent("owner_id", filter.unassigned),
        *(_has_property(dialect, wanted) for wanted in filter.properties),
    ]
    if filter.created_since is not None:
        conditions.append(Condition("created_at >= ?", (filter.created_since,)))
    if filter.created_until is not None:
        conditions.append(Condition("created_at < ?", (filter.created_until,)))
    if filter.thread is not None:
        conditions.append(Condition("thread_id = ?", (filter.thread,)))
    if filter.contact is not None:
        conditions.append(Condition("contact_id = ?", (filter.contact,)))
    return conditions


def _has_property(dialect: Dialect, wanted: Property) -> Condition:
    """A property that is not set has no value."""
    named = f"SELECT 1 FROM {dialect.each.format('properties')} WHERE {dialect.member.format('name')} = ?"
    value = dialect.member.format("value")
    if wanted.value is None:
        return Condition(f"NOT EXISTS ({named} AND {value} IS NOT NULL)", (wanted.name,))
    return Condition(f"EXISTS ({named} AND {value} = ?)", (wanted.name, wanted.value))


def _contact_found(dialect: Dialect, query: str | None) -> list[Condition]:
    """Words are looked for in names and addresses, numbers in numbers, however they are written."""
    named = _holding(dialect, query)
    digits = _digits(query or "")
    if not named or digits is None:
        return named
    numbers = dialect.each.format("phones")
    number = dialect.member.format("number")
    numbered = (
        f"{dialect.place}(wa_id, ?) > 0 OR EXISTS (SELECT 1 FROM {numbers} WHERE {dialect.place}({number}, ?) > 0)"
    )
    return [Condition(f"({named[0].sql} OR {numbered})", (*named[0].values, digits, digits))]


def _of(organization: OrganizationId) -> Condition:
    return Condition("organization_id = ?", (organization,))


def _in(dialect: Dialect, column: str, values: tuple[str, ...]) -> list[Condition]:
    """One value can lead an index; among several the page stays with the index of its order."""
    if not values:
        return []
    if len(values) == 1:
        return [Condition(f"{column} = ?", (values[0],))]
    return [Condition(f"{_aside(column)} {dialect.listed}", (list(values),))]


def _aside(column: str) -> str:
    """A column's value in a form that leads no index."""
    return f"coalesce({column}, {column})"


def _absent(column: str, absent: bool | None) -> list[Condition]:
    if absent is None:
        return []
    return [Condition(f"{column} IS NULL" if absent else f"{column} IS NOT NULL")]


def _holding(dialect: Dialect, query: str | None) -> list[Condition]:
    """Rows with the query somewhere in one of their searched texts, case left out."""
    wanted = folded((query or "").strip())
    if not wanted:
        return []
    if SEARCHED_END in wanted:
        return [Condition("1 = 0")]
    return [Condition(f"{dialect.place}(searched, ?) > 0", (wanted,))]


def _digits(query: str) -> str | None:
    """A number as people type it, bare; None for any other text."""
    digits = "".join(character for character in query if character.isdigit())
    return digits if digits and not set(query) - set("0123456789 +-()./") else None


def _where(conditions: Iterable[Condition]) -> tuple[str, tuple[Value, ...]]:
    chosen = list(conditions)
    sql = " AND ".join(condition.sql for condition in chosen)
    return sql, tuple(value for condition in chosen for value in condition.values)


def _grouped(keys: Iterable[K], pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    """A list for each key asked for, empty where there is nothing."""
    groups: dict[K, list[V]] = {key: [] for key in keys}
    for key, value in pairs:
        groups[key].append(value)
    return groups
