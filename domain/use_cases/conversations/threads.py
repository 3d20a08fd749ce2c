"""Threads read, handed over, closed and reopened.

On help desk numbers this is done to the thread's newest ticket as well: the two are one in status and owner.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from domain.channels.channels import Channel
from domain.conversations.messages import Direction, Message
from domain.conversations.threads import Thread, ThreadStatus
from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused, forbidden, invalid, not_found
from domain.given import UNSET, Left
from domain.ids import MessageId, TeamId, ThreadId, UserId, Wamid
from domain.people.actors import Actor, Right
from domain.ports.bundle import Ports
from domain.ports.store import Transaction
from domain.tickets import Ticket, close, reopen
from domain.use_cases.again import again_on_collision
from domain.use_cases.channels.tokens import token_of
from domain.use_cases.desk.tickets import owner_refusal
from domain.use_cases.ticketing import record_change, record_thread
from domain.use_cases.work import Work

_Changed: TypeAlias = tuple[Thread, Ticket | None] | Refusal
_Change: TypeAlias = Callable[[Transaction, Thread, Ticket | None], Awaitable[_Changed]]


@dataclass(frozen=True, slots=True)
class MarkRead:
    thread: ThreadId
    up_to: MessageId | None = None  # the newest where left out
    tell_contact: bool | None = None  # the channel's setting where left out


@dataclass(frozen=True, slots=True)
class AssignThread:
    thread: ThreadId
    owner: UserId | Left | None = UNSET
    team: TeamId | Left | None = UNSET
    expected_owner: UserId | Left | None = UNSET


async def mark_read(ports: Ports, actor: Actor, command: MarkRead) -> Thread | Refusal:
    """Clear the team's unread count, and show blue ticks to the contact where asked. Reading never goes back."""
    if not actor.may(Right.SEND):
        return forbidden("mark threads read")
    read = await _read(ports, actor, command)
    if not isinstance(read, _Read):
        return read
    if read.newest is not None and (token := token_of(ports.vault, read.channel)) is not None:
        await ports.network.mark_read(token, read.channel.phone_number_id, read.newest)
    return read.thread


@dataclass(frozen=True, slots=True)
class _Read:
    """A thread as it stands after it was read, and the message whose ticks turn blue, where any do."""

    thread: Thread
    channel: Channel
    newest: Wamid | None


@again_on_collision
async def _read(ports: Ports, actor: Actor, command: MarkRead) -> _Read | Refusal:
    async with ports.store.transaction(actor.organization) as tx:
        thread = (await tx.threads([command.thread])).get(command.thread)
        channel = await tx.row(Channel, thread.channel) if thread else None
        if thread is None or channel is None:
            return not_found("thread", "threadId")
        up_to = await _message(tx, command.up_to or thread.last_message)
        if command.up_to is not None and (up_to is None or up_to.thread != thread.id):
            return not_found("message in this thread", "upToMessageId")
        after = await _read_up_to(tx, thread, up_to)
        record_thread(tx, thread, after)
        tells = channel.send_read_receipts if command.tell_contact is None else command.tell_contact
        newest = await _newest_inbound(tx, thread, up_to) if tells and channel.can_send else None
    return _Read(after, channel, newest)


async def assign_thread(ports: Ports, actor: Actor, command: AssignThread) -> Thread | Refusal:
    if not actor.may(Right.TICKETS):
        return forbidden("assign threads")
    if command.owner is UNSET and command.team is UNSET:
        return invalid("Name an owner or a team.", "ownerId")

    async def assigned(
        tx: Transaction, thread: Thread, ticket: Ticket | None
    ) -> tuple[Thread, Ticket | None] | Refusal:
        if refusal := await owner_refusal(tx, thread.owner, command.owner, command.team, command.expected_owner):
            return refusal
        owner = thread.owner if command.owner is UNSET else command.owner
        team = thread.team if command.team is UNSET else command.team
        with_owner = replace(ticket, owner=owner, team=team) if ticket is not None else None
        return replace(thread, owner=owner, team=team), with_owner

    return await _change(ports, actor, command.thread, assigned)


async def close_thread(ports: Ports, actor: Actor, id: ThreadId) -> Thread | Refusal:
    if not actor.may(Right.TICKETS):
        return forbidden("close threads")
    now = ports.clock.now()

    async def closed(_tx: Transaction, thread: Thread, ticket: Ticket | None) -> _Changed:
        if thread.status is ThreadStatus.CLOSED:
            return Refused(ErrorCode.ALREADY_CLOSED, "The thread is closed already.", ("threadId",))
        after = close(ticket, now) if ticket is not None and ticket.is_open else ticket
        return after if isinstance(after, Refused) else (replace(thread, status=ThreadStatus.CLOSED), after)

    return await _change(ports, actor, id, closed)


async def reopen_thread(ports: Ports, actor: Actor, id: ThreadId) -> Thread | Refusal:
    if not actor.may(Right.TICKETS):
        return forbidden("reopen threads")

    async def opened(_tx: Transaction, thread: Thread, ticket: Ticket | None) -> _Changed:
        if thread.status is ThreadStatus.OPEN:
            return Refused(ErrorCode.CONFLICT, "The thread is open.", ("threadId",))
        after = reopen(ticket) if ticket is not None and not ticket.is_open else ticket
        return after if isinstance(after, Refused) else (replace(thread, status=ThreadStatus.OPEN), after)

    return await _change(ports, actor, id, opened)


@again_on_collision
async def _change(ports: Ports, actor: Actor, id: ThreadId, change: _Change) -> Thread | Refusal:
    """One change of a thread and its newest ticket, in one transaction."""
    async with ports.store.transaction(actor.organization) as tx:
        thread = (await tx.threads([id])).get(id)
        if thread is None:
            return not_found("thread", "threadId")
        ticket = (await tx.tickets([thread.ticket])).get(thread.ticket) if thread.ticket is not None else None
        changed = await change(tx, thread, ticket)
        if not isinstance(changed, tuple):
            return changed
        after, ticket_after = changed
        if ticket is not None and ticket_after is not None:
            record_change(Work.of(ports, tx, ports.clock.now()), ticket, ticket_after, actor.author)
        record_thread(tx, thread, after)
    return after


async def _message(tx: Transaction, id: MessageId | None) -> Message | None:
    return (await tx.messages([id])).get(id) if id is not None else None


async def _read_up_to(tx: Transaction, thread: Thread, message: Message | None) -> Thread:
    """All that stands up to the message and had arrived by now is read; what comes later is not, however old it is."""
    if message is None or thread.unread_count == 0:
        return thread
    unread = await tx.unread(thread.id, (message.at, message.id))
    if unread >= thread.unread_count:  # somebody read further before
        return thread
    return replace(thread, read_up_to=message.at, read_up_to_message=message.id, unread_count=unread)


async def _newest_inbound(tx: Transaction, thread: Thread, up_to: Message | None) -> Wamid | None:
    """Reading one message reads all before it, so the network hears of the newest only; never of one not read yet."""
    if up_to is None or up_to.direction is Direction.INBOUND:
        return up_to.wamid if up_to is not None else None
    newest = await _message(tx, thread.session.last_by if thread.session else None)
    was_read = newest is not None and (newest.at, newest.id) <= (up_to.at, up_to.id)
    return newest.wamid if newest is not None and was_read else None
