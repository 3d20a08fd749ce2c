"""Rate limits in the memory of one process: a moving window for each name, and turns by lot.

The names kept are bounded. Where there are too many, those whose windows have run out go first, then whoever has the
fewest tries, the longest untouched before: names made up to push others out push out each other.
"""

from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from adapters.memory.lots import Lots
from domain.ports.system import Clock

# More than there can be wrong passwords in a quarter of an hour: at 50 hashes a second 45,000. About 25 MB when full.
NAMES_KEPT: Final = 50_000
LOOKED_AT_EACH_TIME: Final = 2  # names whose windows may have run out


@dataclass(slots=True)
class _Window:
    taken: list[datetime] = field(default_factory=list[datetime])  # oldest first
    length: timedelta = timedelta()

    def forget_old(self, now: datetime) -> None:
        """What was taken by a clock that was set back since counts as taken now: nobody waits longer than a window."""
        self.taken = [min(at, now) for at in self.taken if at > now - self.length]


class MemoryThrottle:
    def __init__(self, clock: Clock, names_kept: int = NAMES_KEPT) -> None:
        self._clock = clock
        self._names_kept = names_kept
        self._windows: OrderedDict[str, _Window] = OrderedDict()  # in the order they will be looked at
        self._by_count: defaultdict[int, OrderedDict[str, None]] = defaultdict(OrderedDict)
        self._lots = Lots()

    async def take(self, name: str, limit: int, per_s: float) -> float | None:
        """What was refused does not count: waiting the told seconds is always enough."""
        now = self._clock.now()
        self._look_at_some(now)
        window = self._windows.get(name) or _Window()
        window.length = timedelta(seconds=per_s)
        before = len(window.taken)
        window.forget_old(now)
        is_free = len(window.taken) < limit
        if is_free:
            window.taken.append(now)
        self._keep(name, window, before)
        if is_free:
            return None
        oldest = window.taken[0] if window.taken else now
        return min(per_s, (oldest + window.length - now).total_seconds())

    async def give_back(self, name: str) -> None:
        window = self._windows.get(name)
        if window is not None:
            before = len(window.taken)
            window.taken.pop()
            self._keep(name, window, before)

    async def turn(self, name: str, every_s: float, patience_s: float) -> bool:
        return await self._lots.turn(name, every_s, patience_s)

    def _keep(self, name: str, window: _Window, before: int) -> None:
        """Under its new count; a window of nothing is none."""
        self._by_count[before].pop(name, None)
        if not self._by_count[before]:
            del self._by_count[before]
        if not window.taken:
            self._windows.pop(name, None)
            return
        self._windows[name] = window
        self._by_count[len(window.taken)][name] = None
        if len(self._windows) > self._names_kept:
            self._forget_the_least(spared=name)

    def _forget_the_least(self, spared: str) -> None:
        for count in sorted(self._by_count):
            for name in self._by_count[count]:
                if name != spared:
                    del self._windows[name], self._by_count[count][name]
                    return

    def _look_at_some(self, now: datetime) -> None:
        """In turn, so that what nobody asks for any more is gone after a while."""
        for _ in range(min(LOOKED_AT_EACH_TIME, len(self._windows))):
            name = next(iter(self._windows))
            window = self._windows[name]
            self._windows.move_to_end(name)
            before = len(window.taken)
            window.forget_old(now)
            if len(window.taken) != before:
                self._keep(name, window, before)
