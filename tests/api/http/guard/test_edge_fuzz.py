"""Bytes that nobody would send, to every door of the real application: no 5xx, no traceback, and it serves on.

`DESKLINE_FUZZ_SEED` and `DESKLINE_FUZZ_ROUNDS` repeat a run and make it longer.
"""

import asyncio
import logging
import os
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from api.http.app import serving
from api.settings import Settings
from api.wiring import wired
from tests.api.http.guard.strangers import WITHIN_S, serving_app, stranger

SEED = int(os.environ.get("DESKLINE_FUZZ_SEED", "20261130"))
ROUNDS = int(os.environ.get("DESKLINE_FUZZ_ROUNDS", "150"))

ANSWERED_S = 0.2

METHODS = [b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"DELETE", b"PATCH", b"QUERY", b"CONNECT", b"\xff"]
PATHS = [
    b"/graphql",
    b"/webhooks/whatsapp",
    b"/media/abc",
    b"/media/%00%0a%ff",
    b"/media/",
    b"/",
    b"/healthz",
    b"/readyz",
    b"/%2e%2e/%2e%2e/etc/passwd",
    b"/assets/..%2f..",
    b"*",
    b"http://elsewhere/",
    b"/\xff\xfe",
    b"/%",
    b"//",
    b"/graphql?%ff=%zz",
    b"/webhooks/whatsapp?hub.mode=subscribe&hub.verify_token=%ff&hub.challenge=%00",
    b"/" + b"a" * 9_000,
]
HEADERS = [
    b"Host: desk",
    b"Host: \xff",
    b"Host: [::",
    b"Host: a, b",
    b"Connection: Upgrade",
    b"Connection: close, upgrade",
    b"Upgrade: websocket",
    b"Upgrade: h2c",
    b"Sec-WebSocket-Version: 13",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    b"Sec-WebSocket-Key: short",
    b"Sec-WebSocket-Protocol: graphql-transport-ws",
    b"Sec-WebSocket-Protocol: \xe4, ,",
    b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99",
    b"Origin: null",
    b"Origin: https://[",
    b"Origin: \xff",
    b"Content-Length: 3",
    b"Content-Length: -1",
    b"Content-Length: 99999999999999999999",
    b"Content-Length: 0x3",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip",
    b"Content-Type: application/json",
    b"Content-Type: application/json; charset=\xff",
    b"Content-Encoding: br",
    b"Expect: 100-continue",
    b"Expect: 999",
    b"Accept: text/event-stream",
    b"Accept: */*;q=\xff",
    b"Accept: application/graphql-response+json",
    b"Range: bytes=9-1",
    b"X-Hub-Signature-256: sha256=" + b"0" * 64,
    b"X-Hub-Signature-256: \xff",
    b"Authorization: Bearer \xff",
    b"Authorization: Bearer dsk_x",
    b"Last-Event-ID: \xff",
    b'Forwarded: for="[',
    b"X-Forwarded-For: \xff, ::",
    b"Deskline-Cost: 1",
    b"If-None-Match: \xff",
    b"Cookie: a=b",
    b"X-Request-Id: \xff" * 3,
]
BODIES = [
    b"",
    b"abc",
    b"{",
    b'{"query":"{ viewer { role } }"}',
    b'{"query":"\\ud800"}',
    b"\xff\xfe",
    b"[" * 1_000,
    b'{"query":"{__typename}","variables":{"a":1e999}}',
    b"1\r\nx\r\n0\r\n\r\n",
    b"ffffffffffffffff\r\n",
    b"0\r\nX: y\r\n\r\n",
    b'3\r\n{"a\r\n0\r\n\r\n',
    b"\x81\x80\x00\x00\x00\x00",
    b"GET / HTTP/1.1\r\nHost: desk\r\n\r\n",
    b"\r\n" * 100,
]
FRAMES = [
    b'{"type":"connection_init"}',
    b'{"type":"connection_init","payload":{"authorization":"Bearer \xc3\xa4"}}',
    b"",
    b"\xff",
    b'{"type":"ping","payload":{"n":18446744073709551616}}',
    b'{"type":"ping","payload":[]}',
    b'{"type":"subscribe","id":""}',
    b'{"type":1}',
    b"null",
    b"[" * 120,
    b'{"type":"connection_init","payload":{"authorization":"Bearer ' + b"x" * 80 + b'"}}',
]
HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: desk\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)


def a_request(chance: random.Random) -> bytes:
    headers = chance.choices(HEADERS, k=chance.randrange(12))
    if chance.random() < 0.5:
        headers.insert(0, b"Host: desk")
    line = (
        chance.choice(METHODS) + b" " + chance.choice(PATHS) + chance.choice([b" HTTP/1.1", b" HTTP/1.0", b" HTTP/9"])
    )
    said = b"\r\n".join([line, *headers, b"", chance.choice(BODIES)])
    return spoilt(said, chance) if chance.random() < 0.2 else said


def a_talk(chance: random.Random) -> bytes:
    """A good handshake, and frames that may be good or not."""
    said = HANDSHAKE
    for _ in range(chance.randrange(1, 6)):
        payload = chance.choice(FRAMES)
        first = chance.choice([0x81, 0x82, 0x01, 0x00, 0x80, 0x88, 0x89, 0x8A, 0x83, 0xC1, 0xF1])
        said += bytes([first, 0x80 | min(len(payload), 125), 0, 0, 0, 0]) + payload[:125]
    return spoilt(said, chance) if chance.random() < 0.2 else said


def spoilt(said: bytes, chance: random.Random) -> bytes:
    raw = bytearray(said)
    for _ in range(chance.randrange(1, 4)):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    return bytes(raw)


@asynccontextmanager
async def a_desk(folder: Path) -> AsyncGenerator[int]:
    settings = Settings(database_url=f"sqlite:///{folder / 'desk.db'}", graph_api_url="http://127.0.0.1:9")
    async with wired(settings) as desk:
        app = serving(settings, desk, with_worker=False).app
        async with app.router.lifespan_context(app), serving_app(app) as port:
            yield port


async def answer_to(port: int, said: bytes) -> bytes:
    """What is answered at once, and then until the end: much of it waits for more, which never comes."""
    async with stranger(port) as somebody:
        heard = b""
        with suppress(ConnectionError, TimeoutError):
            await somebody.say(said)
            heard = await asyncio.wait_for(somebody.reader.read(65_536), ANSWERED_S)
        with suppress(OSError):
            somebody.writer.write_eof()
        return heard + await somebody.heard()


async def test_no_bytes_make_a_fault_of_the_server(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(SEED)
    healthy = b"GET /healthz HTTP/1.1\r\nHost: desk\r\nConnection: close\r\n\r\n"
    with capture_logs() as logs:
        async with a_desk(tmp_path) as port:
            for number in range(ROUNDS):
                said = (a_talk if chance.random() < 0.4 else a_request)(chance)
                async with asyncio.timeout(WITHIN_S):
                    heard = await answer_to(port, said)
                where = f"round {number} of seed {SEED}: {said!r} was answered {heard[:200]!r}"
                assert b"HTTP/1.1 5" not in heard, where
                assert b"Traceback" not in heard, where
                faults = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
                faults += [str(line) for line in logs if line["log_level"] in ("error", "critical")]
                assert not faults, f"{faults} in {where}"
            assert (await answer_to(port, healthy)).startswith(b"HTTP/1.1 200 ")
