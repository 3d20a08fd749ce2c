"""A new number and its code: what is sent to the network, and what is told of waiting and of tries."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.channels.drafts import CODE_PAUSE, CODE_TRIES, LONG_PAUSE, ConnectionDraft, obstacle_of
from domain.error_codes import ErrorCode
from domain.errors import Refused
from domain.ids import BusinessAccountId, ConnectionDraftId, PhoneNumberId
from domain.people.actors import Role
from domain.ports.network import Failed, NotSent, Rejected, Unanswered
from domain.use_cases.channels.codes import (
    AddNumber,
    NumberNow,
    RequestCode,
    VerifyCode,
    add_number,
    request_code,
    verify_code,
)
from domain.use_cases.channels.discover import Discover, discover
from tests.builders import ACCOUNT, NOON, an_id
from tests.domain.one_desk import ADMIN, Desk, a_user_as, granted, open_desk, refused_as
from tests.domain.standins import a_number

NEW = PhoneNumberId("77")


@pytest.fixture
async def desk() -> Desk:
    desk = await open_desk()
    desk.network.its_numbers = [a_number(), a_number(NEW, connected=False, code_verified=False)]
    return desk


@pytest.fixture
async def draft(desk: Desk) -> ConnectionDraft:
    found = granted(await discover(desk.ports, ADMIN, Discover(access_token="the-token")))
    desk.network.asked.clear()
    return found


def number_now(answer: object) -> NumberNow:
    assert isinstance(answer, NumberNow), answer
    return answer


async def kept(desk: Desk, draft: ConnectionDraft) -> ConnectionDraft:
    found = await desk.ports.reader.by_ids(ConnectionDraft, draft.organization, [draft.id])
    return found[draft.id]


def said(now: NumberNow) -> Refused | None:
    assert now.refusal is None or isinstance(now.refusal, Refused)
    return now.refusal


# Adding


async def test_a_number_is_put_on_the_account_and_waits_for_its_code(desk: Desk, draft: ConnectionDraft) -> None:
    asked = AddNumber(draft.id, ACCOUNT, "+48 601 234 567", " Acme Łódź ")

    now = number_now(await add_number(desk.ports, ADMIN, asked))

    assert (now.number.phone_number, now.number.display_name) == ("+48601234567", "Acme Łódź")
    assert await kept(desk, draft) == now.draft
    place = now.draft.place_of(now.number.id)
    assert place is not None
    obstacle = obstacle_of(now.draft, *place, now.taken)
    assert obstacle is not None
    assert obstacle.code is ErrorCode.VERIFICATION_FAILED


async def test_one_in_the_local_form_is_of_the_organizations_country(desk: Desk, draft: ConnectionDraft) -> None:
    await desk.given(replace(await desk.organization(), country="United Kingdom"))

    now = number_now(await add_number(desk.ports, ADMIN, AddNumber(draft.id, ACCOUNT, "07700 900155", "Acme")))

    assert now.number.phone_number == "+447700900155"


async def test_one_that_the_account_has_already_is_not_added_twice(desk: Desk, draft: ConnectionDraft) -> None:
    asked = AddNumber(draft.id, ACCOUNT, "+48 601 234 567", "Acme")
    first = number_now(await add_number(desk.ports, ADMIN, asked))

    again = number_now(await add_number(desk.ports, ADMIN, asked))

    assert again.number == first.number
    assert [call for call in desk.network.asked if call.startswith("add_number")] == ["add_number +48601234567"]


async def test_one_that_can_not_be_read_back_is_there_all_the_same(desk: Desk, draft: ConnectionDraft) -> None:
    desk.network.failing["number"] = Unanswered("no")

    now = number_now(await add_number(desk.ports, ADMIN, AddNumber(draft.id, ACCOUNT, "+48601234567", "Acme")))

    assert (now.number.may_register, now.number.code_verified) == (True, False)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"phone_number": "601 234"}, ErrorCode.INVALID, "phoneNumber"),
        ({"display_name": " "}, ErrorCode.INVALID, "displayName"),
        ({"display_name": "x" * 201}, ErrorCode.INVALID, "displayName"),
        ({"account": BusinessAccountId("9")}, ErrorCode.NOT_FOUND, "businessAccountId"),
        ({"draft": ConnectionDraftId(an_id(9))}, ErrorCode.NOT_FOUND, "draftId"),
    ],
)
async def test_what_is_wrong_in_the_asking_is_named(
    desk: Desk, draft: ConnectionDraft, change: dict[str, str], code: ErrorCode, field: str
) -> None:
    asked = replace(AddNumber(draft.id, ACCOUNT, "+48601234567", "Acme"), **change)

    told = await add_number(desk.ports, ADMIN, asked)

    assert isinstance(told, Refused)
    assert (told.code, told.field) == (code, (field,))
    assert desk.network.asked == []


@pytest.mark.parametrize(
    ("failed", "code"),
    [
        (Rejected(100, "a personal WhatsApp account", subcode=2388001), ErrorCode.PERSONAL_ACCOUNT),
        (Rejected(100, "an existing account", subcode=2388001), ErrorCode.NUMBER_LINKED_ELSEWHERE),
        (NotSent("no"), ErrorCode.CHANNEL_UNAVAILABLE),
    ],
)
async def test_a_number_that_is_taken_says_how_to_free_it(
    desk: Desk, draft: ConnectionDraft, failed: Failed, code: ErrorCode
) -> None:
    desk.network.failing["add_number"] = failed

    assert refused_as(await add_number(desk.ports, ADMIN, AddNumber(draft.id, ACCOUNT, "+48601234567", "A"))) is code
    assert await kept(desk, draft) == draft


# Codes


async def test_a_code_is_asked_for_by_call_in_a_language(desk: Desk, draft: ConnectionDraft) -> None:
    now = number_now(await request_code(desk.ports, ADMIN, RequestCode(draft.id, NEW, True, "pt_BR")))

    assert desk.network.asked == ["request_code VOICE pt_BR"]
    assert (now.refusal, now.retry_at, now.tries_left) == (None, NOON + CODE_PAUSE, 2)


@pytest.mark.parametrize(
    ("failed", "retry_at", "code"),
    [
        (Rejected(136024, "later", 90.0), NOON + timedelta(seconds=90), ErrorCode.TRY_LATER),
        (Rejected(136024, "later"), NOON + LONG_PAUSE, ErrorCode.TRY_LATER),
        (Unanswered("no"), None, ErrorCode.CHANNEL_UNAVAILABLE),
    ],
)
async def test_a_code_that_is_not_sent_says_until_when_to_wait(
    desk: Desk, draft: ConnectionDraft, failed: Failed, retry_at: object, code: ErrorCode
) -> None:
    desk.network.failing["request_code"] = failed

    now = number_now(await request_code(desk.ports, ADMIN, RequestCode(draft.id, NEW)))

    told = said(now)
    assert told is not None
    assert (told.code, now.retry_at, now.tries_left) == (code, retry_at, 3)


async def test_a_language_that_is_none_is_refused(desk: Desk, draft: ConnectionDraft) -> None:
    assert refused_as(await request_code(desk.ports, ADMIN, RequestCode(draft.id, NEW, False, "English!"))) is (
        ErrorCode.INVALID
    )


@pytest.mark.parametrize("typed", ["123456", "123-456", " 123 456\n", "123\u2013456"])
async def test_the_right_code_makes_the_number_connectable(desk: Desk, draft: ConnectionDraft, typed: str) -> None:
    await request_code(desk.ports, ADMIN, RequestCode(draft.id, NEW))

    now = number_now(await verify_code(desk.ports, ADMIN, VerifyCode(draft.id, NEW, typed)))

    assert "verify_code 123456" in desk.network.asked
    assert (now.refusal, now.retry_at, now.tries_left) == (None, None, None)
    place = now.draft.place_of(NEW)
    assert place is not None
    assert obstacle_of(now.draft, *place, now.taken) is None
    assert await kept(desk, draft) == now.draft


async def test_one_that_was_right_is_right_though_the_number_can_not_be_read_back(
    desk: Desk, draft: ConnectionDraft
) -> None:
    desk.network.failing["number"] = Unanswered("no")

    now = number_now(await verify_code(desk.ports, ADMIN, VerifyCode(draft.id, NEW, "123456")))

    assert now.number.code_verified is True


async def test_a_wrong_code_three_times_leaves_none(desk: Desk, draft: ConnectionDraft) -> None:
    await request_code(desk.ports, ADMIN, RequestCode(draft.id, NEW))
    desk.network.failing["verify_code"] = Rejected(136025, "The code is wrong.")

    answers = [number_now(await verify_code(desk.ports, ADMIN, VerifyCode(draft.id, NEW, "000000"))) for _ in range(4)]

    assert [now.tries_left for now in answers] == [2, 1, 0, 0]
    assert {told.code for now in answers if (told := said(now))} == {ErrorCode.VERIFICATION_FAILED}
    assert {now.retry_at for now in answers} == {NOON + CODE_PAUSE}


async def test_a_new_code_may_be_entered_as_often(desk: Desk, draft: ConnectionDraft) -> None:
    desk.network.failing["verify_code"] = Rejected(136025, "The code is wrong.")
    await verify_code(desk.ports, ADMIN, VerifyCode(draft.id, NEW, "000000"))

    await request_code(desk.ports, ADMIN, RequestCode(draft.id, NEW))

    assert (await kept(desk, draft)).tries(NEW).wrong == 0
    now = number_now(await verify_code(desk.ports, ADMIN, VerifyCode(draft.id, NEW, "000000")))
    assert now.tries_left == CODE_TRIES - 1


@pytest.mark.parametrize(
    ("failed", "code", "wrong"),
    [
        (Rejected(4, "too many", 60.0), ErrorCode.TRY_LATER, 0),
        (Unanswered("HTML"), ErrorCode.CHANNEL_UNAVAILABLE, 0),
    ],
)
async def test_what_is_not_about_the_code_does_not_count_against_it(
    desk: Desk, draft: ConnectionDraft, failed: Failed, code: ErrorCode, wrong: int
) -> None:
    desk.network.failing["verify_code"] = failed

    now = number_now(await verify_code(desk.ports, ADMIN, VerifyCode(draft.id, NEW, "000000")))

    told = said(now)
    assert told is not None
    assert (told.code, now.tries_left) == (code, CODE_TRIES - wrong)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef"])
async def test_what_is_no_code_does_not_use_up_a_try(desk: Desk, draft: ConnectionDraft, typed: str) -> None:
    told = await verify_code(desk.ports, ADMIN, VerifyCode(draft.id, NEW, typed))

    assert refused_as(told) is ErrorCode.VERIFICATION_FAILED
    assert desk.network.asked == []


async def test_a_number_that_the_sign_in_does_not_reach_is_not_there(desk: Desk, draft: ConnectionDraft) -> None:
    other = PhoneNumberId("5")

    assert refused_as(await request_code(desk.ports, ADMIN, RequestCode(draft.id, other))) is ErrorCode.NOT_FOUND
    assert refused_as(await verify_code(desk.ports, ADMIN, VerifyCode(draft.id, other, "123456"))) is (
        ErrorCode.NOT_FOUND
    )
    gone = ConnectionDraftId(an_id(9))
    assert refused_as(await request_code(desk.ports, ADMIN, RequestCode(gone, NEW))) is ErrorCode.NOT_FOUND


async def test_only_who_may_connect_does_any_of_it(desk: Desk, draft: ConnectionDraft) -> None:
    supervisor = a_user_as(Role.SUPERVISOR)

    for answer in (
        await add_number(desk.ports, supervisor, AddNumber(draft.id, ACCOUNT, "+48601234567", "A")),
        await request_code(desk.ports, supervisor, RequestCode(draft.id, NEW)),
        await verify_code(desk.ports, supervisor, VerifyCode(draft.id, NEW, "123456")),
    ):
        assert refused_as(answer) is ErrorCode.FORBIDDEN
    assert desk.network.asked == []


@pytest.mark.parametrize("what", ["request", "verify"])
async def test_a_draft_that_goes_while_the_network_is_asked_is_gone(
    desk: Desk, draft: ConnectionDraft, what: str
) -> None:
    async def meanwhile() -> None:
        desk.network.meanwhile_asked = None
        async with desk.ports.store.transaction(draft.organization) as tx:
            found = await tx.row(ConnectionDraft, draft.id)
            assert found is not None
            tx.remove(found)

    desk.network.meanwhile_asked = meanwhile

    answer = (
        await request_code(desk.ports, ADMIN, RequestCode(draft.id, NEW))
        if what == "request"
        else await verify_code(desk.ports, ADMIN, VerifyCode(draft.id, NEW, "123456"))
    )

    assert refused_as(answer) is ErrorCode.NOT_FOUND
