"""The machine around the desk: time, names, passwords, sealed secrets, and how often somebody may try."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from domain.ids import (
    OrganizationId,
)


class Clock(Protocol):
    def now(self) -> datetime: ...

    async def wait(self, seconds: float) -> None:
        """As long by a clock that is never set."""
        ...


class Ids(Protocol):
    def new(self) -> str:
        """A UUIDv7 as text; rising within a process."""
        ...

    def secret(self) -> str:
        """At least 128 random bits, URL-safe text."""
        ...

    def cause(self) -> str | None:
        """The id of the request that is being carried out, by which the log finds all it causes; None where none is."""
        ...


class Passwords(Protocol):
    """Slow on purpose, and never on the event loop's thread."""

    def place(self, asker: str) -> AbstractAsyncContextManager[None]:
        """One of the few places at the hashing, to be had before `fits`. Each asker has an equal share of them.

        Raises Throttled where too many wait.
        """
        ...

    async def hash(self, password: str) -> str: ...

    async def fits(self, password: str, hashed: str | None) -> bool:
        """Costs the same where there is no hash: whoever asks can't tell an unknown address from a wrong password."""
        ...


class Vault(Protocol):
    """Secrets at rest: what is sealed for one organization and purpose opens for no other."""

    def seal(self, organization: OrganizationId, purpose: str, text: str) -> str: ...

    def open(self, organization: OrganizationId, purpose: str, sealed: str, *, channel: str) -> str | None:
        """None where no key opens it, as after one was removed too early; who runs this is told of the channel."""
        ...

    def print(self, text: str) -> str:
        """A keyed fingerprint: equal for equal secrets, useless without the key."""
        ...


class Throttle(Protocol):
    async def take(self, name: str, limit: int, per_s: float) -> float | None:
        """One more of `name`: None where fewer than `limit` came in the last `per_s` seconds, else seconds to wait."""
        ...

    async def give_back(self, name: str) -> None:
        """The newest that was taken of `name` turned out not to count."""
        ...

    async def turn(self, name: str, every_s: float, patience_s: float) -> bool:
        """Waits for a turn of `name`: one every `every_s` seconds in a process, by lot among those who wait.

        False for who did not have one within `patience_s` seconds.
        """
        ...
