"""Frames: an event as a group of listeners sees it, written once and kept a while for those who come back."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

from schema.engine import limits


@dataclass(slots=True)
class Frame:
    """One event's answer as JSON. What a transport wraps around it is the same for most readers, so it is kept."""

    position: int
    cursor: str
    payload: bytes
    whole: bool = True  # without errors, which may be gone the next time
    _socket: tuple[str, str] = field(default=("", ""), repr=False)
    _stream: bytes = field(default=b"", repr=False)

    def on_socket(self, id: str) -> str:
        """The `next` message of graphql-transport-ws; `id` is the operation's, as JSON."""
        if self._socket[0] != id:
            self._socket = (id, f'{{"id":{id},"type":"next","payload":{self.payload.decode()}}}')
        return self._socket[1]

    def on_stream(self) -> bytes:
        """The `next` event of graphql-sse, with its cursor as the event's id."""
        if not self._stream:
            self._stream = b"id: %b\nevent: next\ndata: %b\n\n" % (self.cursor.encode(), self.payload)
        return self._stream


class FrameCache:
    """Frames made lately, by who they are for and their position: asked for at once, made once.

    Bounded in number, bytes and age over all groups of a process; the oldest go first.
    """

    def __init__(self) -> None:
        self._frames: OrderedDict[Hashable, tuple[float, asyncio.Task[Frame]]] = OrderedDict()
        self._bytes = 0

    async def frame(self, key: Hashable, make: Callable[[], Awaitable[Frame]]) -> Frame:
        now = asyncio.get_running_loop().time()
        self._forget_before(now - limits.KEPT_S)
        self._forget_if_faulty(key)
        if key not in self._frames:
            task = asyncio.ensure_future(_frame(make))
            task.add_done_callback(self._weigh)
            self._frames[key] = (now, task)
        # Whoever leaves while it is being made must not take it from the others.
        return await asyncio.shield(self._frames[key][1])

    def forget(self, belongs: Callable[[Hashable], bool]) -> None:
        """Make these anew where they are asked for again: what they show may be shown no more."""
        for key in [key for key in self._frames if belongs(key)]:
            _, task = self._frames.pop(key)
            self._weigh_no_more(task)

    async def close(self) -> None:
        pending = [task for _, task in self._frames.values() if not task.done()]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        self._frames.clear()
        self._bytes = 0

    def _weigh(self, task: asyncio.Task[Frame]) -> None:
        self._bytes += _size(task)
        while len(self._frames) > limits.KEPT_FRAMES or self._bytes > limits.KEPT_BYTES:
            self._forget_oldest()

    def _forget_if_faulty(self, key: Hashable) -> None:
        """What went wrong is shared by those who waited for it, and tried again for whoever comes later."""
        if key in self._frames and _is_faulty(self._frames[key][1]):
            _, task = self._frames.pop(key)
            self._weigh_no_more(task)

    def _forget_before(self, instant: float) -> None:
        while self._frames and next(iter(self._frames.values()))[0] < instant:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, (_, task) = self._frames.popitem(last=False)
        self._weigh_no_more(task)

    def _weigh_no_more(self, task: asyncio.Task[Frame]) -> None:
        if task.done():
            self._bytes -= _size(task)
        else:
            task.remove_done_callback(self._weigh)


async def _frame(make: Callable[[], Awaitable[Frame]]) -> Frame:
    return await make()


def _is_faulty(task: asyncio.Task[Frame]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None or not task.result().whole)


def _size(task: asyncio.Task[Frame]) -> int:
    return len(task.result().payload) if not task.cancelled() and task.exception() is None else 0
