"""What a send costs, decided before it is queued and taken with it."""

from dataclasses import dataclass

from domain.channels.channels import Channel
from domain.conversations.messages import Message
from domain.conversations.threads import Thread
from domain.error_codes import ErrorCode
from domain.errors import QuotaExceeded, Refusal
from domain.events import QuotaChanged
from domain.ids import BusinessAccountId, EntryId, PeriodId
from domain.quota import (
    ALLOWANCE_WINDOW,
    ConversationKind,
    Entry,
    Period,
    allowance,
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
    period = await reading.look.period_at(reading.now) or begun(PeriodId(reading.new_id()), organization, reading.now)
    if kind is ConversationKind.BUSINESS_INITIATED:
        day = allowance(
            channel.begun_a_day,
            await reading.look.allowance_taken(channel.account, reading.now - ALLOWANCE_WINDOW),
            reading.now,
        )
        if day.limit is not None and day.used >= day.limit:
            return QuotaExceeded(day.limit, day.resets_at, ErrorCode.DAILY_ALLOWANCE_EXCEEDED)
    charged = charge(period, organization.quota_limit)
    if isinstance(charged, QuotaExceeded):
        return charged
    return Price(charged, kind, channel.account, warning(period, charged))


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
