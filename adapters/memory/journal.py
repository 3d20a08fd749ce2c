"""The journal in memory: webhook bodies as received."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from domain.ids import DeliveryId, PhoneNumberId
from domain.ports import JOURNAL, Bus, Delivery, DeliveryResult, DeliveryState


class MemoryJournal:
    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._deliveries: dict[DeliveryId, Delivery] = {}

    async def append(self, delivery: Delivery) -> None:
        self._deliveries[delivery.id] = delivery
        self._bus.hint(JOURNAL)

    async def waiting(self, limit: int) -> list[Delivery]:
        waiting = [each for each in self._deliveries.values() if each.state is DeliveryState.WAITING]
        return sorted(waiting, key=lambda each: (each.received_at, each.id))[:limit]

    async def claim(self, limit: int, until: datetime) -> list[Delivery]:
        """What waits: nobody outside this process reads it."""
        return await self.waiting(limit)

    async def delivery(self, id: DeliveryId) -> Delivery | None:
        return self._deliveries.get(id)

    async def finish(self, results: Sequence[DeliveryResult]) -> None:
        self.settle(results)

    def settle(self, results: Sequence[DeliveryResult]) -> None:
        """The same at once, for a transaction that commits."""
        for result in results:
            if delivery := self._deliveries.get(result.id):
                self._deliveries[result.id] = replace(delivery, state=result.state, reason=result.reason)

    async def again(self, states: Collection[DeliveryState], ids: Collection[DeliveryId] = ()) -> int:
        chosen = [each.id for each in self._deliveries.values() if (each.id in ids if ids else each.state in states)]
        self.settle([DeliveryResult(id, DeliveryState.WAITING) for id in chosen])
        if chosen:
            self._bus.hint(JOURNAL)
        return len(chosen)

    async def counts(self) -> dict[DeliveryState, int]:
        return dict(Counter(each.state for each in self._deliveries.values()))

    async def waiting_since(self) -> datetime | None:
        waiting = (each for each in self._deliveries.values() if each.state is DeliveryState.WAITING)
        return min((each.received_at for each in waiting), default=None)

    async def named_in(self, state: DeliveryState, since: datetime) -> dict[PhoneNumberId, int]:
        found = [each for each in self._deliveries.values() if each.state is state and each.received_at >= since]
        return dict(Counter(number for each in found for number in each.numbers))
