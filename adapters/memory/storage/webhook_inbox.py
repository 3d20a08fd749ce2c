"""The webhook inbox in memory: webhook bodies as received."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from adapters.memory.storage.books import Shelf
from domain.claims import CLAIMED_BYTES, Waiting, chosen, is_over
from domain.ids import DeliveryId, PhoneNumberId
from domain.ports.deliveries import Delivery, DeliveryResult, DeliveryState
from domain.ports.hints import WEBHOOK_INBOX, Bus
from domain.ports.system import Clock
from domain.updates import UpdateRecord


@dataclass(slots=True)
class _Kept:
    """What several workers in one process share."""

    deliveries: dict[DeliveryId, Delivery] = field(default_factory=dict[DeliveryId, Delivery])
    leases: dict[DeliveryId, tuple[object, datetime]] = field(default_factory=dict[DeliveryId, tuple[object, datetime]])


class MemoryWebhookInbox:
    def __init__(self, clock: Clock, bus: Bus, shelf: Shelf | None = None, kept: _Kept | None = None) -> None:
        self._clock = clock
        self._bus = bus
        self._shelf = shelf or Shelf()
        self._kept = kept or _Kept()
        self._mine: dict[DeliveryId, object] = {}

    def of_another_worker(self) -> "MemoryWebhookInbox":
        """The same journal as another worker has it, with claims of its own."""
        return MemoryWebhookInbox(self._clock, self._bus, self._shelf, self._kept)

    async def append(self, delivery: Delivery) -> None:
        self._kept.deliveries[delivery.id] = delivery
        self._bus.hint(WEBHOOK_INBOX)

    async def waiting(self, limit: int) -> list[Delivery]:
        return self._waiting()[:limit]

    def _waiting(self) -> list[Delivery]:
        waiting = [each for each in self._kept.deliveries.values() if each.state is DeliveryState.WAITING]
        return sorted(waiting, key=lambda each: (each.received_at, each.id))

    async def claim(self, limit: int, until: datetime, max_bytes: int = CLAIMED_BYTES) -> list[Delivery]:
        now = self._clock.now()
        for id in [id for id, (_, leased_until) in self._kept.leases.items() if is_over(leased_until, now)]:
            del self._kept.leases[id]
        waiting = self._waiting()
        busy = {number for each in waiting if each.id in self._kept.leases for number in each.numbers}
        free = [
            Waiting(each.id, frozenset(each.numbers), len(each.body), each.claims)
            for each in waiting
            if each.id not in self._kept.leases
        ]
        claimed = chosen(free, busy, limit, max_bytes)
        for id in claimed:
            before = self._kept.deliveries[id]
            self._kept.deliveries[id] = replace(before, claims=before.claims + 1)
            self._mine[id] = object()
            self._kept.leases[id] = (self._mine[id], until)
        return [self._kept.deliveries[id] for id in claimed]

    async def renew(self, ids: Collection[DeliveryId], until: datetime) -> set[DeliveryId]:
        kept = {id for id in ids if id in self._kept.leases and self._is_mine(id)}
        self._kept.leases.update((id, (self._mine[id], until)) for id in kept)
        return kept

    def has(self, id: DeliveryId) -> bool:
        return id in self._kept.deliveries

    async def delivery(self, id: DeliveryId) -> Delivery | None:
        return self._kept.deliveries.get(id)

    async def finish(self, results: Sequence[DeliveryResult]) -> None:
        for result in results:
            if (delivery := self._kept.deliveries.get(result.id)) and self._is_mine(result.id):
                self._kept.deliveries[result.id] = replace(delivery, state=result.state, reason=result.reason)
                self._kept.leases.pop(result.id, None)
                self._mine.pop(result.id, None)

    def _is_mine(self, id: DeliveryId) -> bool:
        """Whether nobody claimed it since this worker did; also where nobody ever did."""
        lease, _ = self._kept.leases.get(id, (None, None))
        return lease is self._mine.get(id)

    async def again(self, states: Collection[DeliveryState], ids: Collection[DeliveryId] = ()) -> int:
        chosen = [each for each in self._kept.deliveries.values() if (each.id in ids if ids else each.state in states)]
        for each in chosen:
            self._kept.leases.pop(each.id, None)
            self._kept.deliveries[each.id] = replace(each, state=DeliveryState.WAITING, reason=None, claims=0)
        if chosen:
            self._bus.hint(WEBHOOK_INBOX)
        return len(chosen)

    async def forget(self, state: DeliveryState, before: datetime, limit: int) -> int:
        lately = {
            record.delivery
            for books in self._shelf.state.books.values()
            for record in books.of(UpdateRecord).values()
            if record.at >= before
        }
        old = [
            (each.received_at, each.id)
            for each in self._kept.deliveries.values()
            if each.state is state and each.received_at < before and each.id not in lately
        ]
        for _, id in sorted(old)[:limit]:
            del self._kept.deliveries[id]
        return min(len(old), limit)

    async def counts(self) -> dict[DeliveryState, int]:
        return dict(Counter(each.state for each in self._kept.deliveries.values()))

    async def waiting_since(self) -> datetime | None:
        waiting = (each for each in self._kept.deliveries.values() if each.state is DeliveryState.WAITING)
        return min((each.received_at for each in waiting), default=None)

    async def named_in(self, state: DeliveryState, since: datetime) -> dict[PhoneNumberId, int]:
        found = [each for each in self._kept.deliveries.values() if each.state is state and each.received_at >= since]
        return dict(Counter(number for each in found for number in each.numbers))
