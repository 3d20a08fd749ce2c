"""Teams through the schema: made, changed, dissolved, and read in a constant number of questions."""

import pytest

from domain.ids import TeamId, UserId
from domain.people.actors import Actor, Role, Scope
from schema.engine.values import ids
from tests.builders import GLOBEX, TEAM, USER, a_team, a_user, an_id, an_organization
from tests.schema.desk import AGENT, JSON, SchemaDesk, as_role, counted, open_desk, with_key

ADMIN = as_role(Role.ADMIN)
BO = UserId(an_id(1))
ADA_ID, BO_ID, TEAM_ID = ids.USER.encode(USER), ids.USER.encode(BO), ids.TEAM.encode(TEAM)
ERRORS = "userErrors { code field message }"
SHOWN = "team { id name members { name } }"


async def a_desk_with_people() -> SchemaDesk:
    desk = await open_desk()
    await desk.given(a_user(BO, name="Bo", email="bo@acme.example"), a_team(members=(BO,)))
    return desk


async def do(desk: SchemaDesk, what: str, input: JSON, fields: str = SHOWN, actor: Actor = ADMIN) -> JSON:
    name = f"team{what}"
    document = f"mutation($input: Team{what}Input!) {{ {name}(input: $input) {{ {fields} {ERRORS} }} }}"
    return (await desk.ask(document, {"input": input}, actor))[name]


async def test_a_team_is_made_found_changed_and_dissolved() -> None:
    desk = await a_desk_with_people()

    made = await do(desk, "Create", {"name": "Night  shift", "memberIds": [BO_ID, ADA_ID, BO_ID]})
    id = made["team"]["id"]
    bare = await do(desk, "Create", {"name": "Sales"})
    listed = await desk.ask("{ teams { name members { id } } }")
    renamed = await do(desk, "Update", {"teamId": id, "name": "Nights"})
    read = await desk.ask(f'{{ node(id: "{id}") {{ __typename id ... on Team {{ name members {{ name }} }} }} }}')
    emptied = await do(desk, "Update", {"teamId": id, "memberIds": None})
    gone = await do(desk, "Delete", {"teamId": id}, "deletedTeamId")
    after = await desk.ask(f'{{ node(id: "{id}") {{ id }} teams {{ name }} }}')

    assert made == {
        "team": {"id": id, "name": "Night shift", "members": [{"name": "Bo"}, {"name": "Ada Agent"}]},
        "userErrors": [],
    }
    assert bare["team"]["members"] == []
    assert listed["teams"] == [
        {"name": "Night shift", "members": [{"id": BO_ID}, {"id": ADA_ID}]},
        {"name": "Sales", "members": []},
        {"name": "Support", "members": [{"id": BO_ID}]},
    ]
    assert renamed["team"] == made["team"] | {"name": "Nights"}
    assert read["node"] == {"__typename": "Team"} | renamed["team"]
    assert emptied["team"] == renamed["team"] | {"members": []}
    assert gone == {"deletedTeamId": id, "userErrors": []}
    assert after == {"node": None, "teams": [{"name": "Sales"}, {"name": "Support"}]}


@pytest.mark.parametrize(
    ("what", "input", "error"),
    [
        ("Create", {"name": " "}, ("INVALID", ["name"])),
        ("Create", {"name": "x" * 81}, ("INVALID", ["name"])),
        ("Create", {"name": "a\0b"}, ("INVALID", ["name"])),
        ("Create", {"name": "sUPPORT"}, ("CONFLICT", ["name"])),
        ("Create", {"name": "Sales", "memberIds": [TEAM_ID]}, ("INVALID", ["memberIds"])),
        ("Create", {"name": "Sales", "memberIds": [ADA_ID] * 501}, ("INVALID", ["memberIds"])),
        ("Create", {"name": "Sales", "memberIds": [ids.USER.encode(UserId(an_id(9)))]}, ("NOT_FOUND", ["memberIds"])),
        ("Update", {"teamId": TEAM_ID, "name": None}, ("INVALID", ["name"])),
        ("Update", {"teamId": ADA_ID, "name": "x"}, ("INVALID", ["teamId"])),
        ("Update", {"teamId": ids.TEAM.encode(TeamId(an_id(9)))}, ("NOT_FOUND", ["teamId"])),
        ("Delete", {"teamId": "?"}, ("INVALID", ["teamId"])),
        ("Delete", {"teamId": ids.TEAM.encode(TeamId(an_id(9)))}, ("NOT_FOUND", ["teamId"])),
    ],
)
async def test_what_is_wrong_is_said_with_its_field(what: str, input: JSON, error: tuple[str, list[str]]) -> None:
    desk = await a_desk_with_people()

    answer = await do(desk, what, input, "deletedTeamId" if what == "Delete" else SHOWN)

    assert [(each["code"], each["field"]) for each in answer["userErrors"]] == [error]
    assert await desk.ask("{ teams { name members { id } } }") == {
        "teams": [{"name": "Support", "members": [{"id": BO_ID}]}]
    }


@pytest.mark.parametrize("by", [AGENT, as_role(Role.SUPERVISOR), with_key(Scope.CHANNELS)], ids=lambda by: by.role)
async def test_everybody_reads_teams_and_administrators_change_them(by: Actor) -> None:
    desk = await a_desk_with_people()
    changes: dict[str, JSON] = {"Create": {"name": "x"}, "Update": {"teamId": TEAM_ID}, "Delete": {"teamId": TEAM_ID}}

    for what, input in changes.items():
        answer = await do(desk, what, input, "__typename", by)
        assert [each["code"] for each in answer["userErrors"]] == ["FORBIDDEN"]
    assert await desk.ask("{ teams { name } }", actor=by) == {"teams": [{"name": "Support"}]}


async def test_another_organization_has_its_own_teams() -> None:
    desk = await a_desk_with_people()
    stranger = with_key(Scope.ADMIN, organization=GLOBEX)
    await desk.given(an_organization(GLOBEX, name="Globex"), organization=GLOBEX)

    made = await do(desk, "Create", {"name": "Support"}, "team { name }", stranger)
    read = await desk.ask(f'{{ node(id: "{TEAM_ID}") {{ id }} teams {{ name }} }}', actor=stranger)

    assert made["userErrors"] == []
    assert read == {"node": None, "teams": [{"name": "Support"}]}


@pytest.mark.parametrize("many", [1, 12])
async def test_teams_and_their_members_are_two_questions_however_many(many: int) -> None:
    desk = await a_desk_with_people()
    people = [UserId(an_id(100 + each)) for each in range(many)]
    await desk.given(
        *(a_user(each, email=f"{each}@acme.example") for each in people),
        *(a_team(TeamId(an_id(200 + each)), name=f"Team {each}", members=tuple(people)) for each in range(many)),
    )
    watched, reader = counted(desk)

    answer = await watched.ask("{ teams { name members { name } } }")

    assert sum(len(team["members"]) for team in answer["teams"]) == many * many + 1
    assert reader.calls == {"all_of Team": 1, "by_ids User": 1}


async def test_a_user_has_the_teams_they_belong_to_by_name() -> None:
    desk = await a_desk_with_people()
    await do(desk, "Create", {"name": "nights", "memberIds": [ADA_ID, BO_ID]})
    await do(desk, "Create", {"name": "Mornings", "memberIds": [BO_ID]})

    async def of_everybody() -> dict[str, list[str]]:
        nodes = (await desk.ask("{ users { nodes { name teams { name } } } }"))["users"]["nodes"]
        return {node["name"]: [team["name"] for team in node["teams"]] for node in nodes}

    before = await of_everybody()
    await do(desk, "Update", {"teamId": TEAM_ID, "memberIds": [ADA_ID]})
    after = await of_everybody()

    assert before == {"Ada Agent": ["nights"], "Bo": ["Mornings", "nights", "Support"]}
    assert after == {"Ada Agent": ["nights", "Support"], "Bo": ["Mornings", "nights"]}


@pytest.mark.parametrize("many", [1, 12])
async def test_the_teams_of_users_are_one_question_however_many_users(many: int) -> None:
    desk = await a_desk_with_people()
    people = [UserId(an_id(100 + each)) for each in range(many)]
    await desk.given(
        *(a_user(each, email=f"{each}@acme.example") for each in people),
        *(a_team(TeamId(an_id(200 + each)), name=f"Team {each}", members=tuple(people)) for each in range(many)),
    )
    watched, reader = counted(desk)

    answer = await watched.ask("{ users(first: 100) { nodes { teams { members { id } } } } }")

    assert sum(len(user["teams"]) for user in answer["users"]["nodes"]) == many * many + 1
    assert reader.calls == {"users": 1, "all_of Team": 1, "by_ids User": 1}
