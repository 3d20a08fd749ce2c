"""Webhook deliveries as received, until somebody says what became of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.claims import CLAIMED_BYTES
from domain.ids import (
    DeliveryId,
    PhoneNumberId,
)


class DeliveryState(StrEnum):
    WAITING = "WAITING"
    INTERPRETED = "INTERPRETED"
    FAILED = "FAILED"
    IGNORED = "IGNORED"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook body as received."""

    id: DeliveryId
    received_at: datetime
    body: bytes
    state: DeliveryState = DeliveryState.WAITING
    reason: str | None = None
    numbers: tuple[PhoneNumberId, ...] = ()  # every number it names
    claims: int = 0  # times it was taken up, and not finished since


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    id: DeliveryId
    state: DeliveryState
    reason: str | None = None


class WebhookInbox(Protocol):
    """Webhook bodies as received. They belong to no organization."""

    async def append(self, delivery: Delivery) -> None:
        """Returns once the body would survive a power cut. Many at a time share one commit."""
        ...

    async def waiting(self, limit: int) -> list[Delivery]:
        """The oldest WAITING deliveries, oldest first."""
        ...

    async def claim(self, limit: int, until: datetime, max_bytes: int = CLAIMED_BYTES) -> list[Delivery]:
        """The oldest WAITING deliveries that nobody has, this worker's until then, oldest first; see `claims.chosen`.

        The first is taken whatever its size, more as long as their bodies have `max_bytes` together. Each has one more
        in `claims` from here on. That nothing is applied twice does not hang on it.
        """
        ...

    async def renew(self, ids: Collection[DeliveryId], until: datetime) -> set[DeliveryId]:
        """Keep deliveries that this worker claimed until then; which ones still wait and are its own."""
        ...

    async def delivery(self, id: DeliveryId) -> Delivery | None: ...

    async def finish(self, results: Sequence[DeliveryResult]) -> None:
        """Say what became of deliveries. Of one that another worker claimed meanwhile this one has no word any more."""
        ...

    async def again(self, states: Collection[DeliveryState], ids: Collection[DeliveryId] = ()) -> int:
        """Put deliveries back to WAITING, as if nobody had claimed them: those in these states, or these ids alone.

        How many that were.
        """
        ...

    async def forget(self, state: DeliveryState, before: datetime, limit: int) -> int:
        """Forget the oldest deliveries in a state, received and last interpreted before an instant; how many."""
        ...

    async def counts(self) -> dict[DeliveryState, int]: ...

    async def waiting_since(self) -> datetime | None:
        """When the oldest WAITING delivery came; None where none waits."""
        ...

    async def named_in(self, state: DeliveryState, since: datetime) -> dict[PhoneNumberId, int]:
        """The numbers named by deliveries in a state that came since an instant, and how many name each."""
        ...
