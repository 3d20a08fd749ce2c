"""What an operation may cost, known before it runs: the objects its answer may hold.

A connection holds as many as `first` or `last` asks for, multiplied down; a list without pages is taken to hold ten, or
what `SIZES` says of it. An object of which many fields are asked counts more than once. Fields that take work have
prices of their own: a count and a search are statements, rendered and stored texts are long. What is selected twice, by
two fragments perhaps, counts twice. Sizes that come in variables are put in per request, all else is summed up once per
document.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedOutputType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    is_composite_type,
)
from graphql.language import FragmentSpreadNode, InlineFragmentNode

from schema.engine import limits

META = ("__schema", "__type")
SEARCHED_BY = "query"  # the argument that makes a list a search
PRICES: Mapping[str, int] = {
    "TextContent.html": 1,
    "Message.original": 5,
    "Message.versions": 5,
    "Quota.forecast": limits.COUNT_COST,
}
"""Fields that cost more than the objects they are of, beside the `totalCount` of every connection."""
SIZES: Mapping[str, int] = {"Team.members": 100}
"""Lists without pages that may hold many more than ten."""
LONGEST_NUMBER = 11  # characters of a GraphQL Int
SNAPSHOT_FIELDS = (("Thread", "cursor"), ("Viewer", "cursor"))


@dataclass(frozen=True, slots=True)
class FromVariable:
    """A size told by a variable: a number, or the length of a list."""

    name: str
    otherwise: int

    def read(self, variables: Mapping[str, object]) -> int:
        match variables.get(self.name):
            case bool() | None:
                return self.otherwise
            case int(size):
                return max(0, size)
            case list(items):  # pyright: ignore[reportUnknownVariableType]  # counted, never looked into
                return len(items)  # pyright: ignore[reportUnknownArgumentType]
            case _:
                return self.otherwise


@dataclass(frozen=True, slots=True)
class IfGiven:
    """Once where a variable is given, else not at all."""

    name: str
    by_default: bool

    def read(self, variables: Mapping[str, object]) -> int:
        return int(variables.get(self.name) is not None if self.name in variables else self.by_default)


Size: TypeAlias = int | FromVariable | IfGiven


@dataclass(frozen=True, slots=True, eq=False)
class Weight:
    """Objects below one place: `fixed` of them, and for each part its size times the part."""

    fixed: int
    parts: "tuple[tuple[Size, Weight], ...]" = ()

    def cost(self, variables: Mapping[str, object]) -> int:
        return _cost(self, variables, {})


@dataclass(frozen=True, slots=True)
class Findings:
    """What a walk over an operation with the schema in hand finds out."""

    weight: Weight
    reads_its_place: bool  # selects a cursor that reflects the whole read


def weigh(
    schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Findings:
    """The operation has to be valid and free of fragment cycles."""
    root = schema.get_root_type(operation.operation)
    assert root is not None
    walk = _Walk(schema, fragments, _defaults(operation), _with_default(operation))
    weight = walk.selection(operation.selection_set, root, limits.LIST_SIZE)
    return Findings(weight, walk.reads_its_place)


@dataclass(slots=True)
class _Walk:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    defaults: Mapping[str, int]
    with_default: frozenset[str]
    reads_its_place: bool = False
    known: dict[tuple[str, Size], Weight] = field(default_factory=dict[tuple[str, Size], Weight])

    def selection(self, selections: SelectionSetNode, parent: GraphQLCompositeType, page: Size) -> Weight:
        """`page` is how many a list directly below holds."""
        parts: list[tuple[Size, Weight]] = []
        for node in selections.selections:
            match node:
                case FieldNode():
                    parts.append(self.field(node, parent, page))
                case InlineFragmentNode(selection_set=below, type_condition=condition):
                    kind = self.schema.get_type(condition.name.value) if condition else parent
                    assert is_composite_type(kind)
                    parts.append((1, self.selection(below, kind, page)))
                case FragmentSpreadNode():
                    parts.append((1, self.fragment(node.name.value, page)))
                case _:
                    raise AssertionError(node.kind)
        return _sum(len(parts) // limits.FIELDS_AN_OBJECT, parts)

    def fragment(self, name: str, page: Size) -> Weight:
        if (name, page) not in self.known:
            definition = self.fragments[name]
            kind = self.schema.get_type(definition.type_condition.name.value)
            assert is_composite_type(kind)
            self.known[name, page] = self.selection(definition.selection_set, kind, page)
        return self.known[name, page]

    def field(self, node: FieldNode, parent: GraphQLCompositeType, page: Size) -> tuple[Size, Weight]:
        name = node.name.value
        if name.startswith("__") or isinstance(parent, GraphQLUnionType):
            return 1, Weight(0)
        if (parent.name, name) in SNAPSHOT_FIELDS:
            self.reads_its_place = True
        definition = parent.fields[name]
        kind = self.schema.get_type(_spelled(definition).strip("[]!"))
        if not is_composite_type(kind) or node.selection_set is None:
            return 1, Weight(_price(parent, name))
        inner = self.page(node) if _is_connection(kind) else limits.LIST_SIZE
        below = self.selection(node.selection_set, kind, inner)
        objects = self.size(node, parent, page), _sum(1, [(1, below)])
        return 1, _sum(_price(parent, name), [(self.searches(node), Weight(limits.SEARCH_COST)), objects])

    def page(self, node: FieldNode) -> Size:
        """How many a connection holds."""
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last") and not isinstance(argument.value, NullValueNode):
                return self.number(argument.value, limits.PAGE_DEFAULT)
        return limits.PAGE_DEFAULT

    def size(self, node: FieldNode, parent: GraphQLObjectType | GraphQLInterfaceType, page: Size) -> Size:
        """How many objects a field that is no connection stands for."""
        name = node.name.value
        if not _spelled(parent.fields[name]).startswith("["):
            return 1
        for argument in node.arguments or ():
            if argument.name.value == "ids":
                return self.number(argument.value, limits.IDS)
        return SIZES.get(f"{parent.name}.{name}", page)

    def searches(self, node: FieldNode) -> Size:
        for argument in node.arguments or ():
            if argument.name.value != SEARCHED_BY:
                continue
            if isinstance(argument.value, VariableNode):
                name = argument.value.name.value
                return IfGiven(name, name in self.with_default)
            return int(not isinstance(argument.value, NullValueNode))
        return 0

    def number(self, value: ValueNode, otherwise: int) -> Size:
        match value:
            case IntValueNode():
                return max(0, _whole_number(value))
            case ListValueNode():
                return len(value.values)
            case VariableNode():
                return FromVariable(value.name.value, self.defaults.get(value.name.value, otherwise))
            case _:
                return otherwise


def _sum(fixed: int, parts: list[tuple[Size, Weight]]) -> Weight:
    """One weight of many: whatever does not wait for a variable is added up now."""
    waiting: list[tuple[Size, Weight]] = []
    for size, weight in parts:
        if isinstance(size, int) and not weight.parts:
            fixed += size * weight.fixed
        elif size == 1:
            fixed += weight.fixed
            waiting.extend(weight.parts if len(weight.parts) == 1 else [(1, Weight(0, weight.parts))])
        else:
            waiting.append((size, weight))
    return Weight(fixed, tuple(waiting))


def _cost(weight: Weight, variables: Mapping[str, object], known: dict[Weight, int]) -> int:
    if weight not in known:
        known[weight] = weight.fixed + sum(
            (size if isinstance(size, int) else size.read(variables)) * _cost(part, variables, known)
            for size, part in weight.parts
        )
    return known[weight]


def _defaults(operation: OperationDefinitionNode) -> dict[str, int]:
    return {
        definition.variable.name.value: _whole_number(definition.default_value)
        for definition in operation.variable_definitions or ()
        if isinstance(definition.default_value, IntValueNode)
    }


def _with_default(operation: OperationDefinitionNode) -> frozenset[str]:
    return frozenset(
        definition.variable.name.value
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None and not isinstance(definition.default_value, NullValueNode)
    )


def _whole_number(value: IntValueNode) -> int:
    """Of a variable that is no size it may have thousands of digits, which Python refuses to read."""
    return int(value.value) if len(value.value) <= LONGEST_NUMBER else 0


def _spelled(definition: GraphQLField) -> str:
    """A field's type as the schema writes it, such as [Thread!]!."""
    return str(definition.type)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # wrapped types


def _is_connection(kind: GraphQLNamedOutputType) -> bool:
    return isinstance(kind, GraphQLObjectType) and kind.name.endswith("Connection")


def _price(parent: GraphQLCompositeType, name: str) -> int:
    if name == "totalCount" and parent.name.endswith("Connection"):
        return limits.COUNT_COST
    return PRICES.get(f"{parent.name}.{name}", 0)
