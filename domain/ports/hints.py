"""Hints that something moved on: lost ones cost time and nothing else."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Bus(Protocol):
    """Hints that an organization's log, the journal or the outbox moved on. They may be lost, repeated or late."""

    def hint(self, topic: str, position: int = 0) -> None:
        """Topics: an organization's id, `JOURNAL` or `OUTBOX`."""
        ...

    def listen(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[int]]:
        """Positions hinted while inside; several waiting hints become one, the highest."""
        ...


JOURNAL = "journal"
OUTBOX = "outbox"
