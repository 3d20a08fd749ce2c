"""The monthly quota of conversations: one ledger for all numbers of an organization.

The month turns at local midnight on the subscription's day, on the last day of shorter months. A conversation that the
contact opened counted until 1 November 2024 00:00 in the organization's zone and counts no more; each message we begin
with outside a session counts one.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.error_codes import ErrorCode
from domain.errors import QuotaExceeded
from domain.ids import BusinessAccountId, EntryId, MessageId, OrganizationId, PeriodId, ThreadId
from domain.people.organizations import Organization

DEFAULT_LIMIT = 1000
LIMIT_MAX = 2**31 - 1  # what the API can tell
USER_INITIATED_COUNTED_UNTIL = date(2024, 11, 1)
ALLOWANCE_WINDOW = timedelta(hours=24)
UNVERIFIED_ALLOWANCE = 50  # business-initiated conversations of an unverified business in 24 h
WARN_AT = (80, 100)  # per cent of the limit
HOUR = timedelta(hours=1)
HOURS_OF_WEEK = 7 * 24
HOURS_BEFORE = 2 * HOURS_OF_WEEK  # that a forecast looks at, of the time before a month began


class ConversationKind(StrEnum):
    USER_INITIATED = "USER_INITIATED"
    BUSINESS_INITIATED = "BUSINESS_INITIATED"


@dataclass(frozen=True, slots=True)
class Period:
    """One month of the ledger, [starts_at, ends_at), fixed with its first unit, or when the calendar changes."""

    organization: OrganizationId
    id: PeriodId
    starts_at: datetime
    ends_at: datetime
    used: int = 0
    warned_at: int = 0  # the highest of WARN_AT that was told of it; 0 where none was


@dataclass(frozen=True, slots=True)
class Entry:
    """One unit taken from a period, and what for. A refund keeps the entry and gives the unit back."""

    organization: OrganizationId
    id: EntryId
    period: PeriodId
    at: datetime
    kind: ConversationKind
    thread: ThreadId
    message: MessageId
    account: BusinessAccountId
    refunded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Allowance:
    """Business-initiated conversations of one business account in the moving last 24 hours. `limit` None: no limit."""

    limit: int | None
    used: int
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class Forecast:
    projected_use: int
    exhausted_at: datetime | None


def month_of(at: datetime, subscribed_on: date, zone: str) -> tuple[datetime, datetime]:
    """The billing month that holds `at`, as two UTC instants; half-open."""
    tz = ZoneInfo(zone)
    local = at.astimezone(tz).date()
    year, month = local.year, local.month
    if at < _turn(year, month, subscribed_on.day, tz):
        year, month = _previous(year, month)
    elif at >= _turn(*_next(year, month), subscribed_on.day, tz):  # clocks went back over midnight, and the day with it
        year, month = _next(year, month)
    return month_begun_in(year, month, subscribed_on, zone)


def month_begun_in(year: int, month: int, subscribed_on: date, zone: str) -> tuple[datetime, datetime]:
    """The billing month that begins in a month of the calendar, as two UTC instants; half-open."""
    tz = ZoneInfo(zone)
    return _turn(year, month, subscribed_on.day, tz), _turn(*_next(year, month), subscribed_on.day, tz)


def begun(id: PeriodId, organization: Organization, at: datetime) -> Period:
    """The period that holds `at` by the organization's calendar, where the ledger has none."""
    return Period(organization.id, id, *month_of(at, organization.subscribed_on, organization.time_zone))


def turned(period: Period, organization: Organization) -> Period:
    """A period that begins where another calendar ended one, up to the turn of the organization's own calendar."""
    _, ends_at = month_of(period.starts_at, organization.subscribed_on, organization.time_zone)
    return replace(period, ends_at=ends_at)


def user_initiated_counts(at: datetime, zone: str) -> bool:
    return at < user_initiated_counted_until(zone)


def user_initiated_counted_until(zone: str) -> datetime:
    return _midnight(USER_INITIATED_COUNTED_UNTIL, ZoneInfo(zone))


def charge(period: Period, limit: int) -> Period | QuotaExceeded:
    """One more conversation this month. The one that reaches the limit is still admitted."""
    if period.used >= limit:
        return QuotaExceeded(limit, period.ends_at)
    used = period.used + 1
    return replace(period, used=used, warned_at=max(period.warned_at, _threshold(used, limit)))


def begin_today(limit: int | None, taken: list[datetime], now: datetime) -> QuotaExceeded | None:
    """Why the account can't begin one more conversation; `taken` as for `allowance`.

    It can when so many have left the 24 hours that there is room: the oldest, where not more were taken than may be.
    """
    recent = sorted(at for at in taken if at > now - ALLOWANCE_WINDOW)
    if limit is None or len(recent) < limit:
        return None
    leaves = recent[len(recent) - limit] if limit else now
    return QuotaExceeded(limit, leaves + ALLOWANCE_WINDOW, ErrorCode.DAILY_ALLOWANCE_EXCEEDED)


def limited_anew(period: Period, limit: int) -> Period:
    """The period under another limit: what of WARN_AT is reached now counts as told, what is not will be told again."""
    return replace(period, warned_at=_threshold(period.used, limit))


def warning(before: Period, after: Period) -> int | None:
    """What of WARN_AT was reached between the two, the highest of several; None where nothing is to be told."""
    return after.warned_at if after.warned_at > before.warned_at else None


def refund(period: Period, entry: Entry, at: datetime) -> tuple[Period, Entry] | None:
    """The unit given back into the period that paid; None where it was given back already."""
    if entry.refunded_at is not None:
        return None
    return replace(period, used=period.used - 1), replace(entry, refunded_at=at)


def forecast(period: Period, limit: int, now: datetime, by_hour: Mapping[int, int]) -> Forecast:
    """The month projected from what was used of it so far, and the rhythm of the weeks.

    Each hour to come counts as much as the same hour of the week did on average: since the period began, and over the
    last two weeks at least. A ledger that is not a week old shows no rhythm yet; there each hour counts as much as all
    did on average. `by_hour` has the units that were not given back, by whole hours after `seen_from`.
    """
    expected = float(period.used)
    exhausted_at = now if period.used >= limit else None
    for start, end, more in _to_come(period, now, by_hour):
        if exhausted_at is None and expected + more >= limit:
            reached = _whole_second(start + (end - start) * ((limit - expected) / more))
            exhausted_at = reached if reached < period.ends_at else None
        expected += more
    return Forecast(round(expected), exhausted_at)


def seen_from(period: Period) -> datetime:
    """Since when a forecast looks at what was used."""
    return period.starts_at - HOURS_BEFORE * HOUR


def allowance(limit: int | None, taken: list[datetime], now: datetime) -> Allowance:
    """`taken`: the instants of the account's business-initiated units, refunded ones left out."""
    recent = [at for at in taken if at > now - ALLOWANCE_WINDOW]
    return Allowance(limit, len(recent), min(recent) + ALLOWANCE_WINDOW if recent else now)


def _threshold(used: int, limit: int) -> int:
    """The highest of WARN_AT that so many of the limit have reached; 0 for none."""
    return max((per_cent for per_cent in WARN_AT if per_cent * limit <= used * 100), default=0)


def _to_come(period: Period, now: datetime, by_hour: Mapping[int, int]) -> Iterator[tuple[datetime, datetime, float]]:
    """From now to the period's end, hour by hour: when it begins and ends, and how many units are expected of it."""
    origin, start = seen_from(period), max(now, period.starts_at)
    elapsed = (start - origin) / HOUR
    over = int(elapsed)
    first = max(min(HOURS_BEFORE, over - HOURS_BEFORE), min((*by_hour, HOURS_BEFORE)))
    seen = sum(units for hour, units in by_hour.items() if first <= hour <= over)
    while start < period.ends_at and elapsed > first:
        hour = int((start - origin) / HOUR)
        end = min(origin + (hour + 1) * HOUR, period.ends_at)
        same = range(first + (hour - first) % HOURS_OF_WEEK, over, HOURS_OF_WEEK)
        has_rhythm = over - first >= HOURS_OF_WEEK
        an_hour = sum(by_hour.get(each, 0) for each in same) / len(same) if has_rhythm else seen / (elapsed - first)
        yield start, end, an_hour * ((end - start) / HOUR)
        start = end


def _whole_second(at: datetime) -> datetime:
    return (at + timedelta(microseconds=500_000)).replace(microsecond=0)


def _turn(year: int, month: int, day: int, tz: ZoneInfo) -> datetime:
    return _midnight(date(year, month, min(day, monthrange(year, month)[1])), tz)


def _midnight(day: date, tz: ZoneInfo) -> datetime:
    """The first instant of a local day. Where a clock change skips midnight, the offset before it lands just after."""
    return datetime(day.year, day.month, day.day, tzinfo=tz).astimezone(UTC)


def _previous(year: int, month: int) -> tuple[int, int]:
    return (year - 1, 12) if month == 1 else (year, month - 1)


def _next(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 1) if month == 12 else (year, month + 1)
