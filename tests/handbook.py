"""The examples of docs/api.md, as they stand there."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
HANDBOOK: Final = ROOT / "docs" / "api.md"
_FENCE: Final = re.compile(r"^```(\w+)(?: (example|answer|file)=([\w.-]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fence:
    """A block of code. `role` is example, answer or file, and empty for one that nobody runs."""

    language: str
    role: str
    name: str
    code: str


@cache
def text() -> str:
    return HANDBOOK.read_text()


@cache
def fences() -> list[Fence]:
    return [Fence(*found.groups(default="")) for found in _FENCE.finditer(text())]


def named(role: str) -> dict[str, Fence]:
    return {each.name: each for each in fences() if each.role == role}


def table_under(heading: str) -> dict[str, str]:
    """First column → the rest of its row, of the table below a heading; codes without their marks."""
    section = text().split(f"\n### {heading}\n", 1)[1].split("\n### ", 1)[0]
    rows = [line.strip("|").split("|", 1) for line in section.splitlines() if line.startswith("|")]
    return {first.strip().strip("`"): rest.strip() for first, rest in rows[2:]}
