"""`./dev fuzz [--seconds N] [--seed S] [--database D]`: ask a desk everything, for a minute or as long as is said."""

import argparse
import asyncio
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from api.logs import set_up_logs
from tests.fuzz.desk import Fault, a_fuzzed_desk
from tests.peers.servers import Databases, NoServer, own_postgres


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def fuzz(first: int, seconds: float, *, database: str, go_on: bool) -> int:
    """One request a seed, counted up from the first; ends with 1 at the first fault, or counts them."""
    asked = found = 0
    with tempfile.TemporaryDirectory() as folder:
        async with a_database(database) as url, a_fuzzed_desk(Path(folder), url) as desk:
            end = time.monotonic() + seconds
            while not asked or time.monotonic() < end:
                try:
                    await desk.one(first + asked)
                except Fault as fault:
                    found += 1
                    say(f"{fault}\n\nagain: ./dev fuzz --seed {first + asked} --seconds 0 --database {database}\n")
                    if not go_on:
                        break
                asked += 1
    say(f"{asked} asked from seed {first} on, {found} faults")
    return 1 if found else 0


@asynccontextmanager
async def a_database(asked: str) -> AsyncGenerator[str | None]:
    """The address of an empty one, gone at the end; None for a file of the desk's own."""
    if asked == "sqlite":
        yield None
    elif asked == "postgres":
        with own_postgres() as server:
            yield await server.databases.create()
    else:
        databases = Databases(asked)
        url = await databases.create()
        try:
            yield url
        finally:
            await databases.drop(url)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long; with 0 it asks once")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32), help="where to begin; any unless given")
    parser.add_argument(
        "--database",
        default="sqlite",
        help="sqlite, postgres (one of its own), or postgresql://… of a user who may create databases",
    )
    parser.add_argument("--go-on", action="store_true", help="also after a fault")
    asked = parser.parse_args()
    set_up_logs("console", level="warning")  # what is told of the desk that is made is no news
    say(f"seed {asked.seed}")
    try:
        return asyncio.run(fuzz(asked.seed, asked.seconds, database=asked.database, go_on=asked.go_on))
    except NoServer as missing:
        say(str(missing))
        return 1


if __name__ == "__main__":
    sys.exit(main())
