"""Files that could not be had, asked for again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.conversations.contents import MediaMessage
from domain.conversations.messages import Direction
from domain.events import MessageChange, MessageChanged
from domain.files.media import GONE_AT_THE_NETWORK, WEBHOOK_ID_LIVES, Media, MediaState, Step
from domain.files.rules import MediaKind
from domain.ids import MediaId
from domain.ports.network import FileFacts
from domain.updates import IncomingMedia
from domain.use_cases.files.fetch_again import fetch_again, fetch_failed
from domain.use_cases.files.process import process_media
from tests.builders import ACME, NOON, a_media, an_id
from tests.domain.one_desk import Desk, open_desk
from tests.files import PDF

URL = "https://lookaside.fbsbx.com/file"


@pytest.fixture
async def desk() -> Desk:
    """A document came, and its link led to somebody else."""
    desk = await open_desk()
    desk.network.facts["file"] = FileFacts(URL)
    desk.network.elsewhere[URL] = "evil.example"
    await desk.receive(desk.message(content=IncomingMedia(MediaKind.DOCUMENT, "file", "application/pdf")))
    await tended(desk)
    return desk


async def tended(desk: Desk) -> list[Step | None]:
    due = await desk.ports.store.due_media(desk.clock.now(), 100)
    return [await process_media(desk.ports, organization, media) for organization, media in due]


async def the_file(desk: Desk) -> Media:
    content = (await desk.messages())[-1].content
    assert isinstance(content, MediaMessage)
    return (await desk.ports.reader.by_ids(Media, ACME, [content.media]))[content.media]


async def test_a_file_that_failed_is_fetched_again_when_somebody_asks(desk: Desk) -> None:
    assert (await the_file(desk)).state is MediaState.FAILED
    desk.network.elsewhere.clear()
    desk.network.files[URL] = [PDF]
    head = await desk.head()

    assert await fetch_failed(desk.ports) == 1

    media, message = await the_file(desk), (await desk.messages())[-1]
    assert (media.state, media.failure, media.tries, media.step) == (MediaState.PENDING, None, 0, Step.FETCH)
    assert await desk.events(head) == [MessageChanged(message.thread, message.id, MessageChange.MEDIA)]
    assert await tended(desk) == [Step.FETCH]
    assert (await the_file(desk)).state is MediaState.READY
    assert await fetch_failed(desk.ports) == 0


async def test_what_fails_again_is_put_back_once_each_time(desk: Desk) -> None:
    assert await fetch_failed(desk.ports) == 1
    assert await tended(desk) == [Step.FETCH]
    assert await fetch_failed(desk.ports) == 1


async def test_what_the_network_no_longer_has_is_not_asked_for(desk: Desk) -> None:
    media = await the_file(desk)
    desk.later(WEBHOOK_ID_LIVES - timedelta(seconds=1))
    desk.later(timedelta(seconds=1))

    assert await fetch_failed(desk.ports) == 0
    assert not await fetch_again(desk.ports, ACME, media.id)
    assert ((await the_file(desk)).state, (await the_file(desk)).failure) == (MediaState.EXPIRED, GONE_AT_THE_NETWORK)
    assert not await fetch_again(desk.ports, ACME, media.id)


@pytest.mark.parametrize("direction", [Direction.INBOUND, Direction.OUTBOUND])
async def test_a_file_of_our_own_or_without_an_id_can_not_be_asked_for(desk: Desk, direction: Direction) -> None:
    media = replace(a_media(MediaId(an_id(7)), state=MediaState.FAILED), direction=direction, network_id=None)
    await desk.given(media)

    assert not await fetch_again(desk.ports, ACME, media.id)
    assert not await fetch_again(desk.ports, ACME, MediaId(an_id(8)))
    assert (await desk.ports.store.failed_media(NOON - timedelta(days=1), 10)) == [(ACME, (await the_file(desk)).id)]
