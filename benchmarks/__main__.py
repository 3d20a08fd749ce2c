"""`./dev bench AREA…`: each area of the product beside its limit, in turns; ratios on the screen, JSON in var/bench."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from os import getloadavg
from typing import Final

import uvloop

from benchmarks.areas import backlog, fanout, inbox, ingest, media, mutate
from benchmarks.figures import Figure, surroundings, write_figures
from benchmarks.known import ROOT
from benchmarks.places import NoPlace, Place, place_of
from benchmarks.plan import FULL, QUICK, Plan
from tests.peers.servers import NoServer

AREAS: Final[dict[str, Callable[[Plan, Place], Awaitable[list[Figure]]]]] = {
    "ingest": ingest.measure,
    "backlog": backlog.measure,
    "inbox": inbox.measure,
    "fanout": fanout.measure,
    "mutate": mutate.measure,
    "media": media.measure,
}
MODULES: Final = {
    "ingest": ingest,
    "backlog": backlog,
    "inbox": inbox,
    "fanout": fanout,
    "mutate": mutate,
    "media": media,
}
FIGURES: Final = ROOT / "var" / "bench"


def main(arguments: list[str]) -> int:
    """0 done, 1 no such database here, 2 wrong use, 143 told to stop."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if unknown := [area for area in asked.area if area not in AREAS]:
        parser.error(f"there is no area {unknown[0]!r}; there are {', '.join(AREAS)}")
    if not asked.area:
        for area, module in MODULES.items():
            say(f"{area:8} {(module.__doc__ or '').splitlines()[0].partition(': ')[2]}")
        return 0
    size = QUICK if asked.quick else FULL
    plan = Plan(replace(size, seconds=asked.seconds or size.seconds), asked.rounds)
    try:
        for area in asked.area:
            uvloop.run(_measure(area, plan, asked.database, profiled=asked.profile))
    except (NoPlace, NoServer) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except asyncio.CancelledError:
        return 128 + signal.SIGTERM
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("area", nargs="*", help=f"{', '.join(AREAS)}; without one, what they are")
    parser.add_argument("--database", default="sqlite", help="sqlite, postgres (one of its own), or postgresql://…")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, help="of each measurement that goes by time")
    parser.add_argument("--quick", action="store_true", help="a tenth of the data, half the time")
    parser.add_argument(
        "--profile", action="store_true", help="cProfile of the product; its figures are then of no use"
    )
    return parser


async def _measure(area: str, plan: Plan, database: str, *, profiled: bool) -> None:
    me = asyncio.current_task()
    assert me is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)  # so that no process is left behind
    FIGURES.mkdir(parents=True, exist_ok=True)
    profile = FIGURES / f"{area}-{database.partition(':')[0]}.prof" if profiled else None
    async with place_of(database) as place:
        around = surroundings(await place.version())
        say(f"{area} on {around['database']}, load {getloadavg()[0]:.1f}; ratio, then rate: median [range]")
        figures = await AREAS[area](replace(plan, profile=profile), place)
    for figure in figures:
        for line in figure.lines():
            say(line)
    say(f"{write_figures(FIGURES, area, around, figures).relative_to(ROOT)}; load {getloadavg()[0]:.1f}")
    if profile is not None:
        say(f"python -m pstats {profile.relative_to(ROOT)}")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
