"""Numbers that mean something: the ways of doing one thing measured in turns, and their ratio within each turn."""

import json
import platform
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from os import cpu_count, getloadavg
from pathlib import Path
from statistics import median
from typing import Any, Final

LIBRARIES: Final = ("strawberry-graphql", "graphql-core", "starlette", "uvicorn", "asyncpg", "tortoise-orm")


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement: so many a second, and what else was seen, by name."""

    rate: float
    seen: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class Way:
    name: str
    measure: Callable[[], Awaitable[Sample]]


@dataclass(frozen=True, slots=True)
class Figure:
    """What the turns gave. The limit comes first; a ratio is a way's rate by the limit's of the same turn."""

    title: str
    unit: str
    samples: Mapping[str, Sequence[Sample]]

    def ratios(self, way: str) -> list[float]:
        limit = next(iter(self.samples.values()))
        return [sample.rate / base.rate for sample, base in zip(self.samples[way], limit, strict=True)]

    def lines(self) -> list[str]:
        return [f"{self.title}, {self.unit}", *(self._line(name) for name in self.samples)]

    def as_json(self) -> dict[str, Any]:
        ways = {
            name: {
                "rates": [sample.rate for sample in samples],
                "ratios": self.ratios(name),
                "seen": [dict(sample.seen) for sample in samples],
            }
            for name, samples in self.samples.items()
        }
        return {"title": self.title, "unit": self.unit, "ways": ways}

    def _line(self, name: str) -> str:
        samples, ratios = self.samples[name], self.ratios(name)
        rates = [sample.rate for sample in samples]
        told = f"  {name:44} {_range(ratios, '.3f')}  {_range(rates, '.0f')}/s"
        names = dict.fromkeys(each for sample in samples for each in sample.seen)
        also = [f"{each} {median(sample.seen[each] for sample in samples):.2f}" for each in names]
        return "  ".join((told, *also))


async def in_turns(title: str, unit: str, rounds: int, limit: Way, *others: Way) -> Figure:
    """A B A B …: what the machine does beside it meets all ways alike."""
    ways = (limit, *others)
    samples: dict[str, list[Sample]] = {way.name: [] for way in ways}
    for _ in range(rounds):
        for way in ways:
            samples[way.name].append(await way.measure())
    return Figure(title, unit, samples)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so great a share of all does not exceed; 0 where there is none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def surroundings(database: str) -> dict[str, Any]:
    """What has to be known of a run to read its figures."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "database": database,
        "processors": cpu_count(),
        "machine": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load": [round(each, 2) for each in getloadavg()],
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def write_figures(folder: Path, area: str, around: Mapping[str, Any], figures: Sequence[Figure]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    database = str(around["database"]).partition(" ")[0].lower()
    path = folder / f"{area}-{database}-{str(around['at']).replace(':', '')}.json"
    told = {**around, "loadAfter": [round(each, 2) for each in getloadavg()]}
    path.write_text(json.dumps({**told, "figures": [figure.as_json() for figure in figures]}, indent=2) + "\n")
    return path


def _range(values: Sequence[float], form: str) -> str:
    return f"{median(values):{form}} [{min(values):{form}}-{max(values):{form}}]"
