"""Where a database stands among the migrations, and how it moves on: forward only, one migration at a time."""

from dataclasses import dataclass
from enum import StrEnum

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.loader import MigrationLoader
from tortoise.migrations.recorder import MigrationRecorder

from adapters.db.reading.source import Selects
from adapters.db.refusals import DatabaseRefused
from migrations._dialect import speaking
from migrations._recorded import HISTORY_TABLE, is_recorded

APP = "desk"

APPLIED = f"SELECT name FROM {HISTORY_TABLE} WHERE app = ? ORDER BY name"


class SchemaLevel(StrEnum):
    EMPTY = "EMPTY"  # nothing in it yet
    BEHIND = "BEHIND"
    CURRENT = "CURRENT"
    AHEAD = "AHEAD"  # a newer Deskline migrated it
    FOREIGN = "FOREIGN"  # it has tables, and they are not ours


@dataclass(frozen=True, slots=True)
class SchemaState:
    level: SchemaLevel
    names: tuple[str, ...] = ()
    """In order: migrations still to run (EMPTY, BEHIND) or not known here (AHEAD), or the tables found (FOREIGN)."""


def app_config(package: str) -> dict[str, dict[str, object]]:
    """Tortoise's `apps`: our models, and the package that holds the migrations."""
    return {APP: {"models": ["adapters.db.rows.tables"], "migrations": package, "default_connection": "default"}}


def known_migrations(package: str) -> list[str]:
    """Names in order, which is the order they run in."""
    loader = MigrationLoader(app_config(package), MigrationRecorder(None))
    loader.load_disk()
    return sorted(key.name for key in loader.disk_migrations)


class History:
    def __init__(self, reading: Selects, package: str) -> None:
        self._reading = reading
        self._package = package
        self._known = known_migrations(package)

    async def state(self) -> SchemaState:
        tables = [row["name"] for row in await self._reading.select(self._reading.dialect.tables)]
        applied: list[str] = []
        if HISTORY_TABLE in tables:
            rows = await self._reading.select(APPLIED, APP)
            applied = [row["name"] for row in rows]
        return state_of(tables, applied, self._known)

    async def migrate(self, client: BaseDBAsyncClient, to: str | None) -> list[str]:
        """Up to date, or up to `to`, through a client of Tortoise's. The names of what was applied, in order."""
        before = await self.state()
        if refusal := refusal_of(before):
            raise DatabaseRefused(refusal)
        if to is not None and to not in self._known:
            raise DatabaseRefused(f"There is no migration {to!r}; known are {', '.join(self._known)}.")
        if before.level is SchemaLevel.CURRENT:
            return []
        executor = await self._executor(client)
        try:
            await executor.migrate([MigrationTarget(APP, to or "__latest__")], direction="forward")
        except ValueError as error:
            raise DatabaseRefused(f"Migrations only go forward, and {to!r} is behind this database.") from error
        left = set((await self.state()).names)
        return [name for name in before.names if name not in left]

    async def _executor(self, client: BaseDBAsyncClient) -> MigrationExecutor:
        executor = MigrationExecutor(client, app_config(self._package))
        executor.recorder = executor.loader.recorder = _Recorder(client)
        editor = executor._schema_editor(atomic=False)  # pyright: ignore[reportPrivateUsage]
        await executor.recorder.ensure_schema(editor)  # pyright: ignore[reportUnknownMemberType]
        return executor


def state_of(tables: list[str], applied: list[str], known: list[str]) -> SchemaState:
    if not applied:
        foreign = tuple(name for name in tables if name != HISTORY_TABLE)
        return SchemaState(SchemaLevel.FOREIGN, foreign) if foreign else SchemaState(SchemaLevel.EMPTY, tuple(known))
    if unknown := tuple(name for name in applied if name not in known):
        return SchemaState(SchemaLevel.AHEAD, unknown)
    if missing := tuple(name for name in known if name not in applied):
        return SchemaState(SchemaLevel.BEHIND, missing)
    return SchemaState(SchemaLevel.CURRENT)


def refusal_of(state: SchemaState) -> str | None:
    """Why this Deskline must not write to a database, for whoever runs it; None where it may."""
    if state.level is SchemaLevel.FOREIGN:
        return (
            f"This database belongs to something else: it has the tables {', '.join(state.names[:5])}. Choose another."
        )
    if state.level is SchemaLevel.AHEAD:
        return f"This database was migrated by a newer Deskline ({', '.join(state.names)}). Run that one, or newer."
    return None


def missing_of(state: SchemaState) -> str | None:
    """Why this Deskline must not serve a database yet, for whoever runs it; None where it may."""
    if state.level in (SchemaLevel.EMPTY, SchemaLevel.BEHIND):
        return f"The database lacks {', '.join(state.names)}. Run: deskline migrate"
    return refusal_of(state)


class _Recorder(MigrationRecorder):
    """Records nothing twice, and takes a history that can't be read for a failure instead of an empty one."""

    def __init__(self, client: BaseDBAsyncClient) -> None:
        super().__init__(client)  # pyright: ignore[reportUnknownMemberType]
        self._client = client

    async def applied_migrations(self) -> list[MigrationKey]:
        rows = await speaking(self._client).execute_query_dict(f"SELECT app, name FROM {HISTORY_TABLE} ORDER BY id")
        return [MigrationKey(app_label=row["app"], name=row["name"]) for row in rows]

    async def record_applied(self, app: str, name: str) -> None:
        if not await is_recorded(self._client, app, name):
            await super().record_applied(app, name)
