"""A database on a server, and as many processes at it as a test wants, all in one: each has its own connections."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from adapters.db.postgres.database import Connections, PostgresDatabase, open_postgres
from adapters.db.sqlite.database import SqliteDatabase
from adapters.memory import MemoryBus
from domain.ids import ContactId, DeliveryId
from domain.ports.deliveries import Delivery
from domain.ports.store import Store
from tests.builders import ACME, CountingIds, FixedClock, a_channel, a_contact, a_delivery, an_id, an_organization

OnDisk: TypeAlias = SqliteDatabase | PostgresDatabase


@dataclass(slots=True)
class SharedDatabase:
    """One database, and as many processes at it as a test wants."""

    url: str
    clock: FixedClock = field(default_factory=FixedClock)
    bus: MemoryBus = field(default_factory=MemoryBus)
    ids: CountingIds = field(default_factory=CountingIds)
    opened: list[PostgresDatabase] = field(default_factory=list[PostgresDatabase])

    async def process(self, connections: Connections | None = None, url: str | None = None) -> PostgresDatabase:
        database = await open_postgres(url or self.url, self.clock, self.ids, self.bus, connections=connections)
        await database.start()
        self.opened.append(database)
        return database


@asynccontextmanager
async def shared_at(url: str) -> AsyncGenerator[SharedDatabase]:
    """With Acme's organization, its channel and a contact."""
    shared = SharedDatabase(url)
    try:
        database = await shared.process()
        async with database.store.transaction(ACME) as tx:
            tx.save(an_organization(), a_channel(), a_contact())
        yield shared
    finally:
        for database in shared.opened:
            await database.close()


async def count(database: OnDisk, table: str, where: str = "true") -> int:
    (row,) = await database.readers.select(f"SELECT count(*) AS held FROM {table} WHERE {where}")
    return row["held"]


async def positions(database: OnDisk) -> list[int]:
    return [logged.position for logged in await database.reader.events(ACME, 0, 100_000)]


def delivery(number: int) -> Delivery:
    return a_delivery(DeliveryId(an_id(number)), b"{}")


async def works(database: OnDisk) -> None:
    async with asyncio.timeout(10):
        async with database.store.transaction(ACME) as tx:
            tx.save(a_contact(ContactId(an_id(900))))
        async with database.store.transaction(ACME, background=True) as tx:
            assert list(await tx.contacts([ContactId(an_id(900))])) == [an_id(900)]
        await database.webhook_inbox.append(delivery(900_000 + random.randrange(90_000)))


async def background_work_gets_its_turns(store: Store) -> None:
    """While people keep coming, at a store that has room for one."""
    turns = 0
    calls = 0

    async def call() -> None:
        nonlocal calls
        while turns < 5:
            async with store.transaction(ACME):
                calls += 1

    async def interpret() -> None:
        nonlocal turns
        while turns < 5:
            async with store.transaction(ACME, background=True):
                turns += 1

    async with asyncio.timeout(30):
        await asyncio.gather(interpret(), *(call() for _ in range(5)))

    assert calls < 100
