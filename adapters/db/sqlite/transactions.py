"""Transactions on SQLite: turns of the one task that writes.

A read writes what is staged before it in the same trip to the connection's thread. The end is one trip too: what is
still staged, the organization's counter, its events, the commit.
"""

import sqlite3
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from adapters.db.dialect import SQLITE, Dialect
from adapters.db.reading.look import Looking, R
from adapters.db.rows.mapping import (
    EVENT_COLUMNS,
    Value,
    columns,
    event_values,
    from_record,
    quoted,
    selected,
    table,
    to_values,
)
from adapters.db.sqlite.connections import bound
from adapters.db.sqlite.writer import Hint, Turn, Writer
from adapters.db.transaction import (
    BEGIN_LOG,
    DELIST,
    ENLIST,
    IS_ELSEWHERE,
    TAKE_TICKET_NUMBERS,
    SqlTransaction,
    Staged,
    Written,
    written,
)
from domain.events import Event, LoggedEvent
from domain.ids import OrganizationId
from domain.people.organizations import Organization
from domain.ports.directory import UNIQUE_ENTRIES, DirectoryEntry
from domain.ports.hints import OUTBOX
from domain.ports.system import Clock, Ids
from domain.rows import ROW_TYPES, organization_of

T = TypeVar("T")


class SqliteTransactions:
    def __init__(self, writer: Writer, clock: Clock, ids: Ids) -> None:
        self._writer = writer
        self._clock = clock
        self._ids = ids

    @asynccontextmanager
    async def transaction(self, organization: OrganizationId, *, background: bool) -> AsyncGenerator[SqlTransaction]:
        async with self._writer.turn(background=background) as turn:
            written = Written(organization)
            yield SqlTransaction(written, _SqliteStatements(written, turn, self._ids))
            turn.end(_ending(written, self._ids, self._clock.now()))

    async def pause(self, tries: int) -> bool:
        """One writer at a time collides with nobody."""
        return False


def _ending(written: Written, ids: Ids, now: datetime) -> Callable[[sqlite3.Connection], Sequence[Hint]]:
    """Everything left to write, for the connection's thread. The counter comes last: no gaps in the log."""
    write = _writing(written, ids)
    events = list(written.events)
    epoch = ids.new() if events else ""
    outbox: list[Hint] = [(OUTBOX, 0)] if written.moved_outbox else []

    def last(connection: sqlite3.Connection) -> Sequence[Hint]:
        write(connection)
        if not events:
            return outbox
        position = _log(written.organization, epoch, events, now, connection)
        return [(written.organization, position), *outbox]

    return last


@dataclass(frozen=True, slots=True)
class _SqliteStatements:
    written: Written
    turn: Turn
    ids: Ids
    dialect: Dialect = SQLITE

    @property
    def unheld(self) -> Looking:
        return self

    async def rows(self, kind: type[R], where: str, *values: Value) -> list[R]:
        found = await self.select(
            f"SELECT {selected(kind)} FROM {table(kind)} WHERE organization_id = ? AND {where}",
            self.written.organization,
            *values,
        )
        return _in_key_order(kind, found)

    async def rows_of_pairs(self, kind: type[R], columns: tuple[str, str], pairs: Sequence[tuple[str, str]]) -> list[R]:
        first, second = columns
        found = await self.select(
            f"SELECT {selected(kind, 'found')} FROM json_each(?) AS asked CROSS JOIN {table(kind)} AS found"
            f" ON found.organization_id = ? AND found.{first} = json_extract(asked.value, '$[0]')"
            f" AND found.{second} = json_extract(asked.value, '$[1]')",
            list(pairs),
            self.written.organization,
        )
        return _in_key_order(kind, found)

    async def select(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        def read(connection: sqlite3.Connection) -> list[sqlite3.Row]:
            return connection.execute(sql, bound(values)).fetchall()

        return await self._run(read)

    async def take_turns(self, names: Sequence[str]) -> None:
        """There is one writer at a time."""

    async def take_ticket_numbers(self, count: int) -> int:
        rows = await self.select(TAKE_TICKET_NUMBERS, self.written.organization, count)
        return rows[0]["number"]

    async def enlist(self, kind: DirectoryEntry, value: str, ref: str) -> bool:
        return await self._run(partial(_enlist, self.written.organization, kind, value, ref))

    async def delist(self, kind: DirectoryEntry, value: str) -> None:
        await self.select(DELIST, kind.value, value, self.written.organization)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """After everything staged so far."""
        write = _writing(self.written, self.ids)

        def written_first(connection: sqlite3.Connection) -> T:
            write(connection)
            return work(connection)

        return await self.turn.run(written_first)


def _in_key_order(kind: type[R], rows: Iterable[sqlite3.Row]) -> list[R]:
    """Sorted here: asked to sort by key, SQLite walks all of the organization's keys instead of a better index."""
    return sorted((from_record(kind, row) for row in rows), key=lambda row: row.id)


def _writing(written: Written, ids: Ids) -> Callable[[sqlite3.Connection], None]:
    staged = written.take_staged()
    epoch = ids.new() if Organization in staged.rows else ""
    return partial(_write, staged, epoch)


# ---------------------------------------------------------------- on the connection's thread


def _write(staged: Staged, epoch: str, connection: sqlite3.Connection) -> None:
    for kind, removed in staged.removed.items():
        connection.executemany(
            f"DELETE FROM {table(kind)} WHERE organization_id = ? AND id = ?",
            [(organization_of(row), row.id) for row in removed.values()],
        )
    for kind in ROW_TYPES:
        if rows := staged.rows.get(kind):
            source = f"VALUES ({', '.join('?' * len(columns(kind)))})"
            connection.executemany(written(kind, source), [bound(to_values(row)) for row in rows.values()])
    for organization in staged.rows.get(Organization, ()):
        connection.execute(BEGIN_LOG, (organization, epoch))


_INSERT_EVENT = f"INSERT INTO events ({quoted(EVENT_COLUMNS)}) VALUES ({', '.join('?' * len(EVENT_COLUMNS))})"


def _log(
    organization: OrganizationId, epoch: str, events: list[Event], now: datetime, connection: sqlite3.Connection
) -> int:
    """Append events at the next positions; the last position. The log begins here where there is none yet."""
    connection.execute(BEGIN_LOG, (organization, epoch))
    ((position,),) = connection.execute(
        "UPDATE event_counters SET position = position + ? WHERE organization_id = ? RETURNING position",
        (len(events), organization),
    ).fetchall()
    first = position - len(events) + 1
    connection.executemany(
        _INSERT_EVENT,
        [
            bound(event_values(organization, LoggedEvent(place, now, event)))
            for place, event in enumerate(events, first)
        ],
    )
    return position


def _enlist(
    organization: OrganizationId, kind: DirectoryEntry, value: str, ref: str, connection: sqlite3.Connection
) -> bool:
    if kind in UNIQUE_ENTRIES and connection.execute(IS_ELSEWHERE, (kind.value, value, organization)).fetchone():
        return False
    connection.execute(ENLIST, (kind.value, value, organization, ref))
    return True
