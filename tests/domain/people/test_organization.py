"""What an administrator says of the organization, and from when on it holds."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.conversations.messages import Message
from domain.error_codes import ErrorCode
from domain.errors import QuotaExceeded, Refusal, Refused
from domain.events import QuotaChanged
from domain.ids import PeriodId
from domain.moderation.personal_data import PersonalDataPattern
from domain.people.actors import Actor, Role
from domain.people.organizations import Organization
from domain.ports.directory import DirectoryEntry
from domain.quota import LIMIT_MAX, begun
from domain.use_cases.outbound.sending.send import SendTemplate, send_template
from domain.use_cases.people.bootstrap import Bootstrap, bootstrap
from domain.use_cases.people.organization import UpdateOrganization, update_organization
from tests.builders import ACME, DAY, MINUTE, NOON, TEMPLATE
from tests.domain.one_desk import ADMIN, AGENT, HELLO, Desk, a_user_as, granted, open_desk, refusal_of, refused_as


@pytest.fixture
async def desk() -> Desk:
    return await open_desk()


async def updated(desk: Desk, asked: UpdateOrganization) -> Organization:
    after = granted(await update_organization(desk.ports, ADMIN, asked))
    assert after == await desk.organization()
    return after


async def fault_of(desk: Desk, asked: UpdateOrganization) -> tuple[str, ...]:
    """The field that is wrong; nothing was changed."""
    before = await desk.organization()
    refusal = refusal_of(await update_organization(desk.ports, ADMIN, asked))
    assert isinstance(refusal, Refused)
    assert refusal.code is ErrorCode.INVALID
    assert await desk.organization() == before
    return refusal.field


async def test_what_is_left_out_stays_and_null_clears(desk: Desk) -> None:
    before = await desk.organization()
    full = UpdateOrganization(
        name=" Acme Bells ",
        legal_name="Acme Bells AG",
        website="https://acme.example/bells",
        email="desk@acme.example",
        country="Switzerland",
        quota_limit=5000,
        blocked_links=("https://Evil.example/", "evil.example", "bit.example/x"),
        stop_words=("Stop", " STOP ", "Ende"),
        personal_data_patterns=(PersonalDataPattern.PAYMENT_CARD, PersonalDataPattern.BANK_ACCOUNT),
    )

    after = await updated(desk, full)

    assert after == replace(
        before,
        name="Acme Bells",
        legal_name="Acme Bells AG",
        website="https://acme.example/bells",
        email="desk@acme.example",
        country="Switzerland",
        quota_limit=5000,
        blocked_links=("evil.example", "bit.example/x"),
        stop_words=("Stop", "Ende"),
        personal_data_patterns=(PersonalDataPattern.BANK_ACCOUNT, PersonalDataPattern.PAYMENT_CARD),
    )
    assert await updated(desk, UpdateOrganization()) == after
    cleared = UpdateOrganization(
        legal_name=None,
        website=" ",
        email=None,
        country="",
        blocked_links=None,
        stop_words=(),
        personal_data_patterns=None,
    )
    assert await updated(desk, cleared) == replace(before, name="Acme Bells", quota_limit=5000)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (UpdateOrganization(name=None), ("name",)),
        (UpdateOrganization(name="  "), ("name",)),
        (UpdateOrganization(name="x" * 201), ("name",)),
        (UpdateOrganization(legal_name="x" * 201), ("legalName",)),
        (UpdateOrganization(country="x" * 201), ("country",)),
        (UpdateOrganization(website="acme.example"), ("website",)),
        (UpdateOrganization(website="javascript://acme.example"), ("website",)),
        (UpdateOrganization(website="https://"), ("website",)),
        (UpdateOrganization(website="https://[acme"), ("website",)),
        (UpdateOrganization(website="https://acme.example/a b"), ("website",)),
        (UpdateOrganization(website="https://acme.example/" + "x" * 2000), ("website",)),
        (UpdateOrganization(email="nobody"), ("email",)),
        (UpdateOrganization(time_zone=None), ("timeZone",)),
        (UpdateOrganization(time_zone="Mars/Olympus"), ("timeZone",)),
        (UpdateOrganization(time_zone="../etc/passwd"), ("timeZone",)),
        (UpdateOrganization(time_zone=""), ("timeZone",)),
        (UpdateOrganization(time_zone="localtime"), ("timeZone",)),
        (UpdateOrganization(time_zone="right/UTC"), ("timeZone",)),
        (UpdateOrganization(time_zone="posix/Europe/Warsaw"), ("timeZone",)),
        (UpdateOrganization(time_zone="Factory"), ("timeZone",)),
        (UpdateOrganization(subscribed_on=None), ("subscribedOn",)),
        (UpdateOrganization(subscribed_on=(NOON + DAY).date()), ("subscribedOn",)),
        (UpdateOrganization(subscribed_on=date(1969, 12, 31)), ("subscribedOn",)),
        (UpdateOrganization(quota_limit=None), ("quotaLimit",)),
        (UpdateOrganization(quota_limit=-1), ("quotaLimit",)),
        (UpdateOrganization(quota_limit=LIMIT_MAX + 1), ("quotaLimit",)),
        (UpdateOrganization(blocked_links=("evil.example", "nonsense")), ("blockedLinks", "1")),
        (UpdateOrganization(blocked_links=("evil.example/" + "x" * 500,)), ("blockedLinks", "0")),
        (UpdateOrganization(blocked_links=("evil.example",) * 1001), ("blockedLinks",)),
        (UpdateOrganization(stop_words=("stop", "!!")), ("stopWords", "1")),
        (UpdateOrganization(stop_words=("x" * 101,)), ("stopWords", "0")),
        (UpdateOrganization(stop_words=("stop",) * 101), ("stopWords",)),
    ],
)
async def test_what_cannot_be_is_refused_by_the_name_of_its_field(
    desk: Desk, asked: UpdateOrganization, field: tuple[str, ...]
) -> None:
    assert await fault_of(desk, asked) == field


async def test_the_first_and_the_last_value_that_can_be_are_taken(desk: Desk) -> None:
    await updated(desk, UpdateOrganization(quota_limit=0, subscribed_on=date(1970, 1, 1)))
    await updated(desk, UpdateOrganization(quota_limit=LIMIT_MAX, subscribed_on=NOON.date()))
    await updated(desk, UpdateOrganization(time_zone="Pacific/Kiritimati", subscribed_on=(NOON + DAY / 2).date()))


@pytest.mark.parametrize(
    "actor", [a_user_as(role) for role in Role if role is not Role.ADMIN], ids=lambda each: each.role
)
async def test_only_administrators_change_it(desk: Desk, actor: Actor) -> None:
    answer = await update_organization(desk.ports, actor, UpdateOrganization(quota_limit=1))

    assert refused_as(answer) is ErrorCode.FORBIDDEN
    assert (await desk.organization()).quota_limit == 1000


async def test_a_name_that_another_organization_has_is_a_conflict(desk: Desk) -> None:
    granted(await bootstrap(desk.ports, Bootstrap("Globex", "hank@globex.example")))
    await updated(desk, UpdateOrganization(name="Acme Bells"))

    answer = await update_organization(desk.ports, ADMIN, UpdateOrganization(name="GLOBEX"))

    assert refused_as(answer) is ErrorCode.CONFLICT
    assert await desk.ports.directory.find(DirectoryEntry.ORGANIZATION, ["acme bells"]) == [("acme bells", ACME, ACME)]


async def test_a_new_name_frees_the_old_one_and_another_case_is_the_same_name(desk: Desk) -> None:
    await updated(desk, UpdateOrganization(name="Acme Bells"))
    await updated(desk, UpdateOrganization(name="ACME BELLS"))

    granted(await bootstrap(desk.ports, Bootstrap("Acme", "other@acme.example")))

    assert (await desk.organization()).name == "ACME BELLS"


# The month


async def test_a_new_limit_holds_at_once_and_is_told(desk: Desk) -> None:
    head = await desk.head()

    await updated(desk, UpdateOrganization(quota_limit=0))
    await updated(desk, UpdateOrganization(quota_limit=0, country="Chile"))

    assert await desk.events(head) == [QuotaChanged()]
    await desk.wrote()
    desk.later(2 * DAY)
    thread = await desk.thread()
    assert thread.session is not None
    assert not thread.session.is_open(desk.clock.now())
    assert refused_as(await template_to(desk)) is ErrorCode.QUOTA_EXCEEDED


async def test_a_limit_below_what_is_used_holds_at_once_and_takes_nothing_back(desk: Desk) -> None:
    await desk.wrote()
    desk.later(2 * DAY)
    for _ in range(3):
        await desk.reply_with_template()
    head = await desk.head()

    await updated(desk, UpdateOrganization(quota_limit=2))

    assert await desk.events(head) == [QuotaChanged(100)]
    assert ((await desk.period()).used, len(await desk.entries())) == (3, 3)
    assert await template_to(desk) == QuotaExceeded(2, utc(2026, 12, 1))
    await updated(desk, UpdateOrganization(quota_limit=4))
    assert (await desk.events(head))[1:] == [QuotaChanged()], "75 per cent"
    await desk.reply_with_template()
    assert QuotaChanged(100) in await desk.events(head + 2)


async def test_what_a_new_limit_warns_of_is_told_once(desk: Desk) -> None:
    await desk.wrote()
    desk.later(2 * DAY)
    for _ in range(4):
        await desk.reply_with_template()
    head = await desk.head()

    for limit in (5, 5, 4, 5, 1000):
        await updated(desk, UpdateOrganization(quota_limit=limit, subscribed_on=date(2026, 1, 15)))

    assert await desk.events(head) == [QuotaChanged(80), QuotaChanged(100), QuotaChanged(), QuotaChanged()]


async def template_to(desk: Desk) -> Message | Refusal:
    return await send_template(desk.ports, AGENT, SendTemplate((await desk.thread()).id, TEMPLATE, HELLO))


async def test_a_new_day_holds_from_the_next_turn_which_stays_where_it_was(desk: Desk) -> None:
    """It is the 20th of November, and the month turns on the 1st."""
    await desk.wrote()
    desk.later(2 * DAY)
    await desk.reply_with_template()
    november = await desk.period()

    await updated(desk, UpdateOrganization(subscribed_on=date(2026, 1, 15)))

    assert await desk.period() == november
    desk.clock.at = november.ends_at - MINUTE
    await desk.reply_with_template()
    assert await desk.period() == replace(november, used=2)
    desk.clock.at = november.ends_at
    await desk.reply_with_template()
    december = await desk.period()
    assert (december.starts_at, december.ends_at) == (utc(2026, 12, 1), utc(2026, 12, 15))
    desk.clock.at = december.ends_at
    await desk.reply_with_template()
    assert (await desk.period()).ends_at == utc(2027, 1, 15)


async def test_a_month_in_which_nothing_was_counted_yet_ends_when_it_was_to_as_well(desk: Desk) -> None:
    await updated(desk, UpdateOrganization(subscribed_on=date(2026, 1, 25)))

    assert ((await desk.period()).starts_at, (await desk.period()).ends_at) == (utc(2026, 11, 1), utc(2026, 12, 1))


async def test_a_calendar_changed_back_and_forth_leaves_no_gap_and_no_overlap(desk: Desk) -> None:
    for day, zone in ((15, "UTC"), (20, "America/Los_Angeles"), (1, "Asia/Tokyo"), (1, "UTC")):
        await updated(desk, UpdateOrganization(subscribed_on=date(2026, 1, day), time_zone=zone))

    assert ((await desk.period()).starts_at, (await desk.period()).ends_at) == (utc(2026, 11, 1), utc(2026, 12, 1))
    desk.clock.at = utc(2026, 12, 1)
    assert ((await desk.period()).starts_at, (await desk.period()).ends_at) == (utc(2026, 12, 1), utc(2027, 1, 1))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 45),
            st.integers(1, 31),
            st.sampled_from(["UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati", "America/Havana"]),
        ),
        min_size=1,
        max_size=6,
    )
)
async def test_whatever_is_changed_when_every_instant_is_in_one_month_and_no_month_moves_once_begun(
    changes: list[tuple[int, int, str]],
) -> None:
    desk = await open_desk()
    seen: set[tuple[datetime, datetime]] = set()
    for days, day, zone in changes:
        running = await month_at(desk, desk.later(days * DAY))
        seen.add(running)
        await updated(desk, UpdateOrganization(subscribed_on=date(2025, 1, day), time_zone=zone))
        assert await month_at(desk, desk.clock.now()) == running, "the running month stays"
        following = await month_at(desk, running[1])
        assert following[0] == running[1]
        assert timedelta(0) < following[1] - following[0] <= 32 * DAY
    months = sorted(seen)
    assert all(one[1] <= other[0] for one, other in pairwise(months)), "months overlap"


async def month_at(desk: Desk, at: datetime) -> tuple[datetime, datetime]:
    """As the ledger has it, or as it will write it down."""
    period = await desk.ports.reader.period_at(ACME, at) or begun(PeriodId(""), await desk.organization(), at)
    return period.starts_at, period.ends_at


def utc(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)
