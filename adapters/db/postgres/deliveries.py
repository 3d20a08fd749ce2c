"""Deliveries on PostgreSQL: many stored with one commit, and shared out among workers.

A body that comes while another is being stored waits for the next commit, together with all that come meanwhile. Two
connections take turns at it, which nothing else uses: a desk whose transactions are stuck goes on listening.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime

from adapters.db.deliveries.appends import Appends, store
from adapters.db.deliveries.leases import (
    Leases,
    groups_to_ask,
    heads,
    heads_of,
    in_turn,
    leased,
    numbers_of,
    of_a_group,
)
from adapters.db.deliveries.webhook_inbox import FORGET
from adapters.db.dialect import POSTGRES
from adapters.db.postgres.pool import Connection, Pool
from adapters.db.postgres.transactions import rows_as_arrays
from adapters.db.rows.mapping import Value, columns, from_record, quoted, selected
from domain.claims import chosen, is_over
from domain.errors import Unavailable
from domain.ids import DeliveryId
from domain.ports.deliveries import Delivery, DeliveryResult, DeliveryState
from domain.ports.hints import WEBHOOK_INBOX, Bus
from domain.ports.system import Clock, Ids

STORED_WITHIN_S = 2.0
WRITERS = 2
CLOSING_S = 5.0

CLAIMING = 0x6465736B01  # the advisory lock of whoever shares deliveries out


# ---------------------------------------------------------------- storing


class PostgresDeliveries:
    def __init__(self, storing: Pool, claiming: Pool, clock: Clock, ids: Ids, bus: Bus) -> None:
        self._storing = storing
        self._claiming = claiming
        self._leases = Leases()
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
        self._bus.hint(WEBHOOK_INBOX)

    # ------------------------------------------------------------ sharing out

    async def claim(self, limit: int, until: datetime, max_bytes: int) -> list[Delivery]:
        now = self._clock.now()
        async with self._claiming.transaction(background=True) as connection:
            await connection.rows("SELECT pg_advisory_xact_lock(?)", (CLAIMING,))
            claimed = await _free(connection, limit, max_bytes, now)
            if not claimed:
                await connection.run("COMMIT")
                return []
            lease = self._ids.new()
            records = await connection.rows(_LEASE, (lease, until, claimed))
            await connection.run("COMMIT")
        self._leases.take(claimed, lease)
        by_id = {record["id"]: from_record(Delivery, record) for record in records}
        return [by_id[id] for id in claimed if id in by_id]

    async def renew(self, ids: Collection[DeliveryId], until: datetime) -> set[DeliveryId]:
        mine = [(id, lease) for id in ids if (lease := self._leases.of(id)) is not None]
        async with self._claiming.lent(background=True) as connection:
            kept = await connection.rows(_RENEW, (until, [id for id, _ in mine], [lease for _, lease in mine]))
        return {DeliveryId(record["id"]) for record in kept}

    async def finish(self, results: Sequence[DeliveryResult]) -> None:
        said = (
            [result.id for result in results],
            [DeliveryState(result.state).value for result in results],
            [result.reason for result in results],
            [self._leases.of(result.id) for result in results],
        )
        async with self._claiming.lent(background=True) as connection:
            taken = await connection.rows(_FINISH, said)
        self._leases.forget(DeliveryId(record["id"]) for record in taken)

    async def again(self, column: str, chosen: Sequence[str]) -> int:
        async with self._claiming.lent() as connection:
            done = await connection.run(
                "UPDATE deliveries SET state = ?, reason = NULL, claims = 0, lease = NULL, leased_until = NULL"
                f" WHERE {column} = ANY(?)",
                (DeliveryState.WAITING.value, list(chosen)),
            )
        self._bus.hint(WEBHOOK_INBOX)
        return int(done.removeprefix("UPDATE "))

    async def forget(self, state: DeliveryState, ids: Sequence[str]) -> int:
        async with self._claiming.lent(background=True) as connection:
            done = await connection.run(FORGET.format(POSTGRES.listed), (state.value, list(ids)))
        return int(done.removeprefix("DELETE "))


async def _free(connection: Connection, limit: int, max_bytes: int, now: datetime) -> list[DeliveryId]:
    claims = await connection.rows(_LEASED)
    over = [each["id"] for each in claims if is_over(each["leased_until"], now)]
    if over:
        await connection.run("UPDATE deliveries SET lease = NULL, leased_until = NULL WHERE id = ANY(?)", (over,))
    busy = {number for each in claims if each["id"] not in over for number in numbers_of(each)}
    oldest = heads_of(await connection.rows(_HEADS))
    groups = groups_to_ask(oldest, busy, limit)
    rows = await connection.rows(_OF_GROUPS, (groups, limit)) if groups else []
    return chosen(in_turn(oldest, groups, rows), busy, limit, max_bytes)


# ---------------------------------------------------------------- statements

_INSERT = f"INSERT INTO deliveries ({quoted(columns(Delivery))}) SELECT * FROM {rows_as_arrays(Delivery)}"

_LEASED = leased(POSTGRES)

_HEADS = heads(POSTGRES)

_OF_GROUPS = f"""
    SELECT oldest.* FROM unnest(?::text[]) AS wanted (numbers)
    CROSS JOIN LATERAL ({of_a_group(POSTGRES, size="octet_length", numbers="wanted.numbers")}) AS oldest
"""

_LEASE = f"""
    UPDATE deliveries SET lease = ?, leased_until = ?, claims = claims + 1
    WHERE id = ANY(?) AND state = 'WAITING' RETURNING {selected(Delivery)}
"""

_RENEW = """
    UPDATE deliveries SET leased_until = ?
    FROM unnest(?::text[], ?::text[]) AS mine (id, lease)
    WHERE deliveries.id = mine.id AND deliveries.lease = mine.lease AND deliveries.state = 'WAITING'
    RETURNING deliveries.id
"""

_FINISH = """
    UPDATE deliveries SET state = said.state, reason = said.reason, lease = NULL, leased_until = NULL
    FROM unnest(?::text[], ?::text[], ?::text[], ?::text[]) AS said (id, state, reason, lease)
    WHERE deliveries.id = said.id AND deliveries.lease IS NOT DISTINCT FROM said.lease
    RETURNING deliveries.id
"""
