"""The company that uses the desk, its people and its keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.ids import ApiKeyId, OrganizationId, SignInId, UserId
from domain.moderation.personal_data import PersonalDataPattern
from domain.people.actors import Role, Scope

NAME_LIMIT = 200
SKILLS_LIMIT = 50  # of a user, and asked for by a ticket


class AgentVisibility(StrEnum):
    EVERYTHING = "EVERYTHING"
    OWN_AND_TEAM = "OWN_AND_TEAM"


@dataclass(frozen=True, slots=True)
class Organization:
    id: OrganizationId
    name: str
    time_zone: str  # IANA name
    subscribed_on: date  # in `time_zone`
    quota_limit: int
    created_at: datetime
    agent_visibility: AgentVisibility = AgentVisibility.EVERYTHING
    legal_name: str | None = None
    website: str | None = None
    email: str | None = None
    country: str | None = None
    blocked_links: tuple[str, ...] = ()  # as `links.normal_block` writes them
    personal_data_patterns: tuple[PersonalDataPattern, ...] = ()
    stop_words: tuple[str, ...] = ()  # as they were entered


@dataclass(frozen=True, slots=True)
class User:
    organization: OrganizationId
    id: UserId
    name: str
    email: str
    role: Role
    password_hash: str | None
    created_at: datetime
    active: bool = True
    available: bool = True
    capacity: int | None = None
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApiKey:
    organization: OrganizationId
    id: ApiKeyId
    name: str
    prefix: str  # the first characters of the secret, to recognise it by
    secret_hash: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class SignIn:
    organization: OrganizationId
    id: SignInId
    user: UserId
    token_hash: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        return self.ended_at is None and now < self.expires_at


def normal_email(text: str) -> str:
    """An address as the directory knows it."""
    return text.strip().casefold()


def skills_fault(skills: Sequence[str]) -> str | None:
    if len(skills) > SKILLS_LIMIT:
        return f"At most {SKILLS_LIMIT} skills."
    if any(not skill.strip() or len(skill) > NAME_LIMIT for skill in skills):
        return f"A skill has 1 to {NAME_LIMIT} characters."
    return None


def normal_skills(skills: Sequence[str]) -> tuple[str, ...]:
    """Each once, without blanks around it: those of a ticket are compared with those of a user."""
    return tuple(dict.fromkeys(skill.strip() for skill in skills))


NO_PLACES = frozenset({"localtime", "posixrules", "Factory", "right", "posix"})
"""What systems keep beside the zones, or folders of: the machine's own time, and time with leap seconds."""


def is_time_zone(name: str) -> bool:
    """Whether every machine knows it as the same zone: a name of the IANA's list, in its spelling."""
    if name.partition("/")[0] in NO_PLACES:
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
