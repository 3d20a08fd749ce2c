"""Who is asking: keys and sign-ins, guessing slowed down, and what open connections may still see."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import NoReturn

import pytest

from domain.error_codes import ErrorCode
from domain.errors import Refused, Unavailable
from domain.ids import ApiKeyId, OrganizationId, UserId
from domain.people.actors import Actor, ByIntegration, ByUser, Right, Role, Scope
from domain.people.callers import Caller
from domain.people.organizations import ApiKey, SignIn, User
from domain.ports.directory import DirectoryEntry
from domain.use_cases.people.access import (
    SIGNED_IN_FOR,
    SignedIn,
    SignInAsked,
    authenticate,
    live_key,
    rights_now,
    secret_hash,
    sign_in,
    sign_out,
)
from domain.use_cases.people.people import CreateApiKey, CreatedKey, create_api_key, revoke_api_key
from tests.builders import ACME, GLOBEX, HOUR, MINUTE, NOON, USER, a_sign_in, a_user, an_id, an_organization
from tests.domain.one_desk import ADMIN, Desk, a_key_for, granted, open_desk, refusal_of

INSTANT = timedelta(microseconds=1)
ADA = "ada@acme.example"
RIGHT = SignInAsked(ADA, "correct horse", Caller("192.0.2.1", "192.0.2.1"))
WRONG = Refused(ErrorCode.INVALID, "The address or the password is wrong.")
ADA_WITH_A_PASSWORD = a_user(password_hash="hash of correct horse")


@pytest.fixture
async def desk() -> Desk:
    """Ada can sign in."""
    desk = await open_desk()
    await let_sign_in(desk, ADA_WITH_A_PASSWORD)
    return desk


async def let_sign_in(desk: Desk, user: User) -> None:
    async with desk.database.store.transaction(user.organization) as tx:
        tx.save(user)
        await tx.enlist(DirectoryEntry.EMAIL, user.email, user.id)


async def a_new_key(desk: Desk, *scopes: Scope) -> CreatedKey:
    return granted(await create_api_key(desk.ports, ADMIN, CreateApiKey("Key", scopes, None)))


async def last_used(desk: Desk, key: ApiKeyId) -> object:
    return (await desk.ports.reader.by_ids(ApiKey, ACME, [key]))[key].last_used_at


# Signing in


async def test_the_right_words_open_the_door_for_two_weeks(desk: Desk) -> None:
    signed_in = granted(await sign_in(desk.ports, RIGHT))

    assert signed_in.token.startswith("ds_")
    assert (signed_in.user.id, signed_in.expires_at) == (USER, NOON + SIGNED_IN_FOR)
    actor = await authenticate(desk.ports, signed_in.token)
    assert actor is not None
    assert (actor.author, actor.role, actor.organization) == (ByUser(USER), Role.AGENT, ACME)
    assert actor.sign_in is not None

    desk.clock.at = signed_in.expires_at - INSTANT
    assert await authenticate(desk.ports, signed_in.token) == actor
    desk.clock.at = signed_in.expires_at
    assert await authenticate(desk.ports, signed_in.token) is None


async def test_the_token_is_kept_as_its_hash(desk: Desk) -> None:
    token = granted(await sign_in(desk.ports, RIGHT)).token

    assert await desk.ports.directory.find(DirectoryEntry.TOKEN, [token]) == []


async def test_an_address_is_the_same_in_any_case(desk: Desk) -> None:
    assert isinstance(await sign_in(desk.ports, replace(RIGHT, email="  Ada@ACME.example ")), SignedIn)


@pytest.mark.parametrize(
    "asked",
    [
        replace(RIGHT, password="wrong"),
        replace(RIGHT, email="nobody@acme.example"),
        replace(RIGHT, email=""),
        replace(RIGHT, email="\ud800@acme.example"),
        replace(RIGHT, password=""),
    ],
)
async def test_a_wrong_word_and_an_unknown_address_get_one_answer_at_one_price(desk: Desk, asked: SignInAsked) -> None:
    assert refusal_of(await sign_in(desk.ports, asked)) == WRONG
    assert desk.passwords.checks == 1


async def test_who_has_no_password_or_is_not_active_cannot_sign_in(desk: Desk) -> None:
    for user in (a_user(password_hash=None), replace(ADA_WITH_A_PASSWORD, active=False)):
        desk.passwords.checks = 0
        await desk.given(user)
        assert refusal_of(await sign_in(desk.ports, RIGHT)) == WRONG
        assert desk.passwords.checks == 1


async def test_an_address_whose_user_is_gone_costs_the_same_as_any(desk: Desk) -> None:
    async with desk.database.store.transaction(ACME) as tx:
        await tx.enlist(DirectoryEntry.EMAIL, "ghost@acme.example", UserId("gone"))

    assert refusal_of(await sign_in(desk.ports, replace(RIGHT, email="ghost@acme.example"))) == WRONG
    assert desk.passwords.checks == 1


async def test_an_address_in_two_organizations_signs_in_where_the_password_fits(desk: Desk) -> None:
    await desk.given(an_organization(GLOBEX, name="Globex"))
    there = replace(
        ADA_WITH_A_PASSWORD, organization=GLOBEX, id=UserId(an_id(1)), password_hash="hash of battery staple"
    )
    await let_sign_in(desk, there)

    async def organization_of(password: str) -> OrganizationId:
        return granted(await sign_in(desk.ports, replace(RIGHT, password=password))).user.organization

    assert await organization_of("correct horse") == ACME
    assert await organization_of("battery staple") == GLOBEX

    await desk.given(replace(there, password_hash="hash of correct horse"))
    assert await organization_of("correct horse") == ACME, "where it fits twice, the first"


async def test_each_sign_in_is_one_of_its_own(desk: Desk) -> None:
    first, second = [granted(await sign_in(desk.ports, RIGHT)).token for _ in range(2)]
    actor = await authenticate(desk.ports, first)
    assert actor is not None

    assert await sign_out(desk.ports, actor) is None

    assert await authenticate(desk.ports, first) is None
    assert await authenticate(desk.ports, second) is not None


async def test_signing_out_twice_changes_nothing_more(desk: Desk) -> None:
    actor = await authenticate(desk.ports, granted(await sign_in(desk.ports, RIGHT)).token)
    assert actor is not None
    assert actor.sign_in is not None
    assert await sign_out(desk.ports, actor) is None
    ended = await desk.ports.reader.by_ids(SignIn, ACME, [actor.sign_in])
    desk.later(HOUR)

    assert await sign_out(desk.ports, actor) is None

    assert await desk.ports.reader.by_ids(SignIn, ACME, [actor.sign_in]) == ended
    assert ended[actor.sign_in].ended_at == NOON


async def test_a_sign_in_that_is_not_known_is_out_already(desk: Desk) -> None:
    assert await sign_out(desk.ports, Actor(ACME, ByUser(USER), Role.AGENT, frozenset(), a_sign_in().id)) is None


async def test_a_key_is_revoked_and_not_signed_out(desk: Desk) -> None:
    refusal = await sign_out(desk.ports, a_key_for(Scope.READ))

    assert refusal == Refused(ErrorCode.INVALID, "An API key is revoked, not signed out.")


# Who is asking


async def test_a_key_is_known_with_the_rights_of_its_scopes(desk: Desk) -> None:
    made = await a_new_key(desk, Scope.READ, Scope.TICKETS)

    actor = await authenticate(desk.ports, made.secret)

    assert actor is not None
    assert actor.author == ByIntegration(made.api_key.id)
    assert (actor.may(Right.TICKETS), actor.may(Right.SEND)) == (True, False)


@pytest.mark.parametrize("bearer", ["", "dk_", "ds_", "dk_unknown", "ds_unknown", "nonsense", "dk_\ud800", "\0"])
async def test_what_nobody_was_given_opens_nothing(desk: Desk, bearer: str) -> None:
    await a_new_key(desk, Scope.READ)
    await sign_in(desk.ports, RIGHT)

    assert await authenticate(desk.ports, bearer) is None


async def test_a_name_in_the_directory_alone_opens_nothing(desk: Desk) -> None:
    """The directory is only a pointer: what counts is the key or sign-in itself."""
    made, signed_in = await a_new_key(desk, Scope.READ), granted(await sign_in(desk.ports, RIGHT))
    async with desk.database.store.transaction(ACME) as tx:
        await tx.enlist(DirectoryEntry.KEY, made.api_key.secret_hash, "gone")
        await tx.enlist(DirectoryEntry.TOKEN, secret_hash(signed_in.token), "gone")

    assert await authenticate(desk.ports, made.secret) is None
    assert await authenticate(desk.ports, signed_in.token) is None


async def test_a_user_who_is_not_active_any_more_is_out_at_once(desk: Desk) -> None:
    signed_in = granted(await sign_in(desk.ports, RIGHT))

    await desk.given(replace(ADA_WITH_A_PASSWORD, active=False))

    assert await authenticate(desk.ports, signed_in.token) is None


async def test_the_use_of_a_key_is_noted_once_a_minute(desk: Desk) -> None:
    made = await a_new_key(desk, Scope.READ)
    assert await last_used(desk, made.api_key.id) is None
    noted: list[object] = []

    for _ in range(4):
        await authenticate(desk.ports, made.secret)
        noted.append(await last_used(desk, made.api_key.id))
        desk.later(MINUTE / 2)

    assert noted == [NOON, NOON, NOON + MINUTE, NOON + MINUTE]


async def test_noting_the_use_of_a_key_never_brings_a_revoked_one_back(desk: Desk) -> None:
    made = await a_new_key(desk, Scope.READ)

    await asyncio.gather(revoke_api_key(desk.ports, ADMIN, made.api_key.id), authenticate(desk.ports, made.secret))

    assert await authenticate(desk.ports, made.secret) is None


async def test_a_store_that_cannot_note_the_use_keeps_nobody_from_reading(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, a busy writer. It is tried once a minute, however many ask meanwhile."""
    made = await a_new_key(desk, Scope.READ)
    tries = 0

    def full(organization: OrganizationId, *, background: bool = False) -> NoReturn:
        nonlocal tries
        tries += 1
        raise Unavailable

    with monkeypatch.context() as disk:
        disk.setattr(desk.store, "transaction", full)
        for minute in range(1, 3):
            for _ in range(5):
                actor = await authenticate(desk.ports, made.secret)
                assert actor is not None
                assert actor.author == ByIntegration(made.api_key.id)
            assert tries == minute
            desk.later(MINUTE)

    assert await authenticate(desk.ports, made.secret) is not None
    assert await last_used(desk, made.api_key.id) == desk.clock.at


async def test_a_key_that_goes_while_its_use_is_noted_is_not_written_anew(desk: Desk) -> None:
    """What is read may lag a little behind what is written; here the store has no such key any more."""
    made = await a_new_key(desk, Scope.READ)
    elsewhere = await open_desk()

    await authenticate(replace(desk.ports, store=elsewhere.store), made.secret)

    assert await last_used(desk, made.api_key.id) is None
    assert await elsewhere.ports.reader.by_ids(ApiKey, ACME, [made.api_key.id]) == {}


# Open connections


async def test_open_connections_keep_their_rights_until_something_is_taken_away(desk: Desk) -> None:
    made, signed_in = await a_new_key(desk, Scope.READ), granted(await sign_in(desk.ports, RIGHT))
    key = await authenticate(desk.ports, made.secret)
    user = await authenticate(desk.ports, signed_in.token)
    assert key is not None
    assert user is not None

    assert await rights_now(desk.ports, [key, user]) == {live_key(key): key, live_key(user): user}
    assert await rights_now(desk.ports, [key]) == {live_key(key): key}
    assert await rights_now(desk.ports, []) == {}

    await revoke_api_key(desk.ports, ADMIN, made.api_key.id)
    await sign_out(desk.ports, user)
    assert await rights_now(desk.ports, [key, user]) == {live_key(key): None, live_key(user): None}


async def test_a_changed_role_is_a_changed_right_at_once(desk: Desk) -> None:
    user = await authenticate(desk.ports, granted(await sign_in(desk.ports, RIGHT)).token)
    assert user is not None
    await desk.given(replace(ADA_WITH_A_PASSWORD, role=Role.READER))

    now = (await rights_now(desk.ports, [user]))[live_key(user)]

    assert now is not None
    assert (now.role, now.may(Right.SEND)) == (Role.READER, False)


async def test_one_sign_in_ended_leaves_the_users_others(desk: Desk) -> None:
    first, second = [await authenticate(desk.ports, granted(await sign_in(desk.ports, RIGHT)).token) for _ in range(2)]
    assert first is not None
    assert second is not None
    await sign_out(desk.ports, first)

    assert await rights_now(desk.ports, [first, second]) == {live_key(first): None, live_key(second): second}


@pytest.mark.parametrize("sign_in_of", ["nobody", "none"])
async def test_who_is_gone_altogether_has_no_rights(desk: Desk, sign_in_of: str) -> None:
    signed_in = a_sign_in().id if sign_in_of == "nobody" else None
    actor = Actor(ACME, ByUser(USER), Role.AGENT, frozenset(), signed_in)

    assert await rights_now(desk.ports, [actor]) == {live_key(actor): None}


async def test_rights_run_out_with_the_sign_in_and_the_user(desk: Desk) -> None:
    user = await authenticate(desk.ports, granted(await sign_in(desk.ports, RIGHT)).token)
    assert user is not None
    await desk.given(replace(ADA_WITH_A_PASSWORD, active=False))
    assert await rights_now(desk.ports, [user]) == {live_key(user): None}

    await desk.given(ADA_WITH_A_PASSWORD)
    desk.later(SIGNED_IN_FOR)
    assert await rights_now(desk.ports, [user]) == {live_key(user): None}


async def test_actors_of_several_organizations_are_answered_each_from_their_own(desk: Desk) -> None:
    await desk.given(an_organization(GLOBEX, name="Globex"))
    user = await authenticate(desk.ports, granted(await sign_in(desk.ports, RIGHT)).token)
    assert user is not None
    made = await a_new_key(desk, Scope.READ)
    stranger = replace(a_key_for(Scope.READ), organization=GLOBEX, author=ByIntegration(made.api_key.id))

    answer = await rights_now(desk.ports, [user, stranger])

    assert answer == {live_key(user): user, live_key(stranger): None}
