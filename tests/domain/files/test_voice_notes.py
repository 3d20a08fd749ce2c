"""Voice notes: whatever a browser recorded leaves as what phones play, and what comes in plays in every browser."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.conversations.contents import MediaMessage
from domain.conversations.messages import Direction
from domain.error_codes import ErrorCode
from domain.errors import MediaRejected, Unavailable
from domain.events import MessageChange, MessageChanged
from domain.files.media import LARGEST_RENDERED, PLAYABLE, Media, MediaState, Step, is_to_be_rendered
from domain.files.rules import MediaKind
from domain.ports.network import FileFacts
from domain.updates import IncomingMedia
from domain.use_cases.files.prepare import PrepareMedia, prepare_media, take_upload
from domain.use_cases.files.process import process_media
from domain.use_cases.files.render import LEASE, PAUSE, TRIES
from tests.builders import ACME, NOON, a_media
from tests.domain.one_desk import AGENT, Desk, granted, open_desk, refusal_of, refused_as
from tests.files import a_film, a_png, an_opus

WEBM = b"\x1aE\xdf\xa3" + b"what a browser recorded" * 10
URL = "https://lookaside.fbsbx.com/note"


@pytest.fixture
async def desk() -> Desk:
    return await open_desk()


async def in_pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 50):
        yield data[start : start + 50]


async def uploaded(desk: Desk, data: bytes, mime_type: str, name: str | None = None) -> Media:
    """A note of ours, as what it became or was refused for."""
    asked = PrepareMedia(MediaKind.AUDIO, mime_type, len(data), name, voice=True)
    prepared = granted(await prepare_media(desk.ports, AGENT, asked))
    return granted(await take_upload(desk.ports, ACME, prepared.id, in_pieces(data), len(data)))


async def refused(desk: Desk, data: bytes, mime_type: str) -> MediaRejected:
    asked = PrepareMedia(MediaKind.AUDIO, mime_type, len(data), voice=True)
    prepared = granted(await prepare_media(desk.ports, AGENT, asked))
    refusal = refusal_of(await take_upload(desk.ports, ACME, prepared.id, in_pieces(data), len(data)))
    assert isinstance(refusal, MediaRejected)
    return refusal


async def kept(desk: Desk, name: str | None) -> bytes:
    assert name is not None
    return b"".join([chunk async for chunk in desk.ports.media.read(name)])


# Out


@pytest.mark.parametrize(
    ("data", "mime_type"),
    [(WEBM, "audio/webm"), (a_film(("soun", "mp4a"), brand=b"iso5"), "audio/mp4"), (an_opus(2), "audio/ogg")],
)
async def test_what_a_browser_recorded_becomes_what_phones_play(desk: Desk, data: bytes, mime_type: str) -> None:
    media = await uploaded(desk, data, mime_type)

    assert (media.state, media.mime_type, media.voice) == (MediaState.READY, "audio/ogg", True)
    note = await kept(desk, media.stored_as)
    assert note.startswith(b"OggS")
    assert note.endswith(data)
    assert media.size == len(note)
    assert desk.files.kept_names == {media.stored_as}


async def test_a_note_that_is_one_already_keeps_its_bytes(desk: Desk) -> None:
    media = await uploaded(desk, an_opus(), "audio/ogg")

    assert await kept(desk, media.stored_as) == an_opus()


@pytest.mark.parametrize(("name", "becomes"), [("note.webm", "note.ogg"), ("to Ada", "to Ada.ogg"), (None, None)])
async def test_its_name_says_what_it_became(desk: Desk, name: str | None, becomes: str | None) -> None:
    assert (await uploaded(desk, WEBM, "audio/webm", name)).file_name == becomes


async def test_what_nothing_can_be_made_of_is_refused_by_the_rule_and_leaves_nothing(desk: Desk) -> None:
    desk.sounds.refusing = "There is no sound in it."

    refusal = await refused(desk, WEBM, "audio/webm")

    assert (refusal.rule.kind, refusal.message) == (MediaKind.AUDIO, "There is no sound in it.")
    assert desk.files.kept_names == set()


async def test_what_becomes_too_large_is_refused_and_leaves_nothing(desk: Desk) -> None:
    desk.sounds.larger_by = 16 * 1024 * 1024

    assert "16777216 are allowed" in (await refused(desk, WEBM, "audio/webm")).message
    assert desk.files.kept_names == set()


async def test_a_picture_called_a_recording_is_refused(desk: Desk) -> None:
    assert "image/png can't be sent as an audio" in (await refused(desk, a_png(), "audio/webm")).message


async def test_without_codecs_a_recording_is_refused_before_a_byte_moves(desk: Desk) -> None:
    ports = replace(desk.ports, sounds=None)
    asked = PrepareMedia(MediaKind.AUDIO, "audio/webm", 100, voice=True)

    refusal = refusal_of(await prepare_media(ports, AGENT, asked))

    assert isinstance(refusal, MediaRejected)
    assert refusal.rule.direction is Direction.OUTBOUND
    assert refused_as(refusal) is ErrorCode.MEDIA_REJECTED


@pytest.mark.parametrize("data", [an_opus(2), an_opus(coding=b"\x01vorbis ")])
async def test_without_codecs_a_note_that_no_phone_plays_is_refused_as_it_comes(desk: Desk, data: bytes) -> None:
    ports = replace(desk.ports, sounds=None)
    asked = PrepareMedia(MediaKind.AUDIO, "audio/ogg", len(data), voice=True)
    prepared = granted(await prepare_media(ports, AGENT, asked))

    assert isinstance(await take_upload(ports, ACME, prepared.id, in_pieces(data), None), MediaRejected)
    assert desk.files.kept_names == set()


async def test_without_codecs_a_note_that_is_one_already_is_taken(desk: Desk) -> None:
    ports = replace(desk.ports, sounds=None)
    asked = PrepareMedia(MediaKind.AUDIO, "audio/ogg", len(an_opus()), voice=True)
    prepared = granted(await prepare_media(ports, AGENT, asked))

    assert granted(await take_upload(ports, ACME, prepared.id, in_pieces(an_opus()), None)).state is MediaState.READY


# In


async def received(desk: Desk, data: bytes = an_opus(), kind: MediaKind = MediaKind.AUDIO) -> Media:
    """A note that came and was fetched."""
    desk.network.facts["note"] = FileFacts(URL)
    desk.network.files[URL] = [data]
    await desk.receive(desk.message(content=IncomingMedia(kind, "note", "audio/ogg; codecs=opus", voice=True)))
    assert await tended(desk) == [Step.FETCH]
    return await the_file(desk)


async def tended(desk: Desk) -> list[Step | None]:
    """The steps that were due now."""
    due = await desk.ports.store.due_media(desk.clock.now(), 100)
    return [await process_media(desk.ports, organization, media) for organization, media in due]


async def the_file(desk: Desk) -> Media:
    content = (await desk.messages())[-1].content
    assert isinstance(content, MediaMessage)
    return (await desk.ports.reader.by_ids(Media, ACME, [content.media]))[content.media]


async def test_a_note_is_ready_at_once_and_offers_a_form_that_everything_plays_a_moment_later(desk: Desk) -> None:
    media = await received(desk)
    assert (media.state, media.renditions, media.step) == (MediaState.READY, (), Step.RENDER)
    head = await desk.head()

    assert await tended(desk) == [Step.RENDER]

    media, message = await the_file(desk), (await desk.messages())[-1]
    (form,) = media.renditions
    assert (form.name, form.mime_type, media.rendition(PLAYABLE)) == (PLAYABLE, "audio/mpeg", form)
    assert (await kept(desk, form.stored_as)).endswith(an_opus())
    assert form.size == len(await kept(desk, form.stored_as))
    assert await desk.events(head) == [MessageChanged(message.thread, message.id, MessageChange.MEDIA)]
    assert (media.state, media.step, await tended(desk)) == (MediaState.READY, None, [])


async def test_nothing_is_made_of_what_is_no_opus_or_too_large_to_have_been_spoken(desk: Desk) -> None:
    assert (await received(desk, b"ID3" + bytes(100))).step is None

    large = replace(a_media(), kind=MediaKind.AUDIO, mime_type="audio/ogg", size=LARGEST_RENDERED + 1)
    assert not is_to_be_rendered(large)
    assert is_to_be_rendered(replace(large, size=LARGEST_RENDERED))


async def test_where_nothing_can_be_made_the_note_stays_as_it_is(desk: Desk) -> None:
    await received(desk)
    desk.sounds.refusing = "The recording can't be read."

    await tended(desk)

    media = await the_file(desk)
    assert (media.state, media.renditions, media.step) == (MediaState.READY, (), None)
    assert desk.files.kept_names == {media.stored_as}


async def test_without_codecs_nothing_is_to_be_made(desk: Desk) -> None:
    ports, desk.ports = desk.ports, replace(desk.ports, sounds=None)
    assert (await received(desk)).step is None

    desk.ports = ports
    await desk.given(replace(await the_file(desk), due_at=NOON))
    desk.ports = replace(ports, sounds=None)
    assert await tended(desk) == [Step.RENDER]
    assert (await the_file(desk)).step is None


async def test_a_store_that_is_away_is_asked_again_however_long_that_lasts(desk: Desk) -> None:
    await received(desk)
    desk.files.failing = Unavailable()

    for _ in range(3 * TRIES):
        assert await tended(desk) == [Step.RENDER]
        assert (await the_file(desk)).step is Step.RENDER
        desk.later(PAUSE)
    desk.files.failing = None
    assert await tended(desk) == [Step.RENDER]

    assert (await the_file(desk)).renditions


async def test_what_no_worker_survives_is_left_alone_after_a_few_tries(desk: Desk) -> None:
    await received(desk)
    await desk.given(replace(await the_file(desk), tries=TRIES))

    assert await tended(desk) == [Step.RENDER]

    assert ((await the_file(desk)).state, (await the_file(desk)).step) == (MediaState.READY, None)


async def test_a_note_whose_bytes_are_gone_is_left_alone(desk: Desk) -> None:
    media = await received(desk)
    assert media.stored_as is not None
    await desk.ports.media.remove(media.stored_as)

    await tended(desk)

    assert (await the_file(desk)).step is None


async def test_two_workers_make_one_form_and_keep_one(desk: Desk) -> None:
    media = await received(desk)

    async def meanwhile() -> None:
        desk.sounds.meanwhile = None
        await process_media(desk.ports, ACME, media.id)  # it is the first worker's for five minutes
        assert (await the_file(desk)).renditions == ()
        desk.later(LEASE + timedelta(seconds=1))
        await tended(desk)

    desk.sounds.meanwhile = meanwhile
    await tended(desk)

    (form,) = (await the_file(desk)).renditions
    assert desk.files.kept_names == {media.stored_as, form.stored_as}


async def test_what_is_not_due_or_not_there_is_not_tended(desk: Desk) -> None:
    media = await received(desk)
    await tended(desk)

    assert await process_media(desk.ports, ACME, media.id) is None
    assert await process_media(desk.ports, ACME, a_media().id) is None
