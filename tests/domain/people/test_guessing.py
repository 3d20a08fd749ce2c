"""Guessing at passwords is slowed down, and nobody who knows theirs is locked out."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import Throttled, Unavailable
from domain.ids import UserId
from domain.people.callers import NOWHERE, Caller
from domain.ports.directory import DirectoryEntry
from domain.use_cases.people import guessing
from domain.use_cases.people.access import SignedIn, SignInAsked, sign_in
from domain.use_cases.people.guessing import (
    ATTACKED_WINDOW_S,
    TRIES_BEFORE_ATTACK,
    TRIES_PER_ACCOUNT_AND_ADDRESS,
    TRIES_PER_ADDRESS,
    TRIES_WHILE_ATTACKED,
    TURN_EVERY_S,
    WINDOW_S,
    slowly,
)
from tests.builders import ACME, a_user, an_id
from tests.domain.one_desk import Desk, open_desk, refusal_of

ADA = a_user(password_hash="hash of correct horse")
GRACE = replace(ADA, id=UserId(an_id(1)), email="grace@acme.example")
HOME = Caller("192.0.2.1", "192.0.2.1")
RIGHT = SignInAsked(ADA.email, "correct horse", HOME)
GUESS = replace(RIGHT, password="wrong")


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Ada and Grace can sign in."""
    monkeypatch.setattr(guessing, "TURN_EVERY_S", 0.001)  # of the event loop's own clock
    desk = await open_desk()
    for user in (ADA, GRACE):
        async with desk.database.store.transaction(ACME) as tx:
            tx.save(user)
            await tx.enlist(DirectoryEntry.EMAIL, user.email, user.id)
    return desk


def away(number: int) -> Caller:
    return Caller(f"198.51.{number // 250}.{number % 250}", f"198.51.{number // 250}.{number % 250}")


async def wrongly(desk: Desk, *guesses: SignInAsked) -> None:
    for guess in guesses:
        refusal_of(await sign_in(desk.ports, guess))


async def throttled_s(desk: Desk, asked: SignInAsked) -> float:
    with pytest.raises(Throttled) as throttled:
        await sign_in(desk.ports, asked)
    return throttled.value.retry_after_s


async def test_ten_wrong_words_from_one_address_and_then_a_rest(desk: Desk) -> None:
    await wrongly(desk, *[GUESS] * TRIES_PER_ACCOUNT_AND_ADDRESS)

    assert await throttled_s(desk, replace(RIGHT, email=f"  {ADA.email.upper()}")) == WINDOW_S
    assert desk.passwords.checks == TRIES_PER_ACCOUNT_AND_ADDRESS, "no password is looked at any more"

    desk.later(timedelta(seconds=WINDOW_S))
    assert isinstance(await sign_in(desk.ports, RIGHT), SignedIn)


async def test_the_right_words_from_elsewhere_work_all_the_same(desk: Desk) -> None:
    await wrongly(desk, *[GUESS] * TRIES_PER_ACCOUNT_AND_ADDRESS)

    assert isinstance(await sign_in(desk.ports, replace(RIGHT, caller=away(1))), SignedIn)


async def test_right_words_do_not_count(desk: Desk) -> None:
    for _ in range(2 * TRIES_PER_ADDRESS):
        assert isinstance(await sign_in(desk.ports, RIGHT), SignedIn)
    await wrongly(desk, *[GUESS] * (TRIES_PER_ACCOUNT_AND_ADDRESS - 1))

    assert isinstance(await sign_in(desk.ports, RIGHT), SignedIn)


async def test_who_guesses_at_one_account_may_still_sign_in_to_another(desk: Desk) -> None:
    await wrongly(desk, *[GUESS] * TRIES_PER_ACCOUNT_AND_ADDRESS)

    assert isinstance(await sign_in(desk.ports, replace(RIGHT, email=GRACE.email)), SignedIn)


async def test_one_address_may_not_try_its_luck_with_many_accounts(desk: Desk) -> None:
    await wrongly(desk, *(replace(GUESS, email=f"{number}@acme.example") for number in range(TRIES_PER_ADDRESS)))

    assert await throttled_s(desk, RIGHT) == WINDOW_S
    assert isinstance(await sign_in(desk.ports, replace(RIGHT, caller=away(1))), SignedIn)


async def test_a_thousand_addresses_get_few_tries_each_and_the_person_gets_in(desk: Desk) -> None:
    """10 for each of the first, then 3 an hour for each; the person attacked signs in from home and from anywhere."""
    before = [replace(GUESS, caller=away(number % 10)) for number in range(TRIES_BEFORE_ATTACK)]
    await wrongly(desk, *before)

    for number in range(10, 1010):
        await wrongly(desk, *[replace(GUESS, caller=away(number))] * TRIES_WHILE_ATTACKED)
        assert await throttled_s(desk, replace(GUESS, caller=away(number))) == ATTACKED_WINDOW_S

    assert desk.passwords.checks == TRIES_BEFORE_ATTACK + 1000 * TRIES_WHILE_ATTACKED
    await wrongly(desk, *[GUESS] * (TRIES_WHILE_ATTACKED - 1))
    assert isinstance(await sign_in(desk.ports, RIGHT), SignedIn), "after two slips of the finger, too"
    assert isinstance(await sign_in(desk.ports, replace(RIGHT, email=GRACE.email, caller=away(10))), SignedIn)


async def test_many_at_once_are_counted_too(desk: Desk) -> None:
    answers = await asyncio.gather(*(sign_in(desk.ports, GUESS) for _ in range(50)), return_exceptions=True)

    assert sum(not isinstance(each, Throttled) for each in answers) == TRIES_PER_ACCOUNT_AND_ADDRESS
    assert desk.passwords.checks == TRIES_PER_ACCOUNT_AND_ADDRESS


# Behind a proxy that is not named: everybody's address is the same


async def test_behind_a_nameless_proxy_a_stranger_locks_nobody_out(desk: Desk) -> None:
    guess = replace(GUESS, caller=Caller("127.0.0.1"))
    await wrongly(desk, *[guess] * TRIES_PER_ACCOUNT_AND_ADDRESS)
    for _ in range(3):
        assert await throttled_s(desk, guess) == guessing.TURN_EVERY_S

    assert isinstance(await sign_in(desk.ports, replace(RIGHT, caller=guess.caller)), SignedIn)
    assert isinstance(await sign_in(desk.ports, replace(RIGHT, caller=NOWHERE)), SignedIn)


async def test_behind_a_nameless_proxy_guessing_waits_for_turns(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "TURN_EVERY_S", 60.0)
    monkeypatch.setattr(guessing, "TURN_WITHIN_S", 0.01)
    guess = replace(GUESS, caller=NOWHERE)
    await wrongly(desk, *[guess] * TRIES_PER_ACCOUNT_AND_ADDRESS)

    for _ in range(3):
        assert await throttled_s(desk, guess) == 60.0

    assert desk.passwords.checks == TRIES_PER_ACCOUNT_AND_ADDRESS + 1, "one turn, and two who waited for none"


async def test_behind_a_nameless_proxy_nobody_is_stopped_by_many_wrong_words_for_others(desk: Desk) -> None:
    for number in range(3 * TRIES_PER_ADDRESS):
        await wrongly(desk, replace(GUESS, email=f"{number}@acme.example", caller=NOWHERE))

    assert isinstance(await sign_in(desk.ports, replace(RIGHT, caller=NOWHERE)), SignedIn)


# When it can't be known


async def test_a_try_that_nobody_looked_at_does_not_count(desk: Desk) -> None:
    async def unable() -> None:
        raise Unavailable

    for _ in range(2 * TRIES_PER_ACCOUNT_AND_ADDRESS):
        with pytest.raises(Unavailable):
            await slowly(desk.ports, "an account", HOME, unable)

    async def nothing() -> None: ...

    assert await slowly(desk.ports, "an account", HOME, nothing) is None


async def test_places_at_the_hashing_are_shared_by_address_or_by_account(desk: Desk) -> None:
    await sign_in(desk.ports, RIGHT)
    await sign_in(desk.ports, replace(RIGHT, caller=NOWHERE))
    await sign_in(desk.ports, replace(RIGHT, email=GRACE.email, caller=NOWHERE))

    first, ada, grace = desk.passwords.askers
    assert first == HOME.limited_as
    assert len({first, ada, grace}) == 3


async def test_where_too_many_wait_for_the_hashing_nothing_is_counted(desk: Desk) -> None:
    desk.passwords.is_full = True
    for _ in range(2 * TRIES_PER_ACCOUNT_AND_ADDRESS):
        assert await throttled_s(desk, GUESS) == TURN_EVERY_S
    desk.passwords.is_full = False

    assert isinstance(await sign_in(desk.ports, RIGHT), SignedIn)
