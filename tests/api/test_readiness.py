"""`/readyz` where nothing can be stored: it says why, reading goes on, and it recovers by itself."""

import os
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from adapters.db.postgres.database import PostgresDatabase
from adapters.db.sqlite.database import SqliteDatabase
from api.http.app import create_app
from api.http.working import working
from api.settings import Settings
from api.wiring import Wired, wired
from domain.conversations.contents import MediaMessage
from domain.errors import Unavailable
from domain.files.media import MediaState
from schema.engine.values.cursors import Cursors
from schema.engine.values.media_links import LIFETIME, Purpose
from tests.builders import (
    ACME,
    MEDIA,
    a_channel,
    a_contact,
    a_delivery,
    a_media,
    a_thread,
    an_inbound,
    an_organization,
)
from tests.peers.servers import connect


@pytest.fixture(autouse=True)
def looked_at_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.readiness.LOOKED_AT_EVERY_S", 0)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Wired]:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'desk.db'}", graph_api_url="http://127.0.0.1:9")
    async with wired(settings) as desk:
        yield desk


@asynccontextmanager
async def asking(app: Starlette) -> AsyncGenerator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://desk") as http:
        yield http


async def is_ready(http: httpx.AsyncClient) -> tuple[int, str]:
    answer = await http.get("/readyz")
    assert (answer.status_code == 503) is ("retry-after" in answer.headers)
    return answer.status_code, answer.text.removesuffix("\n")


async def let_it_grow(database: SqliteDatabase, *, pages: int) -> None:
    """A disk that holds no more; SQLite takes at least what it has already."""

    def bound(connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    await database.writer.write(bound)


async def test_a_full_database_is_told_once_a_write_was_refused_and_until_one_would_not_be(desk: Wired) -> None:
    assert isinstance(desk.database, SqliteDatabase)
    async with asking(create_app(desk.settings, desk)) as http:
        await let_it_grow(desk.database, pages=1)
        with pytest.raises(Unavailable):
            await desk.ports.webhook_inbox.append(a_delivery(body=b"x" * 1_000_000))

        full = await is_ready(http)
        figures = (await http.get("/metrics")).text
        await let_it_grow(desk.database, pages=1_000_000)
        again = await is_ready(http)
        commits = desk.database.writer.commits
        await is_ready(http)

    assert full == (503, "the database can't be written: database or disk is full")
    assert "\ndeskline_database_wal_bytes 0.0\n" not in figures
    assert "\ndeskline_database_writable 0.0\n" in figures
    assert again == (200, "ready")
    assert desk.database.writer.commits == commits  # where nothing was refused, nothing is tried


async def test_what_was_refused_is_not_forgotten_by_a_transaction_that_stores_nothing(desk: Wired) -> None:
    assert isinstance(desk.database, SqliteDatabase)
    await let_it_grow(desk.database, pages=1)
    with pytest.raises(Unavailable):
        await desk.ports.webhook_inbox.append(a_delivery(body=b"x" * 1_000_000))

    await desk.database.writer.write(lambda connection: connection.execute("SELECT 1").fetchone())

    assert (await desk.database.condition()).fault is not None


async def test_trying_leaves_nothing_behind(desk: Wired, tmp_path: Path) -> None:
    assert isinstance(desk.database, SqliteDatabase)
    before = await tables(desk)
    await let_it_grow(desk.database, pages=1)
    with pytest.raises(Unavailable):
        await desk.ports.webhook_inbox.append(a_delivery(body=b"x" * 1_000_000))
    await let_it_grow(desk.database, pages=1_000_000)

    assert (await desk.database.condition()).fault is None
    assert await tables(desk) == before


async def tables(desk: Wired) -> list[str]:
    assert isinstance(desk.database, SqliteDatabase)
    return [row["sql"] for row in await desk.database.readers.select("SELECT sql FROM sqlite_master ORDER BY name")]


@pytest.mark.parametrize("alone", [False, True])
async def test_a_file_that_is_gone_is_told_and_nothing_is_taken_for_it_until_it_is_back(
    desk: Wired, tmp_path: Path, alone: bool
) -> None:
    async with asking(working(desk).app if alone else create_app(desk.settings, desk)) as http:
        (tmp_path / "desk.db").rename(tmp_path / "elsewhere")
        gone = await is_ready(http)
        with pytest.raises(Unavailable):
            await desk.ports.webhook_inbox.append(a_delivery())
        with pytest.raises(Unavailable):
            async with desk.ports.store.transaction(ACME) as tx:
                tx.save(an_organization())
        organizations = await desk.ports.directory.organizations()

        (tmp_path / "elsewhere").rename(tmp_path / "desk.db")
        back = await is_ready(http)
        await desk.ports.webhook_inbox.append(a_delivery())

    assert gone == (503, "the database file is gone")
    assert organizations == []
    assert back == (200, "ready")


async def test_a_file_that_was_replaced_is_told(desk: Wired, tmp_path: Path) -> None:
    async with asking(create_app(desk.settings, desk)) as http:
        (tmp_path / "other").write_bytes((tmp_path / "desk.db").read_bytes())
        os.replace(tmp_path / "other", tmp_path / "desk.db")

        assert await is_ready(http) == (503, "the database file was replaced by another")


async def test_a_disk_without_room_is_told_before_anything_is_refused(
    desk: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with asking(create_app(desk.settings, desk)) as http:
        monkeypatch.setattr("adapters.room.LEAST_BYTES", 1 << 62)
        full = await is_ready(http)
        monkeypatch.setattr("adapters.room.LEAST_BYTES", 0)

        assert full == (503, "the database's disk is full")
        assert await is_ready(http) == (200, "ready")


async def test_words_come_and_go_while_the_disk_of_the_files_is_full(
    desk: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(place: Path) -> bool:
        return place == desk.settings.media_folder

    async with asking(create_app(desk.settings, desk)) as http:
        monkeypatch.setattr("api.readiness.is_full", is_full)

        assert await is_ready(http) == (200, "ready, but no file can be kept: their disk is full")


async def test_it_is_looked_at_once_a_second_however_many_ask(
    desk: Wired, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.readiness.LOOKED_AT_EVERY_S", 3600)
    async with asking(create_app(desk.settings, desk)) as http:
        first = await is_ready(http)
        (tmp_path / "desk.db").rename(tmp_path / "elsewhere")

        assert await is_ready(http) == first == (200, "ready")


async def test_a_lost_file_is_told_while_nothing_can_be_written(desk: Wired, tmp_path: Path) -> None:
    media = a_media(message=an_inbound().id, state=MediaState.READY, size=7, stored_as="0190-file")
    async with desk.ports.store.transaction(ACME) as tx:
        tx.save(an_organization(), a_channel(), a_contact(), a_thread(), media)
        tx.save(an_inbound(content=MediaMessage(MEDIA)))
    links = Cursors(desk.keys.cursors, desk.settings.public_url).links
    link = links.url(Purpose.GET, ACME, MEDIA, desk.ports.clock.now() + LIFETIME)
    async with asking(create_app(desk.settings, desk)) as http:
        (tmp_path / "desk.db").rename(tmp_path / "elsewhere")

        answer = await http.get(link)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


# PostgreSQL


@pytest.fixture
async def on_postgres(postgres_url: str) -> AsyncIterator[Wired]:
    from adapters.bus import MemoryBus
    from adapters.db.database import open_database
    from adapters.system import SystemClock, SystemIds

    database = await open_database(postgres_url, SystemClock(), SystemIds(), MemoryBus())
    await database.migrate()
    await database.close()
    settings = Settings.model_validate({"database_url": postgres_url, "secret_key": "a-secret-key-for-the-tests"})
    async with wired(settings) as desk:
        yield desk


async def test_a_read_only_server_is_told(on_postgres: Wired, postgres_url: str) -> None:
    name = postgres_url.rpartition("/")[2]
    session = await connect(postgres_url)
    async with asking(create_app(on_postgres.settings, on_postgres)) as http:
        assert await is_ready(http) == (200, "ready")
        await session.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        await session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        told = {(await is_ready(http))[1] for _ in range(10)}  # the first to ask may find its connection cut
        await session.execute("SET default_transaction_read_only = off")
        await session.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    await session.close()

    assert "the database is read-only" in told
    assert told <= {"the database is read-only", "the database does not answer"}


async def test_a_full_disk_of_the_server_is_told_until_there_is_room(on_postgres: Wired, postgres_url: str) -> None:
    """PostgreSQL's own words, said by it; that its disk has room all the while is found out by trying."""
    database = on_postgres.database
    assert isinstance(database, PostgresDatabase)
    for pool in (database.writers, database.readers):
        with pytest.raises(Unavailable):
            async with pool.lent() as connection:
                await connection.run("DO $$ BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$")
    assert database.writers.refused == "could not extend file"

    assert (await database.condition()).fault is None
    assert database.writers.refused is None
