"""The file that a SQLite database is in: whether it is still there, whether it has room, how long its log is.

SQLite itself goes on in a file that was deleted or replaced, and what it stores there is gone with the process. So
whoever writes looks first.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from adapters.room import is_full
from domain.errors import Unavailable

LOCKS: Final = Path("/proc/locks")
READING_BYTES: Final = range(123, 128)
"""Of the `-shm` file: a reader locks one of them for as long as its snapshot lasts."""


class DatabaseFile:
    """As it was when this was made, and as it is now."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._opened = _identity(self.path)

    def moved(self) -> str | None:
        """What became of the file that was opened; None while it is where it was."""
        found = _identity(self.path)
        if found == self._opened:
            return None
        return "the database file is gone" if found is None else "the database file was replaced by another"

    def refuse_if_moved(self) -> None:
        """Raises `Unavailable`: what would be stored in a file without a name is lost."""
        if self.moved() is not None:
            raise Unavailable

    def fault(self) -> str | None:
        """Why nothing can be written, as far as can be seen without trying."""
        return self.moved() or ("the database's disk is full" if is_full(self.path) else None)

    def log_bytes(self) -> int:
        """0 where there is no write-ahead log."""
        try:
            return self._beside("-wal").stat().st_size
        except OSError:
            return 0

    def other_readers(self) -> list[int]:
        """The processes besides this one that read from an older state; empty too where the system does not tell."""
        found: set[int] = set()
        with suppress(OSError, ValueError, IndexError):
            index = str(self._beside("-shm").stat().st_ino)
            for line in LOCKS.read_text().splitlines():
                _, kind, _, _, process, place, first, _ = line.replace("->", "").split()
                if kind in ("POSIX", "OFDLCK") and place.rpartition(":")[2] == index and int(first) in READING_BYTES:
                    found.add(int(process))
        return sorted(found - {os.getpid()})

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(self.path.name + ending)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
