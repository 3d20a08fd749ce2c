"""Items that fail are put back: no queue is stopped by its head.

One shape for everything a worker goes through in turns. What failed is left alone for a while, longer each time, and
the others go on; it is told with the number of its tries. What found something away is left alone too, but that is not
held against it. Kept in memory: after a restart, and in another process, it is simply tried again.
"""

import time
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
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
        self._again_at: dict[K, tuple[int, float]] = {}  # failures, and when it may be tried; the newest stands last

    def wanted(self, limit: int) -> int:
        """How many to ask a queue for, so that `limit` are among them that may be tried."""
        long_ago = self._now() - LONGEST_PAUSE_S
        self.done([item for item, (_, again_at) in self._again_at.items() if again_at < long_ago])  # by somebody else
        return limit + len(self._again_at)

    def free(self, items: Iterable[K]) -> list[K]:
        """Those that are not put back at the moment: the ones that never were, in their order, and then the others.

        So a turn that ended early, since something was away, is not followed by one that begins with the same items.
        """
        put_back = {item: place for place, item in enumerate(self._again_at, 1)}
        return sorted((item for item in items if not self.holds(item)), key=lambda item: put_back.get(item, 0))

    def holds(self, item: K) -> bool:
        return self._again_at.get(item, (0, 0.0))[1] > self._now()

    def held(self) -> set[K]:
        return {item for item in self._again_at if self.holds(item)}

    def turn(self) -> "QueueTurn[K]":
        return QueueTurn(self)

    async def tried(self, item: K, work: Awaitable[object]) -> bool:
        """Whether it was done. Where it was not, it is put back and told. For items that are tried side by side."""
        try:
            await work
        except Unavailable as unavailable:
            self.found_away([item], unavailable)
            return False
        except Exception:
            self.failed(item)
            return False
        self.done([item])
        return True

    def done(self, items: Iterable[K]) -> None:
        for item in items:
            self._again_at.pop(item, None)
        self._meters.put_back.labels(self._queue).set(len(self._again_at))

    def failed(self, item: K) -> None:
        """It raised what is being handled now."""
        failures = self._again_at.get(item, (0, 0.0))[0] + 1
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(failures - 1, DOUBLINGS))
        self._put_back(item, failures, pause_s)
        log.exception("put back: it failed", queue=self._queue, item=item, tries=failures, again_in_s=pause_s)

    def found_away(self, items: Sequence[K], unavailable: Unavailable) -> None:
        """They can't be blamed: however often that happens, none of them waits longer for it."""
        pause_s = unavailable.retry_after_s
        for item in items:
            self._put_back(item, self._again_at.get(item, (0, 0.0))[0], pause_s)
        log.warning(
            "put back: something it needs is away",
            queue=self._queue,
            items=len(items),
            item=items[0],
            again_in_s=pause_s,
        )

    def _put_back(self, item: K, failures: int, pause_s: float) -> None:
        self._again_at.pop(item, None)
        self._again_at[item] = (failures, self._now() + pause_s)
        if len(self._again_at) > REMEMBERED:
            del self._again_at[next(iter(self._again_at))]
        self._meters.worker_faults.labels(self._queue).inc()
        self._meters.put_back.labels(self._queue).set(len(self._again_at))


class QueueTurn(Generic[K]):
    """Going through a queue once, one after the other. Where something is away for one item of an owner, its others
    are put back with it. Where it is away for two owners in a row it is the store, and the turn ends.
    """

    def __init__(self, setbacks: Setbacks[K]) -> None:
        self._setbacks = setbacks
        self._away: dict[Hashable, Unavailable] = {}
        self._was_away = False  # for whoever was tried last

    async def tried(self, owner: Hashable, item: K, work: Callable[[], Awaitable[object]]) -> bool:
        """Whether it was done. Where it was not, it is put back and told. Raises `Unavailable`: the turn is over."""
        return await self.tried_together(owner, [item], lambda _: work()) == 1

    async def tried_together(
        self, owner: Hashable, items: Sequence[K], work: Callable[[Sequence[K]], Awaitable[object]]
    ) -> int:
        """How many were done: all at once, or, where that failed, each by itself. Raises as `tried`."""
        if owner in self._away:
            self._setbacks.found_away(items, self._away[owner])
            return 0
        try:
            await work(items)
        except Unavailable as unavailable:
            self._setbacks.found_away(items, unavailable)
            self._away[owner] = unavailable
            if self._was_away:
                raise
            self._was_away = True
            return 0
        except Exception:
            self._was_away = False
            if len(items) == 1:
                self._setbacks.failed(items[0])
                return 0
            log.exception("it failed for all together; now one at a time", owner=owner, items=len(items))
        else:
            self._was_away = False
            self._setbacks.done(items)
            return len(items)
        return sum([await self.tried_together(owner, [item], work) for item in items])
