"""A use case whose transaction collided with another is tried again as a whole, a few times; what is known nowhere else
is kept until it is written.
"""

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from domain.errors import Unavailable, WriteConflict
from domain.ports.bundle import Ports

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 4.0

P = ParamSpec("P")
T = TypeVar("T")


def again_on_collision(
    use_case: Callable[Concatenate[Ports, P], Awaitable[T]],
) -> Callable[Concatenate[Ports, P], Coroutine[Any, Any, T]]:
    """For use cases that call nothing outside before their transaction ends: what was rolled back left no trace."""

    @wraps(use_case)
    async def tried(ports: Ports, *args: P.args, **kwargs: P.kwargs) -> T:
        tries = 0
        while True:
            try:
                return await use_case(ports, *args, **kwargs)
            except WriteConflict:
                tries += 1
                if not await ports.store.pause(tries):
                    raise Unavailable from None

    return tried


async def until_written(ports: Ports, write: Callable[[], Awaitable[T]]) -> T:
    """What the network said can be asked of nobody again: it is kept in hand until the store can take it.

    Whoever ends while it waits loses it, as one that is killed does.
    """
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            return await write()
        except Unavailable:
            await ports.clock.wait(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
