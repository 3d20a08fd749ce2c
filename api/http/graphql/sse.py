"""GraphQL as Server-Sent Events: graphql-sse's distinct connections, one operation a request.

Each event of a subscription carries its cursor as `id:`. A client that comes back repeats its request with
`Last-Event-ID`, which wins over the document's `after`. A query or mutation answers with one `next` and `complete`; so
does whatever cannot go on, with the error in the `next`.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from graphql import OperationType
from starlette.types import Receive, Scope, Send

from api.http.guard.protocols import ABORT
from domain.people.actors import Actor
from domain.people.callers import Caller
from schema.engine import limits
from schema.engine.answers import Answer, encoded, failed, refused
from schema.engine.api_error import Code
from schema.engine.documents import Compiled
from schema.execution import Engine, GraphQLRequest
from schema.live.streams import HubStopped, SlowConsumer, Stream, TooSlowToShow

COMPLETE = b"event: complete\ndata: \n\n"
KEEP_ALIVE = b":\n\n"
FAREWELL_S = 1.0  # for last words to a reader who may have stopped reading
HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-accel-buffering", b"no"),  # proxies that collect answers would hold events back
)


class EventStream:
    """The ASGI response to a request that accepts events first. Watched, and drained, while it is open."""

    def __init__(
        self,
        engine: Engine,
        compiled: Compiled | Answer,
        request: GraphQLRequest,
        actor: Actor | None,
        caller: Caller,
        last_seen: str | None,
    ) -> None:
        self._engine = engine
        self._compiled = compiled
        self._request = request
        self._actor = actor
        self._caller = caller
        self._last_seen = last_seen
        self._stream: Stream | None = None
        self._last_words: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._gone = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._engine.connections.add(self)
        if self._actor is not None:
            self._engine.watch.add(self)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await self._until_over(receive, send, scope.get(ABORT))
        except OSError:
            pass  # the reader is gone
        finally:
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
        if self._stream is not None:
            self._stream.act_as(actor)

    def revoke(self) -> None:
        said = refused(Code.UNAUTHENTICATED, "This key or sign-in is no longer good.")
        self._finish(self._next(said) + COMPLETE)

    async def drain(self) -> None:
        """Ends without `complete`: a client then comes back by itself, with its last cursor."""
        self._finish(b"")
        await self._gone.wait()

    # ---------------------------------------------------------------- writing

    async def _until_over(self, receive: Receive, send: Send, abort: Callable[[], None] | None) -> None:
        writing = asyncio.create_task(self._write(send))
        leaving = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait({writing, leaving, self._last_words}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (writing, leaving):
                task.cancel()
            await asyncio.wait({writing, leaving})
        if not leaving.cancelled():
            return
        if writing.done() and not writing.cancelled():
            writing.result()
        last = self._last_words.result() if self._last_words.done() else b""
        try:
            await asyncio.wait_for(send({"type": "http.response.body", "body": last, "more_body": False}), FAREWELL_S)
        except TimeoutError:
            if abort is not None:  # else the server closes, and goes on waiting for who doesn't read
                abort()
                await _disconnected(receive)

    async def _write(self, send: Send) -> None:
        async with aclosing(self._events()) as events:
            async for chunk in events:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def _events(self) -> AsyncGenerator[bytes]:
        compiled, actor = self._compiled, self._actor
        if isinstance(compiled, Answer):
            yield self._next(compiled) + COMPLETE
        elif actor is not None and compiled.kind is OperationType.SUBSCRIPTION:
            async for chunk in self._live(compiled, actor):
                yield chunk
        else:
            said = await self._engine.run(compiled, self._request, actor, self._caller)
            yield self._next(said) + COMPLETE

    async def _live(self, compiled: Compiled, actor: Actor) -> AsyncGenerator[bytes]:
        listening = await self._engine.listen(
            compiled, self._request, actor, after=self._last_seen, on_slow=lambda: self._finish(b"")
        )
        if isinstance(listening, Answer):
            yield self._next(listening) + COMPLETE
            return
        listening.act_as(self.actor)  # who may have changed since
        self._stream = listening
        yield KEEP_ALIVE  # the reader sees at once that it is heard
        coming = asyncio.ensure_future(anext(listening))
        try:
            while True:
                done, _ = await asyncio.wait({coming}, timeout=limits.KEEP_ALIVE_S)
                if not done:
                    yield KEEP_ALIVE
                    continue
                yield coming.result().on_stream()
                coming = asyncio.ensure_future(anext(listening))
        except (SlowConsumer, TooSlowToShow, HubStopped):
            return  # without `complete`: the reader comes back with its last cursor
        except Exception as error:
            yield self._next(failed(error, self._engine.ports.ids)) + COMPLETE
        finally:
            coming.cancel()
            await listening.aclose()

    def _next(self, said: Answer) -> bytes:
        return b"event: next\ndata: %b\n\n" % encoded(said, self._engine.ports.ids)

    def _finish(self, last_words: bytes) -> None:
        """Stop writing, whatever was about to be written, and end with these bytes."""
        if not self._last_words.done():
            self._last_words.set_result(last_words)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
