"""Some places, and a line before them in which everybody who asks has an equal share.

Askers are let in in turn, one each, however many times one of them asks. The line is bounded: when it is full, the
newest of whoever waits the most times gives up, so that one who floods it crowds out none but themselves.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

from domain.errors import Throttled

Waiting: TypeAlias = asyncio.Future[None]


class FairLine:
    def __init__(self, places: int, longest: int, *, retry_after_s: float = 1.0) -> None:
        self._free = places
        self._longest = longest
        self._retry_after_s = retry_after_s
        self._length = 0
        self._askers: OrderedDict[str, deque[Waiting]] = OrderedDict()  # whose turn it is first

    @asynccontextmanager
    async def place(self, asker: str) -> AsyncGenerator[None]:
        """Raises Throttled where too many wait."""
        await self._wait(asker)
        try:
            yield
        finally:
            self._let_in_next()

    async def _wait(self, asker: str) -> None:
        if self._free:
            self._free -= 1
            return
        if self._length >= self._longest:
            self._crowd_out(asker)
        waiting: Waiting = asyncio.get_running_loop().create_future()
        self._askers.setdefault(asker, deque()).append(waiting)
        self._length += 1
        try:
            await waiting
        except asyncio.CancelledError:
            if waiting.cancelled():
                self._forget(asker, waiting)
            elif waiting.exception() is None:
                self._let_in_next()  # let in, and gone in the same moment
            raise

    def _crowd_out(self, asker: str) -> None:
        most = max(self._askers, key=lambda each: len(self._askers[each]))
        if len(self._askers[most]) <= len(self._askers.get(asker, ())) + 1:
            raise Throttled(self._retry_after_s)
        newest = self._askers[most].pop()
        self._length -= 1
        if not newest.done():  # else it was given up a moment ago
            newest.set_exception(Throttled(self._retry_after_s))

    def _let_in_next(self) -> None:
        while self._askers:
            asker, waiting = self._askers.popitem(last=False)
            first = waiting.popleft()
            self._length -= 1
            if waiting:
                self._askers[asker] = waiting  # behind everybody else
            if not first.done():  # else it was given up a moment ago
                first.set_result(None)
                return
        self._free += 1

    def _forget(self, asker: str, waiting: Waiting) -> None:
        mine = self._askers.get(asker, deque[Waiting]())
        with suppress(ValueError):
            mine.remove(waiting)
            self._length -= 1
        if not mine:
            self._askers.pop(asker, None)
