"""`deskline quota explain`: a month's count, unit by unit, as an accountant reads it."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from api.commands.quota import as_month
from api.operating.process import Refused
from api.operating.quota_explained import AT_A_TIME, Month, explain_quota
from domain.ids import EntryId, MessageId, PeriodId
from domain.ports.directory import DirectoryEntry
from domain.ports.network import Rejected
from domain.use_cases.people.bootstrap import Bootstrap, bootstrap
from tests.builders import ACME, DAY, HOUR, MINUTE, NOON, a_period, an_entry, an_id, an_organization
from tests.domain.one_desk import Desk, granted, open_desk

OCTOBER = Month(2024, 10)


async def explained(desk: Desk, month: Month | None = None, *, agrees: bool = True) -> list[str]:
    lines: list[str] = []
    assert await explain_quota(desk.ports, "Acme", month, lines.append) is agrees
    return lines


async def listed(desk: Desk) -> Desk:
    """With its name where every organization is looked up."""
    async with desk.database.store.transaction(ACME) as tx:
        await tx.enlist(DirectoryEntry.ORGANIZATION, "acme", ACME)
    return desk


async def a_desk_of(zone: str, subscribed_on: date, at: datetime) -> Desk:
    desk = await listed(await open_desk(at))
    await desk.given(
        an_organization(time_zone=zone, quota_limit=5, subscribed_on=subscribed_on),
        replace(await desk.channel(), connected_at=at - DAY),
    )
    return desk


async def test_a_month_over_the_change_of_what_counts_is_told_unit_by_unit() -> None:
    desk = await a_desk_of("Europe/Warsaw", date(2023, 10, 28), datetime(2024, 10, 30, 8, 14, tzinfo=UTC))
    await desk.wrote()
    first, _ = await desk.dispatch(await desk.reply()), await desk.dispatch(await desk.reply("Anything else?"))
    desk.later(3 * DAY)  # its session is over, and it is November
    second = await desk.dispatch(await desk.reply_with_template())
    desk.later(HOUR)
    desk.network.answers.append(Rejected(131026, "Not on WhatsApp."))
    failed = await desk.dispatch(await desk.reply_with_template())
    await desk.wrote("I am back")
    await desk.dispatch(await desk.reply("Welcome"))

    assert await explained(desk, OCTOBER) == [
        "Acme: conversations from 2024-10-28 00:00 until before 2024-11-28 00:00 (Europe/Warsaw)",
        "The subscription began on 2023-10-28: the month turns at midnight on day 28.",
        "What counts:",
        "- a session that a contact opened until 2024-11-01 00:00: 1, with our first reply in it, however many follow;",
        "- what we write in a session that a contact opened since 2024-11-01 00:00: nothing;",
        "- each message that we begin with while no session is open: 1;",
        "- what failed is given back to the month that paid, whenever that became known.",
        "  used  when              unit  for",
        "     1  2024-10-30 09:14    +1  first reply in a session that the contact opened, to Ana from Support"
        f" (+15550783881), message {first.id}",
        "     2  2024-11-02 09:14    +1  template order_shipped while no session was open, to Ana from Support"
        f" (+15550783881), message {second.id}",
        "     3  2024-11-02 10:14    +1  template order_shipped while no session was open, to Ana from Support"
        f" (+15550783881), message {failed.id}",
        "     2  2024-11-02 10:14    -1  given back on 2024-11-02 10:14, since it failed",
        "Counted 3, given back 1: 2 used so far, which is what the ledger says.",
        "The limit is 5 a month now, so 3 are left.",
    ]
    assert await explained(desk) == await explained(desk, OCTOBER), "it is the running one"
    desk.later(60 * DAY)
    assert (await explained(desk, OCTOBER))[-1] == ("Counted 3, given back 1: 2 used, which is what the ledger says.")


async def test_a_month_in_which_nothing_was_counted_is_the_calendars() -> None:
    desk = await a_desk_of("America/New_York", date(2023, 1, 31), datetime(2024, 6, 10, tzinfo=UTC))

    old, coming = await explained(desk, Month(2024, 2)), await explained(desk, Month(2024, 12))

    assert old == [
        "Acme: conversations from 2024-02-29 00:00 until before 2024-03-31 00:00 (America/New_York)",
        "The subscription began on 2023-01-31: the month turns at midnight on day 31, in shorter months on the last"
        " day.",
        "What counts:",
        "- a session that a contact opened: 1, with our first reply in it, however many follow;",
        "- each message that we begin with while no session is open: 1;",
        "- what failed is given back to the month that paid, whenever that became known.",
        "Counted 0, given back 0: 0 used, which is what the ledger says.",
    ]
    assert coming[-1] == "It has not begun yet."
    assert "- what we write in a session that a contact opened: nothing;" in coming


async def test_months_of_a_changed_calendar_that_begin_in_one_month_are_told_both() -> None:
    desk = await a_desk_of("UTC", date(2026, 1, 15), NOON)
    first = a_period(starts_at=datetime(2026, 11, 1, tzinfo=UTC), ends_at=datetime(2026, 11, 15, tzinfo=UTC))
    second = replace(first, id=PeriodId(an_id(2)), starts_at=first.ends_at, ends_at=datetime(2026, 12, 15, tzinfo=UTC))
    await desk.given(first, second)

    lines = await explained(desk, Month(2026, 11))

    assert [line for line in lines if line.startswith("Acme")] == [
        "Acme: conversations from 2026-11-01 00:00 until before 2026-11-15 00:00 (UTC)",
        "Acme: conversations from 2026-11-15 00:00 until before 2026-12-15 00:00 (UTC)",
    ]
    assert sum(line.startswith("This one turned otherwise") for line in lines) == 1


async def test_a_ledger_that_does_not_add_up_is_said_and_refused() -> None:
    desk = await listed(await open_desk())
    await desk.wrote()
    desk.later(2 * DAY)
    await desk.reply_with_template()
    async with desk.database.store.transaction(ACME) as tx:
        tx.save(replace(await desk.period(), used=4))

    lines = await explained(desk, agrees=False)

    assert lines[-2] == "Counted 1, given back 0: 1 used so far, but the ledger says 4: report this."


async def test_a_long_month_is_told_to_its_end() -> None:
    desk = await listed(await open_desk())
    count = AT_A_TIME + 1
    contact = (await desk.wrote()).thread
    ids = [an_id(10_000 + number) for number in range(count)]
    entries = [
        an_entry(EntryId(id), thread=contact, message=MessageId(id), at=NOON - count * MINUTE + number * MINUTE)
        for number, id in enumerate(ids)
    ]
    async with desk.database.store.transaction(ACME) as tx:
        tx.save(a_period(used=count), *entries)

    lines = await explained(desk)

    units = [line for line in lines if "  +1  " in line]
    assert [line.split()[0] for line in units] == [str(number + 1) for number in range(count)]
    assert units[-1].endswith(
        f"message while no session was open, to Ana from Support (+15550783881), message {ids[-1]}"
    )


async def test_of_several_organizations_one_has_to_be_named() -> None:
    desk = await listed(await open_desk())
    lines: list[str] = []
    assert await explain_quota(desk.ports, None, None, lines.append), "it is the only one"
    for name in ("Globex", "Initech"):
        granted(await bootstrap(desk.ports, Bootstrap(name, "ada@acme.example")))
    lines.clear()

    with pytest.raises(Refused, match="There are 3 organizations: say which one with --organization NAME"):
        await explain_quota(desk.ports, None, None, lines.append)
    with pytest.raises(Refused, match="no organization named 'Hooli'"):
        await explain_quota(desk.ports, "Hooli", None, lines.append)
    assert await explain_quota(desk.ports, " globex ", None, lines.append)
    assert lines[0].startswith("Globex: conversations from 2026-11-")


@pytest.mark.parametrize(
    "text", ["2024-13", "2024-00", "2024", "24-10", "2024-1", "October", "0000-10", "9999-01", "²024-10"]
)
def test_a_month_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as 2024-10"):
        as_month(text)


def test_a_month_is_a_year_and_a_month() -> None:
    assert as_month("2024-10") == OCTOBER
