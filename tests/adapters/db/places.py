"""Databases to be migrated: where one is and what stands in it, and as each migration left one."""

import shutil
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapters.db.database import Database, open_database
from adapters.db.migrating.dump import schema_of
from adapters.db.migrating.history import SchemaState, known_migrations
from adapters.db.postgres.database import open_server
from adapters.db.sqlite.database import open_file
from adapters.memory import MemoryBus
from tests.builders import CountingIds, FixedClock
from tests.peers.servers import Databases, connect

OURS = known_migrations("migrations")

COLUMNS = {
    "sqlite": """
        SELECT t.name, c.name, c.type, c.[notnull] FROM sqlite_master AS t, pragma_table_info(t.name) AS c
        WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'
    """,
    "postgres": """
        SELECT table_name, column_name, upper(data_type), CASE is_nullable WHEN 'NO' THEN 1 ELSE 0 END
        FROM information_schema.columns WHERE table_schema = 'public'
    """,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is: a file, or a server."""

    url: str

    @property
    def dialect(self) -> str:
        return "sqlite" if self.url.startswith("sqlite") else "postgres"

    @property
    def path(self) -> Path:
        return Path(self.url.removeprefix("sqlite:///"))

    async def open(self, migrations: str = "migrations") -> Database:
        return await open_database(self.url, FixedClock(), CountingIds(), MemoryBus(), migrations=migrations)

    @asynccontextmanager
    async def opened(self, migrations: str = "migrations") -> AsyncGenerator[Database]:
        database = await self.open(migrations)
        try:
            yield database
        finally:
            await database.close()

    async def migrate(self, migrations: str = "migrations", to: str | None = None) -> list[str]:
        async with self.opened(migrations) as database:
            return await database.migrate(to)

    async def state(self, migrations: str = "migrations") -> SchemaState:
        async with self.opened(migrations) as database:
            return await database.state()

    async def schema(self) -> str:
        found = await (open_file(self.path) if self.dialect == "sqlite" else open_server(self.url))
        try:
            return await schema_of(found.readers)
        finally:
            await found.close()

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        (rows,) = await self.rows_of(sql)
        return rows

    async def rows_of(self, *statements: str) -> list[list[tuple[Any, ...]]]:
        """What each of them finds or returns, over one connection."""
        if self.dialect == "sqlite":
            with closing(sqlite3.connect(self.path)) as connection:
                found = [connection.execute(sql).fetchall() for sql in statements]
                connection.commit()
                return found
        session = await connect(self.url)
        try:
            return [[tuple(row.values()) for row in await session.fetch(sql)] for sql in statements]
        finally:
            await session.close()

    async def columns(self) -> dict[str, list[tuple[str, str, int]]]:
        """Each table's, but the history's: name, type, and whether it has to have a value."""
        found: dict[str, list[tuple[str, str, int]]] = {}
        for table, *column in await self.rows(COLUMNS[self.dialect]):
            if table != "tortoise_migrations":
                found.setdefault(table, []).append((column[0], column[1], column[2]))
        return found


@dataclass(frozen=True, slots=True)
class Steps:
    """Databases without rows as each migration left them, made once a run: tests move copies of them on."""

    folder: Path
    server: Databases
    made: dict[tuple[str, str], Place] = field(default_factory=dict[tuple[str, str], "Place"])

    async def copied(self, source: Place, file: Path) -> Place:
        if source.dialect == "postgres":
            return Place(await self.server.create(source.url))
        shutil.copy(source.path, file)
        return Place(f"sqlite:///{file}")

    async def after(self, dialect: str, migration: str) -> Place:
        """Nobody's own: to be copied."""
        before = OURS[: OURS.index(migration)]
        if (dialect, migration) not in self.made:
            nearest = next((name for name in reversed(before) if (dialect, name) in self.made), None)
            file = self.folder / f"{migration}.db"
            if nearest is not None:
                place = await self.copied(self.made[dialect, nearest], file)
            else:
                place = Place(f"sqlite:///{file}" if dialect == "sqlite" else await self.server.create())
            await place.migrate(to=migration)
            self.made[dialect, migration] = place
        return self.made[dialect, migration]

    async def drop(self) -> None:
        for place in self.made.values():
            if place.dialect == "postgres":
                await self.server.drop(place.url)
