"""Bytes kept, scanned for viruses, and sounds in other forms."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class BytesMissing(Exception):
    """The store has no file of this name, though one was kept."""


class MediaStore(Protocol):
    """Bytes under names that Deskline makes: letters, digits, `-` and `_`."""

    async def put(self, name: str, chunks: AsyncIterable[bytes]) -> None:
        """Whole and durable once this returns. Where `chunks` raises, nothing is kept and the error goes on.

        At most a few chunks are in memory at a time. Raises `Unavailable` where there is no room.
        """
        ...

    def read(self, name: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes]:
        """The bytes in [start, stop), to the end where `stop` is None. Raises `BytesMissing` at the first chunk."""
        ...

    async def size(self, name: str) -> int | None:
        """None where there is no such file."""
        ...

    async def remove(self, name: str) -> None:
        """Nothing happens where there is no such file."""
        ...

    def names(self, before: datetime) -> AsyncGenerator[str]:
        """Every file that was kept before an instant, in no order that counts."""
        ...

    async def tidy(self, before: datetime) -> int:
        """Remove what a crash left half written before an instant; how many that were."""
        ...


@dataclass(frozen=True, slots=True)
class Clean:
    """Nothing was found."""


@dataclass(frozen=True, slots=True)
class Infected:
    virus: str


@dataclass(frozen=True, slots=True)
class NotScanned:
    """The scanner does not take this file; the reason is for a person."""

    reason: str


class Scanner(Protocol):
    async def scan(self, chunks: AsyncIterable[bytes]) -> Clean | Infected | NotScanned:
        """What is in a file. What `chunks` raises goes on. Raises `Unavailable` where no answer comes."""
        ...


class SoundForm(StrEnum):
    VOICE_NOTE = "VOICE_NOTE"  # Opus in Ogg with one channel: what phones play as a voice note
    PLAYABLE = "PLAYABLE"  # MP3: what every browser and program plays


@dataclass(frozen=True, slots=True)
class NotMade:
    """Nothing could be made of a sound; the reason is for a person."""

    reason: str


class Sounds(Protocol):
    """Sounds in other forms. Bounded in time and memory, whatever the sound claims to be."""

    def made(
        self, chunks: AsyncIterable[bytes], mime_type: str, form: SoundForm
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes] | NotMade]:
        """A sound of `mime_type` in another form, to be read while inside. What `chunks` raises goes on.

        One that is in this form already comes out as good as it went in.
        """
        ...
