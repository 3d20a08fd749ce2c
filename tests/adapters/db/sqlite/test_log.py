"""SQLite's write-ahead log: kept short, told of where a foreign reader keeps it long, short again once that ends."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.db.reading.source import Selects
from adapters.db.sqlite.database import SqliteDatabase, open_sqlite
from adapters.db.sqlite.file import LOCKS, DatabaseFile
from adapters.db.sqlite.log import LogKeeper
from adapters.memory import MemoryBus
from domain.errors import TookTooLong
from domain.ids import DeliveryId
from tests.builders import CountingIds, FixedClock, a_delivery, an_id
from tests.peers.foreign_reader import foreign_reader

KEPT, LONG = 1 << 20, 4 << 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[SqliteDatabase]:
    database = await open_sqlite(path, FixedClock(), CountingIds(), MemoryBus())
    await database.migrate()
    await database.start()
    yield database
    await database.close()


@pytest.fixture
def file(path: Path, database: SqliteDatabase) -> DatabaseFile:
    return DatabaseFile(path)


@pytest.fixture
def keeper(file: DatabaseFile, database: SqliteDatabase) -> LogKeeper:
    return LogKeeper(file, database.writer, kept=KEPT, long=LONG)


async def write(database: SqliteDatabase, *, megabytes: int, first: int = 0) -> None:
    for number in range(first, first + megabytes):
        await database.webhook_inbox.append(a_delivery(DeliveryId(an_id(number)), b"x" * 1_000_000))


async def test_a_foreign_reader_that_keeps_the_log_long_is_told_once_and_it_shrinks_when_that_ends(
    path: Path, database: SqliteDatabase, file: DatabaseFile, keeper: LogKeeper
) -> None:
    with capture_logs() as lines:
        with foreign_reader(path) as process:
            await write(database, megabytes=6)
            for _ in range(3):
                await keeper.look()
            long = file.log_bytes()
            await write(database, megabytes=1, first=6)  # serving goes on
        await keeper.look()

    assert long > LONG
    assert file.log_bytes() == 0
    warning, relief = lines
    assert (warning["log_level"], warning["bytes"]) == ("warning", long)
    if LOCKS.exists():
        assert warning["processes"] == [process]
        assert file.other_readers() == []
    assert (relief["log_level"], relief["bytes"]) == ("info", 0)


async def test_a_long_log_that_nobody_reads_from_is_cut_without_a_word(
    database: SqliteDatabase, file: DatabaseFile, keeper: LogKeeper
) -> None:
    async with database.readers.snapshot() as reading:
        await reading.select("SELECT count(*) AS held FROM deliveries")
        await write(database, megabytes=6)
    assert file.log_bytes() > LONG

    with capture_logs() as lines:
        await keeper.look()

    assert lines == []
    assert file.log_bytes() == 0


async def test_a_short_log_is_left_as_it_is(database: SqliteDatabase, file: DatabaseFile, keeper: LogKeeper) -> None:
    assert await database.writer.cut_log()  # how much of it the migrations left is theirs
    await database.webhook_inbox.append(a_delivery())
    before = file.log_bytes()

    await keeper.look()

    assert 0 < file.log_bytes() == before


async def test_while_a_reader_stands_in_the_way_writing_waits_no_longer_than_before(
    path: Path, database: SqliteDatabase
) -> None:
    with foreign_reader(path):
        await write(database, megabytes=1)

        assert not await database.writer.cut_log()
        assert await database.writer.write(lambda held: held.execute("PRAGMA busy_timeout").fetchone()[0]) == 5_000
    assert await database.writer.cut_log()


async def test_a_snapshot_of_our_own_lets_go_in_time_whatever_its_reader_waits_for(
    database: SqliteDatabase, file: DatabaseFile, keeper: LogKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.db.sqlite.connections.SNAPSHOT_WITHIN_S", 0.3)
    async with database.readers.snapshot() as reading:
        with pytest.raises(TookTooLong):
            await reading_on(reading)
        await write(database, megabytes=6)

        await keeper.look()

        assert file.log_bytes() == 0
    assert await database.readers.select("SELECT 1 AS one")


async def reading_on(reading: Selects) -> None:
    while True:
        await reading.select("SELECT count(*) AS held FROM deliveries")


async def test_its_length_is_told(path: Path, database: SqliteDatabase) -> None:
    await write(database, megabytes=1)

    told = await database.condition()

    assert told.fault is None
    assert told.log_bytes == path.with_name("desk.db-wal").stat().st_size > 1_000_000


def test_a_database_without_a_log_has_none(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "plain.db")) as plain:
        plain.execute("CREATE TABLE t (x)")
    file = DatabaseFile(tmp_path / "plain.db")

    assert (file.log_bytes(), file.other_readers()) == (0, [])
