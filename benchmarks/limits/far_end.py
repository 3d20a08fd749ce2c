"""The network's end of a file's way, as bare as can be, in a process of its own.

`python -m benchmarks.limits.far_end FOLDER` gives out the files of its folder (the kernel copies them), writes what is
PUT to the disk, counts what is uploaded, and answers what a desk asks of the Cloud API on the way. It keeps nothing in
memory and is the limit's server, too.
The id of a file is its name, and behind `-` whatever makes it differ.
"""

import asyncio
import contextlib
import json
import os
import re
import socket
import sys
from pathlib import Path
from typing import Final

PIECE: Final = 256 * 1024
KEPT: Final = "kept.bin"
LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


class FarEnd:
    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._url = url
        self._uploads = 0
        self._messages = 0

    async def serve(self, connection: socket.socket) -> None:
        """One request after the other on a connection; bytes go straight between the socket and the file."""
        loop = asyncio.get_running_loop()
        held = bytearray(PIECE)
        with connection, contextlib.suppress(ConnectionError):
            while (found := await self._head(loop, connection)) is not None:
                head, begun = found
                method, path, _ = head.split(b" ", 2)
                length = int(match[1]) if (match := LENGTH.search(head)) else 0
                if path.startswith(b"/files/"):
                    await self._give(loop, connection, self._file(path))
                    continue
                await self._take(loop, connection, begun, length, held, keep=path.startswith(b"/kept"))
                answer = json.dumps(self._answer(method, path)).encode()
                told = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n"
                await loop.sock_sendall(connection, told.encode() + answer)

    async def _head(self, loop: asyncio.AbstractEventLoop, connection: socket.socket) -> tuple[bytes, bytes] | None:
        """A request's head, and what came of its body with it."""
        read = b""
        while b"\r\n\r\n" not in read:
            more = await loop.sock_recv(connection, 65_536)
            if not more:
                return None
            read += more
        head, _, begun = read.partition(b"\r\n\r\n")
        return head, begun

    async def _give(self, loop: asyncio.AbstractEventLoop, connection: socket.socket, path: Path) -> None:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            told = f"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: {size}\r\n\r\n"
            await loop.sock_sendall(connection, told.encode())
            await loop.sock_sendfile(connection, file)

    async def _take(
        self,
        loop: asyncio.AbstractEventLoop,
        connection: socket.socket,
        begun: bytes,
        length: int,
        held: bytearray,
        *,
        keep: bool,
    ) -> None:
        with (self._folder / KEPT).open("wb", 0) if keep else contextlib.nullcontext() as file:
            if file is not None:
                file.write(begun)
            left = length - len(begun)
            while left > 0:
                got = await loop.sock_recv_into(connection, memoryview(held)[: min(left, PIECE)])
                if not got:
                    raise ConnectionResetError
                if file is not None:
                    file.write(memoryview(held)[:got])
                left -= got
            if file is not None:
                os.fsync(file.fileno())

    def _answer(self, method: bytes, path: bytes) -> dict[str, object]:
        if path.startswith(b"/seen"):
            return {"messages": self._messages}
        if path.endswith(b"/media"):
            self._uploads += 1
            return {"id": f"upload-{self._uploads}"}
        if path.endswith(b"/messages"):
            self._messages += 1
            return {"messages": [{"id": f"wamid.out-{self._messages}"}]}
        if method == b"GET":
            file = self._file(path)
            return {"url": f"{self._url}/files/{file.name}", "file_size": file.stat().st_size}
        return {"success": True}

    def _file(self, path: bytes) -> Path:
        name = path.partition(b"?")[0].rpartition(b"/")[2].partition(b"-")[0]
        return self._folder / name.decode()


async def _run(folder: Path) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    far_end = FarEnd(folder, url)
    sys.stdout.write(f"the network is at {url}\n")
    sys.stdout.flush()
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()
    while True:
        connection, _ = await loop.sock_accept(listening)
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = asyncio.create_task(far_end.serve(connection))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


if __name__ == "__main__":
    asyncio.run(_run(Path(sys.argv[1])))
