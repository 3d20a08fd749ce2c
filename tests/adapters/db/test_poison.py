"""A delivery over which whoever interprets it hangs and is killed: three times, and no more."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.db.database import Database, open_database
from adapters.memory import MemoryBus
from domain.claims import CLAIMS_AT_MOST
from domain.ids import DeliveryId, PhoneNumberId
from domain.ports.deliveries import Delivery, DeliveryState
from domain.use_cases.inbound.interpret import NEVER_FINISHED
from tests.builders import NOON, CountingIds, FixedClock, an_id
from tests.peers.servers import Databases

ROOT = Path(__file__).parents[3]
NUMBER = PhoneNumberId("one")

# Interprets what waits, and hangs over poison. Each one's clock is an hour later: no claim of the one before holds.
INTERPRET = """
import asyncio, os, sys, threading
from dataclasses import replace
from datetime import timedelta
from adapters.db.database import open_database
from adapters.memory import MemoryBus
from api.worker.interpreting import Interpreting
from tests.api.memory_desk import memory_ports
from tests.builders import CountingIds, FixedClock

class Hanging:
    async def updates(self, delivery):
        if delivery.body == b"poison":
            os.write(1, b"hangs")
            threading.Event().wait()
        return []

async def main(url, turn):
    clock = FixedClock()
    clock.advance(timedelta(hours=turn))
    database = await open_database(url, clock, CountingIds(turn * 1000), MemoryBus())
    await database.start()
    ports = memory_ports(clock=clock)
    ports = replace(ports, store=database.store, webhook_inbox=database.webhook_inbox, directory=database.directory,
                    reader=database.reader, interpreter=Hanging())
    interpreting = Interpreting(ports)
    while (await interpreting.turn(64)).deliveries:
        pass
    await database.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


@pytest.fixture(params=["migrated", "migrated_postgres"])
def template(request: pytest.FixtureRequest) -> tuple[Path | str, Databases | None]:
    """What is copied, and the server that it is on."""
    is_file = request.param == "migrated"
    return request.getfixturevalue(request.param), None if is_file else request.getfixturevalue("postgres")


@pytest.fixture
async def url(template: tuple[Path | str, Databases | None], tmp_path: Path) -> AsyncIterator[str]:
    copied, server = template
    if server is None:
        shutil.copy(copied, tmp_path / "desk.db")
        yield f"sqlite:///{tmp_path / 'desk.db'}"
        return
    url = await server.create(str(copied))
    yield url
    await server.drop(url)


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = await open_database(url, FixedClock(), CountingIds(), MemoryBus())
    await database.start()
    yield database
    await database.close()


def interpret_until_it_hangs_and_kill_it(url: str, turn: int) -> bool:
    """Whether it hung. Where it did not, it interpreted everything that waited."""
    command = [sys.executable, "-c", INTERPRET, url, str(turn)]
    environment = {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        hangs = process.stdout.read(5) == b"hangs"
        if hangs:
            process.kill()
    assert hangs or process.returncode == 0
    return hangs


async def test_who_hangs_over_a_delivery_and_is_killed_does_so_three_times_and_the_others_are_interpreted(
    url: str, database: Database
) -> None:
    bodies = [b"before", b"poison", b"after", b"later"]
    for number, body in enumerate(bodies):
        await database.webhook_inbox.append(Delivery(DeliveryId(an_id(number)), NOON, body, numbers=(NUMBER,)))

    hung = [await asyncio.to_thread(interpret_until_it_hangs_and_kill_it, url, turn) for turn in range(5)]

    assert hung == [True] * CLAIMS_AT_MOST + [False] * 2
    kept = [await database.webhook_inbox.delivery(DeliveryId(an_id(number))) for number in range(4)]
    states = [each.state for each in kept if each is not None]
    assert states == [DeliveryState.IGNORED, DeliveryState.FAILED, DeliveryState.IGNORED, DeliveryState.IGNORED]
    assert kept[1] is not None
    assert kept[1].reason == NEVER_FINISHED
