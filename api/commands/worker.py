"""The worker alone. It loads nothing of the API."""

import asyncio
import signal
from socket import socket

from api.http.sockets import address_of, bound
from api.operating.process import Port, in_the_log, run, say, start


def worker(*, host: str = "127.0.0.1", port: Port | None = None) -> None:
    """The worker alone: interprets what came in, sends what goes out. SIGTERM ends it politely.

    Args:
        host: The address that /healthz, /readyz and /metrics are told at, where a port is given.
        port: The port they are told at; 0 takes a free one. Without it the worker listens nowhere.
    """
    from api.http.server import serve
    from api.http.working import working
    from api.metrics import Meters
    from api.wiring import wired
    from api.worker.loops import Worker

    settings = start()

    async def until_told() -> None:
        stop = asyncio.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(each, stop.set)
        async with wired(settings) as desk, Worker(desk.ports, Meters(desk.shared), settings.events_kept).running():
            say("The worker is running.")
            await stop.wait()

    async def listening(sock: socket) -> None:
        async with wired(settings) as desk:
            alone = working(desk)

            async def started() -> None:
                say(f"The worker is running; how it fares is told at {address_of(sock)}")

            await serve(alone.app, sock, drain=alone.drain, started=started, bounds=settings.request_bounds)

    if port is None:
        with in_the_log("worker", settings):
            run(until_told())
        return
    with bound(host, port) as sock, in_the_log("worker", settings):
        run(listening(sock))
