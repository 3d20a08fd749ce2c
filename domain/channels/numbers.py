"""What the network says of a business number and its account, and whether the number can be connected.

The network's words are kept as they come. What they mean stands in tables of known values, each of which decides only
what is known of it: a value that is new, or missing, never counts as the worst one. Source: WhatsApp Business Platform,
"Business phone numbers", "Display names".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from domain.channels.channels import Destination
from domain.error_codes import ErrorCode
from domain.ids import BusinessAccountId, PhoneNumberId

REGISTERED: Mapping[str, bool] = {
    "CONNECTED": True,
    "FLAGGED": True,
    "RESTRICTED": True,
    "RATE_LIMITED": True,
    "PENDING": False,
    "DISCONNECTED": False,
    "UNVERIFIED": False,
}
"""By the number's status: whether it is registered, and able to send as far as the rest allows."""

SHUT: frozenset[str] = frozenset({"BANNED", "DELETED"})
MOVED_AWAY: frozenset[str] = frozenset({"MIGRATED"})

HOSTED: Mapping[str, bool] = {"CLOUD_API": True, "NOT_APPLICABLE": False}
"""By the platform, where the status is none of the known: whether the Cloud API has the number."""

ELSEWHERE: frozenset[str] = frozenset({"ON_PREMISE", "ON_PREMISES"})

VERIFIED_BY_CODE: Mapping[str, bool] = {"VERIFIED": True, "NOT_VERIFIED": False, "EXPIRED": False}
"""An expired code has to be asked for anew before a number is registered; one that is in use goes on."""

NAME_APPROVED: Mapping[str, bool] = {
    "APPROVED": True,
    "AVAILABLE_WITHOUT_REVIEW": True,
    "PENDING_REVIEW": False,
    "DECLINED": False,
    "EXPIRED": False,
    "NONE": False,
}


@dataclass(frozen=True, slots=True)
class AccountFacts:
    id: BusinessAccountId
    name: str
    verified: bool


@dataclass(frozen=True, slots=True)
class NumberFacts:
    """A number as the network tells of it; None for what it did not say."""

    id: PhoneNumberId
    phone_number: str  # E.164
    display_name: str
    status: str | None = None
    code_status: str | None = None
    quality_rating: str | None = None
    messaging_limit: int | None = None
    throughput_per_second: int | None = None
    name_status: str | None = None
    platform: str | None = None

    @property
    def registered(self) -> bool | None:
        """None where neither status nor platform says anything that is known."""
        known = REGISTERED.get(self.status or "")
        return HOSTED.get(self.platform or "") if known is None else known

    @property
    def code_verified(self) -> bool | None:
        return VERIFIED_BY_CODE.get(self.code_status or "")

    @property
    def name_approved(self) -> bool | None:
        return NAME_APPROVED.get(self.name_status or "")

    @property
    def may_register(self) -> bool:
        """Whether it is known not to be registered. The network counts such calls, so a guess is none."""
        return self.registered is False


class Held(StrEnum):
    """Who has a number that is asked for."""

    HELP_DESK = "HELP_DESK"  # ours
    INBOX = "INBOX"  # ours
    ELSEWHERE = "ELSEWHERE"  # another organization


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a number can't be connected, and what to do about it."""

    code: ErrorCode
    message: str
    hint: str
    field: str = "phoneNumberId"


def held_by(destination: Destination) -> Held:
    return Held.HELP_DESK if destination is Destination.HELP_DESK else Held.INBOX


def place_obstacle(held: Held | None, *, full: bool) -> Obstacle | None:
    """What stands against it on our side: it is connected, here or elsewhere, or the account has no place left."""
    match held:
        case Held.HELP_DESK:
            return Obstacle(
                ErrorCode.CHANNEL_ALREADY_CONNECTED,
                "This number is connected here already.",
                "Disconnect it first to connect it anew.",
            )
        case Held.INBOX:
            return Obstacle(
                ErrorCode.CHANNEL_ALREADY_CONNECTED,
                "This number is connected here already, to the shared inbox.",
                "Disconnect it from the inbox first; then the help desk can have it. Its conversations stay.",
            )
        case Held.ELSEWHERE:
            return LINKED_ELSEWHERE
        case None:
            return TOO_MANY if full else None
        case _:
            assert_never(held)


def network_obstacle(number: NumberFacts) -> Obstacle | None:
    """What the network's word of the number says against it. A number that is in use needs neither code nor name."""
    if number.status in MOVED_AWAY or number.platform in ELSEWHERE:
        return MOVED
    if number.status == "BANNED":
        return BANNED
    if number.status in SHUT:
        return DELETED
    if not number.may_register:
        return None
    if number.code_verified is False:
        return UNVERIFIED
    if number.name_approved is False:
        return NAME_NOT_APPROVED
    return None


LINKED_ELSEWHERE = Obstacle(
    ErrorCode.NUMBER_LINKED_ELSEWHERE,
    "This number is connected elsewhere.",
    "It has to be disconnected there first. Then look again.",
)
ON_WHATSAPP = Obstacle(
    ErrorCode.NUMBER_LINKED_ELSEWHERE,
    "This number is registered with another WhatsApp account.",
    "Free it there: in the WhatsApp Business app under Settings, Account, Delete my account; with another provider,"
    " have it deregistered. Wait three minutes, then try again.",
)
MOVED = Obstacle(
    ErrorCode.NUMBER_LINKED_ELSEWHERE,
    "This number is run by another integration.",
    "Have that integration deregister or migrate it to the Cloud API. Then look again.",
)
PERSONAL = Obstacle(
    ErrorCode.PERSONAL_ACCOUNT,
    "This is the number of a personal WhatsApp account.",
    "Move it to the WhatsApp Business app, or delete the personal account on the phone (Settings, Account, Delete my"
    " account), wait three minutes, then add the number again.",
    "phoneNumber",
)
TOO_MANY = Obstacle(
    ErrorCode.TOO_MANY_NUMBERS,
    "A business account has at most 25 numbers here.",
    "Disconnect a number of this account that is not used any more, or take another account.",
    "businessAccountId",
)
BANNED = Obstacle(
    ErrorCode.CHANNEL_UNAVAILABLE,
    "The network has shut this number.",
    "Appeal in WhatsApp Manager under Account tools, Phone numbers; connect it once the network has opened it again.",
)
DELETED = Obstacle(
    ErrorCode.CHANNEL_UNAVAILABLE,
    "This number was deleted from the account.",
    "Add it to the account again.",
)
UNVERIFIED = Obstacle(
    ErrorCode.VERIFICATION_FAILED,
    "The number has to be verified by a code first.",
    "Ask for a code by text message or call, and enter it.",
)
NAME_NOT_APPROVED = Obstacle(
    ErrorCode.DISPLAY_NAME_NOT_APPROVED,
    "The network has not approved the number's display name.",
    "Look in WhatsApp Manager under Phone numbers what it says of the name: wait for the review, or ask for a name that"
    " fits the business.",
)
NO_RIGHT = Obstacle(
    ErrorCode.PERMISSION_MISSING,
    "The access does not reach this account with all it needs.",
    "In Meta's business settings give the app's system user full control of the WhatsApp account, or sign in as an"
    " administrator of the business; then sign in again.",
    "businessAccountId",
)
