"""The bytes of a file that came with a message: fetched, checked, tried again, given up."""

import base64
import hashlib
from collections.abc import AsyncIterable
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.channels.channels import ChannelState
from domain.conversations.contents import MediaMessage
from domain.conversations.messages import Message
from domain.errors import Unavailable
from domain.events import MessageChange, MessageChanged
from domain.files.media import Media, MediaState
from domain.files.rules import NETWORK_LIMIT, MediaKind
from domain.ids import MediaId
from domain.ports.files import BytesMissing
from domain.ports.network import BrokenOff, Failed, FileFacts, NotSent, Rejected, Unanswered
from domain.updates import IncomingMedia
from domain.use_cases.files.fetch import GONE, LEASE, LONGEST_PAUSE, TOO_LATE, WRONG_TRIES, fetch_media
from domain.use_cases.files.intake import NotTheFile, unspoilt
from tests.builders import ACME, DAY, MINUTE, NOON, a_media, an_id
from tests.domain.one_desk import NO_KEY_OPENS, TOKEN, Desk, open_desk
from tests.domain.standins import Files

URL = "https://lookaside.fbsbx.com/file-7"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02" + b"rest of a picture"
SHA256 = hashlib.sha256(PNG).hexdigest()


@pytest.fixture
async def desk() -> Desk:
    """Somebody sent a picture, and the network has it."""
    desk = await open_desk()
    desk.network.facts["file-7"] = FileFacts(URL, SHA256, len(PNG))
    desk.network.files[URL] = [PNG[:5], PNG[5:]]
    await send_picture(desk)
    return desk


async def send_picture(desk: Desk, network_id: str = "file-7", sha256: str | None = None) -> None:
    await desk.receive(
        desk.message(content=IncomingMedia(MediaKind.IMAGE, network_id, "image/jpeg", "Look", sha256=sha256))
    )


async def the_message(desk: Desk) -> Message:
    return (await desk.messages())[-1]


async def the_file(desk: Desk) -> Media:
    content = (await the_message(desk)).content
    assert isinstance(content, MediaMessage)
    return (await desk.ports.reader.by_ids(Media, ACME, [content.media]))[content.media]


async def fetch_due(desk: Desk) -> int:
    """One turn of the worker: everything that is to be fetched now; how much that was."""
    due = await desk.ports.store.due_media(desk.clock.now(), 100)
    for organization, media in due:
        await fetch_media(desk.ports, organization, media)
    return len(due)


async def kept(desk: Desk, media: Media) -> bytes:
    assert media.stored_as is not None
    return b"".join([chunk async for chunk in desk.ports.media.read(media.stored_as)])


async def pending_since(desk: Desk) -> timedelta | None:
    """How long until it is tried again; None where it is not."""
    due_at = (await the_file(desk)).due_at
    return None if due_at is None else due_at - desk.clock.now()


async def test_a_picture_is_fetched_with_the_numbers_token_and_the_desk_hears_of_it(desk: Desk) -> None:
    head = await desk.head()

    assert await fetch_due(desk) == 1

    media, message = await the_file(desk), await the_message(desk)
    assert (media.state, media.mime_type, media.size, media.sha256) == (MediaState.READY, "image/png", len(PNG), SHA256)
    assert await kept(desk, media) == PNG
    assert desk.network.tokens == {TOKEN}
    assert await desk.events(head) == [MessageChanged(message.thread, message.id, MessageChange.MEDIA)]
    assert await fetch_due(desk) == 0


async def test_a_file_sent_from_the_phones_app_is_fetched_too(desk: Desk) -> None:
    await desk.receive(desk.echo(content=IncomingMedia(MediaKind.IMAGE, "610001", "image/jpeg; q=1", sha256=None)))

    media, message = await the_file(desk), await the_message(desk)
    assert (media.message, media.due_at, media.mime_type) == (message.id, desk.clock.now(), "image/jpeg")
    assert await fetch_due(desk) == 2  # with the one that was there before


async def test_a_file_that_an_edit_brings_belongs_to_the_message_and_is_fetched(desk: Desk) -> None:
    message = await desk.wrote("Soon a picture")
    assert message.wamid is not None
    await desk.receive(desk.edit(message.wamid, content=IncomingMedia(MediaKind.IMAGE, "610001", "image/jpeg")))

    assert (await the_file(desk)).message == message.id
    assert await fetch_due(desk) == 2  # with the one that was there before


@pytest.mark.parametrize("told", [SHA256.upper(), base64.b64encode(bytes.fromhex(SHA256)).decode(), "abc", None])
async def test_the_hash_that_the_message_told_is_read_in_either_spelling(desk: Desk, told: str | None) -> None:
    desk.network.facts["file-8"] = FileFacts(URL)
    await send_picture(desk, "file-8", told)

    await fetch_due(desk)

    assert (await the_file(desk)).state is MediaState.READY


async def test_bytes_of_another_hash_are_not_kept_and_asked_for_a_few_times(desk: Desk) -> None:
    desk.network.files[URL] = [PNG[:-1] + b"!"]

    for tries in range(1, WRONG_TRIES):
        await fetch_due(desk)
        media = await the_file(desk)
        assert (media.state, media.tries, media.stored_as) == (MediaState.PENDING, tries, None)
        desk.later(LONGEST_PAUSE)
    await fetch_due(desk)

    media = await the_file(desk)
    assert media.state is MediaState.FAILED
    assert media.failure == "Its bytes are not those the network told of: the hash differs."
    assert await fetch_due(desk) == 0


async def test_a_file_that_is_shorter_than_told_is_tried_again(desk: Desk) -> None:
    desk.network.files[URL] = [PNG[:10]]
    await fetch_due(desk)
    assert (await the_file(desk)).state is MediaState.PENDING

    desk.network.files[URL] = [PNG]
    desk.later(MINUTE)
    await fetch_due(desk)

    assert (await the_file(desk)).state is MediaState.READY


@pytest.mark.parametrize(
    ("at", "failed"),
    [
        ("file_facts", NotSent("no connection")),
        ("file_facts", Unanswered("no answer")),
        ("file_facts", Rejected(190, "The token has expired.")),
        ("download", Unanswered("503")),
        ("download", Rejected(130429, "Too many calls.", retry_after_s=120.0)),
    ],
)
async def test_a_file_that_can_not_be_reached_for_half_an_hour_is_had_afterwards(
    desk: Desk, at: str, failed: Failed
) -> None:
    desk.network.failing[at] = failed
    for _ in range(30):
        await fetch_due(desk)
        assert (await the_file(desk)).state is MediaState.PENDING
        desk.later(MINUTE)

    del desk.network.failing[at]
    desk.later(LONGEST_PAUSE * 2)
    await fetch_due(desk)

    assert (await the_file(desk)).state is MediaState.READY


async def test_the_pauses_grow_up_to_ten_minutes_and_the_networks_own_wish_is_heeded(desk: Desk) -> None:
    desk.network.failing["file_facts"] = NotSent("no connection")
    pauses: list[timedelta] = []
    for _ in range(12):
        await fetch_due(desk)
        pause = await pending_since(desk)
        assert pause is not None
        pauses.append(pause)
        desk.later(pause)

    assert timedelta(seconds=2) <= pauses[0] <= timedelta(seconds=3)
    assert pauses[:9] == sorted(pauses[:9])
    assert all(LONGEST_PAUSE <= pause <= LONGEST_PAUSE * 1.5 for pause in pauses[-2:])
    desk.network.failing["file_facts"] = Rejected(4, "Too many calls.", retry_after_s=3600.0)
    await fetch_due(desk)
    assert await pending_since(desk) == timedelta(hours=1)


async def test_a_file_that_breaks_off_is_begun_again(desk: Desk) -> None:
    desk.network.files[URL] = [PNG[:5], BrokenOff("It stopped coming.")]
    await fetch_due(desk)
    assert (await the_file(desk)).state is MediaState.PENDING

    desk.network.files[URL] = [PNG]
    desk.later(MINUTE)
    await fetch_due(desk)

    assert await kept(desk, await the_file(desk)) == PNG


async def test_after_seven_days_the_network_has_it_no_longer(desk: Desk) -> None:
    desk.network.failing["file_facts"] = NotSent("no connection")
    await fetch_due(desk)
    desk.later(7 * DAY)

    await fetch_due(desk)

    media = await the_file(desk)
    assert (media.state, media.failure, media.due_at) == (MediaState.EXPIRED, TOO_LATE, None)
    assert isinstance((await desk.events())[-1], MessageChanged)


@pytest.mark.parametrize(
    ("refused", "state", "failure"),
    [
        (Rejected(100, "There is no such object."), MediaState.EXPIRED, GONE),
        (Rejected(131052, "It could not be downloaded."), MediaState.FAILED, "It could not be downloaded."),
    ],
)
async def test_a_refusal_for_good_is_believed_after_a_few_tries(
    desk: Desk, refused: Rejected, state: MediaState, failure: str
) -> None:
    desk.network.failing["file_facts"] = refused
    for _ in range(WRONG_TRIES):
        await fetch_due(desk)
        desk.later(LONGEST_PAUSE)

    media = await the_file(desk)
    assert (media.state, media.failure) == (state, failure)


async def test_a_link_that_leads_elsewhere_is_never_followed(desk: Desk) -> None:
    desk.network.elsewhere[URL] = "169.254.169.254"

    await fetch_due(desk)

    media = await the_file(desk)
    assert media.state is MediaState.FAILED
    assert media.failure == "Its link leads to 169.254.169.254, which is not the network: it was not fetched."


async def test_a_file_that_is_told_to_be_too_large_is_not_begun(desk: Desk) -> None:
    desk.network.facts["file-7"] = FileFacts(URL, SHA256, NETWORK_LIMIT + 1)

    await fetch_due(desk)

    assert (await the_file(desk)).state is MediaState.FAILED
    assert not [asked for asked in desk.network.asked if asked.startswith("download")]


async def test_a_file_that_does_not_end_is_stopped(desk: Desk) -> None:
    desk.network.facts["file-7"] = FileFacts(URL)
    desk.network.files[URL] = [bytes(NETWORK_LIMIT), b"!"]

    await fetch_due(desk)

    media = await the_file(desk)
    assert media.state is MediaState.FAILED
    assert media.failure == f"It has {NETWORK_LIMIT + 1} bytes; {NETWORK_LIMIT} are allowed for an image."


class NoRoom:
    """A store whose disk is full."""

    async def put(self, name: str, chunks: AsyncIterable[bytes]) -> None:
        raise Unavailable(retry_after_s=60.0)

    async def read(self, name: str, start: int = 0, stop: int | None = None):
        raise BytesMissing(name)
        yield b""

    async def size(self, name: str) -> int | None:
        return None

    async def remove(self, name: str) -> None: ...


async def test_a_full_disk_keeps_the_file_waiting(desk: Desk) -> None:
    [(organization, media)] = await desk.ports.store.due_media(desk.clock.now(), 10)

    await fetch_media(replace(desk.ports, media=NoRoom()), organization, media)

    assert (await the_file(desk)).state is MediaState.PENDING
    assert await pending_since(desk) == MINUTE


@pytest.mark.parametrize("token", [None, NO_KEY_OPENS])
async def test_a_number_without_a_token_waits_for_one(desk: Desk, token: str | None) -> None:
    channel = await desk.channel()
    await desk.given(replace(channel, access_token=token, state=ChannelState.DEGRADED))

    await fetch_due(desk)
    assert (await the_file(desk)).state is MediaState.PENDING
    assert desk.network.asked == []

    await desk.given(channel)
    desk.later(LONGEST_PAUSE)
    await fetch_due(desk)
    assert (await the_file(desk)).state is MediaState.READY


async def test_a_file_that_nobody_can_fetch_is_said_to_be_so(desk: Desk) -> None:
    orphan = a_media(MediaId(an_id(1)), network_id=None, due_at=NOON)
    await desk.given(orphan)

    await fetch_media(desk.ports, ACME, orphan.id)

    found = (await desk.ports.reader.by_ids(Media, ACME, [orphan.id]))[orphan.id]
    assert (found.state, found.due_at) == (MediaState.FAILED, None)


async def test_two_workers_do_not_fetch_the_same_file_and_a_dead_ones_file_is_fetched_again(desk: Desk) -> None:
    [(organization, media)] = await desk.ports.store.due_media(desk.clock.now(), 10)
    dead = replace(await the_file(desk), due_at=desk.clock.now() + LEASE, tries=1)
    await desk.given(dead)  # as a worker leaves it that died in the middle

    await fetch_media(desk.ports, organization, media)
    assert desk.network.asked == []

    desk.later(LEASE)
    assert await fetch_due(desk) == 1
    assert (await the_file(desk)).state is MediaState.READY


async def test_a_worker_that_comes_late_changes_nothing_and_leaves_no_bytes(desk: Desk) -> None:
    [(organization, media)] = await desk.ports.store.due_media(desk.clock.now(), 10)
    names: list[str] = []

    class Slow(Files):
        """A store that is done when another worker was faster."""

        async def put(self, name: str, chunks: AsyncIterable[bytes]) -> None:
            await desk.files.put(name, chunks)
            names.append(name)
            desk.later(LEASE)
            await fetch_due(desk)

    slow = Slow()
    slow.files = desk.files.files
    await fetch_media(replace(desk.ports, media=slow), organization, media)

    ready = await the_file(desk)
    assert ready.state is MediaState.READY
    assert ready.stored_as not in names
    assert [await desk.ports.media.size(name) for name in names] == [None]


# What is read back


async def chunks_of(*chunks: bytes):
    for chunk in chunks:
        yield chunk


async def test_a_kept_file_is_given_out_whole() -> None:
    sha256 = hashlib.sha256(b"abc").hexdigest()

    assert [chunk async for chunk in unspoilt(chunks_of(b"a", b"b", b"c"), sha256)] == [b"a", b"b", b"c"]
    assert [chunk async for chunk in unspoilt(chunks_of(), None)] == []


async def test_a_kept_file_with_a_flipped_bit_is_never_given_out_to_its_end() -> None:
    given = unspoilt(chunks_of(b"a", b"b", b"d"), hashlib.sha256(b"abc").hexdigest())

    assert [await anext(given), await anext(given)] == [b"a", b"b"]
    with pytest.raises(NotTheFile):
        await anext(given)
