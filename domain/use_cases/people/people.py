"""New users and API keys. Administrators only."""

from dataclasses import dataclass, replace
from datetime import datetime

from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused, forbidden, invalid, not_found
from domain.ids import ApiKeyId, OrganizationId, UserId
from domain.people.actors import Actor, Right, Role, Scope
from domain.people.organizations import NAME_LIMIT, ApiKey, User, normal_email, normal_skills, skills_fault
from domain.people.passwords import password_fault
from domain.ports.bundle import Ports
from domain.ports.directory import DirectoryEntry
from domain.use_cases.again import again_on_collision
from domain.use_cases.people.access import KEY_PREFIX, secret_hash

PREFIX_LENGTH = len(KEY_PREFIX) + 6


@dataclass(frozen=True, slots=True)
class CreateUser:
    name: str
    email: str
    role: Role
    password: str | None  # None: cannot sign in until an administrator sets one
    skills: tuple[str, ...] = ()
    capacity: int | None = None  # tickets; None for no limit


@dataclass(frozen=True, slots=True)
class CreateApiKey:
    name: str
    scopes: tuple[Scope, ...]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class CreatedKey:
    api_key: ApiKey
    secret: str  # shown this once


@again_on_collision
async def create_user(ports: Ports, actor: Actor, command: CreateUser) -> User | Refusal:
    if not actor.may(Right.ADMINISTER):
        return forbidden("administer users")
    organization = await ports.reader.organization(actor.organization)
    if refusal := _user_fault(command, organization.name):
        return refusal
    hashed = await ports.passwords.hash(command.password) if command.password is not None else None
    email = normal_email(command.email)
    async with ports.store.transaction(actor.organization) as tx:
        if await tx.user_by_email(email) is not None:
            return Refused(ErrorCode.CONFLICT, "Somebody here has this address already.", ("email",))
        user = User(
            actor.organization,
            UserId(ports.ids.new()),
            command.name.strip(),
            email,
            command.role,
            hashed,
            ports.clock.now(),
            capacity=command.capacity,
            skills=normal_skills(command.skills),
        )
        await tx.enlist(DirectoryEntry.EMAIL, email, user.id)
        tx.save(user)
    return user


@again_on_collision
async def create_api_key(ports: Ports, actor: Actor, command: CreateApiKey) -> CreatedKey | Refusal:
    if not actor.may(Right.ADMINISTER):
        return forbidden("administer API keys")
    if refusal := _key_fault(command, ports.clock.now()):
        return refusal
    key, secret = new_key(ports, actor.organization, command)
    async with ports.store.transaction(actor.organization) as tx:
        await tx.enlist(DirectoryEntry.KEY, key.secret_hash, key.id)
        tx.save(key)
    return CreatedKey(key, secret)


@again_on_collision
async def revoke_api_key(ports: Ports, actor: Actor, id: ApiKeyId) -> ApiKey | Refusal:
    """From now on it opens nothing, and what it holds open closes within a second. Once more changes nothing."""
    if not actor.may(Right.ADMINISTER):
        return forbidden("administer API keys")
    async with ports.store.transaction(actor.organization) as tx:
        key = await tx.row(ApiKey, id)
        if key is None:
            return not_found("API key", "apiKeyId")
        if key.revoked_at is not None:
            return key
        revoked = replace(key, revoked_at=ports.clock.now())
        tx.save(revoked)
        await tx.delist(DirectoryEntry.KEY, key.secret_hash)
    return revoked


def new_key(ports: Ports, organization: OrganizationId, command: CreateApiKey) -> tuple[ApiKey, str]:
    secret = KEY_PREFIX + ports.ids.secret()
    key = ApiKey(
        organization,
        ApiKeyId(ports.ids.new()),
        command.name.strip(),
        secret[:PREFIX_LENGTH],
        secret_hash(secret),
        tuple(sorted(set(command.scopes))),
        ports.clock.now(),
        expires_at=command.expires_at,
    )
    return key, secret


def email_fault(email: str) -> str | None:
    local, at, host = email.strip().rpartition("@")
    if not at or not local or not host or " " in email.strip() or len(email) > 254:
        return "This is not an email address."
    return None


def _user_fault(command: CreateUser, organization: str) -> Refusal | None:
    if not command.name.strip() or len(command.name) > NAME_LIMIT:
        return invalid(f"A name has 1 to {NAME_LIMIT} characters.", "name")
    if fault := email_fault(command.email):
        return invalid(fault, "email")
    known = (command.name, command.email, organization)
    if command.password is not None and (fault := password_fault(command.password, known)):
        return invalid(fault, "password")
    if fault := skills_fault(command.skills):
        return invalid(fault, "skills")
    if command.capacity is not None and command.capacity < 0:
        return invalid("A capacity is a number of tickets, 0 at least.", "capacity")
    return None


def _key_fault(command: CreateApiKey, now: datetime) -> Refusal | None:
    if not command.name.strip() or len(command.name) > NAME_LIMIT:
        return invalid(f"A name has 1 to {NAME_LIMIT} characters.", "name")
    if not command.scopes:
        return invalid(f"A key has at least one scope: {', '.join(Scope.__members__)}.", "scopes")
    if command.expires_at is not None and command.expires_at <= now:
        return invalid("A key expires in the future or not at all.", "expiresAt")
    return None
