"""What open connections may still see: asked anew three times a second, in one call for all of them.

A key, sign-in or user that is gone ends its connections; a changed role changes what their streams show. Sockets
outlive every check made when they were opened, so nothing here is remembered longer than one turn.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog

from domain.errors import Unavailable
from domain.ids import OrganizationId
from domain.people.actors import Actor, ByUser
from domain.ports.bundle import Ports
from domain.use_cases.people.access import live_key, rights_now
from schema.engine import limits

log = structlog.stdlib.get_logger()

Counted = TypeVar("Counted")


class Watched(Protocol):
    """An open connection of somebody."""

    @property
    def actor(self) -> Actor: ...

    def act_as(self, actor: Actor) -> None:
        """The rights changed: from now on these hold."""
        ...

    def revoke(self) -> None:
        """Nothing more may be shown."""
        ...


@dataclass(frozen=True, slots=True)
class Listeners:
    """How many sockets and event streams may be open in one process."""

    of_process: int = 25_000
    of_organization: int = 12_000
    of_key: int = 10_000
    of_user: int = 20


class TooMany(Exception):
    """The message says whose are too many, and how many may be."""

    def __init__(self, whose: str, limit: int) -> None:
        super().__init__(f"{whose} has {limit:,} sockets and event streams open, and may have no more.")
        self.limit = limit


class Watch:
    def __init__(self, ports: Ports, every_s: float = limits.RIGHTS_S, most: Listeners | None = None) -> None:
        self._ports = ports
        self._every_s = every_s
        self._most = most or Listeners()
        self._watched: dict[Watched, tuple[OrganizationId, str]] = {}
        self._by_organization: Counter[OrganizationId] = Counter()
        self._by_caller: Counter[tuple[OrganizationId, str]] = Counter()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        watching = asyncio.create_task(self._keep_looking(), name="rights")
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.wait([watching])

    def of(self, actor: Actor) -> int:
        """How many connections the same user or key has open."""
        return self._by_caller[actor.organization, actor.key]

    def expect_room(self, actor: Actor) -> None:
        """Raises TooMany. Whoever is told that there is room has it until something is awaited."""
        of_caller = self._most.of_user if isinstance(actor.author, ByUser) else self._most.of_key
        if self.of(actor) >= of_caller:
            raise TooMany("This user or key", of_caller)
        if self._by_organization[actor.organization] >= self._most.of_organization:
            raise TooMany("This organization", self._most.of_organization)
        if len(self._watched) >= self._most.of_process:
            raise TooMany("This server", self._most.of_process)

    def add(self, watched: Watched) -> None:
        caller = (watched.actor.organization, watched.actor.key)
        self._watched[watched] = caller
        self._by_caller[caller] += 1
        self._by_organization[caller[0]] += 1

    def discard(self, watched: Watched) -> None:
        caller = self._watched.pop(watched, None)
        if caller is None:
            return
        _count_down(self._by_caller, caller)
        _count_down(self._by_organization, caller[0])

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self._look()
            except Unavailable:
                continue  # nothing can be read now, so nothing can be shown either
            except Exception:
                log.exception("rights.failed")

    async def _look(self) -> None:
        if not self._watched:
            return
        actors = {live_key(watched.actor): watched.actor for watched in self._watched}
        now = await rights_now(self._ports, actors.values())
        for watched in tuple(self._watched):
            if live_key(watched.actor) not in actors:
                continue  # came while we asked
            actor = now.get(live_key(watched.actor))
            if actor is None:
                watched.revoke()
            elif actor != watched.actor:
                watched.act_as(actor)


def _count_down(counter: "Counter[Counted]", of: Counted) -> None:
    counter[of] -= 1
    if not counter[of]:
        del counter[of]
