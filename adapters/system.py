"""The machine's own clock, and names nobody else gives: the only places where time and chance come in."""

import asyncio
import secrets
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from adapters.causes import cause
from domain.ports.system import Clock

RANDOM_BITS: Final = 74  # what a UUIDv7 has besides its 48 bits of milliseconds, its version and its variant
LOW_BITS: Final = 62  # of these, the ones after the variant
SECRET_BYTES: Final = 24


class SystemClock:
    """UTC by the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class FollowingClock:
    """The time of whoever all processes share, asked for now and then, and carried on by a clock that is never set.

    Until it was told, and where there is nobody to ask, the machine's own.
    """

    def __init__(self, own: Clock | None = None, steady: Callable[[], float] = time.monotonic) -> None:
        self._own = own or SystemClock()
        self._steady = steady
        self._told: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        if self._told is None:
            return self._own.now()
        at, since = self._told
        return at + timedelta(seconds=self._steady() - since)

    async def wait(self, seconds: float) -> None:
        await self._own.wait(seconds)

    async def ask(self, now: Callable[[], Awaitable[datetime | None]]) -> None:
        """The answer is as old as half the way there and back."""
        began = self._steady()
        answer = await now()
        ended = self._steady()
        if answer is not None:
            self._told = (answer + timedelta(seconds=(ended - began) / 2), ended)


class SystemIds:
    """UUIDv7 (RFC 9562), each above the one before, also within a millisecond and when the clock is set back."""

    def __init__(self) -> None:
        self._last = 0  # milliseconds and random bits as one number
        self._lock = threading.Lock()

    def new(self) -> str:
        with self._lock:
            fresh = (time.time_ns() // 1_000_000) << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
            # A step of up to 2^32 keeps neighbours hard to guess and the millisecond far from full.
            self._last = fresh if fresh > self._last else self._last + 1 + secrets.randbits(32)
            return str(UUID(int=_with_version(self._last)))

    def secret(self) -> str:
        return secrets.token_urlsafe(SECRET_BYTES)

    def cause(self) -> str | None:
        return cause()


def _with_version(value: int) -> int:
    milliseconds = value >> RANDOM_BITS
    high = value >> LOW_BITS & 0xFFF
    low = value & (1 << LOW_BITS) - 1
    return milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << LOW_BITS | low
