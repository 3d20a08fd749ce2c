"""GraphQL over WebSockets: the graphql-transport-ws protocol, and no other.

Every frame is checked before anything is made of it, every operation passes the same door as over HTTP, and a bad
document ends that one operation. How a socket ends:

    1012  the server stops; come back        1013  the reader is too slow; go on from the last cursor
    4400  a malformed frame                  4401  `subscribe` before the acknowledgement
    4403  not signed in, or no longer        4408  no `connection_init` in time
    4409  an operation's id used twice       4429  `connection_init` twice, or too many operations or sockets
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeGuard

import orjson
import structlog
from graphql import OperationType
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.http.browsers.origins import may_connect, tell_refused
from api.http.guard.addresses import shared_by
from api.http.guard.callers import caller_of, note_account
from api.http.guard.crowd import Crowd
from api.http.requests import named
from api.http.strict_json import NotJson, read_json
from api.seldom import Seldom
from domain.errors import Unavailable
from domain.people.actors import Actor
from schema.engine import limits
from schema.engine.answers import Answer, encoded, failed
from schema.engine.documents import Compiled
from schema.execution import BadRequest, Engine, GraphQLRequest, read_request
from schema.live.rights import TooMany
from schema.live.streams import HubStopped, SlowConsumer, Stream, TooSlowToShow

log = structlog.stdlib.get_logger()

PROTOCOL = "graphql-transport-ws"
RESTARTING, SLOW, BROKEN = 1012, 1013, 1011
REASON_BYTES = 123  # the protocol has no room for more
MALFORMED, NOT_ACKNOWLEDGED, FORBIDDEN, TOO_LATE, SAME_ID, TOO_MANY = 4400, 4401, 4403, 4408, 4409, 4429


def socket_endpoint(engine: Engine, refused_tokens: Seldom) -> Callable[[WebSocket], Awaitable[None]]:
    strangers = Crowd(limits.STRANGERS, limits.STRANGERS_PER_ADDRESS)  # who has not said who they are

    async def endpoint(websocket: WebSocket) -> None:
        refusal = _refusal(engine, websocket)
        if refusal is not None:
            await websocket.send_denial_response(refusal)
            return
        await Socket(engine, websocket, strangers, refused_tokens).serve()

    return endpoint


def _refusal(engine: Engine, websocket: WebSocket) -> PlainTextResponse | None:
    if not may_connect(websocket.scope, engine.allowed_origins):
        hint = tell_refused(websocket.scope, engine.allowed_origins)
        return PlainTextResponse(f"This origin may not connect. {hint}", 403)
    if PROTOCOL not in websocket.scope["subprotocols"]:
        return PlainTextResponse(f"The subprotocol here is {PROTOCOL}.", 400)
    if engine.draining:
        return PlainTextResponse("The server is stopping.", 503)
    return None


class Closed(Exception):
    """The socket is to be closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason.encode()[:REASON_BYTES].decode(errors="ignore")


class Gone(Exception):
    """Nobody is at the other end any more."""


class Socket:
    """One connection, from its handshake to its end. Watched, and drained, while it is open."""

    def __init__(self, engine: Engine, websocket: WebSocket, strangers: Crowd, refused_tokens: Seldom) -> None:
        self._engine = engine
        self._websocket = websocket
        self._strangers = strangers
        self._refused_tokens = refused_tokens
        self._caller = caller_of(websocket.scope)
        self._actor: Actor | None = None
        self._introduced = False
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._streams: dict[str, Stream] = {}
        self._closing: asyncio.Future[Closed] = asyncio.get_running_loop().create_future()
        self._gone = asyncio.Event()

    async def serve(self) -> None:
        self._engine.connections.add(self)
        self._stranger = self._strangers.enter(shared_by(self._websocket.scope), self._make_room)
        try:
            await self._websocket.accept(PROTOCOL)
            await self._until_over()
        except OSError:
            pass  # gone before it began
        finally:
            self._strangers.left(self._stranger)
            self._engine.watch.discard(self)
            self._engine.connections.discard(self)
            self._gone.set()

    # ---------------------------------------------------------------- what the engine asks of a connection

    @property
    def actor(self) -> Actor:
        assert self._actor is not None, "only who is signed in is watched"
        return self._actor

    def act_as(self, actor: Actor) -> None:
        self._actor = actor
        for stream in self._streams.values():
            stream.act_as(actor)

    def revoke(self) -> None:
        self._close(FORBIDDEN, "Forbidden")

    async def drain(self) -> None:
        self._close(RESTARTING, "Service restart")
        await self._gone.wait()

    # ---------------------------------------------------------------- its life

    async def _until_over(self) -> None:
        reading = asyncio.create_task(self._read())
        hurry = asyncio.get_running_loop().call_later(limits.INIT_S, self._expect_introduction)
        try:
            await asyncio.wait({reading, self._closing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hurry.cancel()
            await self._stop([reading, *self._operations.values()])
        if self._closing.done():
            end = self._closing.result()
            patience_s = limits.DRAIN_S if self._engine.draining else limits.CLOSE_S
            with suppress(TimeoutError, OSError, RuntimeError, WebSocketDisconnect):
                await asyncio.wait_for(self._websocket.close(end.code, end.reason), patience_s)

    async def _stop(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _close(self, code: int, reason: str) -> None:
        """Say no more on this socket and close it; the first reason counts."""
        if not self._closing.done():
            self._closing.set_result(Closed(code, reason))

    def _expect_introduction(self) -> None:
        if not self._introduced:
            self._close(TOO_LATE, "Connection initialisation timeout")

    # ---------------------------------------------------------------- what comes in

    async def _read(self) -> None:
        try:
            while True:
                message = await self._websocket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                await self._take(_frame(message.get("text")))
        except Closed as end:
            self._close(end.code, end.reason)
        except (Gone, OSError, WebSocketDisconnect):
            return
        except Unavailable:
            self._close(SLOW, "Try again later")
        except Exception:
            log.exception("socket.failed")
            self._close(BROKEN, "Internal error")

    async def _take(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "connection_init":
                await self._introduce(_payload(frame))
            case "ping":
                payload = _payload(frame)
                # json, and not orjson, which writes no number that is longer than 64 bits
                await self._write(json.dumps({"type": "pong", "payload": payload} if payload else {"type": "pong"}))
            case "pong":
                _payload(frame)
            case "subscribe":
                self._subscribe(_id(frame), frame.get("payload"))
            case "complete":
                self._complete(_id(frame))
            case _:
                raise Closed(MALFORMED, "Unknown message type")

    async def _introduce(self, payload: dict[str, Any]) -> None:
        if self._introduced:
            raise Closed(TOO_MANY, "Too many initialisation requests")
        self._introduced = True
        authorization = _authorization(payload)
        actor = await self._engine.authenticate(authorization) if authorization is not None else None
        if actor is None:
            self._refused_tokens.warn(address=self._caller.address)
            raise Closed(FORBIDDEN, "Forbidden")
        try:
            self._engine.watch.expect_room(actor)
        except TooMany as error:
            raise Closed(TOO_MANY, str(error)) from None
        self._strangers.left(self._stranger)
        self._actor = actor
        note_account(self._websocket.scope, actor)
        self._engine.watch.add(self)
        await self._send({"type": "connection_ack"})

    def _make_room(self) -> None:
        self._close(TOO_MANY, "Too many sockets have not said who they are")

    def _subscribe(self, id: str, payload: object) -> None:
        if self._actor is None:
            raise Closed(NOT_ACKNOWLEDGED, "Unauthorized")
        if id in self._operations:
            raise Closed(SAME_ID, f"Subscriber for {id[:80]} already exists")
        if len(self._operations) >= limits.OPERATIONS_PER_SOCKET:
            raise Closed(TOO_MANY, "Too many operations")
        try:
            request = read_request(payload)
        except BadRequest:
            raise Closed(MALFORMED, "Invalid subscribe message") from None
        self._operations[id] = asyncio.create_task(self._operate(id, request))

    def _complete(self, id: str) -> None:
        operation = self._operations.pop(id, None)
        self._streams.pop(id, None)
        if operation is not None:
            operation.cancel()

    # ---------------------------------------------------------------- what goes out

    async def _operate(self, id: str, request: GraphQLRequest) -> None:
        try:
            compiled = self._engine.compile(request, self._actor)
            if isinstance(compiled, Answer):
                await self._fail(id, compiled)
            elif compiled.kind is OperationType.SUBSCRIPTION:
                await self._stream(id, compiled, request)
            else:
                with named(self._engine.ports.ids.new()):
                    said = await self._engine.run(compiled, request, self._actor, self._caller)
                await self._answer(id, said)
        except Gone:
            return  # whoever reads the socket finds out by itself
        except Exception as error:
            with suppress(Gone):
                await self._fail(id, failed(error, self._engine.ports.ids))
        finally:
            self._end(id)

    async def _answer(self, id: str, said: Answer) -> None:
        if not said.ran:
            await self._fail(id, said)
            return
        body = encoded(said, self._engine.ports.ids).decode()
        await self._write(f'{{"id":{_json(id)},"type":"next","payload":{body}}}')
        self._end(id)
        await self._send({"id": id, "type": "complete"})

    async def _stream(self, id: str, compiled: Compiled, request: GraphQLRequest) -> None:
        listening = await self._engine.listen(compiled, request, self.actor, on_slow=self._too_slow)
        if isinstance(listening, Answer):
            await self._fail(id, listening)
            return
        listening.act_as(self.actor)  # who may have changed since
        self._streams[id] = listening
        name = _json(id)
        try:
            async for frame in listening:
                await self._write(frame.on_socket(name))
        except SlowConsumer:
            self._too_slow()
        except TooSlowToShow:
            self._close(SLOW, "An event takes too long to show; go on from your last cursor, or ask for less")
        except HubStopped:
            self._close(RESTARTING, "Service restart")
        finally:
            await listening.aclose()

    async def _fail(self, id: str, said: Answer) -> None:
        self._end(id)
        await self._send({"id": id, "type": "error", "payload": list(said.errors)})

    async def _send(self, message: dict[str, Any]) -> None:
        await self._write(_json(message))

    async def _write(self, text: str) -> None:
        try:
            await self._websocket.send_text(text)
        except (OSError, WebSocketDisconnect, RuntimeError):  # Starlette's ways to say that it is closed
            raise Gone from None

    def _too_slow(self) -> None:
        self._close(SLOW, "Too slow; go on from your last cursor")

    def _end(self, id: str) -> None:
        """The id is free again, unless a new operation has it already."""
        if self._operations.get(id) is asyncio.current_task():
            del self._operations[id]
            self._streams.pop(id, None)


def _frame(text: str | None) -> dict[str, Any]:
    """A frame of the protocol's outer shape: an object with a `type`."""
    if text is None:
        raise Closed(MALFORMED, "Frames are text in UTF-8")
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) > limits.FRAME_BYTES:
        raise Closed(MALFORMED, f"Frames have at most {limits.FRAME_BYTES} bytes")
    try:
        frame = read_json(raw)
    except NotJson:
        raise Closed(MALFORMED, "Not JSON") from None
    if not _is_object(frame) or not isinstance(frame.get("type"), str):
        raise Closed(MALFORMED, "Not a message of the protocol")
    return frame


def _id(frame: dict[str, Any]) -> str:
    id = frame.get("id")
    if not isinstance(id, str) or not 0 < len(id) <= limits.OPERATION_ID_LENGTH:
        raise Closed(MALFORMED, "`id` has to be a text that is not empty")
    return id


def _payload(frame: dict[str, Any]) -> dict[str, Any]:
    payload = frame.get("payload")
    if payload is None:
        return {}
    if not _is_object(payload):
        raise Closed(MALFORMED, "`payload` has to be an object")
    return payload


def _authorization(payload: dict[str, Any]) -> str | None:
    """As with headers, the case of its name is not looked at; several would leave open which one counts."""
    values = [value for name, value in payload.items() if name.lower() == "authorization"]
    return values[0] if len(values) == 1 and isinstance(values[0], str) else None


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)
