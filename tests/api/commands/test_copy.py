"""A desk moved from SQLite to PostgreSQL: row by row the same, or nothing happened."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from adapters.bus import MemoryBus
from adapters.db.database import Database, open_database
from adapters.db.migrating import copy
from adapters.db.migrating.copy import Copied, copy_database
from adapters.db.migrating.history import DatabaseRefused
from adapters.system import SystemClock, SystemIds
from domain.channels.template_sync import TemplateSync
from domain.conversations.contents import Text
from domain.events import MessageAdded
from domain.ids import ContactId, DeliveryId, OrganizationId
from domain.ports.directory import DirectoryEntry
from tests.builders import (
    ACCOUNT,
    ACME,
    GLOBEX,
    MESSAGE,
    NOON,
    OUR_MESSAGE,
    THREAD,
    USER,
    a_channel,
    a_connection_draft,
    a_contact,
    a_delivery,
    a_library_item,
    a_mark,
    a_media,
    a_pace,
    a_parked,
    a_period,
    a_registration,
    a_remembered,
    a_sign_in,
    a_team,
    a_template,
    a_thread,
    a_ticket,
    a_ticket_change,
    a_user,
    an_api_key,
    an_entry,
    an_id,
    an_identity,
    an_inbound,
    an_organization,
    an_outbound,
    an_outbox_item,
    an_update_record,
)
from tests.peers.servers import connect

HISTORY = "tortoise_migrations"
STRANGE = "naïve 🦊 'quoted' \\ and \x7f, \u2028 over lines\n\t"


@pytest.fixture
async def source(tmp_path: Path) -> str:
    """A desk with something in every table."""
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    database = await opened(url)
    await fill(database)
    await database.close()
    return url


async def opened(url: str) -> Database:
    database = await open_database(url, SystemClock(), SystemIds(), MemoryBus())
    await database.migrate()
    await database.start()
    return database


async def fill(database: Database) -> None:
    async with database.store.transaction(GLOBEX) as tx:
        tx.save(an_organization(GLOBEX, name="Globex"))
        tx.record(MessageAdded(THREAD, MESSAGE))
    async with database.store.transaction(ACME) as tx:
        tx.save(an_organization(), a_user(), an_api_key(last_used_at=NOON), a_sign_in(), a_channel(), a_template())
        tx.save(TemplateSync(ACME, ACCOUNT, NOON), a_team(members=(USER,)))
        tx.save(a_connection_draft(), a_registration())
        tx.save(a_contact(), an_identity(), a_thread(), a_media(), a_ticket(), a_ticket_change(), a_pace())
        tx.save(a_library_item(media=a_media().id))
        tx.save(an_inbound(content=Text(STRANGE)), an_outbound(), a_mark(), a_period(), an_entry(), an_outbox_item())
        tx.save(a_remembered(), an_update_record(), a_parked())
        tx.record(MessageAdded(THREAD, MESSAGE), MessageAdded(THREAD, OUR_MESSAGE))
        await tx.enlist(DirectoryEntry.ORGANIZATION, "acme", "")
        await tx.next_ticket_numbers(7)
    async with database.store.transaction(ACME) as tx:  # more than travel together
        tx.save(*(replace(a_contact(), id=ContactId(an_id(number))) for number in range(23)))
    for number in range(11):
        body = bytes(range(256)) + STRANGE.encode()
        await database.webhook_inbox.append(a_delivery(DeliveryId(an_id(number)), body))


async def moved(source: str, target: str, *, migrate: bool = True) -> Copied:
    return await copy_database(source, target, SystemIds(), migrate=migrate)


async def test_every_row_of_every_table_arrives_as_it_was(
    source: str, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy, "ROWS_AT_A_TIME", 10)
    monkeypatch.setattr(copy, "BODIES_AT_A_TIME", 4)

    copied = await moved(source, postgres_url)

    before, after = rows_of_file(source), await rows_of_server(postgres_url)
    assert [name for name, rows in before.items() if not rows] == [], "these tables were not tried"
    epochs = without(before, "event_counters", "epoch"), without(after, "event_counters", "epoch")
    assert before == after
    assert copied.rows == sum(map(len, before.values()))
    assert copied.organizations == (ACME, GLOBEX)
    assert not set(epochs[0]) & set(epochs[1])


async def test_the_moved_desk_goes_on_where_the_old_one_stood(source: str, postgres_url: str) -> None:
    await moved(source, postgres_url)

    database = await opened(postgres_url)
    head = await database.reader.head(ACME)
    async with database.store.transaction(ACME) as tx:
        tx.record(MessageAdded(THREAD, MESSAGE))
        number = await tx.next_ticket_numbers(1)
    logged = await database.reader.events(ACME, 0, 10)
    await database.close()

    assert (head.position, number) == (2, 8)
    assert [each.position for each in logged] == [1, 2, 3]


async def test_a_desk_that_is_served_is_not_copied(source: str, postgres_url: str) -> None:
    serving = await opened(source)
    try:
        with pytest.raises(DatabaseRefused, match=r"desk\.db is in use\. Stop the Deskline that serves it"):
            await moved(source, postgres_url)
    finally:
        await serving.close()

    assert await rows_of_server(postgres_url) == {name: [] for name in rows_of_file(source)}


async def test_a_target_with_rows_in_it_is_refused_and_stays_as_it_was(source: str, postgres_url: str) -> None:
    theirs = await opened(postgres_url)
    async with theirs.store.transaction(OrganizationId("other")) as tx:
        tx.save(an_organization(OrganizationId("other")))
    await theirs.close()
    before = await rows_of_server(postgres_url)

    with pytest.raises(DatabaseRefused, match="The target is not empty: there are rows in event_counters, organ"):
        await moved(source, postgres_url)

    assert await rows_of_server(postgres_url) == before


async def test_a_target_without_tables_is_migrated_only_where_that_is_asked_for(source: str, postgres_url: str) -> None:
    with pytest.raises(DatabaseRefused, match=r"The target lacks m0001\w+, .*\. Say --migrate"):
        await moved(source, postgres_url, migrate=False)

    assert await rows_of_server(postgres_url) == {}


async def test_a_row_that_postgresql_cannot_hold_is_named_and_nothing_is_copied(source: str, postgres_url: str) -> None:
    with closing(sqlite3.connect(path_of(source))) as file, file:
        file.execute("UPDATE templates SET body = 'cut' || char(0) || 'off'")

    with pytest.raises(DatabaseRefused, match="Some rows of templates can't be stored on PostgreSQL"):
        await moved(source, postgres_url)

    assert await rows_of_server(postgres_url) == {name: [] for name in rows_of_file(source)}


async def test_somebody_elses_file_and_a_missing_one_are_refused(tmp_path: Path, postgres_url: str) -> None:
    with closing(sqlite3.connect(tmp_path / "theirs.db")) as file, file:
        file.execute("CREATE TABLE songs (name)")

    with pytest.raises(DatabaseRefused, match="belongs to something else: it has the tables songs"):
        await moved(f"sqlite:///{tmp_path / 'theirs.db'}", postgres_url)
    with pytest.raises(DatabaseRefused, match=r"There is no file .*nowhere\.db to copy from"):
        await moved(f"sqlite:///{tmp_path / 'nowhere.db'}", postgres_url)

    assert not (tmp_path / "nowhere.db").exists()


async def test_the_other_way_is_refused(source: str, postgres_url: str) -> None:
    with pytest.raises(DatabaseRefused, match="no other way"):
        await moved(postgres_url, source)


# What stands in a database, in one form


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def rows_of_file(url: str) -> dict[str, list[dict[str, object]]]:
    with closing(sqlite3.connect(path_of(url))) as file:
        file.row_factory = sqlite3.Row
        tables = file.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        names = [name for (name,) in tables if name != HISTORY]
        return {name: in_order(file.execute(f"SELECT * FROM {name}").fetchall()) for name in sorted(names)}


async def rows_of_server(url: str) -> dict[str, list[dict[str, object]]]:
    session = await connect(url)
    try:
        tables = await session.fetch("SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public'")
        names = [str(row["name"]) for row in tables if row["name"] != HISTORY]
        return {name: in_order(await session.fetch(f"SELECT * FROM {name}")) for name in sorted(names)}
    finally:
        await session.close()


def in_order(rows: list[Mapping[str, object]] | list[sqlite3.Row]) -> list[dict[str, object]]:
    plain = [{name: told(value) for name, value in dict(row).items()} for row in rows]
    return sorted(plain, key=repr)


def told(value: object) -> object:
    match value:
        case bool():
            return int(value)
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case date():
            return value.isoformat()
        case _:
            return value


def without(tables: dict[str, list[dict[str, object]]], table: str, column: str) -> list[object]:
    """Takes a column out of a table; what stood in it."""
    return [row.pop(column) for row in tables[table]]
