"""What a send costs, decided before it is queued and taken with it."""

from dataclasses import dataclass
from datetime import datetime

from domain.channels.channels import Channel
from domain.conversations.messages import Message
from domain.conversations.threads import Thread
from domain.error_codes import ErrorCode
from domain.errors import QuotaExceeded, Refusal
from domain.events import QuotaChanged
from domain.ids import BusinessAccountId, EntryId, PeriodId
from domain.ports.bundle import Ports
from domain.ports.store import Look, Transaction
from domain.quota import (
    ALLOWANCE_WINDOW,
    ConversationKind,
    Entry,
    Period,
    allowance,
    begun,
    charge,
    user_initiated_counts,
)


@dataclass(frozen=True, slots=True)
class Price:
    """The unit a send takes from the month, ready to be saved with it."""

    period: Period
    kind: ConversationKind
    account: BusinessAccountId


async def price(ports: Ports, look: Look, thread: Thread, channel: Channel, now: datetime) -> Price | Refusal | None:
    """What this send costs, decided once, now: None where it is free."""
    organization = await look.settings()
    in_session = thread.session is not None and thread.session.is_open(now)
    if in_session and not user_initiated_counts(now, organization.time_zone):
        return None
    if in_session and thread.session is not None:
        kind = ConversationKind.USER_INITIATED
        taken = await look.entries_since(thread.id, thread.session.opened_at)
        if any(entry.kind is kind and entry.refunded_at is None for entry in taken):
            return None
    else:
        kind = ConversationKind.BUSINESS_INITIATED
    period = await look.period_at(now) or begun(PeriodId(ports.ids.new()), organization, now)
    if kind is ConversationKind.BUSINESS_INITIATED:
        day = allowance(channel.begun_a_day, await look.allowance_taken(channel.account, now - ALLOWANCE_WINDOW), now)
        if day.limit is not None and day.used >= day.limit:
            return QuotaExceeded(day.limit, day.resets_at, ErrorCode.DAILY_ALLOWANCE_EXCEEDED)
    charged = charge(period, organization.quota_limit)
    return charged if isinstance(charged, QuotaExceeded) else Price(charged, kind, channel.account)


def take_unit(ports: Ports, tx: Transaction, message: Message, paid: Price | None, now: datetime) -> None:
    if paid is None:
        return
    entry = Entry(
        tx.organization,
        EntryId(ports.ids.new()),
        paid.period.id,
        now,
        paid.kind,
        message.thread,
        message.id,
        paid.account,
    )
    tx.save(paid.period, entry)
    tx.record(QuotaChanged())
