"""Tickets handed over, changed, closed and reopened by people and programs.

On help desk numbers a thread and its newest ticket are one in status and owner: what is done to the one is done to
both, with one event each.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from domain.conversations.threads import Thread, ThreadStatus
from domain.error_codes import ErrorCode
from domain.errors import REFUSALS, Refusal, Refused, forbidden, invalid, not_found
from domain.given import UNSET, Left
from domain.ids import TeamId, TicketId, UserId
from domain.people.actors import Actor, Right
from domain.people.organizations import User, normal_skills, skills_fault
from domain.ports.bundle import Ports
from domain.ports.store import Transaction
from domain.tickets import SUBJECT_LIMIT, Property, Ticket, TicketPriority, TicketStatus, close, reopen, with_properties
from domain.use_cases.again import again_on_collision
from domain.use_cases.ticketing import record_change, record_thread
from domain.use_cases.work import Work

PROPERTY_NAME_LIMIT = 100
PROPERTY_VALUE_LIMIT = 4096
PROPERTIES_LIMIT = 100  # of one ticket


@dataclass(frozen=True, slots=True)
class AssignTicket:
    ticket: TicketId
    owner: UserId | Left | None = UNSET
    team: TeamId | Left | None = UNSET
    expected_owner: UserId | Left | None = UNSET  # None expects nobody; left out checks nothing


@dataclass(frozen=True, slots=True)
class UpdateTicket:
    ticket: TicketId
    subject: str | Left | None = UNSET
    required_skills: tuple[str, ...] | Left | None = UNSET
    priority: TicketPriority | Left | None = UNSET
    status: TicketStatus | Left | None = UNSET
    properties: tuple[Property, ...] | Left | None = UNSET


@again_on_collision
async def assign_ticket(ports: Ports, actor: Actor, command: AssignTicket) -> Ticket | Refusal:
    """A new owner, or none. Refuses CONFLICT where the owner is not the expected one, OWNER_UNAVAILABLE where the
    new one is inactive."""
    if not actor.may(Right.TICKETS):
        return forbidden("assign tickets")
    if command.owner is UNSET and command.team is UNSET:
        return invalid("Name an owner or a team.", "ownerId")
    async with ports.store.transaction(actor.organization) as tx:
        found = await _find(tx, command.ticket)
        if isinstance(found, Refused):
            return found
        ticket, thread = found
        if refusal := await owner_refusal(tx, ticket.owner, command.owner, command.team, command.expected_owner):
            return refusal
        after = replace(
            ticket,
            owner=ticket.owner if command.owner is UNSET else command.owner,
            team=ticket.team if command.team is UNSET else command.team,
        )
        return save_both(Work.of(ports, tx, ports.clock.now()), actor, ticket, after, thread)


async def unassign_ticket(ports: Ports, actor: Actor, id: TicketId) -> Ticket | Refusal:
    return await assign_ticket(ports, actor, AssignTicket(id, owner=None))


@again_on_collision
async def close_ticket(ports: Ports, actor: Actor, id: TicketId) -> Ticket | Refusal:
    if not actor.may(Right.TICKETS):
        return forbidden("close tickets")
    async with ports.store.transaction(actor.organization) as tx:
        found = await _find(tx, id)
        if isinstance(found, Refused):
            return found
        ticket, thread = found
        after = close(ticket, ports.clock.now())
        if isinstance(after, Refused):
            return after
        return save_both(Work.of(ports, tx, ports.clock.now()), actor, ticket, after, thread)


@again_on_collision
async def reopen_ticket(ports: Ports, actor: Actor, id: TicketId) -> Ticket | Refusal:
    """Only the newest ticket of a thread is reopened: there is never more than one open."""
    if not actor.may(Right.TICKETS):
        return forbidden("reopen tickets")
    async with ports.store.transaction(actor.organization) as tx:
        found = await _find(tx, id)
        if isinstance(found, Refused):
            return found
        ticket, thread = found
        after = _reopened(ticket, thread)
        if isinstance(after, Refused):
            return after
        return save_both(Work.of(ports, tx, ports.clock.now()), actor, ticket, after, thread)


@again_on_collision
async def update_ticket(ports: Ports, actor: Actor, command: UpdateTicket) -> Ticket | Refusal:
    """Change what is named, leave what is left out; an explicit null clears skills and properties."""
    if not actor.may(Right.TICKETS):
        return forbidden("update tickets")
    if refusal := _update_fault(command):
        return refusal
    async with ports.store.transaction(actor.organization) as tx:
        found = await _find(tx, command.ticket)
        if isinstance(found, Refused):
            return found
        ticket, thread = found
        after = _updated(ticket, thread, command, ports.clock.now())
        if isinstance(after, REFUSALS):
            return after
        return save_both(Work.of(ports, tx, ports.clock.now()), actor, ticket, after, thread)


async def owner_refusal(
    tx: Transaction,
    current: UserId | None,
    owner: UserId | Left | None,
    team: TeamId | Left | None,
    expected: UserId | Left | None,
) -> Refusal | None:
    if expected is not UNSET and expected != current:
        return Refused(ErrorCode.CONFLICT, "Somebody else assigned it in the meantime.", ("expectedOwnerId",))
    if team is not UNSET and team is not None:
        return not_found("team", "teamId")
    if owner is UNSET or owner is None:
        return None
    user = await tx.row(User, owner)
    if user is None:
        return not_found("user", "ownerId")
    if not user.active:
        return Refused(ErrorCode.OWNER_UNAVAILABLE, f"{user.name} is not active any more.", ("ownerId",))
    return None


def save_both(work: Work, actor: Actor, before: Ticket, after: Ticket, thread: Thread) -> Ticket:
    """Save a changed ticket, and its thread with it where the ticket is the thread's newest."""
    record_change(work, before, after, actor.author)
    if thread.ticket == after.id:
        status = ThreadStatus.OPEN if after.is_open else ThreadStatus.CLOSED
        record_thread(work.tx, thread, replace(thread, status=status, owner=after.owner, team=after.team))
    return after


async def _find(tx: Transaction, id: TicketId) -> tuple[Ticket, Thread] | Refused:
    """The ticket and its thread, the thread locked first as everywhere: a ticket never moves to another one."""
    known = await tx.unheld.row(Ticket, id)
    if known is None:
        return not_found("ticket", "ticketId")
    thread = (await tx.threads([known.thread]))[known.thread]
    return (await tx.tickets([id]))[id], thread


def _reopened(ticket: Ticket, thread: Thread) -> Ticket | Refused:
    if thread.ticket != ticket.id:
        return Refused(ErrorCode.CONFLICT, "The thread has a newer ticket.", ("ticketId",))
    return reopen(ticket)


def _update_fault(command: UpdateTicket) -> Refusal | None:
    if command.subject is None or command.priority is None or command.status is None:
        name = "subject" if command.subject is None else "priority" if command.priority is None else "status"
        return invalid(f"A ticket always has a {name}; leave it out to keep it.", name)
    if command.subject is not UNSET and not 1 <= len(command.subject.strip()) <= SUBJECT_LIMIT:
        return invalid(f"A subject has 1 to {SUBJECT_LIMIT} characters.", "subject")
    skills = command.required_skills if command.required_skills not in (UNSET, None) else ()
    if fault := skills_fault(skills):
        return invalid(fault, "requiredSkills")
    for each in command.properties if command.properties not in (UNSET, None) else ():
        if not 1 <= len(each.name) <= PROPERTY_NAME_LIMIT:
            return invalid(f"A property's name has 1 to {PROPERTY_NAME_LIMIT} characters.", "properties")
        if each.value is not None and len(each.value) > PROPERTY_VALUE_LIMIT:
            return invalid(f"A property's value has at most {PROPERTY_VALUE_LIMIT} characters.", "properties")
    return None


def _updated(ticket: Ticket, thread: Thread, command: UpdateTicket, now: datetime) -> Ticket | Refusal:
    after = replace(
        ticket,
        subject=command.subject.strip() if isinstance(command.subject, str) else ticket.subject,
        priority=command.priority if isinstance(command.priority, TicketPriority) else ticket.priority,
    )
    if command.required_skills is not UNSET:
        after = replace(after, required_skills=normal_skills(command.required_skills or ()))
    if command.properties is None:
        after = replace(after, properties=())
    elif command.properties is not UNSET:
        after = with_properties(after, command.properties)
        if len(after.properties) > PROPERTIES_LIMIT:
            return invalid(f"A ticket has at most {PROPERTIES_LIMIT} properties.", "properties")
    return _with_status(after, thread, command.status, now)


def _with_status(ticket: Ticket, thread: Thread, status: TicketStatus | Left | None, now: datetime) -> Ticket | Refusal:
    """Closing and reopening by status follow the same rules as by name."""
    if status is UNSET or status is None or status is ticket.status:
        return ticket
    if status is TicketStatus.CLOSED:
        return close(ticket, now)
    if ticket.is_open:
        return replace(ticket, status=status)
    opened = _reopened(ticket, thread)
    return opened if isinstance(opened, Refused) else replace(opened, status=status)
