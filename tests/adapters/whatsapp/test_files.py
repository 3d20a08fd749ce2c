"""The bytes of files to and from the network: to its own hosts only, with the token, in pieces."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from adapters.system import SystemIds
from adapters.whatsapp import transfers
from adapters.whatsapp.client import CloudApi, http_client
from domain.conversations.messages import Direction
from domain.files.media import Media, MediaState
from domain.files.rules import MediaKind
from domain.ids import MediaId, OrganizationId, PhoneNumberId
from domain.ports.network import BrokenOff, Elsewhere, FileFacts, NotSent, Rejected, Unanswered

TOKEN = "EAAG-canary-7c1f"
NUMBER = PhoneNumberId("700100")
FILE = Media(
    OrganizationId("acme"),
    MediaId("file"),
    MediaKind.DOCUMENT,
    MediaState.READY,
    "application/pdf",
    datetime(2026, 11, 20, tzinfo=UTC),
    Direction.OUTBOUND,
    size=6,
)


class Graph:
    """A network whose answer is given; it keeps what it was asked."""

    def __init__(self, answer: httpx.Response | Exception) -> None:
        self._answer = answer
        self.asked: list[httpx.Request] = []
        self.bodies: list[bytes] = []
        self.api = CloudApi(
            "https://graph.example.com:8443", "v26.0", http_client(httpx.MockTransport(self.take)), SystemIds()
        )

    async def take(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        self.bodies.append(await request.aread())
        if isinstance(self._answer, Exception):
            raise self._answer
        answer = self._answer
        # As it would come over a socket: what is given whole could not be read in pieces.
        return (
            answer
            if not answer.is_closed
            else httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content))
        )


async def downloaded(graph: Graph, url: str) -> bytes | Elsewhere | Rejected | NotSent | Unanswered:
    async with graph.api.download(TOKEN, url) as chunks:
        if isinstance(chunks, (Elsewhere, Rejected, NotSent, Unanswered)):
            return chunks
        return b"".join([chunk async for chunk in chunks])


async def in_pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@pytest.mark.parametrize("size", [6, "6"])
async def test_a_file_tells_where_it_is(size: object) -> None:
    url = "https://lookaside.fbsbx.com/x"
    graph = Graph(httpx.Response(200, json={"url": url, "sha256": "abc", "file_size": size, "id": "77"}))

    assert await graph.api.file_facts(TOKEN, NUMBER, "77") == FileFacts(url, "abc", 6)
    assert str(graph.asked[0].url) == "https://graph.example.com:8443/v26.0/77?phone_number_id=700100"

    placeless = Graph(httpx.Response(200, json={"id": "77"}))
    assert isinstance(await placeless.api.file_facts(TOKEN, NUMBER, "77"), Unanswered)


async def test_a_file_without_a_place_is_no_answer() -> None:
    assert isinstance(
        await Graph(httpx.Response(200, json={"id": "77"})).api.file_facts(TOKEN, NUMBER, "77"), Unanswered
    )
    refused = Graph(httpx.Response(400, json={"error": {"code": 100, "message": "Gone"}}))
    assert await refused.api.file_facts(TOKEN, NUMBER, "77") == Rejected(100, "Gone")


@pytest.mark.parametrize(
    "url",
    [
        "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1",
        "https://graph.facebook.com/1",
        "https://graph.example.com:8443/1",
        "https://LOOKASIDE.fbsbx.com:443/1",
    ],
)
async def test_the_networks_own_hosts_are_asked_with_the_token(url: str) -> None:
    graph = Graph(httpx.Response(200, content=b"bytes!"))

    assert await downloaded(graph, url) == b"bytes!"
    assert graph.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert graph.asked[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "url",
    [
        "http://lookaside.fbsbx.com/1",
        "https://lookaside.fbsbx.com.evil.example/1",
        "https://evil.example/lookaside.fbsbx.com",
        "https://lookaside.fbsbx.com@evil.example/1",
        "https://evil.example#@lookaside.fbsbx.com/1",
        "https://lookaside.fbsbx.com:444/1",
        "https://graph.example.com/1",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:127.0.0.1]/",
        "http://2130706433/",
        "http://127.1:8000/",
        "https://lookaside.fbsbx.com\\@evil.example/1",
        "file:///etc/passwd",
        "//lookaside.fbsbx.com/1",
        "https://lookaside.fbsbx.com:99999/1",
        "https://[bad/1",
        "",
        "https://lookaside.fbsbx.com/1\x01",
        "https://lookaside.fbsbx.com/\n1",
        "https://lookaside.fbsbx.com/1\x7f",
        "https://lookaside.fbsbx.com/" + "x" * 70_000,
    ],
)
async def test_no_other_host_is_ever_asked(url: str) -> None:
    graph = Graph(httpx.Response(200, content=b"bytes!"))

    assert isinstance(await downloaded(graph, url), Elsewhere)
    assert graph.asked == []


async def test_a_redirect_is_not_followed_with_our_token() -> None:
    graph = Graph(httpx.Response(302, headers={"Location": "http://169.254.169.254/"}))

    assert isinstance(await downloaded(graph, "https://lookaside.fbsbx.com/1"), Unanswered)
    assert len(graph.asked) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(503, content=b"<html>"), Unanswered),
        (httpx.Response(404, content=b"x" * 1_000_000), Unanswered),
        (httpx.Response(401, json={"error": {"code": 190, "message": "Expired"}}), Rejected),
        (httpx.Response(200, stream=httpx.ByteStream(b"")), bytes),
        (httpx.ConnectError("no"), NotSent),
        (httpx.ReadTimeout("no"), Unanswered),
    ],
)
async def test_an_answer_without_the_file_is_told_as_what_it_is(
    answer: httpx.Response | Exception, kind: type[object]
) -> None:
    assert isinstance(await downloaded(Graph(answer), "https://lookaside.fbsbx.com/1"), kind)


async def test_a_file_that_stops_coming_breaks_off() -> None:
    class Stalls(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"begun"
            raise httpx.ReadTimeout("nothing came")

    graph = Graph(httpx.Response(200, stream=Stalls()))

    with pytest.raises(BrokenOff, match="ReadTimeout"):
        await downloaded(graph, "https://lookaside.fbsbx.com/1")


async def test_a_file_that_trickles_breaks_off_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    class Trickling(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"a byte now and then never fills a chunk"
            await asyncio.Event().wait()

    monkeypatch.setattr(transfers, "MAX_FILE_S", 0.1)

    with pytest.raises(BrokenOff, match="did not come within"):
        await downloaded(Graph(httpx.Response(200, stream=Trickling())), "https://lookaside.fbsbx.com/1")


async def test_a_token_that_can_be_none_is_sent_nowhere() -> None:
    graph = Graph(httpx.Response(200, content=b"bytes!"))

    async with graph.api.download("line\nbreak", "https://lookaside.fbsbx.com/1") as refused:
        assert isinstance(refused, Rejected)
    assert graph.asked == []


async def test_a_file_goes_up_as_one_multipart_body_of_the_length_told_before() -> None:
    graph = Graph(httpx.Response(200, json={"id": "77"}))

    assert await graph.api.upload(TOKEN, NUMBER, FILE, in_pieces(b"by", b"tes!")) == "77"

    (request,), (body,) = graph.asked, graph.bodies
    assert str(request.url) == "https://graph.example.com:8443/v26.0/700100/media"
    assert int(request.headers["content-length"]) == len(body)
    boundary = request.headers["content-type"].partition("boundary=")[2]
    assert body.decode().split(f"--{boundary}") == [
        "",
        '\r\nContent-Disposition: form-data; name="messaging_product"\r\n\r\nwhatsapp\r\n',
        '\r\nContent-Disposition: form-data; name="type"\r\n\r\napplication/pdf\r\n',
        '\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n'
        "Content-Type: application/pdf\r\n\r\nbytes!\r\n",
        "--\r\n",
    ]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(400, json={"error": {"code": 131053, "message": "No"}}), Rejected),
        (httpx.Response(200, json={}), Unanswered),
        (httpx.Response(502, content=b"<html>"), Unanswered),
        (httpx.ConnectError("no"), NotSent),
    ],
)
async def test_an_upload_that_gives_no_id_says_why(answer: httpx.Response | Exception, kind: type[object]) -> None:
    assert isinstance(await Graph(answer).api.upload(TOKEN, NUMBER, FILE, in_pieces(b"bytes!")), kind)


async def test_what_the_store_raises_ends_the_upload() -> None:
    class Spoilt(Exception):
        pass

    async def spoilt() -> AsyncIterator[bytes]:
        yield b"by"
        await asyncio.sleep(0)
        raise Spoilt

    with pytest.raises(Spoilt):
        await Graph(httpx.Response(200, json={"id": "77"})).api.upload(TOKEN, NUMBER, FILE, spoilt())
