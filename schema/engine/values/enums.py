"""The rules' enumerations as the API speaks them: every value with its meaning."""

from collections.abc import Mapping
from enum import Enum, StrEnum

import strawberry
from strawberry.types.enum import has_enum_definition


def describe(kind: type[Enum], meaning: str, values: Mapping[str, str], *, name: str | None = None) -> None:
    """Make an enumeration of the rules one of the API, under `name` where it is called otherwise there.

    `values` holds a description for each member, none missing and none extra.
    """
    assert values.keys() == set(kind.__members__), f"{kind.__name__}: descriptions and members differ"
    if not has_enum_definition(kind):  # a type that names it may have been there first
        strawberry.enum(kind)
    assert has_enum_definition(kind)
    definition = kind.__strawberry_definition__
    definition.name = name or kind.__name__
    definition.description = meaning
    for value in definition.values:
        value.description = values[value.name]


class OrderDirection(StrEnum):
    ASC = "ASC"
    DESC = "DESC"


describe(
    OrderDirection,
    "Which end of an order comes first.",
    {"ASC": "Smallest, oldest or lowest first.", "DESC": "Largest, newest or highest first."},
)
