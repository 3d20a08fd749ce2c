"""One document for every kind: fragments on the types of a union or interface can be combined as they are."""

from itertools import combinations

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType, build_schema, is_abstract_type

from schema.sdl import sdl

SCHEMA = build_schema(sdl())
ABSTRACT = sorted(
    each.name for each in SCHEMA.type_map.values() if is_abstract_type(each) and each.name not in ("Node", "__Type")
)
TOLD_APART = {"MessageSender": {"name", "email"}}  # a contact may have none, a user always has; displayName is for both


def members(name: str) -> list[GraphQLObjectType]:
    kind = SCHEMA.type_map[name]
    assert isinstance(kind, (GraphQLInterfaceType, GraphQLUnionType))
    return sorted(SCHEMA.get_possible_types(kind), key=lambda member: member.name)


@pytest.mark.parametrize("name", ABSTRACT)
def test_fields_of_one_name_have_one_type(name: str) -> None:
    clashes = [
        f"{one.name}.{field}: {one.fields[field].type}, {other.name}.{field}: {other.fields[field].type}"
        for one, other in combinations(members(name), 2)
        for field in sorted(one.fields.keys() & other.fields.keys() - TOLD_APART.get(name, set()))
        if str(one.fields[field].type) != str(other.fields[field].type)
    ]

    assert clashes == []


def test_every_list_in_pages_has_its_rows_alone() -> None:
    connections = {name: kind for name, kind in SCHEMA.type_map.items() if name.endswith("Connection")}

    assert len(connections) > 5
    assert [name for name, kind in connections.items() if "nodes" not in getattr(kind, "fields", {})] == []
