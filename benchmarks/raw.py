"""SQL as written, past the product: for the limits, for filling tables fast, and for looking afterwards.

Statements have `?` for a value. A value is a row's as `adapters.db.rows.mapping` makes it.
"""

import sqlite3
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Final, Protocol, TypeAlias, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - what is used of it is typed below

from adapters.db.rows.times import day_text, instant_text
from adapters.db.sqlite.connections import PRAGMAS
from adapters.db.sqlite.database import sqlite_path

Cells: TypeAlias = tuple[Any, ...]

USUAL_KIB: Final = 2_000  # of SQLite's cache, as it comes
FILLING_KIB: Final = 500_000  # so that indexes of a million rows need not be read again and again


class Raw(Protocol):
    """One connection."""

    is_sqlite: bool

    def native(self, value: Any) -> Any:
        """A value as this database's library takes it."""
        ...

    async def rows(self, sql: str, *values: Any) -> list[Cells]: ...

    async def run(self, script: str) -> None:
        """Statements without values."""
        ...

    async def fill(self, table: str, columns: Sequence[str], rows: Iterable[Cells]) -> None:
        """Many rows of native values at once, their parents unchecked."""
        ...

    async def close(self) -> None: ...


class SqliteRaw:
    is_sqlite = True

    def __init__(self, url: str) -> None:
        self.connection = sqlite3.connect(sqlite_path(url), isolation_level=None)
        for name, value in PRAGMAS.items():
            self.connection.execute(f"PRAGMA {name} = {value}")

    def native(self, value: Any) -> Any:
        match value:
            case datetime():
                return instant_text(value)
            case date():
                return day_text(value)
            case _:
                return value

    async def rows(self, sql: str, *values: Any) -> list[Cells]:
        return self.connection.execute(sql, [self.native(value) for value in values]).fetchall()

    async def run(self, script: str) -> None:
        self.connection.executescript(script)

    async def fill(self, table: str, columns: Sequence[str], rows: Iterable[Cells]) -> None:
        self.connection.execute("PRAGMA foreign_keys = OFF")
        self.connection.execute(f"PRAGMA cache_size = {-FILLING_KIB}")
        with self.transaction():
            self.connection.executemany(insert(table, columns), rows)
        self.connection.execute(f"PRAGMA cache_size = {-USUAL_KIB}")
        self.connection.execute("PRAGMA foreign_keys = ON")

    async def close(self) -> None:
        self.connection.close()

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        self.connection.execute("BEGIN IMMEDIATE")
        yield self.connection
        self.connection.execute("COMMIT")


class PostgresConnection(Protocol):
    """As much of asyncpg's connection as is used here; the library is not typed."""

    async def execute(self, query: str, *values: object) -> str: ...

    async def executemany(self, query: str, values: Iterable[Sequence[object]]) -> None: ...

    async def fetch(self, query: str, *values: object) -> list[Sequence[Any]]: ...

    async def fetchval(self, query: str, *values: object) -> Any: ...

    async def copy_records_to_table(self, table: str, *, columns: Sequence[str], records: Iterable[Cells]) -> str: ...

    def transaction(self) -> Any: ...

    async def close(self) -> None: ...


class PostgresRaw:
    is_sqlite = False

    def __init__(self, connection: PostgresConnection) -> None:
        self.connection = connection

    def native(self, value: Any) -> Any:
        return value

    async def rows(self, sql: str, *values: Any) -> list[Cells]:
        return [tuple(row) for row in await self.connection.fetch(numbered(sql), *values)]

    async def run(self, script: str) -> None:
        await self.connection.execute(script)

    async def fill(self, table: str, columns: Sequence[str], rows: Iterable[Cells]) -> None:
        await self.connection.execute("SET session_replication_role = replica")
        await self.connection.copy_records_to_table(table, columns=columns, records=rows)
        await self.connection.execute("SET session_replication_role = origin")

    async def close(self) -> None:
        await self.connection.close()


async def connect_raw(url: str) -> Raw:
    return SqliteRaw(url) if url.startswith("sqlite:") else PostgresRaw(await connect_postgres(url))


connect_postgres = cast("Callable[[str], Any]", asyncpg.connect)  # pyright: ignore[reportUnknownMemberType]


def insert(table: str, columns: Sequence[str]) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"


def numbered(sql: str) -> str:
    """With $1, $2, … for each `?`, of which none may stand in a text."""
    first, *rest = sql.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))
