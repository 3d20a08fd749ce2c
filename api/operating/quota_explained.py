"""`deskline quota explain`: why a month's count is what it is, unit by unit, for whoever has to pay for it."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from api.operating.process import Refused
from domain.channels.channels import Channel
from domain.contacts import Contact
from domain.conversations.contents import TemplateMessage
from domain.conversations.messages import Message
from domain.conversations.threads import Thread
from domain.ids import OrganizationId, PeriodId
from domain.people.organizations import Organization
from domain.ports.bundle import Ports
from domain.ports.directory import DirectoryEntry
from domain.ports.reads import PageAsk, Reads
from domain.quota import (
    ConversationKind,
    Entry,
    Period,
    month_begun_in,
    month_of,
    user_initiated_counted_until,
    user_initiated_counts,
)
from domain.text.names import contact_name

AT_A_TIME = 500
COLUMNS = "  used  when              unit  for"


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the calendar, as `2024-10` names it."""

    year: int
    month: int


async def explain_quota(ports: Ports, named: str | None, month: Month | None, tell: Callable[[str], None]) -> bool:
    """Tell of the periods that began in that month, or of the running one, line by line.

    Whether each comes to what the ledger says. Raises Refused where the organization is not clear.
    """
    id = await _organization_of(ports, named)
    agrees = True
    async with ports.reader.snapshot(id) as reads:
        organization = await reads.organization(id)
        periods = await _periods(reads, organization, month, ports.clock.now())
        for period in periods:
            agrees = await _explain(reads, organization, period, ports.clock.now(), tell) and agrees
    return agrees


async def _organization_of(ports: Ports, named: str | None) -> OrganizationId:
    if named is not None:
        found = await ports.directory.find(DirectoryEntry.ORGANIZATION, [named.strip().casefold()])
        if not found:
            raise Refused(f"There is no organization named {named!r}.")
        return found[0][1]
    every = await ports.directory.organizations()
    if len(every) != 1:
        many = f"There are {len(every)} organizations: say which one with --organization NAME."
        raise Refused(many if every else "There is no organization yet: make one with deskline bootstrap.")
    return every[0]


async def _periods(reads: Reads, organization: Organization, month: Month | None, now: datetime) -> Sequence[Period]:
    """Those of the ledger; where it has none, the one that the calendar says, in which nothing was counted."""
    known, zone = await reads.all_of(Period, organization.id, "starts_at"), ZoneInfo(organization.time_zone)
    if month is None:
        begun = [period for period in known if period.starts_at <= now < period.ends_at]
        bounds = month_of(now, organization.subscribed_on, organization.time_zone)
    else:
        starts = {period.id: period.starts_at.astimezone(zone) for period in known}
        begun = [p for p in known if (starts[p.id].year, starts[p.id].month) == (month.year, month.month)]
        bounds = month_begun_in(month.year, month.month, organization.subscribed_on, organization.time_zone)
    return begun or [Period(organization.id, PeriodId(""), *bounds)]


async def _explain(
    reads: Reads, organization: Organization, period: Period, now: datetime, tell: Callable[[str], None]
) -> bool:
    zone = ZoneInfo(organization.time_zone)
    for line in _heading(organization, period, zone):
        tell(line)
    taken = used = 0
    async for entry, what in _told(reads, organization, period):
        if not taken:
            tell(COLUMNS)
        taken, used = taken + 1, used + 1
        tell(f"{used:>6}  {_local(entry.at, zone)}  {'+1':>4}  {what}")
        if entry.refunded_at is not None:
            used -= 1
            back = f"given back on {_local(entry.refunded_at, zone)}, since it failed"
            tell(f"{used:>6}  {_local(entry.at, zone)}  {'-1':>4}  {back}")
    for line in _sum(organization, period, taken, used, now):
        tell(line)
    return used == period.used


def _sum(organization: Organization, period: Period, taken: int, used: int, now: datetime) -> Iterator[str]:
    if now < period.starts_at:
        yield "It has not begun yet."
        return
    is_over = period.ends_at <= now
    said = "which is what the ledger says" if used == period.used else f"but the ledger says {period.used}: report this"
    yield f"Counted {taken}, given back {taken - used}: {used} used{'' if is_over else ' so far'}, {said}."
    if not is_over:
        limit = organization.quota_limit
        yield f"The limit is {limit} a month now, so {max(0, limit - used)} are left."


def _heading(organization: Organization, period: Period, zone: ZoneInfo) -> list[str]:
    day = organization.subscribed_on.day
    shorter = ", in shorter months on the last day" if day > 28 else ""
    lines = [
        f"{organization.name}: conversations from {_local(period.starts_at, zone)} until before"
        f" {_local(period.ends_at, zone)} ({organization.time_zone})",
        f"The subscription began on {organization.subscribed_on}: the month turns at midnight on day {day}{shorter}.",
    ]
    if (period.starts_at, period.ends_at) != month_of(period.starts_at, organization.subscribed_on, str(zone)):
        lines.append("This one turned otherwise: zone or day were changed later, and a month that runs keeps its end.")
    lines.append("What counts:")
    until = user_initiated_counted_until(str(zone))
    if user_initiated_counts(period.starts_at, str(zone)):
        when = "" if period.ends_at <= until else f" until {_local(until, zone)}"
        lines.append(f"- a session that a contact opened{when}: 1, with our first reply in it, however many follow;")
    if period.ends_at > until:
        since = f" since {_local(until, zone)}" if period.starts_at < until else ""
        lines.append(f"- what we write in a session that a contact opened{since}: nothing;")
    lines += [
        "- each message that we begin with while no session is open: 1;",
        "- what failed is given back to the month that paid, whenever that became known.",
    ]
    return lines


async def _told(reads: Reads, organization: Organization, period: Period) -> AsyncIterator[tuple[Entry, str]]:
    """Each entry, oldest first, and what it was for."""
    ask = PageAsk(AT_A_TIME)
    while True:
        page = await reads.entries(organization.id, period.starts_at, period.ends_at, ask)
        messages = await reads.by_ids(Message, organization.id, [entry.message for entry in page.rows])
        threads = await reads.by_ids(Thread, organization.id, [entry.thread for entry in page.rows])
        contacts = await reads.by_ids(Contact, organization.id, list({each.contact for each in threads.values()}))
        channels = await reads.by_ids(Channel, organization.id, list({each.channel for each in threads.values()}))
        for entry in page.rows:
            thread = threads[entry.thread]
            number, contact = channels[thread.channel], contacts.get(thread.contact)
            to = contact_name(contact) if contact is not None else "a contact"
            what = _what(entry, messages.get(entry.message))
            yield entry, f"{what}, to {to} from {number.name} ({number.phone_number}), message {entry.message}"
        if not page.has_next:
            return
        ask = PageAsk(AT_A_TIME, after=page.places[-1])


def _what(entry: Entry, message: Message | None) -> str:
    if entry.kind is ConversationKind.USER_INITIATED:
        return "first reply in a session that the contact opened"
    if message is not None and isinstance(message.content, TemplateMessage):
        return f"template {message.content.name} while no session was open"
    return "message while no session was open"


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
