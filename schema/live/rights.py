"""What open connections may still see: asked anew three times a second, in one call for all of them.

A key, sign-in or user that is gone ends its connections; a changed role changes what their streams show. Sockets
outlive every check made when they were opened, so nothing here is remembered longer than one turn.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Protocol

import structlog

from domain.actors import Actor
from domain.errors import Unavailable
from domain.ports import Ports
from domain.use_cases.access import live_key, rights_now
from schema import limits

log = structlog.stdlib.get_logger()


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


class Watch:
    def __init__(self, ports: Ports, every_s: float = limits.RIGHTS_S) -> None:
        self._ports = ports
        self._every_s = every_s
        self._watched: set[Watched] = set()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        watching = asyncio.create_task(self._keep_looking(), name="rights")
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.wait([watching])

    def add(self, watched: Watched) -> None:
        self._watched.add(watched)

    def discard(self, watched: Watched) -> None:
        self._watched.discard(watched)

    def of(self, actor: Actor) -> int:
        """How many connections the same user or key has open."""
        mine = (actor.organization, actor.key)
        return sum((watched.actor.organization, watched.actor.key) == mine for watched in self._watched)

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
