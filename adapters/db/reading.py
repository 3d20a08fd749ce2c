"""What readers ask a database through, whichever it is."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from adapters.db.dialect import Dialect
from adapters.db.mapping import Record, Value


class Selects(Protocol):
    """Where to read: what is committed by now, or one instant."""

    @property
    def dialect(self) -> Dialect: ...

    async def select(self, sql: str, *values: Value) -> Sequence[Record]:
        """The rows of a SELECT whose values stand as `?`. Raises `Unavailable`."""
        ...


class Reading(Selects, Protocol):
    def snapshot(self) -> AbstractAsyncContextManager[Selects]:
        """Everything selected inside is of one instant."""
        ...
