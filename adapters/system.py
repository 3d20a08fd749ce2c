"""The machine's own clock, and names nobody else gives: the only places where time and chance come in."""

import asyncio
import secrets
import threading
import time
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

RANDOM_BITS: Final = 74  # what a UUIDv7 has besides its 48 bits of milliseconds, its version and its variant
LOW_BITS: Final = 62  # of these, the ones after the variant
SECRET_BYTES: Final = 24


class SystemClock:
    """UTC by the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


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


def _with_version(value: int) -> int:
    milliseconds = value >> RANDOM_BITS
    high = value >> LOW_BITS & 0xFFF
    low = value & (1 << LOW_BITS) - 1
    return milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << LOW_BITS | low
