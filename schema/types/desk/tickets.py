"""Tickets, their history, and what is done with them."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry
from strawberry import Info

import schema.types.contacts.contacts
import schema.types.conversations.threads
import schema.types.people.users
from domain import tickets
from domain.conversations.messages import Source
from domain.ids import TicketId, UserId
from domain.ports.reads import TicketAsk, TicketOrder
from domain.ports.reads import TicketFilter as Conditions
from domain.tickets import Property, TicketPriority, TicketStatus
from schema.context import Context
from schema.engine.values import ids
from schema.engine.values.enums import OrderDirection, describe
from schema.engine.values.ids import Node
from schema.engine.values.pages import After, Connection, First, PageArguments, connection, page_ask, read
from schema.types.conversations.senders import sender
from schema.types.inputs import check_filter
from schema.types.lazy import Contact, Thread, User
from schema.types.names import MessageSender

describe(
    TicketStatus,
    "Whose turn it is.",
    {
        "NEW": "Nobody here has answered yet.",
        "WAITING_ON_US": "The contact wrote last.",
        "WAITING_ON_CONTACT": "We wrote last.",
        "CLOSED": "Done.",
    },
)
describe(
    TicketPriority,
    "What should be looked at first.",
    {
        "LOW": "Can wait.",
        "MEDIUM": "As usual; the default.",
        "HIGH": "Before the usual.",
        "URGENT": "Before everything else.",
    },
)
describe(
    TicketOrder,
    "What tickets are ordered by.",
    {
        "CREATED_AT": "When they were opened first.",
        "PRIORITY": "LOW, MEDIUM, HIGH, URGENT.",
        "NUMBER": "Their number.",
    },
    name="TicketOrderField",
)


@strawberry.type(description="Something more that is known of a ticket.")
class TicketProperty:
    name: str = strawberry.field(description="Its name, as your program or your people chose it.")
    value: str | None = strawberry.field(description="Its value, as text.")


@strawberry.type(description="One change of a ticket.")
class TicketChange:
    at: datetime = strawberry.field(description="When.")
    field: str = strawberry.field(description="Which field or property.")
    from_value: str | None = strawberry.field(
        name="from", description="What it was, as text; for `owner` the user's id. Null where it was nothing."
    )
    to_value: str | None = strawberry.field(
        name="to", description="What it became, as text; for `owner` the user's id. Null where it became nothing."
    )
    change: strawberry.Private[tickets.TicketChange]

    @strawberry.field(description="Who did it; Deskline itself where one of its rules did.")
    async def by(self, info: Info[Context, None]) -> MessageSender:
        return await sender(info.context, self.change.by)


@strawberry.type(description="One matter in a thread of a help desk number.")
class Ticket(Node):
    number: int = strawberry.field(description="Counted from 1 in the organization; short enough to say aloud.")
    subject: str = strawberry.field(description="The first line of what the contact wrote, until somebody changes it.")
    status: TicketStatus = strawberry.field(description="Whose turn it is, or that it is done.")
    priority: TicketPriority = strawberry.field(description="What should be looked at first.")
    required_skills: list[str] = strawberry.field(description="What its owner has to be able to do; empty for nothing.")
    source: Source = strawberry.field(description="By what way it began.")
    properties: list[TicketProperty] = strawberry.field(description="What more is known of it, by name.")
    created_at: datetime = strawberry.field(description="When it was opened first.")
    closed_at: datetime | None = strawberry.field(description="When it was closed; null while it is open.")
    row: strawberry.Private[tickets.Ticket]

    @strawberry.field(description="Who looks after it; null while nobody does.")
    async def owner(self, info: Info[Context, None]) -> User | None:
        return (
            await schema.types.people.users.loaded(info.context, self.row.owner) if self.row.owner is not None else None
        )

    @strawberry.field(description="Where it is talked about.")
    async def thread(self, info: Info[Context, None]) -> Thread:
        return await schema.types.conversations.threads.existing(info.context, self.row.thread)

    @strawberry.field(description="Whose matter it is.")
    async def contact(self, info: Info[Context, None]) -> Contact:
        return await schema.types.contacts.contacts.existing(info.context, self.row.contact)

    @strawberry.field(description="Every change, oldest first: who, what, when.")
    async def history(
        self, info: Info[Context, None], first: First = None, after: After = None
    ) -> Connection[TicketChange]:
        context = info.context
        order = f"history of {self.row.id}"
        ask = page_ask(order, first, after)
        page = await read(ask, context.reads.ticket_changes(context.organization, self.row.id, ask))
        return connection(page, order, _change)

    @classmethod
    def of(cls, ticket: tickets.Ticket) -> Self:
        return cls(
            id=ids.TICKET.encode(ticket.id),
            number=ticket.number,
            subject=ticket.subject,
            status=ticket.status,
            priority=ticket.priority,
            required_skills=list(ticket.required_skills),
            source=ticket.source,
            properties=[TicketProperty(name=each.name, value=each.value) for each in ticket.properties],
            created_at=ticket.created_at,
            closed_at=ticket.closed_at,
            row=ticket,
        )


@strawberry.type(description="Tickets, a page at a time.")
class TicketConnection(Connection[Ticket]):
    conditions: strawberry.Private[Conditions]

    @strawberry.field(description="How many there are now, exactly. Counted only where asked for, at a price.")
    async def total_count(self, info: Info[Context, None]) -> int:
        context = info.context
        return await context.reads.ticket_count(context.organization, self.conditions)


@strawberry.input(description="A property of a ticket.")
class TicketPropertyInput:
    name: str = strawberry.field(description="Its name, 1 to 100 characters.")
    value: str | None = strawberry.field(
        default=None,
        description="Its value, at most 4096 characters. Left out or null: to be taken away; in a filter, not set.",
    )


@strawberry.input(description="Which tickets. All that is given has to hold; an empty list asks nothing.")
class TicketFilter:
    channel_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="On one of these numbers.")
    created_until: datetime | None = strawberry.field(default=None, description="Opened before this instant.")
    properties: list[TicketPropertyInput] | None = strawberry.field(
        default=None, description="With all of these properties, each exactly so."
    )
    statuses: list[TicketStatus] | None = strawberry.field(default=None, description="In one of these states.")
    priorities: list[TicketPriority] | None = strawberry.field(default=None, description="Of one of these priorities.")
    owner_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Owned by one of these users.")
    unassigned: bool | None = strawberry.field(default=None, description="True: without an owner. False: with one.")
    sources: list[Source] | None = strawberry.field(default=None, description="Begun by one of these ways.")
    created_since: datetime | None = strawberry.field(default=None, description="Opened at this instant or later.")


@strawberry.input(name="TicketOrder", description="Which tickets come first.")
class TicketOrderInput:
    field: TicketOrder = strawberry.field(description="What they are ordered by.")
    direction: OrderDirection = strawberry.field(description="Which end comes first.")


TicketFilterArgument: TypeAlias = Annotated[
    TicketFilter | None, strawberry.argument(description="Only tickets like these; left out or null: all.")
]
TicketOrderArgument: TypeAlias = Annotated[
    TicketOrderInput | None,
    strawberry.argument(description="Which come first; left out or null: CREATED_AT, DESC."),
]


async def loaded(context: Context, id: TicketId) -> Ticket | None:
    ticket = await context.loaders.tickets.load(id)
    return Ticket.of(ticket) if ticket else None


async def existing(context: Context, id: TicketId) -> Ticket:
    """The ticket that a row or an event of ours names."""
    ticket = await loaded(context, id)
    assert ticket is not None, f"ticket {id} is named and not there"
    return ticket


async def page(
    context: Context,
    conditions: Conditions,
    arguments: PageArguments,
    order_by: TicketOrderInput | None = None,
) -> TicketConnection:
    by = order_by.field if order_by else TicketOrder.CREATED_AT
    descending = order_by is None or order_by.direction is OrderDirection.DESC
    order = f"tickets by {by} {'down' if descending else 'up'}"
    ask = TicketAsk(arguments.ask(order), conditions, by, descending)
    found = await read(ask.page, context.reads.tickets(context.organization, ask))
    rows = connection(found, order, Ticket.of)
    return TicketConnection(edges=rows.edges, nodes=rows.nodes, page_info=rows.page_info, conditions=conditions)


def conditions(filter: TicketFilter | None) -> Conditions:
    if filter is None:
        return Conditions()
    check_filter(filter)
    return Conditions(
        channels=ids.CHANNEL.asked_all(filter.channel_ids),
        statuses=tuple(filter.statuses or ()),
        priorities=tuple(filter.priorities or ()),
        owners=ids.USER.asked_all(filter.owner_ids),
        sources=tuple(filter.sources or ()),
        properties=tuple(property_of(each) for each in filter.properties or ()),
        unassigned=filter.unassigned,
        created_since=filter.created_since,
        created_until=filter.created_until,
    )


def property_of(given: TicketPropertyInput) -> Property:
    return Property(given.name, given.value)


def _change(change: tickets.TicketChange) -> TicketChange:
    return TicketChange(
        at=change.at,
        field=change.field,
        from_value=_value(change.field, change.before),
        to_value=_value(change.field, change.after),
        change=change,
    )


def _value(field: str, value: str | None) -> str | None:
    """The history keeps our own ids of users; callers know the global ones."""
    return ids.USER.encode(UserId(value)) if field == "owner" and value is not None else value


# ---------------------------------------------------------------- assign, update, close, reopen
