"""Statements for the database at hand, one at a time.

Tortoise's own operations rebuild SQLite tables without their constraints, and its raw SQL splits at every semicolon;
so migrations say what runs on each database themselves.
"""

from collections.abc import Sequence
from textwrap import dedent
from typing import Any, Protocol, cast

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.migrations.operations import RunPython
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state_apps import StateApps

SQLITE_WORDS = {
    "text": "TEXT",
    "time": "TEXT",
    "day": "TEXT",
    "whole": "INTEGER",
    "flag": "INTEGER",
    "bytes": "BLOB",
    "clustered": " WITHOUT ROWID",
}
# Text compares by code point, as SQLite's does: keyset pages are the same on both.
POSTGRES_WORDS = {
    "text": 'text COLLATE "C"',
    "time": "timestamptz",
    "day": "date",
    "whole": "bigint",
    "flag": "boolean",
    "bytes": "bytea",
    "clustered": "",
}


class Speaking(Protocol):
    """What is used of Tortoise's clients, whose own signatures are untyped in parts."""

    async def execute_query(self, query: str, values: list[Any] | None = None) -> object: ...

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]: ...


def speaking(client: BaseDBAsyncClient) -> Speaking:
    return cast(Speaking, client)


def per_database(*, sqlite: Sequence[str], postgres: Sequence[str]) -> RunPython:
    """An operation that runs the statements of the database at hand."""
    statements = {"sqlite": tuple(sqlite), "postgres": tuple(postgres)}

    async def run(_apps: StateApps, editor: BaseSchemaEditor) -> None:
        for statement in statements[editor.client.capabilities.dialect]:
            await speaking(editor.client).execute_query(statement)

    return RunPython(run)


def in_words(words: dict[str, str], statements: Sequence[str]) -> list[str]:
    """Statements that both databases share but for the names of types, in the words of one."""
    return [dedent(statement).strip().format_map(words) for statement in statements]
