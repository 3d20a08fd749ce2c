"""The way from an empty database to today's tables, and what stands in it: over rows, twice, cut short, elsewhere."""

import asyncio
import importlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from adapters.db.database import Database, open_database
from adapters.db.migrating.dump import COMMITTED, fresh_schema, schema_of
from adapters.db.migrating.history import DatabaseRefused, SchemaLevel, SchemaState, known_migrations, missing_of
from adapters.db.postgres.database import open_server
from adapters.db.rows.mapping import columns
from adapters.db.rows.tables import TABLES
from adapters.db.rows.tables.people import EventCounterRow, TicketCounterRow
from adapters.db.rows.tables.ways import DirectoryRow
from adapters.db.sqlite.database import open_file
from adapters.memory import MemoryBus
from domain.contacts import Contact
from domain.errors import WriteConflict
from domain.events import LoggedEvent
from domain.ids import ContactId, OrganizationId
from domain.ports.deliveries import Delivery
from migrations._recorded import ForeignKeysBroken
from tests.builders import ACME, CountingIds, FixedClock, a_channel, a_contact, a_thread, an_identity, an_organization
from tests.peers.servers import Databases, connect

ROOT = Path(__file__).parents[3]
OURS = known_migrations("migrations")
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
            language TEXT NOT NULL DEFAULT 'en',
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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is: a file, or a server."""

    url: str

    @property
    def dialect(self) -> str:
        return "sqlite" if self.url.startswith("sqlite") else "postgres"

    @property
    def path(self) -> Path:
        return Path(self.url.removeprefix("sqlite:///"))

    async def open(self, migrations: str = "migrations") -> Database:
        return await open_database(self.url, FixedClock(), CountingIds(), MemoryBus(), migrations=migrations)

    @asynccontextmanager
    async def opened(self, migrations: str = "migrations") -> AsyncGenerator[Database]:
        database = await self.open(migrations)
        try:
            yield database
        finally:
            await database.close()

    async def migrate(self, migrations: str = "migrations", to: str | None = None) -> list[str]:
        async with self.opened(migrations) as database:
            return await database.migrate(to)

    async def state(self, migrations: str = "migrations") -> SchemaState:
        async with self.opened(migrations) as database:
            return await database.state()

    async def schema(self) -> str:
        found = await (open_file(self.path) if self.dialect == "sqlite" else open_server(self.url))
        try:
            return await schema_of(found.readers)
        finally:
            await found.close()

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        if self.dialect == "sqlite":
            with closing(sqlite3.connect(self.path)) as connection:
                rows = connection.execute(sql).fetchall()
                connection.commit()
                return rows
        session = await connect(self.url)
        try:
            return [tuple(row.values()) for row in await session.fetch(sql)]
        finally:
            await session.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, path: Path) -> Place:
    """A database with nothing in it."""
    return Place(f"sqlite:///{path}" if request.param == "sqlite" else request.getfixturevalue("postgres_url"))


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


async def desk_with_rows(place: Place) -> None:
    """An up-to-date database with a contact, what hangs on it, and a thread."""
    await place.migrate()
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


COLUMNS = {
    "sqlite": "SELECT name, type, [notnull] FROM pragma_table_info('{}')",
    "postgres": """
        SELECT column_name, upper(data_type), CASE is_nullable WHEN 'NO' THEN 1 ELSE 0 END
        FROM information_schema.columns WHERE table_name = '{}'
    """,
}
SPELLED_OUT = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}


async def test_each_model_finds_its_columns_with_their_types(place: Place) -> None:
    await place.migrate()

    for model in MODELS:
        found = await place.rows(COLUMNS[place.dialect].format(model._meta.db_table))
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


async def test_every_table_has_its_model_and_every_column_its_field(place: Place) -> None:
    await place.migrate()

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


async def test_the_organization_leads_every_key_and_index_but_those_of_two_tables(place: Place) -> None:
    await place.migrate()
    indexes = await place.rows(FIRST_COLUMNS[place.dialect])

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


async def test_both_databases_have_the_same_tables_columns_and_indexes(file: Place, server: Place) -> None:
    await file.migrate()
    await server.migrate()

    async def shape(place: Place) -> set[tuple[object, ...]]:
        found: set[tuple[object, ...]] = set()
        for (table,) in await place.rows(TABLES_THERE[place.dialect]):
            if table != "tortoise_migrations":
                columns = await place.rows(COLUMNS[place.dialect].format(table))
                found |= {(table, name, required) for name, _, required in columns}
        return found | {tuple(index) for index in await place.rows(INDEXES[place.dialect])}

    assert await shape(server) - await shape(file) == {("threads_by_newest_session",)}
    assert await shape(file) <= await shape(server)


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
async def test_a_migration_keeps_every_row_with_all_that_it_held(place: Place, before: str, after: str) -> None:
    await place.migrate(to=before)
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


async def test_a_database_that_was_migrated_over_rows_has_the_same_schema_as_a_new_one(place: Place) -> None:
    await place.migrate(to=OURS[0])
    await fill_every_table(place)

    assert await place.migrate() == OURS[1:]

    assert await place.schema() == COMMITTED[place.dialect].read_text()


async def test_the_words_of_older_rows_are_found_and_their_tickets_counted_on(place: Place) -> None:
    await place.migrate(to=OURS[0])
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
    tables = {name for (name,) in await place.rows(TABLES_THERE[place.dialect])} - {"tortoise_migrations"}
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
    assert tables <= set(meant)
    for table in [*first, *sorted(tables - set(first))]:
        found = await place.rows(COLUMNS[place.dialect].format(table))
        types = {name: type for name, type, _ in found}
        values = {name: example(place.dialect, table, name, type) for name, type in types.items()}
        names = ", ".join(f'"{name}"' for name in values)
        await place.rows(
            f"INSERT INTO {table} ({names}) VALUES ({', '.join(values.values())})" + RETURNING[place.dialect]
        )


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
    found: dict[str, list[dict[str, object]]] = {}
    for (table,) in await place.rows(TABLES_THERE[place.dialect]):
        if table != "tortoise_migrations":
            names = [name for name, _, _ in await place.rows(COLUMNS[place.dialect].format(table))]
            quoted = ", ".join(f'"{name}"' for name in names)
            rows = await place.rows(f"SELECT {quoted} FROM {table}")
            found[table] = [dict(zip(names, row, strict=True)) for row in rows]
    return found


async def test_an_empty_database_is_brought_up_to_date_once(place: Place) -> None:
    assert await place.state() == SchemaState(SchemaLevel.EMPTY, tuple(OURS))

    assert await place.migrate() == OURS
    assert await place.migrate() == []
    assert await place.state() == SchemaState(SchemaLevel.CURRENT)


async def test_two_processes_that_migrate_at_once_both_end_up_to_date(place: Place, later: str) -> None:
    await desk_with_rows(place)
    databases = [await place.open(later) for _ in range(2)]

    done = await asyncio.gather(*(database.migrate() for database in databases))

    assert [(await database.state()).level for database in databases] == [SchemaLevel.CURRENT, SchemaLevel.CURRENT]
    assert ["m9001_rebuild", "m9002_late"] in done
    for database in databases:
        await database.close()


async def test_a_parent_table_is_changed_and_nothing_that_hangs_on_it_is_lost(
    place: Place, later: str, tmp_path: Path, postgres: Databases
) -> None:
    await desk_with_rows(place)
    assert await place.state(later) == SchemaState(SchemaLevel.BEHIND, ("m9001_rebuild", "m9002_late"))

    assert await place.migrate(later) == ["m9001_rebuild", "m9002_late"]

    assert await place.rows("SELECT profile_name, language FROM contacts") == [("Ana", "en")]
    assert await place.rows("SELECT count(*) FROM contact_identities") == [(1,)]
    assert await place.rows("SELECT count(*) FROM threads") == [(1,)]
    if place.dialect == "sqlite":
        assert await place.rows("PRAGMA foreign_key_check") == []
    fresh = Place(f"sqlite:///{tmp_path / 'fresh.db'}" if place.dialect == "sqlite" else await postgres.create())
    await fresh.migrate(later)
    assert await place.schema() == await fresh.schema()
    if fresh.dialect == "postgres":
        await postgres.drop(fresh.url)


async def test_foreign_keys_are_kept_again_after_a_table_was_made_anew(file: Place, later: str) -> None:
    await desk_with_rows(file)
    async with file.opened(later) as database:
        await database.migrate()
        await database.start()

        with pytest.raises(sqlite3.IntegrityError):
            async with database.store.transaction(ACME) as tx:
                tx.save(an_identity(contact=ContactId("nobody"), value="1", id="i"))


async def test_a_rebuild_that_loses_a_parent_changes_nothing(
    file: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk_with_rows(file)
    careless = package(tmp_path, monkeypatch, "careless", REBUILD.format(last=OURS[-1], kept="false"))
    before = await file.schema()

    with pytest.raises(ForeignKeysBroken, match="2 rows without a parent"):
        await file.migrate(careless)

    assert await file.schema() == before
    assert await file.rows("SELECT count(*) FROM contacts") == [(1,)]
    assert await file.state(careless) == SchemaState(SchemaLevel.BEHIND, ("m9001_rebuild",))


async def test_a_migration_cut_short_leaves_no_trace_and_runs_again(place: Place, later: str, tmp_path: Path) -> None:
    await desk_with_rows(place)

    died_of = await asyncio.to_thread(migrate_until_the_power_goes, place, later, tmp_path / "packages")

    assert died_of == signal.SIGKILL
    assert await place.state(later) == SchemaState(SchemaLevel.BEHIND, ("m9002_late",))
    assert ("late",) not in await place.rows(TABLES_THERE[place.dialect])
    assert await place.migrate(later) == ["m9002_late"]
    assert await place.state(later) == SchemaState(SchemaLevel.CURRENT)


async def test_going_as_far_as_a_named_migration_stops_there(place: Place, later: str) -> None:
    assert await place.migrate(later, to="m9001_rebuild") == [*OURS, "m9001_rebuild"]
    assert await place.state(later) == SchemaState(SchemaLevel.BEHIND, ("m9002_late",))


# While serving


async def test_a_desk_serves_on_while_its_tables_are_changed(server: Place, later: str) -> None:
    await desk_with_rows(server)
    async with server.opened() as database:
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
        assert await server.migrate(later) == ["m9001_rebuild", "m9002_late"]
        serving = False

        assert await at_work > 0


async def test_a_migration_waits_for_a_table_in_use_without_holding_up_the_others(server: Place, later: str) -> None:
    await desk_with_rows(server)
    async with server.opened() as database:
        await database.start()
        async with database.store.transaction(ACME) as using:
            await using.contacts([a_contact().id])
            migrating = asyncio.create_task(server.migrate(later))
            for number in range(3):
                async with asyncio.timeout(3), database.store.transaction(ACME) as tx:
                    tx.save(a_contact(ContactId(f"c{number}")))
            assert not migrating.done()

        assert await migrating == ["m9001_rebuild", "m9002_late"]


async def test_a_transaction_over_a_column_that_was_changed_is_tried_again_as_a_whole(server: Place) -> None:
    await desk_with_rows(server)
    async with server.opened() as database:
        await database.start()

        async def read() -> int:
            async with database.store.transaction(ACME) as tx:
                return len(await tx.contacts([a_contact().id]))

        assert await read() == 1
        await server.rows("ALTER TABLE contacts ALTER COLUMN phones TYPE varchar")

        with pytest.raises(WriteConflict):
            await read()
        assert await read() == 1


# What is refused


async def test_a_database_that_a_newer_version_migrated_is_left_alone(place: Place, later: str) -> None:
    await place.migrate(later)
    before = await place.schema()

    state = await place.state()
    assert state == SchemaState(SchemaLevel.AHEAD, ("m9001_rebuild", "m9002_late"))
    assert "newer Deskline (m9001_rebuild, m9002_late)" in (missing_of(state) or "")
    with pytest.raises(DatabaseRefused, match=r"newer Deskline \(m9001_rebuild, m9002_late\)"):
        await place.migrate()
    assert await place.schema() == before


async def test_a_database_that_is_behind_says_what_to_run(place: Place) -> None:
    await place.migrate(to=OURS[-2])

    assert missing_of(await place.state()) == f"The database lacks {OURS[-1]}. Run: deskline migrate"
    await place.migrate()
    assert missing_of(await place.state()) is None


async def test_a_migration_that_there_is_not_is_refused_by_name(place: Place) -> None:
    with pytest.raises(DatabaseRefused, match=r"no migration 'm0009_dreams'; known are m0001_start"):
        await place.migrate(to="m0009_dreams")


async def test_there_is_no_way_back(place: Place, later: str) -> None:
    await place.migrate(later, to="m9001_rebuild")

    with pytest.raises(DatabaseRefused, match="only go forward"):
        await place.migrate(later, to=OURS[0])


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
