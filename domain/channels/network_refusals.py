"""What the network's refusal means to whoever connects a number: a code, a sentence, and something that can be done.

Decided by the network's codes alone; an unknown one is told in the network's own words.
Source: WhatsApp Business Platform, "Error codes", "Registration"; "Embedded Signup errors".
"""

from collections.abc import Mapping
from typing import Protocol

from domain.channels.channels import ProblemCode
from domain.channels.health.cannot_send import problem_in
from domain.channels.numbers import NAME_NOT_APPROVED, NO_RIGHT, ON_WHATSAPP, PERSONAL, TOO_MANY, Obstacle
from domain.error_codes import ErrorCode
from domain.errors import Refused


class Said(Protocol):
    """A refusal of the network, in its own code and words."""

    @property
    def code(self) -> int | None: ...

    @property
    def subcode(self) -> int | None: ...

    @property
    def message(self) -> str: ...


TAKEN_ON_WHATSAPP = 2388001  # "This number is registered to an existing WhatsApp account"

_LATER = "Wait as long as it says, then try again."
_MEANINGS: Mapping[int, Obstacle] = {
    4: Obstacle(ErrorCode.TRY_LATER, "The app makes too many calls to the network.", "Try again in an hour."),
    80007: Obstacle(ErrorCode.TRY_LATER, "The account makes too many calls to the network.", "Try again in an hour."),
    80008: Obstacle(ErrorCode.TRY_LATER, "The account makes too many calls to the network.", "Try again in an hour."),
    131031: Obstacle(
        ErrorCode.CHANNEL_UNAVAILABLE,
        "The network has locked the business account.",
        "Look in WhatsApp Manager what the account is accused of, and appeal there.",
    ),
    131037: NAME_NOT_APPROVED,
    133000: Obstacle(ErrorCode.TRY_LATER, "An earlier deregistration is still going on.", "Try again in 5 minutes."),
    133004: Obstacle(ErrorCode.TRY_LATER, "The network can't register numbers now.", "Try again in a few minutes."),
    133005: Obstacle(
        ErrorCode.INVALID,
        "The number is protected by another PIN.",
        "Enter the six digits that were set before, or set new ones in WhatsApp Manager under Phone numbers, Two-step"
        " verification.",
        "pin",
    ),
    133006: Obstacle(
        ErrorCode.VERIFICATION_FAILED,
        "The number has to be verified by a code once more.",
        "Ask for a code by text message or call, and enter it.",
    ),
    133008: Obstacle(ErrorCode.TRY_LATER, "A wrong PIN was tried too often.", _LATER, "pin"),
    133009: Obstacle(ErrorCode.TRY_LATER, "PINs were tried too fast.", _LATER, "pin"),
    133015: Obstacle(ErrorCode.TRY_LATER, "The number was deleted a moment ago.", "Try again in 5 minutes."),
    133016: Obstacle(
        ErrorCode.TRY_LATER,
        "The number was registered and deregistered ten times in three days.",
        "The network takes it again after 72 hours.",
    ),
    136024: Obstacle(
        ErrorCode.TRY_LATER,
        "The network did not send a code.",
        "Wait before the next one, check that the number can be reached, or take the other way: a call instead of a"
        " text message.",
    ),
    136025: Obstacle(
        ErrorCode.VERIFICATION_FAILED,
        "The network did not take the code.",
        "Enter the newest code exactly as it came, or ask for a new one.",
        "code",
    ),
    1752041: ON_WHATSAPP,
}
_SUBCODES: Mapping[tuple[int, int], Obstacle] = {
    (100, TAKEN_ON_WHATSAPP): ON_WHATSAPP,
    (100, 33): NO_RIGHT,
}


def network_refusal(said: Said, step: str, field: str) -> Refused:
    """`step` says what was being done, `field` what of the input it was done with."""
    found = _meaning(said)
    if found is None:
        return Refused(ErrorCode.INVALID, f"{step}: the network refused it: {said.message}", (field,))
    told = f"{step}: {found.message} {found.hint} The network said: {said.message}"
    return Refused(found.code, told, (found.field if found.field in ("pin", "code") else field,))


def is_wrong_pin(said: Said) -> bool:
    return said.code == 133005


def is_wrong_code(said: Said) -> bool:
    return said.code == 136025


def _meaning(said: Said) -> Obstacle | None:
    code = said.code
    if code is None:
        return None
    problem = problem_in(code)
    if problem is ProblemCode.TOKEN_INVALID:
        return Obstacle(
            ErrorCode.INVALID, "The access token is no longer good.", "Sign in again, or make a new token.", "draftId"
        )
    if problem is ProblemCode.PERMISSION_MISSING:
        return NO_RIGHT
    found = _SUBCODES.get((code, said.subcode)) if said.subcode is not None else None
    if found is ON_WHATSAPP and "personal" in said.message.casefold():  # no code tells them apart
        return PERSONAL
    if found is None and code == 100 and "maximum number of phone numbers" in said.message.casefold():
        return TOO_MANY
    return found or _MEANINGS.get(code)
