"""A database in a file of SQLite's."""

import asyncio
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from tortoise.backends.sqlite.client import SqliteClient
from tortoise.context import TortoiseContext, set_global_context
from tortoise.exceptions import ConfigurationError

from adapters.db.condition import Condition
from adapters.db.deliveries.webhook_inbox import SqlWebhookInbox
from adapters.db.dialect import SQLITE
from adapters.db.directory import SqlDirectory
from adapters.db.migrating.history import (
    APP,
    APPLIED,
    HISTORY_TABLE,
    DatabaseRefused,
    History,
    SchemaLevel,
    SchemaState,
    app_config,
    refusal_of,
    state_of,
)
from adapters.db.reading.readers import SqlReader
from adapters.db.sqlite.connections import (
    PRAGMAS,
    READING_PRAGMAS,
    Connection,
    PragmaRefused,
    ReadPool,
    readers_for_this_machine,
)
from adapters.db.sqlite.deliveries import SqliteDeliveries
from adapters.db.sqlite.file import DatabaseFile
from adapters.db.sqlite.log import LogKeeper
from adapters.db.sqlite.transactions import SqliteTransactions
from adapters.db.sqlite.writer import Writer
from adapters.db.store import Hears, SqlStore
from adapters.private import make_private_file, narrow
from domain.ports.hints import Bus
from domain.ports.system import Clock, Ids

COMPANIONS = ("-wal", "-shm", "-journal")
SQLITE_ENGINE = "tortoise.backends.sqlite"


@dataclass(frozen=True, slots=True)
class Opened:
    """A database's connections and its history, before anything is promised about its tables."""

    context: TortoiseContext
    writing: Connection
    readers: ReadPool
    history: History
    file: DatabaseFile

    async def migrate(self, to: str | None = None) -> list[str]:
        with self.context:
            return await self.history.migrate(_client(self.context, "default"), to)

    async def close(self) -> None:
        await self.readers.close()
        await self.writing.close()
        await self.context.close_connections()


class SqliteDatabase:
    """See `adapters.db.database.Database`. Its one process brings it up to date by itself."""

    migrates_itself = True

    def __init__(self, opened: Opened, clock: Clock, ids: Ids, bus: Bus) -> None:
        self._opened = opened
        self.readers = opened.readers
        self.writer = Writer(opened.writing, opened.file, bus)
        self._log_keeper = LogKeeper(opened.file, self.writer)
        self._keeping: asyncio.Task[None] | None = None
        self.store = SqlStore(self.readers, SqliteTransactions(self.writer, clock, ids))
        self.webhook_inbox = SqlWebhookInbox(self.readers, SqliteDeliveries(self.writer, clock, ids))
        self.directory = SqlDirectory(self.readers)
        self.reader = SqlReader(self.readers)

    def tell(self, hears: Hears) -> None:
        self.store.hears = hears

    async def now(self) -> None:
        """Who uses a file is on its machine."""

    async def condition(self) -> Condition:
        file = self._opened.file
        fault = await asyncio.to_thread(file.fault)
        if fault is None and (refusal := await self.writer.refusal()) is not None:
            fault = f"the database can't be written: {refusal}"
        return Condition(fault, await asyncio.to_thread(file.log_bytes))

    async def state(self) -> SchemaState:
        return await self._opened.history.state()

    async def migrate(self, to: str | None = None) -> list[str]:
        return await self._opened.migrate(to)

    async def start(self) -> None:
        self.writer.start()
        self._keeping = asyncio.create_task(self._log_keeper.run(), name="keeping the log short")

    async def close(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        await self.writer.close()
        await self._opened.close()


async def open_sqlite(
    path: Path, clock: Clock, ids: Ids, bus: Bus, *, migrations: str = "migrations"
) -> SqliteDatabase:
    """Raises `DatabaseRefused` for a file that is no database or somebody else's, which stays as it was."""
    return SqliteDatabase(await open_file(path, migrations), clock, ids, bus)


async def open_file(path: Path, migrations: str = "migrations") -> Opened:
    await asyncio.to_thread(_refuse_others, path)
    await asyncio.to_thread(_keep_private, path)
    names = ["default", *(f"read{number}" for number in range(1, readers_for_this_machine() + 1))]
    context = TortoiseContext()
    connections = {name: _credentials(name, path) for name in names}
    with context:
        await context.init({"connections": connections, "apps": app_config(migrations)})
    with suppress(ConfigurationError):  # of several databases, the first serves models used outside of a context
        set_global_context(context)
    writing, *reading = (Connection(_client(context, name)) for name in names)
    readers = ReadPool(reading)
    opened = Opened(context, writing, readers, History(readers, migrations), DatabaseFile(path))
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


def _keep_private(path: Path) -> None:
    """Before SQLite opens it: the files it puts beside a database get the database's own mode."""
    make_private_file(path)
    narrow([path, *(path.with_name(path.name + ending) for ending in COMPANIONS)])


def sqlite_path(url: str) -> Path:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise DatabaseRefused(f"{url!r} is not an address: {error}.") from None
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
            tables = [name for (name,) in found.execute(SQLITE.tables)]
            ours = [name for (name,) in found.execute(APPLIED, (APP,))] if HISTORY_TABLE in tables else []
        finally:
            found.close()
    except sqlite3.Error as error:
        raise DatabaseRefused(f"{path} can't be read as a SQLite database: {error}.") from error
    state = state_of(tables, ours, ours)
    if state.level is SchemaLevel.FOREIGN:
        raise DatabaseRefused(f"{path}: {refusal_of(state)}")
