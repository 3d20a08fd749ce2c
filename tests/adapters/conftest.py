"""Databases for the tests of adapters."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from adapters.db.database import open_database
from adapters.memory import MemoryBus
from tests.adapters.patience import be_patient
from tests.adapters.shared_database import SharedDatabase, shared_at
from tests.builders import CountingIds, FixedClock
from tests.peers.servers import Databases, Postgres


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated database file, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "desk.db"
    asyncio.run(_migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Databases) -> Iterator[str]:
    """An empty, migrated database on the server, to be copied."""
    url = asyncio.run(postgres.create())
    asyncio.run(_migrate(url))
    yield url
    asyncio.run(postgres.drop(url))


@pytest.fixture
async def desk_url(postgres: Databases, migrated_postgres: str) -> AsyncIterator[str]:
    """A migrated database on the server, of the test's own."""
    url = await postgres.create(migrated_postgres)
    yield url
    await postgres.drop(url)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """To be asked for before the database is shared: nobody is sent away because the machine is slow."""
    be_patient(monkeypatch)


@pytest.fixture
async def shared(desk_url: str) -> AsyncIterator[SharedDatabase]:
    async with shared_at(desk_url) as shared:
        yield shared


@pytest.fixture
async def shared_by_us(postgres_server: Postgres) -> AsyncIterator[SharedDatabase]:
    """On a server that the test may take away."""
    url = await postgres_server.databases.create()
    await _migrate(url)
    async with shared_at(url) as shared:
        yield shared


async def _migrate(url: str) -> None:
    database = await open_database(url, FixedClock(), CountingIds(), MemoryBus())
    await database.migrate()
    await database.close()
