"""What the network's words about a number mean: known ones decide, and an unknown one never counts as the worst."""

import pytest

from domain.channels.channels import Destination
from domain.channels.numbers import (
    ELSEWHERE,
    HOSTED,
    MOVED_AWAY,
    NAME_APPROVED,
    REGISTERED,
    SHUT,
    VERIFIED_BY_CODE,
    Held,
    NumberFacts,
    held_by,
    network_obstacle,
    place_obstacle,
)
from domain.error_codes import ErrorCode
from domain.ids import PhoneNumberId


def number(
    status: str | None = "PENDING",
    code: str | None = "VERIFIED",
    name: str | None = "APPROVED",
    platform: str | None = None,
) -> NumberFacts:
    return NumberFacts(PhoneNumberId("1"), "+15550783881", "Acme", status, code, name_status=name, platform=platform)


def refusal(facts: NumberFacts) -> ErrorCode | None:
    obstacle = network_obstacle(facts)
    return obstacle.code if obstacle is not None else None


@pytest.mark.parametrize("status", [status for status, registered in REGISTERED.items() if registered])
@pytest.mark.parametrize("code", [*VERIFIED_BY_CODE, "SOMETHING_NEW", None])
@pytest.mark.parametrize("name", [*NAME_APPROVED, "SOMETHING_NEW", None])
def test_a_number_in_use_connects_without_being_registered_whatever_its_code_and_name(
    status: str, code: str | None, name: str | None
) -> None:
    facts = number(status, code, name)

    assert (refusal(facts), facts.may_register) == (None, False)


@pytest.mark.parametrize("status", [status for status, registered in REGISTERED.items() if not registered])
@pytest.mark.parametrize(
    ("code", "name", "refused_as"),
    [
        ("VERIFIED", "APPROVED", None),
        ("VERIFIED", "AVAILABLE_WITHOUT_REVIEW", None),
        ("VERIFIED", "SOMETHING_NEW", None),
        ("SOMETHING_NEW", None, None),
        (None, "APPROVED", None),
        ("NOT_VERIFIED", "DECLINED", ErrorCode.VERIFICATION_FAILED),
        ("EXPIRED", "APPROVED", ErrorCode.VERIFICATION_FAILED),
        ("VERIFIED", "DECLINED", ErrorCode.DISPLAY_NAME_NOT_APPROVED),
        ("VERIFIED", "PENDING_REVIEW", ErrorCode.DISPLAY_NAME_NOT_APPROVED),
        ("VERIFIED", "EXPIRED", ErrorCode.DISPLAY_NAME_NOT_APPROVED),
        ("VERIFIED", "NONE", ErrorCode.DISPLAY_NAME_NOT_APPROVED),
    ],
)
def test_one_that_is_not_registered_needs_a_code_and_a_name(
    status: str, code: str | None, name: str | None, refused_as: ErrorCode | None
) -> None:
    facts = number(status, code, name)

    assert (refusal(facts), facts.may_register) == (refused_as, True)


@pytest.mark.parametrize(
    ("status", "platform", "registered"),
    [
        ("SOMETHING_NEW", "CLOUD_API", True),
        ("SOMETHING_NEW", "NOT_APPLICABLE", False),
        ("SOMETHING_NEW", "SOMETHING_NEW", None),
        (None, None, None),
        ("PENDING", "CLOUD_API", False),
        ("CONNECTED", "NOT_APPLICABLE", True),
    ],
)
def test_where_the_status_is_not_known_the_platform_tells(
    status: str | None, platform: str | None, registered: bool | None
) -> None:
    facts = number(status, platform=platform)

    assert (facts.registered, facts.may_register) == (registered, registered is False)
    assert refusal(facts) is None


@pytest.mark.parametrize(
    ("facts", "refused_as"),
    [
        *[(number(status), ErrorCode.NUMBER_LINKED_ELSEWHERE) for status in sorted(MOVED_AWAY)],
        *[
            (number("CONNECTED", platform=platform), ErrorCode.NUMBER_LINKED_ELSEWHERE)
            for platform in sorted(ELSEWHERE)
        ],
        *[(number(status), ErrorCode.CHANNEL_UNAVAILABLE) for status in sorted(SHUT)],
    ],
)
def test_what_can_never_be_connected_as_it_is_says_what_to_do(facts: NumberFacts, refused_as: ErrorCode) -> None:
    obstacle = network_obstacle(facts)

    assert obstacle is not None
    assert obstacle.code is refused_as
    assert obstacle.message
    assert obstacle.hint


def test_no_word_is_in_two_tables_of_one_field() -> None:
    assert not (REGISTERED.keys() & (SHUT | MOVED_AWAY))
    assert not (HOSTED.keys() & ELSEWHERE)


@pytest.mark.parametrize(
    ("held", "full", "refused_as"),
    [
        (None, False, None),
        (None, True, ErrorCode.TOO_MANY_NUMBERS),
        (Held.HELP_DESK, False, ErrorCode.CHANNEL_ALREADY_CONNECTED),
        (Held.INBOX, True, ErrorCode.CHANNEL_ALREADY_CONNECTED),
        (Held.ELSEWHERE, False, ErrorCode.NUMBER_LINKED_ELSEWHERE),
    ],
)
def test_a_number_is_connected_once_and_an_account_has_so_many(
    held: Held | None, full: bool, refused_as: ErrorCode | None
) -> None:
    obstacle = place_obstacle(held, full=full)

    assert (obstacle.code if obstacle else None) is refused_as


def test_one_in_the_inbox_is_said_to_be_there() -> None:
    here, inbox = (place_obstacle(held_by(each), full=False) for each in (Destination.HELP_DESK, Destination.INBOX))

    assert here is not None
    assert inbox is not None
    assert "inbox" in inbox.message
    assert "inbox" not in here.message
