"""The README's words, held to what the code does."""

import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from api.settings import PREFIX, Settings
from schema.sdl import sdl

README = (Path(__file__).parents[2] / "README.md").read_text()


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
