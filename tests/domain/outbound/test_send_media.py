"""Files of our own: prepared, taken in, sent in order, uploaded to the network once for each number."""

import hashlib
import io
import tracemalloc
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.channels.templates import Header, HeaderKind
from domain.conversations.contents import MediaMessage, TemplateMessage
from domain.conversations.messages import Direction, Message
from domain.conversations.status import MessageStatus
from domain.error_codes import ErrorCode
from domain.errors import MediaRejected, Refusal, Refused, TextTooLong
from domain.files.fit import OfferedFile
from domain.files.fit import refusal_of as media_refusal
from domain.files.media import Media, MediaState, Step
from domain.files.rules import RULES, STATIC_STICKER_LIMIT, MediaKind, MediaRule
from domain.ids import MediaId, TemplateId
from domain.outbound.outbox import OutboxItem
from domain.people.actors import Actor
from domain.ports.network import Attachment, NotSent, Rejected, Unanswered
from domain.use_cases.files.prepare import PrepareMedia, prepare_media, take_upload
from domain.use_cases.outbound.leaving.claim import UPLOAD_LEASE
from domain.use_cases.outbound.leaving.dispatch import dispatch
from domain.use_cases.outbound.leaving.own_failures import FILE_GONE, SESSION_OVER
from domain.use_cases.outbound.sending.send import SendTemplate, send_template
from domain.use_cases.outbound.sending.send_media import FILES_LIMIT, SendMedia, send_media
from tests.builders import ACME, DAY, MINUTE, NUMBER, a_media, a_template, an_id
from tests.domain.one_desk import AGENT, HELLO, MAY_WORK, READER, Desk, granted, open_desk, refusal_of, refused_as
from tests.files import a_film, a_jpeg, a_png, a_sticker, an_opus, of_type

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02" + b"rest of a picture"
PDF = b"%PDF-1.4\n%%EOF\n"
OPUS = an_opus()
STILL_STICKER = a_sticker()
QUEUED, SENT, FAILED = MessageStatus.QUEUED, MessageStatus.SENT, MessageStatus.FAILED


@pytest.fixture
async def desk() -> Desk:
    """A contact wrote at noon; it is noon still."""
    desk = await open_desk()
    await desk.wrote()
    return desk


async def in_pieces(data: bytes, size: int = 7) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def prepared(desk: Desk, data: bytes = PNG, kind: MediaKind = MediaKind.IMAGE, type: str = "image/png") -> Media:
    return granted(await prepare_media(desk.ports, AGENT, PrepareMedia(kind, type, len(data), "a.file")))


async def taken(desk: Desk, media: Media, data: bytes, told_size: int | None = None) -> Media | Refusal:
    return await take_upload(desk.ports, ACME, media.id, in_pieces(data), told_size)


async def a_picture(desk: Desk) -> Media:
    return granted(await taken(desk, await prepared(desk), PNG))


async def a_document(desk: Desk) -> Media:
    return granted(await taken(desk, await prepared(desk, PDF, MediaKind.DOCUMENT, "application/pdf"), PDF))


async def sent(desk: Desk, *files: Media, caption: str | None = None, key: str | None = None) -> list[Message]:
    return granted(await asked_to_send(desk, *[file.id for file in files], caption=caption, key=key))


async def asked_to_send(
    desk: Desk, *files: MediaId, caption: str | None = None, key: str | None = None, by: Actor = AGENT
) -> list[Message] | Refusal:
    thread = (await desk.threads())[0].id
    return await send_media(desk.ports, by, SendMedia(thread, files, caption, idempotency_key=key))


async def file_of(desk: Desk, media: Media) -> Media:
    return (await desk.ports.reader.by_ids(Media, ACME, [media.id]))[media.id]


# Preparing


@pytest.mark.parametrize("actor", MAY_WORK)
async def test_who_may_send_may_prepare_a_file(desk: Desk, actor: Actor) -> None:
    asked = PrepareMedia(MediaKind.AUDIO, "Audio/Ogg; codecs=opus", 100, "../note.ogg", voice=True)

    media = granted(await prepare_media(desk.ports, actor, asked))

    assert (media.state, media.direction, media.mime_type) == (MediaState.PENDING, Direction.OUTBOUND, "audio/ogg")
    assert (media.file_name, media.size, media.voice, media.step) == ("note.ogg", 100, True, Step.FORGET)


async def test_a_reader_prepares_and_sends_nothing(desk: Desk) -> None:
    asked = PrepareMedia(MediaKind.IMAGE, "image/png", 100)

    assert refused_as(await prepare_media(desk.ports, READER, asked)) is ErrorCode.FORBIDDEN
    assert refused_as(await asked_to_send(desk, MediaId(an_id(1)), by=READER)) is ErrorCode.FORBIDDEN


async def test_what_whatsapp_does_not_take_is_refused_before_a_byte_of_it_moved(desk: Desk) -> None:
    refusal = await prepare_media(desk.ports, AGENT, PrepareMedia(MediaKind.IMAGE, "image/heic", 100))

    assert isinstance(refusal, MediaRejected)
    assert refusal.rule.kind is MediaKind.IMAGE


# Taking in


async def test_the_bytes_of_a_prepared_file_make_it_ready(desk: Desk) -> None:
    media = await a_picture(desk)

    assert await file_of(desk, media) == media
    assert (media.state, media.size, media.sha256) == (MediaState.READY, len(PNG), hashlib.sha256(PNG).hexdigest())
    assert media.stored_as is not None
    assert b"".join([chunk async for chunk in desk.ports.media.read(media.stored_as)]) == PNG


@pytest.mark.parametrize(
    ("data", "told", "why"),
    [
        (PNG + b"!", None, "more came"),
        (PNG[:-1], None, f"{len(PNG) - 1} came"),
        (PNG, len(PNG) + 1, f"{len(PNG) + 1} are announced"),
    ],
)
async def test_another_size_than_prepared_is_refused_and_leaves_nothing(
    desk: Desk, data: bytes, told: int | None, why: str
) -> None:
    media = await prepared(desk)

    refusal = refusal_of(await taken(desk, media, data, told))

    assert isinstance(refusal, Refused)
    assert refusal.code is ErrorCode.INVALID
    assert why in refusal.message
    assert await file_of(desk, media) == media


async def test_bytes_that_go_on_are_not_read_to_their_end(desk: Desk) -> None:
    media, read = await prepared(desk), 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 10
            yield bytes(10)

    await take_upload(desk.ports, ACME, media.id, endless(), None)

    assert read <= len(PNG) + 10


@pytest.mark.parametrize(
    ("kind", "told", "data", "why"),
    [
        (MediaKind.IMAGE, "image/png", b"\xff\xd8\xff" + bytes(40), "Its bytes are image/jpeg"),
        (MediaKind.IMAGE, "image/png", b"<svg onload=alert(1)>", "image/svg+xml can't be sent"),
        (MediaKind.DOCUMENT, "text/plain", b"<html><script>", "text/html can't be sent"),
        (MediaKind.IMAGE, "image/png", PNG[:24] + b"\x10" + PNG[25:], "8 bits a channel"),
        (MediaKind.AUDIO, "audio/ogg", b"OggS" + bytes(40), "has to hold Opus"),
        (MediaKind.STICKER, "image/webp", STILL_STICKER + bytes(STATIC_STICKER_LIMIT), "A sticker that does not move"),
        (MediaKind.IMAGE, "image/png", PNG[:8] + bytes(5000), "no whole PNG"),
    ],
)
async def test_bytes_that_are_not_what_they_were_called_are_refused_by_the_rule(
    desk: Desk, kind: MediaKind, told: str, data: bytes, why: str
) -> None:
    media = await prepared(desk, data, kind, told)

    refusal = refusal_of(await taken(desk, media, data))

    assert isinstance(refusal, MediaRejected)
    assert refusal.rule.kind is kind
    assert why in refusal.message
    assert (await file_of(desk, media)).state is MediaState.PENDING


OUT = [rule for rule in RULES if rule.direction is Direction.OUTBOUND]


@pytest.mark.parametrize("rule", OUT, ids=[rule.kind for rule in OUT])
async def test_a_file_of_each_type_of_a_rule_passes_and_others_are_refused_by_it_before_anything_is_uploaded(
    desk: Desk, rule: MediaRule
) -> None:
    for mime_type in rule.mime_types:
        data = of_type(mime_type)
        media = granted(await taken(desk, await prepared(desk, data, rule.kind, mime_type), data))
        assert (media.state, media.mime_type) == (MediaState.READY, mime_type)

    for data, mime_type in REFUSED[rule.kind]:
        refusal = refusal_of(await taken(desk, await prepared(desk, data, rule.kind, mime_type), data))
        assert isinstance(refusal, MediaRejected), mime_type
        assert refusal.rule is rule
    asked = PrepareMedia(rule.kind, "image/heic", 100)
    assert refusal_of(await prepare_media(desk.ports, AGENT, asked)) == media_refusal(
        OfferedFile(rule.kind, Direction.OUTBOUND, "image/heic", 100)
    )
    assert desk.network.uploads == []


REFUSED = {  # as it comes, though it was called something that is taken
    MediaKind.IMAGE: [(a_png(depth=16), "image/png"), (a_jpeg(60_000, 60_000), "image/jpeg")],
    MediaKind.VIDEO: [(a_film(("vide", "hvc1")), "video/mp4"), (b"\x00\x00\x00\x18ftypheic" + bytes(9), "video/mp4")],
    MediaKind.AUDIO: [(an_opus(2), "audio/ogg"), (a_png(), "audio/mpeg")],
    MediaKind.DOCUMENT: [(b"<svg onload=alert(1)>", "text/plain"), (b"MZ" + bytes(50), "application/pdf")],
    MediaKind.STICKER: [(a_sticker(100), "image/webp"), (a_sticker(size=STATIC_STICKER_LIMIT + 1), "image/webp")],
}


async def test_a_document_is_never_unpacked_however_much_is_in_it(desk: Desk) -> None:
    office = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(50_000_000))
    data = bomb.getvalue()
    media = await prepared(desk, data, MediaKind.DOCUMENT, office)

    tracemalloc.start()
    try:
        ready = granted(await taken(desk, media, data))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (ready.state, ready.size, peak < 1_000_000) == (MediaState.READY, len(data), True)


@pytest.mark.parametrize(
    ("name", "kind", "mime_type"),
    [("photo.heic", MediaKind.IMAGE, "image/jpeg"), ("invoice.pdf.exe", MediaKind.DOCUMENT, "application/pdf")],
)
async def test_a_name_of_another_type_is_refused_before_a_byte_moves(
    desk: Desk, name: str, kind: MediaKind, mime_type: str
) -> None:
    refusal = refusal_of(await prepare_media(desk.ports, AGENT, PrepareMedia(kind, mime_type, 100, name)))

    assert isinstance(refusal, MediaRejected)
    assert (refusal.rule.kind, f"is not {mime_type}" in refusal.message) == (kind, True)


async def test_a_sticker_and_a_voice_note_that_fit_are_taken(desk: Desk) -> None:
    still = await prepared(desk, STILL_STICKER, MediaKind.STICKER, "image/webp")
    note = await prepared(desk, OPUS, MediaKind.AUDIO, "audio/ogg")

    assert granted(await taken(desk, still, STILL_STICKER)).state is MediaState.READY
    assert granted(await taken(desk, note, OPUS)).state is MediaState.READY


async def test_a_file_longer_than_its_head_is_taken_whole(desk: Desk) -> None:
    data = PNG + bytes(10_000)

    media = granted(await taken(desk, await prepared(desk, data), data))

    assert (media.size, media.sha256) == (len(data), hashlib.sha256(data).hexdigest())


async def test_bytes_come_once(desk: Desk) -> None:
    media = await a_picture(desk)

    assert refused_as(await taken(desk, media, PNG)) is ErrorCode.CONFLICT


async def test_of_two_that_upload_at_once_the_first_to_end_wins(desk: Desk) -> None:
    media = await prepared(desk)

    async def slow() -> AsyncIterator[bytes]:
        yield PNG[:10]
        granted(await taken(desk, media, PNG))
        yield PNG[10:]

    late = await take_upload(desk.ports, ACME, media.id, slow(), len(PNG))

    assert refused_as(late) is ErrorCode.CONFLICT
    assert (await file_of(desk, media)).state is MediaState.READY


async def test_bytes_for_a_file_that_is_not_ours_to_fill_are_refused(desk: Desk) -> None:
    inbound = a_media()
    await desk.given(inbound)

    assert refused_as(await taken(desk, inbound, PNG)) is ErrorCode.NOT_FOUND
    assert refused_as(await taken(desk, a_media(MediaId(an_id(9))), PNG)) is ErrorCode.NOT_FOUND


# Sending


async def test_three_files_become_three_messages_in_order_with_the_caption_on_the_first(desk: Desk) -> None:
    files = [await a_picture(desk), await a_document(desk), await a_picture(desk)]

    messages = await sent(desk, *files, caption="All of it")

    assert [message.content for message in messages] == [
        MediaMessage(files[0].id, "All of it"),
        MediaMessage(files[1].id),
        MediaMessage(files[2].id),
    ]
    assert [message.id for message in await desk.messages()][1:] == [message.id for message in messages]
    assert (await desk.thread()).last_message == messages[-1].id
    for _ in messages:
        await desk.dispatch_due()
    assert [outgoing.content for outgoing in desk.network.sent] == [
        Attachment(MediaKind.IMAGE, "uploaded-1", "All of it", "a.file"),
        Attachment(MediaKind.DOCUMENT, "uploaded-2", None, "a.file.pdf"),
        Attachment(MediaKind.IMAGE, "uploaded-3", None, "a.file"),
    ]
    assert desk.network.uploads == [PNG, PDF, PNG]


async def test_rows_that_windows_calls_a_spreadsheet_are_sent_as_the_text_they_are(desk: Desk) -> None:
    rows = b"a;b\n1;2\n"
    asked = PrepareMedia(MediaKind.DOCUMENT, "application/vnd.ms-excel", len(rows), "rows.csv")

    file = granted(await taken(desk, granted(await prepare_media(desk.ports, AGENT, asked)), rows))

    assert (file.state, file.mime_type, file.file_name) == (MediaState.READY, "text/plain", "rows.csv")


async def test_the_first_of_several_answers_the_quoted_message(desk: Desk) -> None:
    question = (await desk.messages())[0]
    files = (await a_picture(desk)).id, (await a_picture(desk)).id

    messages = granted(
        await send_media(desk.ports, AGENT, SendMedia(question.thread, files, reply_to=question.id)),
    )

    assert [message.reply_to for message in messages] == [question.id, None]


async def test_a_quoted_message_that_is_not_there_is_refused(desk: Desk) -> None:
    file, message = await a_picture(desk), (await desk.messages())[0]
    asked = SendMedia(message.thread, (file.id,), reply_to=replace(message, id=an_id(77)).id)  # pyright: ignore[reportArgumentType]  # an id of nothing

    assert refused_as(await send_media(desk.ports, AGENT, asked)) is ErrorCode.NOT_FOUND


async def test_one_refused_file_refuses_all(desk: Desk) -> None:
    ready, pending = await a_picture(desk), await prepared(desk)

    refusal = refusal_of(await asked_to_send(desk, ready.id, pending.id))

    assert isinstance(refusal, Refused)
    assert refusal.field == ("content", "media", "mediaIds", "1")
    assert len(await desk.messages()) == 1
    assert await desk.dispatch_due() == []


async def test_a_file_that_came_in_can_be_sent_on_where_whatsapp_takes_it(desk: Desk) -> None:
    good = replace(a_media(), state=MediaState.READY, size=10, stored_as="file")
    bad = replace(good, id=MediaId(an_id(2)), mime_type="image/svg+xml")
    await desk.given(good, bad)

    assert len(granted(await asked_to_send(desk, good.id))) == 1
    refusal = await asked_to_send(desk, bad.id)

    assert isinstance(refusal, MediaRejected)
    assert refusal.field == ("content", "media", "mediaIds", "0")


async def test_nonsense_is_refused_in_words(desk: Desk) -> None:
    file = (await a_picture(desk)).id
    note = granted(await taken(desk, await prepared(desk, OPUS, MediaKind.AUDIO, "audio/ogg"), OPUS)).id

    assert refused_as(await asked_to_send(desk)) is ErrorCode.INVALID
    assert refused_as(await asked_to_send(desk, *[file] * (FILES_LIMIT + 1))) is ErrorCode.INVALID
    assert refused_as(await asked_to_send(desk, MediaId(an_id(9)))) is ErrorCode.NOT_FOUND
    assert refused_as(await asked_to_send(desk, note, caption="Listen")) is ErrorCode.INVALID
    assert await asked_to_send(desk, file, caption="a" * 1025) == TextTooLong(
        1024, 1025, ("content", "media", "caption")
    )
    assert refused_as(await asked_to_send(desk, file, key="")) is ErrorCode.INVALID
    asked = SendMedia(replace(await desk.thread(), id=an_id(5)).id, (file,))  # pyright: ignore[reportArgumentType]  # an id of nothing
    assert refused_as(await send_media(desk.ports, AGENT, asked)) is ErrorCode.NOT_FOUND


async def test_outside_a_session_no_file_goes(desk: Desk) -> None:
    file, waiting = await a_picture(desk), await a_picture(desk)
    [message] = await sent(desk, waiting)
    desk.later(DAY)

    assert refused_as(await asked_to_send(desk, file.id)) is ErrorCode.SESSION_CLOSED
    assert (await desk.dispatch(message)).failure == SESSION_OVER
    assert desk.network.uploads == []


async def test_where_replies_count_a_used_up_month_stops_files_too(desk: Desk) -> None:
    at = desk.clock.now().replace(year=2024, month=10)
    desk = await open_desk(at)
    organization = replace(await desk.organization(), quota_limit=0, subscribed_on=date(2024, 1, 15))
    await desk.given(organization, replace(await desk.channel(), connected_at=at - DAY))
    await desk.wrote()

    assert refused_as(await asked_to_send(desk, (await a_picture(desk)).id)) is ErrorCode.QUOTA_EXCEEDED


async def test_the_same_key_gives_the_same_messages_in_the_same_order(desk: Desk) -> None:
    files = [await a_picture(desk), await a_document(desk)]

    first = await sent(desk, *files, key="once")
    again = await sent(desk, *files, key="once")

    assert [message.id for message in again] == [message.id for message in first]
    assert refused_as(await asked_to_send(desk, files[0].id, key="once")) is ErrorCode.IDEMPOTENCY_MISMATCH


# Uploading


async def test_a_file_goes_to_the_network_once_for_a_number_and_again_when_its_id_has_expired(desk: Desk) -> None:
    file = await a_picture(desk)
    for _ in range(3):
        [message] = await sent(desk, file)
        assert (await desk.dispatch(message)).status is SENT
    assert len(desk.network.uploads) == 1

    desk.later(29 * DAY)
    await desk.wrote("still there?")
    [message] = await sent(desk, file)

    assert (await desk.dispatch(message)).status is SENT
    assert len(desk.network.uploads) == 2
    assert [upload.network_id for upload in (await file_of(desk, file)).uploads] == ["uploaded-2"]


async def test_an_id_that_the_network_forgot_is_replaced_and_the_message_sent_once(desk: Desk) -> None:
    file = await a_picture(desk)
    [first] = await sent(desk, file)
    await desk.dispatch(first)
    desk.later(MINUTE)
    desk.network.answers.append(Rejected(100, "There is no media with this id."))
    [second] = await sent(desk, file)

    held = await desk.dispatch(second)
    assert held.status is QUEUED
    assert (await desk.dispatch(second)).status is SENT

    assert [each.content.network_id for each in desk.network.sent if isinstance(each.content, Attachment)] == [
        "uploaded-1",
        "uploaded-1",
        "uploaded-2",
    ]


async def test_a_fresh_id_that_the_network_refuses_is_not_uploaded_again(desk: Desk) -> None:
    [message] = await sent(desk, await a_picture(desk))
    desk.network.answers.append(Rejected(131053, "Upload failed."))

    assert (await desk.dispatch(message)).status is FAILED
    assert len(desk.network.uploads) == 1


async def test_a_refusal_that_has_nothing_to_do_with_the_file_leaves_its_id(desk: Desk) -> None:
    file = await a_picture(desk)
    [first] = await sent(desk, file)
    await desk.dispatch(first)
    desk.later(MINUTE)
    desk.network.answers.append(Rejected(131026, "Undeliverable."))
    [second] = await sent(desk, file)

    assert (await desk.dispatch(second)).status is FAILED
    assert (await file_of(desk, file)).upload_for(NUMBER, desk.clock.now()) is not None


@pytest.mark.parametrize("failed", [NotSent("no connection"), Unanswered("no answer"), Rejected(4, "Too many calls.")])
async def test_an_upload_that_did_not_work_is_tried_again_before_anything_is_sent(
    desk: Desk, failed: NotSent | Unanswered | Rejected
) -> None:
    desk.network.failing["upload"] = failed
    [message] = await sent(desk, await a_picture(desk))

    assert (await desk.dispatch(message)).status is QUEUED
    assert desk.network.sent == []

    del desk.network.failing["upload"]
    desk.later(MINUTE)
    assert (await desk.dispatch(message)).status is SENT


async def test_an_upload_that_the_network_refuses_ends_the_message_with_its_reason(desk: Desk) -> None:
    desk.network.failing["upload"] = Rejected(131053, "Unsupported.")
    [message] = await sent(desk, await a_picture(desk))

    failed = await desk.dispatch(message)

    assert failed.status is FAILED
    assert failed.failure is not None
    assert failed.failure.title == "The file was not taken"


@pytest.mark.parametrize("damage", ["gone", "cut", "flipped", "vanishing"])
async def test_a_file_of_ours_that_is_lost_or_damaged_is_not_sent(desk: Desk, damage: str) -> None:
    file = await a_picture(desk)
    assert file.stored_as is not None
    [message] = await sent(desk, file)
    match damage:
        case "gone":
            await desk.ports.media.remove(file.stored_as)
        case "cut":
            await desk.ports.media.put(file.stored_as, in_pieces(PNG[:-1]))
        case "flipped":
            await desk.ports.media.put(file.stored_as, in_pieces(PNG[:-1] + b"!"))
        case _:
            await desk.given(replace(file, state=MediaState.FAILED))

    failed = await desk.dispatch(message)

    assert (failed.status, failed.failure) == (FAILED, FILE_GONE)
    assert desk.network.sent == []


async def test_two_workers_do_not_upload_for_the_same_message_and_a_dead_ones_is_done_again(desk: Desk) -> None:
    [message] = await sent(desk, await a_picture(desk))

    async def another_worker() -> None:
        desk.network.meanwhile_uploading = None
        await dispatch(desk.ports, ACME, message.id)
        assert len(desk.network.uploads) == 1

    desk.network.meanwhile_uploading = another_worker
    await desk.dispatch(message)

    assert len(desk.network.sent) == 1


async def test_an_upload_that_ends_after_its_time_is_kept_and_sends_nothing_by_itself(desk: Desk) -> None:
    file = await a_picture(desk)
    [message] = await sent(desk, file)

    async def too_slow() -> None:
        desk.network.meanwhile_uploading = None
        desk.later(UPLOAD_LEASE + timedelta(seconds=1))
        await dispatch(desk.ports, ACME, message.id)

    desk.network.meanwhile_uploading = too_slow
    await desk.dispatch(message)

    assert len(desk.network.sent) == 1
    assert len((await file_of(desk, file)).uploads) == 1


async def test_a_message_that_was_taken_back_during_its_upload_stays_so(desk: Desk) -> None:
    [message] = await sent(desk, await a_picture(desk))

    async def taken_back() -> None:
        async with desk.ports.store.transaction(ACME) as tx:
            item = await tx.row(OutboxItem, message.id)
            assert item is not None
            tx.remove(item)

    desk.network.meanwhile_uploading = taken_back
    await desk.dispatch(message)

    assert desk.network.sent == []


# Above a template's text


WITH_PICTURE = TemplateId(an_id(77))


async def a_template_with_a_picture(desk: Desk, file: MediaId | None, key: str | None = None) -> Message | Refusal:
    await desk.given(a_template(WITH_PICTURE, name="picture", header=Header(HeaderKind.IMAGE)))
    thread = await desk.thread()
    return await send_template(desk.ports, AGENT, SendTemplate(thread.id, WITH_PICTURE, HELLO, file, None, key))


async def test_a_template_goes_with_the_file_above_its_text(desk: Desk) -> None:
    desk.later(2 * DAY)
    picture = await a_picture(desk)

    message = granted(await a_template_with_a_picture(desk, picture.id))
    assert isinstance(message.content, TemplateMessage)
    assert message.content.header_media == picture.id

    assert (await desk.dispatch(message)).status is SENT
    [outgoing] = desk.network.sent
    assert outgoing.content == message.content
    assert outgoing.header == Attachment(MediaKind.IMAGE, "uploaded-1", None, "a.file")
    assert desk.network.uploads == [PNG]


async def test_the_file_is_uploaded_once_however_many_templates_bring_it(desk: Desk) -> None:
    picture = await a_picture(desk)
    for _ in range(3):
        await desk.dispatch(granted(await a_template_with_a_picture(desk, picture.id)))

    assert [outgoing.header and outgoing.header.network_id for outgoing in desk.network.sent] == ["uploaded-1"] * 3
    assert desk.network.uploads == [PNG]


async def test_an_id_the_network_forgot_is_got_anew_for_a_template_too(desk: Desk) -> None:
    picture = await a_picture(desk)
    await desk.dispatch(granted(await a_template_with_a_picture(desk, picture.id)))
    desk.later(MINUTE)
    message = granted(await a_template_with_a_picture(desk, picture.id))
    desk.network.answers.append(Rejected(131053, "No such media."))

    await desk.dispatch(message)

    assert (await desk.dispatch(message)).status is SENT
    assert len(desk.network.uploads) == 2


async def test_a_file_that_is_gone_ends_the_template_and_costs_nothing(desk: Desk) -> None:
    desk.later(2 * DAY)
    picture = await a_picture(desk)
    message = granted(await a_template_with_a_picture(desk, picture.id))
    assert picture.stored_as is not None
    await desk.ports.media.remove(picture.stored_as)

    failed = await desk.dispatch(message)

    assert (failed.status, failed.failure) == (FAILED, FILE_GONE)
    assert (await desk.period()).used == 0


async def test_a_file_that_is_not_here_is_not_found(desk: Desk) -> None:
    refusal = refusal_of(await a_template_with_a_picture(desk, MediaId("none")))

    assert refusal == Refused(ErrorCode.NOT_FOUND, "There is no such file.", ("headerMediaId",))


async def test_a_template_without_its_file_is_refused_and_nothing_leaves(desk: Desk) -> None:
    assert refused_as(await a_template_with_a_picture(desk, None)) is ErrorCode.TEMPLATE_PARAMETERS
    assert desk.network.uploads == []


async def test_the_same_key_with_another_file_is_something_else(desk: Desk) -> None:
    one, other = await a_picture(desk), await a_picture(desk)
    first = granted(await a_template_with_a_picture(desk, one.id, "key"))

    assert granted(await a_template_with_a_picture(desk, one.id, "key")).id == first.id
    assert refused_as(await a_template_with_a_picture(desk, other.id, "key")) is ErrorCode.IDEMPOTENCY_MISMATCH
