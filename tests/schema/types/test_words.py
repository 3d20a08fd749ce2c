"""Every part of the schema tells its caller what it is."""

from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    build_schema,
    introspection_types,
    specified_scalar_types,
)

from schema.sdl import sdl

NOT_OURS = {*introspection_types, *specified_scalar_types}


def descriptions() -> Iterator[tuple[str, str | None]]:
    for name, kind in build_schema(sdl()).type_map.items():
        if name not in NOT_OURS:
            yield name, kind.description
            yield from ((f"{name}.{part}", words) for part, words in parts(kind))


def parts(kind: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    match kind:
        case GraphQLObjectType() | GraphQLInterfaceType():
            for name, field in kind.fields.items():
                yield name, field.description
                yield from ((f"{name}({argument})", each.description) for argument, each in field.args.items())
        case GraphQLInputObjectType():
            yield from ((name, field.description) for name, field in kind.fields.items())
        case GraphQLEnumType():
            yield from ((name, value.description) for name, value in kind.values.items())
        case _:
            pass


def test_everything_that_can_be_named_is_described() -> None:
    assert [name for name, words in descriptions() if not (words or "").strip()] == []


def test_descriptions_are_sentences() -> None:
    told = [(name, words) for name, words in descriptions() if words]

    assert len(told) > 500
    assert [name for name, words in told if not words.rstrip().endswith((".", "…"))] == []


def test_what_may_be_left_out_has_no_default_of_null() -> None:
    assert "= null" not in sdl()


def test_defaults_are_those_of_the_contract() -> None:
    text = sdl()

    assert "via: Source = WHATSAPP" in text
    assert "previewUrl: Boolean = false" in text
    assert "destination: Destination = HELP_DESK" in text
    assert "input MessageContentInput @oneOf" in text
