"""A database behind a URL: opened, brought up to date, closed; and its four ports in between."""

import asyncio
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from tortoise.backends.sqlite.client import SqliteClient
from tortoise.context import TortoiseContext, set_global_context
from tortoise.exceptions import ConfigurationError

from adapters.db.connections import (
    PRAGMAS,
    READING_PRAGMAS,
    Connection,
    PragmaRefused,
    ReadPool,
    readers_for_this_machine,
)
from adapters.db.directory import SqlDirectory
from adapters.db.history import (
    APP,
    APPLIED,
    HISTORY_TABLE,
    TABLES_FOUND,
    DatabaseRefused,
    History,
    SchemaState,
    Standing,
    app_config,
    refusal_of,
    standing,
)
from adapters.db.journal import SqlJournal
from adapters.db.readers import SqlReader
from adapters.db.store import SqlStore
from adapters.db.writer import Writer
from domain.ports import Bus, Clock, Ids

SQLITE_ENGINE = "tortoise.backends.sqlite"
MIGRATIONS = "migrations"


@dataclass(frozen=True, slots=True)
class Opened:
    """A database's connections and its history, before anything is promised about its tables."""

    context: TortoiseContext
    writing: Connection
    readers: ReadPool
    history: History

    async def close(self) -> None:
        await self.readers.close()
        await self.writing.close()
        await self.context.close_connections()


class Database:
    """Order of use: `open_database`, `migrate` where wanted, `start`, the ports, `close`."""

    def __init__(self, opened: Opened, clock: Clock, ids: Ids, bus: Bus) -> None:
        self._opened = opened
        self.readers = opened.readers
        self.writer = Writer(opened.writing, bus)
        self.store = SqlStore(self.writer, self.readers, clock, ids)
        self.journal = SqlJournal(self.writer, self.readers)
        self.directory = SqlDirectory(self.readers)
        self.reader = SqlReader(self.readers)

    async def state(self) -> SchemaState:
        return await self._opened.history.state()

    async def migrate(self, to: str | None = None) -> list[str]:
        """Run what is missing, up to the migration named `to`; the names of what ran. Raises `DatabaseRefused`."""
        with self._opened.context:
            return await self._opened.history.migrate(to)

    async def start(self) -> None:
        """From now on it can be written to."""
        self.writer.start()

    async def close(self) -> None:
        """What was begun is ended first; whoever comes later gets `Unavailable`."""
        await self.writer.close()
        await self._opened.close()


async def open_database(url: str, clock: Clock, ids: Ids, bus: Bus, *, migrations: str = MIGRATIONS) -> Database:
    """Connect to `sqlite:///relative.db` or `sqlite:////absolute.db`; a missing file is made.

    `migrations` names the package that holds them. Raises `DatabaseRefused` for a URL that can't be served and for a
    file that is no database or somebody else's, which stays as it was.
    """
    return Database(await open_file(sqlite_path(url), migrations), clock, ids, bus)


async def open_file(path: Path, migrations: str = MIGRATIONS) -> Opened:
    await asyncio.to_thread(_refuse_others, path)
    names = ["default", *(f"read{number}" for number in range(1, readers_for_this_machine() + 1))]
    context = TortoiseContext()
    connections = {name: _credentials(name, path) for name in names}
    with context:
        await context.init({"connections": connections, "apps": app_config(migrations)})
    with suppress(ConfigurationError):  # of several databases, the first serves models used outside of a context
        set_global_context(context)
    writing, *reading = (Connection(_client(context, name)) for name in names)
    readers = ReadPool(reading)
    opened = Opened(context, writing, readers, History(_client(context, "default"), readers, migrations))
    try:
        for connection in (writing, *reading):
            await connection.open()
    except (sqlite3.Error, PragmaRefused) as error:
        await opened.close()
        raise DatabaseRefused(f"{path} can't be opened: {error}.") from error
    except BaseException:
        await opened.close()
        raise
    return opened


def sqlite_path(url: str) -> Path:
    parts = urlsplit(url)
    if parts.scheme != "sqlite":
        raise DatabaseRefused(f"A database URL begins with sqlite:///, not {parts.scheme or url!r}.")
    path = unquote(parts.path.removeprefix("/"))
    if parts.netloc or parts.query or parts.fragment or not path or ":memory:" in path:
        raise DatabaseRefused(
            f"{url!r} names no database file; sqlite:///relative.db and sqlite:////absolute.db are understood."
        )
    return Path(path)


def _credentials(name: str, path: Path) -> dict[str, object]:
    pragmas = PRAGMAS if name == "default" else READING_PRAGMAS
    return {"engine": SQLITE_ENGINE, "credentials": {"file_path": str(path), **pragmas}}


def _client(context: TortoiseContext, name: str) -> SqliteClient:
    client = context.connections.get(name)
    assert isinstance(client, SqliteClient)
    return client


def _refuse_others(path: Path) -> None:
    """Look without touching: opening for writing would already change a file that is not ours."""
    if not path.parent.is_dir():
        raise DatabaseRefused(f"There is no folder {path.parent} to keep the database in.")
    if not path.exists():
        return
    try:
        found = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)
        try:
            tables = [name for (name,) in found.execute(TABLES_FOUND)]
            ours = [name for (name,) in found.execute(APPLIED, (APP,))] if HISTORY_TABLE in tables else []
        finally:
            found.close()
    except sqlite3.Error as error:
        raise DatabaseRefused(f"{path} can't be read as a SQLite database: {error}.") from error
    state = standing(tables, ours, ours)
    if state.standing is Standing.FOREIGN:
        raise DatabaseRefused(f"{path}: {refusal_of(state)}")
