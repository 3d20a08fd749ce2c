"""The outermost layer of the application: what escapes everything else ends here, and no traceback leaves."""

from typing import Final

import structlog
from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import Meters
from domain.errors import Throttled, Unavailable
from domain.ports import Ids

log = structlog.stdlib.get_logger()

SAFE: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


class Edge:
    """Answers for errors nobody foresaw, each with a reference that stands in the log, and counts open sockets."""

    def __init__(self, app: ASGIApp, ids: Ids, meters: Meters) -> None:
        self._app = app
        self._ids = ids
        self._meters = meters

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
        begun = False

        async def send_safely(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in SAFE.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_safely)
        except Exception as error:
            answer = self._answer(error, scope)
            if begun:
                raise
            await answer(scope, receive, send_safely)

    def _answer(self, error: Exception, scope: Scope) -> Response:
        match error:
            case Unavailable():
                log.warning("the store cannot answer", path=scope["path"])
                headers = {"Retry-After": str(max(1, round(error.retry_after_s)))}
                return JSONResponse({"error": "Not available right now. Try again."}, 503, headers)
            case Throttled():
                headers = {"Retry-After": str(max(1, round(error.retry_after_s)))}
                return JSONResponse({"error": "Too many requests."}, 429, headers)
            case _:
                reference = self._ids.new()
                self._meters.faults.inc()
                log.error("a request failed", reference=reference, path=scope["path"], exc_info=error)
                return JSONResponse({"error": "Something went wrong here.", "reference": reference}, 500)
