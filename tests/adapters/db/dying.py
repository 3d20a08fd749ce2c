"""A process that dies in the middle of storing deliveries."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

# Stores deliveries, says each one once it is acknowledged, and dies without another word.
STORE_AND_DIE = """
import asyncio, os, signal, sys
from adapters.db.database import open_database
from adapters.memory import MemoryBus
from domain.ids import DeliveryId
from tests.builders import CountingIds, FixedClock, a_delivery, an_id

async def main():
    database = await open_database(sys.argv[1], FixedClock(), CountingIds(), MemoryBus())
    await database.start()

    async def store(number):
        await database.webhook_inbox.append(a_delivery(DeliveryId(an_id(number)), b"kept"))
        os.write(1, f"{number} ".encode())
        if number == 29:
            os.kill(os.getpid(), signal.SIGKILL)

    await asyncio.gather(*(store(number) for number in range(30)))

asyncio.run(main())
"""


def store_and_die(url: str) -> tuple[int, set[int]]:
    """The signal that ended the process, and the deliveries it had acknowledged."""
    dead = subprocess.run(
        [sys.executable, "-c", STORE_AND_DIE, url],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    return -dead.returncode, {int(number) for number in dead.stdout.split()}
