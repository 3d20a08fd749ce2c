"""The media store in memory."""

from collections.abc import AsyncGenerator, AsyncIterable
from datetime import UTC, datetime

from domain.ports.files import BytesMissing


class MemoryMedia:
    """The bytes of every file by its name, for whoever wants to look."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.kept_at: dict[str, datetime] = {}

    async def put(self, name: str, chunks: AsyncIterable[bytes]) -> None:
        self.files[name] = b"".join([chunk async for chunk in chunks])
        self.kept_at[name] = datetime.now(UTC)

    async def read(self, name: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes]:
        if name not in self.files:
            raise BytesMissing(name)
        if piece := self.files[name][start:stop]:
            yield piece

    async def size(self, name: str) -> int | None:
        return len(self.files[name]) if name in self.files else None

    async def remove(self, name: str) -> None:
        self.files.pop(name, None)
        self.kept_at.pop(name, None)

    async def names(self, before: datetime) -> AsyncGenerator[str]:
        for name in [name for name, at in self.kept_at.items() if at < before]:
            yield name

    async def tidy(self, before: datetime) -> int:
        return 0
