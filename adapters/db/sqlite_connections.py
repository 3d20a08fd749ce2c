"""SQLite connections: one that writes, a few that read. The one file that reaches below Tortoise's surface.

Each connection is a thread of its own with a queue in front of it: what is asked later runs later, also when whoever
asked is cancelled meanwhile.
"""

import asyncio
import json
import os
import sqlite3
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar

from tortoise.backends.sqlite.client import SqliteClient

from adapters.db.dialect import SQLITE, Dialect
from adapters.db.mapping import Value
from adapters.db.reading import Selects
from adapters.db.times import day_text, instant_text
from domain.errors import Unavailable

T = TypeVar("T")

BUSY_TIMEOUT_MS = 5_000
READER_WAIT_S = 5.0
WAL_KEPT_BYTES = 64 * 1024 * 1024

PRAGMAS: dict[str, str | int] = {
    "busy_timeout": BUSY_TIMEOUT_MS,  # first: the next one may have to wait for another process
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "foreign_keys": "ON",
    "journal_size_limit": WAL_KEPT_BYTES,
}
READING_PRAGMAS: dict[str, str | int] = {**PRAGMAS, "query_only": "ON"}

# What SQLite answers, read back as numbers or text.
READ_BACK: dict[str, str | int] = {
    "busy_timeout": BUSY_TIMEOUT_MS,
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
}

_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
"""Result codes that another try may not meet: a lock, a full disk."""


class PragmaRefused(Exception):
    """SQLite did not take a setting that promises depend on."""


class Connection:
    """One SQLite connection and its thread."""

    def __init__(self, client: SqliteClient) -> None:
        self._client = client

    async def open(self) -> None:
        """Connects, and makes sure that the pragmas hold."""
        await self._client.create_connection(with_db=True)
        await self.run(partial(_check_pragmas, reading="query_only" in self._client.pragmas))

    async def close(self) -> None:
        await self._client.close()

    @property
    def lock(self) -> asyncio.Lock:
        """What Tortoise's own calls on this connection wait for."""
        return self._client._lock  # pyright: ignore[reportPrivateUsage]

    def post(self, work: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Queue work for the thread without waiting; it runs whether or not anybody waits for its result."""
        raw: Any = self._client._connection  # pyright: ignore[reportPrivateUsage]
        if raw is None or not raw._running:
            raise Unavailable
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_noted)
        raw._tx.put_nowait((future, partial(work, raw._conn)))
        return future

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work on the thread; what another try may mend is raised as `Unavailable`."""
        try:
            return await self.post(work)
        except sqlite3.OperationalError as error:
            if may_pass(error):
                raise Unavailable from error
            raise


def may_pass(error: sqlite3.Error) -> bool:
    """Whether another try may succeed: the low byte of SQLite's code is its class."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _PASSING


def _noted(future: "asyncio.Future[Any]") -> None:
    """Mark the error as seen: who posts without waiting does not want to hear of it at collection."""
    if not future.cancelled():
        future.exception()


def _check_pragmas(connection: sqlite3.Connection, *, reading: bool) -> None:
    for name, wanted in {**READ_BACK, "query_only": int(reading)}.items():
        found = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if found != wanted:
            raise PragmaRefused(f"SQLite has {name}={found}, but {wanted} is needed")


_BOUND: dict[type, Callable[[Any], str]] = {datetime: instant_text, date: day_text, list: json.dumps}


def bound(values: Iterable[Value]) -> list[str | int | float | bytes | None]:
    """Values as SQLite takes them: instants and days as text, lists as JSON."""
    return [_BOUND[type(value)](value) if type(value) in _BOUND else value for value in values]  # pyright: ignore[reportReturnType]


# ---------------------------------------------------------------- reading


@dataclass(slots=True)
class _Snapshot:
    pool: "ReadPool"
    connection: Connection
    dialect: Dialect = SQLITE

    async def select(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        self.pool.statements += 1
        return await self.connection.run(partial(_rows, sql, values))


class ReadPool:
    """The reading connections, lent one at a time, in the order asked."""

    dialect = SQLITE

    def __init__(self, connections: Sequence[Connection]) -> None:
        self._connections = tuple(connections)
        self._free: asyncio.Queue[Connection] = asyncio.Queue()
        for connection in connections:
            self._free.put_nowait(connection)
        self.statements = 0
        """How many SELECTs ran so far."""

    async def select(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        """What is committed by now."""
        async with self._lent() as connection:
            self.statements += 1
            return await connection.run(partial(_rows, sql, values))

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[Selects]:
        """Everything selected inside is of the instant of the first SELECT."""
        async with self._lent() as connection:
            try:
                await connection.run(_begin)
                yield _Snapshot(self, connection)
            finally:
                connection.post(_leave)  # also after a cancelled BEGIN, which runs all the same

    async def close(self) -> None:
        for connection in self._connections:
            await connection.close()

    @asynccontextmanager
    async def _lent(self) -> AsyncGenerator[Connection]:
        try:
            async with asyncio.timeout(READER_WAIT_S):
                connection = await self._free.get()
        except TimeoutError as error:
            raise Unavailable from error
        try:
            yield connection
        finally:
            self._free.put_nowait(connection)


def readers_for_this_machine() -> int:
    """Two or three: a reader is a thread, and SQLite's reads are short."""
    return 3 if (os.cpu_count() or 1) > 2 else 2


def _rows(sql: str, values: Sequence[Value], connection: sqlite3.Connection) -> list[sqlite3.Row]:
    return connection.execute(sql, bound(values)).fetchall()


def _begin(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN")


def _leave(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
