"""Many sockets that listen, in a process of their own that does as little as it can: `python -m benchmarks.listeners`.

Reads what to do from stdin. Sockets are read as they become readable; frames are told apart by their lengths only.
"""

import asyncio
import os
import resource
import selectors
import socket
import sys
import time
import zlib
from dataclasses import dataclass
from typing import Final

import msgspec

from benchmarks.figures import percentile
from benchmarks.known import ROOT

GUID: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455
FIN_TEXT: Final = 0x81
PING: Final = 0x89
READ_BYTES: Final = 1 << 18
GIVES_UP_AFTER_S: Final = 60.0
LATENCY_EVENTS: Final = 5
FIRED_AGAIN_AFTER_S: Final = 1.0
AT_A_TIME: Final = 50  # sockets connecting


@dataclass(frozen=True, slots=True)
class Listening:
    port: int
    control: int
    sockets: int
    events: int
    greeting: str
    asking: str


@dataclass(frozen=True, slots=True)
class Heard:
    seconds: float
    cpu: float  # this process's share of one processor
    p50_ms: float
    p99_ms: float
    complete: bool  # every socket got every event, the same ones in the same order
    frame: str  # the last event, as it came


async def listen(listening: Listening) -> Heard:
    """Carried out in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.listeners",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    answer, _ = await process.communicate(msgspec.json.encode(listening))
    assert process.returncode == 0, "the listeners failed; they have said why"
    return msgspec.json.decode(answer, type=Heard)


# In the listeners' own process


class _Ear:
    """One socket: how many events it got, and a sum over them in their order."""

    def __init__(self, listening: Listening) -> None:
        self.socket = socket.create_connection(("127.0.0.1", listening.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.events = 0
        self.sum = 0
        self.last = b""
        self._rest = b""
        self.socket.sendall(_handshake(listening.port))

    def greet(self, listening: Listening) -> None:
        """Once the handshake was answered. Nothing comes after that answer before the greeting."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            came = self.socket.recv(READ_BYTES)
            assert came, f"the server closed a socket in the middle of the handshake: {head}"
            head += came
        assert head.startswith(b"HTTP/1.1 101 "), head
        self.socket.sendall(_masked(FIN_TEXT, listening.greeting.encode()))

    def be_known(self) -> None:
        """Once the greeting was answered."""
        while b"connection_ack" not in self._rest:
            came = self.socket.recv(READ_BYTES)
            assert came, f"the server closed a socket instead of greeting it: {self._rest}"
            self._rest += came
        self._rest = b""

    def ask(self, listening: Listening) -> None:
        self.socket.sendall(_masked(FIN_TEXT, listening.asking.encode()))
        self.socket.setblocking(False)

    def read(self) -> int:
        """How many events came."""
        data = self.socket.recv(READ_BYTES)
        assert data, "the server closed a socket"
        if self._rest:
            data = self._rest + data
        at, before = 0, self.events
        while (end := _end_of_frame(data, at)) <= len(data):
            self._hear(data, at, end)
            at = end
        self._rest = data[at:]
        return self.events - before

    def _hear(self, data: bytes, at: int, end: int) -> None:
        if data[at] == PING:
            self.socket.send(_masked(0x8A, data[at + 2 : end]))
            return
        frame = data[at:end]
        if b'"next"' in frame:
            self.events += 1
            self.sum = zlib.crc32(frame, self.sum)
            self.last = frame
        elif b'"ping"' in frame:
            self.socket.send(_masked(FIN_TEXT, b'{"type":"pong"}'))
        else:
            raise AssertionError(frame[:500])


def _end_of_frame(data: bytes, at: int) -> int:
    """Past the end of the data where the frame is not whole."""
    if len(data) < at + 4:
        return len(data) + 1
    match data[at + 1]:
        case 126:
            return at + 4 + int.from_bytes(data[at + 2 : at + 4], "big")
        case 127:
            return at + 10 + int.from_bytes(data[at + 2 : at + 10], "big") if len(data) >= at + 10 else len(data) + 1
        case length:
            return at + 2 + length


def _payload(frame: bytes) -> bytes:
    return frame[{126: 4, 127: 10}.get(frame[1], 2) :]


def _handshake(port: int) -> bytes:
    lines = (
        "GET /graphql HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: graphql-transport-ws",
    )
    return "\r\n".join((*lines, "", "")).encode()


def _masked(kind: int, payload: bytes) -> bytes:
    """A frame as clients have to send it; the mask is zero."""
    length = len(payload)
    size = bytes((0x80 | length,)) if length < 126 else bytes((0x80 | 126,)) + length.to_bytes(2, "big")
    return bytes((kind,)) + size + bytes(4) + payload


class _Crowd:
    def __init__(self, listening: Listening) -> None:
        self._listening = listening
        self._ears: list[_Ear] = []
        for start in range(0, listening.sockets, AT_A_TIME):
            ears = [_Ear(listening) for _ in range(start, min(start + AT_A_TIME, listening.sockets))]
            for ear in ears:
                ear.greet(listening)
            for ear in ears:  # only so many from one address may be unknown at a time
                ear.be_known()
            self._ears += ears
        self._control = socket.create_connection(("127.0.0.1", listening.control))
        self._selector = selectors.DefaultSelector()
        for ear in self._ears:
            ear.ask(listening)
            self._selector.register(ear.socket, selectors.EVENT_READ, ear)
        self._got = 0
        self._silent: set[_Ear] = set()

    def hear_all(self) -> Heard:
        self._warm_up()
        events, sockets = self._listening.events, self._listening.sockets
        began_with = self._got
        cpu, began = time.process_time(), time.perf_counter()
        for number in range(events):
            self._fire()
            self._wait_for(began_with + number * sockets)  # the one before is everywhere: two on the way
        self._wait_for(began_with + events * sockets)
        took, used = time.perf_counter() - began, time.process_time() - cpu
        latencies = [latency for _ in range(LATENCY_EVENTS) for latency in self._one_event()]
        total = self._ears[0].events
        complete = all((ear.events, ear.sum) == (total, self._ears[0].sum) for ear in self._ears)
        return Heard(
            seconds=took,
            cpu=used / took,
            p50_ms=percentile(latencies, 0.5) * 1000,
            p99_ms=percentile(latencies, 0.99) * 1000,
            complete=complete and total * sockets == self._got,
            frame=_payload(self._ears[0].last).decode(),
        )

    def _warm_up(self) -> None:
        """A subscription is not answered: events are asked for until every socket gets the same ones."""
        until = time.perf_counter() + GIVES_UP_AFTER_S
        self._silent = set(self._ears)
        while self._silent:
            assert time.perf_counter() < until, f"{len(self._silent)} sockets hear nothing"
            self._silent = set(self._ears)
            self._fire()
            again_at = time.perf_counter() + FIRED_AGAIN_AFTER_S
            while self._silent and time.perf_counter() < again_at:
                self._read_some()
        while self._read_some(0.3):
            pass
        for ear in self._ears:
            ear.events = ear.sum = 0
        self._got = 0

    def _one_event(self) -> list[float]:
        self._fire()
        fired, latencies = time.perf_counter(), list[float]()
        while len(latencies) < self._listening.sockets:
            latencies += [time.perf_counter() - fired] * self._read_some()
        return latencies

    def _fire(self) -> None:
        self._control.sendall(b"event\n")

    def _wait_for(self, count: int) -> None:
        until = time.perf_counter() + GIVES_UP_AFTER_S
        while self._got < count:
            self._read_some()
            assert time.perf_counter() < until, f"{self._got} of {count} came"

    def _read_some(self, within_s: float = 1.0) -> int:
        came = 0
        for key, _ in self._selector.select(within_s):
            if events := key.data.read():
                came += events
                self._silent.discard(key.data)
        self._got += came
        return came


def main() -> None:
    listening = msgspec.json.decode(sys.stdin.buffer.read(), type=Listening)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sys.stdout.buffer.write(msgspec.json.encode(_Crowd(listening).hear_all()))
    sys.stdout.flush()
    os._exit(0)  # closing a thousand sockets in order is of no interest


if __name__ == "__main__":
    main()
