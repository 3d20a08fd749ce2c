"""Rate limits that all processes of a desk share: a moving window for each name, in Redis.

While Redis is away, is full or may not be written to, each process counts for itself, going on from what it granted
before: limits are then per process, never off. Redis's clock is the one that counts.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import structlog

from adapters.redis.address import RedisAddress
from adapters.redis.line import Line
from adapters.redis.link import RedisAway, Reply
from domain.ports.system import Throttle

ANSWERED_WITHIN_S: Final = 0.5  # somebody waits for more than a count
NAME_BYTES: Final = 16

# The same deque as the twin's in memory: the newest on the left, those out of the window dropped on the right.
# Redis writes numbers with 14 digits where a script leaves it to it, which is too few for microseconds.
TAKE: Final = """
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local oldest = tonumber(redis.call('LINDEX', KEYS[1], -1))
while oldest and oldest <= now - window do
    redis.call('RPOP', KEYS[1])
    oldest = tonumber(redis.call('LINDEX', KEYS[1], -1))
end
if redis.call('LLEN', KEYS[1]) < limit then
    redis.call('LPUSH', KEYS[1], string.format('%.0f', now))
    redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(window / 1000)))
    return 0
end
return math.max(1, math.min(window, (oldest or now) + window - now))
"""

log = structlog.stdlib.get_logger()


@dataclass(slots=True)
class ThrottleTally:
    """Since the start."""

    shared: int = 0  # answered by Redis
    alone: int = 0  # answered by the process itself


class RedisThrottle:
    """`alone` counts while Redis does not; `namespace` keeps desks on one Redis apart."""

    def __init__(self, address: RedisAddress, alone: Throttle, namespace: str = "deskline") -> None:
        self.tally = ThrottleTally()
        self._alone = alone
        # One tag for all: in a Cluster they lie on one node, and one connection is enough.
        self._prefix = f"{{{namespace}:throttle}}:"
        self._line = Line(address, _tell)
        self._told_refusal = False

    @property
    def healthy(self) -> bool:
        """Whether limits hold over all processes now."""
        return self._line.is_open and not self._told_refusal

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["RedisThrottle"]:
        """Raises RedisRefused. A Redis that is away is no reason not to start."""
        async with self._line.running():
            yield self

    async def take(self, name: str, limit: int, per_s: float) -> float | None:
        """What was refused does not count: waiting the told seconds is always enough."""
        try:
            async with asyncio.timeout(ANSWERED_WITHIN_S):
                reply = await self._line.ask("EVAL", TAKE, 1, self._key(name), limit, round(per_s * 1e6))
        except (RedisAway, TimeoutError):
            reply = None
        match reply:
            case int() if 0 <= reply <= round(per_s * 1e6):
                self._note_answer()
            case _:
                self._note_refusal(reply)
                self.tally.alone += 1
                return await self._alone.take(name, limit, per_s)
        self.tally.shared += 1
        if reply:
            return reply / 1e6
        # Told along, so that this process knows what it granted should Redis go away.
        await self._alone.take(name, limit, per_s)
        return None

    async def give_back(self, name: str) -> None:
        with suppress(RedisAway, TimeoutError):
            async with asyncio.timeout(ANSWERED_WITHIN_S):
                await self._line.ask("LPOP", self._key(name))
        await self._alone.give_back(name)

    async def turn(self, name: str, every_s: float, patience_s: float) -> bool:
        """Each process has turns of its own: a turn shared by all could be kept from them by one that died."""
        return await self._alone.turn(name, every_s, patience_s)

    def _key(self, name: str) -> str:
        # Names hold addresses of people, which are nobody's business there.
        return self._prefix + blake2b(name.encode("utf-8", "surrogatepass"), digest_size=NAME_BYTES).hexdigest()

    def _note_answer(self) -> None:
        if self._told_refusal:
            self._told_refusal = False
            log.info("redis.limits_shared")

    def _note_refusal(self, reply: Reply) -> None:
        """Redis answers, but not with a count: it is full, or a replica, or its user lacks rights."""
        if reply is None or self._told_refusal:
            return
        self._told_refusal = True
        log.warning("redis.limits_alone", reason=getattr(reply, "reason", "an answer of another shape"))


def _tell(fault: Exception | None) -> None:
    if fault is None:
        log.info("redis.limits_shared")
    else:
        log.warning("redis.limits_alone", reason=str(fault))
