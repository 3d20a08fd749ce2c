"""The media store in memory."""

from collections.abc import AsyncGenerator, AsyncIterable

from domain.ports import BytesMissing


class MemoryMedia:
    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    async def put(self, name: str, chunks: AsyncIterable[bytes]) -> None:
        self._files[name] = b"".join([chunk async for chunk in chunks])

    async def read(self, name: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes]:
        if name not in self._files:
            raise BytesMissing(name)
        if piece := self._files[name][start:stop]:
            yield piece

    async def size(self, name: str) -> int | None:
        return len(self._files[name]) if name in self._files else None

    async def remove(self, name: str) -> None:
        self._files.pop(name, None)
