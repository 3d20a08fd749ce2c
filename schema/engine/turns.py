"""Whose turn it is: long executions work in short turns, so that the event loop answers others in between.

An operation counts the fields it resolves. One that is long stands in line for more; each time round, the loop gives
one organization a turn, and they take turns in that. Whoever asks for little never stands in line.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from schema.engine import limits

Waiter: TypeAlias = tuple[asyncio.Future[None], int]
"""Who waits, and how many fields they are likely to resolve."""


class Turns:
    """The line of one process."""

    def __init__(self) -> None:
        self.given = 0
        self.left = 0  # fields, of the turn that was given last
        self._line: dict[str, deque[Waiter]] = {}  # by organization; who has just had a turn stands last
        self._calling = False

    async def wait(self, whose: str, share: int) -> None:
        here = asyncio.get_running_loop().create_future()
        self._line.setdefault(whose, deque()).append((here, share))
        if not self._calling:
            self._calling = True
            asyncio.get_running_loop().call_soon(self._call)
        await here

    def _call(self) -> None:
        self.given += 1
        self.left = limits.FIELDS_A_TURN
        whose = next(iter(self._line))
        waiting = self._line.pop(whose)
        likely = 0
        while waiting and likely < limits.FIELDS_A_TURN:
            here, share = waiting.popleft()
            if not here.done():  # else it was given up
                here.set_result(None)
                likely += share
        if waiting:
            self._line[whose] = waiting
        self._calling = bool(self._line)
        if self._calling:
            asyncio.get_running_loop().call_soon(self._call)


@dataclass(slots=True)
class TurnTaker:
    """One operation's way through the turns."""

    turns: Turns
    whose: str
    _free: int = limits.FIELDS_A_TURN  # what it may resolve before it counts as long
    _turn: int = 0  # the last one it was given
    _waiting: int = 0
    _at_rest: list[Callable[[], object]] = field(default_factory=list[Callable[[], object]])

    @property
    def is_over(self) -> bool:
        """Whether it has to stand in line before it resolves more."""
        return self._free <= 0 and (self._turn != self.turns.given or self.turns.left <= 0)

    def count(self, fields: int) -> None:
        if self._free > 0:
            self._free -= fields
        else:
            self.turns.left -= fields

    async def next_turn(self, share: int = limits.FIELDS_A_TURN) -> None:
        """Come back when it is this operation's turn, to resolve about `share` fields."""
        self._waiting += 1
        try:
            while self.is_over:
                await self.turns.wait(self.whose, share)
                self._turn = self.turns.given
        finally:
            self._waiting -= 1
            if not self._waiting:
                waited, self._at_rest = self._at_rest, []
                for begin in waited:
                    self.when_at_rest(begin)

    def when_at_rest(self, begin: Callable[[], object]) -> None:
        """Call it once no part of the operation stands in line: what can be asked for by then was asked for."""
        asyncio.get_running_loop().call_soon(self._begin, begin)

    def _begin(self, begin: Callable[[], object]) -> None:
        if self._waiting:
            self._at_rest.append(begin)
        else:
            begin()
