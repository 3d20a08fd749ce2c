"""The loops beside the API: interpret what came in, fetch its files, hand over what goes out, clear away; and what is
due by the clock, which is one table (`due_work`).

Every loop asks the database what is due, woken by a hint or by its own short pause; a lost hint costs the pause and
nothing else. A turn that fails is logged and counted, and the loop goes on; an item that fails is put back
(`setbacks`), and the others go on.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from api.metrics import Meters
from api.worker.due_work import LOOK_EVERY_S, due_work
from api.worker.interpreting import Interpreting
from api.worker.setbacks import Setbacks
from domain.errors import Unavailable
from domain.ids import MediaId, MessageId, OrganizationId
from domain.ports.bundle import Ports
from domain.ports.hints import OUTBOX, WEBHOOK_INBOX
from domain.use_cases.files.process import process_media
from domain.use_cases.moderation.retention import EVENTS_KEPT, bites, collect_garbage
from domain.use_cases.outbound.leaving.dispatch import dispatch
from domain.use_cases.outbound.leaving.schedule import Leaving, next_sends

DELIVERIES_AT_A_TIME: Final = 64
FETCHES_AT_A_TIME: Final = 4  # each holds about a megabyte
CLEAR_EVERY_S: Final = 3600.0
SWEEP_EVERY_S: Final = 24 * 3600.0
REST_AFTER_FAULT_S: Final = 1.0
LONGEST_REST_S: Final = 5.0
DRAIN_WITHIN_S: Final = 7.0  # from the moment it is told to stop; a whole stop has 10 s

log = structlog.stdlib.get_logger()


class Worker:
    """One per process; several processes may have one each, since every step claims its work in the database."""

    def __init__(self, ports: Ports, meters: Meters, events_kept: timedelta = EVENTS_KEPT) -> None:
        self._ports = ports
        self._meters = meters
        self._events_kept = events_kept
        self._interpreting = Interpreting(ports)
        self._stopping = asyncio.Event()
        self._webhook_inbox = asyncio.Event()
        self._outbox = asyncio.Event()
        self._files = asyncio.Event()
        self._clock = asyncio.Event()  # nothing hints the clock; set only to stop
        self._sending: dict[Leaving, asyncio.Task[None]] = {}
        self._stopped_at: float | None = None  # by the loop's clock
        self._fetching: dict[MediaId, asyncio.Task[None]] = {}
        self._unfetched = Setbacks[tuple[OrganizationId, MediaId]]("fetch", meters)
        self._unsent = Setbacks[MessageId]("dispatch", meters)
        self._due_work = due_work(ports, meters, self._sending)
        self._uncleared = Setbacks[tuple[str, str]]("clearing", meters)
        self._unswept = Setbacks[str]("sweeping", meters)
        self.is_running = False

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        """Works while this is open; leaving it stops taking work and finishes what is in hand, 7 s at most."""
        loops = {
            asyncio.create_task(self._listen(WEBHOOK_INBOX, self._webhook_inbox)),
            asyncio.create_task(self._listen(OUTBOX, self._outbox)),
        }
        turns = {
            asyncio.create_task(self._loop(name, turn, hint))
            for name, turn, hint in (
                ("interpret", self._interpret, self._webhook_inbox),
                ("fetch", self._fetch, self._files),
                ("dispatch", self._dispatch, self._outbox),
                *((each.name, partial(each.turn, self._stopping), self._clock) for each in self._due_work),
                ("clearing", self._clear, self._clock),
                ("sweeping", self._sweep, self._clock),
            )
        }
        self.is_running = True
        try:
            yield
        finally:
            self.stop()
            await self._finish(turns)
            await _end(loops)
            self.is_running = False

    def stop(self) -> None:
        """Take no more work. What is in hand goes on."""
        if self._stopped_at is None:
            self._stopped_at = asyncio.get_running_loop().time()
        self._stopping.set()
        for event in (self._webhook_inbox, self._outbox, self._files, self._clock):
            event.set()

    async def _finish(self, turns: set[asyncio.Task[None]]) -> None:
        # A download can be begun again; a send can't.
        await _end({*self._fetching.values()})
        in_hand = {*turns, *self._sending.values()}
        stopping_s = asyncio.get_running_loop().time() - (self._stopped_at or 0.0)
        _, late = await asyncio.wait(in_hand, timeout=max(0.0, DRAIN_WITHIN_S - stopping_s))
        if late:
            # A send that is cut off here keeps its lease; whoever comes next makes it UNKNOWN, as after a crash.
            log.warning("work was cut off at the end", tasks=len(late))
        await _end(late)

    async def _listen(self, topic: str, event: asyncio.Event) -> None:
        async with self._ports.bus.listen(topic) as hints:
            async for _ in hints:
                event.set()

    async def _loop(self, name: str, turn: Callable[[], Awaitable[float]], hint: asyncio.Event) -> None:
        """`turn` answers how many seconds there is nothing to do for; 0 for more at once."""
        faults = 0
        while not self._stopping.is_set():
            hint.clear()
            if self._stopping.is_set():
                return
            try:
                rest_s = await turn()
                faults = 0
            except Unavailable as unavailable:
                faults += 1
                rest_s = min(LONGEST_REST_S, unavailable.retry_after_s * faults)
                self._meters.worker_faults.labels(name).inc()
                log.warning("the store cannot answer", loop=name, again_in_s=rest_s)
            except Exception:
                faults += 1
                rest_s = min(LONGEST_REST_S, REST_AFTER_FAULT_S * faults)
                self._meters.worker_faults.labels(name).inc()
                log.exception("a turn failed", loop=name, again_in_s=rest_s)
            if faults:
                await _wait(self._stopping, rest_s)
            elif rest_s > 0:
                await _wait(hint, rest_s)

    # In

    async def _interpret(self) -> float:
        done = await self._interpreting.turn(DELIVERIES_AT_A_TIME)
        self._meters.interpreted.inc(done.updates)
        self._meters.failed_updates.inc(len(done.failures))
        self._meters.unknown_numbers.inc(done.unknown_numbers)
        if done.updates:
            self._files.set()
        return 0.0 if done.deliveries else LOOK_EVERY_S

    async def _fetch(self) -> float:
        room = FETCHES_AT_A_TIME - len(self._fetching)
        if room <= 0:
            return LOOK_EVERY_S  # a download that ends hints
        limit = self._unfetched.wanted(FETCHES_AT_A_TIME + room)
        due = self._unfetched.free(await self._ports.store.due_media(self._ports.clock.now(), limit))
        if self._stopping.is_set():
            return LOOK_EVERY_S
        fresh = [(organization, media) for organization, media in due if media not in self._fetching]
        for organization, media in fresh[:room]:
            self._fetching[media] = asyncio.create_task(self._fetch_one(organization, media))
        return LOOK_EVERY_S

    async def _fetch_one(self, organization: OrganizationId, media: MediaId) -> None:
        async def tended() -> None:
            step = await process_media(self._ports, organization, media)
            if step is not None:
                self._meters.media_steps.labels(step.value).inc()

        try:
            await self._unfetched.tried((organization, media), tended())
        finally:
            del self._fetching[media]
            self._files.set()

    # Out

    async def _dispatch(self) -> float:
        turn = await next_sends(self._ports, self._sending, self._unsent.held())
        if self._stopping.is_set():
            return LOOK_EVERY_S  # nobody would wait for what is begun now
        for leaving in turn.leaving:
            self._sending[leaving] = asyncio.create_task(self._send(leaving))
        now = self._ports.clock.now()
        instants = [at for at in (turn.again_at, await self._ports.store.next_due(now)) if at is not None]
        until_s = min(((at - now).total_seconds() for at in instants), default=LOOK_EVERY_S)
        return min(LOOK_EVERY_S, max(until_s, 0.001))  # a send that ends hints

    async def _send(self, leaving: Leaving) -> None:
        try:
            if await self._unsent.tried(leaving.message, dispatch(self._ports, leaving.organization, leaving.message)):
                self._meters.sends.inc()
        finally:
            del self._sending[leaving]
            self._outbox.set()  # the next of its thread may be due now

    # What nothing came for

    async def _clear(self) -> float:
        there_is_more = False
        everything = await bites(self._ports, self._events_kept)

        async def taken(bite: Callable[[], Awaitable[bool]]) -> None:
            nonlocal there_is_more
            there_is_more = await bite() or there_is_more

        turn = self._uncleared.turn()
        for name in self._uncleared.free(everything):
            if self._stopping.is_set():
                break
            await turn.tried(name[0], name, partial(taken, everything[name]))
        return 0.0 if there_is_more else CLEAR_EVERY_S

    async def _sweep(self) -> float:
        turn = self._unswept.turn()

        async def remove(name: str) -> bool:
            if self._unswept.holds(name):
                return False
            return await turn.tried(name, name, partial(self._ports.media.remove, name))

        swept = await collect_garbage(self._ports, remove)
        self._meters.swept.inc(swept)
        if swept:
            log.info("files that nothing names were removed", files=swept)
        return SWEEP_EVERY_S


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
