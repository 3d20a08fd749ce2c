"""HTTP answers: JSON, and the ways in which an answer can fail to come."""

import asyncio
from typing import Final

import httpx
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Message, Receive, Scope, Send

from adapters.whatsapp.simulator.wire import Json, JsonObject, decode, encode

MAX_BODY_BYTES: Final = 4 * 1024 * 1024
EDGE_PAGE: Final = "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class BadBody(Exception):
    """A request whose body cannot be read; the text says why."""


async def read_json(request: Request) -> Json:
    """The JSON body, None when there is no body at all. BadBody for anything else."""
    data = await read_bytes(request, MAX_BODY_BYTES)
    if not data:
        return None
    try:
        return decode(data)
    except ValueError as error:
        raise BadBody(f"the body is not JSON: {error}") from error


async def read_bytes(request: Request, limit: int) -> bytes:
    """The body as it is; BadBody where it is longer."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > limit:
            raise BadBody(f"the body is longer than {limit} bytes")
    return bytes(data)


async def read_object(request: Request) -> JsonObject:
    """As `read_json`, for calls whose body is an object or missing."""
    body = await read_json(request)
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise BadBody("the body must be a JSON object")
    return body


def json_answer(body: Json, status: int = 200, background: BackgroundTask | None = None) -> Response:
    return Response(encode(body), status, media_type="application/json", background=background)


def edge_failure() -> Response:
    """What a proxy in front of the API says when nothing behind it answers."""
    return HTMLResponse(EDGE_PAGE, 502)


class Dropped(Response):
    """Closes the connection in the middle of an answer.

    Served over a socket the caller sees a cut answer; called in the same process, it gets the httpx error itself.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _break_off(send, httpx.RemoteProtocolError("Server disconnected without sending a complete response."))


class Cut(Response):
    """Promises `size` bytes and closes the connection after fewer."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(headers={"Content-Length": str(size)})
        self._data = data

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self._data, "more_body": True})
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


class Held(Response):
    """Never answers: waits until the caller is gone, or for `hold_s` seconds, then closes the connection."""

    def __init__(self, hold_s: float) -> None:
        super().__init__()
        self._hold_s = hold_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_disconnected(receive))
        done, _ = await asyncio.wait({gone}, timeout=self._hold_s)
        gone.cancel()
        if not done:
            await _break_off(send, httpx.ReadTimeout("No answer came."))


async def _disconnected(receive: Receive) -> None:
    message: Message = {}
    while message.get("type") != "http.disconnect":
        message = await receive()


async def _break_off(send: Send, error: httpx.HTTPError) -> None:
    # A server answers 500 for an application that fails before it began, so an answer is begun: one that
    # promises more bytes than it brings. The error makes the server close the connection.
    headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    raise error
