"""GraphQL over HTTP: `POST` with `application/json` executes, and nothing else does.

Answers as `application/graphql-response+json` where the caller accepts it, with status codes after that specification;
else as `application/json`, with 200 for every well-formed request. Where `text/event-stream` is the first type
accepted, the answer is a stream of events.
"""

import math
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.compression import compress
from api.http.graphql.sse import EventStream
from api.http.graphql.ws import socket_endpoint
from api.http.guard.bodies import TooLarge, read_body
from api.http.guard.bounds import RequestBounds
from api.http.guard.callers import caller_of, note_account
from api.http.guard.crowd import Crowd, MadeRoom
from api.http.strict_json import NotJson, read_json
from api.seldom import Seldom
from domain.errors import Unavailable
from domain.people.actors import Actor
from schema.engine import limits
from schema.engine.answers import Answer, encoded, failed, refused, throttled
from schema.engine.api_error import Code
from schema.execution import BadRequest, Engine, GraphQLRequest, answer, read_request
from schema.live.rights import TooMany

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
PATH = "/graphql"
LISTEN_AGAIN_S = 5.0  # where too many event streams are open

lost_upgrades = Seldom("socket.upgrade_missing", every_s=2.0)


def graphql_routes(engine: Engine, path: str = PATH, bounds: RequestBounds | None = None) -> list[BaseRoute]:
    """The API over HTTP, event streams and sockets, all under one path."""
    refused_tokens = Seldom("a key or a token was refused")
    over_http = GraphQLOverHttp(engine, refused_tokens, bounds or RequestBounds())
    return [Route(path, over_http), WebSocketRoute(path, socket_endpoint(engine, refused_tokens))]


class GraphQLOverHttp:
    """An ASGI application, so that every method comes here and is answered alike."""

    def __init__(self, engine: Engine, refused_tokens: Seldom, bounds: RequestBounds) -> None:
        self._engine = engine
        self._refused_tokens = refused_tokens
        self._coming = Crowd(bounds.unfinished, bounds.unfinished_per_address, limits.BODIES_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        if isinstance(response, Response):
            await compress(response, request.headers.get("accept-encoding", ""))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> ASGIApp:
        accepted = request.headers.get("accept", "")
        kind = GRAPHQL_RESPONSE if prefers_graphql_response(accepted) else JSON
        try:
            question = await self._read(request)
            actor = await self._engine.authenticate(request.headers.get("authorization"))
            note_account(request.scope, actor)
            if actor is None and "authorization" in request.headers:
                self._refused_tokens.warn(address=caller_of(request.scope).address)
            if first_type(accepted) == EVENT_STREAM:
                return await self._stream(request, question, actor, kind)
            tell_cost = request.headers.get("deskline-cost") == "1"
            said = await answer(self._engine, question, actor, caller_of(request.scope), tell_cost=tell_cost)
        except Refusal as refusal:
            said = refused(refusal.code, refusal.message)
            return self._response(said, kind, refusal.status, refusal.headers)
        except Unavailable as error:
            said = failed(error, self._engine.ports.ids)
        return self._response(said, kind, status_of(said, kind))

    async def _read(self, request: Request) -> GraphQLRequest:
        if request.method != "POST":
            if "sec-websocket-key" in request.headers:
                raise _lost_upgrade(request)
            raise Refusal(405, "Only POST is taken here.", {"Allow": "POST"})
        if _media_type(request.headers.get("content-type", "")) != JSON or "content-encoding" in request.headers:
            raise Refusal(415, "The body has to be `application/json` in UTF-8, not compressed.")
        try:
            return read_request(read_json(await self._body(request)))
        except (NotJson, BadRequest) as error:
            raise Refusal(400, str(error)) from None

    async def _body(self, request: Request) -> bytes:
        try:
            return await read_body(request, self._coming, most_bytes=limits.BODY_BYTES, within_s=limits.BODY_S)
        except TooLarge:
            raise Refusal(413, f"The body has more than {limits.BODY_BYTES:,} bytes.") from None
        except TimeoutError:
            raise Refusal(408, "The body did not come in time.", {"Connection": "close"}) from None
        except MadeRoom:
            headers = {"Connection": "close", "Retry-After": "1"}
            raise Refusal(503, "Too many requests have begun and not ended.", headers, Code.THROTTLED) from None

    async def _stream(self, request: Request, question: GraphQLRequest, actor: Actor | None, kind: str) -> ASGIApp:
        compiled = self._engine.compile(question, actor)
        if isinstance(compiled, Answer) and compiled.code == Code.UNAUTHENTICATED:
            return self._response(compiled, kind, 401)
        if actor is not None:
            try:
                self._engine.watch.expect_room(actor)
            except TooMany as error:
                said = throttled(str(error), LISTEN_AGAIN_S, limit=error.limit)
                return self._response(said, kind, 429)
        last_seen = request.headers.get("last-event-id") or None
        return EventStream(self._engine, compiled, question, actor, caller_of(request.scope), last_seen)

    def _response(self, said: Answer, kind: str, status: int, extra: dict[str, str] | None = None) -> Response:
        headers = HEADERS | (extra or {})
        if said.retry_after_s is not None:
            headers["Retry-After"] = str(math.ceil(said.retry_after_s))
        if status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        content_type = f"{kind}; charset=utf-8"
        return Response(encoded(said, self._engine.ports.ids), status, headers, content_type)


@dataclass
class Refusal(Exception):
    """A request that is not even looked into."""

    status: int
    message: str
    headers: dict[str, str] | None = None
    code: Code = Code.BAD_REQUEST


def status_of(said: Answer, kind: str) -> int:
    """The status that goes with an answer: after GraphQL over HTTP, which for `application/json` is mostly 200."""
    if said.unavailable:
        return 503
    if said.ran:
        return 200
    if said.code == Code.UNAUTHENTICATED:
        return 401
    if said.code == Code.INTERNAL:
        return 500
    if kind != GRAPHQL_RESPONSE:
        return 200
    return 429 if said.code == Code.THROTTLED else 400


def first_type(accepted: str) -> str:
    """The first media type an Accept header names, without parameters."""
    return _media_type(accepted.split(",")[0])


def prefers_graphql_response(accepted: str) -> bool:
    """Whether an Accept header wants the type made for GraphQL at least as much as plain JSON."""
    wanted: dict[str, float] = {}
    for part in accepted.split(","):
        wanted.setdefault(_media_type(part), _quality(part))
    graphql = wanted.get(GRAPHQL_RESPONSE, 0.0)
    return graphql > 0 and graphql >= wanted.get(JSON, 0.0)


def _media_type(text: str) -> str:
    return text.partition(";")[0].strip().lower()


def _quality(part: str) -> float:
    for parameter in part.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _lost_upgrade(request: Request) -> Refusal:
    """A socket's handshake whose headers a proxy took away: it arrives as an ordinary request."""
    wanted = {"upgrade": "websocket", "connection": "upgrade"}
    missing = [name for name, value in wanted.items() if value not in request.headers.get(name, "").lower()]
    missing = missing or ["HTTP/1.1"]
    lost_upgrades.warn(
        missing=", ".join(missing),
        http=request.scope.get("http_version"),
        hint="A proxy took these headers from a socket's handshake; have it pass them on, over HTTP/1.1.",
    )
    message = f"A socket's handshake has to bring {' and '.join(missing)}; a proxy took it away."
    return Refusal(426, message, {"Upgrade": "websocket"})
