"""A real server over an application, with the product's own bounds, and people who speak to it byte by byte."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from api.http.guard.bounds import RequestBounds
from api.http.server import config_of

HERE = "127.0.0.1"
ELSEWHERE = "127.0.0.2"  # the loopback has many addresses, where nothing forbids it
WITHIN_S = 30.0  # a machine under load


class _Server(uvicorn.Server):
    """Which leaves the signals to whoever runs the tests."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def serving_app(app: ASGIApp, bounds: RequestBounds | None = None) -> AsyncGenerator[int]:
    """The port on which it is served on the loopback."""
    listener = socket.create_server((HERE, 0))
    listener.setblocking(False)
    server = _Server(config_of(app, bounds or RequestBounds()))
    server.config.lifespan = "off"
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        await running
        listener.close()


@dataclass(frozen=True, slots=True)
class Stranger:
    """One connection, raw."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def stop_reading(self) -> None:
        transport = self.writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()

    async def heard(self) -> bytes:
        """Everything until the server closes, however it does."""
        said = b""
        async with asyncio.timeout(WITHIN_S):
            with suppress(ConnectionError):
                while piece := await self.reader.read(65_536):
                    said += piece
        return said

    async def status(self) -> int:
        """The status of the next answer, of which the head is read."""
        async with asyncio.timeout(WITHIN_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1])


@asynccontextmanager
async def stranger(port: int, *, address: str = HERE) -> AsyncGenerator[Stranger]:
    reader, writer = await asyncio.open_connection(HERE, port, local_addr=(address, 0))
    try:
        yield Stranger(reader, writer)
    finally:
        writer.transport.abort()


def a_post(path: str, *, length: int, headers: dict[str, str] | None = None) -> bytes:
    """The head of a post whose body is yet to come."""
    lines = [f"POST {path} HTTP/1.1", "Host: desk", "Content-Type: application/json", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
