"""`backlog`: 64 deliveries of 3 MB that waited, worked off by one `deskline worker`, and the memory that it takes.

A delivery of that size holds some 2,000 messages. The limit is what has to be done in any case, in a bare loop: each
body fetched by SQL and its JSON read, one after the other. What is looked at is the most memory that the worker had
from its start on, which ends the run beyond 512 MiB, and how long a look at `/healthz` waited for its answer.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import httpx
import orjson

from api.wiring import wired
from benchmarks.clients import delivery_of, message_of
from benchmarks.desks import Desk, Process, make_desk, running, settings_of
from benchmarks.figures import Figure, Sample, Way, in_turns
from benchmarks.known import number_id
from benchmarks.memory import Memory
from benchmarks.places import Place
from benchmarks.plan import Plan
from benchmarks.raw import Raw, connect_raw
from domain.ids import DeliveryId, PhoneNumberId
from domain.ports.bundle import Ports
from domain.ports.deliveries import Delivery

MOST_MIB: Final = 512.0
WORDS: Final = "Hello there, where is my order? " * 32
CONTACTS: Final = 5_000
WORKED_OFF_WITHIN_S: Final = 1_800.0
LOOK_EVERY_S: Final = 0.1


async def measure(plan: Plan, place: Place) -> list[Figure]:
    backlog = _Backlog(plan, place, await make_desk(await place.new_database()))
    bodies = f"{plan.size.bodies} deliveries of {plan.size.body_bytes / 1_000_000:g} MB"
    return [
        await in_turns(
            bodies,
            "megabytes",
            plan.rounds,
            Way("SQL and orjson, one by one", backlog.read),
            Way("deskline worker", backlog.work_off),
        )
    ]


class _Backlog:
    def __init__(self, plan: Plan, place: Place, desk: Desk) -> None:
        self._plan = plan
        self._place = place
        self._desk = desk
        self._told = 0  # messages, over all turns

    @property
    def _megabytes(self) -> float:
        return self._plan.size.bodies * self._plan.size.body_bytes / 1_000_000

    async def read(self) -> Sample:
        """Makes the backlog that the worker is then given."""
        async with wired(settings_of(self._desk.url)) as opened:
            await self._append(opened.ports)
        async with self._raw() as raw:
            begun = time.perf_counter()
            for (id,) in await raw.rows("SELECT id FROM deliveries WHERE state = 'WAITING' ORDER BY id"):
                # The id is ours: letters, digits and hyphens.
                ((body,),) = await raw.rows(f"SELECT body FROM deliveries WHERE id = '{id}'")
                orjson.loads(body)
            return Sample(self._megabytes / (time.perf_counter() - begun))

    async def _append(self, ports: Ports) -> None:
        for _ in range(self._plan.size.bodies):
            id = DeliveryId(ports.ids.new())
            body = self._body()
            await ports.webhook_inbox.append(
                Delivery(id, ports.clock.now(), body, numbers=(PhoneNumberId(number_id(0)),))
            )

    def _body(self) -> bytes:
        messages = [message_of(self._told, self._told % CONTACTS, WORDS)]
        each = len(orjson.dumps(messages[0])) + 1
        for number in range(self._told + 1, self._told + self._plan.size.body_bytes // each):
            messages.append(message_of(number, number % CONTACTS, WORDS))
        self._told += len(messages)
        return delivery_of(messages)

    async def work_off(self) -> Sample:
        options = ("worker", "--port", "0")
        begun = time.perf_counter()
        async with running(self._place.folder, "api.cli", *options, url=self._desk.url) as worker:
            memory = Memory(worker.pid)
            async with asyncio.timeout(WORKED_OFF_WITHIN_S), self._raw() as raw:
                longest_s = await self._until_done(raw, worker)
            took, most = time.perf_counter() - begun, memory.most()
        await self._check()
        assert most <= MOST_MIB, f"the worker took {most:.0f} MiB: {worker.log[-2000:]}"
        return Sample(self._megabytes / took, {"peak MiB": most, "longest silence s": longest_s})

    async def _until_done(self, raw: Raw, worker: Process) -> float:
        """How long the worker left a look at its health unanswered, at the most."""
        longest_s = 0.0
        async with httpx.AsyncClient(base_url=worker.line.rpartition(" ")[2], timeout=WORKED_OFF_WITHIN_S) as http:
            while (await raw.rows("SELECT count(*) FROM deliveries WHERE state = 'WAITING'"))[0][0]:
                asked = time.perf_counter()
                (await http.get("/healthz")).raise_for_status()
                longest_s = max(longest_s, time.perf_counter() - asked)
                await asyncio.sleep(LOOK_EVERY_S)
        return longest_s

    async def _check(self) -> None:
        """Every message of every delivery is there."""
        async with self._raw() as raw:
            kept = (await raw.rows("SELECT count(*) FROM messages"))[0][0]
            states = {state for (state,) in await raw.rows("SELECT DISTINCT state FROM deliveries")}
        assert (kept, states) == (self._told, {"INTERPRETED"}), (kept, self._told, states)

    @asynccontextmanager
    async def _raw(self) -> AsyncGenerator[Raw]:
        raw = await connect_raw(self._desk.url)
        try:
            yield raw
        finally:
            await raw.close()
