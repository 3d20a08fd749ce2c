"""What is done inside one transaction, with all it takes and nothing else: the network can't be reached from here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from domain.ports.bundle import Ports
from domain.ports.store import Look, Transaction


@dataclass(frozen=True, slots=True)
class Reading:
    """What a decision is made of: rows to read, the instant it holds for, and ids for what would come of it."""

    look: Look
    now: datetime
    new_id: Callable[[], str]


@dataclass
class Work:
    """A transaction, the instant it works at, and the ids for what it makes."""

    tx: Transaction
    now: datetime
    new_id: Callable[[], str]
    cause: str | None  # the request that is carried out; None where none is

    @classmethod
    def of(cls, ports: Ports, tx: Transaction, now: datetime) -> Self:
        return cls(tx, now, ports.ids.new, ports.ids.cause())

    @property
    def reading(self) -> Reading:
        return Reading(self.tx, self.now, self.new_id)
