"""New users and API keys: administrators only, secrets shown once, each fault by its name."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.error_codes import ErrorCode
from domain.errors import Refused
from domain.ids import ApiKeyId
from domain.people.actors import Actor, Role, Scope
from domain.people.organizations import ApiKey, User
from domain.ports.directory import DirectoryEntry
from domain.use_cases.people.access import authenticate, secret_hash
from domain.use_cases.people.people import (
    CreateApiKey,
    CreatedKey,
    CreateUser,
    create_api_key,
    create_user,
    revoke_api_key,
)
from tests.builders import ACME, DAY, GLOBEX, HOUR, NOON, an_organization
from tests.domain.one_desk import ADMIN, Desk, a_key_for, a_user_as, granted, open_desk, refusal_of, refused_as

GRACE = CreateUser("Grace", "grace@acme.example", Role.SUPERVISOR, "correct horse")
A_KEY = CreateApiKey("Reporting", (Scope.READ,), None)


@pytest.fixture
async def desk() -> Desk:
    return await open_desk()


async def listed(desk: Desk, kind: DirectoryEntry, value: str) -> list[tuple[str, str, str]]:
    return [*await desk.ports.directory.find(kind, [value])]


async def user_of(desk: Desk, email: str) -> User | None:
    async with desk.ports.store.transaction(ACME) as tx:
        return await tx.user_by_email(email)


# Users


async def test_a_new_user_is_there_with_a_role_and_can_be_found_by_address(desk: Desk) -> None:
    user = granted(await create_user(desk.ports, ADMIN, GRACE))

    assert (user.name, user.email, user.role) == ("Grace", "grace@acme.example", Role.SUPERVISOR)
    assert (user.active, user.available, user.created_at) == (True, True, NOON)
    assert await user_of(desk, "grace@acme.example") == user
    assert await listed(desk, DirectoryEntry.EMAIL, "grace@acme.example") == [("grace@acme.example", ACME, user.id)]


async def test_a_password_is_kept_as_its_hash(desk: Desk) -> None:
    assert granted(await create_user(desk.ports, ADMIN, GRACE)).password_hash == "hash of correct horse"


async def test_a_user_without_a_password_cannot_sign_in_yet(desk: Desk) -> None:
    assert granted(await create_user(desk.ports, ADMIN, replace(GRACE, password=None))).password_hash is None


async def test_a_user_is_made_with_what_rules_go_by(desk: Desk) -> None:
    able = replace(GRACE, skills=(" billing", "french", "billing"), capacity=5)

    user = granted(await create_user(desk.ports, ADMIN, able))

    assert (user.skills, user.capacity) == (("billing", "french"), 5)


async def test_an_address_is_the_same_in_any_case_and_is_taken_once(desk: Desk) -> None:
    user = granted(await create_user(desk.ports, ADMIN, replace(GRACE, email=" Grace@ACME.example ", name=" Grace ")))
    assert (user.email, user.name) == ("grace@acme.example", "Grace")

    refusal = refusal_of(await create_user(desk.ports, ADMIN, GRACE))

    assert refusal == Refused(ErrorCode.CONFLICT, "Somebody here has this address already.", ("email",))


async def test_one_address_may_work_for_two_organizations(desk: Desk) -> None:
    await desk.given(an_organization(GLOBEX, name="Globex"))

    for actor in (ADMIN, a_user_as(Role.ADMIN, GLOBEX)):
        granted(await create_user(desk.ports, actor, GRACE))

    assert len(await listed(desk, DirectoryEntry.EMAIL, "grace@acme.example")) == 2


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (replace(GRACE, name=" "), "name"),
        (replace(GRACE, name="x" * 201), "name"),
        (replace(GRACE, email=""), "email"),
        (replace(GRACE, email="grace"), "email"),
        (replace(GRACE, email="@acme.example"), "email"),
        (replace(GRACE, email="grace@"), "email"),
        (replace(GRACE, email="gra ce@acme.example"), "email"),
        (replace(GRACE, email="x" * 250 + "@a.example"), "email"),
        (replace(GRACE, password=""), "password"),
        (replace(GRACE, password="x" * 7), "password"),
        (replace(GRACE, password="ab1d" * 256 + "x"), "password"),
        (replace(GRACE, password="password"), "password"),
        (replace(GRACE, password="12345678"), "password"),
        (replace(GRACE, password="grace@acme.example"), "password"),
        (replace(GRACE, password="acme2026"), "password"),
        (replace(GRACE, skills=tuple(map(str, range(51)))), "skills"),
        (replace(GRACE, skills=("billing", " ")), "skills"),
        (replace(GRACE, skills=("x" * 201,)), "skills"),
        (replace(GRACE, capacity=-1), "capacity"),
    ],
)
async def test_a_user_that_cannot_be_is_refused_by_the_field_at_fault(
    desk: Desk, asked: CreateUser, field: str
) -> None:
    refusal = refusal_of(await create_user(desk.ports, ADMIN, asked))

    assert isinstance(refusal, Refused)
    assert (refusal.code, refusal.field) == (ErrorCode.INVALID, (field,))
    assert await user_of(desk, "grace@acme.example") is None


@pytest.mark.parametrize(
    "asked",
    [
        replace(GRACE, name="x" * 200),
        replace(GRACE, password="ab1d" * 2),
        replace(GRACE, password="ab1d" * 256),
        replace(GRACE, email="grace@desk@acme.example"),
        replace(GRACE, skills=tuple(map(str, range(50)))),
        replace(GRACE, skills=("x" * 200,)),
        replace(GRACE, capacity=0),
    ],
)
async def test_a_user_just_within_the_limits_is_taken(desk: Desk, asked: CreateUser) -> None:
    assert isinstance(await create_user(desk.ports, ADMIN, asked), User)


# Keys


async def test_a_new_key_opens_the_door_and_is_kept_as_its_hash(desk: Desk) -> None:
    made = granted(await create_api_key(desk.ports, ADMIN, replace(A_KEY, name=" Reporting ")))

    key = made.api_key
    assert made.secret.startswith("dk_")
    assert (key.name, key.prefix, key.secret_hash) == ("Reporting", made.secret[:9], secret_hash(made.secret))
    assert made.secret not in repr(key)
    actor = await authenticate(desk.ports, made.secret)
    assert actor is not None
    assert actor.key == f"key:{key.id}"


async def test_scopes_are_kept_once_each(desk: Desk) -> None:
    made = granted(
        await create_api_key(desk.ports, ADMIN, replace(A_KEY, scopes=(Scope.TICKETS, Scope.READ, Scope.TICKETS)))
    )

    assert made.api_key.scopes == (Scope.READ, Scope.TICKETS)


@pytest.mark.parametrize(
    ("asked", "field", "word"),
    [
        (replace(A_KEY, name=""), "name", "1 to 200"),
        (replace(A_KEY, name="x" * 201), "name", "1 to 200"),
        (replace(A_KEY, scopes=()), "scopes", "READ, MESSAGES, TICKETS"),
        (replace(A_KEY, expires_at=NOON), "expiresAt", "future"),
        (replace(A_KEY, expires_at=NOON - DAY), "expiresAt", "future"),
    ],
)
async def test_a_key_that_cannot_be_is_refused_by_the_field_at_fault(
    desk: Desk, asked: CreateApiKey, field: str, word: str
) -> None:
    refusal = refusal_of(await create_api_key(desk.ports, ADMIN, asked))

    assert isinstance(refusal, Refused)
    assert (refusal.code, refusal.field) == (ErrorCode.INVALID, (field,))
    assert word in refusal.message


@pytest.mark.parametrize(
    ("after", "good"), [(DAY - timedelta(microseconds=1), True), (DAY, False), (DAY + HOUR, False)]
)
async def test_a_key_works_up_to_but_not_at_its_end(desk: Desk, after: timedelta, good: bool) -> None:
    made = granted(await create_api_key(desk.ports, ADMIN, replace(A_KEY, expires_at=NOON + DAY)))

    desk.later(after)

    assert (await authenticate(desk.ports, made.secret) is not None) is good


async def test_a_revoked_key_opens_nothing_and_revoking_it_again_changes_nothing(desk: Desk) -> None:
    made: CreatedKey = granted(await create_api_key(desk.ports, ADMIN, A_KEY))
    desk.later(HOUR)

    revoked = granted(await revoke_api_key(desk.ports, ADMIN, made.api_key.id))
    assert revoked.revoked_at == NOON + HOUR
    assert await authenticate(desk.ports, made.secret) is None
    assert await listed(desk, DirectoryEntry.KEY, made.api_key.secret_hash) == []

    desk.later(HOUR)
    assert granted(await revoke_api_key(desk.ports, ADMIN, made.api_key.id)) == revoked


async def test_a_key_that_is_not_here_cannot_be_revoked(desk: Desk) -> None:
    made = granted(await create_api_key(desk.ports, ADMIN, A_KEY))
    await desk.given(an_organization(GLOBEX, name="Globex"))

    for actor, id in ((ADMIN, ApiKeyId("none")), (a_user_as(Role.ADMIN, GLOBEX), made.api_key.id)):
        refusal = refusal_of(await revoke_api_key(desk.ports, actor, id))
        assert refusal == Refused(ErrorCode.NOT_FOUND, "There is no such API key.", ("apiKeyId",))
    assert await authenticate(desk.ports, made.secret) is not None


# Who may


Ask = Callable[[Desk, Actor], Awaitable[object]]
VERBS: dict[str, Ask] = {
    "create a user": lambda desk, actor: create_user(desk.ports, actor, GRACE),
    "create a key": lambda desk, actor: create_api_key(desk.ports, actor, A_KEY),
    "revoke a key": lambda desk, actor: revoke_api_key(desk.ports, actor, ApiKeyId("none")),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "actor",
    [
        *(a_user_as(role) for role in Role if role is not Role.ADMIN),
        *(a_key_for(scope) for scope in Scope if scope is not Scope.ADMIN),
    ],
)
async def test_only_an_administrator_may(desk: Desk, verb: str, actor: Actor) -> None:
    assert refused_as(await VERBS[verb](desk, actor)) is ErrorCode.FORBIDDEN
    assert await user_of(desk, "grace@acme.example") is None


@pytest.mark.parametrize("actor", [ADMIN, a_key_for(Scope.ADMIN)])
async def test_an_administrator_or_a_key_with_admin_may(desk: Desk, actor: Actor) -> None:
    assert isinstance(await create_user(desk.ports, actor, GRACE), User)
    made = granted(await create_api_key(desk.ports, actor, A_KEY))
    assert isinstance(await revoke_api_key(desk.ports, actor, made.api_key.id), ApiKey)
