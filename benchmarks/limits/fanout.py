"""The limit of `fanout`: a frame made once and written to every socket, without a framework or a protocol's rules.

`python -m benchmarks.limits.fanout PAYLOAD`; the ports of the sockets and of the control line are printed.
"""

import asyncio
import base64
import hashlib
import sys
from typing import Final, cast

import uvloop

from benchmarks.listeners import FIN_TEXT, GUID

ACKNOWLEDGED: Final = b'{"type":"connection_ack"}'


def frame(payload: bytes) -> bytes:
    length = len(payload)
    if length < 126:
        return bytes((FIN_TEXT, length)) + payload
    if length < 1 << 16:
        return bytes((FIN_TEXT, 126)) + length.to_bytes(2, "big") + payload
    return bytes((FIN_TEXT, 127)) + length.to_bytes(8, "big") + payload


class Socket(asyncio.Protocol):
    """Answers the handshake and the greeting; what else it hears means nothing."""

    def __init__(self, everybody: set[asyncio.Transport]) -> None:
        self._everybody = everybody
        self._heard = b""
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is none by its type

    def data_received(self, data: bytes) -> None:
        if self._is_open:
            if self._transport not in self._everybody:
                self._everybody.add(self._transport)
                self._transport.write(frame(ACKNOWLEDGED))
            return
        self._heard += data
        if not self._heard.endswith(b"\r\n\r\n"):
            return
        lines = self._heard.decode().split("\r\n")
        key = next(line.split(": ")[1] for line in lines if line.lower().startswith("sec-websocket-key:"))
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        answer = (
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {accept}",
            "Sec-WebSocket-Protocol: graphql-transport-ws",
        )
        self._transport.write("\r\n".join((*answer, "", "")).encode())
        self._is_open = True

    def connection_lost(self, exc: Exception | None) -> None:
        self._everybody.discard(self._transport)


async def run(payload: bytes) -> None:
    loop = asyncio.get_running_loop()
    everybody: set[asyncio.Transport] = set()
    made = frame(payload)

    async def broadcast(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            for transport in everybody:
                transport.write(made)
        writer.close()

    sockets = await loop.create_server(lambda: Socket(everybody), "127.0.0.1", 0, backlog=2048)
    control = await asyncio.start_server(broadcast, "127.0.0.1", 0)
    ports = [server.sockets[0].getsockname()[1] for server in (sockets, control)]
    sys.stdout.write(f"sockets and control: {ports[0]} {ports[1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(run(sys.argv[1].encode()))
