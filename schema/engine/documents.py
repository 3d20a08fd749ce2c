"""From a document's text to an operation that may run: counted, parsed, measured, validated, weighed.

Every operation comes through here, over HTTP, sockets and event streams alike. Documents that passed are remembered,
bounded by number and size; what was refused is not. A refused document gets one error, and no guesses at what
was meant.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    Visitor,
    parse,
    validate,
    visit,
)
from graphql.language import FragmentSpreadNode, InlineFragmentNode

from schema.engine import limits
from schema.engine.cost import META, Weight, weigh
from schema.engine.lexical_limits import TooComplex, check

SIGN_IN = "signIn"


class BadDocument(Exception):
    """The document cannot run: no GraphQL, or not of this schema. `error` says where."""

    def __init__(self, error: GraphQLError | str) -> None:
        super().__init__(str(error))
        self.error = error if isinstance(error, GraphQLError) else GraphQLError(error)


class NotSignedIn(Exception):
    """Nobody is asking, and the document does more than sign in."""


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """An operation that may run."""

    text: str  # as it came, with the operations that were not chosen
    document: DocumentNode
    operation: OperationDefinitionNode
    roots: tuple[FieldNode, ...]  # the fields asked of the root, those of fragments included
    weight: Weight
    reads_its_place: bool  # has to be read in one snapshot
    uses: Mapping[str, int]  # how often each variable is used
    only_signs_in: bool  # as does every other operation of its document

    @property
    def kind(self) -> OperationType:
        return self.operation.operation

    @property
    def name(self) -> str | None:
        return self.operation.name.value if self.operation.name else None

    def cost(self, variables: Mapping[str, object]) -> int:
        """Raises `TooComplex` where it is over the limit."""
        cost = self.weight.cost(variables)
        if cost > limits.COST:
            raise TooComplex(f"The answer may hold {cost:,} objects; at most {limits.COST:,} are allowed.")
        return cost


class Documents:
    """Compiles documents for one schema, and remembers them."""

    def __init__(self, schema: GraphQLSchema, *, introspection: bool = False) -> None:
        self._schema = schema
        self._introspection = introspection
        self._kept: OrderedDict[tuple[str, str | None], Compiled] = OrderedDict()  # by text and the name asked for
        self._kept_bytes = 0

    def compile(self, text: str, name: str | None = None, *, signed_in: bool) -> Compiled:
        """The operation called `name`, or the only one there is.

        Raises `TooComplex`, `BadDocument`, and `NotSignedIn` before anything about the schema could be learned.
        """
        compiled = self._kept.get((text, name))
        if compiled is not None:
            self._kept.move_to_end((text, name))
            if not signed_in and not compiled.only_signs_in:
                raise NotSignedIn
            return compiled
        compiled = self._compile(text, name, signed_in=signed_in)
        if signed_in:  # strangers must not be able to push out what others use
            self._keep(compiled, name)
        return compiled

    def _compile(self, text: str, name: str | None, *, signed_in: bool) -> Compiled:
        try:
            check(text)
            document = _parsed(text)
            operations, fragments = _parts(document)
            roots = _measured(operations, fragments, introspection=self._introspection)
            chosen = _chosen(operations, name)
        except (TooComplex, BadDocument):
            if signed_in:
                raise
            raise NotSignedIn from None
        only_signs_in = all(_signs_in(*each) for each in zip(operations, roots, strict=True))
        if not signed_in and not only_signs_in:
            raise NotSignedIn
        self._expect_valid(document)
        operation = operations[chosen]
        alone = DocumentNode(definitions=(operation, *fragments.values()), loc=document.loc)
        found = weigh(self._schema, operation, fragments)
        return Compiled(
            text, alone, operation, roots[chosen], found.weight, found.reads_its_place, _uses(alone), only_signs_in
        )

    def _expect_valid(self, document: DocumentNode) -> None:
        try:
            errors = validate(self._schema, document, max_errors=1, hide_suggestions=True)
        except (ValueError, OverflowError, RecursionError):  # of a literal, such as a number of thousands of digits
            raise BadDocument("A value in the document cannot be read.") from None
        if errors:
            raise BadDocument(errors[0])

    def _keep(self, compiled: Compiled, name: str | None) -> None:
        self._kept[compiled.text, name] = compiled
        self._kept_bytes += len(compiled.text)
        while len(self._kept) > limits.DOCUMENTS_KEPT or self._kept_bytes > limits.DOCUMENTS_KEPT_BYTES:
            (text, _), _ = self._kept.popitem(last=False)
            self._kept_bytes -= len(text)


def _parsed(text: str) -> DocumentNode:
    try:
        return parse(text)
    except GraphQLError as error:
        raise BadDocument(error) from None
    except RecursionError:
        raise TooComplex("The document is nested too deeply.") from None


def _parts(document: DocumentNode) -> tuple[list[OperationDefinitionNode], dict[str, FragmentDefinitionNode]]:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if not 1 <= len(operations) <= limits.OPERATIONS:
        raise BadDocument(f"A document holds 1 to {limits.OPERATIONS} operations; this one holds {len(operations)}.")
    fragments: dict[str, FragmentDefinitionNode] = {}
    for node in document.definitions:
        if isinstance(node, FragmentDefinitionNode):
            if node.name.value in fragments:
                raise BadDocument(f"There are two fragments '{node.name.value}'.")
            fragments[node.name.value] = node
    return operations, fragments


def _chosen(operations: Sequence[OperationDefinitionNode], name: str | None) -> int:
    if name is None and len(operations) > 1:
        raise BadDocument(f"Say with `operationName` which of the {len(operations)} operations is to run.")
    for index, operation in enumerate(operations):
        if name is None or (operation.name is not None and operation.name.value == name):
            return index
    raise BadDocument("The document holds no operation of the name in `operationName`.")


def _measured(
    operations: Sequence[OperationDefinitionNode],
    fragments: Mapping[str, FragmentDefinitionNode],
    *,
    introspection: bool,
) -> list[tuple[FieldNode, ...]]:
    """Each operation's root fields, in a document whose depth and width are within bounds."""
    ruler = _Ruler(fragments, introspection=introspection)
    for operation in operations:
        ruler.depth(operation.selection_set)
        ruler.width([operation.selection_set])
    unused = fragments.keys() - ruler.reached
    if unused:  # validation would look into it all the same, and it was not measured
        raise BadDocument(f"The fragment '{min(unused)}' is never used.")
    roots = [tuple(_fields(operation.selection_set, fragments, set())) for operation in operations]
    if any(sum(field.name.value == SIGN_IN for field in each) > limits.SIGN_INS for each in roots):
        raise BadDocument("A request signs in once.")
    return roots


class _Ruler:
    """Measures selections without a schema, each fragment once."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], *, introspection: bool) -> None:
        self._fragments = fragments
        self._introspection = introspection
        self._depths: dict[str, int | None] = {}  # None while it is being measured
        self._seen = 0  # fields, fragments opened wherever they are used
        self.reached: set[str] = set()

    def depth(self, selections: SelectionSetNode, above: int = 0) -> int:
        """Levels of fields below; also where fragments turn in circles, and introspection, are found out."""
        deepest = 0
        for node in selections.selections:
            match node:
                case FieldNode(selection_set=below):
                    here = 1 + (self.depth(below, above + 1) if below and not self._is_meta(node) else 0)
                case InlineFragmentNode(selection_set=below):
                    here = self.depth(below, above)
                case FragmentSpreadNode():
                    here = self._depth_of(node.name.value)
                case _:
                    raise AssertionError(node.kind)
            deepest = max(deepest, here)
        if above + deepest > limits.DEPTH:
            raise TooComplex(f"Fields are nested deeper than {limits.DEPTH} levels.")
        return deepest

    def width(self, merged: Sequence[SelectionSetNode]) -> None:
        """Fields that answer under one name in one place, fragments opened: validation compares each with each."""
        found: dict[str, list[FieldNode]] = {}
        opened: set[str] = set()
        for selections in merged:
            for field in _fields(selections, self._fragments, opened):
                found.setdefault((field.alias or field.name).value, []).append(field)
                self._seen += 1
        self.reached |= opened
        if self._seen > limits.FIELDS:
            raise TooComplex(f"The document has more than {limits.FIELDS:,} fields, fragments opened.")
        for name, fields in found.items():
            most = limits.EQUAL_TYPENAMES if name == "__typename" else limits.EQUAL_NAMES
            if len(fields) > most:
                raise TooComplex(f"The document has more than {most} equal names in one selection.")
            self.width([field.selection_set for field in fields if field.selection_set is not None])

    def _depth_of(self, name: str) -> int:
        if name not in self._fragments:
            raise BadDocument(f"There is no fragment '{name}'.")
        if name not in self._depths:
            self._depths[name] = None
            self._depths[name] = self.depth(self._fragments[name].selection_set)
        depth = self._depths[name]
        if depth is None:
            raise BadDocument(f"The fragment '{name}' contains itself.")
        return depth

    def _is_meta(self, node: FieldNode) -> bool:
        """The fields of introspection, which have bounds of their own in the validation rules."""
        if node.name.value not in META:
            return False
        if not self._introspection:
            raise BadDocument("Introspection is off here; the schema is published as a file.")
        return True


def _fields(
    selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], opened: set[str]
) -> Iterator[FieldNode]:
    for node in selections.selections:
        match node:
            case FieldNode():
                yield node
            case InlineFragmentNode(selection_set=below):
                yield from _fields(below, fragments, opened)
            case FragmentSpreadNode() if node.name.value in fragments and node.name.value not in opened:
                opened.add(node.name.value)
                yield from _fields(fragments[node.name.value].selection_set, fragments, opened)
            case _:
                pass


def _signs_in(operation: OperationDefinitionNode, roots: tuple[FieldNode, ...]) -> bool:
    """Whether all it does is sign in."""
    names = {field.name.value for field in roots}
    return operation.operation is OperationType.MUTATION and names == {SIGN_IN}


def _uses(document: DocumentNode) -> dict[str, int]:
    counter = _Uses()
    visit(document, counter)
    return counter.counts


class _Uses(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}

    def enter_variable_definition(self, *_: object) -> bool:
        return False

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.counts[node.name.value] = self.counts.get(node.name.value, 0) + 1
