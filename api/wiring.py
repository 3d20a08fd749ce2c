"""Settings into a desk: the one place that chooses adapters."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from adapters.db.database import Database, open_database
from adapters.db.history import Standing
from adapters.media.disk import DiskMedia
from adapters.memory.bus import MemoryBus
from adapters.memory.throttle import MemoryThrottle
from adapters.secrets import AesVault, Argon2Passwords
from adapters.system import SystemClock, SystemIds
from adapters.whatsapp.client import CloudApi, http_client
from adapters.whatsapp.inbound import CloudInterpreter
from api.keys import Keys, keys_of
from api.settings import Settings
from domain.ports import Ports


class DatabaseNotReady(Exception):
    """The database has to be brought up to date first; the message says how."""


@dataclass(frozen=True, slots=True)
class Wired:
    """A desk that is open: everything behind its ports runs until the block it came from ends."""

    settings: Settings
    keys: Keys
    ports: Ports
    database: Database

    async def is_current(self) -> bool:
        return (await self.database.state()).standing is Standing.CURRENT


@asynccontextmanager
async def wired(settings: Settings) -> AsyncGenerator[Wired, None]:
    """A desk over the settings' database, which is brought up to date first where it is SQLite.

    Raises WrongSetting and DatabaseRefused, and DatabaseNotReady where somebody has to migrate.
    """
    async with opened(settings) as (database, parts):
        await database.migrate()
        state = await database.state()
        if state.standing is not Standing.CURRENT:
            raise DatabaseNotReady(f"The database lacks {', '.join(state.names)}. Run: deskline migrate")
        await database.start()
        async with http_client() as http:
            network = CloudApi(settings.graph_api_url, settings.graph_api_version, http, parts.ids)
            keys = keys_of(settings)
            ports = Ports(
                clock=parts.clock,
                ids=parts.ids,
                store=database.store,
                journal=database.journal,
                directory=database.directory,
                reader=database.reader,
                bus=parts.bus,
                network=network,
                interpreter=CloudInterpreter(),
                vault=AesVault(keys.encryption, keys.fingerprints),
                passwords=Argon2Passwords(),
                throttle=MemoryThrottle(parts.clock),
                media=DiskMedia(settings.media_folder),
            )
            yield Wired(settings, keys, ports, database)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a database is opened with, and the rest of the desk shares."""

    clock: SystemClock
    ids: SystemIds
    bus: MemoryBus


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[tuple[Database, Parts], None]:
    """The database as it is found, for looking at it and for migrating."""
    parts = Parts(SystemClock(), SystemIds(), MemoryBus())
    database = await open_database(settings.database_url, parts.clock, parts.ids, parts.bus)
    try:
        yield database, parts
    finally:
        await database.close()
