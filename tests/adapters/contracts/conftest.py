"""The storage of a desk, over each adapter that keeps one."""

import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import IntegrityError
from typing import TypeAlias

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  (an exception's name)
import pytest

from adapters.db.database import Database, open_database
from adapters.db.postgres.database import Connections, PostgresDatabase, open_postgres
from adapters.memory import MemoryBus, MemoryDatabase
from adapters.memory.storage.books import Conflict
from domain.errors import WriteConflict
from domain.ports.deliveries import WebhookInbox
from domain.ports.directory import Directory
from domain.ports.reads import Reader
from domain.ports.store import Store
from tests.adapters.contracts.desks import Desk
from tests.adapters.contracts.races.races import Course, course_of
from tests.builders import CountingIds, FixedClock
from tests.domain.one_desk import desk_over
from tests.peers.servers import Databases, connect

PROCESSES = 4


@dataclass(frozen=True, slots=True)
class Storage:
    """Where a desk may be: in memory, in a copy of a file, or in a copy of a database on a server."""

    file: Path | None = None
    server: Databases | None = None
    template: str | None = None


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def storage(request: pytest.FixtureRequest) -> Storage:
    if request.param == "sqlite":
        return Storage(file=request.getfixturevalue("migrated"))
    if request.param == "postgres":
        server = request.getfixturevalue("postgres")
        return Storage(server=server, template=request.getfixturevalue("migrated_postgres"))
    return Storage()


@pytest.fixture
async def desk(storage: Storage, tmp_path: Path) -> AsyncIterator[Desk]:
    async with _desk(storage, tmp_path, Connections()) as desk:
        yield desk


@pytest.fixture
async def narrow_desk(storage: Storage, tmp_path: Path) -> AsyncIterator[Desk]:
    """One that has room for one transaction at a time."""
    async with _desk(storage, tmp_path, Connections(transactions=1)) as desk:
        yield desk


@pytest.fixture
async def course(storage: Storage, tmp_path: Path) -> AsyncIterator[Course]:
    """A desk to run races on; on a server it has as many processes as a company has."""
    clock, ids, bus = FixedClock(), CountingIds(), MemoryBus()
    async with AsyncExitStack() as stack:
        if storage.file is not None:
            shutil.copy(storage.file, tmp_path / "desk.db")
            file = await open_database(f"sqlite:///{tmp_path / 'desk.db'}", clock, ids, bus)
            await stack.enter_async_context(_started(file))
            yield course_of(await desk_over(file, clock, ids, bus), [file])
        elif storage.server is not None:
            url = await storage.server.create(storage.template)  # its own: a used one has deadlocks of others counted
            stack.push_async_callback(storage.server.drop, url)
            processes: list[PostgresDatabase] = []
            for _ in range(PROCESSES):
                process = await open_postgres(url, clock, ids, bus, connections=Connections(transactions=4))
                await stack.enter_async_context(_started(process))
                processes.append(process)

            async def deadlocks() -> int:
                """The server counts a session's when the session ends, or when it has nothing to do for a while."""
                for process in processes:
                    await process.writers.close()
                asking = await connect(url)
                try:
                    counted = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
                    return int(str(await asking.fetchval(counted)))
                finally:
                    await asking.close()

            yield course_of(await desk_over(processes[0], clock, ids, bus), processes, deadlocks)
        else:
            memory = MemoryDatabase(clock, ids, bus)
            yield course_of(await desk_over(memory, clock, ids, bus), [memory])


@asynccontextmanager
async def _desk(storage: Storage, folder: Path, connections: Connections) -> AsyncGenerator[Desk]:
    clock, ids, bus = FixedClock(), CountingIds(), MemoryBus()
    if storage.file is not None:
        path = folder / "desk.db"
        shutil.copy(storage.file, path)

        async def open_it() -> Database:
            return await open_database(f"sqlite:///{path}", clock, ids, bus)

        async with _processes(open_it) as (ports, other_worker):
            yield await Desk(clock, ids, bus, *ports, (IntegrityError,), other_worker).opened()
    elif storage.server is not None and storage.template is not None:
        url = await storage.server.lend(storage.template)

        async def open_there() -> Database:
            return await open_postgres(url, clock, ids, bus, connections=connections)

        async with _processes(open_there) as (ports, other_worker):
            conflicts = (WriteConflict, asyncpg.ForeignKeyViolationError)
            yield await Desk(clock, ids, bus, *ports, conflicts, other_worker).opened()
        await storage.server.give_back(url, storage.template)
    else:
        memory = MemoryDatabase(clock, ids, bus)

        async def beside() -> WebhookInbox:
            return memory.webhook_inbox.of_another_worker()

        ports = (memory.store, memory.webhook_inbox, memory.directory, memory.reader)
        yield await Desk(clock, ids, bus, *ports, (Conflict,), beside).opened()


Opened: TypeAlias = tuple[tuple[Store, WebhookInbox, Directory, Reader], Callable[[], Awaitable[WebhookInbox]]]


@asynccontextmanager
async def _processes(opening: Callable[[], Awaitable[Database]]) -> AsyncGenerator[Opened]:
    databases: list[Database] = []

    async def process() -> Database:
        databases.append(await opening())
        await databases[-1].start()
        return databases[-1]

    async def other_worker() -> WebhookInbox:
        return (await process()).webhook_inbox

    try:
        first = await process()
        yield (first.store, first.webhook_inbox, first.directory, first.reader), other_worker
    finally:
        for database in databases:
            await database.close()


@asynccontextmanager
async def _started(database: Database) -> AsyncGenerator[None]:
    await database.start()
    try:
        yield
    finally:
        await database.close()
