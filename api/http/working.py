"""The worker alone, where it is asked how it fares. Nothing of the API is loaded for it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.middleware import Middleware

from api.http.edge import Edge
from api.http.health import Health, metered
from api.wiring import Wired
from api.worker.loops import Worker


@dataclass(frozen=True, slots=True)
class Working:
    """What answers, and the worker beside it, which has to know first when it stops."""

    app: Starlette
    worker: Worker

    async def drain(self) -> None:
        """Finish what is in hand."""
        self.worker.stop()


def working(desk: Wired) -> Working:
    """The worker alone, with what whoever runs it asks: whether it lives, is ready, and how it fares."""
    meters = metered(desk)
    worker = Worker(desk.ports, meters, desk.settings.events_kept)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None, None]:
        async with worker.running():
            yield

    app = Starlette(
        routes=Health(desk, meters, worker).routes(),
        middleware=[
            Middleware(Edge, ids=desk.ports.ids, meters=meters, pace=desk.settings.request_bounds.body_pace),
        ],
        lifespan=lifespan,
    )
    return Working(app, worker)
