"""The README's words, held to what the code does."""

import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from api.settings import PREFIX, Settings
from schema.sdl import sdl

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("example", re.findall(r"```graphql\n(.*?)```", README, re.DOTALL))
def test_each_example_is_good_graphql(example: str) -> None:
    assert validate(build_schema(sdl()), parse(example)) == []


def test_each_setting_is_in_the_table_with_its_default() -> None:
    told = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", README, re.MULTILINE))

    assert list(told) == [name.upper() for name in Settings.model_fields]
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, str | bool | int):
            assert told[name.upper()] == f"`{str(field.default).lower() if field.default is False else field.default}`"
    assert f"beginning with `{PREFIX}`" in README


def test_each_setting_that_is_a_bound_is_among_the_limits_with_its_default() -> None:
    rows = (ROOT / "docs" / "limits.md").read_text().splitlines()
    bounds = {
        name.upper(): field.default
        for name, field in Settings.model_fields.items()
        if name.startswith(("max_", "min_", "queries_", "events_kept"))
    }

    def told(name: str, default: int) -> bool:
        spelled = {f"{default:,}", f"{default // 1024} KiB"}
        return any(f"`{name}`" in row and any(re.search(rf"\b{each}\b", row) for each in spelled) for row in rows)

    assert len(bounds) > 15
    assert [name for name, default in bounds.items() if not told(name, default)] == []
