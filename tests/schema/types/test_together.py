"""Whatever may stand in one selection can be selected together: a name means one type wherever types meet."""

from itertools import combinations

import pytest
from graphql import GraphQLInterfaceType, GraphQLString, GraphQLUnionType, build_schema, get_named_type

from schema.schema import schema

GRAPH = build_schema(schema.as_str())
APART = {("SearchResult", "status"), ("MessageSender", "name"), ("MessageSender", "email")}
"""On purpose: states of different things, and what a contact may lack and a colleague may not."""


def meeting_places() -> list[GraphQLUnionType | GraphQLInterfaceType]:
    """Unions and interfaces; not `Node`, of which everything is one."""
    kinds = GRAPH.type_map.values()
    return [kind for kind in kinds if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType) and kind.name != "Node"]


@pytest.mark.parametrize("place", meeting_places(), ids=lambda place: place.name)
def test_fields_of_one_name_have_one_type(place: GraphQLUnionType | GraphQLInterfaceType) -> None:
    apart = {
        f"{name}: {one.name} has {one.fields[name].type}, {other.name} has {other.fields[name].type}"
        for one, other in combinations(GRAPH.get_possible_types(place), 2)
        for name in one.fields.keys() & other.fields.keys()
        if (place.name, name) not in APART and str(one.fields[name].type) != str(other.fields[name].type)
    }

    assert not apart


def test_an_event_says_what_it_is_by_its_type_and_by_enums_never_as_text() -> None:
    event = GRAPH.type_map["InboxEvent"]
    assert isinstance(event, GraphQLInterfaceType)

    texts = {
        f"{kind.name}.{name}"
        for kind in GRAPH.get_possible_types(event)
        for name, field in kind.fields.items()
        if get_named_type(field.type) is GraphQLString
    }

    assert texts == {"TicketChanged.changed"}  # names of fields, a team's own properties among them


def test_every_list_in_pages_has_its_rows_alone() -> None:
    connections = {name: kind for name, kind in GRAPH.type_map.items() if name.endswith("Connection")}

    assert len(connections) > 5
    assert [name for name, kind in connections.items() if "nodes" not in getattr(kind, "fields", {})] == []
