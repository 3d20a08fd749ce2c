"""SQLite connections: one that writes, a few that read. The one file that reaches below Tortoise's surface.

Each connection is a thread of its own with a queue in front of it: what is asked later runs later, also when whoever
asked is cancelled meanwhile.
"""

import asyncio
import json
import os
import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar

from tortoise.backends.sqlite.client import SqliteClient

from adapters.db.dialect import SQLITE, Dialect
from adapters.db.reading.lending import HOUSE, Asker, Line
from adapters.db.reading.source import READ_WITHIN_S, Reading, Selects
from adapters.db.rows.mapping import Value
from adapters.db.rows.times import day_text, instant_text
from domain.errors import TookTooLong, Unavailable

T = TypeVar("T")

BUSY_TIMEOUT_MS = 5_000
READER_WAIT_S = 5.0
SNAPSHOT_WITHIN_S = 10.0  # PostgreSQL's idle_in_transaction_session_timeout: while one lasts the log only grows
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


_STORAGE = frozenset(
    {
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    }
)
"""Result codes that are the disk's or the file's: the next one to write most likely meets them too."""


class PragmaRefused(Exception):
    """SQLite did not take a setting that promises depend on."""


class Connection:
    """One SQLite connection and its thread."""

    def __init__(self, client: SqliteClient) -> None:
        self._client = client
        self.refused: str | None = None
        """What the storage said when it refused something; whoever sees it mended takes it away."""

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
        except sqlite3.Error as error:
            if _class_of(error) in _STORAGE:
                self.refused = str(error)
            if isinstance(error, sqlite3.OperationalError) and may_pass(error):
                raise Unavailable from error
            raise


def may_pass(error: sqlite3.Error) -> bool:
    """Whether another try may succeed."""
    return _class_of(error) in _PASSING


def _class_of(error: sqlite3.Error) -> int | None:
    """The low byte of SQLite's code; errors that are the module's own have none."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


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


class _Question:
    """A SELECT on its way to a connection's thread, which can be stopped wherever it is: no later one is hit."""

    def __init__(self, sql: str, values: Sequence[Value]) -> None:
        self._sql = sql
        self._values = values
        self._turn = threading.Lock()
        self._running: sqlite3.Connection | None = None
        self.stopped = False

    def __call__(self, connection: sqlite3.Connection) -> list[sqlite3.Row]:
        with self._turn:
            if self.stopped:
                return []  # nobody waits any more
            self._running = connection
        try:
            return connection.execute(self._sql, bound(self._values)).fetchall()
        finally:
            with self._turn:
                self._running = None

    def stop(self) -> None:
        with self._turn:
            self.stopped = True
            if self._running is not None:
                self._running.interrupt()


async def _asked(pool: "ReadPool", connection: Connection, sql: str, values: Sequence[Value]) -> list[sqlite3.Row]:
    pool.statements += 1
    question = _Question(sql, values)
    too_long = asyncio.get_running_loop().call_later(pool.within_s, question.stop)
    try:
        return await connection.run(question)
    except sqlite3.OperationalError as error:
        if question.stopped:
            raise TookTooLong(pool.within_s) from error
        raise
    except asyncio.CancelledError:
        question.stop()
        raise
    finally:
        too_long.cancel()


@dataclass(slots=True)
class _Snapshot:
    pool: "ReadPool"
    connection: Connection
    dialect: Dialect = SQLITE
    is_over: bool = False

    async def select(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        if self.is_over:
            raise TookTooLong(SNAPSHOT_WITHIN_S)
        return await _asked(self.pool, self.connection, sql, values)

    def end(self) -> None:
        """The state it reads from is let go of; a statement that runs is let run, as its own time is bounded."""
        self.is_over = True
        with suppress(Unavailable):  # closed meanwhile
            self.connection.post(_leave)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The pool as one asker has it."""

    pool: "ReadPool"
    asker: Asker
    dialect: Dialect = SQLITE

    async def select(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        """What is committed by now."""
        async with self.pool.lent(self.asker) as connection:
            return await _asked(self.pool, connection, sql, values)

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[Selects]:
        """Everything selected inside is of the instant of the first SELECT."""
        async with self.pool.lent(self.asker) as connection:
            snapshot = _Snapshot(self.pool, connection)
            too_long = asyncio.get_running_loop().call_later(SNAPSHOT_WITHIN_S, snapshot.end)
            try:
                await connection.run(_begin)
                yield snapshot
            finally:
                too_long.cancel()
                snapshot.is_over = True  # who was forgotten by whoever asked reads no more
                connection.post(_leave)  # also after a cancelled BEGIN, which runs all the same

    def asked_by(self, asker: Asker) -> Reading:
        return self.pool.asked_by(asker)


class ReadPool:
    """The reading connections, lent one at a time, in the order of `adapters.db.reading.lending`."""

    dialect = SQLITE

    def __init__(self, connections: Sequence[Connection], within_s: float = READ_WITHIN_S) -> None:
        self._connections = tuple(connections)
        self._free = list(connections)
        self._line = Line(len(self._connections))
        self._house = _Asked(self, HOUSE)
        self.within_s = within_s
        """How long a SELECT may take."""
        self.statements = 0
        """How many SELECTs ran so far."""

    def asked_by(self, asker: Asker) -> Reading:
        return _Asked(self, asker)

    async def select(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        return await self._house.select(sql, *values)

    def snapshot(self) -> AbstractAsyncContextManager[Selects]:
        return self._house.snapshot()

    async def close(self) -> None:
        self._line.close()
        for connection in self._connections:
            await connection.close()

    @asynccontextmanager
    async def lent(self, asker: Asker) -> AsyncGenerator[Connection]:
        await self._line.take(asker, READER_WAIT_S)
        connection = self._free.pop()
        try:
            yield connection
        finally:
            self._free.append(connection)
            self._line.give(asker)


def readers_for_this_machine() -> int:
    """Three or four: a reader is a thread, SQLite's reads are short, and one is never lent to who asks for much."""
    return 4 if (os.cpu_count() or 1) > 2 else 3


def _begin(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN")


def _leave(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
