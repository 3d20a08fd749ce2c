"""`fanout`: one event to many sockets of the page's subscription, beside a raw broadcast of the same bytes.

Rate: events times sockets, two events on the way at a time. Latency: from the moment an event is asked for, one at a
time, to its arrival at each socket; the product's commit, log, execution and encoding are within.
"""

import json
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Final

from benchmarks.desks import make_desk, running
from benchmarks.documents import page_document
from benchmarks.figures import Figure, Sample, Way, in_turns
from benchmarks.listeners import Listening, listen
from benchmarks.places import Place
from benchmarks.plan import Plan, Size
from benchmarks.seeding import seed, thread_id

THREAD: Final = 7


async def measure(plan: Plan, place: Place) -> list[Figure]:
    desk = await make_desk(await place.new_database())
    await seed(desk, _small(plan.size))
    document = {"query": page_document("InboxEvents"), "operationName": "InboxEvents"}
    asking = {"id": "1", "type": "subscribe", "payload": document}
    greeting = {"type": "connection_init", "payload": {"authorization": f"Bearer {desk.api_key}"}}
    async with AsyncExitStack() as stack:
        command = ("benchmarks.limits.fanout_server", desk.organization, thread_id(THREAD))
        serve = running(place.folder, *command, url=desk.url, profile=plan.profile)
        ports = _ports((await stack.enter_async_context(serve)).line)
        asked = Listening(*ports, plan.size.sockets, plan.size.events, json.dumps(greeting), json.dumps(asking))
        frame = (await listen(Listening(*ports, 1, 1, json.dumps(greeting), json.dumps(asking)))).frame
        bare = running(place.folder, "benchmarks.limits.fanout", frame)
        limit = _ports((await stack.enter_async_context(bare)).line)
        figure = await in_turns(
            f"fan-out (one event to {plan.size.sockets} sockets, {len(frame.encode())} bytes)",
            "events times sockets",
            plan.rounds,
            _way("the same bytes, written to each", Listening(*limit, *_rest(asked))),
            _way("deskline", asked),
        )
    return [figure]


def _way(name: str, listening: Listening) -> Way:
    async def measured() -> Sample:
        heard = await listen(listening)
        assert heard.complete, f"{name}: not every socket got every event: {heard}"
        seen = {"p50 ms": heard.p50_ms, "p99 ms": heard.p99_ms, "client CPU": heard.cpu}
        return Sample(listening.events * listening.sockets / heard.seconds, seen)

    return Way(name, measured)


def _rest(listening: Listening) -> tuple[int, int, str, str]:
    return listening.sockets, listening.events, listening.greeting, listening.asking


def _ports(line: str) -> tuple[int, int]:
    """Of sockets and of the control line."""
    sockets, control = line.split()[-2:]
    return int(sockets), int(control)


def _small(size: Size) -> Size:
    return replace(size, contacts=40, threads=100, messages=1_000)
