"""Drafts: what of them can be connected, how codes go, and what is needed first."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.channels.channels import ChannelState, Destination
from domain.channels.drafts import (
    CODE_PAUSE,
    CODE_TRIES,
    CODES_AT_ONCE,
    LONG_PAUSE,
    CodeTries,
    ConnectionDraft,
    DraftAccount,
    PrerequisiteState,
    code_asked,
    code_tries_left,
    code_wrong,
    codes_left,
    comes_back,
    obstacle_of,
    prerequisites,
    taken,
    told_to_wait,
    with_number,
    with_tries,
)
from domain.channels.numbers import AccountFacts, Held, NumberFacts
from domain.error_codes import ErrorCode
from domain.ids import BusinessAccountId, ChannelId, ConnectionDraftId, PhoneNumberId
from domain.people.actors import ByUser
from tests.builders import ACCOUNT, ACME, MINUTE, NOON, NUMBER, USER, a_channel, an_id, an_organization
from tests.domain.one_desk import ADMIN, AGENT
from tests.domain.standins import a_number

PERMISSIONS = ("whatsapp_business_management", "whatsapp_business_messaging")
OTHER = PhoneNumberId("2")


def a_draft(*numbers: NumberFacts, in_full: bool = True) -> ConnectionDraft:
    return ConnectionDraft(
        ACME,
        ConnectionDraftId(an_id(1)),
        ByUser(USER),
        NOON,
        NOON + MINUTE,
        access_token="sealed",
        permissions=PERMISSIONS,
        accounts=(DraftAccount(AccountFacts(ACCOUNT, "Acme", True), numbers or (a_number(),), in_full),),
    )


def refusal(draft: ConnectionDraft, *channels_elsewhere: PhoneNumberId) -> ErrorCode | None:
    obstacle = obstacle_of(draft, draft.accounts[0], draft.accounts[0].numbers[0], taken([], channels_elsewhere))
    return obstacle.code if obstacle is not None else None


def test_a_draft_is_of_whoever_signed_in_and_good_until_it_runs_out() -> None:
    draft = a_draft()

    assert draft.is_of(ADMIN) is (ADMIN.author == draft.author)
    assert not draft.is_of(replace(AGENT, author=ByUser(USER + "x")))  # pyright: ignore[reportArgumentType]
    assert draft.is_good(NOON)
    assert not draft.is_good(NOON + MINUTE)
    assert not replace(draft, access_token=None).is_good(NOON)


@pytest.mark.parametrize(
    ("known", "told", "at", "good"),
    [
        ("print", "print", NOON, True),
        ("print", "other", NOON, False),
        (None, "print", NOON, False),
        ("print", "print", NOON + MINUTE, False),
    ],
)
def test_a_sign_in_comes_back_once_in_time_with_its_word(known: str | None, told: str, at: object, good: bool) -> None:
    draft = replace(a_draft(), state_print=known)

    assert comes_back(draft, told, at) is good  # pyright: ignore[reportArgumentType]


def test_what_stands_against_a_number() -> None:
    assert refusal(a_draft()) is None
    assert refusal(replace(a_draft(), permissions=PERMISSIONS[:1])) is ErrorCode.PERMISSION_MISSING
    assert refusal(a_draft(in_full=False)) is ErrorCode.PERMISSION_MISSING
    assert refusal(a_draft(), NUMBER) is ErrorCode.NUMBER_LINKED_ELSEWHERE
    assert refusal(a_draft(a_number(connected=False, code_verified=False))) is ErrorCode.VERIFICATION_FAILED


def test_what_is_connected_here_counts_and_what_is_disconnected_does_not() -> None:
    channels = [
        a_channel(),
        a_channel(ChannelId(an_id(2)), phone_number_id=OTHER, destination=Destination.INBOX),
        a_channel(ChannelId(an_id(3)), phone_number_id=PhoneNumberId("3"), state=ChannelState.DISCONNECTED),
    ]

    by = taken(channels, [NUMBER, PhoneNumberId("4")])

    assert by.numbers == {NUMBER: Held.HELP_DESK, OTHER: Held.INBOX, PhoneNumberId("4"): Held.ELSEWHERE}
    assert (by.left(ACCOUNT), by.left(BusinessAccountId("77"))) == (23, 25)
    assert not by.is_full(ACCOUNT)


def test_a_number_is_changed_in_its_place_or_comes_last() -> None:
    draft = a_draft(a_number(), a_number(OTHER))
    verified, new = a_number(code_verified=False), a_number(PhoneNumberId("3"))

    after = with_number(with_number(draft, ACCOUNT, verified), ACCOUNT, new)

    assert after.accounts[0].numbers == (verified, a_number(OTHER), new)
    assert with_number(draft, BusinessAccountId("77"), new) == draft
    assert after.place_of(new.id) == (after.accounts[0], new)
    assert after.place_of(PhoneNumberId("9")) is None
    assert after.account(ACCOUNT) == after.accounts[0]
    assert after.account(BusinessAccountId("77")) is None


def test_codes_are_counted_a_wrong_one_and_the_next() -> None:
    asked = code_asked(CodeTries(NUMBER), NOON)
    wrong = code_wrong(code_wrong(asked, NOON), NOON)

    assert (asked.wait_until, codes_left(asked), code_tries_left(asked)) == (NOON + CODE_PAUSE, 2, CODE_TRIES)
    assert code_tries_left(wrong) == CODE_TRIES - 2
    assert code_tries_left(code_wrong(code_wrong(wrong, NOON), NOON)) == 0, "never below"
    assert code_tries_left(code_asked(wrong, NOON)) == CODE_TRIES, "a new code may be entered as often"


def test_after_some_codes_there_is_a_long_pause() -> None:
    tries = CodeTries(NUMBER)
    for _ in range(CODES_AT_ONCE):
        tries = code_asked(tries, NOON)

    assert tries.wait_until == NOON + LONG_PAUSE


@pytest.mark.parametrize(("told_s", "until"), [(90.0, NOON + timedelta(seconds=90)), (None, NOON + LONG_PAUSE)])
def test_the_network_says_how_long_to_wait_or_it_is_as_long_as_it_is_known_to_be(
    told_s: float | None, until: object
) -> None:
    assert told_to_wait(CodeTries(NUMBER), NOON, told_s).wait_until == until


def test_a_longer_wait_that_was_told_before_stands() -> None:
    later = replace(CodeTries(NUMBER), wait_until=NOON + 2 * LONG_PAUSE)

    assert told_to_wait(later, NOON, 1.0).wait_until == NOON + 2 * LONG_PAUSE


def test_tries_are_kept_by_number() -> None:
    one, other = code_asked(CodeTries(NUMBER), NOON), CodeTries(OTHER, asked=2)

    draft = with_tries(with_tries(with_tries(a_draft(), CodeTries(NUMBER)), other), one)

    assert (draft.tries(NUMBER), draft.tries(OTHER), draft.tries(PhoneNumberId("9"))) == (
        one,
        other,
        CodeTries(PhoneNumberId("9")),
    )


def states(*args: object) -> dict[str, PrerequisiteState]:
    return {each.name: each.state for each in prerequisites(*args)}  # pyright: ignore[reportArgumentType]


def test_what_is_needed_first_without_a_sign_in() -> None:
    told = states(an_organization(), None)

    assert list(told) == [
        "Legal name",
        "Display name",
        "Website",
        "Company email",
        "Administrator right",
        "Access to the number",
        "Calls reach a person",
    ]
    assert told["Legal name"] is PrerequisiteState.MISSING
    assert told["Administrator right"] is PrerequisiteState.UNCHECKED


def test_what_is_needed_first_with_one() -> None:
    organization = replace(an_organization(), legal_name="Acme Ltd.", website="https://a.example", email="a@a.example")

    told = states(organization, a_draft())

    assert set(list(told.values())[:5]) == {PrerequisiteState.MET}
    assert set(list(told.values())[5:]) == {PrerequisiteState.UNCHECKED}


@pytest.mark.parametrize(
    ("draft", "name", "state"),
    [
        (a_draft(in_full=False), "Administrator right", PrerequisiteState.MISSING),
        (replace(a_draft(), permissions=()), "Administrator right", PrerequisiteState.MISSING),
        (replace(a_draft(), accounts=()), "Administrator right", PrerequisiteState.MISSING),
        (replace(a_draft(), accounts=()), "Display name", PrerequisiteState.UNCHECKED),
        (a_draft(replace(a_number(), name_status="DECLINED")), "Display name", PrerequisiteState.MISSING),
        (
            a_draft(replace(a_number(), name_status="DECLINED"), a_number(OTHER)),
            "Display name",
            PrerequisiteState.MET,
        ),
    ],
)
def test_what_a_sign_in_tells_of_it(draft: ConnectionDraft, name: str, state: PrerequisiteState) -> None:
    assert states(an_organization(), draft)[name] is state
