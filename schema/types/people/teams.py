"""Teams, and the mutations that make, change and dissolve them."""

from typing import Self

import strawberry
from strawberry import Info

import schema.types.people.users
from domain.ids import TeamId, UserId
from domain.people import teams
from domain.people.teams import MEMBERS_LIMIT, NAME_LIMIT
from domain.use_cases.people.teams import CreateTeam, UpdateTeam, create_team, delete_team, update_team
from schema.context import Context
from schema.engine.values import ids
from schema.engine.values.given import left_or
from schema.engine.values.ids import Node
from schema.types.errors import UserError, user_errors
from schema.types.inputs import done
from schema.types.lazy import User

_NAME = f"1 to {NAME_LIMIT} characters, and no other team's, whatever the case."
_MEMBERS = f"Who belongs to it, {MEMBERS_LIMIT} at most; nobody who is switched off."


@strawberry.type(description="People who are handed work together.")
class Team(Node):
    name: str = strawberry.field(description="What the people here call it; no other team is called so.")
    row: strawberry.Private[teams.Team]

    @strawberry.field(description="Who belongs to it, in the order they were named; some may be switched off by now.")
    async def members(self, info: Info[Context, None]) -> list[User]:
        found = await info.context.loaders.users.load_many(self.row.members)
        return [schema.types.people.users.User.of(user) for user in found if user is not None]

    @classmethod
    def of(cls, team: teams.Team) -> Self:
        return cls(id=ids.TEAM.encode(team.id), name=team.name, row=team)


async def every(context: Context) -> list[Team]:
    """By name."""
    return [Team.of(team) for team in await context.loaders.all_teams.load(context.organization)]


async def loaded(context: Context, id: TeamId) -> Team | None:
    team = await context.loaders.teams.load(id)
    return Team.of(team) if team else None


# ---------------------------------------------------------------- made, changed, dissolved


@strawberry.input(description="A team to make.")
class TeamCreateInput:
    name: str = strawberry.field(description=_NAME)
    member_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description=f"{_MEMBERS} Left out or null: nobody yet."
    )


@strawberry.type(description="The new team, or why there is none.")
class TeamCreatePayload:
    team: Team | None = strawberry.field(default=None, description="The team; null where it was refused.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="What to change of a team. What is left out stays.")
class TeamUpdateInput:
    team_id: strawberry.ID = strawberry.field(description="Which team.")
    name: strawberry.Maybe[str | None] = strawberry.field(description=f"{_NAME} There always is one.")
    member_ids: strawberry.Maybe[list[strawberry.ID] | None] = strawberry.field(
        description=f"{_MEMBERS} These and nobody else from now on; null: nobody."
    )


@strawberry.type(description="The team as it is now, or why it was not changed.")
class TeamUpdatePayload:
    team: Team | None = strawberry.field(default=None, description="The team; null where it was refused.")
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="A team to dissolve. Its members stay who they are.")
class TeamDeleteInput:
    team_id: strawberry.ID = strawberry.field(description="Which team.")


@strawberry.type(description="Which team is gone, or why it stays.")
class TeamDeletePayload:
    deleted_team_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id it had; null where it was refused."
    )
    user_errors: list[UserError] = user_errors()


async def create(info: Info[Context, None], input: TeamCreateInput) -> TeamCreatePayload:
    context = info.context
    asked = CreateTeam(input.name, _members(input.member_ids or []))
    team = done(await create_team(context.ports, context.acting, asked))
    await context.read_on(team.organization, team)
    return TeamCreatePayload(team=await loaded(context, team.id))


async def update(info: Info[Context, None], input: TeamUpdateInput) -> TeamUpdatePayload:
    context = info.context
    asked = UpdateTeam(
        team=ids.TEAM.given(input.team_id, "teamId"),
        name=left_or(input.name, str),
        members=left_or(input.member_ids, _members),
    )
    team = done(await update_team(context.ports, context.acting, asked))
    await context.read_on(team.organization, team)
    return TeamUpdatePayload(team=await loaded(context, team.id))


async def delete(info: Info[Context, None], input: TeamDeleteInput) -> TeamDeletePayload:
    context = info.context
    team = done(await delete_team(context.ports, context.acting, ids.TEAM.given(input.team_id, "teamId")))
    await context.read_on(team.organization)
    return TeamDeletePayload(deleted_team_id=ids.TEAM.encode(team.id))


def _members(named: list[strawberry.ID]) -> tuple[UserId, ...]:
    return tuple(ids.USER.given(each, "memberIds") for each in named)
