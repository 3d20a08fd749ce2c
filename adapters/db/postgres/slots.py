"""So many at once, in the order of asking; people before background work, which is not forgotten."""

import asyncio
from collections import deque

from domain.errors import Unavailable

PASSED_OVER = 8  # turns of people after which background work has one, whoever waits


class Slots:
    def __init__(self, count: int) -> None:
        self._free = count
        self._people: deque[asyncio.Future[None]] = deque()
        self._background: deque[asyncio.Future[None]] = deque()
        self._passed_over = 0
        self._closed = False

    async def take(self, *, background: bool) -> None:
        """Waits for a slot. Raises `Unavailable` once no more are given."""
        if self._closed:
            raise Unavailable
        if self._free:
            self._free -= 1
            return
        queue = self._background if background else self._people
        mine = asyncio.get_running_loop().create_future()
        queue.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if not mine.cancelled() and mine.exception() is None:  # the slot came together with the cancellation
                self.give()
            raise

    def give(self) -> None:
        """Give a slot back: whoever is next has it."""
        following = self._next()
        if following is None:
            self._free += 1
        else:
            following.set_result(None)

    def close(self) -> None:
        """Whoever waits is refused, and so is whoever comes."""
        self._closed = True
        while following := self._next():
            following.set_exception(Unavailable())

    def _next(self) -> asyncio.Future[None] | None:
        _leave(self._people)
        _leave(self._background)
        if self._background and (not self._people or self._passed_over >= PASSED_OVER):
            self._passed_over = 0
            return self._background.popleft()
        self._passed_over += 1
        return self._people.popleft() if self._people else None


def _leave(queue: deque[asyncio.Future[None]]) -> None:
    """Those at its head who stopped waiting."""
    while queue and queue[0].done():
        queue.popleft()
