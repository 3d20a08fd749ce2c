"""Two processes of a desk that share a Redis, as far as bus and throttle can tell, and words for what they see."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from adapters.redis import RedisBus, read_address
from adapters.redis.link import Command, Reply, connected

SOON_S = 15.0  # a machine under load; what has to be faster says so


async def eventually(question: Callable[[], bool], within_s: float = SOON_S) -> None:
    """Wait for a state that nobody announces."""
    async with asyncio.timeout(within_s):
        while not question():  # noqa: ASYNC110 - of another process there is no event to wait for
            await asyncio.sleep(0.01)


async def heard(hints: AsyncIterator[int], position: int) -> None:
    """Wait until a position is hinted. Others before it only say: look."""
    async with asyncio.timeout(SOON_S):
        async for hinted in hints:
            if hinted == position:
                return
    raise AssertionError("the hints ended")


async def hint_passes(here: RedisBus, there: RedisBus, topic: str, within_s: float = SOON_S) -> None:
    """A listener there hears of something said here, sooner or later: hints may be lost on the way."""
    async with there.listen(topic) as hints, asyncio.timeout(within_s):
        while True:
            here.hint(topic, 77)
            try:
                async with asyncio.timeout(0.05):
                    await heard(hints, 77)
            except TimeoutError:
                continue
            return


@asynccontextmanager
async def two_buses(here: str, there: str | None = None) -> AsyncGenerator[tuple[RedisBus, RedisBus]]:
    """The buses of two processes; `there` is the second one's way to the same Redis."""
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(RedisBus(read_address(here)).running())
        other = await stack.enter_async_context(RedisBus(read_address(there or here)).running())
        yield one, other


async def told(url: str, *commands: Command) -> list[Reply]:
    """What an operator says to a Redis, and its answers."""
    async with connected(read_address(url)) as link:
        return await link.ask(*commands)
