"""Files in a folder: written whole under another name first, so that a crash leaves all of a file or nothing.

A name is only ever one that Deskline made; what a sender called a file is never part of a path.
"""

import asyncio
import errno
import os
import secrets
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from adapters.media.gathering import gathered
from adapters.media.names import ours
from adapters.private import OWNER_ONLY_FILE, OWNER_ONLY_FOLDER, make_private_folder, narrow
from domain.errors import Unavailable
from domain.ports.files import BytesMissing

CHUNK_BYTES: Final = 256 * 1024  # in memory at a time, for each file on its way
DRAFTS: Final = ".drafts"
SHELF: Final = slice(-2, None)  # files are spread over folders by the end of their names, which is random
NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


class DiskMedia:
    """A media store in `root`, which is made where it is missing."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, name: str, chunks: AsyncIterable[bytes]) -> None:
        path = self._path(name)
        draft = self._root / DRAFTS / secrets.token_hex(16)
        try:
            file = await asyncio.to_thread(_begun, draft)
            try:
                async for piece in gathered(chunks, CHUNK_BYTES):
                    await asyncio.to_thread(file.write, piece)
                await asyncio.to_thread(_kept, file, draft, path)
            finally:
                await asyncio.to_thread(_dropped, file, draft)
        except OSError as error:
            if error.errno in NO_ROOM:
                raise Unavailable(retry_after_s=60.0) from error
            raise

    async def read(self, name: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes]:
        path = self._path(name)
        try:
            file = await asyncio.to_thread(path.open, "rb", 0)
        except FileNotFoundError:
            raise BytesMissing(name) from None
        try:
            await asyncio.to_thread(file.seek, start)
            left = None if stop is None else stop - start
            while left is None or left > 0:
                piece = await asyncio.to_thread(file.read, CHUNK_BYTES if left is None else min(CHUNK_BYTES, left))
                if not piece:
                    return
                yield piece
                left = None if left is None else left - len(piece)
        finally:
            await asyncio.to_thread(file.close)

    async def size(self, name: str) -> int | None:
        try:
            return (await asyncio.to_thread(self._path(name).stat)).st_size
        except FileNotFoundError:
            return None

    async def remove(self, name: str) -> None:
        await asyncio.to_thread(self._path(name).unlink, missing_ok=True)

    async def names(self, before: datetime) -> AsyncGenerator[str]:
        for shelf in await asyncio.to_thread(_folders, self._root):
            for name in await asyncio.to_thread(_older, shelf, before):
                yield name

    async def tidy(self, before: datetime) -> int:
        drafts = self._root / DRAFTS
        left = await asyncio.to_thread(_older, drafts, before)
        for name in left:
            await asyncio.to_thread((drafts / name).unlink, missing_ok=True)
        return len(left)

    async def keep_private(self, *, is_ours: bool) -> None:
        """Folders that others may look into are closed to them, with their files; `root` itself only if it is ours.

        Where a folder is closed already nobody reaches its files, so that they are not looked at one by one.
        """
        await asyncio.to_thread(_closed, self._root, is_ours)

    def _path(self, name: str) -> Path:
        return self._root / name[SHELF] / ours(name)


# ---------------------------------------------------------------- on a thread


def _closed(root: Path, is_ours: bool) -> None:
    if is_ours:
        narrow([root])
    for folder in narrow([root / DRAFTS, *_folders(root)]):
        narrow(sorted(each for each in folder.iterdir() if each.is_file()))


def _folders(root: Path) -> list[Path]:
    """The shelves."""
    if not root.is_dir():
        return []
    return sorted(each for each in root.iterdir() if each.name != DRAFTS and each.is_dir())


def _older(folder: Path, before: datetime) -> list[str]:
    """The names of files written before an instant."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted(each.name for each in entries if each.is_file() and each.stat().st_mtime < before.timestamp())


def _begun(draft: Path) -> BinaryIO:
    make_private_folder(draft.parent)
    return os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY_FILE), "wb")


def _kept(file: BinaryIO, draft: Path, path: Path) -> None:
    """On the disk with its name once this returns."""
    file.flush()
    os.fsync(file.fileno())
    if not path.parent.exists():
        path.parent.mkdir(mode=OWNER_ONLY_FOLDER, exist_ok=True)
        _sync_folder(path.parent.parent)
    draft.rename(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _dropped(file: BinaryIO, draft: Path) -> None:
    """The draft is gone where it was not kept."""
    with suppress(OSError):  # what could not be written is told by whoever wrote it
        file.close()
    with suppress(FileNotFoundError):
        draft.unlink()
