"""A use case whose transaction collided with another is tried again as a whole, a few times."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from domain.errors import Collision, Unavailable
from domain.ports import Ports

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
            except Collision:
                tries += 1
                if not await ports.store.pause(tries):
                    raise Unavailable from None

    return tried
