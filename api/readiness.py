"""Whether the desk is ready for requests, and where it is not, why: a line for `/readyz`."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from adapters.db.condition import Condition
from adapters.room import is_full
from api.wiring import Wired
from api.worker.loops import Worker
from domain.errors import Unavailable

DATABASE_ANSWERS_WITHIN_S: Final = 2.0
LOOKED_AT_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Ready:
    """Files may have a disk of their own: while it is full, words still come and go."""

    but: str | None = None


@dataclass(frozen=True, slots=True)
class NotReady:
    why: str
    may_pass: bool


class Readiness:
    def __init__(self, desk: Wired, worker: Worker | None) -> None:
        self._desk = desk
        self._worker = worker
        self._looking = asyncio.Lock()
        self._looked_at = -LOOKED_AT_EVERY_S
        self._condition = Condition()

    async def look(self) -> Ready | NotReady:
        if self._worker is not None and not self._worker.is_running:
            return NotReady("the worker is not running", may_pass=False)
        try:
            async with asyncio.timeout(DATABASE_ANSWERS_WITHIN_S):
                is_up_to_date = await self._desk.is_ready()
                condition = await self.condition()
        except (Unavailable, TimeoutError):
            return NotReady("the database does not answer", may_pass=True)
        if not is_up_to_date:
            return NotReady("the database is not up to date", may_pass=False)
        if condition.fault is not None:
            return NotReady(condition.fault, may_pass=True)
        return Ready(await asyncio.to_thread(self._lack_of_files))

    async def condition(self) -> Condition:
        """The database's, as it was a moment ago at most: anybody may ask, as often as they like."""
        async with self._looking:
            if time.monotonic() - self._looked_at >= LOOKED_AT_EVERY_S:
                self._condition = await self._desk.database.condition()
                self._looked_at = time.monotonic()
            return self._condition

    def _lack_of_files(self) -> str | None:
        settings = self._desk.settings
        if settings.media_objects is None and is_full(settings.media_folder):
            return "no file can be kept: their disk is full"
        return None
