"""The schema that the migrations make of an empty database, as text.

`python -m adapters.db.migrating.dump` writes SQLite's, and with the address of an empty database on a server
PostgreSQL's too.

The files are committed, so that a migration's effect is seen in review, and tests compare them.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from adapters.db.postgres.database import open_server
from adapters.db.reading.source import Selects
from adapters.db.sqlite.database import open_file, sqlite_path

MIGRATIONS = Path(__file__).parents[3] / "migrations"
COMMITTED = {"sqlite": MIGRATIONS / "schema.sqlite.sql", "postgres": MIGRATIONS / "schema.postgres.sql"}


async def schema_of(reading: Selects) -> str:
    """Every table and index with the statement that makes it, by table."""
    statements = await (_sqlite(reading) if reading.dialect.name == "sqlite" else _postgres(reading))
    return "\n\n".join(f"{statement};" for statement in statements) + "\n"


async def fresh_schema(url: str) -> str:
    """The schema that the empty database at `url` has once it is migrated."""
    is_file = urlsplit(url).scheme == "sqlite"
    opened = await (open_file(sqlite_path(url)) if is_file else open_server(url))
    try:
        await opened.migrate()
        return await schema_of(opened.readers)
    finally:
        await opened.close()


async def _sqlite(reading: Selects) -> Sequence[str]:
    rows = await reading.select(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
        " ORDER BY tbl_name, type DESC, name"
    )
    return [row["sql"] for row in rows]


async def _postgres(reading: Selects) -> Sequence[str]:
    """Put together from the catalogs, alike on every version of the server."""
    statements: list[str] = []
    for found in await reading.select(reading.dialect.tables):
        table = found["name"]
        columns = await reading.select(_COLUMNS, table)
        constraints = await reading.select(_CONSTRAINTS, table)
        lines = ",\n".join(f"    {line['line']}" for line in (*columns, *constraints))
        statements.append(f"CREATE TABLE {table} (\n{lines}\n)")
        statements += [index["line"] for index in await reading.select(_INDEXES, table)]
    return statements


_COLUMNS = """
    SELECT format(
        '%I %s%s%s%s', attname, format_type(atttypid, atttypmod),
        CASE WHEN attcollation <> typcollation THEN format(' COLLATE %I', collname) END,
        CASE WHEN attnotnull THEN ' NOT NULL' END,
        ' DEFAULT ' || pg_get_expr(adbin, adrelid)
    ) AS line
    FROM pg_attribute
    JOIN pg_type ON pg_type.oid = atttypid
    LEFT JOIN pg_collation ON pg_collation.oid = attcollation
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = (?::text)::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""

# Newer servers list NOT NULL among the constraints too.
_CONSTRAINTS = """
    SELECT format('CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)) AS line FROM pg_constraint
    WHERE conrelid = (?::text)::regclass AND contype <> 'n' ORDER BY contype DESC, conname
"""

_INDEXES = """
    SELECT pg_get_indexdef(indexrelid) AS line FROM pg_index
    WHERE indrelid = (?::text)::regclass
      AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
    ORDER BY indexrelid::regclass::text
"""


async def _write(urls: Sequence[str]) -> None:
    with TemporaryDirectory() as folder:
        COMMITTED["sqlite"].write_text(await fresh_schema(f"sqlite:///{folder}/fresh.db"))
    for url in urls:
        COMMITTED["postgres"].write_text(await fresh_schema(url))


if __name__ == "__main__":
    asyncio.run(_write(sys.argv[1:]))
