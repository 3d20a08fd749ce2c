"""Deliveries on SQLite: stored by the one task that writes, and interpreted by one process."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from adapters.db.dialect import SQLITE
from adapters.db.journal import oldest_waiting
from adapters.db.reading import Selects
from adapters.db.sqlite_connections import bound
from adapters.db.sqlite_transactions import finish_deliveries
from adapters.db.sqlite_writer import Writer
from domain.ports import JOURNAL, Delivery, DeliveryResult, DeliveryState


class SqliteDeliveries:
    def __init__(self, writer: Writer, selects: Selects) -> None:
        self._writer = writer
        self._selects = selects

    async def append(self, delivery: Delivery) -> None:
        await self._writer.append(delivery)

    async def claim(self, limit: int, until: datetime) -> list[Delivery]:
        """One process interprets a SQLite database, or two for a while: nothing is kept of who has what."""
        return await oldest_waiting(self._selects, limit)

    async def finish(self, results: Sequence[DeliveryResult]) -> None:
        await self._writer.write(partial(finish_deliveries, list(results)), background=True)

    async def again(self, column: str, chosen: Sequence[str]) -> int:
        def put_back(connection: sqlite3.Connection) -> int:
            return connection.execute(
                f"UPDATE deliveries SET state = ?, reason = NULL WHERE {column} {SQLITE.listed}",
                bound([DeliveryState.WAITING.value, list(chosen)]),
            ).rowcount

        return await self._writer.write(put_back, (JOURNAL, 0))
