"""A real server over an engine, on a free port, for tests that speak HTTP, sockets and event streams."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import uvicorn
from starlette.applications import Starlette

from api.http.graphql.http import graphql_routes
from api.http.guard.bounds import RequestBounds
from api.http.guard.protocols import BoundedConfig
from schema.engine import limits
from schema.execution import Engine


@asynccontextmanager
async def serving(engine: Engine) -> AsyncGenerator[str]:
    """The server's address, such as 127.0.0.1:40123."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = BoundedConfig(
        Starlette(routes=graphql_routes(engine)),
        RequestBounds(),
        frame_bytes=4 * limits.FRAME_BYTES,  # so that the frames' own check is seen, too
        graceful_s=2,
    )
    config.lifespan = "off"
    server = uvicorn.Server(config)
    async with engine.running():
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            await engine.drain()
            server.should_exit = server.force_exit = True
            await running
            listener.close()


@asynccontextmanager
async def client_of(server: str | Engine, secret: str | None = None) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of a server's address, or of an engine in this process where no bytes on a wire matter."""
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    transport, address = None, server
    if isinstance(server, Engine):
        transport, address = httpx.ASGITransport(Starlette(routes=graphql_routes(server))), "desk.test"
    async with httpx.AsyncClient(
        base_url=f"http://{address}", headers=headers, transport=transport, trust_env=False
    ) as client:
        yield client
