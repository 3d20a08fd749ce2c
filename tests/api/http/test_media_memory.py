"""How many bytes of a large file are held at a time, on each of its ways: counted, and below what a desk may take."""

import hashlib
import tracemalloc
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from adapters.media.disk import DiskMedia
from adapters.whatsapp.client import CloudApi, http_client
from api.http.media import MediaFiles
from domain.conversations.messages import Direction
from domain.files.media import Media, MediaState
from domain.files.rules import MediaKind
from domain.ids import PhoneNumberId
from domain.ports.bundle import Ports
from domain.use_cases.files.fetch import fetch_media
from domain.use_cases.files.intake import unspoilt
from schema.engine.values.media_links import LIFETIME, MediaLinks, Purpose
from tests.api.memory_desk import memory_ports
from tests.builders import ACME, MEDIA, NOON, CountingIds, a_channel, a_media, an_organization

SIZE = 32 * 1024 * 1024
HELD = 4 * 1024 * 1024  # half of what a desk may take for a file
LINKS = MediaLinks(b"a secret for tests")


@pytest.fixture
def ports(tmp_path: Path) -> Ports:
    return replace(memory_ports(), media=DiskMedia(tmp_path))


@contextmanager
def counted() -> Generator[None]:
    """Fails where more than `HELD` bytes were allocated at a time."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < HELD


def made(size: int = SIZE, piece: int = 64 * 1024) -> Generator[bytes]:
    """A PDF in pieces as they come from a socket, each made when it is asked for."""
    yield b"%PDF-1.4\n".ljust(piece, b" ")
    for number in range(1, size // piece):
        yield number.to_bytes(8, "big") * (piece // 8)


def hash_of_all() -> str:
    hashed = hashlib.sha256()
    for piece in made():
        hashed.update(piece)
    return hashed.hexdigest()


async def arriving() -> AsyncIterator[bytes]:
    for piece in made():
        yield piece


async def given(ports: Ports, **more: Any) -> Media:
    media = replace(a_media(kind=MediaKind.DOCUMENT, mime_type="application/pdf", size=SIZE), **more)
    async with ports.store.transaction(ACME) as tx:
        tx.save(an_organization(), a_channel(), media)
    return media


async def asked(ports: Ports, method: str, path: str, body: Generator[bytes] | None = None) -> tuple[int, int]:
    """The status and the number of bytes that came back: httpx would gather them all."""
    status, came = 0, 0

    async def receive() -> dict[str, Any]:
        piece = next(body, None) if body is not None else None
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    async def send(message: Any) -> None:
        nonlocal status, came
        status = message.get("status", status)
        came += len(message.get("body", b""))

    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [],
        "http_version": "1.1",
    }
    await Starlette(routes=MediaFiles(ports, LINKS).routes())({**scope, "asgi": {"spec_version": "2.4"}}, receive, send)
    return status, came


async def test_in_a_few_pieces_of_an_upload_are_held(ports: Ports) -> None:
    await given(ports, direction=Direction.OUTBOUND, channel=None, network_id=None)
    link = LINKS.url(Purpose.PUT, ACME, MEDIA, NOON + LIFETIME)

    with counted():
        assert (await asked(ports, "PUT", link, made()))[0] == 201


async def test_out_a_few_pieces_of_a_download_are_held(ports: Ports) -> None:
    await ports.media.put("file-1", arriving())
    await given(ports, state=MediaState.READY, stored_as="file-1", sha256=hash_of_all())
    link = LINKS.url(Purpose.GET, ACME, MEDIA, NOON + LIFETIME)

    with counted():
        assert await asked(ports, "GET", link) == (200, SIZE)


class _Bytes(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncGenerator[bytes]:
        for piece in made():
            yield piece


async def test_from_the_network_a_few_pieces_are_held(ports: Ports) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/file":
            return httpx.Response(200, stream=_Bytes())
        return httpx.Response(200, json={"url": "http://network.test/file", "file_size": SIZE})

    ports = replace(ports, network=_network(answer))
    media = await given(ports, due_at=NOON, network_id="7")
    async with ports.store.transaction(ACME) as tx:
        tx.save(replace(a_channel(), access_token=ports.vault.seal(ACME, "access_token", "token")))

    with counted():
        await fetch_media(ports, ACME, media.id)

    kept = (await ports.reader.by_ids(Media, ACME, [media.id]))[media.id]
    assert (kept.state, kept.sha256) == (MediaState.READY, hash_of_all())


async def test_to_the_network_a_few_pieces_are_held(ports: Ports) -> None:
    class Reading(httpx.AsyncBaseTransport):
        came = 0

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            assert isinstance(request.stream, httpx.AsyncByteStream)
            async for piece in request.stream:
                self.came += len(piece)
            return httpx.Response(200, json={"id": "uploaded"})

    await ports.media.put("file-1", arriving())
    media = await given(ports, state=MediaState.READY, stored_as="file-1", sha256=hash_of_all())
    reading = Reading()
    network = CloudApi("http://network.test", "v26.0", http_client(reading), CountingIds())

    with counted():
        chunks = unspoilt(ports.media.read("file-1"), media.sha256)
        assert await network.upload("token", PhoneNumberId("1"), media, chunks) == "uploaded"

    assert reading.came > SIZE


def _network(answer: Any) -> CloudApi:
    return CloudApi("http://network.test", "v26.0", http_client(httpx.MockTransport(answer)), CountingIds())
