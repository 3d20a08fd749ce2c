"""How much runs at once: a share for each caller, organization and process, and a fair line for what has to wait.

What runs is weighed by its cost. Of those who wait, organizations take turns, and within one its callers. What is in
flight, running or waiting, has a bound in number as well: beyond it, and where the wait gets too long, it is refused.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

from domain.people.actors import Actor
from schema.engine import limits

Whose: TypeAlias = tuple[str, ...]
"""Of the process: (); of an organization: its id; of a caller: that, and the caller's key."""

Waiter: TypeAlias = tuple[asyncio.Future[None], int]
"""Who waits, and what they will cost."""

RUNNING_COST = (limits.RUNNING_COST, limits.RUNNING_COST_OF_ORGANIZATION, limits.RUNNING_COST_OF_CALLER)
NAMES = ("This server", "This organization", "This user or key")


class Crowded(Exception):
    """More is in flight than may be; the message says whose, and how much that is."""

    def __init__(self, message: str, limit: int) -> None:
        super().__init__(message)
        self.limit = limit
        self.retry_after_s = limits.CROWDED_RETRY_S


@dataclass(frozen=True, slots=True)
class InFlight:
    """How many queries and mutations may be in flight."""

    of_process: int = 2_000
    of_organization: int = 400
    of_caller: int = 100


class Admission:
    """The line of one process."""

    def __init__(self, most: InFlight) -> None:
        self._most = (most.of_process, most.of_organization, most.of_caller)
        self._in_flight: Counter[Whose] = Counter()
        self._running: Counter[Whose] = Counter()  # their cost
        self._line: dict[str, dict[str, deque[Waiter]]] = {}  # by organization and caller; who went last stands last

    @asynccontextmanager
    async def admitted(self, actor: Actor, cost: int, *, at_once: bool = False) -> AsyncGenerator[None]:
        """Room to run, once there is some. What goes `at_once` is only counted. Raises `Crowded`."""
        caller = (actor.organization, actor.key)
        shares = _shares(*caller)
        for whose, most in zip(shares, self._most, strict=True):
            if self._in_flight[whose] >= most:
                raise Crowded(
                    f"{NAMES[len(whose)]} has {most} queries and mutations in flight, as many as it may.", most
                )
        _add(self._in_flight, shares, 1)
        try:
            if at_once:
                yield
                return
            cost = max(cost, limits.COST_LEAST)
            await self._begin(*caller, cost)
            try:
                yield
            finally:
                _add(self._running, shares, -cost)
                self._call()
        finally:
            _add(self._in_flight, shares, -1)

    async def _begin(self, organization: str, caller: str, cost: int) -> None:
        here = asyncio.get_running_loop().create_future()
        waiting = self._line.setdefault(organization, {}).setdefault(caller, deque())
        waiting.append((here, cost))
        self._call()
        try:
            async with asyncio.timeout(limits.WAIT_S):
                await here
        except BaseException as error:
            if here.cancelled():
                if (here, cost) in waiting:
                    waiting.remove((here, cost))
                    self._tidy(organization, caller)
            else:  # it was its turn at the very moment it was given up
                _add(self._running, _shares(organization, caller), -cost)
            self._call()
            if isinstance(error, TimeoutError):
                message = f"{NAMES[2]} had to wait for more than {limits.WAIT_S:.0f} s; ask for less at once."
                raise Crowded(message, limits.RUNNING_COST_OF_CALLER) from None
            raise

    def _call(self) -> None:
        """Let everybody begin for whom there is room."""
        while (fits := self._first_that_fits()) is not None:
            organization, caller = fits
            callers = self._line.pop(organization)
            waiting = callers.pop(caller)
            here, cost = waiting.popleft()
            callers[caller] = waiting
            self._line[organization] = callers
            self._tidy(organization, caller)
            if not here.done():  # else it was given up a moment ago
                _add(self._running, _shares(organization, caller), cost)
                here.set_result(None)

    def _first_that_fits(self) -> tuple[str, str] | None:
        for organization, callers in self._line.items():
            for caller, waiting in callers.items():
                _, cost = waiting[0]
                process, *own = _shares(organization, caller)
                if all(self._has_room(whose, cost) for whose in own):
                    # Where only the process has no room, nobody smaller slips past whose turn it is.
                    return (organization, caller) if self._has_room(process, cost) else None
        return None

    def _has_room(self, whose: Whose, cost: int) -> bool:
        running = self._running[whose]
        return not running or running + cost <= RUNNING_COST[len(whose)]

    def _tidy(self, organization: str, caller: str) -> None:
        callers = self._line[organization]
        if not callers[caller]:
            del callers[caller]
        if not callers:
            del self._line[organization]


def _shares(organization: str, caller: str) -> tuple[Whose, Whose, Whose]:
    return (), (organization,), (organization, caller)


def _add(counts: Counter[Whose], shares: tuple[Whose, ...], number: int) -> None:
    for whose in shares:
        counts[whose] += number
        if not counts[whose]:
            del counts[whose]
