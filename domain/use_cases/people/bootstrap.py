"""A new organization with its first administrator and an API key that has the administrator's rights."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused, invalid
from domain.ids import OrganizationId, UserId
from domain.people.actors import Role, Scope
from domain.people.organizations import NAME_LIMIT, Organization, User, is_time_zone, normal_email
from domain.people.passwords import password_fault
from domain.ports.bundle import Ports
from domain.ports.directory import DirectoryEntry
from domain.quota import DEFAULT_LIMIT
from domain.use_cases.again import again_on_collision
from domain.use_cases.people.people import CreateApiKey, email_fault, new_key


@dataclass(frozen=True, slots=True)
class Bootstrap:
    organization: str
    email: str
    password: str | None = None  # made where left out
    time_zone: str = "UTC"
    subscribed_on: date | None = None  # today where left out
    quota_limit: int = DEFAULT_LIMIT


@dataclass(frozen=True, slots=True)
class Bootstrapped:
    organization: OrganizationId
    user: UserId
    secret: str  # the API key, shown this once
    password: str


@again_on_collision
async def bootstrap(ports: Ports, command: Bootstrap) -> Bootstrapped | Refusal:
    """Refuses CONFLICT where an organization of that name is there already, whatever its case."""
    if refusal := _fault(command):
        return refusal
    now = ports.clock.now()
    password = command.password if command.password is not None else ports.ids.secret()
    hashed = await ports.passwords.hash(password)
    id = OrganizationId(ports.ids.new())
    email = normal_email(command.email)
    today = now.astimezone(ZoneInfo(command.time_zone)).date()
    organization = Organization(
        id, command.organization.strip(), command.time_zone, command.subscribed_on or today, command.quota_limit, now
    )
    user = User(id, UserId(ports.ids.new()), email.partition("@")[0], email, Role.ADMIN, hashed, now)
    key, secret = new_key(ports, id, CreateApiKey("bootstrap", (Scope.ADMIN,), None))
    async with ports.store.transaction(id) as tx:
        if not await tx.enlist(DirectoryEntry.ORGANIZATION, organization.name.casefold(), id):
            return Refused(ErrorCode.CONFLICT, f"There is an organization named {organization.name!r} already.")
        tx.save(organization, user, key)
        await tx.enlist(DirectoryEntry.EMAIL, email, user.id)
        await tx.enlist(DirectoryEntry.KEY, key.secret_hash, key.id)
    return Bootstrapped(id, user.id, secret, password)


def _fault(command: Bootstrap) -> Refusal | None:
    if not command.organization.strip() or len(command.organization) > NAME_LIMIT:
        return invalid(f"An organization's name has 1 to {NAME_LIMIT} characters.", "organization")
    if fault := email_fault(command.email):
        return invalid(fault, "email")
    known = (command.organization, command.email)
    if command.password is not None and (fault := password_fault(command.password, known)):
        return invalid(fault, "password")
    if command.quota_limit < 0:
        return invalid("A quota is 0 or more conversations a month.", "quota")
    if not is_time_zone(command.time_zone):
        return invalid(f"There is no time zone {command.time_zone!r}; names are like Europe/Warsaw.", "timeZone")
    return None
