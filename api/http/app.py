"""The application: the API, Meta's webhook, the inbox page, and what whoever runs it asks."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from api.http.browsers.bundle import Bundle, Explorer
from api.http.browsers.cors import Cors
from api.http.browsers.origins import origins_of
from api.http.browsers.sign_up import SignUp
from api.http.edge import Edge
from api.http.graphql.http import graphql_routes
from api.http.guard.callers import Callers
from api.http.health import Health, metered
from api.http.media import MediaFiles, Uploads
from api.http.webhooks import WhatsAppWebhook
from api.settings import Settings
from api.wiring import Wired
from api.worker.loops import Worker
from schema.engine.admission import InFlight
from schema.engine.values.cursors import Cursors
from schema.execution import Engine, EngineOptions
from schema.live.rights import Listeners
from schema.schema import schema

ENGINE_CLOSES_WITHIN_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Serving:
    """What serves: the application, and the two parts that have to know first when it stops."""

    app: Starlette
    engine: Engine | None
    worker: Worker | None

    async def drain(self) -> None:
        """Take nothing new, tell the listeners, finish what is in hand."""
        if self.worker is not None:
            self.worker.stop()
        if self.engine is not None:
            await self.engine.drain()


def create_app(settings: Settings, desk: Wired) -> Starlette:
    """The application with the worker inside; `serving` for more of a choice."""
    return serving(settings, desk).app


def serving(settings: Settings, desk: Wired, *, with_worker: bool = True, extra: Sequence[BaseRoute] = ()) -> Serving:
    """`extra` routes come first."""
    meters = metered(desk)
    cursors = Cursors(desk.keys.cursors, settings.public_url)
    origins = origins_of(settings.allowed_origins, settings.public_url)
    options = EngineOptions(
        introspection=settings.introspection,
        in_flight=InFlight(settings.queries_in_flight, settings.queries_of_organization, settings.queries_of_caller),
        listeners=Listeners(
            settings.max_listeners,
            settings.max_listeners_of_organization,
            settings.max_listeners_of_key,
            settings.max_listeners_of_user,
        ),
        allowed_origins=origins,
    )
    engine = Engine(schema, desk.ports, cursors, options)
    worker = Worker(desk.ports, meters, settings.events_kept) if with_worker else None
    webhook = WhatsAppWebhook(
        desk.ports,
        meters,
        app_secrets=[secret.get_secret_value() for secret in settings.app_secrets],
        verify_token=settings.verify_token.get_secret_value() if settings.verify_token else None,
        max_in_flight=settings.max_deliveries_in_flight,
        max_per_address=settings.max_deliveries_per_address,
    )
    uploads = Uploads(settings.max_uploads, settings.max_uploads_of_organization, settings.max_uploads_of_caller)
    media = MediaFiles(desk.ports, cursors.links, uploads)
    health = Health(desk, meters, worker)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None, None]:
        async with _engine_running(engine):
            if worker is None:
                yield
                return
            async with worker.running():
                yield

    app = Starlette(
        routes=[
            *extra,
            *graphql_routes(engine, bounds=settings.request_bounds),
            *webhook.routes(),
            *media.routes(),
            *SignUp(desk.ports, engine).routes(),
            *health.routes(),
            *Bundle().routes(),
            *(Explorer().routes() if settings.introspection else ()),
        ],
        middleware=[
            Middleware(Callers, trusted=settings.trusted_proxies),
            Middleware(Cors, allowed=origins),
            Middleware(Edge, ids=desk.ports.ids, meters=meters, pace=settings.request_bounds.body_pace),
        ],
        lifespan=lifespan,
    )
    return Serving(app, engine, worker)


@asynccontextmanager
async def _engine_running(engine: Engine) -> AsyncGenerator[None, None]:
    """A mutation that still waits for the network at the end is cut off; what it had not committed never was."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(engine.running())
        yield
        with suppress(TimeoutError):
            async with asyncio.timeout(ENGINE_CLOSES_WITHIN_S):
                await stack.aclose()
