"""A TCP proxy that goes wrong on demand, between anything and the server it needs."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from ssl import SSLContext

CHUNK_BYTES = 65_536


class Fault(StrEnum):
    NONE = "none"
    HOLE = "hole"  # connections are accepted and stay, and every byte is swallowed, both ways
    DEAF = "deaf"  # what the server says is swallowed, what it is told arrives
    SHUT = "shut"  # connections are accepted and ended at once


class Proxy:
    """Faults hold for open connections and new ones, until `heal`."""

    def __init__(self, host: str, port: int) -> None:
        self.port = 0
        self.delay_s = 0.0  # before each chunk, in both directions
        self._server = (host, port)
        self._fault = Fault.NONE
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def fail(self, fault: Fault) -> None:
        self._fault = fault
        if fault is Fault.SHUT:
            self.cut()

    def heal(self) -> None:
        """What was swallowed stays lost, and connections that lost something are of no more use: they are cut."""
        if self._fault in {Fault.HOLE, Fault.DEAF}:
            self.cut()
        self._fault = Fault.NONE

    def cut(self) -> None:
        """End every connection, whatever it is in the middle of."""
        for writer in self._open:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        finally:
            self._tasks.discard(task)

    async def end(self) -> None:
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self._kept(writer):
            if self._fault is Fault.SHUT:
                return
            try:
                upward, downward = await asyncio.open_connection(*self._server)
            except OSError:
                return
            async with self._kept(downward):
                pumps = [
                    asyncio.create_task(self._pump(reader, downward, {Fault.HOLE})),
                    asyncio.create_task(self._pump(upward, writer, {Fault.HOLE, Fault.DEAF})),
                ]
                try:
                    await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for pump in pumps:
                        pump.cancel()
                    await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, deaf_to: set[Fault]) -> None:
        while chunk := await source.read(CHUNK_BYTES):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            if self._fault in deaf_to:
                continue
            target.write(chunk)
            await target.drain()

    @asynccontextmanager
    async def _kept(self, writer: asyncio.StreamWriter) -> AsyncGenerator[None, None]:
        self._open.add(writer)
        try:
            yield
        finally:
            self._open.discard(writer)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def proxy_before(
    port: int, host: str = "127.0.0.1", *, tls: SSLContext | None = None
) -> AsyncGenerator[Proxy, None]:
    """With `tls`, whoever comes has to speak it; the server behind does not."""
    proxy = Proxy(host, port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, ssl=tls)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.end()
        await server.wait_closed()
