"""Which threads, tickets and contacts pass a filter, and in which order they come."""

from datetime import datetime

from adapters.db.dialect import Dialect
from adapters.db.reading.conditions import absent_or_not, among, aside, holding, within
from adapters.db.reading.pages import Condition, Order, instant, number, plain, ranked
from domain.contacts import digits_looked_for
from domain.conversations.sessions import SessionState
from domain.ids import OrganizationId
from domain.ports.reads import ThreadAsk, ThreadFilter, ThreadOrder, TicketAsk, TicketFilter, TicketOrder
from domain.tickets import Property, TicketPriority, TicketStatus

OLDEST_FIRST = Order((instant("created_at"), plain("id")))


def thread_order(ask: ThreadAsk) -> Order:
    match ask.order:
        case ThreadOrder.LAST_ACTIVITY:
            return Order((instant("last_activity_at"), plain("id")), ask.descending)
        case ThreadOrder.CREATED_AT:
            return Order(OLDEST_FIRST.keys, ask.descending)
        case ThreadOrder.SESSION_EXPIRY:
            return Order((instant("session_expires_at"), plain("id")), ask.descending, nulls_last=True)


def ticket_order(ask: TicketAsk) -> Order:
    match ask.order:
        case TicketOrder.CREATED_AT:
            return Order(OLDEST_FIRST.keys, ask.descending)
        case TicketOrder.PRIORITY:
            return Order((ranked("priority", list(TicketPriority)), plain("id")), ask.descending)
        case TicketOrder.NUMBER:
            return Order((number("number"),), ask.descending)


def threads_that_pass(
    dialect: Dialect, organization: OrganizationId, filter: ThreadFilter, now: datetime
) -> list[Condition]:
    conditions = [
        within(organization),
        *among(dialect, "channel_id", filter.channels),
        *among(dialect, "status", filter.statuses),
        *among(dialect, "last_source", filter.sources),
        *among(dialect, "owner_id", filter.owners),
        *absent_or_not("owner_id", filter.unassigned),
    ]
    if asks_for_open_tickets(filter):
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


def asks_for_open_tickets(filter: ThreadFilter) -> bool:
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
    ends_at = aside("session_expires_at")
    match state:
        case SessionState.OPEN:
            return Condition(f"{ends_at} > ? AND session_opened_at <= ?", (now, now))
        case SessionState.CLOSED:
            return Condition(f"({ends_at} <= ? OR session_opened_at > ?)", (now, now))
        case SessionState.NEVER_OPENED:
            return Condition("session_expires_at IS NULL")


def tickets_that_pass(dialect: Dialect, organization: OrganizationId, filter: TicketFilter) -> list[Condition]:
    conditions = [
        within(organization),
        *among(dialect, "channel_id", filter.channels),
        *among(dialect, "status", filter.statuses),
        *among(dialect, "priority", filter.priorities),
        *among(dialect, "owner_id", filter.owners),
        *among(dialect, "source", filter.sources),
        *absent_or_not("owner_id", filter.unassigned),
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


def contact_found(dialect: Dialect, query: str | None) -> list[Condition]:
    """Words are looked for in names and addresses, numbers in numbers, however they are written."""
    named = holding(dialect, query)
    sought = digits_looked_for(query or "")
    if not named or not sought:
        return named
    numbers = dialect.each.format("phones")
    number = dialect.member.format("number")
    numbered = (
        f"{dialect.place}(wa_id, ?) > 0 OR EXISTS (SELECT 1 FROM {numbers} WHERE {dialect.place}({number}, ?) > 0)"
    )
    found = " OR ".join([named[0].sql, *(numbered for _ in sought)])
    return [Condition(f"({found})", (*named[0].values, *(digits for digits in sought for _ in range(2))))]
