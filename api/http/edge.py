"""The outermost layer of the application: what escapes everything else ends here, and no traceback leaves."""

import time
from typing import Final

import structlog
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.errors import again_in, error_answer
from api.http.guard.bodies import LEAST_RATE, LeastRate, Paced, TooSlow
from api.http.requests import KEY as REQUEST_KEY
from api.http.requests import named
from api.metrics import Meters
from domain.errors import Throttled, Unavailable
from domain.ports.system import Ids

log = structlog.stdlib.get_logger()

ROUTES: Final = frozenset(
    {"/", "/assets", "/graphiql", "/graphql", "/healthz", "/media", "/metrics", "/readyz", "/webhooks"}
)
SAFE: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


class Edge:
    """Answers for errors nobody foresaw, each with a reference that stands in the log, and counts open sockets.

    Each request has an id: it is told as `X-Request-Id`, and stands in every line of the log that the request causes.
    Every body comes at `pace`, whoever reads it; where that one doesn't say so itself, 408 is said here.
    """

    def __init__(self, app: ASGIApp, ids: Ids, meters: Meters, pace: LeastRate = LEAST_RATE) -> None:
        self._app = app
        self._ids = ids
        self._meters = meters
        self._pace = pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._request(scope, receive, send)
            case "websocket":
                self._meters.sockets.inc()
                try:
                    await self._app(scope, receive, send)
                finally:
                    self._meters.sockets.dec()
            case _:
                await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        answering = _Answering(scope, send, self._ids.new(), self._meters)
        scope[REQUEST_KEY] = answering.request
        with named(answering.request):
            try:
                await self._app(scope, Paced(receive, self._pace), answering.send)
            except Exception as error:
                answer = self._answer(error, scope)
                if answering.begun:
                    raise
                await answer(scope, receive, answering.send)

    def _answer(self, error: Exception, scope: Scope) -> Response:
        match error:
            case TooSlow():
                return error_answer("SLOW", "The body did not come in time.", 408, headers={"Connection": "close"})
            case Unavailable():
                log.warning("the store cannot answer", path=scope["path"])
                headers = again_in(error.retry_after_s)
                return error_answer("UNAVAILABLE", "Not available right now. Try again.", 503, headers=headers)
            case Throttled():
                return error_answer("THROTTLED", "Too many requests.", 429, headers=again_in(error.retry_after_s))
            case _:
                reference = self._ids.new()
                self._meters.faults.inc()
                log.error("a request failed", reference=reference, path=scope["path"], exc_info=error)
                return error_answer("INTERNAL", "Something went wrong here.", 500, reference=reference)


class _Answering:
    """An answer on its way out: what every one of them says, and how long it took until it began."""

    def __init__(self, scope: Scope, send: Send, request: str, meters: Meters) -> None:
        self.request = request
        self.begun = False
        self._scope = scope
        self._send = send
        self._meters = meters
        self._came_at = time.perf_counter()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            for name, value in (SAFE | {"X-Request-Id": self.request}).items():
                headers.setdefault(name, value)
            took_s = time.perf_counter() - self._came_at
            self._meters.answering.labels(_route(self._scope["path"]), str(message["status"])).observe(took_s)
        await self._send(message)


def _route(path: str) -> str:
    """The path without what varies in it: whoever asks for nonsense makes no new figure."""
    first = f"/{path.split('/')[1]}" if path.startswith("/") else path
    return first if first in ROUTES else "other"
