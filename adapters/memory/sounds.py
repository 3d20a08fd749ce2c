"""Sounds in other forms, as far as a header tells: for where no codecs are, and nobody listens."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from domain.files.types import HEAD_BYTES, judged
from domain.ports.files import NotMade, SoundForm

SOUNDS: Final = ("audio/", "video/webm", "video/mp4", "video/3gpp")
HEADS: Final = {
    SoundForm.VOICE_NOTE: b"OggS\x00\x02" + bytes(20) + b"\x01\x13OpusHead\x01\x01\x38\x01\x80\xbb\x00\x00\x00\x00\x00",
    SoundForm.PLAYABLE: b"ID3\x04\x00\x00\x00\x00\x00\x00\xff\xfb\x90\x00",
}


class MemorySounds:
    """What is made begins as its form begins, and goes on with the bytes of the sound."""

    @asynccontextmanager
    async def made(
        self, chunks: AsyncIterable[bytes], mime_type: str, form: SoundForm
    ) -> AsyncGenerator[AsyncIterator[bytes] | NotMade]:
        data = b"".join([chunk async for chunk in chunks])
        if judged(data[:HEAD_BYTES], mime_type) != mime_type or not mime_type.startswith(SOUNDS):
            yield NotMade("The recording can't be read.")
        else:
            yield _both(HEADS[form], data)


async def _both(head: bytes, data: bytes) -> AsyncIterator[bytes]:
    yield head
    yield data
