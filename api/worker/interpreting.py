"""Interpreting that never gets stuck: a delivery over which the code itself stumbles is set aside, and said so.

What was claimed stays in hand until something became of it, a few at a time so that little of it is in memory, and the
claim is kept as long as it goes on: a database that went away midway finds it taken up again at once.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from domain.claims import CLAIMED_FOR
from domain.errors import Unavailable
from domain.ids import DeliveryId
from domain.ports.bundle import Ports
from domain.ports.deliveries import Delivery, DeliveryResult, DeliveryState
from domain.use_cases.inbound.interpret import Interpreted, UpdateFailed, interpret

TOGETHER_BYTES: Final = 256 * 1024  # of bodies read at a time; a larger one is read alone
STUMBLES_AT_MOST: Final = 5  # then it waits until its claim has run out, and the others go on
KEPT_EVERY: Final = CLAIMED_FOR / 3

log = structlog.stdlib.get_logger()


class Interpreting:
    """For one task. Several of them, in several processes, share the deliveries of a desk."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._in_hand: list[Delivery] = []
        self._kept_at = ports.clock.now()
        self._stumbles = 0  # times the first in hand found something away, though the store answers

    async def turn(self, limit: int) -> Interpreted:
        """The oldest deliveries that nobody has; where they fail together, each alone, FAILED if it is to blame."""
        await self._claim(limit)
        all_done = Interpreted(0, 0)
        async with self._kept_meanwhile():
            while self._in_hand:
                piece = _first_of(self._in_hand)
                all_done = _together(all_done, await self._interpreted(piece))
                done = {delivery.id for delivery in piece}
                self._in_hand = [delivery for delivery in self._in_hand if delivery.id not in done]
                self._stumbles = 0
                if self._in_hand and self._must_keep():
                    await self._keep()
        for each in all_done.failures:
            log.error("an update was not applied", delivery=each.delivery, index=each.index, exc_info=each.error)
        return all_done

    async def _claim(self, limit: int) -> None:
        """What was cut off may be done meanwhile, or somebody else's."""
        if self._in_hand:
            await self._keep()
            self._stumbles += 1
        if self._stumbles > STUMBLES_AT_MOST:
            log.error("put back: something it needs is away", delivery=self._in_hand[0].id if self._in_hand else None)
            self._in_hand = self._in_hand[len(_first_of(self._in_hand)) :]
            self._stumbles = 0
        if not self._in_hand:
            now = self._ports.clock.now()
            self._in_hand = await self._ports.webhook_inbox.claim(limit, now + CLAIMED_FOR)
            self._kept_at = now

    async def _interpreted(self, piece: Sequence[Delivery]) -> Interpreted:
        try:
            return await interpret(self._ports, piece)
        except Unavailable:
            raise
        except Exception:
            log.exception("deliveries could not be interpreted together; now one at a time")
            return await self._one_by_one(piece)

    async def _one_by_one(self, deliveries: Sequence[Delivery]) -> Interpreted:
        all_done = Interpreted(0, 0)
        mine = await self._still_mine(deliveries)
        for delivery in deliveries:
            if delivery.id not in mine:
                continue
            try:
                done = await interpret(self._ports, [delivery])
            except Unavailable:
                raise
            except Exception as error:
                reason = f"could not be interpreted: {type(error).__name__}"
                await self._ports.webhook_inbox.finish([DeliveryResult(delivery.id, DeliveryState.FAILED, reason)])
                done = Interpreted(1, 0, (UpdateFailed(delivery.id, 0, error),))
            all_done = _together(all_done, done)
        return all_done

    # Keeping what is claimed

    @asynccontextmanager
    async def _kept_meanwhile(self) -> AsyncGenerator[None]:
        """One delivery may take longer than a claim lasts."""
        keeping = asyncio.create_task(self._keep_on())
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])

    async def _keep_on(self) -> None:
        while True:
            await asyncio.sleep(KEPT_EVERY.total_seconds())
            with suppress(Unavailable):  # whoever interprets hears of it too
                await self._still_mine(self._in_hand)

    def _must_keep(self) -> bool:
        return not self._kept_at <= self._ports.clock.now() < self._kept_at + KEPT_EVERY

    async def _keep(self) -> None:
        mine = await self._still_mine(self._in_hand)
        self._in_hand = [delivery for delivery in self._in_hand if delivery.id in mine]

    async def _still_mine(self, deliveries: Sequence[Delivery]) -> set[DeliveryId]:
        now = self._ports.clock.now()
        mine = await self._ports.webhook_inbox.renew([delivery.id for delivery in deliveries], now + CLAIMED_FOR)
        self._kept_at = now
        return mine


def _first_of(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """As many as are read together; one at least."""
    piece: list[Delivery] = []
    size = 0
    for delivery in deliveries:
        size += len(delivery.body)
        if piece and size > TOGETHER_BYTES:
            break
        piece.append(delivery)
    return piece


def _together(one: Interpreted, other: Interpreted) -> Interpreted:
    return Interpreted(
        one.deliveries + other.deliveries,
        one.updates + other.updates,
        (*one.failures, *other.failures),
        one.unknown_numbers + other.unknown_numbers,
    )
