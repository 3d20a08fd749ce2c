"""What the network answered to a message of ours, written down."""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from domain.contacts import Person
from domain.conversations.messages import Message, with_mark, with_outcome
from domain.conversations.status import AttemptOutcome, MessageStatus
from domain.ids import Wamid
from domain.moderation.quarantine import Policy
from domain.outbound.failures import Remedy, verdict
from domain.outbound.outbox import OutboxItem
from domain.outbound.pace import running
from domain.ports.bundle import Ports
from domain.ports.network import Accepted, NotSent, Rejected, SendResult, Unanswered
from domain.ports.store import Transaction
from domain.updates import ParkedUpdate
from domain.use_cases.again import again_on_collision
from domain.use_cases.channels.health import proved_healthy
from domain.use_cases.contacts.identity import heard_of, hold_person, may_join
from domain.use_cases.contacts.people import People
from domain.use_cases.marks import hold_unit, own_mark, status_events
from domain.use_cases.message_changes import apply_parked
from domain.use_cases.outbound.leaving.claim import Claimed
from domain.use_cases.outbound.leaving.departure import Departure, what_leaves
from domain.use_cases.outbound.leaving.reaction_answers import settle_reaction
from domain.use_cases.outbound.leaving.rejections import (
    leave_queue,
    not_sent_after_all,
    pause_before,
    rejected,
    try_later,
)
from domain.use_cases.turns import JOINING, turn_of_message, turns_of_person
from domain.use_cases.work import Work


@again_on_collision
async def settle_answer(ports: Ports, claimed: Claimed, result: SendResult) -> None:
    """Record what came of the attempt. A late answer is recorded too; only the queue is left to the newer claim."""
    now = ports.clock.now()
    item, attempt = claimed.item, claimed.attempt
    async with ports.store.transaction(item.organization) as tx:
        work = People.of(ports, tx, now)
        named = _named_by(claimed, result)
        contact = (await tx.unheld.threads([item.thread]))[item.thread].contact if named is not None else None
        joins = named is not None and contact is not None and await may_join(tx.unheld, named, contact)
        turns = {*(turns_of_person(named) if named is not None else ()), *((JOINING,) if joins else ())}
        waiting = await _told_already(tx, claimed, result, turns)
        current = await tx.row(OutboxItem, item.id)
        if named is not None and contact is not None:
            await hold_person(work, named, contact, joins=joins)
        departure = await what_leaves(tx, item)
        message, channel = departure.message, departure.channel
        ours = current if current is not None and current.lease == item.lease else None
        if claimed.is_probe:
            await hold_unit(tx, message.id)
        if len(work.contacts) > 1:
            await tx.tickets_of(sorted(work.contacts))
        if claimed.is_probe and _sends(result) and (pace := await tx.pace(channel.id)) is not None:
            tx.save(running(pace))
        if named is not None:
            await heard_of(work, departure.thread, named, "named so in the answer to a message")
        if _proves_health(result):
            proved_healthy(tx, channel, claimed.asked_at, now)
        if item.reaction is not None:
            await settle_reaction(work, departure, ours, result)
            return
        match result:
            case Accepted():
                await _accepted(work, departure, attempt, result, waiting)
                leave_queue(tx, ours)
            case Unanswered(message=reason):
                ended_unknown(work, message, attempt, reason)
                leave_queue(tx, ours)
            case NotSent(message=reason):
                ended = with_outcome(message, attempt, AttemptOutcome.NOT_SENT, reason=reason)
                if ours is None:
                    await not_sent_after_all(work, ended, attempt)
                else:
                    await try_later(work, ended, ours, now + pause_before(ours))
            case Rejected():
                await rejected(work, departure, ours, attempt, result)
            case _:
                assert_never(result)


def _named_by(claimed: Claimed, result: SendResult) -> Person | None:
    """Whom the network says it went to; None where that is whom it was sent to, by all names it tells."""
    if not isinstance(result, Accepted):
        return None
    sent_to = (claimed.outgoing.wa_id, claimed.outgoing.business_scoped_id)
    person = Person(result.wa_id or sent_to[0], result.business_scoped_id or sent_to[1])
    return person if (person.wa_id, person.business_scoped_id) != sent_to else None


async def _told_already(tx: Transaction, claimed: Claimed, result: SendResult, turns: set[str]) -> list[ParkedUpdate]:
    """What was told of the message under the id that is only known now. Nobody can tell more of it meanwhile."""
    if not isinstance(result, Accepted):
        return []
    number = claimed.outgoing.number
    await tx.take_turns(sorted({turn_of_message(number, result.wamid), *turns}))
    return await tx.parked([(number, result.wamid)])


async def _is_taken(tx: Transaction, message: Message, wamid: Wamid) -> bool:
    """Whether another message goes by this network id: who told of a change may have named ours before it was known."""
    found = await tx.messages_by_wamid([(message.channel, wamid)])
    return any(each.id != message.id for each in found.values())


def _sends(result: SendResult) -> bool:
    """Whether the answer proves that the number can send: the network took this message, or this one alone is wrong."""
    if isinstance(result, Rejected):
        return verdict(result.code, result.message).remedy is not Remedy.CHANNEL
    return isinstance(result, Accepted)


def _proves_health(result: SendResult) -> bool:
    """Whether nothing can stop the number: what may pass by itself says nothing of that."""
    if isinstance(result, Rejected):
        return verdict(result.code, result.message).remedy is Remedy.FAIL
    return isinstance(result, Accepted)


async def _accepted(
    work: Work, departure: Departure, attempt: int, result: Accepted, waiting: Sequence[ParkedUpdate]
) -> None:
    """SENT by this answer, or by a status that was faster; marks that came before it was known are applied."""
    message, thread = departure.message, departure.thread
    ended = with_outcome(message, attempt, AttemptOutcome.ACCEPTED, wamid=result.wamid)
    known = ended
    if (message.wamid is None or attempt == message.attempt) and not await _is_taken(work.tx, message, result.wamid):
        known = replace(ended, wamid=result.wamid)
    after = with_mark(known, MessageStatus.SENT, at=work.now, attempt=attempt)
    work.tx.save(after)
    if after != known:
        work.tx.save(own_mark(work, after, MessageStatus.SENT))
    work.tx.record(*status_events(message, after))
    await apply_parked(work, after, waiting, thread.home, Policy())  # what we write is not judged


def ended_unknown(work: Work, message: Message, attempt: int, reason: str) -> None:
    ended = with_outcome(message, attempt, AttemptOutcome.UNKNOWN, reason=reason)
    after = with_mark(ended, MessageStatus.UNKNOWN, at=work.now, attempt=attempt)
    work.tx.save(after)
    if after.status is not message.status:
        work.tx.save(own_mark(work, after, MessageStatus.UNKNOWN))
    work.tx.record(*status_events(message, after))
