"""Commands of many tasks over one connection, which a task of its own holds.

Who asks waits for an answer and never touches the connection: giving up, at any point, only leaves an answer that
nobody reads. Questions that come together go together.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from adapters.redis.address import Node, RedisAddress
from adapters.redis.link import Command, Denied, Link, RedisAway, RedisRefused, Reply, connected, keep_open

WAITING_MAX: Final = 1_000  # questions; beyond it Redis is too slow to be asked
TOGETHER_MAX: Final = 100
MOVES_MAX: Final = 5
WATCHED_EVERY_S: Final = 1.0  # a connection that nobody uses
OPENED_WITHIN_S: Final = 1.5


@dataclass(frozen=True, slots=True)
class _Question:
    command: Command
    answer: asyncio.Future[Reply]


class Line:
    """`on_change` hears each change: None when Redis answers again, the fault when it does so no more."""

    def __init__(self, address: RedisAddress, on_change: Callable[[Exception | None], None]) -> None:
        self._address = address
        self._on_change = on_change
        self._waiting: asyncio.Queue[_Question] = asyncio.Queue(WAITING_MAX)
        self._asked: list[_Question] = []
        self._tried = asyncio.Event()
        self._moved_to: Node | None = None
        self._fault: Exception | None = RedisAway("not connected yet")

    @property
    def is_open(self) -> bool:
        return self._fault is None

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Connected from here on, if Redis allows; raises RedisRefused where it answers that it will not have us."""
        task = asyncio.create_task(keep_open(self._serve, self._failed), name="redis line")
        try:
            try:
                async with asyncio.timeout(OPENED_WITHIN_S):
                    await self._tried.wait()
            except TimeoutError:
                pass
            if isinstance(self._fault, RedisRefused):
                raise self._fault
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            self._fail_all(RedisAway("closed"))

    async def ask(self, *words: str | bytes | int | float) -> Reply:
        """Raises RedisAway: at once while it is known, and where the connection ends before the answer."""
        if self._fault is not None:
            raise RedisAway(str(self._fault))
        question = _Question(words, asyncio.get_running_loop().create_future())
        try:
            self._waiting.put_nowait(question)
        except asyncio.QueueFull:
            raise RedisAway("Redis is too slow") from None
        return await question.answer

    async def _serve(self, turn: int) -> None:
        node: Node | None = None
        for _ in range(MOVES_MAX):
            async with connected(self._address, turn, node) as link:
                self._note(None)
                node = await self._work(link)
        raise RedisAway("the nodes of the Cluster send us from one to the other")

    async def _work(self, link: Link) -> Node:
        """Answers questions until the Cluster names another node for them."""
        while True:
            if not await self._gather():
                await link.ask(("PING",))
                continue
            replies = await link.ask(*(question.command for question in self._asked))
            moved_to: Node | None = None
            for question, reply in zip(self._asked, replies, strict=True):
                if isinstance(reply, Denied) and reply.moved_to:
                    moved_to = reply.moved_to
                elif not question.answer.done():
                    question.answer.set_result(reply)
            if moved_to:
                return moved_to
            self._asked = []

    async def _gather(self) -> bool:
        """Those that another node was to answer, and those that wait. False where nobody asked anything for a while."""
        self._asked = [question for question in self._asked if not question.answer.done()]
        while not self._asked or (len(self._asked) < TOGETHER_MAX and not self._waiting.empty()):
            try:
                async with asyncio.timeout(WATCHED_EVERY_S):
                    question = await self._waiting.get()
            except TimeoutError:
                return False
            if not question.answer.done():
                self._asked.append(question)
        return True

    def _failed(self, fault: Exception) -> None:
        self._note(fault)
        self._fail_all(fault)

    def _note(self, fault: Exception | None) -> None:
        changed = (fault is None) != (self._fault is None) or not self._tried.is_set()
        self._fault = fault
        self._tried.set()
        if changed:
            self._on_change(fault)

    def _fail_all(self, fault: Exception) -> None:
        while not self._waiting.empty():
            self._asked.append(self._waiting.get_nowait())
        for question in self._asked:
            if not question.answer.done():
                question.answer.set_exception(RedisAway(str(fault)))
        self._asked = []
