"""One order of locks: what a transaction reads to change is locked until its end, so all of them lock in one order.

The order is `domain.rows.LOCK_ORDER`. Every transaction of every story is held against it.
"""

from collections.abc import Awaitable, Callable, Iterator
from functools import wraps
from typing import Any, cast

from domain.ports.store import Transaction
from domain.rows import LOCK_ORDER, WATCHED, Row
from domain.tickets import Ticket

TURNS, NUMBERS = "turns", "ticket numbers"


class LocksInOrder:
    """A transaction, with what each of its questions locks held against the order."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._held: set[tuple[type[Row], str]] = set()
        self._last: type[Row] | str | None = None

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._tx, name)
        if name in ("organization", "unheld", "remove", "record", "finish"):
            return method
        asked = cast("Callable[..., Awaitable[object]]", method)

        @wraps(asked)
        async def watched(*args: object, **kwargs: object) -> object:
            if name == "take_turns":
                assert self._last is None, "turns are taken before anything is locked"
            answer = await asked(*args, **kwargs)
            if name == "next_ticket_numbers":
                self._note(NUMBERS)
            for row in _rows_in(answer):
                self._hold(row)
            return answer

        return watched

    def save(self, *rows: Row) -> None:
        """What is new nobody else can wait for."""
        self._held |= {(type(row), row.id) for row in rows}
        self._tx.save(*rows)

    def _hold(self, row: Row) -> None:
        key = (type(row), row.id)
        if type(row) in WATCHED or key in self._held:
            return
        self._held.add(key)
        self._note(type(row))

    def _note(self, what: type[Row] | str) -> None:
        in_order = self._last is None or _rank(what) >= _rank(self._last)
        assert in_order, f"{_name(what)} is locked after {_name(self._last or what)}; see LOCK_ORDER"
        self._last = what


def _rank(what: type[Row] | str) -> float:
    return LOCK_ORDER.index(Ticket) + 0.5 if isinstance(what, str) else LOCK_ORDER.index(what)


def _name(what: type[Row] | str) -> str:
    return what if isinstance(what, str) else f"a {what.__name__}"


def _rows_in(answer: object) -> Iterator[Row]:
    if isinstance(answer, Row):
        yield answer
    elif isinstance(answer, dict):
        yield from _rows_in(list(cast("dict[object, object]", answer).values()))
    elif isinstance(answer, list):
        for each in cast("list[object]", answer):
            yield from _rows_in(each)
