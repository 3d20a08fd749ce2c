"""Those who have begun to send something and not finished: so many at a time, and the newest is always let in.

A stranger who only holds a place, and one who is done in a moment, look the same when they come. So nobody is turned
away at the door: where there are too many, whoever has been at it for longest has to go, and first of all those of an
address that has more than its share. Who has something to say has said it long before.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final


class MadeRoom(Exception):
    """It had to go, so that others could come."""


class Guest:
    """One that has begun. `leave` is called when it has to go for others: once, and never after it has left."""

    __slots__ = ("address", "bytes", "leave")

    def __init__(self, address: str, leave: Callable[[], None]) -> None:
        self.address: Final = address
        self.leave: Final = leave
        self.bytes = 0


class Crowd:
    """At most `most` guests, `most_of_one` of them of one address, who hold `most_bytes` together."""

    def __init__(self, most: int, most_of_one: int, most_bytes: int = 0) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._most_bytes = most_bytes
        self._guests: dict[Guest, None] = {}  # the longest there first, here and below
        self._by_address: dict[str, dict[Guest, None]] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._guests)

    @property
    def bytes(self) -> int:
        return self._bytes

    def enter(self, address: str, leave: Callable[[], None]) -> Guest:
        guest = Guest(address, leave)
        self._guests[guest] = None
        of_one = self._by_address.setdefault(address, {})
        of_one[guest] = None
        if len(of_one) > self._most_of_one:
            self._send_away(next(iter(of_one)))
        elif len(self._guests) > self._most:
            self._send_away(next(iter(self._guests)))
        return guest

    def hold(self, guest: Guest, count: int) -> None:
        """The guest keeps so many bytes more in memory. Raises MadeRoom where it is itself who has to go for them."""
        if guest in self._guests:
            guest.bytes += count
            self._bytes += count
            while self._bytes > self._most_bytes:
                most_held = max(self._by_address.values(), key=lambda of_one: sum(each.bytes for each in of_one))
                self._send_away(next(each for each in most_held if each.bytes))
        if guest not in self._guests:
            raise MadeRoom

    def left(self, guest: Guest) -> None:
        """It is done, or gone. May be said twice."""
        if guest not in self._guests:
            return
        del self._guests[guest]
        self._bytes -= guest.bytes
        of_one = self._by_address[guest.address]
        del of_one[guest]
        if not of_one:
            del self._by_address[guest.address]

    @asynccontextmanager
    async def with_guest(self, address: str, within_s: float) -> AsyncGenerator[Guest]:
        """For a task that reads what comes. Raises MadeRoom inside, and TimeoutError after so many seconds."""
        has_to_go = False

        def leave() -> None:
            nonlocal has_to_go
            has_to_go = True
            if not patience.expired():
                patience.reschedule(0)  # which is long ago

        try:
            async with asyncio.timeout(within_s) as patience:
                guest = self.enter(address, leave)
                try:
                    yield guest
                finally:
                    self.left(guest)
        except TimeoutError:
            if has_to_go:
                raise MadeRoom from None
            raise

    def _send_away(self, guest: Guest) -> None:
        self.left(guest)
        guest.leave()
