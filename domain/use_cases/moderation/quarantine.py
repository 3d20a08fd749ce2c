"""Quarantine as it happens: a message hidden after it was shown, and one that a supervisor shows again."""

from dataclasses import replace
from datetime import datetime

from domain.conversations.contents import QuarantineReason
from domain.conversations.messages import Message
from domain.conversations.previews import words_of
from domain.errors import Refusal, Refused, forbidden, not_found
from domain.events import MessageChange, MessageChanged, TicketChanged
from domain.ids import MessageId
from domain.moderation.quarantine import quarantined, released
from domain.people.actors import Actor, Right
from domain.ports.bundle import Ports
from domain.ports.store import Transaction
from domain.tickets import Ticket, TicketChange, subject_from
from domain.use_cases.again import again_on_collision
from domain.use_cases.moderation.copies import take_out_copies
from domain.use_cases.ticketing import record_change
from domain.use_cases.work import Work

HISTORY_FIELD = "quarantine"
SHOWN_AGAIN = "RELEASED"


@again_on_collision
async def release_message(ports: Ports, actor: Actor, id: MessageId) -> Message | Refusal:
    """Show a quarantined message to everybody. Who did it is kept with it, and in the history of its thread's ticket.

    Once more changes nothing. Refuses FORBIDDEN, NOT_FOUND, CONFLICT where it never was quarantined.
    """
    if not actor.may(Right.SUPERVISE):
        return forbidden("release quarantined messages")
    now = ports.clock.now()
    async with ports.store.transaction(actor.organization) as tx:
        found = await _found(tx, id)
        if found is None:
            return not_found("message", "messageId")
        message, tickets = found
        after = released(message, actor.author, now)
        if isinstance(after, Refused) or after == message:
            return after
        tx.save(after)
        tx.record(MessageChanged(after.thread, after.id, MessageChange.QUARANTINE))
        for ticket in tickets[-1:]:
            work = Work.of(ports, tx, now)
            _note(work, ticket, actor, after.releases[-1].reason)
            record_change(work, ticket, _named_after(ticket, message, after), actor.author)
    return after


async def hold(tx: Transaction, id: MessageId) -> None:
    """Lock a message and its thread, for who may `withhold` it after locking something else."""
    for known in (await tx.unheld.messages([id])).values():
        await tx.threads([known.thread])
        await tx.messages([id])


async def withhold(tx: Transaction, id: MessageId, reason: QuarantineReason, at: datetime) -> Message | None:
    """Quarantine a message that was shown until now, and take its words out of the tickets of its thread.

    None where there is no such message. Whoever calls has not read the message in this transaction: its thread is
    locked first.
    """
    found = await _found(tx, id)
    if found is None:
        return None
    message, tickets = found
    after = quarantined(message, reason, at)
    if after == message:
        return message
    tx.save(after)
    tx.record(MessageChanged(after.thread, after.id, MessageChange.QUARANTINE))
    await take_out_copies(tx, tickets, message, after)
    return after


async def _found(tx: Transaction, id: MessageId) -> tuple[Message, list[Ticket]] | None:
    """The message and the tickets of its thread, the newest last; the thread is locked first, as everywhere."""
    known = (await tx.unheld.messages([id])).get(id)
    if known is None:
        return None
    thread = (await tx.threads([known.thread]))[known.thread]
    message = (await tx.messages([id]))[id]
    of_contact = await tx.tickets_of([thread.contact]) if thread.ticket is not None else []
    tickets = sorted((each for each in of_contact if each.thread == thread.id), key=lambda each: each.number)
    return message, tickets


def _named_after(ticket: Ticket, before: Message, after: Message) -> Ticket:
    """The ticket; where its subject is what the message showed, with what it shows now."""
    if ticket.subject != subject_from(words_of(before.content)):
        return ticket
    return replace(ticket, subject=subject_from(words_of(after.content)))


def _note(work: Work, ticket: Ticket, actor: Actor, reason: QuarantineReason) -> None:
    tx, id = work.tx, work.new_id()
    tx.save(TicketChange(tx.organization, id, ticket.id, work.now, actor.author, HISTORY_FIELD, reason, SHOWN_AGAIN))
    tx.record(TicketChanged(ticket.thread, ticket.id, (HISTORY_FIELD,)))
