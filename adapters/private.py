"""What holds people's words is for its owner only: files 0600, and the folders that are Deskline's own 0700.

A folder that somebody else made, such as a home or /tmp, is left as it is: then it is the files that keep others out.
"""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

OWNER_ONLY_FILE: Final = 0o600
OWNER_ONLY_FOLDER: Final = 0o700
OTHERS: Final = 0o077

log = structlog.stdlib.get_logger()


def make_private_folder(path: Path) -> None:
    """With the folders above it that are missing."""
    if path.is_dir():
        return
    make_private_folder(path.parent)
    with suppress(FileExistsError):  # somebody made it meanwhile
        path.mkdir(mode=OWNER_ONLY_FOLDER)


def make_private_file(path: Path) -> None:
    """Empty, where it is not there; whoever is to write it tells what keeps it from being made."""
    with suppress(OSError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY_FILE))


def narrow(paths: Iterable[Path]) -> list[Path]:
    """Takes away what others may do with these files and folders, and says so in the log; those it was true of."""
    narrowed: list[Path] = []
    for path in paths:
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            if not mode & OTHERS:
                continue
            path.chmod(mode & ~OTHERS)
        except FileNotFoundError:
            continue
        except OSError as error:
            log.warning("files.open_to_others", path=str(path), why=error.strerror)
            continue
        narrowed.append(path)
    if narrowed:
        log.warning("files.narrowed", first=str(narrowed[0]), files=len(narrowed), hint="Others could read them.")
    return narrowed
