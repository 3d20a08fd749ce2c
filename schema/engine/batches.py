"""Values by key, asked for in batches: all that one operation wants at a time in one call."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from schema.engine.turns import TurnTaker

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Loader(Generic[K, V]):
    """Asks for each key once. A batch is closed when the operation is at rest, however many turns it took to get there.

    `fetch` answers with a value for each key, in their order.
    """

    def __init__(self, fetch: Callable[[list[K]], Awaitable[Sequence[V]]], turn_taker: TurnTaker) -> None:
        self._fetch = fetch
        self._turn_taker = turn_taker
        self._values: dict[K, asyncio.Future[V]] = {}
        self._batch: list[K] = []
        self._fetching: set[asyncio.Task[None]] = set()

    def load(self, key: K) -> Awaitable[V]:
        """One of several who ask for the same may be given up, with the part of the answer it was for."""
        value = self._values.get(key)
        if value is None:
            value = self._values[key] = asyncio.get_running_loop().create_future()
            if not self._batch:
                self._turn_taker.when_at_rest(self._begin)
            self._batch.append(key)
        return asyncio.shield(value)

    def hold(self, key: K, value: V) -> None:
        """What is known already is not asked for."""
        self._values[key] = asyncio.get_running_loop().create_future()
        self._values[key].set_result(value)

    async def load_many(self, keys: Iterable[K]) -> list[V]:
        return await asyncio.gather(*map(self.load, keys))

    def _begin(self) -> None:
        task = asyncio.create_task(self._fetch_batch())
        self._fetching.add(task)
        task.add_done_callback(self._fetching.discard)

    async def _fetch_batch(self) -> None:
        keys, self._batch = list(dict.fromkeys(self._batch)), []
        waiting = [self._values[key] for key in keys]
        try:
            values = await self._fetch(keys)
        except Exception as error:
            for each in waiting:
                if not each.done():
                    each.set_exception(error)
                    each.exception()  # those who still wait hear of it, and it is no news that nobody does
            return
        for each, value in zip(waiting, values, strict=True):
            if not each.done():
                each.set_result(value)
