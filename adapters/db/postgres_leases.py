"""Which worker has which delivery, and what it may still say of it."""

from collections.abc import Iterable, Sequence

from adapters.db.postgres_pool import Connection
from domain.ids import DeliveryId
from domain.ports import DeliveryResult, DeliveryState

REMEMBERED = 10_000


class Leases:
    """The deliveries this process claimed. Forgotten once it said what became of them."""

    def __init__(self) -> None:
        self._leases: dict[DeliveryId, str] = {}

    def take(self, deliveries: Iterable[DeliveryId], lease: str) -> None:
        for delivery in deliveries:
            self._leases.pop(delivery, None)
            self._leases[delivery] = lease
        while len(self._leases) > REMEMBERED:
            del self._leases[next(iter(self._leases))]

    def of(self, delivery: DeliveryId) -> str | None:
        return self._leases.get(delivery)

    def forget(self, deliveries: Iterable[DeliveryId]) -> None:
        for delivery in deliveries:
            self._leases.pop(delivery, None)


async def finish_deliveries(
    connection: Connection, results: Sequence[DeliveryResult], leases: Leases
) -> list[DeliveryId]:
    """Say what became of deliveries; of which ones it was taken. Who was given up for lost has no word any more."""
    said = await connection.rows(
        """
        UPDATE deliveries SET state = said.state, reason = said.reason, lease = NULL, leased_until = NULL
        FROM unnest(?::text[], ?::text[], ?::text[], ?::text[]) AS said (id, state, reason, lease)
        WHERE deliveries.id = said.id AND deliveries.lease IS NOT DISTINCT FROM said.lease
        RETURNING deliveries.id
        """,
        (
            [result.id for result in results],
            [DeliveryState(result.state).value for result in results],
            [result.reason for result in results],
            [leases.of(result.id) for result in results],
        ),
    )
    return [DeliveryId(record["id"]) for record in said]
