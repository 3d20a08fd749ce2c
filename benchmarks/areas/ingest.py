"""`ingest`: webhooks acknowledged, and updates interpreted, beside the least that a database can do for them.

Acknowledged: signed deliveries of one message each from 16 senders to `deskline serve`, with the worker inside and
without, beside inserts of such bodies one by one: pgbench with 16 clients, or one commit each by sqlite3.
Interpreted: deliveries that wait are worked off, beside the rows that this wrote, written again in batches as great.
"""

import asyncio
import cProfile
import re
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from adapters.db.rows.mapping import columns, table, to_values
from api.wiring import wired
from api.worker.interpreting import Interpreting
from benchmarks.clients import Asking, ask, delivery_body, wamid
from benchmarks.desks import Desk, Process, make_desk, port_of, running, settings_of
from benchmarks.figures import Figure, Sample, Way, in_turns
from benchmarks.known import number_id
from benchmarks.limits.ingest import Rewriting
from benchmarks.places import Place, PostgresPlace
from benchmarks.plan import Plan
from benchmarks.raw import SqliteRaw, connect_raw, insert
from domain.ids import DeliveryId, PhoneNumberId
from domain.ports.bundle import Ports
from domain.ports.deliveries import Delivery
from domain.use_cases.inbound.interpret import BATCH

SENDERS: Final = 16
WAMID: Final = re.compile(rb"wamid\.\d{20}")


async def measure(plan: Plan, place: Place) -> list[Figure]:
    return [await acknowledged(plan, place), await interpreted(plan, place)]


# Acknowledged


async def acknowledged(plan: Plan, place: Place) -> Figure:
    async with AsyncExitStack() as stack:
        ways: list[Way] = []
        receivers: list[_Receiver] = []
        for name, options in (("deskline serve", ()), ("deskline serve --without-worker", ("--without-worker",))):
            desk = await make_desk(await place.new_database())
            profile = plan.profile if not options else None
            serve = running(place.folder, "api.cli", "serve", "--port", "0", *options, url=desk.url, profile=profile)
            receiver = _Receiver(desk, await stack.enter_async_context(serve), plan)
            receivers.append(receiver)
            ways.append(Way(name, receiver.take_in))
        limit = await _limit(await place.new_database(), plan, place)
        figure = await in_turns(
            f"acknowledged ({SENDERS} senders)", "signed webhooks answered 200", plan.rounds, limit, *ways
        )
        for receiver in receivers:
            await receiver.check()
        return figure


class _Receiver:
    """A server that holds still while others are measured."""

    def __init__(self, desk: Desk, process: Process, plan: Plan) -> None:
        self._desk = desk
        self._process = process
        self._plan = plan
        self._next = 0
        self._acknowledged: list[int] = []
        process.pause()

    async def take_in(self) -> Sample:
        self._process.resume()
        port = port_of(self._process.line)
        asked = await ask(Asking(port, SENDERS, self._plan.size.seconds, deliver_from=self._next))
        self._process.pause()
        assert asked.refused == 0, f"{asked.refused} webhooks were not answered 200: {self._process.log[-2000:]}"
        self._next = max(asked.acknowledged) + 1
        self._acknowledged += asked.acknowledged
        return asked.sample

    async def check(self) -> None:
        """Every 200 has its row, and every row its 200."""
        raw = await connect_raw(self._desk.url)
        found = [WAMID.search(bytes(body)) for (body,) in await raw.rows("SELECT body FROM deliveries")]
        await raw.close()
        kept = sorted(match[0].decode() for match in found if match)
        assert kept == sorted(wamid(number) for number in self._acknowledged), "rows and answers differ"


async def _limit(url: str, plan: Plan, place: Place) -> Way:
    await make_desk(url)
    body = delivery_body(0)
    if isinstance(place, PostgresPlace):
        return Way("pgbench, 16 clients, a row a commit", lambda: _pgbench(place, url, body, plan))
    return Way("sqlite3, a row a commit", lambda: _single_commits(url, body, plan))


async def _pgbench(place: PostgresPlace, url: str, body: bytes, plan: Plan) -> Sample:
    script = (
        "\\set number random(1, 9000000000000000)\n"
        "INSERT INTO deliveries (id, received_at, body, state, numbers)"
        f" VALUES ('b-' || :number, now(), '\\x{body.hex()}', 'IGNORED', '[\"{number_id(0)}\"]');\n"
    )
    return Sample(await place.run_pgbench(url, script, clients=SENDERS, seconds=plan.size.seconds))


async def _single_commits(url: str, body: bytes, plan: Plan) -> Sample:
    raw = SqliteRaw(url)
    names = columns(Delivery)
    statement = insert(table(Delivery), names)
    pattern = [raw.native(value) for value in to_values(Delivery(DeliveryId(""), datetime.now(UTC), body))]
    place = names.index("id")
    made, began = 0, time.perf_counter()
    while (took := time.perf_counter() - began) < plan.size.seconds:
        pattern[place] = f"b-{time.time_ns()}-{made}"
        raw.connection.execute(statement, pattern)  # without BEGIN each is a transaction
        made += 1
    await raw.close()
    return Sample(made / took)


# Interpreted


async def interpreted(plan: Plan, place: Place) -> Figure:
    """A contact writes twice: half of the messages make contact, thread, ticket and session, half find them."""
    ours = await make_desk(await place.new_database())
    theirs = await make_desk(await place.new_database())
    async with wired(settings_of(ours.url)) as desk:
        rewriting = await Rewriting.begin(ours.url, theirs.url)
        worker = _Interpreter(desk.ports, rewriting, plan)
        figure = await in_turns(
            f"interpreted ({plan.size.updates} messages of {plan.size.updates // 2} new contacts a turn)",
            "messages",
            plan.rounds,
            # The product goes first, as the limit writes what it wrote; the ratio is the other way round.
            Way("deskline", worker.work_off),
            Way(f"SQL, {BATCH} messages a transaction", worker.write_again),
        )
        await rewriting.check()
        await rewriting.close()
    return Figure(figure.title, figure.unit, dict(reversed(list(figure.samples.items()))))


class _Interpreter:
    def __init__(self, ports: Ports, rewriting: Rewriting, plan: Plan) -> None:
        self._ports = ports
        self._rewriting = rewriting
        self._plan = plan
        self._turn = 0

    async def work_off(self) -> Sample:
        count = self._plan.size.updates
        first = self._turn * count
        self._turn += 1
        waiting = [self._delivery(number, count) for number in range(first, first + count)]
        await asyncio.gather(*(self._ports.webhook_inbox.append(delivery) for delivery in waiting))
        profiled = cProfile.Profile() if self._plan.profile else None
        cpu, began = time.process_time(), time.perf_counter()
        if profiled:
            profiled.enable()
        done = 0
        interpreting = Interpreting(self._ports)
        while (step := await interpreting.turn(BATCH)).deliveries:
            assert (step.failures, step.unknown_numbers) == ((), 0), step
            done += step.updates
        took, used = time.perf_counter() - began, time.process_time() - cpu
        if profiled:
            profiled.disable()
            profiled.dump_stats(_beside(self._plan.profile, "interpreted"))
        assert done == count, (done, count)
        return Sample(count / took, {"CPU": used / took})

    def _delivery(self, number: int, count: int) -> Delivery:
        """The two messages of a contact lie half a turn apart."""
        body = delivery_body(number, sender=self._turn * count + number % (count // 2))
        id, now = DeliveryId(self._ports.ids.new()), self._ports.clock.now()
        return Delivery(id, now, body, numbers=(PhoneNumberId(number_id(0)),))

    async def write_again(self) -> Sample:
        written = await self._rewriting.gather()
        began = time.perf_counter()
        await self._rewriting.write(written)
        return Sample(written.messages / (time.perf_counter() - began))


def _beside(profile: Path | None, name: str) -> Path:
    assert profile is not None
    return profile.with_name(f"{profile.stem}-{name}.prof")
