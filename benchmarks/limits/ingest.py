"""What interpreting wrote into one database, written into another by plain batched SQL: the limit of `ingest`.

The rows are the same, in the same tables with the same indexes, as many messages a transaction; of rows that change
again and again (threads, the month's use, counters) every batch writes its own. Nothing is looked up and nothing is
decided: all of it is known beforehand.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.db.rows.mapping import table
from benchmarks.raw import Cells, PostgresRaw, Raw, SqliteRaw, connect_raw, insert
from domain.channels.channels import Channel
from domain.contacts import Contact, Identity
from domain.conversations.messages import Message
from domain.conversations.threads import Thread
from domain.quota import Entry, Period
from domain.rows import ROW_TYPES
from domain.tickets import Ticket, TicketChange
from domain.use_cases.inbound.interpret import BATCH

OTHERS: Final = ("event_counters", "ticket_counters", "events", "directory", "deliveries")
TABLES: Final = (*(table(kind) for kind in ROW_TYPES), *OTHERS)
KEYS: Final = {
    "event_counters": ("organization_id",),
    "ticket_counters": ("organization_id",),
    "events": ("organization_id", "position"),
    "directory": ("kind", "value", "organization_id"),
    "deliveries": ("id",),
}
FOLLOWS: Final = {
    table(Contact): "id",
    table(Identity): "contact_id",
    table(Ticket): "thread_id",
    table(Entry): "thread_id",
}
"""Rows that belong to the batch in which their contact or thread first appears, and the column that names it."""

REPEATED: Final = (table(Thread), table(Period), table(Channel), "event_counters", "ticket_counters")
"""Tables of which several batches write the same row."""


@dataclass(slots=True)
class Table:
    """The rows of a table that are new or changed, and whether any is changed."""

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[Cells] = field(default_factory=list[Cells])
    upserted: bool = False

    def at(self, row: Cells, column: str) -> Any:
        return row[self.columns.index(column)]

    @property
    def key(self) -> tuple[str, ...]:
        return KEYS.get(self.name, ("organization_id", "id"))

    def key_of(self, row: Cells) -> Cells:
        return tuple(self.at(row, column) for column in self.key)


@dataclass(frozen=True, slots=True)
class Written:
    messages: int
    batches: list[list[tuple[Table, list[Cells]]]]


class Rewriting:
    def __init__(self, source: Raw, target: Raw, tables: dict[str, Table]) -> None:
        self._source = source
        self._target = target
        self._tables = tables
        self._known: dict[str, dict[Cells, Cells]] = {name: {} for name in tables}

    @classmethod
    async def begin(cls, source_url: str, target_url: str) -> "Rewriting":
        """From here on what changes in the one can be written to the other, which becomes its copy first."""
        source, target = await connect_raw(source_url), await connect_raw(target_url)
        made = cls(source, target, {name: await _described(source, name) for name in TABLES})
        for name in reversed(TABLES):
            await target.run(f"DELETE FROM {name}")
        for changed in (await made._changes()).values():
            if changed.rows:
                await target.fill(changed.name, changed.columns, changed.rows)
        return made

    async def gather(self) -> Written:
        """What was written since, in batches; the deliveries wait in the target as they did in the source."""
        changes = await self._changes()
        deliveries = changes["deliveries"]
        state = deliveries.columns.index("state")
        waiting = [(*row[:state], "WAITING", *row[state + 1 :]) for row in deliveries.rows]
        await self._target.fill("deliveries", deliveries.columns, waiting)
        return Written(len(changes[table(Message)].rows), _in_batches(changes))

    async def write(self, written: Written) -> None:
        match self._target:
            case SqliteRaw() as raw:
                for batch in written.batches:
                    _write_sqlite(raw, batch)
            case PostgresRaw() as raw:
                for batch in written.batches:
                    await _write_postgres(raw, batch)
            case _:
                raise AssertionError(self._target)

    async def check(self) -> None:
        """Both databases hold the same."""
        for each in self._tables.values():
            ours, theirs = await _rows(self._source, each), await _rows(self._target, each)
            assert ours == theirs, f"{each.name}: {len(ours)} and {len(theirs)} rows, or others"

    async def close(self) -> None:
        await self._source.close()
        await self._target.close()

    async def _changes(self) -> dict[str, Table]:
        found: dict[str, Table] = {}
        for name, each in self._tables.items():
            known, rows = self._known[name], await _rows(self._source, each)
            changed = [row for key, row in rows.items() if known.get(key) != row]
            upserted = any(each.key_of(row) in known for row in changed)
            found[name] = Table(name, each.columns, each.types, changed, upserted)
            self._known[name] = rows
        return found


async def _described(raw: Raw, name: str) -> Table:
    if raw.is_sqlite:
        told = [(row[1], row[2]) for row in await raw.rows(f"PRAGMA table_info({name})")]
    else:
        told = await raw.rows(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND table_name = ? ORDER BY ordinal_position",
            name,
        )
    return Table(name, tuple(column for column, _ in told), tuple(kind for _, kind in told))


async def _rows(raw: Raw, described: Table) -> dict[Cells, Cells]:
    names = ", ".join(f'"{name}"' for name in described.columns)
    ordered = ", ".join(described.key)
    rows = await raw.rows(f"SELECT {names} FROM {described.name} ORDER BY {ordered}")
    return {described.key_of(row): row for row in rows}


# Batches


def _in_batches(changes: dict[str, Table]) -> list[list[tuple[Table, list[Cells]]]]:
    messages, threads = changes[table(Message)], changes[table(Thread)]
    said = sorted(messages.rows, key=lambda row: messages.at(row, "id"))
    slices = [said[start : start + BATCH] for start in range(0, len(said), BATCH)]
    touched = [{messages.at(row, "thread_id") for row in part} for part in slices]
    contact_of = {threads.at(row, "id"): threads.at(row, "contact_id") for row in threads.rows}
    first: dict[str, int] = {}
    for number, ids in enumerate(touched):
        for id in ids:
            first.setdefault(id, number)
            first.setdefault(contact_of[id], number)
    return [
        [
            (changed, rows)
            for name in TABLES
            if (changed := changes[name]).rows and (rows := _part(changed, number, len(slices), slices, touched, first))
        ]
        for number in range(len(slices))
    ]


def _part(
    changed: Table,
    number: int,
    of: int,
    slices: Sequence[list[Cells]],
    touched: Sequence[set[str]],
    first: dict[str, int],
) -> list[Cells]:
    """The rows of a table that a batch writes."""
    if changed.name == table(Message):
        return slices[number]
    if changed.name == table(Thread):
        return [row for row in changed.rows if changed.at(row, "id") in touched[number]]
    if column := FOLLOWS.get(changed.name):
        grouped: dict[int, list[Cells]] = defaultdict(list)
        for row in changed.rows:
            grouped[first[changed.at(row, column)]].append(row)
        return grouped[number]
    if changed.name == table(TicketChange) or len(changed.rows) >= of:
        start, end = (len(changed.rows) * edge // of for edge in (number, number + 1))
        return changed.rows[start:end]
    return changed.rows  # a counter, the month's use: written by every batch


# Writing


def _write_sqlite(raw: SqliteRaw, batch: Sequence[tuple[Table, list[Cells]]]) -> None:
    with raw.transaction() as connection:
        for changed, rows in batch:
            if changed.name == "deliveries":
                ids = [(changed.at(row, "state"), changed.at(row, "id")) for row in rows]
                connection.executemany("UPDATE deliveries SET state = ? WHERE id = ?", ids)
            else:
                connection.executemany(insert(changed.name, changed.columns) + _conflict(changed), rows)


async def _write_postgres(raw: PostgresRaw, batch: Sequence[tuple[Table, list[Cells]]]) -> None:
    async with raw.connection.transaction():
        for changed, rows in batch:
            if changed.name == "deliveries":
                ids = [changed.at(row, "id") for row in rows]
                state = changed.at(rows[0], "state")
                await raw.connection.execute("UPDATE deliveries SET state = $1 WHERE id = ANY($2::text[])", state, ids)
            else:
                await raw.connection.execute(_unnested(changed), *(list(column) for column in zip(*rows, strict=True)))


def _unnested(changed: Table) -> str:
    names = ", ".join(f'"{name}"' for name in changed.columns)
    arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(changed.types, 1))
    return f"INSERT INTO {changed.name} ({names}) SELECT * FROM unnest({arrays}){_conflict(changed)}"


def _conflict(changed: Table) -> str:
    if not changed.upserted and changed.name not in REPEATED:
        return ""
    kept = [name for name in changed.columns if name not in changed.key]
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in kept)
    return f" ON CONFLICT ({', '.join(changed.key)}) DO UPDATE SET {changes}"
