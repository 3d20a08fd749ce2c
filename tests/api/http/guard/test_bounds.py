"""Every byte that a stranger sends has a bound in size and in time: over real sockets, in front of any application."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import Message
from starlette.websockets import WebSocket

from adapters.system import SystemIds
from api.http.edge import Edge
from api.http.guard.bodies import LeastRate, Paced, TooSlow
from api.http.guard.bounds import RequestBounds
from api.http.sockets import UNREAD_MS, bound
from api.metrics import Meters
from tests.api.http.guard.strangers import ELSEWHERE, HERE, WITHIN_S, Stranger, a_post, serving_app, stranger

MIB = 1024 * 1024
SHORT = RequestBounds(head_s=0.2, linger_s=0.2, unread_s=0.2, body_pace=LeastRate(1_000_000, 0.2))
A_GET = b"GET / HTTP/1.1\r\nHost: desk\r\n\r\n"
HEAD_OF_A_GET = b"GET / HTTP/1.1\r\nHost: desk\r\n"
SHAKING_HANDS = (
    b"GET /socket HTTP/1.1\r\nHost: desk\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def an_app(bounds: RequestBounds, endless_ended: asyncio.Event | None = None) -> Starlette:
    async def hello(request: Request) -> Response:
        return PlainTextResponse("hello")

    async def length(request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    async def endless(request: Request) -> Response:
        async def chunks() -> AsyncGenerator[bytes]:
            try:
                while True:
                    await asyncio.sleep(0)  # as whoever reads a file does
                    yield b"x" * 65_536
            finally:
                if endless_ended is not None:
                    endless_ended.set()

        return StreamingResponse(chunks())

    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    return Starlette(
        routes=[
            Route("/", hello),
            Route("/refused", hello, methods=["POST"]),
            Route("/length", length, methods=["POST"]),
            Route("/endless", endless),
            WebSocketRoute("/socket", echo),
        ],
        middleware=[Middleware(Edge, ids=SystemIds(), meters=Meters(), pace=bounds.body_pace)],
    )


async def poured(somebody: Stranger, piece: bytes, most: int) -> int:
    """How many bytes the other side took until it closed, or all of them."""
    took = 0
    try:
        while took < most:
            await somebody.say(piece)
            took += len(piece)
    except ConnectionError:
        pass
    return took


# Headers


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(HEAD_OF_A_GET + b"X-Long: ", id="a header"),
        pytest.param(b"GET /", id="a path"),
        pytest.param(b"G", id="a method"),
        pytest.param(SHAKING_HANDS + b"X-Long: ", id="a handshake"),
        pytest.param(b"\r\n" * 10, id="empty lines"),
    ],
)
async def test_a_head_without_end_is_refused_after_a_few_bytes(begun: bytes) -> None:
    async with serving_app(an_app(RequestBounds())) as port, stranger(port) as somebody:
        await somebody.say(begun)
        filling = b"\r\n" * 32_768 if begun.startswith(b"\r\n") else b"x" * 65_536
        taken = await poured(somebody, filling, 320 * MIB)

        # What the system buffers on the way counts as taken here.
        assert taken < 64 * MIB
        said = await somebody.heard()
        assert said == b"" or said.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))


async def test_a_head_that_is_too_long_is_told_so() -> None:
    async with serving_app(an_app(RequestBounds())) as port, stranger(port) as somebody:
        await somebody.say(HEAD_OF_A_GET + b"X-Long: " + b"x" * 100_000)

        assert await somebody.status() == 431
        assert b"too large" in await somebody.heard()


async def test_long_headers_within_the_bound_are_taken() -> None:
    lines = b"".join(b"X-%d: %s\r\n" % (n, b"x" * 4_000) for n in range(11))
    async with serving_app(an_app(RequestBounds())) as port, stranger(port) as somebody:
        for _ in range(3):
            await somebody.say(HEAD_OF_A_GET + lines + b"\r\n")
            assert await somebody.status() == 200
            await somebody.reader.readexactly(len("hello"))


async def test_a_trailer_without_end_is_no_way_around() -> None:
    head = b"POST /length HTTP/1.1\r\nHost: desk\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Long: "
    async with serving_app(an_app(RequestBounds())) as port, stranger(port) as somebody:
        await somebody.say(head)

        assert await poured(somebody, b"x" * 65_536, 320 * MIB) < 64 * MIB


A_BODY_WITH_TRAILERS = b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Long: "


async def test_trailers_that_are_too_long_are_told_so() -> None:
    async with serving_app(an_app(RequestBounds())) as port, stranger(port) as somebody:
        await somebody.say(
            b"POST /length HTTP/1.1\r\nHost: desk\r\n" + A_BODY_WITH_TRAILERS + b"x" * 200_000 + b"\r\n\r\n"
        )

        assert await somebody.status() == 431
        assert b"too large" in await somebody.heard()


async def test_trailers_that_are_too_long_behind_an_answer_that_is_out_take_nothing_of_it_away() -> None:
    async with serving_app(an_app(RequestBounds())) as port, stranger(port) as somebody:
        await somebody.say(b"POST /refused HTTP/1.1\r\nHost: desk\r\n" + A_BODY_WITH_TRAILERS)
        assert await somebody.status() == 200
        assert await somebody.reader.readexactly(5) == b"hello"

        await somebody.say(b"x" * 200_000 + b"\r\n\r\n")

        assert await somebody.heard() == b""


@pytest.mark.parametrize("begun", [b"", b"GET", HEAD_OF_A_GET, SHAKING_HANDS], ids=["nothing", "a word", "most", "ws"])
async def test_a_head_that_does_not_come_is_not_waited_for(begun: bytes) -> None:
    async with serving_app(an_app(SHORT), SHORT) as port, stranger(port) as somebody:
        await somebody.say(begun)

        said = await somebody.heard()

        assert said.startswith(b"HTTP/1.1 408 ") if begun else said == b""


async def test_three_thousand_half_requests_end_and_keep_nobody_out() -> None:
    bounds = RequestBounds(unfinished=60, unfinished_per_address=50, head_s=600)
    async with serving_app(an_app(bounds), bounds) as port, AsyncExitStack() as open_:
        crowd: list[Stranger] = []
        for number in range(300):
            crowd.append(await open_.enter_async_context(stranger(port, address=ELSEWHERE if number % 2 else HERE)))
            await crowd[-1].say(HEAD_OF_A_GET)
        async with stranger(port) as somebody:
            await somebody.say(A_GET)
            assert await somebody.status() == 200

        # All but those that still have a place have ended.
        ended = [asyncio.create_task(each.heard()) for each in crowd]
        while sum(each.done() for each in ended) < len(crowd) - 60:
            await asyncio.wait([each for each in ended if not each.done()], return_when=asyncio.FIRST_COMPLETED)
        left = [each for each in ended if not each.done()]
        for each in left:
            each.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        assert all(each.exception() is None for each in ended if each not in left), (
            "some were not ended, but waited for"
        )


async def test_requests_sent_ahead_without_end_are_not_kept() -> None:
    bounds = RequestBounds(unread_s=600)  # it is not for the answer that it ends
    async with serving_app(an_app(bounds), bounds) as port, stranger(port) as somebody:
        await somebody.say(b"GET /endless HTTP/1.1\r\nHost: desk\r\n\r\n" + A_GET * 1_000)

        async with asyncio.timeout(WITHIN_S):
            assert await poured(somebody, A_GET * 1_000, 64 * MIB) < 16 * MIB


# Bodies


async def test_a_body_that_trickles_is_ended() -> None:
    async with serving_app(an_app(SHORT), SHORT) as port, stranger(port) as somebody:
        await somebody.say(a_post("/length", length=10_000) + b"{")

        assert (await somebody.heard()).startswith(b"HTTP/1.1 408 ")


async def test_what_still_comes_after_the_answer_has_an_end() -> None:
    bounds = replace(SHORT, linger_s=600, linger_bytes=MIB)
    async with serving_app(an_app(bounds), bounds) as port, stranger(port) as somebody:
        await somebody.say(a_post("/refused", length=10**15))
        assert await somebody.status() == 200

        assert await poured(somebody, b"x" * 65_536, 320 * MIB) < 64 * MIB


async def test_who_was_answered_early_may_finish_and_go_on() -> None:
    async with serving_app(an_app(RequestBounds())) as port, stranger(port) as somebody:
        await somebody.say(a_post("/refused", length=4 * MIB))
        assert await somebody.status() == 200
        await somebody.reader.readexactly(len("hello"))
        await somebody.say(b"x" * 4 * MIB + A_GET)

        assert await somebody.status() == 200


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def paced_over(steps: list[tuple[float, int]], pace: LeastRate) -> int:
    """The bytes that came, each piece after so many seconds. Raises TooSlow."""
    clock, coming = Clock(), list(steps)

    async def receive() -> Message:
        after_s, count = coming.pop(0)
        clock.now += after_s
        return {"type": "http.request", "body": b"x" * count, "more_body": bool(coming)}

    paced, came = Paced(receive, pace, clock), 0
    for _ in steps:
        came += len((await paced())["body"])
    return came


async def test_a_body_at_the_least_rate_comes_whole() -> None:
    assert await paced_over([(1.0, 100)] * 50, LeastRate(bytes_per_s=100, patience_s=3)) == 5_000


async def test_a_body_below_the_least_rate_is_given_up_when_its_patience_is_used_up() -> None:
    with pytest.raises(TooSlow):
        await paced_over([(1.0, 10)] * 5, LeastRate(bytes_per_s=100, patience_s=3))


async def test_who_was_fast_may_not_stop_for_longer() -> None:
    with pytest.raises(TooSlow):
        await paced_over([(0.0, 10**6), (4.0, 1), (0.0, 1)], LeastRate(bytes_per_s=100, patience_s=3))


# Answers


async def test_an_answer_that_nobody_reads_is_given_up() -> None:
    has_ended = asyncio.Event()
    async with serving_app(an_app(SHORT, has_ended), SHORT) as port, stranger(port) as somebody:
        somebody.stop_reading()
        await somebody.say(b"GET /endless HTTP/1.1\r\nHost: desk\r\n\r\n")

        await asyncio.wait_for(has_ended.wait(), WITHIN_S)


async def test_of_those_who_do_not_read_their_answers_the_oldest_makes_room() -> None:
    bounds, has_ended = RequestBounds(unfinished=2, unread_s=600), asyncio.Event()
    async with serving_app(an_app(bounds, has_ended), bounds) as port, AsyncExitStack() as open_:
        for _ in range(3):
            somebody = await open_.enter_async_context(stranger(port))
            somebody.stop_reading()
            await somebody.say(b"GET /endless HTTP/1.1\r\nHost: desk\r\n\r\n")

        await asyncio.wait_for(has_ended.wait(), WITHIN_S)


@pytest.mark.parametrize(
    ("files", "all_of_them", "of_one"), [(65_536, 2_000, 500), (1_024, 256, 128), (256, 64, 32), (2, 1, 1)]
)
def test_a_process_that_may_open_few_files_keeps_half_of_them(files: int, all_of_them: int, of_one: int) -> None:
    bounds = RequestBounds().within(files)

    assert (bounds.unfinished, bounds.unfinished_per_address) == (all_of_them, of_one)


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux knows it")
async def test_connections_inherit_how_long_unread_bytes_are_kept() -> None:
    with bound(HERE, 0) as sock:
        sock.listen()
        sock.setblocking(False)
        loop = asyncio.get_running_loop()
        async with stranger(sock.getsockname()[1]):
            accepted, _ = await loop.sock_accept(sock)
            with accepted:
                kept_ms = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)

    assert kept_ms == UNREAD_MS


# Sockets


async def shake_hands(somebody: Stranger) -> None:
    await somebody.say(SHAKING_HANDS + b"\r\n")
    assert await somebody.status() == 101


def a_frame(first: int, payload: bytes = b"") -> bytes:
    """Masked with nothing, as the protocol allows."""
    assert len(payload) < 126
    return bytes([first, 0x80 | len(payload), 0, 0, 0, 0]) + payload


PING, TEXT_BEGUN, TEXT, GOES_ON = 0x89, 0x01, 0x81, 0x00


async def test_fragments_without_bytes_and_without_end_are_refused() -> None:
    async with serving_app(an_app(RequestBounds())) as port, stranger(port) as somebody:
        await shake_hands(somebody)
        await somebody.say(a_frame(TEXT_BEGUN) + a_frame(GOES_ON) * 1_000)

        assert b"Too many fragments" in await somebody.heard()


async def test_more_frames_at_once_than_anybody_needs_are_refused() -> None:
    async with serving_app(an_app(RequestBounds())) as port, stranger(port) as somebody:
        await shake_hands(somebody)
        await somebody.say(a_frame(TEXT, b"x") * 10_000)

        assert b"Too many frames" in await somebody.heard()


async def test_pings_whose_answers_nobody_reads_pile_nothing_up() -> None:
    async with serving_app(an_app(RequestBounds())) as port, stranger(port) as somebody:
        await shake_hands(somebody)
        somebody.stop_reading()

        assert await poured(somebody, a_frame(PING, b"x" * 125) * 500, 320 * MIB) < 128 * MIB


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        pytest.param(SHAKING_HANDS + b"X-Long: " + b"x" * 10_000 + b"\r\n\r\n", 431, id="a long line"),
        pytest.param(SHAKING_HANDS + b"X: y\r\n" * 200 + b"\r\n", 431, id="many lines"),
        pytest.param(SHAKING_HANDS.replace(b"/socket", b"/" + b"x" * 10_000) + b"\r\n", 414, id="a long path"),
        pytest.param(SHAKING_HANDS.replace(b"/socket", b"/\xff") + b"\r\n", 400, id="a path that is not in ASCII"),
        pytest.param(SHAKING_HANDS.replace(b": 13", b": 12") + b"\r\n", 400, id="another version"),
        pytest.param(SHAKING_HANDS.replace(b"Sec-WebSocket-Key", b"X") + b"\r\n", 400, id="no key"),
        pytest.param(SHAKING_HANDS.replace(b"GET", b"POST") + b"Content-Length: 3\r\n\r\nabc", 400, id="a post"),
    ],
)
async def test_a_wrong_handshake_is_answered_as_the_callers_and_ends(
    wrong: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving_app(an_app(RequestBounds())) as port, stranger(port) as somebody:
        await somebody.say(wrong)

        assert (await somebody.heard()).startswith(b"HTTP/1.1 %d " % status)
    assert not [record for record in caplog.records if record.exc_info or record.levelname == "ERROR"]
