"""Domain values as JSON, and back, by their declared types.

A member of a union is an object with its class name under `is` and a version under `v`; any other dataclass is a plain
object of its fields. What is read must fit the type it is read as. A field that is missing gets its default, so that
one can be added; one that is unknown is passed over. Whatever else does not fit is `StoredWrong`.
"""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NewType, TypeAlias, Union, get_args, get_origin, get_type_hints

import orjson

from adapters.db.rows.times import instant_of, instant_text

TAG = "is"
VERSION = "v"
FIRST_VERSION = 1

Json: TypeAlias = Any
"""What `orjson` takes and gives: nested dictionaries, lists, text, numbers, booleans and None."""


class StoredWrong(Exception):
    """What is stored is not what this version of Deskline writes; it may come from a newer one."""


@dataclass(frozen=True, slots=True)
class Codec:
    """Both ways between a domain value and what JSON can hold."""

    encode: Callable[[Any], Json]
    decode: Callable[[Json], Any]


def to_json(codec: Codec, value: object) -> str:
    return orjson.dumps(codec.encode(value)).decode()


def from_json(codec: Codec, text: str) -> Any:
    try:
        stored = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise StoredWrong(f"not JSON: {text[:200]!r}") from error
    return codec.decode(stored)


@cache
def codec_of(hint: Any) -> Codec:
    """The codec of a declared type: a dataclass, a union of them, a tuple, an enum, an instant or a plain value."""
    hint = underlying(hint)
    kind: Any = hint
    if hint in (str, int, float, bool):
        return _plain(hint)
    if hint is datetime:
        return Codec(instant_text, _checked(str, instant_of))
    if hint is Decimal:
        return Codec(str, _decimal)
    members = members_of(hint)
    if NoneType in members:
        return _optional(codec_of(_union(member for member in members if member is not NoneType)))
    if len(members) > 1:
        return _tagged(members)
    if get_origin(hint) is tuple:
        return _several(codec_of(get_args(hint)[0]))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return Codec(str, _checked(str, hint))
    if is_dataclass(kind):
        return _object(kind)
    raise TypeError(f"no way to write {hint} as JSON")


def underlying(hint: Any) -> Any:
    """The type behind a name such as `MessageId`."""
    while isinstance(hint, NewType):
        hint = hint.__supertype__
    return hint


def members_of(hint: Any) -> tuple[Any, ...]:
    """The members of a union; a type that is none is its only one."""
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _union(members: Any) -> Any:
    return Union[tuple(members)]  # noqa: UP007  (the members are known at run time only)


def _plain(kind: type) -> Codec:
    def decode(stored: Json) -> Any:
        if type(stored) is not kind:
            raise StoredWrong(f"{stored!r} stands where a {kind.__name__} belongs")
        return stored

    return Codec(lambda value: value, decode)


def _decimal(stored: Json) -> Decimal:
    """Exact, as text. Prices were numbers once, and those that were kept then still are."""
    try:
        number = Decimal(str(stored)) if type(stored) in (str, int, float) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        raise StoredWrong(f"{stored!r} stands where a number belongs")
    return number


def _checked(kind: type, make: Callable[[Any], Any]) -> Callable[[Json], Any]:
    def decode(stored: Json) -> Any:
        if type(stored) is not kind:
            raise StoredWrong(f"{stored!r} stands where a {kind.__name__} belongs")
        try:
            return make(stored)
        except ValueError as error:
            raise StoredWrong(str(error)) from error

    return decode


def _optional(inner: Codec) -> Codec:
    return Codec(
        lambda value: None if value is None else inner.encode(value),
        lambda stored: None if stored is None else inner.decode(stored),
    )


def _several(inner: Codec) -> Codec:
    def decode(stored: Json) -> tuple[Any, ...]:
        if not isinstance(stored, list):
            raise StoredWrong(f"{stored!r} stands where a list belongs")
        return tuple(inner.decode(each) for each in stored)  # pyright: ignore[reportUnknownVariableType]

    return Codec(lambda value: [inner.encode(each) for each in value], decode)


def _object(kind: Any) -> Codec:
    hints = get_type_hints(kind)
    parts = [(field.name, codec_of(hints[field.name])) for field in fields(kind)]
    optional = {
        field.name for field in fields(kind) if field.default is not MISSING or field.default_factory is not MISSING
    }

    def encode(value: Any) -> Json:
        return {name: codec.encode(getattr(value, name)) for name, codec in parts}

    def decode(stored: Json) -> Any:
        if not isinstance(stored, dict):
            raise StoredWrong(f"{stored!r} stands where a {kind.__name__} belongs")
        for name, _ in parts:
            if name not in stored and name not in optional:
                raise StoredWrong(f"a {kind.__name__} without {name!r}: {stored!r}")
        return kind(**{name: codec.decode(stored[name]) for name, codec in parts if name in stored})

    return Codec(encode, decode)


def _tagged(members: tuple[Any, ...]) -> Codec:
    if not all(is_dataclass(member) for member in members):
        raise TypeError(f"only dataclasses can be told apart in {members}")
    codecs = {member.__name__: _object(member) for member in members}

    def encode(value: Any) -> Json:
        name = type(value).__name__
        return {TAG: name, VERSION: FIRST_VERSION, **codecs[name].encode(value)}

    def decode(stored: Json) -> Any:
        if not isinstance(stored, dict) or TAG not in stored:
            raise StoredWrong(f"{stored!r} does not say which of {', '.join(codecs)} it is")
        return known(codecs, stored[TAG], stored.get(VERSION)).decode(stored)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]

    return Codec(encode, decode)


def known(codecs: dict[str, Codec], name: Json, version: Json) -> Codec:
    """The codec of a stored name and version; `StoredWrong` where this version of Deskline knows none."""
    codec = codecs.get(name)
    if codec is None or version != FIRST_VERSION:
        raise StoredWrong(f"{name!r} in version {version!r} is not known here; known are {', '.join(codecs)}")
    return codec
