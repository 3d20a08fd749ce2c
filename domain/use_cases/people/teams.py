"""Teams made, changed, dissolved. Administrators only."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.errors import Refusal, forbidden, invalid, not_found
from domain.given import UNSET, Left
from domain.ids import TeamId, UserId
from domain.people.actors import Actor, Right
from domain.people.organizations import User
from domain.people.teams import (
    Team,
    count_refusal,
    folded,
    members_refusal,
    name_refusal,
    normal_name,
    size_refusal,
)
from domain.ports.bundle import Ports
from domain.ports.store import Look
from domain.use_cases.again import again_on_collision

TURN = "teams"  # of whoever counts them


@dataclass(frozen=True, slots=True)
class CreateTeam:
    name: str
    members: tuple[UserId, ...] = ()


@dataclass(frozen=True, slots=True)
class UpdateTeam:
    """What is left out stays; None takes all members away."""

    team: TeamId
    name: str | Left | None = UNSET
    members: tuple[UserId, ...] | Left | None = UNSET


@again_on_collision
async def create_team(ports: Ports, actor: Actor, asked: CreateTeam) -> Team | Refusal:
    """Refuses FORBIDDEN, INVALID, CONFLICT where another team has the name, NOT_FOUND (a member)."""
    if not actor.may(Right.ADMINISTER):
        return forbidden("administer teams")
    name = normal_name(asked.name)
    async with ports.store.transaction(actor.organization) as tx:
        await tx.take_turns([TURN])
        others = await tx.all_of(Team)
        if refusal := count_refusal(others) or name_refusal(name, others):
            return refusal
        if refusal := await _members_refusal(tx, asked.members):
            return refusal
        team = Team(
            organization=actor.organization,
            id=TeamId(ports.ids.new()),
            name=name,
            folded_name=folded(name),
            created_at=ports.clock.now(),
            members=_each_once(asked.members),
        )
        tx.save(team)
    return team


@again_on_collision
async def update_team(ports: Ports, actor: Actor, asked: UpdateTeam) -> Team | Refusal:
    """Refuses as `create_team` does. A member who was switched off since stays until the members are named anew."""
    if not actor.may(Right.ADMINISTER):
        return forbidden("administer teams")
    if asked.name is None:
        return invalid("A team has a name.", "name")
    async with ports.store.transaction(actor.organization) as tx:
        teams = {team.id: team for team in await tx.all_of(Team)}
        team = teams.pop(asked.team, None)
        if team is None:
            return not_found("team", "teamId")
        changed = team
        if asked.name is not UNSET:
            name = normal_name(asked.name)
            if refusal := name_refusal(name, teams.values()):
                return refusal
            changed = replace(changed, name=name, folded_name=folded(name))
        if asked.members is not UNSET:
            members = asked.members or ()
            if refusal := await _members_refusal(tx, members):
                return refusal
            changed = replace(changed, members=_each_once(members))
        if changed != team:
            tx.save(changed)
    return changed


@again_on_collision
async def delete_team(ports: Ports, actor: Actor, id: TeamId) -> Team | Refusal:
    """The team as it was; its members stay as they are. Refuses FORBIDDEN, NOT_FOUND."""
    if not actor.may(Right.ADMINISTER):
        return forbidden("administer teams")
    async with ports.store.transaction(actor.organization) as tx:
        team = await tx.row(Team, id)
        if team is None:
            return not_found("team", "teamId")
        tx.remove(team)
    return team


async def _members_refusal(look: Look, members: Sequence[UserId]) -> Refusal | None:
    if refusal := size_refusal(members):
        return refusal
    return members_refusal(members, await look.by_ids(User, members)) if members else None


def _each_once(members: Sequence[UserId]) -> tuple[UserId, ...]:
    return tuple(dict.fromkeys(members))
