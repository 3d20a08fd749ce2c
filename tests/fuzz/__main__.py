"""`./dev fuzz [--seconds N] [--seed S]`: ask a desk everything, for a minute or for as long as is said."""

import argparse
import asyncio
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.desk import Fault, a_fuzzed_desk


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def fuzz(first: int, seconds: float, *, go_on: bool) -> int:
    """One request a seed, counted up from the first; ends with 1 at the first fault, or counts them."""
    asked = found = 0
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        async with a_fuzzed_desk(Path(folder)) as desk:
            while not asked or time.monotonic() < end:
                try:
                    await desk.one(first + asked)
                except Fault as fault:
                    found += 1
                    say(f"{fault}\n\nagain: ./dev fuzz --seed {first + asked} --seconds 0\n")
                    if not go_on:
                        break
                asked += 1
    say(f"{asked} asked from seed {first} on, {found} faults")
    return 1 if found else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long; with 0 it asks once")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32), help="where to begin; any unless given")
    parser.add_argument("--go-on", action="store_true", help="also after a fault")
    asked = parser.parse_args()
    say(f"seed {asked.seed}")
    return asyncio.run(fuzz(asked.seed, asked.seconds, go_on=asked.go_on))


if __name__ == "__main__":
    sys.exit(main())
