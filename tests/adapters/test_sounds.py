"""Sounds made by real codecs: what is heard afterwards, and what a hostile recording can do."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.sounds import codecs
from adapters.sounds.codecs import TOO_LONG, Codecs
from domain.ports.files import NotMade, SoundForm
from tests.recordings import heard, recorded


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where files are while they are converted."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


async def in_pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 1000):
        yield data[start : start + 1000]


async def made(data: bytes, mime_type: str, form: SoundForm = SoundForm.VOICE_NOTE) -> bytes | NotMade:
    async with Codecs().made(in_pieces(data), mime_type, form) as given:
        return given if isinstance(given, NotMade) else b"".join([chunk async for chunk in given])


@pytest.mark.parametrize(
    ("format", "mime_type", "layout"),
    [("webm", "audio/webm", "mono"), ("webm", "audio/webm", "stereo"), ("mp4", "audio/mp4", "stereo")],
)
async def test_all_of_a_recording_is_heard_on_one_channel(
    temporary: Path, format: str, mime_type: str, layout: str
) -> None:
    note = await made(recorded(format, layout=layout, seconds=2), mime_type)

    assert isinstance(note, bytes), note
    coding, channels, seconds = heard(note)
    assert (coding, channels, seconds) == ("opus", 1, pytest.approx(2, abs=0.1))
    assert os.listdir(temporary) == []


async def test_opus_that_has_one_channel_is_rewrapped_and_not_coded_again() -> None:
    recording = recorded("webm", seconds=2)
    note = await made(recording, "audio/webm")

    assert isinstance(note, bytes)
    # A second coding would take half the bits.
    assert len(note) == pytest.approx(len(recording), rel=0.1)


async def test_a_voice_note_is_heard_as_mp3() -> None:
    playable = await made(recorded("ogg", seconds=2), "audio/ogg", SoundForm.PLAYABLE)

    assert isinstance(playable, bytes)
    coding, _, seconds = heard(playable)
    assert (coding[:3], seconds) == ("mp3", pytest.approx(2, abs=0.1))


async def test_a_recording_cut_in_the_middle_is_heard_up_to_there() -> None:
    recording = recorded("webm", seconds=2)

    note = await made(recording[: len(recording) // 2], "audio/webm")

    assert isinstance(note, bytes), note
    assert heard(note)[2] == pytest.approx(1, abs=0.2)


async def test_a_recording_is_read_as_what_it_was_judged_to_be_and_as_nothing_else() -> None:
    assert isinstance(await made(recorded("mp3"), "audio/webm"), NotMade)


async def test_what_gets_longer_than_the_network_takes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codecs, "MOST_BYTES", 4_000)

    assert await made(recorded("wav", seconds=2), "audio/wav") == NotMade(TOO_LONG)


async def test_a_decoder_that_does_not_end_is_ended(
    temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "script.py"
    script.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(codecs, "SCRIPT", script)
    monkeypatch.setattr(codecs, "WITHIN_S", 0.2)

    assert await made(b"OggS", "audio/ogg") == NotMade(TOO_LONG)
    assert os.listdir(temporary) == ["script.py"]


@pytest.mark.parametrize(("dies", "why"), [("os.abort()", TOO_LONG), ("1 / 0", "The recording can't be read.")])
async def test_a_decoder_that_dies_takes_nothing_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies: str, why: str
) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"import os, resource\nresource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n{dies}\n")
    monkeypatch.setattr(codecs, "SCRIPT", script)

    assert await made(b"OggS", "audio/ogg") == NotMade(why)


async def test_who_is_cancelled_leaves_no_process_and_no_file(
    temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, begun = tmp_path / "script.py", tmp_path / "begun"
    os.mkfifo(begun)
    script.write_text(f"import os, time\nopen({str(begun)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)\n")
    monkeypatch.setattr(codecs, "SCRIPT", script)
    making = asyncio.create_task(made(b"OggS", "audio/ogg"))
    pid = int(await asyncio.to_thread(begun.read_text))

    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert sorted(os.listdir(temporary)) == ["begun", "script.py"]
