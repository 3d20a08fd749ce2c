"""What a send costs, decided before it is queued and taken with it."""

from dataclasses import dataclass

from domain.channels.channels import Channel, begun_a_day
from domain.conversations.messages import Message
from domain.conversations.threads import Thread
from domain.errors import QuotaExceeded, Refusal
from domain.events import QuotaChanged
from domain.ids import BusinessAccountId, EntryId, PeriodId
from domain.quota import (
    ALLOWANCE_WINDOW,
    ConversationKind,
    Entry,
    Period,
    begin_today,
    begun,
    charge,
    user_initiated_counts,
    warning,
)
from domain.use_cases.work import Reading, Work


@dataclass(frozen=True, slots=True)
class Price:
    """The unit a send takes from the month, ready to be saved with it."""

    period: Period
    kind: ConversationKind
    account: BusinessAccountId
    warning: int | None  # the per cent of the month that are reached with it, where they are told


async def price(reading: Reading, thread: Thread, channel: Channel) -> Price | Refusal | None:
    """What this send costs, decided once, now: None where it is free."""
    organization = await reading.look.settings()
    in_session = thread.session is not None and thread.session.is_open(reading.now)
    if in_session and not user_initiated_counts(reading.now, organization.time_zone):
        return None
    if in_session and thread.session is not None:
        kind = ConversationKind.USER_INITIATED
        taken = await reading.look.entries_since(thread.id, thread.session.opened_at)
        if any(entry.kind is kind and entry.refunded_at is None for entry in taken):
            return None
    else:
        kind = ConversationKind.BUSINESS_INITIATED
    period = await _month(reading) or begun(PeriodId(reading.new_id()), organization, reading.now)
    if kind is ConversationKind.BUSINESS_INITIATED and (refusal := await _day_refusal(reading, channel.account)):
        return refusal
    limit = (await reading.look.settings()).quota_limit  # again: it may have changed while the month was waited for
    charged = charge(period, limit)
    if isinstance(charged, QuotaExceeded):
        return charged
    return Price(charged, kind, channel.account, warning(period, charged))


async def _month(reading: Reading) -> Period | None:
    """The running month, which everybody who begins a conversation holds while it is counted.

    Who comes just after a turn waits for those who came just before it too: they share a day.
    """
    yesterdays = await reading.look.period_at(reading.now - ALLOWANCE_WINDOW)
    if yesterdays is not None and reading.now < yesterdays.ends_at:
        return yesterdays
    return await reading.look.period_at(reading.now)


async def _day_refusal(reading: Reading, account: BusinessAccountId) -> Refusal | None:
    limit = begun_a_day(await reading.look.unheld.channels_of(account))
    if limit is None:
        return None
    taken = await reading.look.allowance_taken(account, reading.now - ALLOWANCE_WINDOW)
    return begin_today(limit, taken, reading.now)


def take_unit(work: Work, message: Message, paid: Price | None) -> None:
    if paid is None:
        return
    entry = Entry(
        work.tx.organization,
        EntryId(work.new_id()),
        paid.period.id,
        work.now,
        paid.kind,
        message.thread,
        message.id,
        paid.account,
    )
    work.tx.save(paid.period, entry)
    work.tx.record(QuotaChanged(paid.warning))
