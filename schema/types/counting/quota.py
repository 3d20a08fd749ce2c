"""The month's conversations: how many are used, for what, and how long they will do."""

from datetime import datetime

import strawberry
from strawberry import Info

import schema.types.conversations.messages
import schema.types.conversations.threads
from domain.ids import MessageId, PeriodId, ThreadId
from domain.people.organizations import Organization
from domain.quota import ConversationKind, Entry, Period, forecast, month_of, seen_from, user_initiated_counts
from schema.context import Context
from schema.engine.values.enums import describe
from schema.engine.values.pages import After, Connection, First, connection, page_ask, read
from schema.types.lazy import Message, Thread

ORDER = "quota entries"

describe(
    ConversationKind,
    "Who began a conversation that was counted.",
    {
        "USER_INITIATED": "The contact wrote. Counted until 1 November 2024 in the organization's zone, free since.",
        "BUSINESS_INITIATED": "A template went out while no session was open.",
    },
)


@strawberry.type(
    description="Where the month is heading. Each hour to come counts as much as the same hour of the week did on"
    " average since the month began, and over the last two weeks at least, without what was given back. A ledger that"
    " is not a week old shows no rhythm yet: there each hour counts as much as all did on average."
)
class QuotaForecast:
    projected_use: int = strawberry.field(description="Conversations at the month's end, going on like this.")
    exhausted_at: datetime | None = strawberry.field(
        description="When they will be used up; now where they are, and null where they will do."
    )


@strawberry.type(description="One conversation that was counted, and what it was for.")
class QuotaEntry:
    at: datetime = strawberry.field(description="When it was counted.")
    kind: ConversationKind = strawberry.field(description="Who began it.")
    refunded_at: datetime | None = strawberry.field(
        description="When it was given back because the message failed; null where it counts."
    )
    thread_id: strawberry.Private[ThreadId]
    message_id: strawberry.Private[MessageId]

    @strawberry.field(description="Where it was had.")
    async def thread(self, info: Info[Context, None]) -> Thread:
        return await schema.types.conversations.threads.existing(info.context, self.thread_id)

    @strawberry.field(description="The message that began it.")
    async def message(self, info: Info[Context, None]) -> Message:
        return await schema.types.conversations.messages.existing(info.context, self.message_id)


@strawberry.type(description="Conversations this billing month, shared by every connected number.")
class Quota:
    limit: int = strawberry.field(description="How many there are in a month.")
    used: int = strawberry.field(description="How many were counted and not given back.")
    remaining: int = strawberry.field(description="How many are left; never below 0.")
    period_start: datetime = strawberry.field(
        description="When the month began: midnight of the subscription's day in the organization's zone."
    )
    resets_at: datetime = strawberry.field(description="When the next month begins; this instant belongs to it.")
    user_initiated_counts: bool = strawberry.field(
        description="Whether conversations that contacts begin count too; they have not since 1 November 2024."
    )
    period: strawberry.Private[Period]

    @strawberry.field(description="Where the month is heading.")
    async def forecast(self, info: Info[Context, None]) -> QuotaForecast:
        context, period = info.context, self.period
        by_hour = await context.loaders.units_by_hour.load((seen_from(period), period.ends_at))
        expected = forecast(period, self.limit, context.now, by_hour)
        return QuotaForecast(projected_use=expected.projected_use, exhausted_at=expected.exhausted_at)

    @strawberry.field(description="What was counted this month, oldest first, with what was given back.")
    async def entries(
        self, info: Info[Context, None], first: First = None, after: After = None
    ) -> Connection[QuotaEntry]:
        context = info.context
        ask = page_ask(ORDER, first, after)
        page = await read(ask, context.reads.entries(context.organization, self.period_start, self.resets_at, ask))
        return connection(page, ORDER, _shown)


async def current(context: Context) -> Quota:
    """This month's; before its first conversation was counted, the month as it will be."""
    organization = await context.loaders.organizations.load(context.organization)
    period = await context.loaders.periods.load(context.now) or _not_begun(organization, context.now)
    limit = organization.quota_limit
    return Quota(
        limit=limit,
        used=period.used,
        remaining=max(0, limit - period.used),
        period_start=period.starts_at,
        resets_at=period.ends_at,
        user_initiated_counts=user_initiated_counts(context.now, organization.time_zone),
        period=period,
    )


def _not_begun(organization: Organization, now: datetime) -> Period:
    """The month that holds `now`, where nothing was counted in it yet and so nothing is stored of it."""
    starts_at, ends_at = month_of(now, organization.subscribed_on, organization.time_zone)
    return Period(organization.id, PeriodId(""), starts_at, ends_at)


def _shown(entry: Entry) -> QuotaEntry:
    return QuotaEntry(
        at=entry.at,
        kind=entry.kind,
        refunded_at=entry.refunded_at,
        thread_id=entry.thread,
        message_id=entry.message,
    )
