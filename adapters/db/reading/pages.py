"""Keyset pages in SQL: one statement, `size` rows and one more.

A place is what a row is sorted by, as texts that sort as their values do: instants in their one form, numbers with
leading zeros, where those are not unique an id last. A place that is not of that form raises ValueError.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from adapters.db.rows.mapping import Record, Value, from_record, selected, table
from adapters.db.rows.times import instant_of, instant_text
from domain.ports.reads import Page, PageAsk

T = TypeVar("T")

NUMBER_WIDTH = 10


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that rows are sorted by: as SQL, as text of a row's place, and that text as a value again."""

    sql: str
    text: Callable[[Record], str]
    value: Callable[[str], Value]
    is_column: bool = True


@dataclass(frozen=True, slots=True)
class Order:
    """A page's keys, which together are unique. With `nulls_last` rows without the first come last either way."""

    keys: tuple[Key, ...]
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of a WHERE and its values."""

    sql: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    sql: str
    values: tuple[Value, ...]


def plain(column: str) -> Key:
    """A text column that is never NULL."""
    return Key(column, lambda record: record[column], _text)


def instant(column: str) -> Key:
    return Key(column, lambda record: _instant_place(record[column]), _instant)


def number(column: str) -> Key:
    return Key(column, lambda record: f"{record[column]:0{NUMBER_WIDTH}d}", _number)


def ranked(column: str, ranks: Sequence[str]) -> Key:
    """A column of a few known texts, sorted as they are listed."""
    known = {text: str(rank) for rank, text in enumerate(ranks)}
    cases = " ".join(f"WHEN '{text}' THEN '{rank}'" for text, rank in known.items())
    return Key(
        f"CASE {column} {cases} END", lambda record: known[record[column]], _one_of(frozenset(known.values())), False
    )


def page_statement(
    row_type: type[T], conditions: Sequence[Condition], order: Order, ask: PageAsk, led_by: str = ""
) -> Statement:
    """`led_by` follows the table's name. Raises ValueError where a place of `ask` is none of this order."""
    chosen = [*conditions, *_within(order, ask)]
    where = " AND ".join(condition.sql for condition in chosen)
    sql = (
        f"SELECT {selected(row_type)} FROM {table(row_type)}{led_by} WHERE {where} "
        f"ORDER BY {_order_by(order, backward=ask.from_end)} LIMIT ?"
    )
    return Statement(sql, (*(value for condition in chosen for value in condition.values), ask.size + 1))


def page(row_type: type[T], records: Sequence[Record], order: Order, ask: PageAsk) -> Page[T]:
    """The page out of what `page_statement` selected."""
    more = len(records) > ask.size
    chosen = list(records[: ask.size])
    if ask.from_end:
        chosen.reverse()
    return Page(
        rows=[from_record(row_type, record) for record in chosen],
        places=[tuple(key.text(record) for key in order.keys) for record in chosen],
        has_next=(more and not ask.from_end) or ask.before is not None,
        has_previous=(more and ask.from_end) or ask.after is not None,
    )


def _within(order: Order, ask: PageAsk) -> list[Condition]:
    conditions: list[Condition] = []
    if ask.after is not None:
        conditions.append(_beside(order, ask.after, later=True))
    if ask.before is not None:
        conditions.append(_beside(order, ask.before, later=False))
    return conditions


def _beside(order: Order, place: tuple[str, ...], *, later: bool) -> Condition:
    """Rows later or earlier than a place, in the order's own direction."""
    if len(place) != len(order.keys):
        raise ValueError("not a place on this page")
    sign = ">" if later is not order.descending else "<"
    if order.nulls_last and place[0] == "":
        return _beside_null(order, place, sign, later=later)
    columns = ", ".join(key.sql for key in order.keys)
    marks = ", ".join("?" for _ in order.keys)
    values = tuple(key.value(text) for key, text in zip(order.keys, place, strict=True))
    if order.nulls_last and later:
        return Condition(f"(({columns}) {sign} ({marks}) OR {order.keys[0].sql} IS NULL)", values)
    beside = Condition(f"({columns}) {sign} ({marks})", values)
    if order.keys[0].is_column:
        return beside
    # SQLite finds its way into an index by the columns of a pair, and not by an expression in it
    return Condition(f"{order.keys[0].sql} {sign}= ? AND {beside.sql}", (values[0], *values))


def _beside_null(order: Order, place: tuple[str, ...], sign: str, *, later: bool) -> Condition:
    first, second = order.keys
    values = (second.value(place[1]),)
    if later:
        return Condition(f"({first.sql} IS NULL AND {second.sql} {sign} ?)", values)
    return Condition(f"({first.sql} IS NOT NULL OR {second.sql} {sign} ?)", values)


def _order_by(order: Order, *, backward: bool) -> str:
    direction = "DESC" if order.descending is not backward else "ASC"
    parts = [f"{key.sql} {direction}" for key in order.keys]
    if order.nulls_last:
        parts[0] += " NULLS FIRST" if backward else " NULLS LAST"
    return ", ".join(parts)


def _instant_place(stored: str | datetime | None) -> str:
    return instant_text(stored) if isinstance(stored, datetime) else stored or ""


def _text(text: str) -> Value:
    if "\0" in text:
        raise ValueError("not a place on this page")
    return text


def _instant(text: str) -> Value:
    try:
        at = instant_of(text)
    except ValueError as error:
        raise ValueError("not a place on this page") from error
    if instant_text(at) != text:
        raise ValueError("not a place on this page")
    return at


def _number(text: str) -> Value:
    if len(text) != NUMBER_WIDTH or not text.isascii() or not text.isdigit():
        raise ValueError("not a place on this page")
    return int(text)


def _one_of(known: frozenset[str]) -> Callable[[str], Value]:
    def value(text: str) -> Value:
        if text not in known:
            raise ValueError("not a place on this page")
        return text

    return value
