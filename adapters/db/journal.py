"""The journal on SQLite: webhook bodies as received."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial

from adapters.db.connections import ReadPool
from adapters.db.mapping import from_record, selected, to_values
from adapters.db.store import finish_deliveries
from adapters.db.writer import Writer
from domain.ids import DeliveryId
from domain.ports import JOURNAL, Delivery, DeliveryResult, DeliveryState


class SqlJournal:
    def __init__(self, writer: Writer, readers: ReadPool) -> None:
        self._writer = writer
        self._readers = readers

    async def append(self, delivery: Delivery) -> None:
        await self._writer.append(to_values(delivery), len(delivery.body))

    async def waiting(self, limit: int) -> list[Delivery]:
        # deliveries_by_state
        rows = await self._readers.select(
            f"SELECT {selected(Delivery)} FROM deliveries WHERE state = ? ORDER BY received_at, id LIMIT ?",
            DeliveryState.WAITING.value,
            limit,
        )
        return [from_record(Delivery, row) for row in rows]

    async def claim(self, limit: int, until: datetime) -> list[Delivery]:
        """One process interprets a SQLite database, or two for a while: nothing is kept of who has what."""
        return await self.waiting(limit)

    async def delivery(self, id: DeliveryId) -> Delivery | None:
        rows = await self._readers.select(f"SELECT {selected(Delivery)} FROM deliveries WHERE id = ?", id)
        return from_record(Delivery, rows[0]) if rows else None

    async def finish(self, results: Sequence[DeliveryResult]) -> None:
        if results:
            await self._writer.write(partial(finish_deliveries, list(results)), background=True)

    async def again(self, states: Collection[DeliveryState], ids: Collection[DeliveryId] = ()) -> int:
        column, chosen = ("id", list(ids)) if ids else ("state", [state.value for state in states])

        def put_back(connection: sqlite3.Connection) -> int:
            return connection.execute(
                f"UPDATE deliveries SET state = ?, reason = NULL WHERE {column} IN (SELECT value FROM json_each(?))",
                (DeliveryState.WAITING.value, json.dumps(chosen)),
            ).rowcount

        return await self._writer.write(put_back, (JOURNAL, 0))

    async def counts(self) -> dict[DeliveryState, int]:
        # deliveries_by_state
        rows = await self._readers.select("SELECT state, count(*) AS held FROM deliveries GROUP BY state")
        return {DeliveryState(row["state"]): row["held"] for row in rows}
