"""The simulator as an ASGI application: the Graph API's face and the control face under `/_sim`."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from math import ceil
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.whatsapp.simulator.graph.answers import BadBody, json_answer
from adapters.whatsapp.simulator.graph.endpoints import Graph, graph_routes
from adapters.whatsapp.simulator.graph.errors import GraphError
from adapters.whatsapp.simulator.graph.onboarding import onboarding_routes
from adapters.whatsapp.simulator.phones.control import control_routes
from adapters.whatsapp.simulator.phones.numbers import number_routes
from adapters.whatsapp.simulator.phones.refusing import ControlError
from adapters.whatsapp.simulator.simulator import Simulator

VERSION: Final = re.compile(r"/v[0-9]+\.[0-9]+(?=/)")


def simulator_app(sim: Simulator) -> Starlette:
    """The application of one simulator. Mounted into another, its host opens `sim.running()` itself."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None, None]:
        async with sim.running():
            yield

    faces, graph = _Refusals(sim), Graph(sim)
    return Starlette(
        routes=[*control_routes(sim), *number_routes(sim), *graph_routes(graph), *onboarding_routes(sim, graph)],
        middleware=[Middleware(_AnyVersion)],
        exception_handlers={
            GraphError: faces.graph_error,
            ControlError: faces.control_error,
            BadBody: faces.bad_body,
            HTTPException: faces.no_such_call,
        },
        lifespan=lifespan,
    )


class _Refusals:
    """Refusals in the words of the face that was called."""

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim

    def graph_error(self, request: Request, error: Exception) -> Response:
        refusal = error if isinstance(error, GraphError) else GraphError(1, str(error))
        answer = json_answer(refusal.envelope(self._sim.ids.trace()), refusal.http_status)
        if refusal.http_status == 401:
            answer.headers["WWW-Authenticate"] = 'OAuth "Facebook Platform" "invalid_token"'
        if refusal.retry_after_s is not None:
            answer.headers["Retry-After"] = str(ceil(refusal.retry_after_s))
        return answer

    def control_error(self, request: Request, error: Exception) -> Response:
        return json_answer({"error": str(error)}, error.status if isinstance(error, ControlError) else 400)

    def bad_body(self, request: Request, error: Exception) -> Response:
        if _is_control(request):
            return self.control_error(request, error)
        return self.graph_error(request, GraphError(100, str(error)))

    def no_such_call(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        if _is_control(request):
            return json_answer({"error": f"{request.method} {request.url.path} does not exist"}, status)
        return self.graph_error(request, GraphError(2500, f"Unknown path components: {request.url.path}"))


class _AnyVersion:
    """Takes `/v26.0` off the front of a path, as a mount would, so that every version reaches the same calls."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            root = str(scope.get("root_path", ""))
            if version := VERSION.match(str(scope["path"]).removeprefix(root)):
                scope = {**scope, "root_path": root + version[0]}
        await self._app(scope, receive, send)


def _is_control(request: Request) -> bool:
    root = str(request.scope.get("root_path", ""))
    return request.url.path.removeprefix(root).startswith("/_sim")
