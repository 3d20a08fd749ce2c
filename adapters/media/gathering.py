"""Pieces of any size on their way into a store, put together into pieces of one size, in one buffer."""

from collections.abc import AsyncGenerator, AsyncIterable


async def gathered(chunks: AsyncIterable[bytes], size: int) -> AsyncGenerator[memoryview]:
    """Pieces of `size` bytes, the last of what is left. A piece is good until the next one is asked for.

    They lie in the same buffer, one after the other: making a new one for each would leave the allocator with several.
    """
    held = bytearray(size)
    filled = 0
    async for chunk in chunks:
        rest = memoryview(chunk)
        while rest:
            taken = min(len(rest), size - filled)
            held[filled : filled + taken] = rest[:taken]
            filled += taken
            rest = rest[taken:]
            if filled == size:
                yield memoryview(held)
                filled = 0
    if filled:
        yield memoryview(held)[:filled]
