"""The virus scanner: nothing is shown or sent before it looked, and what it does not answer for waits."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.memory.scanner import NAME, VIRUS, MemoryScanner
from domain.conversations.contents import MediaMessage, Quarantined, QuarantineReason
from domain.conversations.messages import shows
from domain.error_codes import ErrorCode
from domain.errors import MediaRejected, Refused
from domain.events import MessageChange, MessageChanged
from domain.files.media import Media, MediaState, Step
from domain.files.rules import MediaKind
from domain.ids import MediaId
from domain.ports.bundle import Ports
from domain.ports.files import Clean, NotScanned
from domain.ports.network import FileFacts
from domain.updates import IncomingMedia
from domain.use_cases.files.fetch import LONGEST_PAUSE
from domain.use_cases.files.prepare import PrepareMedia, prepare_media, take_upload
from domain.use_cases.files.process import process_media
from domain.use_cases.files.scan import LEASE, LOST, scan_media
from domain.use_cases.moderation.quarantine import release_message
from domain.use_cases.outbound.sending.send_media import SendMedia, send_media
from tests.builders import ACME, a_media, an_id
from tests.domain.one_desk import ADMIN, AGENT, Desk, granted, open_desk, refusal_of, refused_as
from tests.files import PDF, an_opus

URL = "https://lookaside.fbsbx.com/file"
HARMFUL = PDF + VIRUS


@pytest.fixture
def scanner() -> MemoryScanner:
    return MemoryScanner()


@pytest.fixture
async def desk(scanner: MemoryScanner) -> Desk:
    desk = await open_desk()
    desk.ports = replace(desk.ports, scanner=scanner)
    return desk


async def in_pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def received(desk: Desk, data: bytes = PDF, mime_type: str = "application/pdf") -> Media:
    """A file that came and was fetched, as it stands then."""
    await received_and_tended(desk, data, mime_type)
    return await the_file(desk)


async def received_and_tended(desk: Desk, data: bytes, mime_type: str = "application/pdf") -> None:
    desk.network.facts["file"] = FileFacts(URL)
    desk.network.files[URL] = [data]
    kind = MediaKind.AUDIO if mime_type == "audio/ogg" else MediaKind.DOCUMENT
    await desk.receive(desk.message(content=IncomingMedia(kind, "file", mime_type)))
    await tended(desk)


async def tended(desk: Desk) -> list[Step | None]:
    due = await desk.ports.store.due_media(desk.clock.now(), 100)
    return [await process_media(desk.ports, organization, media) for organization, media in due]


async def the_file(desk: Desk) -> Media:
    content = (await desk.messages())[-1].content
    assert isinstance(content, MediaMessage)
    return await file_of(desk, content.media)


async def file_of(desk: Desk, id: MediaId) -> Media:
    return (await desk.ports.reader.by_ids(Media, ACME, [id]))[id]


# In


async def test_a_harmless_file_is_shown_once_it_was_looked_into(desk: Desk, scanner: MemoryScanner) -> None:
    head = await desk.head()
    media = await received(desk)

    assert (media.state, media.step, scanner.scanned) == (MediaState.READY, None, 1)
    message = (await desk.messages())[-1]
    assert MessageChanged(message.thread, message.id, MessageChange.MEDIA) in await desk.events(head)


async def test_a_harmless_voice_note_goes_on_to_its_other_form(desk: Desk) -> None:
    media = await received(desk, an_opus(), "audio/ogg")

    assert (media.state, media.step) == (MediaState.READY, Step.RENDER)


async def test_a_silent_scanner_holds_the_file_and_not_the_message(desk: Desk, scanner: MemoryScanner) -> None:
    scanner.is_away = True
    media = await received(desk)

    assert (media.state, media.step, media.tries) == (MediaState.PENDING, Step.SCAN, 1)
    assert len(await desk.messages()) == 1
    for tries in range(2, 12):
        desk.later(2 * LONGEST_PAUSE)
        assert await tended(desk) == [Step.SCAN]
        assert (await the_file(desk)).tries == tries

    scanner.is_away = False
    desk.later(2 * LONGEST_PAUSE)
    assert await tended(desk) == [Step.SCAN]
    assert ((await the_file(desk)).state, desk.network.asked.count("file_facts file")) == (MediaState.READY, 1)


async def test_a_file_that_the_scanner_does_not_take_is_not_shown(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, scanner: MemoryScanner
) -> None:
    async def too_large(_: object) -> NotScanned:
        return NotScanned("The virus scanner takes no file of this size.")

    monkeypatch.setattr(scanner, "scan", too_large)
    media = await received(desk)

    assert (media.state, media.failure) == (MediaState.FAILED, "The virus scanner takes no file of this size.")
    assert (media.stored_as, desk.files.kept_names) == (None, set())


async def test_bytes_that_are_lost_before_the_scan_are_told(desk: Desk, scanner: MemoryScanner) -> None:
    scanner.is_away = True
    media = await received(desk)
    assert media.stored_as is not None
    await desk.ports.media.remove(media.stored_as)
    desk.later(2 * LONGEST_PAUSE)

    await tended(desk)

    assert ((await the_file(desk)).state, (await the_file(desk)).failure) == (MediaState.FAILED, LOST)


async def test_an_infected_file_quarantines_its_message_until_a_supervisor_releases_it(desk: Desk) -> None:
    head = await desk.head()
    await received_and_tended(desk, HARMFUL)

    (message,) = await desk.messages()
    assert isinstance(message.content, Quarantined)
    assert message.content.reason is QuarantineReason.MALWARE
    events = await desk.events(head)
    assert MessageChanged(message.thread, message.id, MessageChange.QUARANTINE) in events
    assert isinstance(message.quarantined, MediaMessage)
    file = await file_of(desk, message.quarantined.media)
    assert (file.state, file.step, not shows(message, file.id)) == (MediaState.READY, None, True)

    released = granted(await release_message(desk.ports, ADMIN, message.id))

    assert shows(released, file.id)


async def test_an_infected_file_whose_message_is_gone_is_not_kept(desk: Desk, scanner: MemoryScanner) -> None:
    scanner.is_away = True
    media = await received(desk, HARMFUL)
    (message,) = await desk.messages()
    assert message.wamid is not None
    await desk.receive(desk.deletion(message.wamid))
    scanner.is_away = False
    desk.later(2 * LONGEST_PAUSE)

    await tended(desk)

    after = await file_of(desk, media.id)
    assert (after.state, after.failure) == (MediaState.FAILED, f"A virus was found in it: {NAME}.")
    assert desk.files.kept_names == set()


async def test_two_workers_scan_a_file_once(desk: Desk, scanner: MemoryScanner) -> None:
    scanner.is_away = True
    media = await received(desk)
    desk.later(2 * LONGEST_PAUSE)
    scanner.is_away = False

    async def slow(chunks: object) -> Clean:
        await scan_media(desk.ports, ACME, media.id)  # it is the first one's
        assert (await the_file(desk)).state is MediaState.PENDING
        desk.later(LEASE)
        await scan_media(replace(desk.ports, scanner=MemoryScanner()), ACME, media.id)
        return Clean()

    await scan_media(with_scan(desk.ports, slow), ACME, media.id)

    assert (await the_file(desk)).state is MediaState.READY


class Scans:
    def __init__(self, scan: object) -> None:
        self.scan = scan


def with_scan(ports: Ports, scan: object) -> Ports:
    return replace(ports, scanner=Scans(scan))  # pyright: ignore[reportArgumentType]  (a scan is all of a scanner)


async def test_a_file_held_back_is_shown_where_the_scanner_was_taken_away(desk: Desk, scanner: MemoryScanner) -> None:
    scanner.is_away = True
    await received(desk)
    desk.later(2 * LONGEST_PAUSE)
    desk.ports = replace(desk.ports, scanner=None)

    await tended(desk)

    assert (await the_file(desk)).state is MediaState.READY


async def test_a_file_that_is_not_there_is_not_scanned(desk: Desk, scanner: MemoryScanner) -> None:
    await scan_media(desk.ports, ACME, a_media().id)

    assert scanner.scanned == 0


# Out


async def prepared(desk: Desk, data: bytes) -> Media:
    asked = PrepareMedia(MediaKind.DOCUMENT, "application/pdf", len(data))
    return granted(await prepare_media(desk.ports, AGENT, asked))


async def test_an_infected_upload_is_refused_by_the_rule_and_not_kept(desk: Desk) -> None:
    media = await prepared(desk, HARMFUL)

    refusal = refusal_of(await take_upload(desk.ports, ACME, media.id, in_pieces(HARMFUL), None))

    assert isinstance(refusal, MediaRejected)
    assert (refusal.rule.kind, refusal.message) == (MediaKind.DOCUMENT, f"A virus was found in it: {NAME}.")
    assert desk.files.kept_names == set()


async def test_an_upload_that_the_scanner_does_not_take_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, scanner: MemoryScanner
) -> None:
    async def too_large(_: object) -> NotScanned:
        return NotScanned("The virus scanner takes no file of this size.")

    monkeypatch.setattr(scanner, "scan", too_large)
    media = await prepared(desk, PDF)

    refusal = refusal_of(await take_upload(desk.ports, ACME, media.id, in_pieces(PDF), None))

    assert isinstance(refusal, MediaRejected)
    assert "no file of this size" in refusal.message


@pytest.mark.parametrize(("data", "state"), [(PDF, MediaState.READY), (HARMFUL, MediaState.FAILED)])
async def test_an_upload_waits_for_a_silent_scanner_and_is_not_sent_meanwhile(
    desk: Desk, scanner: MemoryScanner, data: bytes, state: MediaState
) -> None:
    await desk.wrote()
    scanner.is_away = True
    media = await prepared(desk, data)

    taken = granted(await take_upload(desk.ports, ACME, media.id, in_pieces(data), None))

    assert (taken.state, taken.step) == (MediaState.PENDING, Step.SCAN)
    again = await take_upload(desk.ports, ACME, media.id, in_pieces(data), None)
    assert refused_as(again) is ErrorCode.CONFLICT
    refusal = refusal_of(await send_media(desk.ports, AGENT, SendMedia((await desk.thread()).id, (media.id,))))
    assert isinstance(refusal, Refused)
    assert "waits for the virus scanner" in refusal.message

    scanner.is_away = False
    assert await tended(desk) == [Step.SCAN]
    scanned = await file_of(desk, media.id)
    assert scanned.state is state
    assert (scanned.stored_as in desk.files.kept_names) is (state is MediaState.READY)
    assert scanned.step is (Step.FORGET if state is MediaState.READY else None)


async def test_a_second_upload_of_a_place_is_refused_before_it_is_scanned(desk: Desk, scanner: MemoryScanner) -> None:
    media = await prepared(desk, PDF)
    granted(await take_upload(desk.ports, ACME, media.id, in_pieces(PDF), None))

    assert refused_as(await take_upload(desk.ports, ACME, media.id, in_pieces(PDF), None)) is ErrorCode.CONFLICT
    assert scanner.scanned == 1
    assert (
        refused_as(await take_upload(desk.ports, ACME, MediaId(an_id(9)), in_pieces(PDF), None)) is ErrorCode.NOT_FOUND
    )
