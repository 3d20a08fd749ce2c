"""What whoever runs a process of ours asks it: whether it lives, is ready, and how it fares."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.hearing import Hearing
from api.metrics import Meters
from api.readiness import NotReady, Readiness, Ready
from api.wiring import Wired
from api.worker.loops import Worker
from domain.errors import Unavailable


def metered(desk: Wired) -> Meters:
    """Meters that hear of what the desk's database tells."""
    meters = Meters(desk.shared)
    desk.database.tell(Hearing(meters, desk.ports.clock))
    return meters


class Health:
    def __init__(self, desk: Wired, meters: Meters, worker: Worker | None) -> None:
        self._desk = desk
        self._meters = meters
        self._readiness = Readiness(desk, worker)

    def routes(self) -> list[Route]:
        return [
            Route("/healthz", self.alive),
            Route("/readyz", self.ready),
            Route("/metrics", self.measured),
        ]

    async def alive(self, request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def ready(self, request: Request) -> Response:
        match await self._readiness.look():
            case Ready(but=None):
                return PlainTextResponse("ready\n")
            case Ready(but=lack):
                return PlainTextResponse(f"ready, but {lack}\n")
            case NotReady(why=why, may_pass=may_pass):
                return PlainTextResponse(f"{why}\n", 503, {"Retry-After": "1"} if may_pass else None)

    async def measured(self, request: Request) -> Response:
        try:
            condition = await self._readiness.condition()
        except Unavailable:
            condition = None
        return await self._meters.answer(self._desk.ports, condition)
