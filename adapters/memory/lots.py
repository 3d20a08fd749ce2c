"""Turns in the memory of one process: one of a name each so often, and who waits is drawn by lot.

By lot, because whoever waits in a row behind somebody with a thousand connections waits for ever.
"""

import asyncio
import secrets
from typing import Final

WAITING_MOST: Final = 16  # of a name; one more and one of them, by lot, gives up
Place = asyncio.Future[bool]


class Lots:
    def __init__(self) -> None:
        self._waiting: dict[str, list[Place]] = {}  # there while a turn was had less than its time ago

    async def turn(self, name: str, every_s: float, patience_s: float) -> bool:
        """The first at once, and one every so often after it. False for who was not drawn in time."""
        loop = asyncio.get_running_loop()
        waiting = self._waiting.get(name)
        if waiting is None:
            self._waiting[name] = []
            loop.call_later(every_s, self._draw, name, every_s)
            return True
        place: Place = loop.create_future()
        waiting.append(place)
        if len(waiting) > WAITING_MOST:
            _settle(_drawn(waiting), False)
        losing_patience = loop.call_later(patience_s, _settle, place, False)
        try:
            return await place
        finally:
            losing_patience.cancel()
            if place in waiting:
                waiting.remove(place)

    def _draw(self, name: str, every_s: float) -> None:
        waiting = self._waiting[name]
        while waiting:
            if _settle(_drawn(waiting), True):
                asyncio.get_running_loop().call_later(every_s, self._draw, name, every_s)
                return
        del self._waiting[name]


def _drawn(waiting: list[Place]) -> Place:
    return waiting.pop(secrets.randbelow(len(waiting)))


def _settle(place: Place, answer: bool) -> bool:
    """False where it is settled already, or whoever waited has gone."""
    if place.done():
        return False
    place.set_result(answer)
    return True
