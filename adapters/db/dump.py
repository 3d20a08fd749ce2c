"""The schema that the migrations make of an empty SQLite database, as text: `python -m adapters.db.dump` writes it.

The file is committed, so that a migration's effect is seen in review, and a test compares it.
"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.db.connections import Selects
from adapters.db.database import open_file

COMMITTED = Path(__file__).parents[2] / "migrations" / "schema.sqlite.sql"


async def schema_of(reading: Selects) -> str:
    """Every table and index with the statement that made it, by table."""
    rows = await reading.select(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
        " ORDER BY tbl_name, type DESC, name"
    )
    return "\n\n".join(f"{row['sql']};" for row in rows) + "\n"


async def fresh_schema() -> str:
    with TemporaryDirectory() as folder:
        opened = await open_file(Path(folder) / "fresh.db")
        try:
            with opened.context:
                await opened.history.migrate(None)
            return await schema_of(opened.readers)
        finally:
            await opened.close()


if __name__ == "__main__":
    COMMITTED.write_text(asyncio.run(fresh_schema()))
