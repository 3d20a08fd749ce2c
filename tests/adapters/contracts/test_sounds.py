"""Sounds in other forms, over each adapter that makes them."""

from collections.abc import AsyncIterator

import pytest

from adapters.memory.sounds import MemorySounds
from adapters.sounds import Codecs
from domain.files.recognition import Glance
from domain.files.types import HEAD_BYTES, judged
from domain.ports.files import NotMade, SoundForm, Sounds
from tests.recordings import recorded

RECORDED = [("webm", "audio/webm"), ("ogg", "audio/ogg"), ("mp4", "audio/mp4")]


class DeskOnFire(Exception):
    """Something goes wrong while the bytes come."""


@pytest.fixture(params=["memory", "codecs"])
def sounds(request: pytest.FixtureRequest) -> Sounds:
    return MemorySounds() if request.param == "memory" else Codecs()


async def in_pieces(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def made(sounds: Sounds, data: bytes, mime_type: str, form: SoundForm) -> bytes | NotMade:
    async with sounds.made(in_pieces(data), mime_type, form) as given:
        return given if isinstance(given, NotMade) else b"".join([chunk async for chunk in given])


@pytest.mark.parametrize(("format", "mime_type"), RECORDED)
async def test_what_was_recorded_becomes_a_voice_note(sounds: Sounds, format: str, mime_type: str) -> None:
    note = await made(sounds, recorded(format), mime_type, SoundForm.VOICE_NOTE)

    assert isinstance(note, bytes), note
    glance = Glance("audio/ogg")
    glance.feed(note)
    assert (judged(note[:HEAD_BYTES], "audio/ogg"), glance.looks.fault) == ("audio/ogg", None)


async def test_a_voice_note_becomes_what_everything_plays(sounds: Sounds) -> None:
    playable = await made(sounds, recorded("ogg"), "audio/ogg", SoundForm.PLAYABLE)

    assert isinstance(playable, bytes), playable
    assert judged(playable[:HEAD_BYTES], "audio/mpeg") == "audio/mpeg"


@pytest.mark.parametrize(
    ("data", "mime_type"),
    [(b"\x89PNG\r\n\x1a\n", "image/png"), (b"#EXTM3U\nfile:///etc/passwd\n", "audio/webm"), (b"", "audio/ogg")],
)
async def test_of_what_is_no_sound_nothing_is_made_and_the_reason_is_told(
    sounds: Sounds, data: bytes, mime_type: str
) -> None:
    answer = await made(sounds, data, mime_type, SoundForm.VOICE_NOTE)

    assert isinstance(answer, NotMade)
    assert answer.reason.endswith(".")


async def test_what_goes_wrong_while_the_sound_comes_goes_on(sounds: Sounds) -> None:
    async def breaking_off() -> AsyncIterator[bytes]:
        yield b"OggS"
        raise DeskOnFire

    with pytest.raises(DeskOnFire):
        async with sounds.made(breaking_off(), "audio/ogg", SoundForm.PLAYABLE):
            pass
