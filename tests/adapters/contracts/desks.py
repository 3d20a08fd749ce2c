"""A desk's storage under test, whichever adapter stands behind it, with the words the suites are written in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from adapters.memory import MemoryBus
from domain.errors import WriteConflict
from domain.events import Event
from domain.ids import OrganizationId
from domain.ports.deliveries import WebhookInbox
from domain.ports.directory import Directory
from domain.ports.reads import Page, PageAsk, Reader
from domain.ports.store import Store
from domain.rows import Row
from tests.builders import (
    ACME,
    GLOBEX,
    CountingIds,
    FixedClock,
    a_channel,
    a_contact,
    a_user,
    an_organization,
)

T = TypeVar("T")


class DeskOnFire(Exception):
    """Something goes wrong in the middle of a transaction."""


@dataclass(frozen=True, slots=True)
class Desk:
    clock: FixedClock
    ids: CountingIds
    bus: MemoryBus
    store: Store
    webhook_inbox: WebhookInbox
    directory: Directory
    reader: Reader
    conflict: tuple[type[Exception], ...]  # what the adapter raises for a row that may not be
    other_worker: Callable[[], Awaitable[WebhookInbox]]  # the same journal, as another process has it

    async def given(self, *rows: Row, organization: OrganizationId = ACME) -> None:
        async with self.store.transaction(organization) as tx:
            tx.save(*rows)

    async def happened(self, *events: Event, organization: OrganizationId = ACME) -> None:
        async with self.store.transaction(organization) as tx:
            tx.record(*events)

    async def again(self, work: Callable[[], Awaitable[T]]) -> T:
        """Work that is tried again where its transaction collided with another, as use cases are."""
        tries = 0
        while True:
            try:
                return await work()
            except WriteConflict:
                tries += 1
                assert await self.store.pause(tries), "it collided too often"

    async def log(self, organization: OrganizationId = ACME) -> list[tuple[int, Event]]:
        return [(logged.position, logged.event) for logged in await self.reader.events(organization, 0, 1000)]

    async def opened(self) -> "Desk":
        """Acme and Globex, each with a person, a channel and a contact of the same ids."""
        for organization, name in ((ACME, "Acme"), (GLOBEX, "Globex")):
            await self.given(
                an_organization(organization, name=name),
                a_user(organization=organization),
                a_channel(organization=organization),
                a_contact(organization=organization),
                organization=organization,
            )
        return self


async def walked(turn: Callable[[PageAsk], Awaitable[Page[T]]], size: int, *, backward: bool = False) -> list[T]:
    """Every row, page by page from the first to the last, or from the last to the first."""
    rows: list[T] = []
    ask = PageAsk(size, from_end=backward)
    while True:
        page = await turn(ask)
        assert len(page.rows) == len(page.places) <= size
        if backward:
            rows = [*page.rows, *rows]
            if not page.has_previous:
                return rows
            ask = PageAsk(size, before=page.places[0], from_end=True)
        else:
            rows = [*rows, *page.rows]
            if not page.has_next:
                return rows
            ask = PageAsk(size, after=page.places[-1])
