"""The socket in front of an application, and a stop that is polite: nothing new, everybody told, then the end."""

import asyncio
import contextlib
import gc
import resource
import socket
from collections.abc import Awaitable, Callable, Generator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from api.http.guard.bounds import RequestBounds
from api.http.guard.protocols import BoundedConfig

FRAME_LIMIT: Final = 64 * 1024
FILES: Final = 65_536
GRACE_S: Final = 3  # for requests that are being answered when the stop comes
TELLING_S: Final = 2.0  # for the listeners to hear of it


def config_of(app: ASGIApp, bounds: RequestBounds) -> uvicorn.Config:
    return BoundedConfig(app, bounds, frame_bytes=FRAME_LIMIT, graceful_s=GRACE_S)


async def serve(
    app: ASGIApp,
    sock: socket.socket,
    *,
    drain: Callable[[], Awaitable[None]],
    started: Callable[[], Awaitable[None]] | None = None,
    bounds: RequestBounds | None = None,
) -> None:
    """Until SIGTERM or SIGINT. `started` runs beside it once requests are answered; its error ends the server."""
    _allow_files()
    server = _Server(config_of(app, bounds or RequestBounds()), drain)
    beside = asyncio.create_task(_once_started(server, started)) if started else None
    await server.serve(sockets=[sock])
    if beside is not None:
        if not beside.done():
            beside.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beside


def _allow_files() -> None:
    """As many as this process may allow itself: each connection is one, and many systems begin with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _once_started(server: "_Server", started: Callable[[], Awaitable[None]]) -> None:
    await server.is_up.wait()
    try:
        await started()
    except BaseException:
        server.should_exit = True
        raise


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, drain: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._drain = drain
        self.is_up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """As the base class, but a stop that was asked for and carried out is a success: it is not raised again."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # what stands at the start stays: looking through it again and again would only hold up answers
        self.is_up.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in self.servers:
            listener.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TELLING_S):
                await self._drain()
        await super().shutdown(sockets)
