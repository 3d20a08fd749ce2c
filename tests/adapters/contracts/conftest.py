"""The storage of a desk, over each adapter that keeps one."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from sqlite3 import IntegrityError

import pytest

from adapters.db.database import open_database
from adapters.memory import MemoryBus, MemoryDatabase
from adapters.memory.books import Conflict
from tests.adapters.contracts.desks import Desk
from tests.builders import CountingIds, FixedClock


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated database file, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "desk.db"
    asyncio.run(_migrate(path))
    return path


@pytest.fixture(params=["memory", "sqlite"])
async def desk(request: pytest.FixtureRequest, migrated: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    clock, ids, bus = FixedClock(), CountingIds(), MemoryBus()
    if request.param == "memory":
        memory = MemoryDatabase(clock, ids, bus)
        ports = (memory.store, memory.journal, memory.directory, memory.reader)
        yield await Desk(clock, ids, bus, *ports, Conflict).opened()
        return
    path = tmp_path / "desk.db"
    shutil.copy(migrated, path)
    database = await open_database(f"sqlite:///{path}", clock, ids, bus)
    await database.start()
    try:
        desk = Desk(
            clock, ids, bus, database.store, database.journal, database.directory, database.reader, IntegrityError
        )
        yield await desk.opened()
    finally:
        await database.close()


async def _migrate(path: Path) -> None:
    database = await open_database(f"sqlite:///{path}", FixedClock(), CountingIds(), MemoryBus())
    await database.migrate()
    await database.close()
