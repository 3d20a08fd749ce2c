"""SQLite's write-ahead log is kept short.

SQLite carries the log's pages into the database by itself and begins the log anew, but never past whoever still reads
from an older state: while somebody does, the log grows with all that is written. Our own readers are stopped in time.
Somebody else's, such as a shell with a transaction left open, can only be told of.
"""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from adapters.db.sqlite.connections import WAL_KEPT_BYTES
from adapters.db.sqlite.file import DatabaseFile
from adapters.db.sqlite.writer import Writer
from domain.errors import Unavailable

LONG_BYTES: Final = 256 * 1024 * 1024
"""Beyond this somebody has to look."""
LOOKED_EVERY_S: Final = 5.0

log = structlog.stdlib.get_logger()


class LogKeeper:
    """Looks at the log now and then; cuts it down where it is longer than `kept`, and tells of one beyond `long`."""

    def __init__(
        self, file: DatabaseFile, writer: Writer, *, kept: int = WAL_KEPT_BYTES, long: int = LONG_BYTES
    ) -> None:
        self._file = file
        self._writer = writer
        self._kept = kept
        self._long = long
        self._is_told = False

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOKED_EVERY_S)
            try:
                await self.look()
            except Exception:  # it must outlive any bug
                log.exception("a look at the write-ahead log failed")

    async def look(self) -> None:
        if await asyncio.to_thread(self._file.log_bytes) > self._kept:
            with suppress(Unavailable):  # told by whoever writes
                await self._writer.cut_log()
        length = await asyncio.to_thread(self._file.log_bytes)
        if length > self._long and not self._is_told:
            self._is_told = True
            log.warning(
                "the write-ahead log grows: a program reads from an older state of the database and does not end",
                bytes=length,
                processes=await asyncio.to_thread(self._file.other_readers),
                hint="End what holds the database open; deskline doctor names it, or fuser does.",
            )
        elif length <= self._kept and self._is_told:
            self._is_told = False
            log.info("the write-ahead log is short again", bytes=length)
