"""ClamAV's scanner over its socket: a file is streamed to it in pieces, and its one line says what it found.

Source: clamd(8), commands `zPING`, `zVERSION` and `zINSTREAM`.
"""

import asyncio
import re
import socket
import struct
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog

from adapters.clamd.address import SETTING, ClamdAddress
from domain.errors import Unavailable
from domain.ports.files import Clean, Infected, NotScanned

CONNECT_WITHIN_S: Final = 5.0
PIECE_WITHIN_S: Final = 30.0  # of a stream that it takes
ANSWER_WITHIN_S: Final = 120.0  # once it has all of a file
PIECE_BYTES: Final = 256 * 1024
LONGEST_ANSWER: Final = 4096
AGAIN_AFTER_S: Final = 10.0
LENGTH: Final = struct.Struct(">I")

FOUND: Final = re.compile(r"stream: (.{1,200}) FOUND")
TOO_LARGE: Final = "The virus scanner takes no file of this size."

log = structlog.stdlib.get_logger()


class Health(StrEnum):
    READY = "READY"
    AWAY = "AWAY"


@dataclass(frozen=True, slots=True)
class ClamdState:
    health: Health
    message: str  # one line; names the setting where something is to be done


class _Silent(Exception):
    """It can't be reached, does not answer, or not in its own words; the message says which."""


class Clamd:
    """Speaks through bare sockets: what it said before it hung up can still be read, whatever could not be sent."""

    def __init__(self, address: ClamdAddress) -> None:
        self._address = address

    async def scan(self, chunks: AsyncIterable[bytes]) -> Clean | Infected | NotScanned:
        try:
            async with self._connected() as connection:
                await _sent(connection, chunks)
                return _verdict(await _answer(connection, ANSWER_WITHIN_S))
        except _Silent as silent:
            log.warning("the virus scanner does not answer", scanner=str(self._address), why=str(silent))
            raise Unavailable(AGAIN_AFTER_S) from silent

    async def look(self) -> ClamdState:
        """Asks once; it scans nothing."""
        try:
            async with self._connected() as connection:
                with suppress(ConnectionError):  # what it said shows what it is
                    await _send(connection, b"zVERSION\0")
                version = await _answer(connection, CONNECT_WITHIN_S)
        except _Silent as silent:
            why = f"{SETTING}: the virus scanner at {self._address} does not answer ({silent})"
            return ClamdState(Health.AWAY, f"{why}. Until it does, files that come are held back.")
        return ClamdState(Health.READY, f"{version} answers at {self._address}")

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[socket.socket]:
        address, loop = self._address, asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                if address.path is not None:
                    family, where = socket.AF_UNIX, address.path
                else:
                    found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
                    family, *_, where = found[0]
                connection = socket.socket(family, socket.SOCK_STREAM)
                connection.setblocking(False)
                try:
                    await loop.sock_connect(connection, where)
                except BaseException:
                    connection.close()
                    raise
        except (OSError, TimeoutError) as error:
            raise _Silent(f"it can't be reached: {type(error).__name__}") from None
        with connection:
            yield connection


async def _sent(connection: socket.socket, chunks: AsyncIterable[bytes]) -> None:
    """Until it has all of them, or hangs up: then it has said why, or has not."""
    try:
        await _send(connection, b"zINSTREAM\0")
        async for chunk in chunks:
            for start in range(0, len(chunk), PIECE_BYTES):
                piece = chunk[start : start + PIECE_BYTES]
                await _send(connection, LENGTH.pack(len(piece)) + piece)
        await _send(connection, LENGTH.pack(0))
    except ConnectionError:
        return


async def _send(connection: socket.socket, data: bytes) -> None:
    try:
        async with asyncio.timeout(PIECE_WITHIN_S):
            await asyncio.get_running_loop().sock_sendall(connection, data)
    except TimeoutError:
        raise _Silent("it takes no more") from None


async def _answer(connection: socket.socket, within_s: float) -> str:
    said = b""
    try:
        async with asyncio.timeout(within_s):
            while not said.endswith(b"\0"):
                more = await asyncio.get_running_loop().sock_recv(connection, LONGEST_ANSWER)
                said += more
                if not more or len(said) > LONGEST_ANSWER:
                    raise _Silent("it hung up" if not more else "its answer does not end")
    except TimeoutError:
        raise _Silent(f"no answer within {within_s:.0f} seconds") from None
    except OSError:
        raise _Silent("it hung up") from None
    return said.rstrip(b"\0").decode(errors="replace").strip()


def _verdict(said: str) -> Clean | Infected | NotScanned:
    if said == "stream: OK":
        return Clean()
    if found := FOUND.fullmatch(said):
        return Infected(found[1])
    if said.startswith("INSTREAM size limit exceeded"):
        return NotScanned(TOO_LARGE)
    raise _Silent(f"it said {said[:100]!r}")
