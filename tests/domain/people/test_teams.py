"""Teams: administrators only, one name each, members who work here, and no more of either than there may be."""

from collections.abc import Awaitable, Callable, Sequence

import pytest

from domain.error_codes import ErrorCode
from domain.errors import Refused
from domain.ids import TeamId, UserId
from domain.people.actors import Actor, Role, Scope
from domain.people.teams import (
    MEMBERS_LIMIT,
    NAME_LIMIT,
    TEAMS_LIMIT,
    Team,
    count_refusal,
    folded,
    members_refusal,
    name_refusal,
    normal_name,
    size_refusal,
)
from domain.use_cases.people.teams import CreateTeam, UpdateTeam, create_team, delete_team, update_team
from tests.builders import ACME, GLOBEX, NOON, TEAM, USER, a_team, a_user, an_id, an_organization
from tests.domain.one_desk import ADMIN, Desk, a_key_for, a_user_as, granted, open_desk, refusal_of

BO, CY, DI = (UserId(an_id(number)) for number in (1, 2, 3))
NOBODY = UserId(an_id(99))
SALES = TeamId(an_id(12))

Told = tuple[ErrorCode, tuple[str, ...]] | None


def told(refusal: object) -> Told:
    if refusal is None:
        return None
    assert isinstance(refusal, Refused)
    return refusal.code, refusal.field


@pytest.fixture
async def desk() -> Desk:
    """Bo and Cy work here, Di does not any more; Support is Bo's."""
    desk = await open_desk()
    await desk.given(
        a_user(BO, name="Bo", email="bo@acme.example"),
        a_user(CY, name="Cy", email="cy@acme.example"),
        a_user(DI, name="Di", email="di@acme.example", active=False),
        a_team(members=(BO,)),
    )
    return desk


async def teams(desk: Desk) -> list[Team]:
    return await desk.ports.reader.all_of(Team, ACME, "folded_name")


async def refused(answer: Awaitable[object]) -> Told:
    return told(refusal_of(await answer))


# Names


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("Sales", None),
        ("x" * NAME_LIMIT, None),
        ("Żółw 日本", None),
        ("", (ErrorCode.INVALID, ("name",))),
        ("\u200b\u3164", (ErrorCode.INVALID, ("name",))),  # shows nothing
        ("x" * (NAME_LIMIT + 1), (ErrorCode.INVALID, ("name",))),
        ("Support", (ErrorCode.CONFLICT, ("name",))),
        ("SUPPORT", (ErrorCode.CONFLICT, ("name",))),
        ("Supporť", None),
        ("STRASSE", (ErrorCode.CONFLICT, ("name",))),
        ("Cafe\u0301", (ErrorCode.CONFLICT, ("name",))),
    ],
)
def test_a_name_is_short_shows_something_and_is_no_other_teams(name: str, answer: Told) -> None:
    others = [a_team(name=each) for each in ("Support", "Straße", "CAFÉ")]

    assert told(name_refusal(name, others)) == answer


@pytest.mark.parametrize(
    ("asked", "name"), [("Sales", "Sales"), ("  Sales \t  EMEA\n", "Sales EMEA"), ("\u3000", ""), ("", "")]
)
def test_blanks_make_no_other_name(asked: str, name: str) -> None:
    assert normal_name(asked) == name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Support", "sUPPORT"),
        ("Straße", "STRASSE"),
        ("ŻÓŁW", "z\u0307o\u0301łw"),
        ("Ⅳ ﬁles", "IV FILES"),
        ("ᾼ\u0301", "\u0391\u0345\u0301"),  # marks in either order
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ],
)
def test_case_and_how_a_letter_is_put_together_make_no_other_name(one: str, other: str) -> None:
    assert folded(one) == folded(other)
    assert folded(folded(one)) == folded(one)


# Counts and members


@pytest.mark.parametrize(
    ("others", "answer"),
    [(0, None), (TEAMS_LIMIT - 1, None), (TEAMS_LIMIT, (ErrorCode.INVALID, ()))],
)
def test_an_organization_has_so_many_teams(others: int, answer: Told) -> None:
    assert told(count_refusal([a_team()] * others)) == answer


@pytest.mark.parametrize(
    ("members", "answer"),
    [(0, None), (MEMBERS_LIMIT, None), (MEMBERS_LIMIT + 1, (ErrorCode.INVALID, ("memberIds",)))],
)
def test_a_team_has_so_many_members(members: int, answer: Told) -> None:
    assert told(size_refusal([USER] * members)) == answer


@pytest.mark.parametrize(
    ("members", "answer"),
    [
        ((), None),
        ((BO, CY), None),
        ((BO, NOBODY), (ErrorCode.NOT_FOUND, ("memberIds",))),
        ((BO, DI), (ErrorCode.INVALID, ("memberIds",))),
    ],
)
def test_members_work_here(members: Sequence[UserId], answer: Told) -> None:
    users = {BO: a_user(BO), CY: a_user(CY), DI: a_user(DI, active=False)}

    assert told(members_refusal(members, users)) == answer


# Made, changed, dissolved


async def test_a_new_team_is_there_with_its_members_each_once(desk: Desk) -> None:
    team = granted(await create_team(desk.ports, ADMIN, CreateTeam("  Night   shift ", (CY, BO, CY))))

    assert (team.name, team.folded_name, team.created_at) == ("Night shift", "night shift", NOON)
    assert team.members == (CY, BO)
    assert await teams(desk) == [team, a_team(members=(BO,))]


async def test_what_is_left_out_stays_and_nothing_takes_all_members(desk: Desk) -> None:
    renamed = granted(await update_team(desk.ports, ADMIN, UpdateTeam(TEAM, name="SUPPORT")))
    filled = granted(await update_team(desk.ports, ADMIN, UpdateTeam(TEAM, members=(CY, BO, BO))))
    again = granted(await update_team(desk.ports, ADMIN, UpdateTeam(TEAM)))
    emptied = granted(await update_team(desk.ports, ADMIN, UpdateTeam(TEAM, members=None)))

    assert (renamed.name, renamed.members) == ("SUPPORT", (BO,))
    assert (filled.name, filled.members) == ("SUPPORT", (CY, BO))
    assert again == filled
    assert emptied.members == ()
    assert await teams(desk) == [emptied]


async def test_a_member_who_was_switched_off_stays_until_members_are_named_anew(desk: Desk) -> None:
    await desk.given(a_team(SALES, name="Sales", members=(DI,)))

    renamed = granted(await update_team(desk.ports, ADMIN, UpdateTeam(SALES, name="Sales EMEA")))

    assert renamed.members == (DI,)
    assert await refused(update_team(desk.ports, ADMIN, UpdateTeam(SALES, members=(DI, BO)))) == (
        ErrorCode.INVALID,
        ("memberIds",),
    )


async def test_a_dissolved_team_is_gone_and_its_name_free(desk: Desk) -> None:
    assert granted(await delete_team(desk.ports, ADMIN, TEAM)) == a_team(members=(BO,))

    assert await teams(desk) == []
    assert await refused(delete_team(desk.ports, ADMIN, TEAM)) == (ErrorCode.NOT_FOUND, ("teamId",))
    assert granted(await create_team(desk.ports, ADMIN, CreateTeam("support"))).name == "support"


CREATED: dict[str, tuple[CreateTeam, Told]] = {
    "no name": (CreateTeam(" "), (ErrorCode.INVALID, ("name",))),
    "a name that is taken": (CreateTeam("support"), (ErrorCode.CONFLICT, ("name",))),
    "somebody unknown": (CreateTeam("Sales", (NOBODY,)), (ErrorCode.NOT_FOUND, ("memberIds",))),
    "somebody switched off": (CreateTeam("Sales", (DI,)), (ErrorCode.INVALID, ("memberIds",))),
    "too many": (CreateTeam("Sales", (BO,) * (MEMBERS_LIMIT + 1)), (ErrorCode.INVALID, ("memberIds",))),
}


@pytest.mark.parametrize(("asked", "answer"), CREATED.values(), ids=CREATED.keys())
async def test_what_can_be_no_team_is_refused(desk: Desk, asked: CreateTeam, answer: Told) -> None:
    before = await teams(desk)

    assert await refused(create_team(desk.ports, ADMIN, asked)) == answer

    assert await teams(desk) == before


UPDATED: dict[str, tuple[UpdateTeam, Told]] = {
    "a team that is not there": (UpdateTeam(TeamId(NOBODY), "x"), (ErrorCode.NOT_FOUND, ("teamId",))),
    "no name": (UpdateTeam(TEAM, None), (ErrorCode.INVALID, ("name",))),
    "a name that shows nothing": (UpdateTeam(TEAM, " "), (ErrorCode.INVALID, ("name",))),
    "another team's name": (UpdateTeam(TEAM, "SALES"), (ErrorCode.CONFLICT, ("name",))),
    "somebody unknown": (UpdateTeam(TEAM, members=(NOBODY,)), (ErrorCode.NOT_FOUND, ("memberIds",))),
    "too many": (UpdateTeam(TEAM, members=(BO,) * (MEMBERS_LIMIT + 1)), (ErrorCode.INVALID, ("memberIds",))),
}


@pytest.mark.parametrize(("asked", "answer"), UPDATED.values(), ids=UPDATED.keys())
async def test_what_a_team_can_not_become_is_refused(desk: Desk, asked: UpdateTeam, answer: Told) -> None:
    await desk.given(a_team(SALES, name="Sales"))
    before = await teams(desk)

    assert await refused(update_team(desk.ports, ADMIN, asked)) == answer

    assert await teams(desk) == before


async def test_one_team_too_many_is_refused_until_another_goes(desk: Desk) -> None:
    await desk.given(*(a_team(TeamId(an_id(100 + each)), name=f"Team {each}") for each in range(TEAMS_LIMIT - 1)))

    assert await refused(create_team(desk.ports, ADMIN, CreateTeam("Sales"))) == (ErrorCode.INVALID, ())
    granted(await delete_team(desk.ports, ADMIN, TEAM))
    assert granted(await create_team(desk.ports, ADMIN, CreateTeam("Sales"))).name == "Sales"


async def test_another_organizations_teams_and_people_are_not_there(desk: Desk) -> None:
    theirs = a_user_as(Role.ADMIN, GLOBEX)
    await desk.given(an_organization(GLOBEX, name="Globex"))

    assert await refused(update_team(desk.ports, theirs, UpdateTeam(TEAM, "x"))) == (ErrorCode.NOT_FOUND, ("teamId",))
    assert await refused(delete_team(desk.ports, theirs, TEAM)) == (ErrorCode.NOT_FOUND, ("teamId",))
    assert await refused(create_team(desk.ports, theirs, CreateTeam("Support", (BO,)))) == (
        ErrorCode.NOT_FOUND,
        ("memberIds",),
    )
    assert granted(await create_team(desk.ports, theirs, CreateTeam("Support"))).organization == GLOBEX


MAY_NOT = [
    *(a_user_as(role) for role in Role if role is not Role.ADMIN),
    a_key_for(*(scope for scope in Scope if scope is not Scope.ADMIN)),
]
DOING: list[Callable[[Desk, Actor], Awaitable[object]]] = [
    lambda desk, by: create_team(desk.ports, by, CreateTeam("Sales")),
    lambda desk, by: update_team(desk.ports, by, UpdateTeam(TEAM, "Sales")),
    lambda desk, by: delete_team(desk.ports, by, TEAM),
]


@pytest.mark.parametrize("by", MAY_NOT, ids=lambda by: by.key + by.role)
@pytest.mark.parametrize("doing", DOING, ids=["create", "update", "delete"])
async def test_administrators_only(desk: Desk, doing: Callable[[Desk, Actor], Awaitable[object]], by: Actor) -> None:
    before = await teams(desk)

    assert await refused(doing(desk, by)) == (ErrorCode.FORBIDDEN, ())

    assert await teams(desk) == before
    granted(await doing(desk, a_key_for(Scope.ADMIN)))
