"""What people look for words in, folded by the application, so that both databases find the same.

The texts and their folding are written out here: a migration keeps doing what it did.
"""

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.migrations.operations import RunPython
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state_apps import StateApps

from migrations._dialect import POSTGRES_WORDS, SQLITE_WORDS, in_words, per_database, speaking
from migrations._recorded import RecordedMigration

SEARCHED = {
    "contacts": ("name", "profile_name", "username", "email"),
    "templates": ("name", "body"),
    "users": ("name", "email"),
}
BETWEEN = "\x1f"
AT_A_TIME = 500

STATEMENTS = [f"ALTER TABLE {table} ADD COLUMN searched {{text}} NOT NULL DEFAULT ''" for table in SEARCHED]


async def fold(_apps: StateApps, editor: BaseSchemaEditor) -> None:
    for table, texts in SEARCHED.items():
        await _fold(editor.client, table, texts)


async def _fold(client: BaseDBAsyncClient, table: str, texts: tuple[str, ...]) -> None:
    """In the order of keys, some rows at a time."""
    marks = ("$1", "$2", "$3") if client.capabilities.dialect == "postgres" else ("?", "?", "?")
    read = (
        f"SELECT organization_id, id, {', '.join(texts)} FROM {table}"
        f" WHERE (organization_id, id) > ({marks[0]}, {marks[1]}) ORDER BY organization_id, id LIMIT {AT_A_TIME}"
    )
    write = f"UPDATE {table} SET searched = {marks[0]} WHERE organization_id = {marks[1]} AND id = {marks[2]}"
    last = ["", ""]
    while rows := await speaking(client).execute_query_dict(read, last):
        for row in rows:
            folded = BETWEEN.join((row[text] or "").casefold() for text in texts)
            await speaking(client).execute_query(write, [folded, row["organization_id"], row["id"]])
        last = [rows[-1]["organization_id"], rows[-1]["id"]]


class Migration(RecordedMigration):
    dependencies = [("desk", "m0002_leases")]  # noqa: RUF012  (as Tortoise declares it)
    operations = [  # noqa: RUF012
        per_database(sqlite=in_words(SQLITE_WORDS, STATEMENTS), postgres=in_words(POSTGRES_WORDS, STATEMENTS)),
        RunPython(fold),
    ]
