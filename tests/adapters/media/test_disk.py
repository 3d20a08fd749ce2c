"""Files in a folder: what a crash, a full disk and a name from outside leave behind."""

import asyncio
import errno
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.media.disk import CHUNK_BYTES, DiskMedia
from domain.errors import Unavailable

ROOT = Path(__file__).parents[3]
NAME = "019ab000-0000-7000-8000-00000000000a"

DIES_BEFORE_RENAME = """
import asyncio, os, signal, sys
from pathlib import Path
from adapters.media import disk

async def chunks():
    yield b"x" * 3_000_000

def dies(file, draft, path):
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)

disk._kept = dies
asyncio.run(disk.DiskMedia(Path(sys.argv[1])).put(sys.argv[2], chunks()))
"""


async def in_pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_crash_before_the_end_leaves_no_half_file(tmp_path: Path) -> None:
    died = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", DIES_BEFORE_RENAME, str(tmp_path), NAME],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )

    assert died.returncode == -signal.SIGKILL
    assert len(files_in(tmp_path)) == 1  # the draft
    store = DiskMedia(tmp_path)
    assert await store.size(NAME) is None
    await store.put(NAME, in_pieces(b"whole"))
    assert await store.size(NAME) == 5
    assert await store.tidy(datetime.now(UTC) - timedelta(days=1)) == 0
    assert await store.tidy(datetime.now(UTC) + timedelta(minutes=1)) == 1
    assert [path.name for path in files_in(tmp_path)] == [NAME]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "a/b", "", "..", ".drafts", "a\0b", "a" * 4000, "ab\n", "con.txt"]
)
async def test_a_name_that_is_not_ours_is_never_a_path(tmp_path: Path, name: str) -> None:
    store = DiskMedia(tmp_path / "files")

    with pytest.raises(ValueError, match="not a name of ours"):
        await store.put(name, in_pieces(b"x"))
    with pytest.raises(ValueError, match="not a name of ours"):
        await store.size(name)

    assert files_in(tmp_path) == []


async def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    await DiskMedia(tmp_path / "files").put(NAME, in_pieces(b"x"))

    (path,) = files_in(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_full_disk_is_told_as_such_and_leaves_nothing(tmp_path: Path) -> None:
    async def until_there_is_no_room() -> AsyncIterator[bytes]:
        yield bytes(CHUNK_BYTES)
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(Unavailable):
        await DiskMedia(tmp_path).put(NAME, until_there_is_no_room())

    assert files_in(tmp_path) == []
