"""The in-process bus: hints between tasks of one event loop. What the embedded default runs on.

A listener holds one number however many hints come, so nothing grows and nobody waits for a slow one. Hints have to
come from the loop's own thread.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager


class MemoryBus:
    def __init__(self) -> None:
        self._listeners: dict[str, set[_Listener]] = {}

    def hint(self, topic: str, position: int = 0) -> None:
        for listener in self._listeners.get(topic, ()):
            listener.hear(position)

    @asynccontextmanager
    async def listen(self, topic: str) -> AsyncGenerator[AsyncIterator[int], None]:
        listener = _Listener()
        self._listeners.setdefault(topic, set()).add(listener)
        try:
            yield listener
        finally:
            self._forget(topic, listener)
            listener.end()

    def _forget(self, topic: str, listener: "_Listener") -> None:
        here = self._listeners[topic]
        here.discard(listener)
        if not here:
            del self._listeners[topic]


class _Listener:
    """The highest position hinted since it was last asked; ends when its block does."""

    def __init__(self) -> None:
        self._highest: int | None = None
        self._ended = False
        self._awake = asyncio.Event()

    def hear(self, position: int) -> None:
        self._highest = position if self._highest is None else max(self._highest, position)
        self._awake.set()

    def end(self) -> None:
        self._ended = True
        self._awake.set()

    def __aiter__(self) -> "_Listener":
        return self

    async def __anext__(self) -> int:
        await self._awake.wait()
        if self._ended or self._highest is None:
            raise StopAsyncIteration
        highest, self._highest = self._highest, None
        self._awake.clear()
        return highest
