"""A new organization with its first administrator and a key that has the administrator's rights."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from domain.error_codes import ErrorCode
from domain.errors import Refused
from domain.people.actors import EVERY_RIGHT, Role
from domain.people.callers import NOWHERE
from domain.ports.directory import DirectoryEntry
from domain.use_cases.people.access import SignInAsked, authenticate, sign_in
from domain.use_cases.people.bootstrap import Bootstrap, Bootstrapped, bootstrap
from tests.domain.one_desk import Desk, granted, open_desk, refusal_of

GLOBEX = Bootstrap("Globex", "hank@globex.example")


@pytest.fixture
async def desk() -> Desk:
    return await open_desk()


async def test_the_administrator_signs_in_and_the_key_has_every_right(desk: Desk) -> None:
    made = granted(await bootstrap(desk.ports, replace(GLOBEX, password="correct horse")))

    assert made.password == "correct horse"
    signed_in = granted(await sign_in(desk.ports, SignInAsked(GLOBEX.email, "correct horse", NOWHERE)))
    assert (signed_in.user.id, signed_in.user.role, signed_in.user.name) == (made.user, Role.ADMIN, "hank")
    actor = await authenticate(desk.ports, made.secret)
    assert actor is not None
    assert (actor.organization, actor.role, actor.rights) == (made.organization, Role.ADMIN, EVERY_RIGHT)


async def test_a_password_that_was_left_out_is_made_and_told_once(desk: Desk) -> None:
    made = granted(await bootstrap(desk.ports, GLOBEX))

    assert len(made.password) >= 16
    assert granted(await sign_in(desk.ports, SignInAsked(GLOBEX.email, made.password, NOWHERE)))


async def test_the_organization_is_as_asked_for(desk: Desk) -> None:
    asked = replace(
        GLOBEX,
        organization=" Globex ",
        email=" Hank@GLOBEX.example",
        time_zone="Europe/Warsaw",
        subscribed_on=date(2026, 1, 31),
        quota_limit=0,
    )

    made = granted(await bootstrap(desk.ports, asked))

    organization = await desk.ports.reader.organization(made.organization)
    assert (organization.name, organization.time_zone) == ("Globex", "Europe/Warsaw")
    assert (organization.subscribed_on, organization.quota_limit) == (date(2026, 1, 31), 0)
    [(_, listed, ref)] = await desk.ports.directory.find(DirectoryEntry.EMAIL, ["hank@globex.example"])
    assert (listed, ref) == (made.organization, made.user)
    assert made.organization in await desk.ports.directory.organizations()


@pytest.mark.parametrize(("zone", "today"), [("UTC", date(2026, 11, 20)), ("Pacific/Auckland", date(2026, 11, 21))])
async def test_a_subscription_begins_today_where_the_organization_is(desk: Desk, zone: str, today: date) -> None:
    desk.clock.at = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)

    made = granted(await bootstrap(desk.ports, replace(GLOBEX, time_zone=zone)))

    organization = await desk.ports.reader.organization(made.organization)
    assert (organization.subscribed_on, organization.quota_limit) == (today, 1000)


@pytest.mark.parametrize("name", ["Globex", "GLOBEX", " globex "])
async def test_a_second_time_with_the_same_name_is_refused_and_says_so(desk: Desk, name: str) -> None:
    granted(await bootstrap(desk.ports, GLOBEX))
    before = await desk.ports.directory.organizations()

    refusal = refusal_of(await bootstrap(desk.ports, replace(GLOBEX, organization=name)))

    assert refusal == Refused(ErrorCode.CONFLICT, f"There is an organization named {name.strip()!r} already.")
    assert await desk.ports.directory.organizations() == before
    assert len(await desk.ports.directory.find(DirectoryEntry.EMAIL, [GLOBEX.email])) == 1


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (replace(GLOBEX, organization=" "), "organization"),
        (replace(GLOBEX, organization="x" * 201), "organization"),
        (replace(GLOBEX, email="hank"), "email"),
        (replace(GLOBEX, password="x" * 7), "password"),
        (replace(GLOBEX, password="ab1d" * 256 + "x"), "password"),
        (replace(GLOBEX, password="password"), "password"),
        (replace(GLOBEX, password="12345678"), "password"),
        (replace(GLOBEX, password=GLOBEX.organization + "2026"), "password"),
        (replace(GLOBEX, password=GLOBEX.email), "password"),
        (replace(GLOBEX, quota_limit=-1), "quota"),
        (replace(GLOBEX, time_zone="Europe/Nowhere"), "timeZone"),
        (replace(GLOBEX, time_zone=""), "timeZone"),
        (replace(GLOBEX, time_zone="Europe"), "timeZone"),
        (replace(GLOBEX, time_zone="../../etc/passwd"), "timeZone"),
        (replace(GLOBEX, time_zone="UTC\0"), "timeZone"),
        (replace(GLOBEX, time_zone="\ud800"), "timeZone"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_made(desk: Desk, asked: Bootstrap, field: str) -> None:
    refusal = refusal_of(await bootstrap(desk.ports, asked))

    assert isinstance(refusal, Refused)
    assert (refusal.code, refusal.field) == (ErrorCode.INVALID, (field,))
    assert await desk.ports.directory.organizations() == []


@pytest.mark.parametrize(
    "asked",
    [replace(GLOBEX, organization="x" * 200), replace(GLOBEX, password="ab1d" * 2), replace(GLOBEX, quota_limit=0)],
)
async def test_what_is_just_within_the_limits_is_made(desk: Desk, asked: Bootstrap) -> None:
    assert isinstance(await bootstrap(desk.ports, asked), Bootstrapped)
