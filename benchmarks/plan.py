"""How much is measured, and how long."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Size:
    contacts: int
    threads: int
    messages: int
    updates: int  # interpreted in one turn
    sockets: int
    events: int  # pushed in one turn
    file_bytes: int
    bodies: int  # deliveries of a backlog
    body_bytes: int  # of each of them
    seconds: float  # of each measurement that goes by time


FULL: Final = Size(
    contacts=20_000,
    threads=50_000,
    messages=1_000_000,
    updates=1_600,
    sockets=1_000,
    events=20,
    file_bytes=100 * 1024 * 1024,
    bodies=64,
    body_bytes=3_000_000,
    seconds=2.0,
)
QUICK: Final = Size(
    contacts=2_000,
    threads=5_000,
    messages=100_000,
    updates=640,
    sockets=200,
    events=20,
    file_bytes=100 * 1024 * 1024,
    bodies=16,
    body_bytes=3_000_000,
    seconds=1.0,
)
TINY: Final = Size(
    contacts=40,
    threads=100,
    messages=1_000,
    updates=96,
    sockets=10,
    events=3,
    file_bytes=1_000_000,
    bodies=4,
    body_bytes=20_000,
    seconds=0.1,
)


@dataclass(frozen=True, slots=True)
class Plan:
    size: Size
    rounds: int
    profile: Path | None = None  # a folder for profiles of the product's own processes
