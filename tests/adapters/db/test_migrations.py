"""The way from an empty database to today's tables, and what stands in it: over rows, twice, cut short, elsewhere."""

import asyncio
import importlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from adapters.db.migrating.dump import COMMITTED, fresh_schema
from adapters.db.migrating.history import DatabaseRefused, SchemaLevel, SchemaState, missing_of
from adapters.db.rows.mapping import columns
from adapters.db.rows.tables import TABLES
from adapters.db.rows.tables.people import EventCounterRow, TicketCounterRow
from adapters.db.rows.tables.ways import DirectoryRow
from domain.contacts import Contact
from domain.errors import WriteConflict
from domain.events import LoggedEvent
from domain.ids import ContactId, OrganizationId
from domain.ports.deliveries import Delivery
from migrations._recorded import ForeignKeysBroken
from tests.adapters.db.places import OURS, Place, Steps
from tests.builders import ACME, a_channel, a_contact, a_thread, an_identity, an_organization
from tests.peers.servers import Databases

ROOT = Path(__file__).parents[3]
MODELS: list[Any] = [*TABLES.values(), DirectoryRow, EventCounterRow, TicketCounterRow]

# A further migration as one would be written: a column is added; on SQLite the table is made anew for it.
REBUILD = """
from migrations._dialect import per_database
from migrations._recorded import RecordedMigration

class Migration(RecordedMigration):
    rebuilds = True
    dependencies = [("desk", "{last}")]
    operations = [per_database(sqlite=[
        '''CREATE TABLE contacts_new (
            organization_id TEXT NOT NULL REFERENCES organizations (organization_id), id TEXT NOT NULL,
            created_at TEXT NOT NULL, name TEXT, profile_name TEXT, wa_id TEXT, business_scoped_id TEXT,
            username TEXT, email TEXT, phones TEXT NOT NULL, opted_out_at TEXT, marketing_opted_out_at TEXT,
            searched TEXT NOT NULL DEFAULT '', merged_into_id TEXT, marketing_told_at TEXT,
            merged_by_network INTEGER NOT NULL DEFAULT 0, joined TEXT, language TEXT NOT NULL DEFAULT 'en',
            PRIMARY KEY (organization_id, id))''',
        "INSERT INTO contacts_new SELECT *, 'en' FROM contacts WHERE {kept}",
        "DROP TABLE contacts",
        "ALTER TABLE contacts_new RENAME TO contacts",
        "CREATE INDEX contacts_by_age ON contacts (organization_id, created_at, id)",
    ], postgres=["ALTER TABLE contacts ADD COLUMN language text NOT NULL DEFAULT 'en'"])]
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

TABLE = ["CREATE TABLE late (id TEXT)"]
INDEX = ["CREATE INDEX late_by_id ON late (id)"]

class Migration(RecordedMigration):
    dependencies = [("desk", "m9001_rebuild")]
    operations = [
        per_database(sqlite=TABLE, postgres=TABLE), RunPython(cut), per_database(sqlite=INDEX, postgres=INDEX)
    ]
"""

MIGRATE = """
import asyncio, sys
from adapters.db.database import open_database
from adapters.memory import MemoryBus
from tests.builders import CountingIds, FixedClock

async def main():
    database = await open_database(sys.argv[1], FixedClock(), CountingIds(), MemoryBus(), migrations=sys.argv[2])
    await database.migrate()

asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


@pytest.fixture(params=["sqlite", "postgres"])
def dialect(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def place(dialect: str, request: pytest.FixtureRequest, path: Path) -> Place:
    """A database with nothing in it."""
    return Place(f"sqlite:///{path}" if dialect == "sqlite" else request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def steps(postgres: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Steps]:
    steps = Steps(tmp_path_factory.mktemp("steps"), postgres)
    yield steps
    asyncio.run(steps.drop())


@pytest.fixture
async def left_by(dialect: str, steps: Steps, path: Path) -> AsyncIterator[Callable[[str], Awaitable[Place]]]:
    """Makes a database without rows as a migration left it."""
    async with AsyncExitStack() as stack:

        async def left_by(migration: str) -> Place:
            place = await steps.copied(await steps.after(dialect, migration), path)
            if dialect == "postgres":
                stack.push_async_callback(steps.server.drop, place.url)
            return place

        yield left_by


@pytest.fixture
def migrated_place(dialect: str, request: pytest.FixtureRequest) -> Place:
    """An up-to-date database without rows."""
    return request.getfixturevalue("migrated_file" if dialect == "sqlite" else "migrated_server")


@pytest.fixture
def migrated_file(migrated: Path, path: Path) -> Place:
    shutil.copy(migrated, path)
    return Place(f"sqlite:///{path}")


@pytest.fixture
def migrated_server(desk_url: str) -> Place:
    return Place(desk_url)


@pytest.fixture
def file(path: Path) -> Place:
    return Place(f"sqlite:///{path}")


@pytest.fixture
def server(postgres_url: str) -> Place:
    return Place(postgres_url)


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with our migrations so far and further ones."""
    return package(tmp_path, monkeypatch, "later", REBUILD.format(last=OURS[-1], kept="true"), CUT_SHORT)


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


async def add_rows(place: Place) -> None:
    """A contact, what hangs on it, and a thread, to an up-to-date database."""
    async with place.opened() as database:
        await database.start()
        async with database.store.transaction(ACME) as tx:
            tx.save(an_organization(), a_channel(), a_contact(), an_identity(), a_thread())


def migrate_until_the_power_goes(place: Place, migrations: str, packages: Path) -> int:
    """In a process of its own; the signal that ended it."""
    dead = subprocess.run(
        [sys.executable, "-c", MIGRATE, place.url, migrations],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{packages}", "POWER_GOES": "1"},
        timeout=60,
        check=False,
    )
    return -dead.returncode


# The schema


def test_each_migration_depends_on_the_one_before_by_name() -> None:
    """They run in the order of their names: from here on `mYYYYMMDD_HHMM_subject`."""
    modules = [importlib.import_module(f"migrations.{name}") for name in OURS]

    needed = [[name for _, name in module.Migration.dependencies] for module in modules]

    assert needed == [[], *([name] for name in OURS[:-1])]


async def test_the_migrations_make_the_schema_that_is_committed(place: Place) -> None:
    committed = COMMITTED[place.dialect].read_text()

    assert await fresh_schema(place.url) == committed, (
        "run `python -m adapters.db.migrating.dump` and read the difference"
    )


SPELLED_OUT = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}


async def test_each_model_finds_its_columns_with_their_types(migrated_place: Place) -> None:
    place = migrated_place
    columns = await place.columns()

    for model in MODELS:
        found = columns[model._meta.db_table]
        types = {
            name: field.get_for_dialect(place.dialect, "SQL_TYPE") for name, field in model._meta.fields_map.items()
        }
        meant = [
            (name, SPELLED_OUT.get(types[name], types[name]), 0 if field.null else 1)
            for name, field in model._meta.fields_map.items()
        ]
        assert sorted(found) == sorted(meant), model


TABLES_THERE = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    "postgres": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}


async def test_every_table_has_its_model_and_every_column_its_field(migrated_place: Place) -> None:
    place = migrated_place

    tables = {name for (name,) in await place.rows(TABLES_THERE[place.dialect])}

    assert tables == {model._meta.db_table for model in MODELS} | {"tortoise_migrations"}
    for kind, model in TABLES.items():
        if kind is not LoggedEvent:
            described: Any = model
            kept_besides = {"lease", "leased_until"} if kind is Delivery else set[str]()
            assert set(columns(kind)) | kept_besides == set(described._meta.fields_map)


FIRST_COLUMNS = {
    "sqlite": """
        SELECT t.name, i.name, c.name
        FROM sqlite_master AS t, pragma_index_list(t.name) AS i, pragma_index_info(i.name) AS c
        WHERE t.type = 'table' AND c.seqno = 0
    """,
    "postgres": """
        SELECT indrelid::regclass::text, indexrelid::regclass::text, attname::text
        FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
        WHERE indrelid::regclass::text IN (SELECT tablename FROM pg_tables WHERE schemaname = 'public')
    """,
}


async def test_the_organization_leads_every_key_and_index_but_those_of_two_tables(migrated_place: Place) -> None:
    indexes = await migrated_place.rows(FIRST_COLUMNS[migrated_place.dialect])

    elsewhere = {table for table, _, first in indexes if first != "organization_id"}
    assert len(indexes) > 50
    assert elsewhere == {"deliveries", "directory", "tortoise_migrations"}


INDEXES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgres": """
        SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid::regclass::text IN
            (SELECT tablename FROM pg_tables WHERE schemaname = 'public')
        AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
    """,
}


async def test_both_databases_have_the_same_tables_columns_and_indexes(
    migrated_file: Place, migrated_server: Place
) -> None:
    async def shape(place: Place) -> set[tuple[object, ...]]:
        found: set[tuple[object, ...]] = set()
        for table, of_it in (await place.columns()).items():
            found |= {(table, name, required) for name, _, required in of_it}
        return found | {tuple(index) for index in await place.rows(INDEXES[place.dialect])}

    file, server = await shape(migrated_file), await shape(migrated_server)
    assert server - file == {("threads_by_newest_session",)}
    assert file <= server


# Moving on

STEPS = list(pairwise(OURS))
RENAMED = {
    "m20261201_0250_column_words": {
        ("messages", "held_until"): "not_before",
        ("messages", "held"): "quarantined",
        ("paces", "held_until"): "not_before",
        ("paces", "templates_held_until"): "templates_not_before",
    }
}


@pytest.mark.parametrize(("before", "after"), STEPS, ids=OURS[1:])
async def test_a_migration_keeps_every_row_with_all_that_it_held(
    left_by: Callable[[str], Awaitable[Place]], before: str, after: str
) -> None:
    place = await left_by(before)
    await fill_every_table(place)
    kept = await everything(place)
    renamed = RENAMED.get(after, {})

    assert await place.migrate(to=after) == [after]

    now = await everything(place)
    for (table, old), new in renamed.items():
        assert old not in now[table][0]
        assert now[table][0][new] == kept[table][0].pop(old) is not None
    for table, rows in kept.items():
        assert len(now[table]) == len(rows) == 1, table
        for column, value in rows[0].items():
            assert now[table][0].get(column, value) == value, (table, column)


async def test_a_database_that_was_migrated_over_rows_has_the_same_schema_as_a_new_one(
    left_by: Callable[[str], Awaitable[Place]],
) -> None:
    place = await left_by(OURS[0])
    await fill_every_table(place)

    assert await place.migrate() == OURS[1:]

    assert await place.schema() == COMMITTED[place.dialect].read_text()


async def test_the_words_of_older_rows_are_found_and_their_tickets_counted_on(
    left_by: Callable[[str], Awaitable[Place]],
) -> None:
    place = await left_by(OURS[0])
    await fill_every_table(place)
    await place.rows("UPDATE contacts SET name = 'Große ŻABA', email = NULL" + RETURNING[place.dialect])
    await place.rows("UPDATE event_counters SET ticket_number = 41" + RETURNING[place.dialect])
    await place.migrate()

    assert await place.rows("SELECT searched FROM contacts") == [("grosse żaba\x1fx\x1fx\x1f",)]
    async with place.opened() as database:
        await database.start()
        async with database.store.transaction(OrganizationId("o")) as tx:
            assert await tx.next_ticket_numbers(1) == 42


RETURNING = {"sqlite": "", "postgres": " RETURNING 1"}


async def fill_every_table(place: Place) -> None:
    """A row in each table there is, each pointing at the one of its parents; parents first."""
    columns = await place.columns()
    meant = [model._meta.db_table for model in MODELS]
    first = [
        "organizations",
        "users",
        "channels",
        "contacts",
        "threads",
        "messages",
        "media",
        "tickets",
        "quota_periods",
    ]
    assert set(columns) <= set(meant)
    statements: list[str] = []
    for table in [*first, *sorted(set(columns) - set(first))]:
        values = {name: example(place.dialect, table, name, type) for name, type, _ in columns[table]}
        names = ", ".join(f'"{name}"' for name in values)
        statements.append(
            f"INSERT INTO {table} ({names}) VALUES ({', '.join(values.values())})" + RETURNING[place.dialect]
        )
    await place.rows_of(*statements)


def example(dialect: str, table: str, column: str, type: str) -> str:
    if type in ("INTEGER", "BIGINT"):
        return "1"
    if type == "BOOLEAN":
        return "true"
    if type in ("BLOB", "BYTEA"):
        return "x'7b7d'" if dialect == "sqlite" else "'\\x7b7d'"
    if column.endswith(("_at", "_until", "not_before")) or column in ("at", "since", "read_up_to", "as_of"):
        return "'2026-11-21T14:47:57.115371Z'"
    if column == "content":
        return "'{}'"
    if column == "subscribed_on":
        return "'2026-01-31'"
    return "'o'" if column == "organization_id" or table == "organizations" else "'x'"


async def everything(place: Place) -> dict[str, list[dict[str, object]]]:
    names = {table: [name for name, _, _ in columns] for table, columns in (await place.columns()).items()}
    quoted = {table: ", ".join(f'"{name}"' for name in of_it) for table, of_it in names.items()}
    found = await place.rows_of(*(f"SELECT {columns} FROM {table}" for table, columns in quoted.items()))
    return {
        table: [dict(zip(of_it, row, strict=True)) for row in rows]
        for (table, of_it), rows in zip(names.items(), found, strict=True)
    }


async def test_an_empty_database_is_brought_up_to_date_once(place: Place) -> None:
    assert await place.state() == SchemaState(SchemaLevel.EMPTY, tuple(OURS))

    assert await place.migrate() == OURS
    assert await place.migrate() == []
    assert await place.state() == SchemaState(SchemaLevel.CURRENT)


async def test_two_processes_that_migrate_at_once_both_end_up_to_date(migrated_place: Place, later: str) -> None:
    await add_rows(migrated_place)
    databases = [await migrated_place.open(later) for _ in range(2)]

    done = await asyncio.gather(*(database.migrate() for database in databases))

    assert [(await database.state()).level for database in databases] == [SchemaLevel.CURRENT, SchemaLevel.CURRENT]
    assert ["m9001_rebuild", "m9002_late"] in done
    for database in databases:
        await database.close()


async def test_a_parent_table_is_changed_and_nothing_that_hangs_on_it_is_lost(
    migrated_place: Place, later: str, tmp_path: Path, postgres: Databases
) -> None:
    await add_rows(migrated_place)
    assert await migrated_place.state(later) == SchemaState(SchemaLevel.BEHIND, ("m9001_rebuild", "m9002_late"))

    assert await migrated_place.migrate(later) == ["m9001_rebuild", "m9002_late"]

    assert await migrated_place.rows("SELECT profile_name, language FROM contacts") == [("Ana", "en")]
    assert await migrated_place.rows("SELECT count(*) FROM contact_identities") == [(1,)]
    assert await migrated_place.rows("SELECT count(*) FROM threads") == [(1,)]
    if migrated_place.dialect == "sqlite":
        assert await migrated_place.rows("PRAGMA foreign_key_check") == []
    fresh = Place(
        f"sqlite:///{tmp_path / 'fresh.db'}" if migrated_place.dialect == "sqlite" else await postgres.create()
    )
    await fresh.migrate(later)
    assert await migrated_place.schema() == await fresh.schema()
    if fresh.dialect == "postgres":
        await postgres.drop(fresh.url)


async def test_foreign_keys_are_kept_again_after_a_table_was_made_anew(migrated_file: Place, later: str) -> None:
    await add_rows(migrated_file)
    async with migrated_file.opened(later) as database:
        await database.migrate()
        await database.start()

        with pytest.raises(sqlite3.IntegrityError):
            async with database.store.transaction(ACME) as tx:
                tx.save(an_identity(contact=ContactId("nobody"), value="1", id="i"))


async def test_a_rebuild_that_loses_a_parent_changes_nothing(
    migrated_file: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_rows(migrated_file)
    careless = package(tmp_path, monkeypatch, "careless", REBUILD.format(last=OURS[-1], kept="false"))
    before = await migrated_file.schema()

    with pytest.raises(ForeignKeysBroken, match="2 rows without a parent"):
        await migrated_file.migrate(careless)

    assert await migrated_file.schema() == before
    assert await migrated_file.rows("SELECT count(*) FROM contacts") == [(1,)]
    assert await migrated_file.state(careless) == SchemaState(SchemaLevel.BEHIND, ("m9001_rebuild",))


async def test_a_migration_cut_short_leaves_no_trace_and_runs_again(
    migrated_place: Place, later: str, tmp_path: Path
) -> None:
    await add_rows(migrated_place)

    died_of = await asyncio.to_thread(migrate_until_the_power_goes, migrated_place, later, tmp_path / "packages")

    assert died_of == signal.SIGKILL
    assert await migrated_place.state(later) == SchemaState(SchemaLevel.BEHIND, ("m9002_late",))
    assert ("late",) not in await migrated_place.rows(TABLES_THERE[migrated_place.dialect])
    assert await migrated_place.migrate(later) == ["m9002_late"]
    assert await migrated_place.state(later) == SchemaState(SchemaLevel.CURRENT)


async def test_going_as_far_as_a_named_migration_stops_there(place: Place, later: str) -> None:
    assert await place.migrate(later, to="m9001_rebuild") == [*OURS, "m9001_rebuild"]
    assert await place.state(later) == SchemaState(SchemaLevel.BEHIND, ("m9002_late",))


# While serving


async def test_a_desk_serves_on_while_its_tables_are_changed(migrated_server: Place, later: str) -> None:
    await add_rows(migrated_server)
    async with migrated_server.opened() as database:
        await database.start()
        serving = True

        async def serve() -> int:
            served = 0
            while serving:
                async with asyncio.timeout(5), database.store.transaction(ACME) as tx:
                    tx.save(a_contact(ContactId(f"c{served}")))
                assert len(await database.reader.by_ids(Contact, ACME, [ContactId(f"c{served}")])) == 1
                served += 1
            return served

        at_work = asyncio.create_task(serve())
        assert await migrated_server.migrate(later) == ["m9001_rebuild", "m9002_late"]
        serving = False

        assert await at_work > 0


async def test_a_migration_waits_for_a_table_in_use_without_holding_up_the_others(
    migrated_server: Place, later: str
) -> None:
    await add_rows(migrated_server)
    async with migrated_server.opened() as database:
        await database.start()
        async with database.store.transaction(ACME) as using:
            await using.contacts([a_contact().id])
            migrating = asyncio.create_task(migrated_server.migrate(later))
            for number in range(3):
                async with asyncio.timeout(3), database.store.transaction(ACME) as tx:
                    tx.save(a_contact(ContactId(f"c{number}")))
            assert not migrating.done()

        assert await migrating == ["m9001_rebuild", "m9002_late"]


async def test_a_transaction_over_a_column_that_was_changed_is_tried_again_as_a_whole(migrated_server: Place) -> None:
    await add_rows(migrated_server)
    async with migrated_server.opened() as database:
        await database.start()

        async def read() -> int:
            async with database.store.transaction(ACME) as tx:
                return len(await tx.contacts([a_contact().id]))

        assert await read() == 1
        await migrated_server.rows("ALTER TABLE contacts ALTER COLUMN phones TYPE varchar")

        with pytest.raises(WriteConflict):
            await read()
        assert await read() == 1


# What is refused


async def test_a_database_that_a_newer_version_migrated_is_left_alone(migrated_place: Place, later: str) -> None:
    await migrated_place.migrate(later)
    before = await migrated_place.schema()

    state = await migrated_place.state()
    assert state == SchemaState(SchemaLevel.AHEAD, ("m9001_rebuild", "m9002_late"))
    assert "newer Deskline (m9001_rebuild, m9002_late)" in (missing_of(state) or "")
    with pytest.raises(DatabaseRefused, match=r"newer Deskline \(m9001_rebuild, m9002_late\)"):
        await migrated_place.migrate()
    assert await migrated_place.schema() == before


async def test_a_database_that_is_behind_says_what_to_run(left_by: Callable[[str], Awaitable[Place]]) -> None:
    place = await left_by(OURS[-2])

    assert missing_of(await place.state()) == f"The database lacks {OURS[-1]}. Run: deskline migrate"
    await place.migrate()
    assert missing_of(await place.state()) is None


async def test_a_migration_that_there_is_not_is_refused_by_name(place: Place) -> None:
    with pytest.raises(DatabaseRefused, match=r"no migration 'm0009_dreams'; known are m0001_start"):
        await place.migrate(to="m0009_dreams")


async def test_there_is_no_way_back(migrated_place: Place, later: str) -> None:
    await migrated_place.migrate(later, to="m9001_rebuild")

    with pytest.raises(DatabaseRefused, match="only go forward"):
        await migrated_place.migrate(later, to=OURS[0])


async def test_somebody_elses_database_is_refused_and_stays_as_it_was(server: Place) -> None:
    await server.rows("CREATE TABLE orders (id integer)")

    state = await server.state()
    assert state == SchemaState(SchemaLevel.FOREIGN, ("orders",))
    assert "belongs to something else: it has the tables orders" in (missing_of(state) or "")
    with pytest.raises(DatabaseRefused, match="belongs to something else: it has the tables orders"):
        await server.migrate()
    assert await server.rows(TABLES_THERE["postgres"]) == [("orders",)]


async def test_somebody_elses_file_is_refused_and_stays_as_it_was(file: Place) -> None:
    await file.rows("CREATE TABLE orders (id INTEGER)")
    before = file.path.read_bytes()

    with pytest.raises(DatabaseRefused, match="belongs to something else: it has the tables orders"):
        await file.open()

    assert file.path.read_bytes() == before
    assert os.listdir(file.path.parent) == ["desk.db"]


async def test_a_file_that_is_no_database_is_refused_and_stays_as_it_was(file: Place) -> None:
    file.path.write_text("Dear Sir or Madam, " * 100)

    with pytest.raises(DatabaseRefused, match="can't be read as a SQLite database"):
        await file.open()

    assert file.path.read_text() == "Dear Sir or Madam, " * 100


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseRefused, match=f"no folder {tmp_path / 'nowhere'}"):
        await Place(f"sqlite:///{tmp_path / 'nowhere' / 'desk.db'}").open()


@pytest.mark.parametrize(
    "url",
    ["mysql://localhost/desk", "desk.db", "sqlite://", "sqlite:///", "sqlite://host/desk.db", "sqlite:///:memory:"],
)
async def test_a_url_that_names_no_database_file_is_refused(url: str) -> None:
    with pytest.raises(DatabaseRefused, match="sqlite:///"):
        await Place(url).open()
