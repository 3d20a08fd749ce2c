"""How much of the page travels before anything is shown, and before each further screen."""

import gzip
import re
from pathlib import Path

import pytest

from tests.journeys.desk import ROOT, missing

PAGE = ROOT / "api" / "page"
FIRST_LOAD = 150_000
FURTHER_SCREEN = 40_000
IMPORTED = re.compile(r"""(?:from|import)\s*["']\./([\w.-]+\.js)["']""")


@pytest.fixture
def scripts() -> dict[str, str]:
    """The built page's scripts by name."""
    if not (PAGE / "index.html").exists():
        missing("the page is not built; ./dev web builds it")
    return {path.name: path.read_text() for path in (PAGE / "assets").glob("*.js")}


def test_the_first_load_is_small(scripts: dict[str, str]) -> None:
    first = _loaded_first(scripts)

    assert first
    assert sum(_weight(scripts[name]) for name in first) < FIRST_LOAD


def test_each_further_screen_is_loaded_when_it_is_asked_for_and_small(scripts: dict[str, str]) -> None:
    further = {name: _weight(text) for name, text in scripts.items() if name not in _loaded_first(scripts)}

    assert {name.split("-")[0] for name in further} >= {"Numbers", "Connect"}
    assert max(further.values()) < FURTHER_SCREEN


def _loaded_first(scripts: dict[str, str]) -> set[str]:
    """What the document names, and what that imports before it runs."""
    document = Path(PAGE / "index.html").read_text()
    waiting, loaded = set(re.findall(r'(?:src|href)="/assets/([\w.-]+\.js)"', document)), set[str]()
    while waiting:
        name = waiting.pop()
        loaded.add(name)
        waiting |= set(IMPORTED.findall(scripts[name])) - loaded
    return loaded


def _weight(text: str) -> int:
    return len(gzip.compress(text.encode(), mtime=0))
