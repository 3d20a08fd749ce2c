"""Hints that something moved on: lost ones cost time and nothing else."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Bus(Protocol):
    """Hints that an organization's log, the webhook inbox or the outbox moved on. They may be lost, doubled or late."""

    def hint(self, topic: str, position: int = 0) -> None:
        """Topics: an organization's id, `WEBHOOK_INBOX` or `OUTBOX`."""
        ...

    def listen(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[int]]:
        """Positions hinted while inside; several waiting hints become one, the highest."""
        ...


WEBHOOK_INBOX = "webhook_inbox"
OUTBOX = "outbox"
