"""Items that fail are put back: no queue is stopped by its head.

One shape for everything a worker goes through in turns. What failed is left alone for a while, longer each time, and
the others go on; it is told with the number of its tries. Kept in memory: after a restart, and in another process, it
is simply tried again.
"""

import time
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Final, Generic, TypeVar

import structlog

from api.metrics import Meters
from domain.errors import Unavailable

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 600.0
DOUBLINGS: Final = 10
REMEMBERED: Final = 1000  # items of one queue; the one that failed first is tried again at once beyond that

log = structlog.stdlib.get_logger()

K = TypeVar("K", bound=Hashable)


class Setbacks(Generic[K]):
    """Of one queue. `now` is in seconds, by a clock that is never set."""

    def __init__(self, queue: str, meters: Meters, now: Callable[[], float] = time.monotonic) -> None:
        self._queue = queue
        self._meters = meters
        self._now = now
        self._again_at: dict[K, tuple[int, float]] = {}

    def wanted(self, limit: int) -> int:
        """How many to ask a queue for, so that `limit` are among them that may be tried."""
        return limit + len(self._again_at)

    def free(self, items: Iterable[K]) -> list[K]:
        """Those that are not put back at the moment, in their order."""
        return [item for item in items if not self.holds(item)]

    def holds(self, item: K) -> bool:
        return self._again_at.get(item, (0, 0.0))[1] > self._now()

    def held(self) -> set[K]:
        return {item for item in self._again_at if self.holds(item)}

    async def tried(self, item: K, work: Awaitable[object]) -> bool:
        """Whether it was done. Where it was not, it is put back and told."""
        try:
            await work
        except Unavailable as unavailable:
            again_in_s = self._put_back(item, unavailable.retry_after_s)
            log.warning("put back: something it needs is away", queue=self._queue, item=item, again_in_s=again_in_s)
            return False
        except Exception:
            again_in_s = self._put_back(item, FIRST_PAUSE_S)
            log.exception(
                "put back: it failed",
                queue=self._queue,
                item=item,
                tries=self._again_at[item][0],
                again_in_s=again_in_s,
            )
            return False
        self._again_at.pop(item, None)
        self._meters.put_back.labels(self._queue).set(len(self._again_at))
        return True

    def _put_back(self, item: K, first_pause_s: float) -> float:
        tries = self._again_at.pop(item, (0, 0.0))[0] + 1
        pause_s = min(LONGEST_PAUSE_S, first_pause_s * 2 ** min(tries - 1, DOUBLINGS))
        self._again_at[item] = (tries, self._now() + pause_s)
        if len(self._again_at) > REMEMBERED:
            del self._again_at[next(iter(self._again_at))]
        self._meters.worker_faults.labels(self._queue).inc()
        self._meters.put_back.labels(self._queue).set(len(self._again_at))
        return pause_s
