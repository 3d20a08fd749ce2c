"""What is done with a ticket: handed over, changed, closed and reopened."""

import strawberry
from strawberry import Info

from domain import tickets
from domain.tickets import TicketPriority, TicketStatus
from domain.use_cases.desk.tickets import (
    AssignTicket,
    UpdateTicket,
    assign_ticket,
    close_ticket,
    reopen_ticket,
    unassign_ticket,
    update_ticket,
)
from schema.context import Context
from schema.engine.values import ids
from schema.engine.values.given import left_or, user_or_left
from schema.types.desk.tickets import Ticket, TicketPropertyInput, existing, property_of
from schema.types.errors import UserError, user_errors
from schema.types.inputs import EXPECTED_OWNER, NEW_OWNER, done


@strawberry.input(description="Who shall look after a ticket.")
class TicketAssignInput:
    ticket_id: strawberry.ID = strawberry.field(description="Which ticket; its thread goes with it.")
    owner_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(description=NEW_OWNER)
    expected_owner_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(description=EXPECTED_OWNER)


@strawberry.type(description="The ticket as it is now, or why it was not handed over.")
class TicketAssignPayload:
    ticket: Ticket | None = strawberry.field(default=None, description="The ticket; null where it was refused.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="A ticket that nobody shall look after.")
class TicketUnassignInput:
    ticket_id: strawberry.ID = strawberry.field(description="Which ticket; its thread goes with it.")


@strawberry.type(description="The ticket as it is now, or why it keeps its owner.")
class TicketUnassignPayload:
    ticket: Ticket | None = strawberry.field(default=None, description="The ticket; null where it was refused.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="What to change of a ticket. What is left out stays as it is.")
class TicketUpdateInput:
    ticket_id: strawberry.ID = strawberry.field(description="Which ticket.")
    subject: strawberry.Maybe[str | None] = strawberry.field(description="1 to 200 characters; there always is one.")
    required_skills: strawberry.Maybe[list[str] | None] = strawberry.field(
        description="All of them, in place of the old ones; null takes them away."
    )
    priority: strawberry.Maybe[TicketPriority | None] = strawberry.field(
        description="What should be looked at first; there always is one."
    )
    status: strawberry.Maybe[TicketStatus | None] = strawberry.field(
        description="Whose turn it is; there always is one. CLOSED closes it and its thread, another one opens them."
    )
    properties: strawberry.Maybe[list[TicketPropertyInput] | None] = strawberry.field(
        description="These are set, or taken away where their value is null; the others stay. Null takes all away."
    )


@strawberry.type(description="The ticket as it is now, or why it was not changed.")
class TicketUpdatePayload:
    ticket: Ticket | None = strawberry.field(default=None, description="The ticket; null where it was refused.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="A ticket that is done.")
class TicketCloseInput:
    ticket_id: strawberry.ID = strawberry.field(description="Which ticket; its thread is closed with it.")


@strawberry.type(description="The closed ticket, or why it stays open.")
class TicketClosePayload:
    ticket: Ticket | None = strawberry.field(default=None, description="The ticket; null where it was refused.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="A ticket to go on with.")
class TicketReopenInput:
    ticket_id: strawberry.ID = strawberry.field(
        description="Which ticket; only a thread's newest can be opened again, and its thread is opened with it."
    )


@strawberry.type(description="The open ticket, or why it stays closed.")
class TicketReopenPayload:
    ticket: Ticket | None = strawberry.field(default=None, description="The ticket; null where it was refused.")
    user_errors: list[UserError] = user_errors()


async def assign(info: Info[Context, None], input: TicketAssignInput) -> TicketAssignPayload:
    context = info.context
    command = AssignTicket(
        ticket=ids.TICKET.given(input.ticket_id, "ticketId"),
        owner=user_or_left(input.owner_id, "ownerId"),
        expected_owner=user_or_left(input.expected_owner_id, "expectedOwnerId"),
    )
    ticket = done(await assign_ticket(context.ports, context.acting, command))
    return TicketAssignPayload(ticket=await _as_it_is_now(context, ticket))


async def unassign(info: Info[Context, None], input: TicketUnassignInput) -> TicketUnassignPayload:
    context = info.context
    ticket = done(await unassign_ticket(context.ports, context.acting, ids.TICKET.given(input.ticket_id, "ticketId")))
    return TicketUnassignPayload(ticket=await _as_it_is_now(context, ticket))


async def update(info: Info[Context, None], input: TicketUpdateInput) -> TicketUpdatePayload:
    context = info.context
    command = UpdateTicket(
        ticket=ids.TICKET.given(input.ticket_id, "ticketId"),
        subject=left_or(input.subject, str),
        required_skills=left_or(input.required_skills, lambda skills: tuple(skills)),
        priority=left_or(input.priority, TicketPriority),
        status=left_or(input.status, TicketStatus),
        properties=left_or(input.properties, lambda given: tuple(property_of(each) for each in given)),
    )
    ticket = done(await update_ticket(context.ports, context.acting, command))
    return TicketUpdatePayload(ticket=await _as_it_is_now(context, ticket))


async def close(info: Info[Context, None], input: TicketCloseInput) -> TicketClosePayload:
    context = info.context
    ticket = done(await close_ticket(context.ports, context.acting, ids.TICKET.given(input.ticket_id, "ticketId")))
    return TicketClosePayload(ticket=await _as_it_is_now(context, ticket))


async def reopen(info: Info[Context, None], input: TicketReopenInput) -> TicketReopenPayload:
    context = info.context
    ticket = done(await reopen_ticket(context.ports, context.acting, ids.TICKET.given(input.ticket_id, "ticketId")))
    return TicketReopenPayload(ticket=await _as_it_is_now(context, ticket))


async def _as_it_is_now(context: Context, ticket: tickets.Ticket) -> Ticket:
    await context.read_on(ticket.organization, ticket)
    return await existing(context, ticket.id)
