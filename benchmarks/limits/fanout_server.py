"""The product as `fanout` listens to it: `deskline serve` without its worker, and a line that asks for an event.

`python -m benchmarks.limits.fanout_server ORGANIZATION THREAD`, for the database that the environment names. For every
line on the control port one event of the thread is committed; everything from there on is the product's.
"""

import asyncio
import sys

import uvloop

from api.http.app import serving
from api.http.server import serve
from api.http.sockets import bound
from api.settings import read_settings
from api.wiring import wired
from domain.events import ThreadChanged
from domain.ids import OrganizationId, ThreadId


async def run(organization: OrganizationId, thread: ThreadId) -> None:
    settings = read_settings()
    async with wired(settings) as desk:
        server = serving(settings, desk, with_worker=False)

        async def commit_events(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await reader.readline():
                async with desk.ports.store.transaction(organization) as tx:
                    tx.record(ThreadChanged(thread))
            writer.close()

        with bound("127.0.0.1", 0) as sock:
            control = await asyncio.start_server(commit_events, "127.0.0.1", 0)
            port = control.sockets[0].getsockname()[1]

            async def started() -> None:
                sys.stdout.write(f"sockets and control: {sock.getsockname()[1]} {port}\n")
                sys.stdout.flush()

            await serve(server.app, sock, drain=server.drain, started=started)
            control.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(OrganizationId(sys.argv[1]), ThreadId(sys.argv[2])))
