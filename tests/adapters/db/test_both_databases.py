"""What both databases promise alike: a transaction is whole or nothing, the log has no gap, a delivery is kept."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.db.sqlite.database import SqliteDatabase, open_sqlite
from adapters.memory import MemoryBus
from domain.errors import WriteConflict
from domain.events import QuotaChanged
from domain.ports.store import Transaction
from tests.adapters.shared_database import OnDisk, SharedDatabase, delivery, positions
from tests.builders import (
    ACME,
    THREAD,
    CountingIds,
    FixedClock,
    a_channel,
    a_contact,
    an_id,
    an_organization,
)


class Fire(Exception):
    pass


@pytest.fixture
async def on_sqlite(migrated: Path, tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    path = tmp_path / "desk.db"
    shutil.copy(migrated, path)
    database = await open_sqlite(path, FixedClock(), CountingIds(), MemoryBus())
    await database.start()
    async with database.store.transaction(ACME) as tx:
        tx.save(an_organization(), a_channel(), a_contact())
    yield database
    await database.close()


@pytest.fixture
def on_postgres(patient: None, shared: SharedDatabase) -> OnDisk:
    return shared.opened[0]


@pytest.fixture(params=["on_sqlite", "on_postgres"])
def database(request: pytest.FixtureRequest) -> OnDisk:
    """With Acme's organization, its channel and a contact."""
    return request.getfixturevalue(request.param)


async def test_positions_have_no_gap_whatever_is_rolled_back_meanwhile(database: OnDisk) -> None:
    async def work(number: int) -> None:
        with suppress(Fire):
            async with database.store.transaction(ACME, background=number % 2 == 0) as tx:
                tx.record(*[QuotaChanged()] * (number % 4))
                await tx.threads([THREAD])
                if number % 3 == 0:
                    raise Fire

    await asyncio.gather(*(work(number) for number in range(100)))

    kept = sum(number % 4 for number in range(100) if number % 3 != 0)
    assert await positions(database) == list(range(1, kept + 1))
    assert (await database.reader.head(ACME)).position == kept


async def test_a_transaction_is_of_no_use_outside_its_block(database: OnDisk) -> None:
    async with database.store.transaction(ACME) as tx:
        kept: Transaction = tx

    with pytest.raises(AssertionError, match="outside its block"):
        await kept.threads([THREAD])


async def test_a_delivery_that_can_not_be_stored_spoils_no_other(database: OnDisk) -> None:
    await database.webhook_inbox.append(delivery(3))

    one, two, again, *others = await asyncio.gather(
        *(database.webhook_inbox.append(delivery(number)) for number in range(1, 6)), return_exceptions=True
    )

    assert isinstance(again, sqlite3.IntegrityError | WriteConflict)
    assert [one, two, *others] == [None] * 4
    assert [each.id for each in await database.webhook_inbox.waiting(10)] == [an_id(number) for number in range(1, 6)]


async def test_a_delivery_whose_sender_hung_up_is_kept_all_the_same(database: OnDisk) -> None:
    poster = asyncio.create_task(database.webhook_inbox.append(delivery(1)))
    await asyncio.sleep(0)
    poster.cancel()

    await database.webhook_inbox.append(delivery(2))
    await database.webhook_inbox.append(delivery(3))

    assert [each.id for each in await database.webhook_inbox.waiting(10)] == [an_id(1), an_id(2), an_id(3)]
