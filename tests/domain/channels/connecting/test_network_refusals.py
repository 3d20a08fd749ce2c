"""What the network's refusals while a number is connected come to."""

import pytest

from domain.channels.network_refusals import network_refusal
from domain.error_codes import ErrorCode
from domain.errors import Refused
from domain.ports.network import Rejected


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        (Rejected(190, "expired"), ErrorCode.INVALID, "field"),
        (Rejected(0, "expired"), ErrorCode.INVALID, "field"),
        (Rejected(10, "no"), ErrorCode.PERMISSION_MISSING, "field"),
        (Rejected(3, "no"), ErrorCode.PERMISSION_MISSING, "field"),
        (Rejected(200, "no"), ErrorCode.PERMISSION_MISSING, "field"),
        (Rejected(299, "no"), ErrorCode.PERMISSION_MISSING, "field"),
        (Rejected(100, "no", subcode=33), ErrorCode.PERMISSION_MISSING, "field"),
        (Rejected(100, "no", subcode=34), ErrorCode.INVALID, "field"),
        (Rejected(100, "no"), ErrorCode.INVALID, "field"),
        (Rejected(100, "reached the maximum number of phone numbers"), ErrorCode.TOO_MANY_NUMBERS, "field"),
        (Rejected(None, "no"), ErrorCode.INVALID, "field"),
        (Rejected(100, "taken", subcode=2388001), ErrorCode.NUMBER_LINKED_ELSEWHERE, "field"),
        (Rejected(100, "a Personal account", subcode=2388001), ErrorCode.PERSONAL_ACCOUNT, "field"),
        (Rejected(1752041, "asked already"), ErrorCode.NUMBER_LINKED_ELSEWHERE, "field"),
        (Rejected(131037, "name"), ErrorCode.DISPLAY_NAME_NOT_APPROVED, "field"),
        (Rejected(133005, "PIN"), ErrorCode.INVALID, "pin"),
        (Rejected(133006, "verify"), ErrorCode.VERIFICATION_FAILED, "field"),
        (Rejected(133008, "guesses"), ErrorCode.TRY_LATER, "pin"),
        (Rejected(133016, "72 h"), ErrorCode.TRY_LATER, "field"),
        (Rejected(136024, "later"), ErrorCode.TRY_LATER, "field"),
        (Rejected(136025, "wrong"), ErrorCode.VERIFICATION_FAILED, "code"),
        (Rejected(80007, "busy"), ErrorCode.TRY_LATER, "field"),
        (Rejected(131031, "locked"), ErrorCode.CHANNEL_UNAVAILABLE, "field"),
        (Rejected(999_999, "new"), ErrorCode.INVALID, "field"),
    ],
)
def test_each_is_told_with_its_step_and_the_networks_words(said: Rejected, code: ErrorCode, field: str) -> None:
    told = network_refusal(said, "Doing it", "field")

    assert isinstance(told, Refused)
    assert (told.code, told.field) == (code, (field,))
    assert told.message.startswith("Doing it: ")
    assert said.message in told.message
