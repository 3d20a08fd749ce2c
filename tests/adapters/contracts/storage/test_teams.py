"""The rows of teams: their members in their order, one name each, read all at once by name."""

from dataclasses import replace

import pytest

from domain.ids import TeamId, UserId
from domain.people.teams import Team
from tests.adapters.contracts.desks import Desk
from tests.builders import ACME, GLOBEX, TEAM, USER, a_team, an_id

ANY_TONGUE = 'Zażółć "gęślą" \\ jaźń 日本語 שלום e\u0301 %_\''
OTHER = TeamId(an_id(1))


async def test_a_team_comes_back_with_everything_set_and_bare(desk: Desk) -> None:
    full = a_team(name=ANY_TONGUE, members=(UserId(an_id(3)), USER, UserId(an_id(2))))
    bare = a_team(OTHER)

    await desk.given(full, bare)

    assert await desk.reader.by_ids(Team, ACME, [TEAM, OTHER, an_id(9)]) == {TEAM: full, OTHER: bare}
    async with desk.store.transaction(ACME) as tx:
        assert (await tx.row(Team, TEAM), await tx.row(Team, an_id(9))) == (full, None)
    async with desk.reader.look(GLOBEX) as look:
        assert await look.row(Team, TEAM) is None


async def test_teams_come_by_name_whatever_its_case(desk: Desk) -> None:
    names = ["beta", "Alpha", "ALPS", "żółw", "Zulu"]
    await desk.given(*(a_team(TeamId(an_id(number)), name=name) for number, name in enumerate(names)))

    found = await desk.reader.all_of(Team, ACME, "folded_name")

    assert [team.name for team in found] == ["Alpha", "ALPS", "beta", "Zulu", "żółw"]
    assert await desk.reader.all_of(Team, GLOBEX, "folded_name") == []


async def test_two_teams_of_an_organization_have_two_names(desk: Desk) -> None:
    await desk.given(a_team())

    with pytest.raises(desk.conflict):
        await desk.given(a_team(OTHER, name="SUPPORT"))
    assert await desk.reader.all_of(Team, ACME) == [a_team()]

    await desk.given(a_team(name="Sales"))
    await desk.given(a_team(OTHER, name="SUPPORT"))
    assert [team.name for team in await desk.reader.all_of(Team, ACME, "folded_name")] == ["Sales", "SUPPORT"]


async def test_a_team_thrown_away_is_gone_and_its_name_free(desk: Desk) -> None:
    await desk.given(a_team(members=(USER,)))

    async with desk.store.transaction(ACME) as tx:
        team = await tx.row(Team, TEAM)
        assert team is not None
        tx.save(replace(team, members=()))
        tx.remove(team)
        assert await tx.all_of(Team) == []
    await desk.given(a_team(OTHER))

    assert await desk.reader.all_of(Team, ACME) == [a_team(OTHER)]
