"""Bytes of files on their way from the network and to it, and where from they may be fetched."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from urllib.parse import urlsplit

import httpx

from adapters.whatsapp.calls import (
    CONTROL,
    Answer,
    foreign_answer,
    json_object,
    refusal_in,
    retry_after_s,
)
from domain.ports.network import (
    BrokenOff,
    Failed,
)

MAX_ERROR_BYTES = 64 * 1024
CHUNK_BYTES = 256 * 1024
MEDIA_HOSTS = frozenset({("https", "lookaside.fbsbx.com", 443), ("https", "graph.facebook.com", 443)})


async def arriving(response: httpx.Response) -> AsyncIterator[bytes]:
    deadline = asyncio.get_running_loop().time() + MAX_FILE_S
    chunks = response.aiter_raw(CHUNK_BYTES)
    try:
        while True:
            # A chunk is gathered from many reads: one that trickles would keep each of them from its own timeout.
            async with asyncio.timeout_at(deadline):
                chunk = await anext(chunks, None)
            if chunk is None:
                return
            yield chunk
    except TimeoutError:
        raise BrokenOff(f"It did not come within {MAX_FILE_S:.0f} seconds.") from None
    except httpx.RequestError as failure:
        raise BrokenOff(f"It stopped coming ({type(failure).__name__}).") from None


async def no_file(response: httpx.Response, token: str) -> Failed:
    """What an answer says that brings no file."""
    begun = bytearray()
    try:
        async for chunk in response.aiter_raw(MAX_ERROR_BYTES):
            begun += chunk
            if len(begun) >= MAX_ERROR_BYTES:
                break
    except httpx.RequestError:
        return foreign_answer(response.status_code)
    answer = Answer(response.status_code, json_object(bytes(begun)), retry_after_s(response.headers))
    return refusal_in(answer, token) or foreign_answer(response.status_code)


async def between(before: bytes, chunks: AsyncIterable[bytes], after: bytes) -> AsyncGenerator[bytes]:
    yield before
    async for chunk in chunks:
        yield chunk
    yield after


def origin_of(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port; None for what is no address, or hides another one in it."""
    if CONTROL.search(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    if port is None or parts.hostname is None or "@" in parts.netloc or "\\" in url:
        return None
    return (parts.scheme, parts.hostname, port)


MAX_FILE_S = 240.0  # for all bytes of one file, either way: within the five minutes that a worker has it for
