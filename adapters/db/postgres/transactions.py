"""Transactions on PostgreSQL: several at once, each on a connection of its own.

What is read is locked, in the order of keys; rows are written many at a time, in the order of tables and keys. Kinds
that everybody looks at and few change are not locked but watched: whoever saves such a row after somebody else did
collides. The organization's counter comes last, in one statement with the events, just before the commit: it is what
all of its transactions wait for, so it is held for as short a time as can be.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from adapters.db.dialect import POSTGRES, Dialect
from adapters.db.postgres.errors import Races
from adapters.db.postgres.pool import Connection, Pool, askable
from adapters.db.reading.look import Looking, LookingOn, R
from adapters.db.rows.mapping import (
    EVENT_COLUMNS,
    Record,
    Value,
    columns,
    event_values,
    from_record,
    quoted,
    selected,
    table,
    to_values,
)
from adapters.db.rows.tables import TABLES
from adapters.db.transaction import (
    BEGIN_LOG,
    DELIST,
    ENLIST,
    IS_ELSEWHERE,
    TAKE_TICKET_NUMBERS,
    SqlTransaction,
    Written,
    written,
)
from domain.errors import WriteConflict
from domain.events import LoggedEvent
from domain.ids import OrganizationId
from domain.people.organizations import Organization
from domain.ports.directory import UNIQUE_ENTRIES, DirectoryEntry
from domain.ports.hints import OUTBOX, Bus
from domain.ports.system import Clock, Ids
from domain.rows import ROW_TYPES, WATCHED, Row
from domain.updates import UpdateRecord

TRIES = 5  # times that a collided transaction is tried again
FIRST_PAUSE_S = 0.01


class PostgresTransactions:
    def __init__(self, pool: Pool, clock: Clock, ids: Ids, bus: Bus) -> None:
        self._pool = pool
        self._clock = clock
        self._ids = ids
        self._bus = bus
        self._races = Races(TRIES)

    @asynccontextmanager
    async def transaction(self, organization: OrganizationId, *, background: bool) -> AsyncGenerator[SqlTransaction]:
        try:
            async with self._once(organization, background) as transaction:
                yield transaction
        except WriteConflict as collision:
            if fault := self._races.fault_behind(collision):
                raise fault from None
            raise
        self._races.over()

    @asynccontextmanager
    async def _once(self, organization: OrganizationId, background: bool) -> AsyncGenerator[SqlTransaction]:
        async with self._pool.transaction(background=background) as connection:
            written = Written(organization)
            statements = _PostgresStatements(written, connection, self._ids)
            try:
                yield SqlTransaction(written, statements)
            except BaseException:
                statements.is_open = False
                raise
            position = await statements.end(self._clock.now())
            if position is not None:
                self._bus.hint(organization, position)
            if written.moved_outbox:
                self._bus.hint(OUTBOX)

    async def pause(self, tries: int) -> bool:
        if tries > TRIES:
            return False
        await asyncio.sleep(FIRST_PAUSE_S * 2**tries * random.uniform(0.5, 1.5))
        return True


@dataclass(slots=True)
class _PostgresStatements:
    written: Written
    connection: Connection
    ids: Ids
    dialect: Dialect = POSTGRES
    is_open: bool = True
    seen: dict[tuple[type[Row], str], str] = field(default_factory=dict[tuple[type[Row], str], str])
    """Which version of a watched row this transaction's words are about."""

    # What a transaction asks

    @property
    def unheld(self) -> Looking:
        return LookingOn(self.written.organization, _Unheld(self))

    async def rows(self, kind: type[R], where: str, *values: Value) -> list[R]:
        await self.write_staged(kind)
        found = await self.select(
            f"SELECT {selected(kind)}{_version(kind)} FROM {table(kind)} WHERE organization_id = ? AND {where}"
            f" ORDER BY id {_lock(kind)}",
            self.written.organization,
            *values,
        )
        return self._noted(kind, found)

    async def rows_of_pairs(self, kind: type[R], columns: tuple[str, str], pairs: Sequence[tuple[str, str]]) -> list[R]:
        first, second = columns
        found = await self.select(
            f"SELECT {selected(kind, 'found')} FROM unnest(?::text[], ?::text[]) AS asked (first, second)"
            f" JOIN {table(kind)} AS found ON found.organization_id = ?"
            f" AND found.{first} = asked.first AND found.{second} = asked.second"
            " ORDER BY found.id FOR NO KEY UPDATE OF found",
            [first for first, _ in pairs],
            [second for _, second in pairs],
            self.written.organization,
        )
        return self._noted(kind, found)

    async def select(self, sql: str, *values: Value) -> list[Record]:
        await self.write_staged()
        return await self.connection.rows(sql, askable(values))

    async def take_turns(self, names: Sequence[str]) -> None:
        await self.select(TAKE_TURNS, list(names))

    async def take_ticket_numbers(self, count: int) -> int:
        rows = await self.select(TAKE_TICKET_NUMBERS, self.written.organization, count)
        return rows[0]["number"]

    async def enlist(self, kind: DirectoryEntry, value: str, ref: str) -> bool:
        organization = self.written.organization
        if kind in UNIQUE_ENTRIES and await self.select(IS_ELSEWHERE, kind.value, value, organization):
            return False
        await self.connection.run(ENLIST, (kind.value, value, organization, ref))
        return True

    async def delist(self, kind: DirectoryEntry, value: str) -> None:
        await self.select(DELIST, kind.value, value, self.written.organization)

    # How it ends

    async def end(self, now: datetime) -> int | None:
        """Write what is left and commit; the last event's position, where there is one."""
        await self.write_staged(*WATCHED)
        self.is_open = False
        if self.connection.failed:
            raise RuntimeError("a statement of this transaction had failed: nothing was committed")
        position = await self._log(now) if self.written.events else None
        await self.connection.run("COMMIT")
        return position

    async def _log(self, now: datetime) -> int:
        facts = [
            event_values(self.written.organization, LoggedEvent(0, now, event))[3:] for event in self.written.events
        ]
        values = (self.written.organization, len(facts), now, *(list(column) for column in zip(*facts, strict=True)))
        if moved := await self.connection.rows(APPEND_EVENTS, values):
            return moved[0]["position"]
        await self.connection.run(BEGIN_LOG, (self.written.organization, self.ids.new()))
        return (await self.connection.rows(APPEND_EVENTS, values))[0]["position"]

    async def write_staged(self, *asked: type[Row]) -> None:
        """Rows that are watched stay staged until their kind is asked for, or to the end: written, they are locked, and
        everybody needs them."""
        assert self.is_open, "a transaction is used outside its block"
        staged = self.written.take_staged()
        for kind in WATCHED.difference(asked):
            for row in [row for id, row in staged.rows.get(kind, {}).items() if (kind, id) in self.seen]:
                del staged.rows[kind][row.id]
                self.written.staged.save(row)
        for kind, removed in staged.removed.items():
            if removed:
                remove = f"DELETE FROM {table(kind)} WHERE organization_id = ? AND id = ANY(?)"
                await self.connection.run(remove, (self.written.organization, sorted(removed)))
        for kind in ROW_TYPES:
            if rows := staged.rows.get(kind):
                await self._write(kind, [row for _, row in sorted(rows.items())])
        for organization in staged.rows.get(Organization, ()):
            await self.connection.run(BEGIN_LOG, (organization, self.ids.new()))

    async def _write(self, kind: type[Row], rows: Sequence[Row]) -> None:
        if kind in WATCHED:
            await self._check_unchanged(kind, [row.id for row in rows])
        laid = zip(*(to_values(row) for row in rows), strict=True)
        status = await self.connection.run(_written(kind), [list(column) for column in laid])
        if kind is UpdateRecord and status != f"INSERT 0 {len(rows)}":
            raise WriteConflict("another worker applied these updates meanwhile")

    # What is watched

    def _noted(self, kind: type[R], found: Sequence[Record]) -> list[R]:
        rows = [from_record(kind, record) for record in found]
        if kind in WATCHED:
            self.seen.update(((kind, row.id), record["row_version"]) for row, record in zip(rows, found, strict=True))
        return rows

    async def _check_unchanged(self, kind: type[Row], ids: Sequence[str]) -> None:
        """Lock the rows about to be written that were read before, and see that nobody wrote them since."""
        seen = {id: version for id in ids if (version := self.seen.pop((kind, id), None)) is not None}
        if not seen:
            return
        found = await self.connection.rows(
            f"SELECT id{_version(kind)} FROM {table(kind)} WHERE organization_id = ? AND id = ANY(?)"
            " ORDER BY id FOR NO KEY UPDATE",
            (self.written.organization, list(seen)),
        )
        if {row["id"]: row["row_version"] for row in found} != seen:
            raise WriteConflict(f"somebody else changed one of these: {table(kind)}")


@dataclass(frozen=True, slots=True)
class _Unheld:
    """What a transaction has made of the rows so far, with nothing locked that it had not locked before."""

    statements: _PostgresStatements

    @property
    def dialect(self) -> Dialect:
        return self.statements.dialect

    async def select(self, sql: str, *values: Value) -> list[Record]:
        await self.statements.write_staged(*WATCHED)
        return await self.statements.select(sql, *values)


def _version(kind: type[Row]) -> str:
    return ", xmin::text AS row_version" if kind in WATCHED else ""


def _lock(kind: type[Row]) -> str:
    """Not `FOR UPDATE`: rows that only point at this one need not wait."""
    return "" if kind in WATCHED else "FOR NO KEY UPDATE"


# ---------------------------------------------------------------- statements

# In one order, whoever asks; two names that happen to have one number only wait where they need not.
TAKE_TURNS = """
    SELECT pg_advisory_xact_lock(turn) FROM (
        SELECT DISTINCT hashtextextended(name, 0) AS turn FROM unnest(?::text[]) AS name ORDER BY turn
    ) AS turns
"""

APPEND_EVENTS = f"""
    WITH moved AS (
        UPDATE event_counters SET position = position + ?2 WHERE organization_id = ?1 RETURNING position
    ), logged AS (
        INSERT INTO events ({quoted(EVENT_COLUMNS)})
        SELECT ?1, moved.position - ?2 + fact.place, ?3, fact.kind, fact.version, fact.thread_id, fact.refs
        FROM moved, unnest(?4::text[], ?5::bigint[], ?6::text[], ?7::text[])
            WITH ORDINALITY AS fact (kind, version, thread_id, refs, place)
    )
    SELECT position FROM moved
"""


@cache
def _written(kind: type[Row]) -> str:
    """An update's record is final unless it failed: who brings a second one was overtaken."""
    statement = written(kind, f"SELECT * FROM {rows_as_arrays(kind)}")
    return f"{statement} WHERE updates.outcome = 'FAILED'" if kind is UpdateRecord else statement


def rows_as_arrays(kind: type) -> str:
    """Rows of a kind as a table, each column one value of the statement."""
    model: Any = TABLES[kind]
    types = (model._meta.fields_map[name].get_for_dialect("postgres", "SQL_TYPE") for name in columns(kind))
    return f"unnest({', '.join(f'?::{type}[]' for type in types)})"
