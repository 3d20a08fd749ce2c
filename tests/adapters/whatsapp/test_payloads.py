"""What each webhook body becomes, word by word: the project's own in `tests/payloads`, one per shape, and those kept
beside the project where they are there.

The tables are `tests/payloads/own.txt` and `beside.txt`; how they are written, `payload_words` says.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from tests.adapters.whatsapp.payload_words import BESIDE, OWN, in_words, table

OWN_TABLE = table("own")
TABLE_BESIDE = table("beside")


@pytest.mark.parametrize("name", sorted(OWN_TABLE))
async def test_each_own_body_becomes_what_the_table_says(name: str) -> None:
    assert await in_words(_body(OWN, name)) == OWN_TABLE[name]


def test_every_own_body_is_in_the_table_and_the_other_way_round() -> None:
    assert {path.stem for path in OWN.glob("*.json")} == set(OWN_TABLE)


# Bodies beside the project are no part of it: without them these tests are not there.
if BESIDE.is_dir():

    @pytest.mark.parametrize("name", sorted(TABLE_BESIDE))
    async def test_each_body_beside_the_project_becomes_what_the_table_says(name: str) -> None:
        assert await in_words(_body(BESIDE, name)) == TABLE_BESIDE[name]

    def test_every_body_beside_the_project_is_in_the_table_and_the_other_way_round() -> None:
        assert {path.stem for path in BESIDE.glob("*.json")} == set(TABLE_BESIDE)

    def test_every_shape_beside_the_project_is_among_the_projects_own() -> None:
        own = {shape for path in OWN.glob("*.json") for shape in _shapes(path)}
        assert {path.stem: new for path in BESIDE.glob("*.json") if (new := set(_shapes(path)) - own)} == {}


def _body(folder: Path, name: str) -> bytes:
    return (folder / f"{name}.json").read_bytes()


def _shapes(path: Path) -> Iterator[str]:
    """The way to each value of a body's changes, with the kind of value."""
    body = cast("dict[str, object]", json.loads(path.read_bytes()))
    for entry in _each(body.get("entry")):
        for change in _each(entry.get("changes")):
            yield from _ways(change.get("value"), str(change.get("field")))


def _each(value: object) -> Iterator[dict[str, object]]:
    for each in cast("list[object]", value) if isinstance(value, list) else []:
        if isinstance(each, dict):
            yield cast("dict[str, object]", each)


def _ways(value: object, way: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in cast("dict[str, object]", value).items():
            yield from _ways(part, f"{way}.{name}")
    elif isinstance(value, list):
        yield f"{way}[]"
        for part in cast("list[object]", value):
            yield from _ways(part, f"{way}[]")
    else:
        yield f"{way}: {type(value).__name__}"
