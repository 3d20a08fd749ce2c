"""Readers are lent to whoever took least of them; a question is stopped once it takes too long or nobody waits."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from adapters.db.postgres.database import Connections, PostgresDatabase
from adapters.db.reading.lending import HOUSE, MUCH_S, Asker, Line
from adapters.db.sqlite.database import SqliteDatabase, open_sqlite
from adapters.memory import MemoryBus
from domain.errors import TookTooLong, Unavailable
from tests.adapters.shared_database import OnDisk, SharedDatabase
from tests.builders import ACME, GLOBEX, CountingIds, FixedClock

ADA, BOB, EVE = Asker(ACME, "ada"), Asker(ACME, "bob"), Asker(ACME, "eve")
GLO = Asker(GLOBEX, "glo")

ENDLESS = "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number) SELECT count(*) FROM number"


class Watch:
    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


class Desk:
    """People in a line, and in which order they were served."""

    def __init__(self, count: int) -> None:
        self.watch = Watch()
        self.line = Line(count, self.watch)
        self.served: list[Asker] = []

    async def asks(self, asker: Asker) -> "asyncio.Task[None]":
        async def wait() -> None:
            await self.line.take(asker)
            self.served.append(asker)

        task = asyncio.create_task(wait())
        await settled()
        return task

    async def took(self, asker: Asker, seconds: float) -> None:
        """Somebody had a connection for so long."""
        await self.line.take(asker)
        self.watch.s += seconds
        self.line.give(asker)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


# The line


async def test_who_took_as_much_as_others_has_it_in_the_order_of_asking() -> None:
    desk = Desk(1)
    for asker in (ADA, BOB, EVE, ADA):
        await desk.asks(asker)

    for asker in (ADA, BOB, EVE):
        desk.line.give(asker)
        await settled()

    assert desk.served == [ADA, BOB, EVE, ADA]


async def test_many_questions_of_one_do_not_go_before_the_first_of_another() -> None:
    desk = Desk(1)
    for asker in (ADA, ADA, ADA, BOB):
        await desk.asks(asker)

    desk.watch.s += 0.1
    desk.line.give(ADA)
    await settled()

    assert desk.served == [ADA, BOB]


async def test_an_organization_that_took_much_waits_for_one_that_did_not() -> None:
    desk = Desk(1)
    await desk.took(ADA, 1.0)
    for asker in (EVE, BOB, GLO):
        await desk.asks(asker)

    desk.line.give(EVE)
    await settled()

    assert desk.served == [EVE, GLO]


async def test_those_who_took_much_leave_one_to_the_others() -> None:
    desk = Desk(3)
    for asker in (ADA, BOB, EVE):
        await desk.took(asker, MUCH_S * 2)

    for asker in (ADA, BOB, EVE):
        await desk.asks(asker)
    assert desk.served == [ADA, BOB]

    await desk.asks(HOUSE)
    assert desk.served == [ADA, BOB, HOUSE]
    desk.line.give(HOUSE)
    await settled()
    assert desk.served == [ADA, BOB, HOUSE]

    desk.line.give(ADA)
    await settled()
    assert desk.served == [ADA, BOB, HOUSE, EVE]


async def test_what_somebody_took_is_forgotten_with_time() -> None:
    desk = Desk(2)
    await desk.took(ADA, MUCH_S * 2)
    desk.watch.s += 60.0

    await desk.asks(ADA)
    await desk.asks(ADA)

    assert desk.served == [ADA, ADA]


async def test_who_stops_waiting_leaves_no_gap_and_takes_nothing_along() -> None:
    desk = Desk(1)
    await desk.asks(ADA)
    waiting = await desk.asks(BOB)
    served_and_gone = await desk.asks(EVE)

    waiting.cancel()
    await settled()
    desk.line.give(ADA)
    served_and_gone.cancel()  # in the moment it was served
    await settled()
    await desk.asks(GLO)

    assert desk.served == [ADA, GLO]


async def test_who_asks_many_things_at_once_fails_only_where_none_is_answered_in_time() -> None:
    watch = Watch()
    line = Line(1, watch)
    await line.take(ADA, 0.01)
    second, third = (asyncio.create_task(line.take(ADA, 0.01)) for _ in range(2))
    await settled()

    watch.s = 0.009
    line.give(ADA)
    await second
    watch.s = 0.018  # the third came longer ago than that
    _, waiting = await asyncio.wait([third], timeout=0.05)
    assert waiting == {third}

    watch.s = 0.02  # and since the second's turn it is longer, too
    with pytest.raises(Unavailable):
        await third
    line.give(ADA)
    await line.take(BOB, 0.01)


async def test_a_closed_line_serves_nobody() -> None:
    desk = Desk(1)
    await desk.asks(ADA)
    waiting = await desk.asks(BOB)

    desk.line.close()
    await settled()

    assert isinstance(waiting.exception(), Unavailable)
    with pytest.raises(Unavailable):
        await desk.line.take(EVE)


async def test_accounts_of_people_who_left_are_closed() -> None:
    desk = Desk(1)
    for number in range(1_000):
        await desk.took(Asker(ACME, str(number)), 0.001)
        desk.watch.s += 60.0

    accounts = desk.line._accounts  # pyright: ignore[reportPrivateUsage]
    assert len(accounts) < 100


# What is asked of a database


@pytest.fixture
async def sqlite_desk(migrated: Path, tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    path = tmp_path / "desk.db"
    shutil.copy(migrated, path)
    database = await open_sqlite(path, FixedClock(), CountingIds(), MemoryBus())
    await database.start()
    yield database
    await database.close()


@pytest.fixture
async def postgres_desk(patient: None, shared: SharedDatabase) -> PostgresDatabase:
    return await shared.process(Connections(reads=3))


@pytest.fixture(params=["sqlite_desk", "postgres_desk"])
def database(request: pytest.FixtureRequest) -> OnDisk:
    return request.getfixturevalue(request.param)


async def answers(database: OnDisk) -> None:
    """On every connection that it has; a busy machine may take a while to make new ones."""
    async with asyncio.timeout(30):
        while not await _all_answer(database):
            pass


async def _all_answer(database: OnDisk) -> bool:
    try:
        async with database.readers.snapshot() as first, database.readers.snapshot() as second:
            for reading in (first, second, database.readers):
                assert (await reading.select("SELECT 1 AS one"))[0]["one"] == 1
    except Unavailable:
        return False
    return True


async def test_a_question_whose_asker_left_is_not_answered_to_the_end(database: OnDisk) -> None:
    askers = [asyncio.create_task(database.readers.asked_by(ADA).select(ENDLESS)) for _ in range(6)]
    try:
        await begun(database)
    finally:
        for asker in askers:
            asker.cancel()
        await asyncio.gather(*askers, return_exceptions=True)

    await answers(database)


async def test_a_question_in_a_snapshot_whose_asker_left_is_not_answered_to_the_end(database: OnDisk) -> None:
    async def ask() -> None:
        async with database.readers.snapshot() as reading:
            await reading.select(ENDLESS)

    askers = [asyncio.create_task(ask()) for _ in range(3)]
    try:
        await begun(database)
    finally:
        for asker in askers:
            asker.cancel()
        await asyncio.gather(*askers, return_exceptions=True)

    await answers(database)


async def test_a_question_that_takes_too_long_is_stopped_and_told_as_that(database: OnDisk) -> None:
    await hasten(database)

    with pytest.raises(TookTooLong):
        await database.readers.select(ENDLESS)
    with pytest.raises(TookTooLong):
        async with database.readers.snapshot() as reading:
            await reading.select(ENDLESS)

    await answers(database)


async def test_twelve_who_search_for_nothing_make_nobody_else_wait_for_all_of_them(database: OnDisk) -> None:
    await hasten(database)
    searched = 0

    async def search(who: str) -> None:
        nonlocal searched
        while True:
            try:
                await database.readers.asked_by(Asker(ACME, who)).select(ENDLESS)
            except TookTooLong:
                searched += 1
            except Unavailable:  # it waited too long for its turn
                await asyncio.sleep(0)

    searchers = [asyncio.create_task(search(str(number))) for number in range(12)]
    try:
        async with asyncio.timeout(60):
            while searched < 12:
                await asyncio.wait(searchers, timeout=0.05)
        before = searched
        for _ in range(10):
            await database.readers.asked_by(GLO).select("SELECT 1 AS one")
        meanwhile = searched - before
    finally:
        for task in searchers:
            task.cancel()
        await asyncio.gather(*searchers, return_exceptions=True)

    assert meanwhile < 60  # in the order of asking it would be twelve for each; in turn it is one, or what ends with it


async def hasten(database: OnDisk) -> None:
    """Let each question have a third of a second."""
    if isinstance(database, SqliteDatabase):
        database.readers.within_s = MUCH_S * 1.4
        return
    within = f"SELECT set_config('statement_timeout', '{MUCH_S * 1400:.0f}', false)"
    async with database.readers.snapshot() as first, database.readers.snapshot() as second:
        for reading in (first, second, database.readers):
            await reading.select(within)


async def begun(database: OnDisk) -> None:
    """All three connections are at it."""
    if isinstance(database, SqliteDatabase):
        await asyncio.sleep(0.05)  # whether a thread has begun can't be seen; the test holds either way
        return

    async def all_run() -> bool:
        (row,) = await database.writers.select(
            "SELECT count(*) AS held FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'WITH RECURSIVE%'"
            " AND datname = current_database()"
        )
        return row["held"] == 3

    await until(all_run)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while True:
            if await holds():
                return
