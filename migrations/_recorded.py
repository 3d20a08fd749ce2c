"""A migration that writes its own line in the history, in the transaction that makes its changes.

Tortoise's runner records after that transaction: killed in between, a migration would run a second time and fail. It
also looks before it locks: of two processes that migrate at once, the second finds here that nothing is left to do.
"""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import cast

import aiosqlite
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionWrapper
from tortoise.migrations.migration import Migration
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State

from migrations._dialect import speaking

HISTORY_TABLE = "tortoise_migrations"


class ForeignKeysBroken(Exception):
    """A rebuild would leave rows whose parent is gone; nothing was changed."""


class RecordedMigration(Migration):
    atomic = False  # the transaction is this class's own
    rebuilds = False
    """Set where a SQLite table is made anew and the old one dropped: foreign keys rest meanwhile, and are checked."""

    async def apply(
        self,
        state: State,
        *,
        dry_run: bool = False,
        schema_editor: BaseSchemaEditor | None = None,
        collect_sql: bool = False,
    ) -> State:
        if dry_run or collect_sql or schema_editor is None:
            return await super().apply(state, dry_run=dry_run, schema_editor=schema_editor, collect_sql=collect_sql)
        async with _transaction(schema_editor.client, self.rebuilds) as client:
            schema_editor.client = client
            if await is_recorded(client, self.app_label, self.name):
                return state
            state = await super().apply(state, schema_editor=schema_editor)
            await MigrationRecorder(client).record_applied(self.app_label, self.name)
        return state


async def is_recorded(client: BaseDBAsyncClient, app: str, name: str) -> bool:
    marks = "app = $1 AND name = $2" if client.capabilities.dialect == "postgres" else "app = ? AND name = ?"
    return bool(await speaking(client).execute_query_dict(f"SELECT 1 FROM {HISTORY_TABLE} WHERE {marks}", [app, name]))


@asynccontextmanager
async def _transaction(client: BaseDBAsyncClient, rebuilds: bool) -> AsyncGenerator[BaseDBAsyncClient]:
    if isinstance(client, SqliteClient):
        async with _on_sqlite(client, rebuilds) as wrapper:
            yield wrapper
    else:
        async with _on_postgres(cast(AsyncpgDBClient, client)) as wrapper:
            yield wrapper


@asynccontextmanager
async def _on_postgres(client: AsyncpgDBClient) -> AsyncGenerator[BaseDBAsyncClient]:
    """Changes of the schema are rolled back like any other."""
    async with client.acquire_connection() as raw, raw.transaction():  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        wrapper = TransactionWrapper(client)
        wrapper._connection = raw  # pyright: ignore[reportPrivateUsage]  (as Tortoise's own transaction does)
        yield wrapper


@asynccontextmanager
async def _on_sqlite(client: SqliteClient, rebuilds: bool) -> AsyncGenerator[BaseDBAsyncClient]:
    """BEGIN IMMEDIATE: a second process waits here, not in the middle of its changes."""
    lent = client.acquire_connection()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    async with cast(AbstractAsyncContextManager[aiosqlite.Connection], lent) as raw:
        if rebuilds:  # the pragma has no effect inside a transaction
            await raw.execute("PRAGMA foreign_keys=OFF")
        try:
            await raw.execute("BEGIN IMMEDIATE")
            try:
                yield SqliteTransactionWrapper(client)
                if rebuilds and (broken := list(await raw.execute_fetchall("PRAGMA foreign_key_check"))):
                    raise ForeignKeysBroken(f"{len(broken)} rows without a parent, the first in {broken[0][0]}")
            except BaseException:
                await raw.rollback()
                raise
            await raw.commit()
        finally:
            if rebuilds:
                await raw.execute("PRAGMA foreign_keys=ON")
