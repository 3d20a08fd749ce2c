"""The webhook inbox in SQL: webhook bodies as received. How one is stored and claimed is each database's own."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

import orjson

from adapters.db.reading.source import Selects
from adapters.db.rows.mapping import from_record, selected
from adapters.db.rows.times import instant_of
from domain.claims import CLAIMED_BYTES
from domain.ids import DeliveryId, PhoneNumberId
from domain.ports.deliveries import Delivery, DeliveryResult, DeliveryState

FORGET = (
    "DELETE FROM deliveries WHERE coalesce(state, '') = ? AND id {}"  # by key: in this form the state leads no index
)


class Deliveries(Protocol):
    """How a database keeps them."""

    async def append(self, delivery: Delivery) -> None: ...

    async def claim(self, limit: int, until: datetime, max_bytes: int) -> list[Delivery]: ...

    async def renew(self, ids: Collection[DeliveryId], until: datetime) -> set[DeliveryId]: ...

    async def finish(self, results: Sequence[DeliveryResult]) -> None: ...

    async def again(self, column: str, chosen: Sequence[str]) -> int:
        """Put those back to WAITING whose column is one of the chosen; how many that were."""
        ...

    async def forget(self, state: DeliveryState, ids: Sequence[str]) -> int:
        """Delete those that are in this state still; how many that were."""
        ...


class SqlWebhookInbox:
    def __init__(self, selects: Selects, deliveries: Deliveries) -> None:
        self._selects = selects
        self._deliveries = deliveries

    async def append(self, delivery: Delivery) -> None:
        await self._deliveries.append(delivery)

    async def waiting(self, limit: int) -> list[Delivery]:
        # deliveries_by_state
        rows = await self._selects.select(
            f"SELECT {selected(Delivery)} FROM deliveries WHERE state = ? ORDER BY received_at, id LIMIT ?",
            DeliveryState.WAITING.value,
            limit,
        )
        return [from_record(Delivery, row) for row in rows]

    async def claim(self, limit: int, until: datetime, max_bytes: int = CLAIMED_BYTES) -> list[Delivery]:
        return await self._deliveries.claim(limit, until, max_bytes)

    async def renew(self, ids: Collection[DeliveryId], until: datetime) -> set[DeliveryId]:
        return await self._deliveries.renew(ids, until) if ids else set()

    async def delivery(self, id: DeliveryId) -> Delivery | None:
        rows = await self._selects.select(f"SELECT {selected(Delivery)} FROM deliveries WHERE id = ?", id)
        return from_record(Delivery, rows[0]) if rows else None

    async def finish(self, results: Sequence[DeliveryResult]) -> None:
        if results:
            await self._deliveries.finish(results)

    async def again(self, states: Collection[DeliveryState], ids: Collection[DeliveryId] = ()) -> int:
        if ids:
            return await self._deliveries.again("id", list(ids))
        return await self._deliveries.again("state", [state.value for state in states])

    async def forget(self, state: DeliveryState, before: datetime, limit: int) -> int:
        # deliveries_by_state; updates_of_delivery, once an organization. For PostgreSQL to know how many there are,
        # the state stands in the statement.
        dialect = self._selects.dialect
        rows = await self._selects.select(
            f"""
            SELECT old.id FROM deliveries AS old
            WHERE old.state = '{state}' AND old.received_at < ?1 AND NOT EXISTS (
                SELECT 1 FROM organizations AS organization {dialect.across} updates AS entry
                    {dialect.led_by.format("updates_of_delivery")} USING (organization_id)
                WHERE entry.delivery_id = old.id AND entry.at >= ?1
            )
            ORDER BY old.received_at, old.id LIMIT ?2
            """,
            before,
            limit,
        )
        return await self._deliveries.forget(state, [row["id"] for row in rows]) if rows else 0

    async def counts(self) -> dict[DeliveryState, int]:
        # deliveries_by_state
        rows = await self._selects.select("SELECT state, count(*) AS held FROM deliveries GROUP BY state")
        return {DeliveryState(row["state"]): row["held"] for row in rows}

    async def waiting_since(self) -> datetime | None:
        # deliveries_by_state
        (row,) = await self._selects.select(
            "SELECT min(received_at) AS at FROM deliveries WHERE state = ?", DeliveryState.WAITING.value
        )
        return None if row["at"] is None else instant_of(row["at"])

    async def named_in(self, state: DeliveryState, since: datetime) -> dict[PhoneNumberId, int]:
        # deliveries_by_state; most name the same few
        rows = await self._selects.select(
            "SELECT numbers, count(*) AS held FROM deliveries WHERE state = ? AND received_at >= ? GROUP BY numbers",
            state.value,
            since,
        )
        named: Counter[PhoneNumberId] = Counter()
        for row in rows:
            named.update(dict.fromkeys(orjson.loads(row["numbers"]), row["held"]))
        return dict(named)
