"""Requests made from the schema itself: valid, nearly valid, and meant to harm. One seed makes one request, always."""

# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# graphql-core leaves its wrapped types without their type arguments, and what is made here may be anything.

import base64
import json
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)

DEPTH: Final = 4
ROOTS: Final = {"query": 60, "mutation": 35, "subscription": 5}

TEXTS: Final = (
    "",
    " ",
    "hello",
    "*bold* _it_ ~s~ `c` ```b``` https://a.example/x?y=1",
    "Ångström żółw 漢字 ‏عربي‎",
    "👩‍👩‍👧‍👦" * 20,
    "\0",
    "a\0b",
    "\ud800",
    "\udc00\ud800",
    "\u2028\u2029\x7f\x85",
    "%s{}${x}{{1}}",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "x" * 5_000,
    "ﷺ" * 3_000,
    "+48221234567",
    "-1",
    "null",
    "2026-01-31T09:30:00Z",
    "https://user:pass@[::1]:99999/%zz",
    "http://" + "a." * 500,
    "a@b.example",
    "../../etc/passwd",
    "en_US",
    "image/png",
)
SOUND_TEXTS: Final = tuple(text for text in TEXTS if text.isprintable())
NUMBERS: Final = (0, 1, -1, 2, 50, 100, 101, 2**31 - 1, -(2**31), 2**31, 10**20, -(10**300))
FLOATS: Final = (0.0, -0.0, 0.5, 52.1, 180.0, -181.5, 1e308, 5e-324)
NUMERALS: Final = ("1e999", "-1e400", "9" * 5_000, "0.1e-5000", "00", "1.", "0x1")
DIRECTIVES: Final = ("@skip(if: false)", "@include(if: true)", "@skip(if: null)", "@nope", "@skip")
INSTANTS: Final = (
    "2026-01-31T09:30:00Z",
    "2026-01-31T09:30:00+02:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30T00:00:00Z",
    "2026-01-31T23:59:60Z",
    "2026-01-31",
    "2026-W05-6T09:30:00Z",
)


@dataclass(slots=True)
class Pool:
    """What really exists at the desk that is asked."""

    ids: dict[str, list[str]] = field(default_factory=dict[str, list[str]])  # by what they are of, such as "thread"
    cursors: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Made:
    """A request's body before anything is made of its bytes."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None = None

    def body(self) -> dict[str, Any]:
        return {"query": self.query, "variables": self.variables, "operationName": self.operation_name}


class Documents:
    """Makes one document from a random."""

    def __init__(self, schema: GraphQLSchema, pool: Pool, random: Random) -> None:
        self._schema = schema
        self._pool = pool
        self._random = random
        self._hostile = random.choice((0.0, 0.0, 0.01, 0.05, 0.2))
        self._about = ""  # what is being filled in: says which ids fit
        self._aliases = 0
        self._declared: list[str] = []
        self._variables: dict[str, Any] = {}

    def make(self) -> Made:
        operations = [self._operation(index) for index in range(self._random.choice((1,) * 12 + (2, 11)))]
        text = " ".join(operations)
        if self._happens(0.5 * self._hostile):
            text = damaged(text, self._random)
        name = None if len(operations) == 1 and not self._happens(0.1) else self._one_of("Q0", "Q1", "Nope", "", None)
        return Made(text, self._variables, name)

    # ---------------------------------------------------------------- operations and selections

    def _operation(self, index: int) -> str:
        kind = self._random.choices(list(ROOTS), list(ROOTS.values()))[0]
        root = {
            "query": self._schema.query_type,
            "mutation": self._schema.mutation_type,
            "subscription": self._schema.subscription_type,
        }[kind]
        assert root is not None
        self._declared = []
        fields = " ".join(
            self._field(*self._any_field(root), DEPTH) for _ in range(self._random.choice((1, 1, 1, 2, 5)))
        )
        declared = f"({', '.join(self._declared)})" if self._declared else ""
        return f"{kind} Q{index}{declared} {{ {fields} }}"

    def _any_field(self, parent: GraphQLObjectType | GraphQLInterfaceType) -> tuple[str, GraphQLField]:
        return self._random.choice(list(parent.fields.items()))

    def _field(self, name: str, definition: GraphQLField, depth: int) -> str:
        alias = self._alias() if definition.args or self._happens(0.02) else ""
        arguments = self._arguments(name, definition.args)
        directive = self._one_of(*DIRECTIVES) if self._happens(0.02 * self._hostile) else ""
        below = self._selection(get_named_type(definition.type), depth - 1)
        return f"{alias}{name}{arguments} {directive} {below}"

    def _alias(self) -> str:
        self._aliases += 1
        return f"{self._one_of('a', 'b')}: " if self._happens(0.02 * self._hostile) else f"a{self._aliases}: "

    def _selection(self, kind: Any, depth: int) -> str:
        if is_leaf_type(kind):
            return "{ id }" if self._happens(0.1 * self._hostile) else ""
        parts = ["__typename"]
        if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
            possible = self._schema.get_possible_types(kind)
            for each in self._random.sample(possible, min(len(possible), 3)):
                parts.append(f"... on {each.name} {self._fields(each, depth)}")
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            parts.append(self._fields(kind, depth)[1:-1])
        return f"{{ {' '.join(parts)} }}"

    def _fields(self, kind: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        chosen = self._random.sample(
            list(kind.fields.items()), min(len(kind.fields), self._random.choice((1, 2, 3, 5)))
        )
        shown = [
            self._field(name, definition, depth)
            for name, definition in chosen
            if depth > 0 or is_leaf_type(get_named_type(definition.type))
        ]
        return f"{{ __typename {' '.join(shown)} }}"

    # ---------------------------------------------------------------- values

    def _arguments(self, of: str, arguments: dict[str, GraphQLArgument]) -> str:
        given: list[str] = []
        for name, argument in arguments.items():
            self._about = f"{of} {name}".lower()
            needed = isinstance(argument.type, GraphQLNonNull)
            if self._happens(1 - self._hostile if needed else 0.3):
                given.append(f"{name}: {self._argument(argument)}")
        if self._happens(0.2 * self._hostile):
            given.append(f"nope: {self._literal(self._anything())}")
        return f"({', '.join(given)})" if given else ""

    def _argument(self, argument: GraphQLArgument) -> str:
        value = self._value(argument.type, DEPTH)
        if not self._happens(0.5):
            return self._literal(value)
        name = f"v{len(self._variables)}"
        kind = (
            str(argument.type) if not self._happens(self._hostile) else self._one_of("Int", "String!", "[ID!]", "Nope")
        )
        default = f" = {self._literal(self._value(argument.type, 2))}" if self._happens(0.1) else ""
        self._declared.append(f"${name}: {kind}{default}")
        if not self._happens(self._hostile):
            self._variables[name] = _without_marks(value)
        return f"${name}"

    def _value(self, kind: Any, depth: int) -> Any:
        if self._happens(0.3 * self._hostile):
            return self._anything()
        match kind:
            case GraphQLNonNull():
                return self._present(kind.of_type, depth)
            case _ if self._happens(0.05):
                return None
            case _:
                return self._present(kind, depth)

    def _present(self, kind: Any, depth: int) -> Any:
        match kind:
            case GraphQLList():
                many = self._random.choice((0, 1, 1, 2, 3) + ((150,) if self._happens(self._hostile) else ()))
                return [self._value(kind.of_type, depth - 1) for _ in range(many)]
            case GraphQLInputObjectType():
                return self._object(kind, depth)
            case GraphQLEnumType():
                return Bare(self._random.choice([*kind.values, *(["NOPE"] if self._happens(self._hostile) else [])]))
            case _:
                return self._scalar(kind.name)

    def _object(self, kind: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        if kind.is_one_of:
            many = 1 if not self._happens(self._hostile) else self._random.choice((0, 2))
            chosen = self._random.sample(list(kind.fields.items()), min(many, len(kind.fields)))
        else:
            chosen = [each for each in kind.fields.items() if self._is_given(each[1], depth)]
        made: dict[str, Any] = {}
        for name, each in chosen:
            self._about = name.lower() if name.lower().endswith(("id", "ids")) else self._about
            made[name] = self._value(each.type, depth - 1)
        if self._happens(0.1 * self._hostile):
            made |= {f"nope{number}": number for number in range(self._random.choice((1, 1_200)))}
        return made

    def _is_given(self, field: GraphQLInputField, depth: int) -> bool:
        if isinstance(field.type, GraphQLNonNull):
            return not self._happens(0.3 * self._hostile)
        return depth > 0 and self._happens(0.4)

    def _scalar(self, name: str) -> Any:
        match name:
            case "Int":
                return self._random.choice(NUMBERS if self._happens(self._hostile) else NUMBERS[:6])
            case "Float":
                return self._random.choice(FLOATS)
            case "Boolean":
                return self._happens(0.5)
            case "ID":
                return self._id()
            case "EventCursor":
                return self._cursor()
            case "DateTime" | "Date":
                return self._random.choice(INSTANTS)
            case _:
                return self._cursor() if "after" in self._about or "before" in self._about else self._text()

    def _text(self) -> str:
        return self._random.choice(TEXTS if self._happens(0.1 + self._hostile) else SOUND_TEXTS)

    def _id(self) -> str:
        fitting = [id for kind, known in self._pool.ids.items() if kind in self._about for id in known]
        if not self._happens(0.05 + self._hostile):
            return self._random.choice(fitting or [id for known in self._pool.ids.values() for id in known])
        kind = self._one_of("Thread", "User", "Message", "Nope", "")
        number = self._one_of("00000000-0000-7000-8000-000000000000", "x", "'; --", "\0", "1" * 100)
        made = base64.urlsafe_b64encode(f"{kind}:{number}".encode()).decode()
        return self._one_of(made, made.rstrip("="), "x", "", "é", "\ud800")

    def _cursor(self) -> str:
        known = self._random.choice(self._pool.cursors) if self._pool.cursors else "AAAA"
        made = base64.urlsafe_b64encode(json.dumps(self._anything(), default=str).encode()).decode()
        return self._one_of(known, known, known[:-1], known[::-1], made, "W10", "bnVsbA", "x" * 3_000)

    def _anything(self) -> Any:
        return self._one_of(
            None,
            True,
            self._random.choice(NUMBERS),
            self._random.choice(FLOATS),
            Bare(self._random.choice(NUMERALS)),
            self._random.choice(TEXTS),
            [],
            [[None]],
            {},
            {"a": {"b": [1]}},
            Bare("NOPE"),
            Bare("$nope"),
        )

    # ---------------------------------------------------------------- writing

    def _literal(self, value: Any) -> str:
        match value:
            case Bare(text):
                return text
            case dict():
                return "{" + ", ".join(f"{name}: {self._literal(item)}" for name, item in value.items()) + "}"
            case list():
                return "[" + ", ".join(map(self._literal, value)) + "]"
            case str():
                return json.dumps(value, ensure_ascii=self._happens(0.5) or not _is_whole(value))
            case _:
                return json.dumps(value)

    def _happens(self, probability: float) -> bool:
        return self._random.random() < probability

    def _one_of(self, *choices: Any) -> Any:
        return self._random.choice(choices)


@dataclass(frozen=True, slots=True)
class Bare:
    """Stands in a document as it is: an enum's value, a number as somebody spelled it."""

    text: str


def damaged(text: str, random: Random) -> str:
    """With some characters lost, doubled or replaced."""
    for _ in range(random.choice((1, 1, 2, 8))):
        at = random.randrange(len(text) + 1)
        end = at + random.choice((0, 1, 1, 5, 200))
        new = random.choice(
            ("", "{", "}", "(", '"', '"""', "\\", "...", "$", "@", "#", "\0", "\ufeff", "é", text[at:end] * 2)
        )
        text = text[:at] + new + text[end:]
    return text


def damaged_bytes(raw: bytes, random: Random) -> bytes:
    made = bytearray(raw)
    for _ in range(random.choice((1, 2, 10))):
        at = random.randrange(len(made) + 1)
        made[at : at + random.choice((0, 1, 30))] = random.choice(
            (b"", b"\xff", b"\xc0\x80", b"{", b'"', b"\x00", b"\xef\xbb\xbf", b"[" * 100, b"9" * 5_000)
        )
    return bytes(made)


def _without_marks(value: Any) -> Any:
    """As JSON can hold it."""
    match value:
        case Bare(text):
            return text
        case list():
            return [_without_marks(item) for item in value]
        case dict():
            return {name: _without_marks(item) for name, item in value.items()}
        case _:
            return value


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
