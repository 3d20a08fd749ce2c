"""A virus scanner that speaks as clamd does, over a real socket: it finds what the tests call a virus."""

import asyncio
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from adapters.memory.scanner import NAME, VIRUS


@dataclass(slots=True)
class Scanning:
    """What it was given, and how it behaves."""

    address: str
    limit: int = 50_000_000  # bytes of one file
    says: bytes | None = None  # instead of an answer of its own
    silent: bool = False
    scanned: list[int] = field(default_factory=list[int])  # bytes of each file
    serving: set[asyncio.Task[None]] = field(default_factory=set["asyncio.Task[None]"])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            if self.silent:
                writer.transport.abort()
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        command = await reader.readuntil(b"\0")
        if self.silent:
            await asyncio.Event().wait()
        elif command == b"zINSTREAM\0":
            writer.write(self.says if self.says is not None else await self._found(reader))
        elif command == b"zVERSION\0":
            writer.write(b"ClamAV 1.4.1/27000\0")
        else:
            writer.write(b"UNKNOWN COMMAND\0")
        await writer.drain()

    async def _found(self, reader: asyncio.StreamReader) -> bytes:
        data = b""
        while (length := struct.unpack(">I", await reader.readexactly(4))[0]) > 0:
            data += await reader.readexactly(length)
            if len(data) > self.limit:
                return b"INSTREAM size limit exceeded. ERROR\0"
        self.scanned.append(len(data))
        return f"stream: {NAME} FOUND\0".encode() if VIRUS in data else b"stream: OK\0"


@asynccontextmanager
async def clamd(path: Path | None = None) -> AsyncGenerator[Scanning]:
    """On a socket in the file system where a path is given, else on a port of the loopback."""
    scanning = Scanning(str(path))
    if path is not None:
        server = await asyncio.start_unix_server(scanning.serve, str(path))
    else:
        server = await asyncio.start_server(scanning.serve, "127.0.0.1", 0)
        scanning.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        async with server:
            yield scanning
    finally:
        for task in scanning.serving:
            task.cancel()
        await asyncio.gather(*scanning.serving, return_exceptions=True)
