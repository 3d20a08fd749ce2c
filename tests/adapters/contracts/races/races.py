"""Races: many callers do the same at the same instant, from several processes where the database is on a server.

A suite runs a few rounds of each; `DESKLINE_TEST_RACE_ROUNDS=200 pytest tests/adapters/contracts/races` many.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from typing import TypeVar

from domain.errors import Unavailable
from domain.ports.bundle import Ports
from tests.domain.log_check import Database
from tests.domain.one_desk import Desk

T = TypeVar("T")

ROUNDS = int(os.environ.get("DESKLINE_TEST_RACE_ROUNDS", "3"))
CALLERS = 32
DEADLINE_S = 120 + 2 * ROUNDS


@dataclass(frozen=True, slots=True)
class Course:
    """One desk, and the ports of each process at it. Stores are as they are: nobody holds their logs against them."""

    desk: Desk
    processes: Sequence[Ports]
    deadlocks: Callable[[], Awaitable[int]]  # how many there were so far

    async def run(self, call: Callable[[Ports, int], Awaitable[T]], callers: int = CALLERS) -> list[T]:
        """The same call of every caller, begun together; answers in the order of callers."""
        lanes = cycle(self.processes)
        async with asyncio.timeout(DEADLINE_S):
            return await asyncio.gather(*(_answered(call, next(lanes), caller) for caller in range(callers)))


async def _answered(call: Callable[[Ports, int], Awaitable[T]], ports: Ports, caller: int) -> T:
    """Who waits in line for seconds, on a machine that has much to do, is sent away and comes again."""
    while True:
        try:
            return await call(ports, caller)
        except Unavailable:
            await asyncio.sleep(0.001)  # one that is refused without having waited must not keep the loop to itself


async def none() -> int:
    """Of those who take turns nobody waits for another."""
    return 0


def course_of(desk: Desk, databases: Sequence[Database], deadlocks: Callable[[], Awaitable[int]] = none) -> Course:
    def at(database: Database) -> Ports:
        return replace(
            desk.ports,
            store=database.store,
            webhook_inbox=database.webhook_inbox,
            directory=database.directory,
            reader=database.reader,
        )

    return Course(desk, [at(database) for database in databases], deadlocks)
