"""Rows of the database and domain objects, both ways.

A column is named as the field it holds; where the field holds an id of ours, or a business account's, the name ends in
`_id`. `Thread.session`, `Thread.alarm` and `Identity.key` lie flat; other nested values are JSON text (`codecs`).
Instants, days and truth leave here as themselves, and are read back in either database's form (`times`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from functools import cache, partial
from types import NoneType
from typing import Any, Protocol, TypeAlias, TypeVar, cast, get_args, get_type_hints

from adapters.db.rows.codecs import (
    FIRST_VERSION,
    Codec,
    StoredWrong,
    codec_of,
    from_json,
    known,
    members_of,
    to_json,
    underlying,
)
from adapters.db.rows.tables import TABLES
from adapters.db.rows.times import aware, day_of, instant_of
from domain.contacts import Identity
from domain.conversations.threads import Thread
from domain.events import Event, LoggedEvent, thread_of
from domain.ids import DeliveryId, OrganizationId
from domain.people.organizations import Organization
from domain.rows import NOUN_OF, ROW_TYPES
from domain.text.words import plain

Value: TypeAlias = str | int | float | bytes | datetime | date | Sequence[str | None] | Sequence[tuple[str, str]] | None
"""What a statement takes: a column's value, or a list to look it up in."""

R = TypeVar("R")


class Record(Protocol):
    """A row as read, by either database's library; or a dictionary."""

    def __getitem__(self, name: str, /) -> Any: ...


_ELSEWHERE = frozenset({DeliveryId})
"""Ids of what is no stored noun: not of one organization."""

POINTING = frozenset(get_type_hints(kind)["id"] for kind in ROW_TYPES) - {str} | _ELSEWHERE
"""Ids whose columns end in `_id`; the network's other ids are named as their fields are."""

SEARCHED_END = "\x1f"
"""Stands between those texts in the column `searched`; what is looked for has none."""

FLAT: dict[tuple[type, str], str] = {
    (Thread, "session"): "session_",
    (Thread, "alarm"): "alarm_",
    (Identity, "key"): "",
}
"""Nested values that lie flat, and what their columns begin with."""


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    value: Callable[[Any], Value]
    is_read: bool = True


@dataclass(frozen=True, slots=True)
class _Layout:
    """How one type lies in its table."""

    columns: tuple[_Column, ...]
    build: Callable[[Record], Any]


# ---------------------------------------------------------------- rows


def table(row_type: type) -> str:
    """The name of the table that holds a type."""
    return TABLES[row_type]._meta.db_table  # pyright: ignore[reportPrivateUsage]


def columns(row_type: type) -> tuple[str, ...]:
    """The columns of a type's table, in the order of `to_values`."""
    return tuple(column.name for column in _layout(row_type).columns)


def selected(row_type: type, of: str | None = None) -> str:
    """A type's columns for a SELECT, quoted, and named as `of`'s where a join needs it."""
    prefix = f"{of}." if of else ""
    return ", ".join(f'{prefix}"{column.name}"' for column in _layout(row_type).columns if column.is_read)


def quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def to_values(row: object) -> tuple[Value, ...]:
    return tuple(column.value(row) for column in _layout(type(row)).columns)


def from_record(row_type: type[R], record: Record) -> R:
    """The domain object that a record of its table holds; raises `StoredWrong` where it holds none."""
    return _layout(row_type).build(record)


# ---------------------------------------------------------------- events

EVENT_COLUMNS = ("organization_id", "position", "at", "kind", "version", "thread_id", "refs")
_EVENTS: dict[str, Codec] = {member.__name__: codec_of(member) for member in get_args(Event)}


def event_values(organization: OrganizationId, logged: LoggedEvent) -> tuple[Value, ...]:
    """In the order of `EVENT_COLUMNS`."""
    kind = type(logged.event).__name__
    return (
        organization,
        logged.position,
        aware(logged.at),
        kind,
        FIRST_VERSION,
        thread_of(logged.event),
        to_json(_EVENTS[kind], logged.event),
    )


def event_from_record(record: Record) -> LoggedEvent:
    codec = known(_EVENTS, record["kind"], record["version"])
    return LoggedEvent(record["position"], instant_of(record["at"]), cast(Event, from_json(codec, record["refs"])))


# ---------------------------------------------------------------- layouts


@cache
def _layout(row_type: type) -> _Layout:
    hints = get_type_hints(row_type)
    laid: list[_Column] = []
    parts: list[tuple[str, Callable[[Record], Any]]] = []
    if row_type is Organization:
        laid.append(_Column("organization_id", lambda row: row.id))
    for field in fields(cast(Any, row_type)):
        prefix = FLAT.get((row_type, field.name))
        field_columns, read = (
            _one_column(field.name, hints[field.name])
            if prefix is None
            else _flat_columns(field.name, hints[field.name], prefix)
        )
        laid += field_columns
        parts.append((field.name, read))
    if row_type is Thread:
        laid.append(_Column("session_expires_at", _session_end))
    noun = NOUN_OF.get(row_type)
    if noun is not None and noun.searched:
        fold = folded if noun.accents_count else plain
        laid.append(_Column("searched", partial(_searched, noun.searched, fold), is_read=False))

    def build(record: Record) -> Any:
        return row_type(**{name: read(record) for name, read in parts})

    return _Layout(tuple(laid), build)


def _session_end(thread: Thread) -> Value:
    """Written for the sake of queries; never read back."""
    return None if thread.session is None else aware(thread.session.expires_at)


def _searched(names: Sequence[str], fold: Callable[[str], str], row: Any) -> Value:
    """Written for the sake of queries; never read back."""
    return searched((getattr(row, name) for name in names), fold)


def searched(texts: Iterable[str | None], fold: Callable[[str], str]) -> str:
    """Texts as one in which a folded word is found that is in one of them."""
    return SEARCHED_END.join(fold(text or "") for text in texts)


def folded(text: str) -> str:
    """With its case left out, in any script."""
    return text.casefold()


def _one_column(field: str, hint: Any) -> tuple[list[_Column], Callable[[Record], Any]]:
    name = _column_name(field, hint)
    codec, nullable = _column_codec(hint)

    def value(row: Any) -> Value:
        held = getattr(row, field)
        return None if held is None else codec.encode(held)

    def read(record: Record) -> Any:
        stored = record[name]
        if stored is not None:
            return codec.decode(stored)
        if not nullable:
            raise StoredWrong(f"nothing is stored in {name!r}")
        return None

    return [_Column(name, value)], read


def _flat_columns(field: str, hint: Any, prefix: str) -> tuple[list[_Column], Callable[[Record], Any]]:
    """The columns of a nested dataclass; it is None where its first column is NULL."""
    (kind,) = _present(hint)
    hints = get_type_hints(kind)
    names = [inner.name for inner in fields(kind)]
    codecs = {name: _column_codec(hints[name])[0] for name in names}

    def column(name: str) -> _Column:
        def value(row: Any) -> Value:
            held = getattr(row, field)
            return None if held is None else codecs[name].encode(getattr(held, name))

        return _Column(prefix + name, value)

    def read(record: Record) -> Any:
        if record[prefix + names[0]] is None:
            return None
        return kind(**{name: codecs[name].decode(record[prefix + name]) for name in names})

    return [column(name) for name in names], read


def _column_name(field: str, hint: Any) -> str:
    points = any(member in POINTING for member in _present(hint))
    return f"{field}_id" if points and field != "id" and not field.endswith("_id") else field


def _column_codec(hint: Any) -> tuple[Codec, bool]:
    """How a column holds a value that is there, and whether it may be absent."""
    present = _present(hint)
    nullable = len(present) < len(members_of(hint))
    if len(present) == 1 and (codec := _scalar_codec(underlying(present[0]))):
        return codec, nullable
    json = codec_of(hint)
    return Codec(lambda value: to_json(json, value), lambda stored: from_json(json, stored)), nullable


def _scalar_codec(kind: Any) -> Codec | None:
    """What a column holds as it is; None for what is written as JSON."""
    if kind in (str, int, float, bytes):
        return Codec(lambda value: value, lambda stored: stored)
    if kind is bool:
        return Codec(bool, bool)
    if kind is datetime:
        return Codec(aware, instant_of)
    if kind is date:
        return Codec(lambda value: value, day_of)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return Codec(str, lambda stored: _member(kind, stored))
    return None


def _member(kind: type[StrEnum], stored: str) -> StrEnum:
    try:
        return kind(stored)
    except ValueError as error:
        raise StoredWrong(f"{stored!r} is no {kind.__name__} known here") from error


def _present(hint: Any) -> tuple[Any, ...]:
    return tuple(member for member in members_of(hint) if member is not NoneType)
