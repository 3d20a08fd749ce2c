"""Reading deliveries beside the event loop: what a large or malicious body costs, nobody else waits for.

A thread can't be ended from outside. One that does not come back is left behind, and the next body gets a new one; it
does not keep the process from ending.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Final, Protocol

from domain.ports.deliveries import Delivery
from domain.ports.network import Unreadable
from domain.updates import Update

READ_WITHIN_S: Final = 10.0
AT_ONCE_BYTES: Final = 16 * 1024  # read where it is: it takes less time than handing it over


class Reads(Protocol):
    def updates(self, delivery: Delivery) -> list[Update]: ...


class Beside:
    """The interpreter port over one that reads in the caller's thread."""

    def __init__(self, reader: Reads, within_s: float = READ_WITHIN_S, at_once_bytes: int = AT_ONCE_BYTES) -> None:
        self._reader = reader
        self._within_s = within_s
        self._at_once_bytes = at_once_bytes
        self._thread: _Thread | None = None

    async def updates(self, delivery: Delivery) -> list[Update]:
        if len(delivery.body) <= self._at_once_bytes:
            return self._reader.updates(delivery)
        thread = self._thread or _Thread()
        self._thread = None  # whoever else reads meanwhile takes another one
        try:
            async with asyncio.timeout(self._within_s):
                read = await thread.run(lambda: self._reader.updates(delivery))
        except TimeoutError:
            raise Unreadable(f"reading it takes longer than {self._within_s:g} seconds") from None
        finally:
            if thread.is_idle and self._thread is None:
                self._thread = thread
            else:
                thread.leave()
        return read


class _Thread:
    """One that works until it is left."""

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self.is_idle = True
        threading.Thread(target=self._run, name="reading a delivery", daemon=True).start()

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()

    async def run(self, work: Callable[[], list[Update]]) -> list[Update]:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[list[Update]] = loop.create_future()

        def told(result: list[Update] | Exception) -> None:
            self.is_idle = True
            if done.done():
                return
            if isinstance(result, Exception):
                done.set_exception(result)
            else:
                done.set_result(result)

        def worked() -> None:
            try:
                result = work()
            except Exception as error:
                result = error
            if not loop.is_closed():
                loop.call_soon_threadsafe(told, result)

        self.is_idle = False
        self._work.put(worked)
        return await done

    def leave(self) -> None:
        self._work.put(None)
