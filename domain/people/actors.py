"""Who is acting, and what they may do.

A user has the rights of their role (`RIGHTS_OF_ROLE`), a key those of its scopes (`RIGHTS_OF_SCOPE`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, assert_never

from domain.ids import ApiKeyId, ContactId, OrganizationId, SignInId, UserId


class Role(StrEnum):
    ADMIN = "ADMIN"
    SUPERVISOR = "SUPERVISOR"
    AGENT = "AGENT"
    INTEGRATOR = "INTEGRATOR"
    READER = "READER"


class Right(StrEnum):
    """What a use case asks for before it does anything."""

    READ = "read"  # everybody has it, and it is asked for nowhere
    SEND = "send"
    TICKETS = "tickets"
    CONTACTS = "contacts"
    LIBRARY = "library"
    INTEGRATIONS = "integrations"
    SUPERVISE = "supervise"
    CHANNELS = "channels"
    ADMINISTER = "administer"


class Scope(StrEnum):
    """What an API key was made for."""

    READ = "read"
    MESSAGES = "messages"
    TICKETS = "tickets"
    CONTACTS = "contacts"
    CHANNELS = "channels"
    INTEGRATIONS = "integrations"
    ADMIN = "admin"


EVERY_RIGHT = frozenset(Right)

RIGHTS_OF_ROLE: dict[Role, frozenset[Right]] = {
    Role.ADMIN: EVERY_RIGHT,
    Role.SUPERVISOR: EVERY_RIGHT - {Right.CHANNELS, Right.ADMINISTER},
    Role.AGENT: frozenset({Right.READ, Right.SEND, Right.TICKETS, Right.CONTACTS}),
    Role.INTEGRATOR: EVERY_RIGHT - {Right.SUPERVISE, Right.CHANNELS, Right.ADMINISTER},
    Role.READER: frozenset({Right.READ}),
}

RIGHTS_OF_SCOPE: dict[Scope, frozenset[Right]] = {
    Scope.READ: frozenset({Right.READ}),
    Scope.MESSAGES: frozenset({Right.READ, Right.SEND, Right.LIBRARY}),
    Scope.TICKETS: frozenset({Right.READ, Right.TICKETS}),
    Scope.CONTACTS: frozenset({Right.READ, Right.CONTACTS}),
    Scope.CHANNELS: frozenset({Right.READ, Right.CHANNELS}),
    Scope.INTEGRATIONS: frozenset({Right.READ, Right.INTEGRATIONS}),
    Scope.ADMIN: EVERY_RIGHT,
}


@dataclass(frozen=True, slots=True)
class ByContact:
    """The contact wrote it."""

    contact: ContactId


@dataclass(frozen=True, slots=True)
class ByUser:
    """A person of the organization did it."""

    user: UserId


@dataclass(frozen=True, slots=True)
class ByIntegration:
    """A program did it with an API key."""

    api_key: ApiKeyId


@dataclass(frozen=True, slots=True)
class ByAutomation:
    """A workflow did it, or a program that says which."""

    name: str


@dataclass(frozen=True, slots=True)
class ByPhoneApp:
    """It was written in the business's own phone app."""

    phone_number: str | None


@dataclass(frozen=True, slots=True)
class BySystem:
    """Deskline itself did it, by a rule."""


Author: TypeAlias = ByContact | ByUser | ByIntegration | ByAutomation | ByPhoneApp | BySystem


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody signed in: a user, or a program with a key."""

    organization: OrganizationId
    author: ByUser | ByIntegration
    role: Role
    rights: frozenset[Right]
    sign_in: SignInId | None = None  # the sign-in a user came with; None for a key

    def may(self, right: Right) -> bool:
        return right in self.rights

    @property
    def key(self) -> str:
        """One text per user or key, for what is unique per actor."""
        match self.author:
            case ByUser(user):
                return f"user:{user}"
            case ByIntegration(api_key):
                return f"key:{api_key}"
            case _:
                assert_never(self.author)


def user_actor(organization: OrganizationId, user: UserId, role: Role, sign_in: SignInId | None) -> Actor:
    return Actor(organization, ByUser(user), role, RIGHTS_OF_ROLE[role], sign_in)


def key_actor(organization: OrganizationId, api_key: ApiKeyId, scopes: Iterable[Scope]) -> Actor:
    """A key acts as INTEGRATOR with the rows of its scopes; `admin` makes it ADMIN."""
    held = frozenset(scopes)
    rights = frozenset(right for scope in held for right in RIGHTS_OF_SCOPE[scope])
    role = Role.ADMIN if Scope.ADMIN in held else Role.INTEGRATOR
    return Actor(organization, ByIntegration(api_key), role, rights)
