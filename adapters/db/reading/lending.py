"""Who has a reading connection next: whoever took least of them lately, so that few who ask for much stop nobody else.

What counts is the time that connections were held, forgotten by half every two seconds; first by organization, then by
who asks, then in the order of asking. Those who took much lately leave one connection to the others, always.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from domain.errors import Unavailable

HALVED_EVERY_S: Final = 2.0
MUCH_S: Final = 0.25
FORGOTTEN_S: Final = 0.001


@dataclass(frozen=True, slots=True)
class Asker:
    """Whoever a statement is for."""

    organization: str = ""
    who: str = ""


HOUSE: Final = Asker()
"""The desk's own loops, whose statements are all small."""


@dataclass(slots=True)
class _Account:
    """What somebody held lately, in seconds, and since when they hold what they have now."""

    used_s: float = 0.0
    at: float = 0.0
    held_since: list[float] = field(default_factory=list[float])

    def taken_s(self, now: float) -> float:
        lately = self.used_s * 0.5 ** ((now - self.at) / HALVED_EVERY_S)
        return lately + sum(now - since for since in self.held_since)

    def begin(self, now: float) -> None:
        self.held_since.append(now)

    def end(self, since: float, now: float) -> None:
        self.held_since.remove(since)
        self.used_s = self.used_s * 0.5 ** ((now - self.at) / HALVED_EVERY_S) + now - since
        self.at = now

    def is_forgotten(self, now: float) -> bool:
        return not self.held_since and self.taken_s(now) < FORGOTTEN_S


_Place: TypeAlias = tuple[int, "asyncio.Future[None]"]
"""When somebody came, and what they wait for."""


class Line:
    """So many connections at once, and who waits for one."""

    def __init__(self, count: int, now: Callable[[], float] = time.monotonic) -> None:
        self._count = count
        self._free = count
        self._now = now
        self._came = 0
        self._waiting: dict[Asker, deque[_Place]] = {}
        self._accounts: dict[Asker, _Account] = {}
        self._organizations: dict[str, _Account] = {}
        self._lent: dict[Asker, list[float]] = {}
        self._served: dict[Asker, float] = {}  # when each of those who wait for more was served last
        self._closed = False

    async def take(self, asker: Asker = HOUSE, within_s: float | None = None) -> None:
        """Waits for one's turn. Raises `Unavailable` once no more are given, and to whom none was for `within_s`.

        A turn for another question of the same asker counts: who asks many things at once is served one by one, and
        does not fail by how many they are.
        """
        if self._closed:
            raise Unavailable
        mine = asyncio.get_running_loop().create_future()
        self._came += 1
        self._waiting.setdefault(asker, deque()).append((self._came, mine))
        self._serve()
        try:
            if within_s is not None:
                await self._come(asker, mine, within_s)
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled() and mine.exception() is None:  # both came together
                self.give(asker)
            else:
                self._leave(asker, mine)
            raise

    async def _come(self, asker: Asker, mine: "asyncio.Future[None]", within_s: float) -> None:
        came, left_s = self._now(), within_s
        while left_s > 0 and not mine.done():
            await asyncio.wait([mine], timeout=left_s)
            left_s = max(came, self._served.get(asker, came)) + within_s - self._now()
        if not mine.done():
            self._leave(asker, mine)
            raise Unavailable

    def give(self, asker: Asker = HOUSE) -> None:
        """Give one back: whoever is next has it."""
        since, now = self._lent[asker].pop(0), self._now()
        if not self._lent[asker]:
            del self._lent[asker]
        self._accounts[asker].end(since, now)
        self._organizations[asker.organization].end(since, now)
        self._free += 1
        self._serve()
        self._forget(now)

    def close(self) -> None:
        """Whoever waits is refused, and so is whoever comes."""
        self._closed = True
        waiting, self._waiting = self._waiting, {}
        for places in waiting.values():
            for _, waits in places:
                if not waits.done():
                    waits.set_exception(Unavailable())

    def _serve(self) -> None:
        now = self._now()
        while self._free and (asker := self._next(now)) is not None:
            _, waits = self._waiting[asker].popleft()
            self._served[asker] = now
            if not self._waiting[asker]:
                del self._waiting[asker], self._served[asker]
            if waits.done():  # cancelled a moment ago
                continue
            self._free -= 1
            self._lent.setdefault(asker, []).append(now)
            self._accounts.setdefault(asker, _Account(at=now)).begin(now)
            self._organizations.setdefault(asker.organization, _Account(at=now)).begin(now)
            waits.set_result(None)

    def _next(self, now: float) -> Asker | None:
        if self._free == 1 and self._count > 1:
            chosen: Iterable[Asker] = (asker for asker in self._waiting if not self._took_much(asker, now))
        else:
            chosen = self._waiting
        return min(chosen, key=lambda asker: self._rank(asker, now), default=None)

    def _rank(self, asker: Asker, now: float) -> tuple[float, float, int]:
        first_came, _ = self._waiting[asker][0]
        of_all = self._organizations.get(asker.organization)
        return (of_all.taken_s(now) if of_all else 0.0, self._taken_s(asker, now), first_came)

    def _took_much(self, asker: Asker, now: float) -> bool:
        return asker != HOUSE and self._taken_s(asker, now) > MUCH_S

    def _taken_s(self, asker: Asker, now: float) -> float:
        account = self._accounts.get(asker)
        return account.taken_s(now) if account else 0.0

    def _leave(self, asker: Asker, mine: "asyncio.Future[None]") -> None:
        places = self._waiting.get(asker, deque())
        left = deque(place for place in places if place[1] is not mine)
        if left:
            self._waiting[asker] = left
        else:
            self._waiting.pop(asker, None)
            self._served.pop(asker, None)

    def _forget(self, now: float) -> None:
        """Those who took nothing to speak of; whoever comes without an account has a clean one."""
        if len(self._accounts) > 64 * self._count:
            self._accounts = {key: each for key, each in self._accounts.items() if not each.is_forgotten(now)}
            self._organizations = {key: each for key, each in self._organizations.items() if not each.is_forgotten(now)}
