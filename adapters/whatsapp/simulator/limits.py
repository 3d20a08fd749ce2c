"""How fast a number may send, by the simulator's clock: messages a second of a number, and to each person.

Source: WhatsApp Business Platform, "Throughput": 80 a second, in and out together; to one user 1 in 6 seconds, with
bursts of 45 that are paid back in waiting.
"""

from collections import deque
from typing import Final

from adapters.whatsapp.simulator.graph.errors import GraphError

SECOND_S: Final = 1.0
PAIR_EVERY_S: Final = 6.0
MAX_PAIRS: Final = 20_000


class Limits:
    """Refuses with 130429 or 131056, and counts how often."""

    def __init__(self, throughput: int, pair_burst: int) -> None:
        self._throughput = throughput
        self._pair_burst = pair_burst
        self._lately: dict[str, deque[float]] = {}
        self._pairs: dict[tuple[str, str], tuple[float, float]] = {}  # messages left, as of an instant
        self.refused = 0

    def note(self, number: str, now: float) -> None:
        """One more of a number, in or out."""
        self._of(number, now).append(now)

    def use_up(self, number: str, person: str, now: float) -> None:
        """As if so many had been sent to a person that no more go."""
        self._pairs[number, person] = (0.0, now)

    def check(self, number: str, person: str, now: float) -> None:
        """Takes a send of `number` to `person`, or raises GraphError and takes nothing."""
        lately = self._of(number, now)
        left = self._left(number, person, now)
        if len(lately) >= self._throughput:
            self.refused += 1
            raise GraphError(130429, f"Message failed to send: more than {self._throughput} messages a second")
        if left < 1.0:
            self.refused += 1
            raise GraphError(131056, "Too many messages to this recipient in a short time")
        lately.append(now)
        self._pairs[number, person] = (left - 1.0, now)

    def _of(self, number: str, now: float) -> deque[float]:
        lately = self._lately.setdefault(number, deque())
        while lately and lately[0] <= now - SECOND_S:
            lately.popleft()
        return lately

    def _left(self, number: str, person: str, now: float) -> float:
        if len(self._pairs) > MAX_PAIRS:
            self._pairs.clear()
        left, at = self._pairs.get((number, person), (float(self._pair_burst), now))
        return min(float(self._pair_burst), left + max(0.0, now - at) / PAIR_EVERY_S)
