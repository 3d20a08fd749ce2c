"""Rate limits in the memory of one process: a moving window for each name."""

from collections import OrderedDict, deque
from datetime import datetime, timedelta

from domain.ports import Clock

NAMES_KEPT = 10_000  # about 10 MB with windows of 10; beyond it the name that was longest quiet is forgotten


class MemoryThrottle:
    def __init__(self, clock: Clock, names_kept: int = NAMES_KEPT) -> None:
        self._clock = clock
        self._names_kept = names_kept
        self._taken: OrderedDict[str, deque[datetime]] = OrderedDict()

    async def take(self, name: str, limit: int, per_s: float) -> float | None:
        """What was refused does not count: waiting the told seconds is always enough."""
        now = self._clock.now()
        window = timedelta(seconds=per_s)
        taken = self._window(name)
        while taken and taken[0] <= now - window:
            taken.popleft()
        if len(taken) < limit:
            taken.append(now)
            return None
        oldest = taken[0] if taken else now
        return min(per_s, (oldest + window - now).total_seconds())

    def _window(self, name: str) -> deque[datetime]:
        taken = self._taken.setdefault(name, deque())
        self._taken.move_to_end(name)
        if len(self._taken) > self._names_kept:
            self._taken.popitem(last=False)
        return taken
