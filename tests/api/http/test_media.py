"""Files over HTTP: given out to whoever has a link that holds, taken in once, nothing executed."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from starlette.applications import Starlette

from adapters.memory.scanner import VIRUS, MemoryScanner
from api.http.media import MediaFiles, Uploads
from domain.conversations.contents import MediaMessage, Unsupported
from domain.conversations.messages import Direction
from domain.files.media import PLAYABLE, Media, MediaState, Rendition
from domain.files.rules import MediaKind
from domain.ids import MediaId, OrganizationId
from domain.ports.bundle import Ports
from schema.engine.values.media_links import LIFETIME, MediaLinks, Purpose
from tests.api.http.graphql.test_outage import Away
from tests.api.memory_desk import memory_ports
from tests.builders import (
    ACME,
    GLOBEX,
    MEDIA,
    MESSAGE,
    NOON,
    FixedClock,
    a_channel,
    a_contact,
    a_media,
    a_thread,
    an_id,
    an_inbound,
    an_organization,
)
from tests.schema.live_desk import with_reader

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02" + b"rest of a picture"
LINKS = MediaLinks(b"a secret for tests")


async def in_pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 10):
        yield data[start : start + 10]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def ports(clock: FixedClock) -> Ports:
    """A picture that came with a message and is here."""
    ports = memory_ports(clock=clock)
    media = a_ready_media()
    async with ports.store.transaction(ACME) as tx:
        tx.save(an_organization(), a_channel(), a_contact(), a_thread(), media)
        tx.save(an_inbound(content=MediaMessage(media.id)))
    await ports.media.put("file-1", in_pieces(PNG))
    return ports


def a_ready_media() -> Media:
    return replace(
        a_media(message=MESSAGE, state=MediaState.READY, mime_type="image/png", size=len(PNG), stored_as="file-1"),
        sha256=hashlib.sha256(PNG).hexdigest(),
        file_name="Größe.png",
    )


@pytest.fixture
async def http(ports: Ports) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=MediaFiles(ports, LINKS).routes())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.test") as client:
        yield client


def a_link(media: MediaId = MEDIA, purpose: Purpose = Purpose.GET, organization: OrganizationId = ACME) -> str:
    return LINKS.url(purpose, organization, media, NOON + LIFETIME)


async def saved(ports: Ports, media: Media) -> None:
    async with ports.store.transaction(media.organization) as tx:
        tx.save(media)


async def test_a_picture_is_shown_with_its_type_and_name(http: httpx.AsyncClient) -> None:
    answer = await http.get(a_link())

    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''Gr%C3%B6%C3%9Fe.png"
    assert answer.headers["content-length"] == str(len(PNG))
    assert answer.headers["accept-ranges"] == "bytes"


async def test_its_head_has_no_bytes_and_what_is_known_is_not_sent_again(http: httpx.AsyncClient) -> None:
    head = await http.head(a_link())
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(PNG)))

    again = await http.get(a_link(), headers={"If-None-Match": head.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("asked", "status", "piece"),
    [
        ("bytes=0-0", 206, PNG[:1]),
        ("bytes=4-", 206, PNG[4:]),
        ("bytes=-5", 206, PNG[-5:]),
        ("bytes=-5000", 206, PNG),
        ("bytes=2-5000", 206, PNG[2:]),
        ("bytes=5-2", 200, PNG),
        ("bytes=0-1,3-4", 200, PNG),
        ("bytes=-", 200, PNG),
        ("lines=1-2", 200, PNG),
    ],
)
async def test_pieces_are_given_as_asked(http: httpx.AsyncClient, asked: str, status: int, piece: bytes) -> None:
    answer = await http.get(a_link(), headers={"Range": asked})

    assert (answer.status_code, answer.content) == (status, piece)


@pytest.mark.parametrize("asked", [f"bytes={len(PNG)}-", "bytes=-0", "bytes=9999-10000"])
async def test_a_piece_behind_the_end_can_not_be_had(http: httpx.AsyncClient, asked: str) -> None:
    answer = await http.get(a_link(), headers={"Range": asked})

    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(PNG)}")


async def test_a_piece_of_an_older_file_is_not_mixed_with_this_one(http: httpx.AsyncClient) -> None:
    answer = await http.get(a_link(), headers={"Range": "bytes=0-0", "If-Range": '"another"'})

    assert (answer.status_code, answer.content) == (200, PNG)


@pytest.mark.parametrize("mime_type", ["image/svg+xml", "text/html", "text/xml", "application/pdf", "text/plain"])
async def test_what_a_browser_would_execute_is_a_download_in_a_sandbox(
    ports: Ports, http: httpx.AsyncClient, mime_type: str
) -> None:
    await saved(ports, replace(a_ready_media(), mime_type=mime_type))

    answer = await http.get(a_link())

    assert answer.headers["content-type"] == mime_type
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_another_form_of_a_file_is_given_by_a_link_of_its_own(ports: Ports, http: httpx.AsyncClient) -> None:
    sound = b"ID3 as everything plays it"
    form = Rendition(PLAYABLE, "audio/mpeg", len(sound), hashlib.sha256(sound).hexdigest(), "file-1-playable")
    await ports.media.put("file-1-playable", in_pieces(sound))
    await saved(ports, replace(a_ready_media(), renditions=(form,)))
    link = LINKS.url(Purpose.GET, ACME, MEDIA, NOON + LIFETIME, PLAYABLE)

    answer = await http.get(link)

    assert (answer.status_code, answer.content) == (200, sound)
    assert (answer.headers["content-type"], answer.headers["content-disposition"]) == ("audio/mpeg", "inline")
    assert (await http.get(link, headers={"Range": "bytes=0-2"})).content == b"ID3"
    assert (await http.get(LINKS.url(Purpose.GET, ACME, MEDIA, NOON + LIFETIME, "thumbnail"))).status_code == 404
    async with ports.store.transaction(ACME) as tx:
        tx.save(an_inbound(content=Unsupported("quarantined", "It breaks a rule.")))
    assert (await http.get(link)).status_code == 404


async def test_a_link_ends_after_ten_minutes(http: httpx.AsyncClient, clock: FixedClock) -> None:
    clock.advance(LIFETIME - timedelta(seconds=1))
    assert (await http.get(a_link())).status_code == 200

    clock.advance(timedelta(seconds=1))
    assert (await http.get(a_link())).status_code == 403


@pytest.mark.parametrize(
    "link",
    [
        "/media/x",
        "/media/" + "A" * 5000,
        "/media/ä",
        a_link()[:-1],
        a_link() + "A",
        a_link(purpose=Purpose.PUT),
        MediaLinks(b"another secret").url(Purpose.GET, ACME, MEDIA, NOON + LIFETIME),
    ],
)
async def test_a_link_that_is_not_ours_opens_nothing(http: httpx.AsyncClient, link: str) -> None:
    answer = await http.get(link)

    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == "This link is not valid, or not any more."


async def test_a_link_of_another_organization_finds_nothing_here(http: httpx.AsyncClient) -> None:
    assert (await http.get(a_link(organization=GLOBEX))).status_code == 404


async def test_a_file_is_withheld_at_once_where_its_message_no_longer_shows_it(
    ports: Ports, http: httpx.AsyncClient
) -> None:
    link = a_link()
    assert (await http.get(link)).status_code == 200

    async with ports.store.transaction(ACME) as tx:
        tx.save(an_inbound(content=Unsupported("quarantined", "It breaks a rule.")))

    assert (await http.get(link)).status_code == 404
    assert (await http.get(link, headers={"If-None-Match": f'"{a_ready_media().sha256}"'})).status_code == 404


@pytest.mark.parametrize("state", [MediaState.PENDING, MediaState.FAILED, MediaState.EXPIRED])
async def test_a_file_that_is_not_here_is_not_given(ports: Ports, http: httpx.AsyncClient, state: MediaState) -> None:
    await saved(ports, replace(a_ready_media(), state=state))

    assert (await http.get(a_link())).status_code == 404


async def test_a_file_missing_from_the_store_is_told(ports: Ports, http: httpx.AsyncClient) -> None:
    await ports.media.remove("file-1")

    assert (await http.get(a_link())).status_code == 404


async def test_a_lost_file_is_fetched_again_while_the_network_has_it(
    ports: Ports, http: httpx.AsyncClient, clock: FixedClock
) -> None:
    await ports.media.put("file-1", in_pieces(PNG[:-5]))

    answer = await http.get(a_link())

    assert (answer.status_code, "being fetched again" in answer.text) == (404, True)
    assert await ports.store.due_media(clock.now(), 10) == [(ACME, MEDIA)]
    assert (await http.get(a_link())).status_code == 404


async def test_a_damaged_file_is_never_given_out_to_its_end(ports: Ports, http: httpx.AsyncClient) -> None:
    await ports.media.put("file-1", in_pieces(PNG[:-1] + b"!"))

    with pytest.raises(Exception, match="damaged"):
        await http.get(a_link())


# In


@pytest.fixture
async def prepared(ports: Ports) -> Media:
    media = a_media(
        MediaId(an_id(1)),
        direction=Direction.OUTBOUND,
        channel=None,
        network_id=None,
        kind=MediaKind.IMAGE,
        mime_type="image/png",
        size=len(PNG),
    )
    await saved(ports, media)
    return media


async def test_prepared_bytes_are_taken_once(http: httpx.AsyncClient, prepared: Media) -> None:
    link = a_link(prepared.id, Purpose.PUT)

    answer = await http.put(link, content=PNG)

    assert answer.status_code == 201
    assert answer.json() == {
        "bytes": len(PNG),
        "mimeType": "image/png",
        "sha256": hashlib.sha256(PNG).hexdigest(),
    }
    assert (await http.put(link, content=PNG)).status_code == 409
    assert (await http.get(a_link(prepared.id))).content == PNG


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [(PNG + b"!", 400, "INVALID"), (b"\xff\xd8\xff" + PNG[3:], 415, "MEDIA_REJECTED")],
)
async def test_bytes_that_do_not_fit_are_refused_with_the_reason(
    http: httpx.AsyncClient, prepared: Media, data: bytes, status: int, code: str
) -> None:
    answer = await http.put(a_link(prepared.id, Purpose.PUT), content=in_pieces(data))

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_bytes_that_wait_for_the_virus_scanner_are_taken_and_not_given_out(ports: Ports, prepared: Media) -> None:
    waiting = replace(ports, scanner=MemoryScanner(is_away=True))
    app = Starlette(routes=MediaFiles(waiting, LINKS).routes())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.test") as http:
        assert (await http.put(a_link(prepared.id, Purpose.PUT), content=PNG)).status_code == 202
        assert (await http.get(a_link(prepared.id))).status_code == 404
        assert (await http.put(a_link(prepared.id, Purpose.PUT), content=PNG)).status_code == 409


async def test_an_infected_file_is_refused(ports: Ports, prepared: Media) -> None:
    data = PNG + VIRUS
    await saved(ports, replace(prepared, size=len(data)))
    app = Starlette(routes=MediaFiles(replace(ports, scanner=MemoryScanner()), LINKS).routes())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.test") as http:
        answer = await http.put(a_link(prepared.id, Purpose.PUT), content=data)

    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "MEDIA_REJECTED")
    assert "A virus was found in it" in answer.json()["error"]["message"]


async def test_a_link_for_looking_takes_nothing_in(http: httpx.AsyncClient, prepared: Media) -> None:
    assert (await http.put(a_link(prepared.id), content=PNG)).status_code == 403
    assert (await http.put(a_link(MediaId(an_id(7)), Purpose.PUT), content=PNG)).status_code == 404


@pytest.mark.parametrize(("method", "purpose"), [("GET", Purpose.GET), ("PUT", Purpose.PUT)])
async def test_while_the_store_is_away_it_says_so_in_the_words_of_a_file(
    ports: Ports, prepared: Media, method: str, purpose: Purpose
) -> None:
    reader = Away(ports.reader)
    reader.away = True
    app = Starlette(routes=MediaFiles(with_reader(ports, reader), LINKS).routes())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.test") as http:
        answer = await http.request(method, a_link(prepared.id, purpose), content=PNG if method == "PUT" else None)

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "UNAVAILABLE")
    assert answer.headers["Retry-After"] == "2"


def test_links_are_absolute_where_the_public_address_is_known() -> None:
    links = MediaLinks(b"a secret for tests", "https://desk.example.com/")

    assert links.url(Purpose.GET, ACME, MEDIA, NOON) == "https://desk.example.com" + LINKS.url(
        Purpose.GET, ACME, MEDIA, NOON
    )


# Shares


class Slow:
    """An upload whose last bytes come when they are told to."""

    def __init__(self, http: httpx.AsyncClient, link: str) -> None:
        self._may_end = asyncio.Event()
        self.begun = asyncio.Event()
        self.answer = asyncio.create_task(http.put(link, content=self._pieces()))

    async def _pieces(self) -> AsyncIterator[bytes]:
        self.begun.set()
        yield PNG[:10]
        await self._may_end.wait()
        yield PNG[10:]

    def end(self) -> None:
        self._may_end.set()


@pytest.mark.parametrize(
    ("uploads", "uploader", "status", "whose"),
    [
        (Uploads(of_caller=1), "user:1", 429, "This user or key"),
        (Uploads(of_caller=1), "user:2", 201, None),
        (Uploads(of_organization=1), "user:2", 429, "This organization"),
        (Uploads(of_process=1), "user:2", 503, "This server"),
    ],
)
async def test_slow_uploads_take_no_more_than_their_share(
    ports: Ports, prepared: Media, uploads: Uploads, uploader: str, status: int, whose: str | None
) -> None:
    another = replace(prepared, id=MediaId(an_id(78)))
    await saved(ports, another)
    app = Starlette(routes=MediaFiles(ports, LINKS, uploads).routes())
    ends_at = NOON + LIFETIME
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.test") as http:
        slow = Slow(http, LINKS.url(Purpose.PUT, ACME, prepared.id, ends_at, uploader="user:1"))
        await slow.begun.wait()
        link = LINKS.url(Purpose.PUT, ACME, another.id, ends_at, uploader=uploader)
        answer = await http.put(link, content=PNG)
        slow.end()

        assert (await slow.answer).status_code == 201
        assert answer.status_code == status
        if whose is not None:
            error = answer.json()["error"]
            assert (error["code"], error["limit"]) == ("THROTTLED", 1)
            assert error["message"].startswith(whose)
            assert answer.headers["retry-after"] == "1"
            assert (await http.put(link, content=PNG)).status_code == 201


@pytest.mark.parametrize("spoilt", ["%00", "%0a", "%1b%5b", "%7f", "%ff", "%20", "%E2%80%A8"])
async def test_a_link_with_other_characters_in_it_is_no_link_and_the_right_one_still_is(
    http: httpx.AsyncClient, prepared: Media, spoilt: str
) -> None:
    link = a_link(prepared.id, Purpose.PUT)
    for wrong in (link + spoilt, link.replace("/media/", "/media/" + spoilt), link[:20] + spoilt + link[20:]):
        assert (await http.put(wrong, content=PNG)).status_code in (403, 404)

    assert (await http.put(link, content=PNG)).status_code == 201
