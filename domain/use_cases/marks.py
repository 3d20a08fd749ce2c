"""How far a message got: one report applied, whoever brings it, and what a failure gives back."""

from dataclasses import replace
from datetime import datetime

from domain.conversations.messages import Message, with_mark
from domain.conversations.status import Attempt, AttemptOutcome, Failure, Mark, MessageStatus
from domain.events import MessageStatusChanged, QuotaChanged
from domain.ids import DeliveryId, MessageId
from domain.ports.store import Transaction
from domain.quota import refund
from domain.updates import StatusReported
from domain.use_cases.work import Work

CALLBACK = "dk1"
"""Begins the text that goes along with a send and comes back with its statuses: `dk1:<message>:<attempt>`."""


REACTION_CALLBACK = "dk1r"
"""Begins what goes along with a reaction of ours: its statuses are no message's."""


def callback_of_reaction(message: Message) -> str:
    return f"{REACTION_CALLBACK}:{message.id}"


def is_of_reaction(callback: str | None) -> bool:
    return (callback or "").startswith(f"{REACTION_CALLBACK}:")


def callback_of(message: Message) -> str:
    return f"{CALLBACK}:{message.id}:{message.attempt}"


def read_callback(text: str | None) -> tuple[MessageId, int] | None:
    """The message and attempt a callback names; None where it is not ours."""
    parts = (text or "").split(":")
    if len(parts) != 3 or parts[0] != CALLBACK or not parts[2].isdecimal() or len(parts[2]) > 6:
        return None
    return MessageId(parts[1]), int(parts[2])


def own_mark(work: Work, message: Message, status: MessageStatus) -> Mark:
    """A mark of our own hand."""
    return Mark(message.organization, work.new_id(), message.id, status, work.now, work.now, message.attempt)


def reported_mark(work: Work, message: Message, report: StatusReported, attempt: int) -> Mark:
    """A mark the network brought, unique by the update's place."""
    return Mark(
        organization=message.organization,
        id=work.new_id(),
        message=message.id,
        status=report.status,
        at=sane_time(report.at, report.place.received_at),
        reported_at=report.place.received_at,
        attempt=attempt,
        delivery=DeliveryId(report.place.delivery),
        place=report.place.index,
    )


def attempt_of(message: Message, report: StatusReported) -> int:
    """Which attempt a report speaks of: the one its callback or its network id names, else the newest."""
    named = read_callback(report.callback)
    if named is not None and named[0] == message.id:
        return named[1]
    return next((each.number for each in message.attempts if each.wamid == report.wamid), message.attempt)


def after_report(message: Message, report: StatusReported, mark: Mark, *, learns_id: bool = True) -> Message:
    """The message after a report of the network, which may be the first to tell its network id."""
    attempt = mark.attempt or message.attempt
    marked = with_mark(message, report.status, at=mark.at, attempt=attempt, failure=report.failure)
    attempts = tuple(_answered(each, report) if each.number == attempt else each for each in message.attempts)
    wamid = report.wamid if message.wamid is None and learns_id else message.wamid
    return replace(marked, attempts=attempts, wamid=wamid)


def status_events(before: Message, after: Message) -> tuple[MessageStatusChanged, ...]:
    """A fact to record where anything a reader sees has moved."""
    seen = (after.status, after.delivered_at, after.read_at, after.failure)
    if seen == (before.status, before.delivered_at, before.read_at, before.failure):
        return ()
    return (MessageStatusChanged(after.thread, after.id, after.status),)


async def hold_unit(tx: Transaction, message: MessageId) -> None:
    """Lock what the message took, should it have to be given back after something that is locked later."""
    if (entry := await tx.entry_of(message)) is not None:
        await tx.period_of(entry)


async def give_back(work: Work, message: Message) -> None:
    """Refund what a failed message took, once, into the period that paid."""
    entry = await work.tx.entry_of(message.id)
    given = refund(await work.tx.period_of(entry), entry, work.now) if entry is not None else None
    if given is not None:
        work.tx.save(*given)
        work.tx.record(QuotaChanged())


def failed(work: Work, message: Message, failure: Failure) -> Message:
    """The message failed by our own judgement or the network's plain answer; its mark and event are saved."""
    after = with_mark(message, MessageStatus.FAILED, at=work.now, attempt=message.attempt, failure=failure)
    work.tx.save(after, own_mark(work, message, MessageStatus.FAILED))
    work.tx.record(*status_events(message, after))
    return after


def sane_time(at: datetime | None, arrived_at: datetime) -> datetime:
    """Where an update stands: as told, but never after its arrival, and at its arrival where the time is nonsense."""
    if at is None or at.year < 2009:  # the network is younger than any earlier time
        return arrived_at
    return min(at, arrived_at)


def _answered(attempt: Attempt, report: StatusReported) -> Attempt:
    """A report of the network proves that it took the message, or that it refused it."""
    if attempt.outcome in (AttemptOutcome.ACCEPTED, AttemptOutcome.REFUSED):
        return attempt
    return replace(attempt, outcome=AttemptOutcome.ACCEPTED, wamid=attempt.wamid or report.wamid)
