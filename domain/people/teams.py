"""Teams: people who are handed work together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused, invalid, not_found
from domain.ids import OrganizationId, TeamId, UserId
from domain.people.organizations import User
from domain.text.names import shows_something
from domain.text.normal import normal

NAME_LIMIT = 80  # characters
TEAMS_LIMIT = 200  # of an organization, which are read all at once
MEMBERS_LIMIT = 500  # of a team, whose row holds them


@dataclass(frozen=True, slots=True)
class Team:
    organization: OrganizationId
    id: TeamId
    name: str
    folded_name: str  # as `folded` makes it: only one team of an organization has it
    created_at: datetime
    members: tuple[UserId, ...] = ()  # each once; some may have been switched off since


def normal_name(text: str) -> str:
    """With one blank between the words, and none around them."""
    return " ".join(text.split())


def folded(name: str) -> str:
    """As two names are compared: case makes no difference, nor how the same letter is put together.

    Source: The Unicode Standard, D146, compatibility caseless match.
    """
    return normal("NFKC", normal("NFKD", normal("NFD", name).casefold()).casefold())


def name_refusal(name: str, others: Iterable[Team]) -> Refusal | None:
    """Why no team can have this name, which is normal, beside these."""
    if not shows_something(name) or len(name) > NAME_LIMIT:
        return invalid(f"A team's name has 1 to {NAME_LIMIT} characters.", "name")
    if any(other.folded_name == folded(name) for other in others):
        return Refused(ErrorCode.CONFLICT, f"There is a team named {name!r} already.", ("name",))
    return None


def count_refusal(others: Sequence[Team]) -> Refusal | None:
    """Why there can't be one more than these."""
    return invalid(f"An organization has at most {TEAMS_LIMIT} teams.") if len(others) >= TEAMS_LIMIT else None


def size_refusal(members: Sequence[UserId]) -> Refusal | None:
    if len(members) > MEMBERS_LIMIT:
        return invalid(f"A team has at most {MEMBERS_LIMIT} members.", "memberIds")
    return None


def members_refusal(members: Iterable[UserId], users: Mapping[UserId, User]) -> Refusal | None:
    """Why these can't be a team's members; `users` are those of them that work here or did."""
    for member in members:
        user = users.get(member)
        if user is None:
            return not_found("user", "memberIds")
        if not user.active:
            return invalid(f"{user.name} is not active any more.", "memberIds")
    return None
