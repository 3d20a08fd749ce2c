"""Interpreting that never gets stuck: a delivery over which the code itself stumbles is set aside, and said so.

What was claimed stays in hand until something became of it: a database that went away midway finds it taken up again
at once, and not only when the claim has run out.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from domain.errors import Unavailable
from domain.ports import Delivery, DeliveryResult, DeliveryState, Ports
from domain.use_cases.interpret import Interpreted, UpdateFailed, interpret

CLAIMED_FOR: Final = timedelta(seconds=15)  # so long the deliveries of a worker that died wait for another one
DONE_WITHIN: Final = CLAIMED_FOR / 2  # what is in hand for longer may soon be somebody else's

log = structlog.stdlib.get_logger()


class Interpreting:
    """For one task. Several of them, in several processes, share the deliveries of a desk."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._in_hand: list[Delivery] = []
        self._claimed_at = ports.clock.now()

    async def turn(self, limit: int) -> Interpreted:
        """The oldest deliveries that nobody has; where they fail together, each alone, FAILED if it is to blame."""
        deliveries = await self._claim(limit)
        try:
            done = await interpret(self._ports, deliveries)
        except Unavailable:
            raise
        except Exception:
            log.exception("deliveries could not be interpreted together; now one at a time")
            done = await self._one_by_one(deliveries)
        self._in_hand = []
        for each in done.failures:
            log.error("an update was not applied", delivery=each.delivery, index=each.index, exc_info=each.error)
        return done

    async def _claim(self, limit: int) -> list[Delivery]:
        now = self._ports.clock.now()
        if now - self._claimed_at <= DONE_WITHIN:
            self._in_hand = await self._still_waiting(self._in_hand)
        else:
            self._in_hand = []
        if not self._in_hand:
            self._in_hand = await self._ports.journal.claim(limit, now + CLAIMED_FOR)
            self._claimed_at = now
        return self._in_hand

    async def _still_waiting(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Some of what was cut off may be done."""
        now = [await self._ports.journal.delivery(delivery.id) for delivery in deliveries]
        return [delivery for delivery in now if delivery is not None and delivery.state is DeliveryState.WAITING]

    async def _one_by_one(self, deliveries: Sequence[Delivery]) -> Interpreted:
        all_done = Interpreted(0, 0)
        for delivery in await self._still_waiting(deliveries):
            try:
                done = await interpret(self._ports, [delivery])
            except Unavailable:
                raise
            except Exception as error:
                reason = f"could not be interpreted: {type(error).__name__}"
                await self._ports.journal.finish([DeliveryResult(delivery.id, DeliveryState.FAILED, reason)])
                done = Interpreted(1, 0, (UpdateFailed(delivery.id, 0, error),))
            all_done = _together(all_done, done)
        return all_done


def _together(one: Interpreted, other: Interpreted) -> Interpreted:
    return Interpreted(
        one.deliveries + other.deliveries,
        one.updates + other.updates,
        (*one.failures, *other.failures),
        one.unknown_numbers + other.unknown_numbers,
    )
