"""Deliveries that wait to be stored, many with one commit; each of their senders hears what became of its own."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from adapters.db.rows.mapping import Value, to_values
from domain.errors import Unavailable
from domain.ports.deliveries import Delivery

TOGETHER = 512
TOGETHER_BYTES = 16 * 1024 * 1024
WAITING_BYTES = 128 * 1024 * 1024  # more than this waiting, and the next is refused


@dataclass(slots=True, eq=False)
class Append:
    values: tuple[Value, ...]
    size: int
    stored: asyncio.Future[None]


Storing: TypeAlias = Callable[[Sequence[tuple[Value, ...]]], Awaitable[None]]
"""Stores rows of deliveries with one commit, all or none."""


class Appends:
    def __init__(self) -> None:
        self._waiting: deque[Append] = deque()
        self._bytes = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, delivery: Delivery) -> Append:
        """Raises `Unavailable` where too much waits already."""
        size = len(delivery.body)
        if self._bytes + size > WAITING_BYTES:
            raise Unavailable
        append = Append(to_values(delivery), size, asyncio.get_running_loop().create_future())
        self._waiting.append(append)
        self._bytes += size
        return append

    def forget(self, append: Append) -> None:
        """Its sender was told that it is not stored. It may be all the same, where it was taken already."""
        with suppress(ValueError):
            self._waiting.remove(append)
            self._bytes -= append.size

    def take(self) -> list[Append]:
        """The oldest, as many as one commit takes."""
        batch: list[Append] = []
        size = 0
        while self._waiting and len(batch) < TOGETHER and size < TOGETHER_BYTES:
            batch.append(self._waiting.popleft())
            size += batch[-1].size
        self._bytes -= size
        return batch

    def refuse(self) -> None:
        """Nothing that waits will be stored."""
        while self._waiting:
            _fail(self._waiting.popleft(), Unavailable())
        self._bytes = 0


async def store(batch: Sequence[Append], storing: Storing) -> None:
    """One that can't be stored spoils nothing but itself."""
    try:
        await _store_together(batch, storing)
    except Exception as error:
        await _store_one_by_one(batch, storing, error)
    finally:  # also where this task is cancelled: whoever waits must not wait for ever
        for append in batch:
            _fail(append, Unavailable())


async def _store_together(batch: Sequence[Append], storing: Storing) -> None:
    await storing([append.values for append in batch])
    for append in batch:
        if not append.stored.done():
            append.stored.set_result(None)


async def _store_one_by_one(batch: Sequence[Append], storing: Storing, error: Exception) -> None:
    for append in batch:
        if isinstance(error, Unavailable) or len(batch) == 1:
            _fail(append, error)
            continue
        try:
            await _store_together([append], storing)
        except Exception as own_error:
            _fail(append, own_error)


def _fail(append: Append, error: Exception) -> None:
    if not append.stored.done():
        append.stored.set_exception(error)
        append.stored.exception()  # seen: whoever asked may have been cancelled
