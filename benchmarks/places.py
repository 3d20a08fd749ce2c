"""Where it is measured: on SQLite, on a PostgreSQL that keeps every commit, or on one that somebody names."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol

from benchmarks.raw import connect_raw
from tests.peers.servers import Databases, own_postgres

POSTGRES_OPTIONS: Final = {"shared_buffers": "1GB", "max_wal_size": "4GB", "synchronous_commit": "on"}


class NoPlace(Exception):
    """There is no such database here; one line."""


class Place(Protocol):
    folder: Path
    """For files of the run; gone at its end."""

    async def new_database(self) -> str:
        """The address of an empty one."""
        ...

    async def version(self) -> str: ...


class SqlitePlace:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = 0

    async def new_database(self) -> str:
        self._made += 1
        return f"sqlite:///{self.folder / f'{self._made}.db'}"

    async def version(self) -> str:
        raw = await connect_raw(f"sqlite:///{self.folder / 'version.db'}")
        ((version,),) = await raw.rows("SELECT sqlite_version()")
        await raw.close()
        return f"SQLite {version}"


class PostgresPlace:
    def __init__(self, folder: Path, databases: Databases, pgbench: Path) -> None:
        self.folder = folder
        self.pgbench = pgbench
        self._databases = databases
        self._made: list[str] = []

    async def new_database(self) -> str:
        self._made.append(await self._databases.create())
        return self._made[-1]

    async def version(self) -> str:
        raw = await connect_raw(self._databases.url)
        ((version,),) = await raw.rows("SHOW server_version")
        await raw.close()
        return f"PostgreSQL {version}"

    async def drop_all(self) -> None:
        for url in self._made:
            await self._databases.drop(url)

    async def run_pgbench(self, url: str, script: str, *, clients: int, seconds: float) -> float:
        """Transactions a second. It knows whole seconds only."""
        path = self.folder / "pgbench.sql"
        path.write_text(script)
        options = ["-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T", str(max(1, round(seconds)))]
        command = [self.pgbench, *options, "-f", path, url]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
        told = [line for line in done.stdout.splitlines() if line.startswith("tps = ")]
        assert told, done.stderr
        return float(told[-1].split()[2])


@asynccontextmanager
async def place_of(database: str) -> AsyncGenerator[Place]:
    """`sqlite`, `postgres`, or the address of a PostgreSQL whose user may create databases. Raises NoPlace."""
    with TemporaryDirectory(prefix="deskline-bench-") as name:
        folder = Path(name)
        match database:
            case "sqlite":
                yield SqlitePlace(folder)
            case "postgres":
                with own_postgres(durable=True, options=POSTGRES_OPTIONS) as server:
                    yield PostgresPlace(folder, server.databases, server.program("pgbench"))
            case url if url.startswith(("postgresql://", "postgres://")):
                pgbench = shutil.which("pgbench")
                if pgbench is None:
                    raise NoPlace("pgbench is missing; Debian has it in postgresql")
                named = PostgresPlace(folder, Databases(url), Path(pgbench))
                try:
                    yield named
                finally:
                    await named.drop_all()
            case _:
                raise NoPlace(f"expected sqlite, postgres or postgresql://…, not {database!r}")
