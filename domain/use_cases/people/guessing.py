"""Guessing at passwords, slowed down so that nobody who knows theirs is locked out.

Wrong words are counted by account and address together, and by address where it is somebody's own. Many addresses at
one account leave each of them fewer tries, and always some: the right words from an address of which no wrong ones came
always work. Where the address is nobody's in particular (behind a proxy that is not named), tries beyond the limit take
turns.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from domain.errors import Throttled
from domain.people.callers import Caller
from domain.ports.bundle import Ports
from domain.ports.system import Throttle

T = TypeVar("T")

WINDOW_S = 15 * 60.0
TRIES_PER_ACCOUNT_AND_ADDRESS = 10
TRIES_PER_ADDRESS = 100
TRIES_BEFORE_ATTACK = 100  # wrong words for one account within the window, from wherever
TRIES_WHILE_ATTACKED = 3  # per account and address
ATTACKED_WINDOW_S = 60 * 60.0
TURN_EVERY_S = 1.0
TURN_WITHIN_S = 8.0


async def slowly(ports: Ports, account: str, caller: Caller, look: Callable[[], Awaitable[T | None]]) -> T | None:
    """What `look` finds, with one try for `account` counted where it finds nothing.

    Raises Throttled: where the tries from there are used up, where too many wait, and instead of nothing where the try
    was one of those that take turns.
    """
    place = caller.limited_as
    async with ports.passwords.place(place or account):
        tries = _Tries(ports.throttle)
        wait_s = await _take(tries, account, place)
        if wait_s is None:
            return await _counted(tries, look)
    if place is not None:
        raise Throttled(wait_s)
    if await ports.throttle.turn(account, TURN_EVERY_S, TURN_WITHIN_S):
        async with ports.passwords.place(account):
            if (found := await look()) is not None:
                return found
    raise Throttled(TURN_EVERY_S)


async def _take(tries: "_Tries", account: str, place: str | None) -> float | None:
    """Before the words are looked at, so that many at once are counted too. Seconds to wait where none is left."""
    if place is None:
        return await tries.take(f"{account}@", TRIES_PER_ACCOUNT_AND_ADDRESS)
    is_attacked = await tries.take(account, TRIES_BEFORE_ATTACK) is not None
    if is_attacked:
        wait_s = await tries.take(f"{account}@{place}!", TRIES_WHILE_ATTACKED, ATTACKED_WINDOW_S)
    else:
        wait_s = await tries.take(f"{account}@{place}", TRIES_PER_ACCOUNT_AND_ADDRESS)
    wait_s = wait_s or await tries.take(f"sign-in-from:{place}", TRIES_PER_ADDRESS)
    if wait_s is not None:
        await tries.give_back()
    return wait_s


async def _counted(tries: "_Tries", look: Callable[[], Awaitable[T | None]]) -> T | None:
    try:
        found = await look()
    except Exception:
        await tries.give_back()  # nobody learnt whether the words were right
        raise
    if found is not None:
        await tries.give_back()
    return found


@dataclass(slots=True)
class _Tries:
    """What was taken for one try."""

    throttle: Throttle
    taken: tuple[str, ...] = ()

    async def take(self, name: str, most: int, per_s: float = WINDOW_S) -> float | None:
        wait_s = await self.throttle.take(name, most, per_s)
        if wait_s is None:
            self.taken += (name,)
        return wait_s

    async def give_back(self) -> None:
        for name in self.taken:
            await self.throttle.give_back(name)
        self.taken = ()
