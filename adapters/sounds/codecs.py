"""Sounds in other forms, made by FFmpeg's codecs in a process of its own for each file (`converting`)."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from domain.ports.files import NotMade, SoundForm

AT_A_TIME: Final = 2
WITHIN_S: Final = 90.0  # a process has less of a processor, and may wait for it
MOST_BYTES: Final = 16 * 1024 * 1024  # of what is made: what the network takes
CHUNK_BYTES: Final = 256 * 1024
SCRIPT: Final = Path(__file__).with_name("converting.py")
NOT_MADE: Final = 3
TOO_LONG: Final = "The recording is too long."

FORMATS: Final = {  # FFmpeg's names: a file is read as what its bytes were judged to be, and as nothing else
    "audio/webm": "matroska",
    "video/webm": "matroska",
    "audio/ogg": "ogg",
    "audio/mp4": "mov",
    "video/mp4": "mov",
    "video/3gpp": "mov",
    "audio/mpeg": "mp3",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/wav": "wav",
}


def are_here() -> bool:
    """Whether the codecs are installed."""
    return find_spec("av") is not None


class Codecs:
    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_A_TIME)

    @asynccontextmanager
    async def made(
        self, chunks: AsyncIterable[bytes], mime_type: str, form: SoundForm
    ) -> AsyncGenerator[AsyncIterator[bytes] | NotMade]:
        format = FORMATS.get(mime_type)
        if format is None:
            yield NotMade(f"{mime_type} is no recording that can be read.")
            return
        folder = await asyncio.to_thread(TemporaryDirectory[str], prefix="deskline-sound-")
        try:
            source, target = Path(folder.name) / "source", Path(folder.name) / "target"
            await _written(chunks, source)
            async with self._turns:
                why = await _converted(format, form, source, target)
            yield NotMade(why) if why is not None else _read(target)
        finally:
            await asyncio.to_thread(folder.cleanup)


async def _written(chunks: AsyncIterable[bytes], path: Path) -> None:
    file = await asyncio.to_thread(path.open, "xb")
    try:
        async for chunk in chunks:
            await asyncio.to_thread(file.write, chunk)
    finally:
        await asyncio.to_thread(file.close)


async def _converted(format: str, form: SoundForm, source: Path, target: Path) -> str | None:
    """Why it was not; None where it was."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        # With nothing of ours in reach but this one file, and nothing of its folder to be imported by a name.
        "-I",
        str(SCRIPT),
        format,
        form.value,
        str(source),
        str(target),
        str(MOST_BYTES),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in ("LD_LIBRARY_PATH", "TMPDIR") if name in os.environ},
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            said, _ = await process.communicate()
    except TimeoutError:
        return TOO_LONG
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    if process.returncode == 0:
        return None
    if process.returncode == NOT_MADE:
        return said.decode(errors="replace")[:200]
    # Killed by a limit of its own, or by a fault in a decoder.
    return TOO_LONG if process.returncode < 0 else "The recording can't be read."


async def _read(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb", 0)
    try:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
    finally:
        await asyncio.to_thread(file.close)
