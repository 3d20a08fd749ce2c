"""What readers ask a database through, whichever it is."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from adapters.db.dialect import Dialect
from adapters.db.reading.lending import Asker
from adapters.db.rows.mapping import Record, Value

READ_WITHIN_S = 3.0
"""How long a SELECT may take; then it is stopped, and raises `TookTooLong`."""


class Selects(Protocol):
    """Where to read: what is committed by now, or one instant."""

    @property
    def dialect(self) -> Dialect: ...

    async def select(self, sql: str, *values: Value) -> Sequence[Record]:
        """The rows of a SELECT whose values stand as `?`. Raises `Unavailable`."""
        ...


class Reading(Selects, Protocol):
    def asked_by(self, asker: Asker) -> "Reading":
        """The same, in the turns of whoever asks."""
        ...

    def snapshot(self) -> AbstractAsyncContextManager[Selects]:
        """Everything selected inside is of one instant."""
        ...
