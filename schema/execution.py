"""The one door for operations: nothing runs that did not come through here, whatever transport it came by.

`Engine` holds what the door and the transports share. `answer` runs a query or a mutation; subscriptions pass the same
checks in `Engine.compile` and are then listened to by the hub.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, TypeGuard

import strawberry
from graphql import OperationType

from domain.people.actors import Actor
from domain.people.callers import Caller
from domain.ports.bundle import Ports
from domain.use_cases.people.access import authenticate
from schema.engine import limits
from schema.engine.admission import Admission, Crowded, InFlight
from schema.engine.answers import Answer, Shown, failed, refused, refused_as, throttled
from schema.engine.api_error import Code
from schema.engine.documents import BadDocument, Compiled, Documents, NotSignedIn
from schema.engine.lexical_limits import TooComplex
from schema.engine.turns import Turns
from schema.engine.values.cursors import Cursors
from schema.engine.values.scalars import instant_text
from schema.live.hub import Hub
from schema.live.rights import Listeners, Watch
from schema.live.streams import Stream
from schema.operations import Operation, run_alone

BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """A request of the right shape; the document is yet to be looked at."""

    query: str
    variables: Mapping[str, Any] = field(default_factory=dict[str, Any])
    operation_name: str | None = None


class BadRequest(Exception):
    """A request without the shape of one; the message says what was expected."""


def read_request(body: object) -> GraphQLRequest:
    """Raises `BadRequest`."""
    if not _is_object(body):
        raise BadRequest("A request is one JSON object; several in an array are not taken.")
    query, variables, name = body.get("query"), body.get("variables"), body.get("operationName")
    if not isinstance(query, str):
        raise BadRequest("`query` has to be the text of a GraphQL document.")
    if variables is not None and not _is_object(variables):
        raise BadRequest("`variables` has to be an object.")
    if name is not None and not isinstance(name, str):
        raise BadRequest("`operationName` has to be a text.")
    if body.get("extensions") is not None and not _is_object(body["extensions"]):
        raise BadRequest("`extensions` has to be an object.")
    return GraphQLRequest(query, variables or {}, name or None)


class Connection(Protocol):
    """A socket or an event stream that is open."""

    async def drain(self) -> None:
        """The server stops: end this politely, soon."""
        ...


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What whoever runs the desk chose."""

    introspection: bool = False
    allowed_origins: tuple[str, ...] = ()
    in_flight: InFlight = field(default_factory=InFlight)
    listeners: Listeners | None = None


class Engine:
    """A schema and everything it takes to serve it. Live between `running()`'s begin and end."""

    def __init__(
        self,
        schema: strawberry.Schema,
        ports: Ports,
        cursors: Cursors,
        options: EngineOptions | None = None,
    ) -> None:
        options = options or EngineOptions()
        self.schema = schema._schema  # pyright: ignore[reportPrivateUsage]  # graphql-core's, documents compile for it
        self.ports = ports
        self.cursors = cursors
        self.allowed_origins = options.allowed_origins
        self.turns = Turns()
        self.admission = Admission(options.in_flight)
        self.hub = Hub(self.schema, ports, cursors, turns=self.turns)
        self.watch = Watch(ports, most=options.listeners)
        self.connections: set[Connection] = set()
        self.draining = False
        self._documents = Documents(self.schema, introspection=options.introspection)
        self._mutations: set[asyncio.Task[Answer]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        async with self.hub.running(), self.watch.running():
            try:
                yield
            finally:
                await self.drain()

    async def drain(self) -> None:
        """Take no more connections, end the open ones, and wait for the mutations that run. May be called twice."""
        self.draining = True
        await asyncio.gather(*(connection.drain() for connection in tuple(self.connections)))
        if self._mutations:
            await asyncio.wait(self._mutations)  # which, unlike gather, leaves them alone when it is given up itself

    async def authenticate(self, header: str | None) -> Actor | None:
        """The actor behind an `Authorization` header; None where there is none, or not one of ours."""
        if header is None or not header.lower().startswith(BEARER):
            return None
        bearer = header[len(BEARER) :].strip()
        return await authenticate(self.ports, bearer) if bearer.isascii() and bearer else None

    def compile(self, request: GraphQLRequest, actor: Actor | None) -> "Compiled | Answer":
        """The operation asked for, or the answer why it does not run."""
        try:
            compiled = self._documents.compile(request.query, request.operation_name, signed_in=actor is not None)
            compiled.cost(request.variables)
        except NotSignedIn:
            return refused(Code.UNAUTHENTICATED, "Sign in first: send `Authorization: Bearer` with a key or a token.")
        except TooComplex as error:
            return refused(Code.TOO_COMPLEX, str(error))
        except BadDocument as error:
            return refused_as(error.error)
        return compiled

    async def run(self, compiled: Compiled, request: GraphQLRequest, actor: Actor | None, caller: Caller) -> Answer:
        """A query or mutation's answer. A mutation that has begun ends, also when its caller goes away."""
        if compiled.kind is not OperationType.MUTATION:
            return await self._admitted(compiled, request, actor, caller)
        task = asyncio.ensure_future(self._admitted(compiled, request, actor, caller))
        self._mutations.add(task)
        task.add_done_callback(self._mutations.discard)
        return await asyncio.shield(task)

    async def _admitted(
        self, compiled: Compiled, request: GraphQLRequest, actor: Actor | None, caller: Caller
    ) -> Answer:
        operation = Operation(compiled, request.variables, actor, caller)
        running = partial(run_alone, self.schema, operation, self.ports, self.cursors, self.turns)
        if actor is None:
            return await running()
        cost, at_once = compiled.cost(request.variables), compiled.kind is OperationType.MUTATION
        try:
            async with self.admission.admitted(actor, cost, at_once=at_once):
                return await running()
        except Crowded as error:
            return throttled(str(error), error.retry_after_s, limit=error.limit)

    async def listen(
        self,
        compiled: Compiled,
        request: GraphQLRequest,
        actor: Actor,
        *,
        after: str | None = None,
        on_slow: Callable[[], None] | None = None,
    ) -> Stream | Answer:
        """The stream of a subscription, or the answer why there is none. `after` wins over the document's."""
        try:
            return await self.hub.subscribe(actor, compiled, request.variables, after=after, on_slow=on_slow)
        except BadDocument as error:
            return refused_as(error.error)
        except Exception as error:
            return failed(error, self.ports.ids)

    def cost_of(self, compiled: Compiled, request: GraphQLRequest) -> Shown:
        """What `extensions.cost` tells: the limit holds for each request, so it is whole again at once."""
        price = compiled.cost(request.variables)
        return {
            "asked": price,
            "left": limits.COST - price,
            "restoresAt": instant_text(self.ports.clock.now()),
        }


async def answer(
    engine: Engine, request: GraphQLRequest, actor: Actor | None, caller: Caller, *, tell_cost: bool = False
) -> Answer:
    """The answer to a query or a mutation. `caller` is where the request came from."""
    compiled = engine.compile(request, actor)
    if isinstance(compiled, Answer):
        return compiled
    if compiled.kind is OperationType.SUBSCRIPTION:
        return refused(Code.BAD_REQUEST, "Subscriptions go over a WebSocket, or with `Accept: text/event-stream`.")
    result = await engine.run(compiled, request, actor, caller)
    return replace(result, extensions={"cost": engine.cost_of(compiled, request)}) if tell_cost else result


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)
