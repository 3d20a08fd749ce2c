"""SQLite as the desk relies on it: what was acknowledged stays, whoever is cancelled, killed or in a hurry."""

import asyncio
import os
import random
import signal
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from adapters.db.rows.tables.conversations import MessageRow, ThreadRow
from adapters.db.sqlite.database import SqliteDatabase, open_sqlite
from adapters.memory import MemoryBus
from domain.errors import Unavailable
from domain.events import QuotaChanged, ThreadChanged
from domain.ids import ContactId
from domain.ports.deliveries import DeliveryState
from domain.ports.hints import OUTBOX, WEBHOOK_INBOX
from tests.adapters.db.dying import store_and_die
from tests.adapters.shared_database import background_work_gets_its_turns, count, delivery, positions, works
from tests.builders import (
    ACME,
    CONTACT,
    NOON,
    OUR_MESSAGE,
    THREAD,
    CountingIds,
    FixedClock,
    a_channel,
    a_contact,
    a_session,
    a_thread,
    an_id,
    an_inbound,
    an_organization,
    an_outbound,
    an_outbox_item,
)
from tests.due import due_sends


class Fire(Exception):
    pass


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


@pytest.fixture
async def database(path: Path, bus: MemoryBus) -> AsyncIterator[SqliteDatabase]:
    """Acme's database, with the organization, its channel and a contact."""
    database = await open_sqlite(path, FixedClock(), CountingIds(), bus)
    await database.migrate()
    await database.start()
    async with database.store.transaction(ACME) as tx:
        tx.save(an_organization(), a_channel(), a_contact())
    yield database
    await database.close()


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


# Settings


async def test_the_writing_connection_keeps_what_it_acknowledged(database: SqliteDatabase) -> None:
    def pragmas(connection: sqlite3.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "busy_timeout", "foreign_keys", "query_only")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await database.writer.write(pragmas) == ["wal", 2, 5000, 1, 0]


async def test_a_reading_connection_can_not_write(database: SqliteDatabase) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.readers.select("DELETE FROM contacts")

    assert await count(database, "contacts") == 1


async def test_tortoise_models_read_what_the_store_wrote(database: SqliteDatabase) -> None:
    async with database.store.transaction(ACME) as tx:
        tx.save(a_thread(session=a_session()), an_inbound())

    thread = await ThreadRow.get(organization_id=ACME, id=THREAD)
    message = await MessageRow.filter(organization_id=ACME, at__gte=NOON, extends_session=True).get()

    assert (thread.session_opened_at, thread.owner_id, thread.unread_count) == (NOON, None, 0)
    assert (message.at, message.extends_session, message.thread_id) == (NOON, True, THREAD)


# Deliveries


async def test_many_deliveries_at_a_time_share_commits(database: SqliteDatabase) -> None:
    before = database.writer.commits

    await asyncio.gather(*(database.webhook_inbox.append(delivery(number)) for number in range(50)))

    assert len(await database.webhook_inbox.waiting(100)) == 50
    assert 1 <= database.writer.commits - before < 50


async def test_an_acknowledged_delivery_outlives_the_process(database: SqliteDatabase, path: Path) -> None:
    died_of, told = await asyncio.to_thread(store_and_die, f"sqlite:///{path}")

    assert died_of == signal.SIGKILL
    assert 29 in told
    kept = {each.id for each in await database.webhook_inbox.waiting(100)}
    assert {an_id(number) for number in told} <= kept


# Turns


async def test_appends_go_first_then_people_and_background_work_is_not_forgotten(database: SqliteDatabase) -> None:
    order: list[str] = []

    async def append(number: int) -> None:
        await database.webhook_inbox.append(delivery(number))
        order.append("append")

    async def turn(name: str, *, background: bool = False) -> None:
        async with database.store.transaction(ACME, background=background):
            order.append(name)

    async with database.store.transaction(ACME):
        asked = [
            asyncio.create_task(each)
            for each in (
                turn("interpretation", background=True),
                turn("Ada"),
                turn("Bob"),
                turn("clean-up", background=True),
                append(1),
                append(2),
            )
        ]
        await asyncio.sleep(0)
    await asyncio.gather(*asked)

    assert order == ["append", "append", "Ada", "interpretation", "Bob", "clean-up"]


async def test_a_stream_of_deliveries_does_not_keep_background_work_from_its_turns(database: SqliteDatabase) -> None:
    turns = 0
    numbers = iter(range(100_000))

    async def post() -> None:
        while turns < 10:
            await database.webhook_inbox.append(delivery(next(numbers)))

    async def interpret() -> None:
        nonlocal turns
        while turns < 10:
            async with database.store.transaction(ACME, background=True):
                turns += 1

    async with asyncio.timeout(30):
        await asyncio.gather(interpret(), *(post() for _ in range(5)))

    assert await count(database, "deliveries") < 1_000


async def test_people_do_not_keep_background_work_from_its_turns(database: SqliteDatabase) -> None:
    await background_work_gets_its_turns(database.store)


# The log


async def test_whoever_listens_is_told_after_the_commit(database: SqliteDatabase, bus: MemoryBus) -> None:
    async with bus.listen(ACME) as log, bus.listen(OUTBOX) as outbox, bus.listen(WEBHOOK_INBOX) as webhook_inbox:
        async with database.store.transaction(ACME) as tx:
            tx.save(a_thread(), an_outbound(), an_outbox_item())
            tx.record(QuotaChanged(), ThreadChanged(THREAD))
        await database.webhook_inbox.append(delivery(1))

        async with asyncio.timeout(10):
            assert await anext(log) == 2
            await anext(outbox)
            await anext(webhook_inbox)
    assert await positions(database) == [1, 2]
    assert await due_sends(database.store, NOON, 10) == [(ACME, OUR_MESSAGE)]


# Cancelled


async def test_hundreds_of_cancelled_transactions_leave_the_desk_working_and_whole(database: SqliteDatabase) -> None:
    chance = random.Random(7)
    loop = asyncio.get_running_loop()

    async def work(number: int) -> None:
        async with database.store.transaction(ACME, background=chance.random() < 0.5) as tx:
            tx.save(a_contact(ContactId(an_id(number))))
            await tx.contacts([CONTACT])
            tx.record(QuotaChanged())
            await tx.threads([])

    async def read() -> None:
        async with database.reader.snapshot(ACME) as reads:
            await reads.head(ACME)

    for batch in range(20):
        tasks = [asyncio.create_task(work(batch * 20 + number)) for number in range(20)]
        tasks += [
            asyncio.create_task(database.webhook_inbox.append(delivery(batch * 20 + number))) for number in range(5)
        ]
        tasks += [asyncio.create_task(read()) for _ in range(10)]
        for task in tasks:
            loop.call_later(chance.random() * 0.01, task.cancel)
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(answer) for answer in answers} <= {type(None), asyncio.CancelledError}

    async with asyncio.timeout(10):
        await work(1_000)
        await asyncio.gather(*(read() for _ in range(5)))
    kept = await count(database, "contacts") - 1
    assert 1 <= kept <= 400
    assert await positions(database) == list(range(1, kept + 1))


async def test_who_is_cancelled_while_waiting_for_a_turn_gives_it_up(database: SqliteDatabase) -> None:
    async def enter() -> None:
        async with database.store.transaction(ACME) as tx:
            tx.record(QuotaChanged())

    async with database.store.transaction(ACME):
        waiting = asyncio.create_task(enter())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    async with asyncio.timeout(10):
        await enter()
    assert await positions(database) == [1]


# What goes wrong


async def test_a_transaction_that_went_on_after_a_failed_statement_commits_nothing(database: SqliteDatabase) -> None:
    async def go_on() -> None:
        async with database.store.transaction(ACME) as tx:
            tx.save(a_thread(contact=ContactId("nobody")))
            with suppress(sqlite3.IntegrityError):
                await tx.threads([THREAD])
            tx.save(a_contact(ContactId(an_id(1))))

    with pytest.raises(RuntimeError, match="nothing was committed"):
        await go_on()

    assert await count(database, "contacts") == 1
    await works(database)


async def test_a_database_that_another_process_keeps_locked_is_unavailable_and_nothing_is_lost(
    database: SqliteDatabase, path: Path
) -> None:
    await database.writer.write(impatient)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(Unavailable):
            async with database.store.transaction(ACME):
                pytest.fail("the transaction began")
        with pytest.raises(Unavailable):
            await database.webhook_inbox.append(delivery(1))
        assert await count(database, "contacts") == 1

        other.execute("ROLLBACK")
    await database.webhook_inbox.append(delivery(2))
    assert [each.id for each in await database.webhook_inbox.waiting(10)] == [an_id(2)]
    await works(database)


def impatient(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA busy_timeout = 20")


async def test_a_full_disk_is_unavailable_until_there_is_room_again(database: SqliteDatabase) -> None:
    await database.writer.write(partial(pages, most=1))

    with pytest.raises(Unavailable):
        await database.webhook_inbox.append(replace(delivery(1), body=b"x" * 1_000_000))
    with pytest.raises(Unavailable):
        async with database.store.transaction(ACME) as tx:
            tx.save(a_thread(), an_inbound(text="x" * 1_000_000))

    await database.writer.write(partial(pages, most=100_000))
    await database.webhook_inbox.append(replace(delivery(1), body=b"x" * 1_000_000))
    await works(database)


def pages(connection: sqlite3.Connection, *, most: int) -> None:
    """A disk that holds no more; SQLite takes at least what it has already."""
    connection.execute(f"PRAGMA max_page_count = {most}")


async def test_readers_that_are_all_lent_for_too_long_are_unavailable(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.db.sqlite.connections.READER_WAIT_S", 0.01)

    async def nested(depth: int) -> None:
        async with database.readers.snapshot():
            if depth:
                await nested(depth - 1)

    with pytest.raises(Unavailable):
        await nested(10)
    assert await count(database, "contacts") == 1


async def test_a_closed_database_ends_what_was_begun_and_takes_nothing_more(
    path: Path, database: SqliteDatabase
) -> None:
    async def slow() -> None:
        async with database.store.transaction(ACME) as tx:
            await tx.contacts([CONTACT])
            tx.save(a_contact(ContactId(an_id(1))))

    asked: Sequence[asyncio.Task[None]] = [
        asyncio.create_task(slow()),
        asyncio.create_task(database.webhook_inbox.append(delivery(1))),
    ]
    await asyncio.sleep(0)
    await database.close()

    await asyncio.gather(*asked)
    with pytest.raises(Unavailable):
        await database.webhook_inbox.append(delivery(2))
    with pytest.raises(Unavailable):
        async with database.store.transaction(ACME):
            pytest.fail("the transaction began")
    with pytest.raises(Unavailable):
        await database.webhook_inbox.counts()
    with closing(sqlite3.connect(path)) as after:
        assert after.execute("SELECT count(*) FROM contacts").fetchone() == (2,)
        assert after.execute("SELECT state FROM deliveries").fetchall() == [(DeliveryState.WAITING,)]


async def test_the_folder_holds_one_database_once_it_is_closed(database: SqliteDatabase, path: Path) -> None:
    await database.close()

    assert os.listdir(path.parent) == [path.name]
