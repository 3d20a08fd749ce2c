"""What browsers ask before a page of another server may use the API: which origins, methods and headers.

Only origins that are named are answered, never all, and no cookies go along: who asks is told by a header.
"""

from collections.abc import Collection
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.browsers.origins import may_connect, tell_refused

METHODS: Final = {"/graphql": "POST", "/media/": "GET, PUT"}
ASKED_WITH: Final = "Authorization, Content-Type, Last-Event-ID, Deskline-Cost"
READ_BY_PAGES: Final = (
    "Retry-After, WWW-Authenticate, ETag, Accept-Ranges, Content-Range, Content-Disposition, X-Request-Id"
)
REMEMBERED_S: Final = 600


class Cors:
    """In front of the routes, also of their errors: a page that may not read an error can't tell what is wrong."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        methods = _methods(scope["path"]) if scope["type"] == "http" else None
        if methods is None:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await self._answer_beforehand(scope, methods)(scope, receive, send)
            return
        origin = headers.get("origin")
        is_read = origin is not None and may_connect(scope, self._allowed)

        async def send_readable(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                answered.add_vary_header("Origin")
                if is_read and origin is not None:
                    answered["Access-Control-Allow-Origin"] = origin
                    answered["Access-Control-Expose-Headers"] = READ_BY_PAGES
            await send(message)

        await self._app(scope, receive, send_readable)

    def _answer_beforehand(self, scope: Scope, methods: str) -> Response:
        vary = {"Vary": "Origin"}
        if not may_connect(scope, self._allowed):
            return PlainTextResponse(f"This origin may not connect. {tell_refused(scope, self._allowed)}\n", 403, vary)
        granted = {
            "Access-Control-Allow-Origin": Headers(scope=scope).get("origin", ""),
            "Access-Control-Allow-Methods": methods,
            "Access-Control-Allow-Headers": ASKED_WITH,
            "Access-Control-Max-Age": str(REMEMBERED_S),
        }
        return Response(status_code=204, headers=vary | granted)


def _methods(path: str) -> str | None:
    """Of the paths that pages elsewhere may use."""
    if path.startswith("/media/"):
        return METHODS["/media/"]
    return METHODS.get(path)
