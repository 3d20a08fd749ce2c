"""Work that goes on after an answer was given."""

import asyncio
from collections.abc import Coroutine


class Background:
    """Tasks that are kept alive until they end, and can be waited for or stopped together."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def settled(self) -> None:
        """Returns when nothing goes on any more, what was started meanwhile included."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
