"""An installation moved from a SQLite file to a PostgreSQL server: all of it, or nothing.

Which tables there are, in what order they can be written and what their columns hold is read from the server's
catalogs, so a table that a later migration adds moves as well. The file is held for oneself meanwhile: a Deskline that
serves it is found out, and none can begin to. Rows travel in batches, in one transaction of the server's. They arrive
as they were, but for the logs: each gets a new epoch, since what cursors of the old desk point at may have moved on.
"""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote, urlsplit

from adapters.db.migrating.history import DatabaseRefused, SchemaLevel, SchemaState, refusal_of
from adapters.db.postgres.database import Opened, open_server
from adapters.db.postgres.pool import Connection, Pool
from adapters.db.rows.mapping import quoted
from adapters.db.rows.times import day_of, instant_of
from adapters.db.sqlite.database import open_file, sqlite_path
from domain.errors import Unavailable, WriteConflict
from domain.ids import OrganizationId
from domain.ports.system import Ids
from migrations._recorded import HISTORY_TABLE

ROWS_AT_A_TIME = 1_000
BODIES_AT_A_TIME = 16  # a webhook's body may have 4 MiB
WRITTEN_WITHIN_S = 600.0
SESSION = {"application_name": "deskline copy", "lock_timeout": "4s"}

StoredRow: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Copied:
    rows: int
    tables: int
    organizations: tuple[OrganizationId, ...]


async def copy_database(source: str, target: str, ids: Ids, *, migrate: bool = False) -> Copied:
    """From `sqlite:///…` to `postgresql://…`; with `migrate`, an empty target gets its tables first.

    Raises `DatabaseRefused` where the source is served, missing, not up to date or not ours, and where the target is
    not empty; `Unavailable` where the server goes away. The target is then as it was, the source always.
    """
    if urlsplit(source).scheme != "sqlite" or urlsplit(target).scheme not in ("postgresql", "postgres"):
        raise DatabaseRefused("A desk is copied from sqlite:///… to postgresql://…, and no other way.")
    path = sqlite_path(source)
    await _check_source(path)
    opened = await open_server(target)
    try:
        await _check_target(opened, migrate)
        async with _held(path) as file, _writing(opened) as connection:
            return await _copy(file, connection, ids)
    finally:
        await opened.close()


async def _check_source(path: Path) -> None:
    if not await asyncio.to_thread(path.is_file):
        raise DatabaseRefused(f"There is no file {path} to copy from.")
    opened = await open_file(path)
    try:
        state = await opened.history.state()
    finally:
        await opened.close()
    if refusal := refusal_of(state):
        raise DatabaseRefused(f"{path}: {refusal}")
    if state.level is not SchemaLevel.CURRENT:
        raise DatabaseRefused(f"{path} lacks {_names(state)}. Run deskline migrate on it first.")


async def _check_target(opened: Opened, migrate: bool) -> None:
    if migrate:
        await opened.migrate()
    state = await opened.state()
    if refusal := refusal_of(state):
        raise DatabaseRefused(refusal)
    if state.level is not SchemaLevel.CURRENT:
        raise DatabaseRefused(f"The target lacks {_names(state)}. Say --migrate, or run deskline migrate on it first.")


def _names(state: SchemaState) -> str:
    return ", ".join(state.names)


# ---------------------------------------------------------------- the file


@asynccontextmanager
async def _held(path: Path) -> AsyncGenerator[sqlite3.Connection]:
    """The file to oneself. In WAL mode whoever has it open, also idle, holds a lock on it."""
    file = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw", uri=True, isolation_level=None, timeout=0, check_same_thread=False
    )
    try:
        with _told(path):
            file.execute("PRAGMA locking_mode = EXCLUSIVE")
            file.execute("BEGIN EXCLUSIVE")
        yield file
    finally:
        file.close()


@contextmanager
def _told(path: Path) -> Generator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" not in str(error) and "busy" not in str(error):
            raise DatabaseRefused(f"{path} can't be read: {error}.") from error
        raise DatabaseRefused(f"{path} is in use. Stop the Deskline that serves it, then copy.") from error


async def _batches(file: sqlite3.Connection, table: "_Table") -> AsyncIterator[list[StoredRow]]:
    """All rows, in the order of their keys."""
    names, key = quoted(table.columns), quoted(table.key)
    places = [table.columns.index(name) for name in table.key]
    first = f"SELECT {names} FROM {table.name} ORDER BY {key} LIMIT ?"
    following = (
        f"SELECT {names} FROM {table.name} WHERE ({key}) > ({', '.join('?' * len(table.key))}) ORDER BY {key} LIMIT ?"
    )
    rows = await asyncio.to_thread(_select, file, first, (table.batch,))
    while rows:
        yield rows
        last = tuple(rows[-1][place] for place in places)
        rows = await asyncio.to_thread(_select, file, following, (*last, table.batch))


def _select(file: sqlite3.Connection, sql: str, values: Sequence[Any]) -> list[StoredRow]:
    return file.execute(sql, values).fetchall()


# ---------------------------------------------------------------- the server


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def batch(self) -> int:
        return BODIES_AT_A_TIME if "bytea" in self.types else ROWS_AT_A_TIME

    @property
    def insert(self) -> str:
        arrays = ", ".join(f"?::{type}[]" for type in self.types)
        return f"INSERT INTO {self.name} ({quoted(self.columns)}) SELECT * FROM unnest({arrays})"


@asynccontextmanager
async def _writing(opened: Opened) -> AsyncGenerator[Connection]:
    pool = Pool(opened.server.connecting(SESSION), 1, lent_within_s=10.0)
    try:
        async with pool.lent() as connection:
            yield connection
    finally:
        await pool.close()


async def _copy(file: sqlite3.Connection, connection: Connection, ids: Ids) -> Copied:
    tables = await _tables(connection)
    _check_columns(file, tables)
    await connection.run("BEGIN")
    await _lock_empty(connection, tables)
    rows = 0
    for table in tables:
        rows += await _copy_table(file, connection, table)
    organizations = await _begin_new_epochs(connection, ids)
    await connection.run("COMMIT", within_s=WRITTEN_WITHIN_S)
    await connection.run("ANALYZE", within_s=WRITTEN_WITHIN_S)
    return Copied(rows, len(tables), organizations)


async def _tables(connection: Connection) -> list[_Table]:
    """Parents before children."""
    found = {
        name: _Table(name, tuple(record["columns"]), tuple(record["types"]), tuple(record["key"]))
        for record in await connection.rows(_TABLES)
        if (name := record["name"]) != HISTORY_TABLE
    }
    order = TopologicalSorter({name: set[str]() for name in found})
    for record in await connection.rows(_REFERENCES):
        order.add(record["child"], record["parent"])
    return [found[name] for name in order.static_order()]


def _check_columns(file: sqlite3.Connection, tables: Sequence[_Table]) -> None:
    """Both are up to date, so this fails only where somebody changed one of them by hand."""
    listed = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    there = {name for (name,) in _select(file, listed, ())} - {HISTORY_TABLE}
    if strange := there ^ {table.name for table in tables}:
        raise DatabaseRefused(f"Source and target differ in their tables: {', '.join(sorted(strange))}.")
    for table in tables:
        columns = {name for (name,) in _select(file, "SELECT name FROM pragma_table_info(?)", (table.name,))}
        if strange := columns ^ set(table.columns):
            raise DatabaseRefused(f"Source and target differ in {table.name}: {', '.join(sorted(strange))}.")


async def _lock_empty(connection: Connection, tables: Sequence[_Table]) -> None:
    try:
        await connection.run(f"LOCK TABLE {', '.join(table.name for table in tables)} IN EXCLUSIVE MODE")
    except Unavailable:
        raise DatabaseRefused("The target is in use. Stop the Deskline that serves it, then copy.") from None
    filled = [table.name for table in tables if await connection.rows(f"SELECT FROM {table.name} LIMIT 1")]
    if filled:
        raise DatabaseRefused(f"The target is not empty: there are rows in {', '.join(sorted(filled))}.")


async def _copy_table(file: sqlite3.Connection, connection: Connection, table: _Table) -> int:
    reading = [_READING.get(type) for type in table.types]
    copied = 0
    async for rows in _batches(file, table):
        try:
            columns = [
                [value if value is None or read is None else read(value) for value in column]
                for column, read in zip(zip(*rows, strict=True), reading, strict=True)
            ]
            await connection.run(table.insert, columns, within_s=WRITTEN_WITHIN_S)
        except (Unavailable, WriteConflict):
            raise
        except Exception as error:  # a value that one database takes and the other does not
            raise DatabaseRefused(f"Some rows of {table.name} can't be stored on PostgreSQL: {error}") from error
        copied += len(rows)
    await _expect(copied, connection, table)
    return copied


async def _expect(copied: int, connection: Connection, table: _Table) -> None:
    (counted,) = await connection.rows(f"SELECT count(*) AS rows FROM {table.name}", within_s=WRITTEN_WITHIN_S)
    assert counted["rows"] == copied, f"{table.name} has {counted['rows']} rows, and {copied} were copied"


async def _begin_new_epochs(connection: Connection, ids: Ids) -> tuple[OrganizationId, ...]:
    logs = [record["organization_id"] for record in await connection.rows("SELECT organization_id FROM event_counters")]
    for organization in logs:
        await connection.run("UPDATE event_counters SET epoch = ? WHERE organization_id = ?", (ids.new(), organization))
    return tuple(OrganizationId(organization) for organization in logs)


_READING: dict[str, Callable[[Any], Any]] = {
    "timestamp with time zone": instant_of,
    "date": day_of,
    "boolean": bool,
}

_TABLES = """
    SELECT relname::text AS name,
        array_agg(attname::text ORDER BY attnum) AS columns,
        array_agg(format_type(atttypid, atttypmod) ORDER BY attnum) AS types,
        (
            SELECT array_agg(keyed.attname::text ORDER BY place)
            FROM pg_constraint, unnest(conkey) WITH ORDINALITY AS key (number, place), pg_attribute AS keyed
            WHERE conrelid = pg_class.oid AND contype = 'p' AND keyed.attrelid = conrelid AND keyed.attnum = number
        ) AS key
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
    GROUP BY pg_class.oid, relname
"""

_REFERENCES = """
    SELECT child.relname::text AS child, parent.relname::text AS parent
    FROM pg_constraint JOIN pg_class AS child ON child.oid = conrelid JOIN pg_class AS parent ON parent.oid = confrelid
    WHERE contype = 'f' AND connamespace = current_schema()::regnamespace AND conrelid <> confrelid
"""
