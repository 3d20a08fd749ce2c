"""Questions for everything, made from the schema itself: a new field is asked for without anybody's help."""

from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    parse,
)

DEPTH = 3  # of objects in objects, each type once on the way


@dataclass(slots=True)
class Questions:
    """One document for each field of the query root; `variables` are all that have to be given, `field_argument`."""

    schema: GraphQLSchema
    variables: dict[str, str] = field(default_factory=dict[str, str])

    def documents(self) -> list[DocumentNode]:
        assert self.schema.query_type is not None
        return [self._document(name, each) for name, each in self.schema.query_type.fields.items()]

    def _document(self, name: str, asked: GraphQLField) -> DocumentNode:
        known = set(self.variables)
        selection = self._field(name, asked, DEPTH, frozenset())
        declared = ", ".join(f"${each}: {type}" for each, type in self.variables.items() if each not in known)
        return parse(f"query {f'({declared})' if declared else ''} {{ {selection} }}")

    def _field(self, name: str, asked: GraphQLField, depth: int, above: frozenset[str]) -> str:
        needed = {each: argument for each, argument in asked.args.items() if is_required_argument(argument)}
        self.variables |= {f"{name}_{each}": _spelled(argument) for each, argument in needed.items()}
        given = ", ".join(f"{each}: ${name}_{each}" for each in needed)
        return f"{name}{f'({given})' if given else ''}{self._selection(_named(asked), depth, above)}"

    def _selection(self, type: GraphQLNamedType, depth: int, above: frozenset[str]) -> str:
        match type:
            case GraphQLObjectType():
                return f" {{ {self._fields(type, depth, above)} }}"
            case GraphQLInterfaceType() | GraphQLUnionType():
                possible = self.schema.get_possible_types(type)
                parts = (f"... on {each.name} {{ {self._fields(each, depth, above)} }}" for each in possible)
                return f" {{ __typename {' '.join(parts)} }}"
            case _:
                return ""

    def _fields(self, type: GraphQLObjectType, depth: int, above: frozenset[str]) -> str:
        """Every field, under a name that no other type has."""
        further = depth > 0 and type.name not in above
        asked = {name: each for name, each in type.fields.items() if further or is_leaf_type(_named(each))}
        fields = (
            f"{type.name}_{name}: {self._field(name, each, depth - 1, above | {type.name})}"
            for name, each in asked.items()
        )
        return " ".join(("__typename", *fields))


def _spelled(argument: GraphQLArgument) -> str:
    return str(argument.type)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # of a list


def _named(asked: GraphQLField) -> GraphQLNamedType:
    return get_named_type(asked.type)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # of a list
