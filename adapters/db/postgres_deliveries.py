"""Deliveries on PostgreSQL: many stored with one commit, and shared out among workers.

A body that comes while another is being stored waits for the next commit, together with all that come meanwhile. Two
connections take turns at it, which nothing else uses: a desk whose transactions are stuck goes on listening.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from adapters.db.appends import Appends, store
from adapters.db.mapping import Record, Value, columns, from_record, quoted, selected
from adapters.db.postgres_leases import Leases, finish_deliveries
from adapters.db.postgres_pool import Connection, Pool
from adapters.db.postgres_transactions import rows_as_arrays
from domain.errors import Unavailable
from domain.ids import DeliveryId
from domain.ports import JOURNAL, Bus, Clock, Delivery, DeliveryResult, DeliveryState, Ids

STORED_WITHIN_S = 2.0
WRITERS = 2
CLOSING_S = 5.0

CLAIMING = 0x6465736B01  # the advisory lock of whoever shares deliveries out
LOOKED_AT = 1_000  # waiting deliveries that one claim goes through


# ---------------------------------------------------------------- storing


class PostgresDeliveries:
    def __init__(self, storing: Pool, claiming: Pool, leases: Leases, clock: Clock, ids: Ids, bus: Bus) -> None:
        self._storing = storing
        self._claiming = claiming
        self._leases = leases
        self._clock = clock
        self._ids = ids
        self._bus = bus
        self._waiting = Appends()
        self._wanted = asyncio.Event()
        self._writers: set[asyncio.Task[None]] = set()
        self._closing = False
        self.commits = 0
        """How many times deliveries were stored so far."""

    def start(self) -> None:
        assert not self._writers
        self._writers = {asyncio.create_task(self._write(), name="storing deliveries") for _ in range(WRITERS)}

    async def close(self) -> None:
        """Stores what was appended; whoever comes later gets `Unavailable`."""
        self._closing = True
        self._wanted.set()
        if self._writers:
            _, late = await asyncio.wait(self._writers, timeout=CLOSING_S)
            for writer in late:
                writer.cancel()
            await asyncio.gather(*self._writers, return_exceptions=True)
        self._waiting.refuse()

    async def append(self, delivery: Delivery) -> None:
        assert self._writers, "the database was not started"
        if self._closing:
            raise Unavailable
        append = self._waiting.add(delivery)
        self._wanted.set()
        try:
            async with asyncio.timeout(STORED_WITHIN_S):
                await asyncio.shield(append.stored)
        except TimeoutError as error:
            self._waiting.forget(append)
            raise Unavailable from error

    async def _write(self) -> None:
        while True:
            while batch := self._waiting.take():
                await store(batch, self._store_together)
            if self._closing:
                return
            self._wanted.clear()
            await self._wanted.wait()

    async def _store_together(self, deliveries: Sequence[tuple[Value, ...]]) -> None:
        values = [list(column) for column in zip(*deliveries, strict=True)]
        async with self._storing.lent() as connection:
            await connection.run(_INSERT, values, within_s=STORED_WITHIN_S)
        self.commits += 1
        self._bus.hint(JOURNAL)

    # ------------------------------------------------------------ sharing out

    async def claim(self, limit: int, until: datetime) -> list[Delivery]:
        now = self._clock.now()
        async with self._claiming.transaction(background=True) as connection:
            await connection.rows("SELECT pg_advisory_xact_lock(?)", (CLAIMING,))
            chosen = await _free(connection, limit, now)
            if not chosen:
                await connection.run("COMMIT")
                return []
            lease = self._ids.new()
            records = await connection.rows(_LEASE, (lease, until, chosen))
            await connection.run("COMMIT")
        self._leases.take(chosen, lease)
        claimed = {record["id"]: from_record(Delivery, record) for record in records}
        return [claimed[id] for id in chosen if id in claimed]

    async def finish(self, results: Sequence[DeliveryResult]) -> None:
        async with self._claiming.lent(background=True) as connection:
            self._leases.forget(await finish_deliveries(connection, results, self._leases))

    async def again(self, column: str, chosen: Sequence[str]) -> int:
        async with self._claiming.lent() as connection:
            done = await connection.run(
                "UPDATE deliveries SET state = ?, reason = NULL, lease = NULL, leased_until = NULL"
                f" WHERE {column} = ANY(?)",
                (DeliveryState.WAITING.value, list(chosen)),
            )
        self._bus.hint(JOURNAL)
        return int(done.removeprefix("UPDATE "))


async def _free(connection: Connection, limit: int, now: datetime) -> list[DeliveryId]:
    """The oldest deliveries that nobody has and whose numbers nobody else is busy with; oldest first.

    What stays because of one of its numbers holds up the others too: of each number the older comes first.
    """
    leased = {number for record in await connection.rows(_LEASED, (now,)) for number in _numbers(record)}
    free: list[DeliveryId] = []
    for looked_at in (limit, LOOKED_AT):
        waiting = await connection.rows(_NOT_LEASED, (now, looked_at))
        free = _undisturbed(waiting, leased)[:limit]
        if len(free) == limit or len(waiting) < looked_at:
            break
    return free


def _undisturbed(waiting: Sequence[Record], leased: set[Any]) -> list[DeliveryId]:
    busy = set(leased)
    free: list[DeliveryId] = []
    for record in waiting:
        numbers = _numbers(record)
        if busy.isdisjoint(numbers):
            free.append(DeliveryId(record["id"]))
        else:
            busy |= numbers
    return free


def _numbers(record: Record) -> set[Any]:
    return set(orjson.loads(record["numbers"]))


# ---------------------------------------------------------------- statements

_INSERT = f"INSERT INTO deliveries ({quoted(columns(Delivery))}) SELECT * FROM {rows_as_arrays(Delivery)}"

# deliveries_by_lease
_LEASED = "SELECT numbers FROM deliveries WHERE leased_until > ? AND state = 'WAITING'"

# deliveries_by_state
_NOT_LEASED = """
    SELECT id, numbers FROM deliveries
    WHERE state = 'WAITING' AND (leased_until IS NULL OR leased_until <= ?)
    ORDER BY received_at, id LIMIT ?
"""

_LEASE = f"""
    UPDATE deliveries SET lease = ?, leased_until = ? WHERE id = ANY(?) RETURNING {selected(Delivery)}
"""
