"""Channels: the business numbers of an organization that are connected to the network."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.channels.profiles import BusinessProfile
from domain.ids import BusinessAccountId, ChannelId, OrganizationId, PhoneNumberId, TeamId, UserId
from domain.people.actors import Author
from domain.quota import UNVERIFIED_ALLOWANCE
from domain.tickets import ReopenPolicy

NUMBERS_PER_ACCOUNT = 25
REQUIRED_PERMISSIONS = ("whatsapp_business_management", "whatsapp_business_messaging")
TERMS_VERSION = "2026-11"


class Destination(StrEnum):
    HELP_DESK = "HELP_DESK"
    INBOX = "INBOX"


class ChannelState(StrEnum):
    PENDING = "PENDING"
    CONNECTED = "CONNECTED"
    DEGRADED = "DEGRADED"
    DISCONNECTED = "DISCONNECTED"


class AssignmentStrategy(StrEnum):
    NONE = "NONE"
    ROUND_ROBIN = "ROUND_ROBIN"
    LEAST_BUSY = "LEAST_BUSY"
    SKILLS = "SKILLS"
    CONTACT_OWNER = "CONTACT_OWNER"


class ProblemCode(StrEnum):
    TOKEN_INVALID = "TOKEN_INVALID"
    TOKEN_EXPIRING = "TOKEN_EXPIRING"
    PERMISSION_MISSING = "PERMISSION_MISSING"
    WEBHOOK_NOT_SUBSCRIBED = "WEBHOOK_NOT_SUBSCRIBED"
    QUALITY_LOW = "QUALITY_LOW"
    RESTRICTED = "RESTRICTED"
    BANNED = "BANNED"
    ACCOUNT_LOCKED = "ACCOUNT_LOCKED"
    NOT_REGISTERED = "NOT_REGISTERED"
    PAYMENT_PROBLEM = "PAYMENT_PROBLEM"
    POLICY_VIOLATION = "POLICY_VIOLATION"
    DISPLAY_NAME_REJECTED = "DISPLAY_NAME_REJECTED"
    UNKNOWN_NUMBER_TRAFFIC = "UNKNOWN_NUMBER_TRAFFIC"
    UNSUPPORTED_TRAFFIC = "UNSUPPORTED_TRAFFIC"
    MEDIA_STORE = "MEDIA_STORE"
    NETWORK_UNREACHABLE = "NETWORK_UNREACHABLE"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a number, from its beginning until it ends (`domain/channels/health/problems.py`)."""

    code: ProblemCode
    message: str
    hint: str
    since: datetime
    changed_at: datetime | None = None  # when it was last told otherwise than before; None: it is as it began
    expires_at: datetime | None = None  # when it ends by itself; None where nobody said
    told_at: datetime | None = None  # the newest that was told of it, by the teller's clock
    stops_sending: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """When something was last told that is not there to be looked at: what comes later and is older is not news."""

    what: str  # a problem's code, or the name of a figure
    at: datetime  # by the teller's clock


@dataclass(frozen=True, slots=True)
class AssignmentRule:
    strategy: AssignmentStrategy = AssignmentStrategy.NONE
    users: tuple[UserId, ...] = ()
    teams: tuple[TeamId, ...] = ()
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """Agreement to the terms the connect page shows."""

    by: Author
    at: datetime
    version: str


@dataclass(frozen=True, slots=True)
class Channel:
    organization: OrganizationId
    id: ChannelId
    name: str
    phone_number: str  # E.164
    phone_number_id: PhoneNumberId
    account: BusinessAccountId
    destination: Destination
    state: ChannelState
    created_at: datetime
    connected_at: datetime | None = None
    reopen_policy: ReopenPolicy = ReopenPolicy.REOPEN_TICKET
    assignment: AssignmentRule = AssignmentRule()
    send_read_receipts: bool = False
    access_token: str | None = None  # sealed; opened by the vault only
    app_secret: str | None = None  # sealed
    app_secret_print: str | None = None  # channels with the same secret have the same print
    pin: str | None = None  # sealed
    terms: Terms | None = None
    token_valid: bool = False
    webhook_subscribed: bool = False
    business_verified: bool = False
    last_inbound_at: datetime | None = None
    quality_rating: str | None = None
    messaging_limit: int | None = None  # None: unlimited or untold
    throughput_per_second: int | None = None
    missing_permissions: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    profile: BusinessProfile | None = None  # as it was last read; None where it never was
    heard: tuple[Heard, ...] = ()
    token_expires_at: datetime | None = None  # None: never, or untold
    check_due_at: datetime | None = None  # when it is looked after next; None: not at all
    read_at: datetime | None = None  # when the network was last asked how number and account are
    former_app_secret: str | None = None  # sealed; good until then beside the one in use
    former_app_secret_print: str | None = None
    former_secret_until: datetime | None = None
    close_after_idle_hours: int | None = None

    @property
    def can_send(self) -> bool:
        return self.state in (ChannelState.CONNECTED, ChannelState.DEGRADED)


def begun_a_day(numbers: Sequence[Channel]) -> int | None:
    """How many conversations the account of these numbers may begin in any 24 hours; None: as many as it likes.

    The network verifies and limits businesses, and tells of it by the number: what it told of one holds for all, and
    where it told of several limits, the highest. The numbers that can send were told of last.
    """
    told = [number for number in numbers if number.can_send] or numbers
    limits = [number.messaging_limit for number in told if number.business_verified]
    if not limits:
        return UNVERIFIED_ALLOWANCE
    return None if None in limits else max(limit for limit in limits if limit is not None)
