"""Answers are compressed where the client takes it and it is worth it; what is live never is."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from api.http import compression
from api.http.compression import takes_gzip
from tests.api.http.graphql.graphql_server import serving
from tests.api.http.graphql.test_ws import PROTOCOL
from tests.schema.live_desk import LiveDesk, a_live_desk

TEXTS = "{ threads(first: 1) { nodes { messages { nodes { content { ... on TextContent { body } } } } } } }"
SHORT = "{ viewer { role } }"


@pytest.fixture
async def desk() -> LiveDesk:
    desk = await a_live_desk()
    await desk.writes(await desk.a_thread(), *(f"message {number} " * 20 for number in range(50)))
    return desk


async def asked(
    desk: LiveDesk, query: str, encoding: str, accept: str = "application/json"
) -> tuple[httpx.Headers, bytes]:
    """An answer's headers and its bytes as they travel."""
    headers = {"Authorization": f"Bearer {await desk.a_key()}", "Accept-Encoding": encoding}
    async with (
        serving(desk.engine) as address,
        httpx.AsyncClient(trust_env=False) as client,
        client.stream("POST", f"http://{address}/graphql", json={"query": query}, headers=headers) as response,
    ):
        return response.headers, b"".join([chunk async for chunk in response.aiter_raw()])


@pytest.mark.parametrize("at_once", [0, 10**6], ids=["in a thread", "at once"])
async def test_a_long_answer_travels_compressed(desk: LiveDesk, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "AT_ONCE", at_once)

    plain_headers, plain = await asked(desk, TEXTS, "identity")
    headers, raw = await asked(desk, TEXTS, "gzip, deflate, br")

    assert headers["content-encoding"] == "gzip"
    assert int(headers["content-length"]) == len(raw)
    assert len(raw) * 5 < len(plain)
    assert json.loads(gzip.decompress(raw)) == json.loads(plain)
    assert "content-encoding" not in plain_headers
    assert "Accept-Encoding" in headers["vary"]
    assert "Accept-Encoding" in plain_headers["vary"]


async def test_a_short_answer_is_left_as_it_is(desk: LiveDesk) -> None:
    headers, raw = await asked(desk, SHORT, "gzip")

    assert "content-encoding" not in headers
    assert json.loads(raw) == {"data": {"viewer": {"role": "ADMIN"}}}


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("GZIP;q=0.5", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("*;q=0", False),
        ("gzipped", False),
    ],
)
def test_gzip_is_taken_where_its_weight_is_not_nought(accepted: str, takes: bool) -> None:
    assert takes_gzip(accepted) is takes


async def test_events_are_neither_compressed_nor_held_back(desk: LiveDesk) -> None:
    key, thread = await desk.a_key(), await desk.a_thread()
    headers = {"Authorization": f"Bearer {key}", "Accept-Encoding": "gzip", "Accept": "text/event-stream"}
    query = (
        "subscription { inboxEvents { ... on MessageAdded { message { content { ... on TextContent { body } } } } } }"
    )
    async with (
        serving(desk.engine) as address,
        httpx.AsyncClient(trust_env=False) as client,
        client.stream("POST", f"http://{address}/graphql", json={"query": query}, headers=headers) as response,
    ):
        chunks = response.aiter_raw()
        assert await anext(chunks) == b":\n\n"
        for text in ("one " * 1_000, "two"):
            await desk.writes(thread, text)
            assert text.encode() in await event(chunks)

    assert "content-encoding" not in response.headers


async def event(chunks: AsyncIterator[bytes]) -> bytes:
    """The bytes up to the end of the next event."""
    said = b""
    async with asyncio.timeout(10):
        while not said.endswith(b"\n\n"):
            said += await anext(chunks)
    return said


async def test_frames_are_not_compressed(desk: LiveDesk) -> None:
    async with (
        serving(desk.engine) as address,
        connect(f"ws://{address}/graphql", subprotocols=[Subprotocol(PROTOCOL)], proxy=None) as socket,
    ):
        assert socket.response is not None
        assert "Sec-WebSocket-Extensions" not in socket.response.headers
