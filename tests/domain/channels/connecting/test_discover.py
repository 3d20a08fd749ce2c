"""Signing in at the network: what a code or a token reaches, and whose the draft is."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.channels.drafts import DRAFTS_KEPT, LIVES, SIGN_IN_WITHIN, ConnectionDraft, Taken, obstacle_of
from domain.error_codes import ErrorCode
from domain.errors import Refusal
from domain.ids import BusinessAccountId, PhoneNumberId
from domain.people.actors import Actor, Role, Scope
from domain.people.organizations import User
from domain.ports.directory import DirectoryEntry
from domain.ports.network import Failed, NotSent, Rejected, TokenFacts, Unanswered
from domain.use_cases.channels.discover import (
    ACCOUNTS_AT_MOST,
    DRAFTS_AT_MOST,
    REACHED_WITHIN,
    Discover,
    SignInBegun,
    begin_sign_in,
    discover,
    finish_sign_in,
)
from domain.use_cases.channels.drafts import open_draft
from domain.use_cases.moderation.retention import forget_drafts
from tests.builders import ACCOUNT, ACME, GLOBEX, NOON, USER, a_user, an_api_key, an_organization
from tests.domain.one_desk import ADMIN, Desk, a_key_for, a_user_as, granted, open_desk, refused_as
from tests.domain.standins import Vault, a_number

BOTH = frozenset({"whatsapp_business_management", "whatsapp_business_messaging"})
OTHER_ACCOUNT = BusinessAccountId("900")


@pytest.fixture
async def desk() -> Desk:
    desk = await open_desk()
    desk.network.own_app = "300"
    async with desk.ports.store.transaction(ACME) as tx:
        await tx.enlist(DirectoryEntry.ORGANIZATION, "acme", ACME)
    return desk


async def with_token(desk: Desk, token: str = "the-token", by: Actor = ADMIN) -> ConnectionDraft | Refusal:
    return await discover(desk.ports, by, Discover(access_token=token))


async def stored(desk: Desk) -> list[ConnectionDraft]:
    return await desk.ports.reader.all_of(ConnectionDraft, ACME, "created_at")


async def test_a_token_reaches_accounts_and_numbers_and_is_sealed(desk: Desk) -> None:
    desk.network.token = TokenFacts(
        True, BOTH, "300", None, {each: frozenset({ACCOUNT, OTHER_ACCOUNT}) for each in BOTH}
    )

    draft = granted(await with_token(desk))

    assert [each.facts.id for each in draft.accounts] == [ACCOUNT, OTHER_ACCOUNT]
    assert draft.expires_at == NOON + LIVES
    assert draft.access_token == Vault().seal(ACME, "access_token", "the-token")
    assert await stored(desk) == [draft]
    assert await desk.events() == []
    assert "accounts_reached" not in desk.network.asked


@pytest.mark.parametrize("pasted", [" the-token\n", "the-\r\ntoken", "\tthe-token "])
async def test_a_token_pasted_with_line_breaks_is_the_token(desk: Desk, pasted: str) -> None:
    granted(await with_token(desk, pasted))

    assert desk.network.tokens == {"the-token"}


@pytest.mark.parametrize("pasted", ["", " \n", "tökén", "x" * 4097])
async def test_what_is_no_token_is_refused_before_the_network_is_asked(desk: Desk, pasted: str) -> None:
    assert refused_as(await with_token(desk, pasted)) is ErrorCode.INVALID
    assert desk.network.asked == []


async def test_a_code_is_exchanged_before_anything_else(desk: Desk) -> None:
    draft = granted(await discover(desk.ports, ADMIN, Discover(signup_code="abc")))

    assert desk.network.asked[0] == "exchanged"
    assert draft.access_token == Vault().seal(ACME, "access_token", "token-of-abc")


@pytest.mark.parametrize(
    ("failed", "code"),
    [
        (Rejected(100, "This authorization code has expired."), ErrorCode.INVALID),
        (NotSent("no"), ErrorCode.CHANNEL_UNAVAILABLE),
        (Unanswered("no"), ErrorCode.CHANNEL_UNAVAILABLE),
    ],
)
async def test_a_code_that_ran_out_or_is_another_apps_says_to_sign_in_again(
    desk: Desk, failed: Failed, code: ErrorCode
) -> None:
    desk.network.failing["exchanged"] = failed

    assert refused_as(await discover(desk.ports, ADMIN, Discover(signup_code="abc"))) is code
    assert await stored(desk) == []


@pytest.mark.parametrize("code", ["", "x" * 2049, "käse", "a\nb"])
async def test_what_is_no_code_is_refused_before_the_network_is_asked(desk: Desk, code: str) -> None:
    assert refused_as(await discover(desk.ports, ADMIN, Discover(signup_code=code))) is ErrorCode.INVALID
    assert desk.network.asked == []


async def test_a_token_that_names_no_accounts_is_asked_for_all_of_its_businesses(desk: Desk) -> None:
    desk.network.reached = [OTHER_ACCOUNT]

    draft = granted(await with_token(desk))

    assert [each.facts.id for each in draft.accounts] == [OTHER_ACCOUNT]


async def test_one_that_may_not_list_its_businesses_is_no_worse_for_it(desk: Desk) -> None:
    desk.network.failing["accounts_reached"] = Rejected(10, "no")

    assert granted(await with_token(desk)).accounts == ()


async def test_a_missing_permission_is_shown_and_stands_against_each_number(desk: Desk) -> None:
    desk.network.token = TokenFacts(True, frozenset({"whatsapp_business_management"}))

    draft = granted(await with_token(desk))

    [account] = draft.accounts
    obstacle = obstacle_of(draft, account, account.numbers[0], (await opened(desk, draft)))
    assert obstacle is not None
    assert obstacle.code is ErrorCode.PERMISSION_MISSING
    assert draft.permissions == ("whatsapp_business_management",)


async def opened(desk: Desk, draft: ConnectionDraft) -> Taken:
    return granted(await open_draft(desk.ports, ADMIN, draft.id)).taken


async def test_without_the_right_to_manage_there_is_nothing_to_list(desk: Desk) -> None:
    desk.network.token = TokenFacts(True, frozenset({"whatsapp_business_messaging"}))

    assert granted(await with_token(desk)).accounts == ()
    assert desk.network.asked == ["token_facts"]


@pytest.mark.parametrize("step", ["account_facts", "numbers"])
async def test_an_account_that_is_refused_is_shown_as_not_reached_in_full(desk: Desk, step: str) -> None:
    desk.network.failing[step] = Rejected(200, "no")

    [account] = granted(await with_token(desk)).accounts

    assert (account.in_full, account.numbers) == (False, ())


async def test_an_account_that_only_one_permission_was_given_for_is_not_either(desk: Desk) -> None:
    desk.network.token = TokenFacts(
        True,
        BOTH,
        "300",
        None,
        {
            "whatsapp_business_management": frozenset({ACCOUNT}),
            "whatsapp_business_messaging": frozenset({OTHER_ACCOUNT}),
        },
    )

    assert [each.in_full for each in granted(await with_token(desk)).accounts] == [False, False]


async def test_an_account_without_numbers_is_shown(desk: Desk) -> None:
    desk.network.its_numbers = []

    [account] = granted(await with_token(desk)).accounts

    assert (account.in_full, account.numbers) == (True, ())


@pytest.mark.parametrize("failed", [NotSent("no"), Unanswered("HTML")])
@pytest.mark.parametrize("step", ["token_facts", "accounts_reached", "account_facts", "numbers"])
async def test_a_network_in_trouble_is_asked_again_later(desk: Desk, step: str, failed: Failed) -> None:
    desk.network.failing[step] = failed

    assert refused_as(await with_token(desk)) is ErrorCode.CHANNEL_UNAVAILABLE
    assert await stored(desk) == []

    del desk.network.failing[step]
    granted(await with_token(desk))


async def takes_for_each_call(desk: Desk, time: timedelta) -> None:
    async def passes() -> None:
        desk.later(time)

    desk.network.reached = [BusinessAccountId(str(number)) for number in range(ACCOUNTS_AT_MOST)]
    desk.network.meanwhile_asked = passes


async def test_a_slow_network_is_asked_for_no_further_account_after_a_minute(desk: Desk) -> None:
    await takes_for_each_call(desk, REACHED_WITHIN / 5)

    refusal = await with_token(desk)

    assert refused_as(refusal) is ErrorCode.CHANNEL_UNAVAILABLE
    assert "60 seconds" in str(refusal)
    assert desk.network.asked == ["token_facts", "accounts_reached", *["account_facts", "numbers"] * 2]
    assert await stored(desk) == []


async def test_as_many_accounts_as_are_listed_are_read_where_it_is_not_slow(desk: Desk) -> None:
    calls = 2 + 2 * ACCOUNTS_AT_MOST
    await takes_for_each_call(desk, REACHED_WITHIN / calls)

    assert len(granted(await with_token(desk)).accounts) == ACCOUNTS_AT_MOST
    assert len(desk.network.asked) == calls


@pytest.mark.parametrize(
    "facts", [TokenFacts(False, frozenset()), TokenFacts(True, BOTH, "999")], ids=["not valid", "of another app"]
)
async def test_a_token_that_is_not_good_here_is_refused(desk: Desk, facts: TokenFacts) -> None:
    desk.network.token = facts

    assert refused_as(await with_token(desk)) is ErrorCode.INVALID


@pytest.mark.parametrize("actor", [a_user_as(Role.SUPERVISOR), a_key_for(Scope.READ)])
async def test_only_who_may_connect_finds_out(desk: Desk, actor: Actor) -> None:
    assert refused_as(await with_token(desk, by=actor)) is ErrorCode.FORBIDDEN
    assert refused_as(await begin_sign_in(desk.ports, actor)) is ErrorCode.FORBIDDEN
    assert desk.network.asked == []


async def test_a_draft_is_nobody_elses_and_runs_out(desk: Desk) -> None:
    draft = granted(await with_token(desk))

    assert granted(await open_draft(desk.ports, ADMIN, draft.id)).token == "the-token"
    assert refused_as(await open_draft(desk.ports, a_key_for(Scope.ADMIN), draft.id)) is ErrorCode.NOT_FOUND
    assert refused_as(await open_draft(desk.ports, a_user_as(Role.ADMIN, GLOBEX), draft.id)) is ErrorCode.NOT_FOUND

    desk.later(LIVES)
    assert refused_as(await open_draft(desk.ports, ADMIN, draft.id)) is ErrorCode.NOT_FOUND


async def test_one_whose_key_is_gone_is_gone(desk: Desk) -> None:
    draft = granted(await with_token(desk))
    await desk.given(replace(draft, access_token="sealed with a key that is gone"))

    assert refused_as(await open_draft(desk.ports, ADMIN, draft.id)) is ErrorCode.NOT_FOUND


async def test_a_day_after_it_ran_out_it_is_forgotten(desk: Desk) -> None:
    granted(await with_token(desk))
    desk.later(LIVES + DRAFTS_KEPT)
    assert await forget_drafts(desk.ports, ACME) == 0

    desk.later(LIVES)

    assert await forget_drafts(desk.ports, ACME) == 1
    assert await stored(desk) == []


# By redirect


async def begun(desk: Desk, by: Actor = ADMIN) -> tuple[SignInBegun, str]:
    sign_in = await begin_sign_in(desk.ports, by)
    assert isinstance(sign_in, SignInBegun), sign_in
    return sign_in, sign_in.url.partition("state=")[2]


async def test_a_sign_in_begins_and_comes_back_to_its_administrator(desk: Desk) -> None:
    await desk.given(a_user(role=Role.ADMIN))
    sign_in, state = await begun(desk, a_user_as(Role.ADMIN))
    assert not sign_in.draft.is_good(NOON)

    draft = granted(await finish_sign_in(desk.ports, state, "abc"))

    assert draft.id == sign_in.draft.id
    assert draft.author == a_user_as(Role.ADMIN).author
    assert draft.is_good(NOON)


async def test_its_word_is_good_once(desk: Desk) -> None:
    await desk.given(a_user(role=Role.ADMIN))
    _, state = await begun(desk, a_user_as(Role.ADMIN))
    granted(await finish_sign_in(desk.ports, state, "abc"))
    desk.network.asked.clear()

    assert refused_as(await finish_sign_in(desk.ports, state, "def")) is ErrorCode.INVALID
    assert desk.network.asked == [], "no code is exchanged for somebody who is not known"


async def test_of_two_that_come_back_with_it_at_once_one_is_taken(desk: Desk) -> None:
    await desk.given(a_user(role=Role.ADMIN))
    _, state = await begun(desk, a_user_as(Role.ADMIN))

    answers = await asyncio.gather(*(finish_sign_in(desk.ports, state, "abc") for _ in range(4)))

    assert sum(isinstance(answer, ConnectionDraft) for answer in answers) == 1
    assert desk.network.asked.count("exchanged") == 1


async def test_whoever_was_a_moment_later_with_it_is_refused(desk: Desk) -> None:
    """What was read before may lag behind what is stored by now."""
    await desk.given(a_user(role=Role.ADMIN))
    sign_in, state = await begun(desk, a_user_as(Role.ADMIN))
    behind = await open_desk()
    await behind.given(sign_in.draft)
    granted(await finish_sign_in(desk.ports, state, "abc"))

    late = await finish_sign_in(replace(desk.ports, reader=behind.ports.reader), state, "def")

    assert refused_as(late) is ErrorCode.INVALID
    assert desk.network.asked.count("exchanged") == 1


async def test_nothing_is_written_for_a_word_that_nobody_began_with(desk: Desk) -> None:
    sign_in, state = await begun(desk)
    before = await stored(desk)

    for wrong in (f"{state}x", f"{state}\0", f"{ACME}.{sign_in.draft.id}.wörd"):
        await finish_sign_in(desk.ports, wrong, "abc")

    assert await stored(desk) == before


async def test_it_comes_back_within_a_quarter_of_an_hour(desk: Desk) -> None:
    _, state = await begun(desk)
    desk.later(SIGN_IN_WITHIN)

    assert refused_as(await finish_sign_in(desk.ports, state, "abc")) is ErrorCode.INVALID


async def test_a_word_that_nobody_began_with_is_refused(desk: Desk) -> None:
    sign_in, state = await begun(desk)
    await desk.given(an_organization(GLOBEX, name="Globex"))

    for wrong in ("", "nonsense", f"{state}x", f"{GLOBEX}.{sign_in.draft.id}.x", f"{ACME}..x", f"{ACME}.{USER}.x"):
        assert refused_as(await finish_sign_in(desk.ports, wrong, "abc")) is ErrorCode.INVALID
    assert "exchanged" not in desk.network.asked


@pytest.mark.parametrize("code", [None, ""])
async def test_somebody_who_said_no_at_meta_is_told_to_begin_again(desk: Desk, code: str | None) -> None:
    await desk.given(a_user(role=Role.ADMIN))
    _, state = await begun(desk, a_user_as(Role.ADMIN))

    assert refused_as(await finish_sign_in(desk.ports, state, code)) is ErrorCode.INVALID


@pytest.mark.parametrize(
    "user", [a_user(role=Role.AGENT), replace(a_user(role=Role.ADMIN), active=False)], ids=["agent", "not active"]
)
async def test_somebody_who_is_no_administrator_any_more_gets_nothing(desk: Desk, user: User) -> None:
    await desk.given(a_user(role=Role.ADMIN))
    _, state = await begun(desk, a_user_as(Role.ADMIN))
    await desk.given(user)

    assert refused_as(await finish_sign_in(desk.ports, state, "abc")) is ErrorCode.FORBIDDEN
    assert "exchanged" not in desk.network.asked


@pytest.mark.parametrize(("revoked", "may"), [(False, True), (True, False)])
async def test_a_program_may_begin_one_too(desk: Desk, revoked: bool, may: bool) -> None:
    key = replace(an_api_key(), scopes=(Scope.CHANNELS,))
    await desk.given(key)
    _, state = await begun(desk, a_key_for(Scope.CHANNELS))
    await desk.given(replace(key, revoked_at=NOON if revoked else None))

    answer = await finish_sign_in(desk.ports, state, "abc")

    assert isinstance(answer, ConnectionDraft) is may


async def test_what_the_network_refuses_when_it_comes_back_is_said(desk: Desk) -> None:
    await desk.given(a_user(role=Role.ADMIN))
    for failing in ("exchanged", "token_facts"):
        _, state = await begun(desk, a_user_as(Role.ADMIN))
        desk.network.failing[failing] = Rejected(100, "no")
        assert refused_as(await finish_sign_in(desk.ports, state, "abc")) is ErrorCode.INVALID
        del desk.network.failing[failing]


async def test_a_server_without_an_app_says_what_has_to_be_set(desk: Desk) -> None:
    desk.network.own_app = None

    assert refused_as(await begin_sign_in(desk.ports, ADMIN)) is ErrorCode.CHANNEL_UNAVAILABLE
    assert await stored(desk) == []


async def test_numbers_of_others_are_known_to_be(desk: Desk) -> None:
    await desk.given(an_organization(GLOBEX, name="Globex"))
    desk.network.its_numbers = [a_number(), a_number(PhoneNumberId("77"))]
    await desk.list_number(PhoneNumberId("77"), GLOBEX)

    draft = granted(await with_token(desk))

    account = draft.accounts[0]
    by = await opened(desk, draft)
    assert [obstacle_of(draft, account, number, by) is not None for number in account.numbers] == [True, True]


async def test_who_signs_in_without_end_keeps_the_last_ones_alone(desk: Desk) -> None:
    others = granted(await with_token(desk, by=a_key_for(Scope.ADMIN)))
    first = granted(await with_token(desk))
    for _ in range(DRAFTS_AT_MOST):
        desk.clock.advance(timedelta(seconds=1))
        granted(await with_token(desk))

    kept = await stored(desk)

    assert len(kept) == DRAFTS_AT_MOST + 1
    assert others in kept
    assert first not in kept


async def test_who_begins_sign_ins_without_end_leaves_few_rows(desk: Desk) -> None:
    for _ in range(3 * DRAFTS_AT_MOST):
        assert isinstance(await begin_sign_in(desk.ports, ADMIN), SignInBegun)

    assert len(await stored(desk)) == DRAFTS_AT_MOST
