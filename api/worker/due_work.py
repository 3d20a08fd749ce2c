"""What is due by the clock, as one table: what is found, what is done with each, how often it is looked for.

Every row goes through the same turn. An item that fails is put back and holds up no other (`setbacks`); where the store
is away the turn ends, and counts against no item.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias

import structlog

from api.metrics import Meters
from api.worker.setbacks import Setbacks
from domain.ids import ChannelId, OrganizationId, ThreadId
from domain.outbound.outbox import RETRIED_FOR
from domain.ports.bundle import Ports
from domain.use_cases.channels.look_after import look_after
from domain.use_cases.channels.templates import sync_due
from domain.use_cases.conversations.session_timers import fire_timers
from domain.use_cases.inbound.unmatched import show_unmatched
from domain.use_cases.outbound.leaving.dispatch import dispatch, give_up
from domain.use_cases.outbound.leaving.schedule import Leaving
from domain.use_cases.time_back import hold_no_longer, restart_timers, send_after_all

DUE_AT_A_TIME: Final = 100
ALARMS_AT_A_TIME: Final = 500
OLD_AT_A_TIME: Final = 1000
SYNCS_AT_A_TIME: Final = 10
CHECKS_AT_A_TIME: Final = 100
LOOK_EVERY_S: Final = 0.5  # how long a lost hint is unnoticed
SOON_EVERY_S: Final = 2.0
OLD_EVERY_S: Final = 60.0

log = structlog.stdlib.get_logger()

Item: TypeAlias = tuple[OrganizationId, Any]
"""Whose it is, and its id there."""


@dataclass(frozen=True, slots=True)
class Source:
    """`find` asks for so many at most, the longest due first. `work` is given items of one organization."""

    find: Callable[[int], Awaitable[Sequence[Item]]]
    work: Callable[[Sequence[Item]], Awaitable[object]]
    together: bool = False
    """Whether those of an organization are done at once, where that goes well; else each by itself."""


@dataclass(frozen=True, slots=True)
class DueWork:
    """A row: looked for every `every_s` seconds, and again at once while a turn is full, where it `goes_on`."""

    name: str
    sources: tuple[Source, ...]
    at_a_time: int
    every_s: float
    setbacks: Setbacks[Item]
    goes_on: bool = True
    report: Callable[[Sequence[int]], object] | None = None
    """Told how many were done of each source."""

    async def turn(self, stopping: asyncio.Event) -> float:
        """For how many seconds there is nothing to do. Raises `Unavailable` where the store is away."""
        done = [await self._gone_through(source, stopping) for source in self.sources]
        if self.report is not None:
            self.report(done)
        return 0.0 if self.goes_on and self.at_a_time in done else self.every_s

    async def _gone_through(self, source: Source, stopping: asyncio.Event) -> int:
        found = self.setbacks.free(await source.find(self.setbacks.wanted(self.at_a_time)))[: self.at_a_time]
        turn = self.setbacks.turn()
        done = 0
        for items in _by_organization(found) if source.together else ([item] for item in found):
            if stopping.is_set():
                break
            done += await turn.tried_together(items[0][0], items, source.work)
        return done


def due_work(ports: Ports, meters: Meters, sending: Collection[Leaving]) -> tuple[DueWork, ...]:
    """The table. `sending` is what this process has in hand."""
    store, now = ports.store, ports.clock.now

    async def lost(limit: int) -> Sequence[Item]:
        mine = {leaving.message for leaving in sending}  # an answer in hand may only wait for the store
        found = await store.lost_sends(now(), limit + len(mine))
        return [(organization, message) for organization, message in found if message not in mine]

    async def unmatched(limit: int) -> Sequence[Item]:
        parked = {(each.organization, each.id): each for each in await store.due_parked(now(), limit)}
        waiting.clear()
        waiting.update(parked)
        return list(parked)

    waiting: dict[Item, Any] = {}

    def row(
        name: str,
        at_a_time: int,
        every_s: float,
        *sources: Source,
        goes_on: bool = True,
        report: Callable[[Sequence[int]], object] | None = None,
    ) -> DueWork:
        return DueWork(name, sources, at_a_time, every_s, Setbacks[Item](name, meters), goes_on, report)

    return (
        row(
            "lost sends",
            DUE_AT_A_TIME,
            LOOK_EVERY_S,
            Source(lost, _each(partial(give_up, ports))),
            report=lambda done: meters.lost_sends.inc(sum(done)),
        ),
        # What has waited for a day is told that it failed, also where its number can't send.
        row(
            "old sends",
            OLD_AT_A_TIME,
            OLD_EVERY_S,
            Source(lambda limit: store.old_sends(now() - RETRIED_FOR, limit), _each(partial(dispatch, ports))),
            goes_on=False,
        ),
        # Those of an organization together: thousands of sessions may end in one minute.
        row(
            "alarms",
            ALARMS_AT_A_TIME,
            LOOK_EVERY_S,
            Source(lambda limit: store.due_alarms(now(), limit), partial(_ring_all, ports), together=True),
            report=lambda done: meters.alarms.inc(sum(done)),
        ),
        # What changed a message that did not come: of one message all together, with the first.
        row(
            "unmatched",
            DUE_AT_A_TIME,
            SOON_EVERY_S,
            Source(unmatched, lambda items: show_unmatched(ports, waiting[items[0]])),
        ),
        row(
            "templates",
            SYNCS_AT_A_TIME,
            SOON_EVERY_S,
            Source(lambda limit: store.due_template_syncs(now(), limit), _each(partial(sync_due, ports))),
            report=lambda done: meters.template_syncs.inc(sum(done)),
        ),
        # Those of an organization together: numbers that share a token are asked about at once.
        row(
            "numbers",
            CHECKS_AT_A_TIME,
            SOON_EVERY_S,
            Source(lambda limit: store.due_checks(now(), limit), partial(_look_after_all, ports), together=True),
            report=lambda done: meters.number_checks.inc(sum(done)),
        ),
        # What a clock decided that was ahead.
        row(
            "time back",
            OLD_AT_A_TIME,
            OLD_EVERY_S,
            Source(lambda limit: store.rung_away(now(), limit), _each(partial(restart_timers, ports))),
            Source(lambda limit: store.given_up_ahead(now(), limit), _each(partial(send_after_all, ports))),
            Source(lambda limit: store.held_too_far(now(), limit), _each(partial(hold_no_longer, ports))),
            goes_on=False,
            report=_tell_of_clock,
        ),
    )


def _each(work: Callable[[OrganizationId, Any], Awaitable[object]]) -> Callable[[Sequence[Item]], Awaitable[object]]:
    return lambda items: work(*items[0])


def _ring_all(ports: Ports, alarms: Sequence[tuple[OrganizationId, ThreadId]]) -> Awaitable[object]:
    return fire_timers(ports, alarms[0][0], *(thread for _, thread in alarms))


def _look_after_all(ports: Ports, numbers: Sequence[tuple[OrganizationId, ChannelId]]) -> Awaitable[object]:
    return look_after(ports, numbers[0][0], *(number for _, number in numbers))


def _tell_of_clock(done: Sequence[int]) -> None:
    if any(done):
        log.warning("a clock was ahead: undone", sessions=done[0], failed=done[1], held=done[2])


def _by_organization(items: Sequence[Item]) -> list[list[Item]]:
    gathered: dict[OrganizationId, list[Item]] = {}
    for item in items:
        gathered.setdefault(item[0], []).append(item)
    return list(gathered.values())
