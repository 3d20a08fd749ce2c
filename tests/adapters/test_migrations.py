"""The way from an empty file to today's tables, and what stands in it: over rows, twice, cut short, from elsewhere."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from adapters.db.database import Database, open_database
from adapters.db.dump import COMMITTED, fresh_schema, schema_of
from adapters.db.history import DatabaseRefused, SchemaState, Standing
from adapters.db.mapping import columns
from adapters.db.tables import TABLES, DirectoryRow, EventCounterRow
from adapters.memory import MemoryBus
from domain.events import LoggedEvent
from domain.ids import ContactId
from migrations._recorded import ForeignKeysBroken
from tests.builders import ACME, CountingIds, FixedClock, a_channel, a_contact, a_thread, an_identity, an_organization

ROOT = Path(__file__).parents[2]
OURS = tuple(sorted(path.stem for path in (ROOT / "migrations").glob("m[0-9]*.py")))

# A further migration as one would be written: a column is renamed, a default given, and the table made anew for it.
REBUILD = """
from migrations._dialect import per_database
from migrations._recorded import RecordedMigration

class Migration(RecordedMigration):
    rebuilds = True
    dependencies = [("desk", "{after}")]
    operations = [per_database(sqlite=[
        '''CREATE TABLE contacts_new (
            organization_id TEXT NOT NULL REFERENCES organizations (organization_id), id TEXT NOT NULL,
            created_at TEXT NOT NULL, name TEXT, profile_name TEXT, wa_id TEXT, business_scoped_id TEXT,
            username TEXT, email TEXT, phones TEXT NOT NULL, opted_out_at TEXT, marketing_opted_out_at TEXT,
            merged_into_id TEXT, language TEXT NOT NULL DEFAULT 'en', PRIMARY KEY (organization_id, id))''',
        "INSERT INTO contacts_new SELECT *, 'en' FROM contacts WHERE {kept}",
        "DROP TABLE contacts",
        "ALTER TABLE contacts_new RENAME TO contacts",
        "CREATE INDEX contacts_by_age ON contacts (organization_id, created_at, id)",
    ], postgres=[])]
"""

# And one more, in the middle of which the power goes.
CUT_SHORT = """
import os, signal
from tortoise.migrations.operations import RunPython
from migrations._dialect import per_database
from migrations._recorded import RecordedMigration

async def cut(_apps, _editor):
    if os.environ.get("POWER_GOES"):
        os.kill(os.getpid(), signal.SIGKILL)

class Migration(RecordedMigration):
    dependencies = [("desk", "m9001_rebuild")]
    operations = [
        per_database(sqlite=["CREATE TABLE late (id TEXT)"], postgres=[]),
        RunPython(cut),
        per_database(sqlite=["CREATE INDEX late_by_id ON late (id)"], postgres=[]),
    ]
"""

MIGRATE = """
import asyncio, sys
from pathlib import Path
from adapters.db.database import open_file

async def main():
    opened = await open_file(Path(sys.argv[1]), sys.argv[2])
    with opened.context:
        await opened.history.migrate(None)

asyncio.run(main())
"""


async def opened(path: Path, migrations: str = "migrations") -> Database:
    return await open_database(f"sqlite:///{path}", FixedClock(), CountingIds(), MemoryBus(), migrations=migrations)


async def migrated(path: Path, migrations: str = "migrations", to: str | None = None) -> list[str]:
    database = await opened(path, migrations)
    try:
        return await database.migrate(to)
    finally:
        await database.close()


async def state_of(path: Path, migrations: str = "migrations") -> SchemaState:
    database = await opened(path, migrations)
    try:
        return await database.state()
    finally:
        await database.close()


def migrate_until_the_power_goes(path: Path, migrations: str, packages: Path) -> int:
    """In a process of its own; the signal that ended it."""
    dead = subprocess.run(
        [sys.executable, "-c", MIGRATE, str(path), migrations],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{packages}", "POWER_GOES": "1"},
        timeout=60,
        check=False,
    )
    return -dead.returncode


def rows_of(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def add_row(connection: sqlite3.Connection, table: str, **given: str) -> None:
    """A row with what is given, and something in every other column that must not be empty."""
    needed = connection.execute("SELECT name FROM pragma_table_info(?) WHERE [notnull]", (table,)).fetchall()
    row = {name: "0" for (name,) in needed} | {"organization_id": "o"} | given
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", [*row.values()])


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A package with our migrations so far and further ones."""
    return package(tmp_path, monkeypatch, "later", REBUILD.format(kept="true", after=OURS[-1]), CUT_SHORT)


def package(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, *further: str) -> str:
    name = f"{name}_{folder.name.replace('-', '_')}"
    made = folder / "packages" / name
    made.mkdir(parents=True)
    (made / "__init__.py").touch()
    for ours in OURS:
        (made / f"{ours}.py").write_text(f"from migrations.{ours} import Migration as Migration\n")
    for number, (what, text) in enumerate(zip(("rebuild", "late"), further, strict=False), 9001):
        (made / f"m{number}_{what}.py").write_text(text)
    monkeypatch.setattr(sys, "path", [str(made.parent), *sys.path])
    return name


async def desk_with_rows(path: Path) -> None:
    """A database of today, with a contact, what hangs on it, and a thread."""
    await migrated(path)
    database = await opened(path)
    await database.start()
    async with database.store.transaction(ACME) as tx:
        tx.save(an_organization(), a_channel(), a_contact(), an_identity(), a_thread())
    await database.close()


# The schema


async def test_the_migrations_make_the_schema_that_is_committed() -> None:
    assert await fresh_schema() == COMMITTED.read_text(), "run `python -m adapters.db.dump` and read the difference"


@pytest.mark.parametrize("model", [*TABLES.values(), DirectoryRow, EventCounterRow])
async def test_a_model_finds_its_columns_with_their_types(model: Any, tmp_path: Path) -> None:
    await migrated(tmp_path / "desk.db")
    found = rows_of(
        tmp_path / "desk.db", f"SELECT name, type, [notnull] FROM pragma_table_info('{model._meta.db_table}')"
    )

    meant = [
        (name, field.get_for_dialect("sqlite", "SQL_TYPE"), 0 if field.null else 1)
        for name, field in model._meta.fields_map.items()
    ]
    assert sorted(found) == sorted(meant)


async def test_every_table_has_its_model_and_every_column_its_field(tmp_path: Path) -> None:
    await migrated(tmp_path / "desk.db")
    tables = {name for (name,) in rows_of(tmp_path / "desk.db", "SELECT name FROM sqlite_master WHERE type = 'table'")}

    models: list[Any] = [*TABLES.values(), DirectoryRow, EventCounterRow]
    assert {name for name in tables if "sqlite" not in name} == {m._meta.db_table for m in models} | {
        "tortoise_migrations"
    }
    for kind, model in TABLES.items():
        if kind is not LoggedEvent:
            described: Any = model
            assert set(columns(kind)) == set(described._meta.fields_map)


async def test_the_organization_leads_every_key_and_index_but_those_of_two_tables(tmp_path: Path) -> None:
    await migrated(tmp_path / "desk.db")
    indexes = rows_of(
        tmp_path / "desk.db",
        """
        SELECT t.name, i.name, c.name
        FROM sqlite_master AS t, pragma_index_list(t.name) AS i, pragma_index_info(i.name) AS c
        WHERE t.type = 'table' AND c.seqno = 0
        """,
    )

    elsewhere = {table for table, _, first in indexes if first != "organization_id"}
    assert len(indexes) > 50
    assert elsewhere == {"deliveries", "directory", "tortoise_migrations"}


# Moving on


async def test_an_empty_file_is_brought_up_to_date_once(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    assert await state_of(path) == SchemaState(Standing.EMPTY, OURS)

    assert await migrated(path) == [*OURS]
    assert await migrated(path) == []
    assert await state_of(path) == SchemaState(Standing.CURRENT)


async def test_two_processes_that_migrate_at_once_both_end_up_to_date(tmp_path: Path, later: str) -> None:
    path = tmp_path / "desk.db"
    await desk_with_rows(path)
    databases = [await opened(path, later) for _ in range(2)]

    await asyncio.gather(*(database.migrate() for database in databases))

    assert [(await database.state()).standing for database in databases] == [Standing.CURRENT, Standing.CURRENT]
    for database in databases:
        await database.close()


async def test_a_parent_table_is_made_anew_and_nothing_that_hangs_on_it_is_lost(tmp_path: Path, later: str) -> None:
    path = tmp_path / "desk.db"
    await desk_with_rows(path)
    assert await state_of(path, later) == SchemaState(Standing.BEHIND, ("m9001_rebuild", "m9002_late"))

    assert await migrated(path, later) == ["m9001_rebuild", "m9002_late"]

    assert rows_of(path, "SELECT profile_name, language FROM contacts") == [("Ana", "en")]
    assert rows_of(path, "SELECT count(*) FROM contact_identities") == [(1,)]
    assert rows_of(path, "SELECT count(*) FROM threads") == [(1,)]
    assert rows_of(path, "PRAGMA foreign_key_check") == []
    await migrated(tmp_path / "fresh.db", later)
    assert await text_of(path, later) == await text_of(tmp_path / "fresh.db", later)


async def test_foreign_keys_are_kept_again_after_a_table_was_made_anew(tmp_path: Path, later: str) -> None:
    path = tmp_path / "desk.db"
    await desk_with_rows(path)
    database = await opened(path, later)
    await database.migrate()
    await database.start()

    with pytest.raises(sqlite3.IntegrityError):
        async with database.store.transaction(ACME) as tx:
            tx.save(an_identity(contact=ContactId("nobody"), value="1", id="i"))
    await database.close()


async def test_a_rebuild_that_loses_a_parent_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "desk.db"
    await desk_with_rows(path)
    careless = package(tmp_path, monkeypatch, "careless", REBUILD.format(kept="false", after=OURS[-1]))
    before = await text_of(path)

    with pytest.raises(ForeignKeysBroken, match="2 rows without a parent"):
        await migrated(path, careless)

    assert await text_of(path) == before
    assert rows_of(path, "SELECT count(*) FROM contacts") == [(1,)]
    assert await state_of(path, careless) == SchemaState(Standing.BEHIND, ("m9001_rebuild",))


async def test_a_migration_cut_short_leaves_no_trace_and_runs_again(tmp_path: Path, later: str) -> None:
    path = tmp_path / "desk.db"
    await desk_with_rows(path)

    died_of = await asyncio.to_thread(migrate_until_the_power_goes, path, later, tmp_path / "packages")

    assert died_of == signal.SIGKILL
    assert await state_of(path, later) == SchemaState(Standing.BEHIND, ("m9002_late",))
    assert rows_of(path, "SELECT count(*) FROM sqlite_master WHERE name = 'late'") == [(0,)]
    assert await migrated(path, later) == ["m9002_late"]
    assert await state_of(path, later) == SchemaState(Standing.CURRENT)


async def test_going_as_far_as_a_named_migration_stops_there(tmp_path: Path, later: str) -> None:
    path = tmp_path / "desk.db"

    assert await migrated(path, later, to="m9001_rebuild") == [*OURS, "m9001_rebuild"]
    assert await state_of(path, later) == SchemaState(Standing.BEHIND, ("m9002_late",))


async def test_a_file_from_before_is_found_with_its_message_and_is_due(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    await migrated(path, to="m0001_start")
    content = '{"is": "MediaMessage", "v": 1, "media": "f"}'
    with closing(sqlite3.connect(path)) as connection, connection:
        add_row(connection, "channels", id="c")
        add_row(connection, "messages", id="m", content=content)
        add_row(connection, "media", id="f", channel_id="c", state="PENDING", created_at="2026-11-20T12:00:00.000000Z")

    assert await migrated(path) == list(OURS[1:])

    assert rows_of(path, "SELECT id, message_id, direction, due_at, tries, uploads FROM media") == [
        ("f", "m", "INBOUND", "2026-11-20T12:00:00.000000Z", 0, "[]")
    ]


# What is refused


async def test_a_database_that_a_newer_version_migrated_is_left_alone(tmp_path: Path, later: str) -> None:
    path = tmp_path / "desk.db"
    await migrated(path, later)
    before = await text_of(path, later)

    assert await state_of(path) == SchemaState(Standing.AHEAD, ("m9001_rebuild", "m9002_late"))
    with pytest.raises(DatabaseRefused, match=r"newer Deskline \(m9001_rebuild, m9002_late\)"):
        await migrated(path)
    assert await text_of(path) == before


async def test_a_migration_that_there_is_not_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DatabaseRefused, match=r"no migration 'm0009_dreams'; known are m0001_start"):
        await migrated(tmp_path / "desk.db", to="m0009_dreams")


async def test_there_is_no_way_back(tmp_path: Path, later: str) -> None:
    path = tmp_path / "desk.db"
    await migrated(path, later, to="m9001_rebuild")

    with pytest.raises(DatabaseRefused, match="only go forward"):
        await migrated(path, later, to="m0001_start")


async def test_somebody_elses_database_is_refused_and_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    rows_of(path, "CREATE TABLE orders (id INTEGER)")
    before = path.read_bytes()

    with pytest.raises(DatabaseRefused, match="belongs to something else: it has the tables orders"):
        await opened(path)

    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["shop.db"]


async def test_a_file_that_is_no_database_is_refused_and_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 100)

    with pytest.raises(DatabaseRefused, match="can't be read as a SQLite database"):
        await opened(path)

    assert path.read_text() == "Dear Sir or Madam, " * 100


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseRefused, match=f"no folder {tmp_path / 'nowhere'}"):
        await opened(tmp_path / "nowhere" / "desk.db")


@pytest.mark.parametrize(
    "url",
    ["mysql://localhost/desk", "desk.db", "sqlite://", "sqlite:///", "sqlite://host/desk.db", "sqlite:///:memory:"],
)
async def test_a_url_that_names_no_database_file_is_refused(url: str) -> None:
    with pytest.raises(DatabaseRefused, match="sqlite:///"):
        await open_database(url, FixedClock(), CountingIds(), MemoryBus())


async def text_of(path: Path, migrations: str = "migrations") -> str:
    database = await opened(path, migrations)
    try:
        return await schema_of(database.readers)
    finally:
        await database.close()
