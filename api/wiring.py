"""Settings into a desk: the one place that chooses adapters."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from adapters.bus import MemoryBus
from adapters.clamd.scanner import Clamd
from adapters.db.database import Database, open_database
from adapters.db.migrating.history import SchemaLevel, missing_of
from adapters.media.disk import DiskMedia
from adapters.memory.throttle import MemoryThrottle
from adapters.reading import Beside
from adapters.secrets import AesVault, Argon2Passwords
from adapters.sounds import Codecs, are_here
from adapters.system import FollowingClock, SystemClock, SystemIds
from adapters.whatsapp.client import CloudApi, http_client
from adapters.whatsapp.inbound.updates import CloudInterpreter
from api.keys import Keys, keys_of
from api.refusals import DatabaseNotReady, WrongSetting
from api.settings import Settings
from domain.errors import Unavailable
from domain.ports.bundle import Ports
from domain.ports.files import MediaStore
from domain.ports.hints import Bus
from domain.ports.system import Clock, Throttle

if TYPE_CHECKING:
    from adapters.redis import RedisBus, RedisThrottle


TIME_ASKED_EVERY_S = 10.0

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Shared:
    """What the processes of a desk share besides their database, where there is a Redis for it."""

    bus: "RedisBus"
    throttle: "RedisThrottle"


@dataclass(frozen=True, slots=True)
class Wired:
    """A desk that is open: everything behind its ports runs until the block it came from ends."""

    settings: Settings
    keys: Keys
    ports: Ports
    database: Database
    shared: Shared | None

    async def is_ready(self) -> bool:
        """A newer Deskline may have migrated the database since the start: serving goes on meanwhile."""
        return (await self.database.state()).level in (SchemaLevel.CURRENT, SchemaLevel.AHEAD)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a database is opened with, and the rest of the desk uses too."""

    clock: Clock
    ids: SystemIds
    bus: Bus


@asynccontextmanager
async def wired(settings: Settings) -> AsyncGenerator[Wired, None]:
    """A desk over the settings' database, which is brought up to date first where it is SQLite.

    Raises WrongSetting, also for a Redis or an object store that refuses us, DatabaseRefused, and DatabaseNotReady
    where somebody has to migrate.
    """
    keys = keys_of(settings)
    clock, ids = FollowingClock(), SystemIds()
    alone = MemoryThrottle(clock)
    async with _shared(settings, alone) as shared:
        bus, throttle = _hints_and_limits(shared, alone)
        async with (
            _opened(settings, Parts(clock, ids, bus)) as database,
            http_client() as http,
            _following(clock, database),
        ):
            await _make_ready(database)
            media = await _media(settings)
            ports = Ports(
                clock=clock,
                ids=ids,
                store=database.store,
                webhook_inbox=database.webhook_inbox,
                directory=database.directory,
                reader=database.reader,
                bus=bus,
                network=CloudApi(settings.graph_api_url, settings.graph_api_version, http, ids, settings.sign_in_app),
                interpreter=Beside(CloudInterpreter()),
                vault=AesVault(keys.encryption, keys.fingerprints),
                passwords=Argon2Passwords(),
                throttle=throttle,
                media=media,
                sounds=Codecs() if are_here() else None,
                scanner=Clamd(settings.scanner_address) if settings.scanner_address is not None else None,
            )
            yield Wired(settings, keys, ports, database, shared)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[Database, None]:
    """The database as it is found, for looking at it and for migrating."""
    async with _opened(settings, Parts(SystemClock(), SystemIds(), MemoryBus())) as database:
        yield database


@asynccontextmanager
async def _opened(settings: Settings, parts: Parts) -> AsyncGenerator[Database, None]:
    database = await open_database(settings.database_url, parts.clock, parts.ids, parts.bus)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def _following(clock: FollowingClock, database: Database) -> AsyncGenerator[None, None]:
    """Processes on several machines agree on what time it is: the database says it."""

    async def follow() -> None:
        while True:
            await asyncio.sleep(TIME_ASKED_EVERY_S)
            with suppress(Unavailable):
                await clock.ask(database.now)

    with suppress(Unavailable):
        await clock.ask(database.now)
    following = asyncio.create_task(follow())
    try:
        yield
    finally:
        following.cancel()
        await asyncio.wait([following])


async def _make_ready(database: Database) -> None:
    if database.migrates_itself:
        await database.migrate()
    if lack := missing_of(await database.state()):
        raise DatabaseNotReady(lack)
    await database.start()


async def _media(settings: Settings) -> MediaStore:
    """Files in a folder, or in an object store; one that is away now is asked again by whoever needs it."""
    place = settings.media_objects
    if place is None:
        files = DiskMedia(settings.media_folder)
        await files.keep_private(is_ours=settings.media_store is None)
        return files
    from adapters.media.objects import Health, ObjectMedia  # who has none need not wait for its library

    objects = ObjectMedia(place)
    state = await objects.look()
    if state.health is Health.REFUSED:
        raise WrongSetting(state.message)
    if state.health is Health.AWAY:
        log.warning("the object store is away", why=state.message)
    return objects


@asynccontextmanager
async def _shared(settings: Settings, alone: Throttle) -> AsyncGenerator[Shared | None, None]:
    address = settings.redis_address
    if address is None:
        yield None
        return
    from adapters.redis import RedisBus, RedisRefused, RedisThrottle  # as in `api.settings`

    shared = Shared(RedisBus(address), RedisThrottle(address, alone))
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(shared.bus.running())
            await stack.enter_async_context(shared.throttle.running())
        except RedisRefused as refusal:
            raise WrongSetting(str(refusal)) from refusal
        yield shared


def _hints_and_limits(shared: Shared | None, alone: Throttle) -> tuple[Bus, Throttle]:
    return (shared.bus, shared.throttle) if shared is not None else (MemoryBus(), alone)
