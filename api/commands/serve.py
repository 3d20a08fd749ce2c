"""The API, the webhook and the page."""

from typing import Annotated

from cyclopts import Parameter

from api.http.sockets import address_of, bound
from api.operating.process import Port, in_the_log, run, say, start


def serve(
    *,
    host: str = "127.0.0.1",
    port: Port = 8000,
    worker: Annotated[bool | None, Parameter(name="--with-worker", negative="--without-worker")] = None,
) -> None:
    """The API, Meta's webhook and the inbox page. Ready when /readyz answers 200; SIGTERM ends it politely.

    Args:
        host: The address to listen on; 0.0.0.0 for every one this machine has.
        port: The port to listen on; 0 takes a free one.
        worker: Run the worker inside. With SQLite it does unless told otherwise; with PostgreSQL it has processes of
            its own.
    """
    from api.http.app import serving
    from api.http.server import serve as serve_app
    from api.wiring import wired

    settings = start()
    with_worker = settings.database_file is not None if worker is None else worker

    async def serving_until_told() -> None:
        async with wired(settings) as desk:
            server = serving(settings, desk, with_worker=with_worker)

            async def started() -> None:
                say(f"Deskline is at {address_of(sock)}")

            await serve_app(server.app, sock, drain=server.drain, started=started, bounds=settings.request_bounds)

    with bound(host, port) as sock, in_the_log("serve", settings):
        run(serving_until_told())
