"""`media`: a file of 100 MB in, out and given out, beside curl over the same disk, and the memory that it takes.

In: from the webhook until its message shows it, fetched from the network's end. Taken in: its PUT to an upload link.
Given out: its GET by a signed link, whole and by range. Out: from `messageSend` until the network has the message.
The limit of each is curl, from or to that same end on that same disk.
"""

import asyncio
import hashlib
import hmac
import json
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx

from api.wiring import wired
from benchmarks.desks import Desk, Process, make_desk, port_of, running, settings_of
from benchmarks.figures import Figure, Sample, Way, in_turns
from benchmarks.known import ACCOUNT, APP_SECRET, number_id
from benchmarks.memory import Memory
from benchmarks.places import NoPlace, Place
from benchmarks.plan import Plan
from benchmarks.raw import Raw, connect_raw

LARGE: Final = "large"
SMALL: Final = "small"
SMALL_BYTES: Final = 64 * 1024  # needs no buffers: what a process loads on first use is not what a file takes
PDF: Final = b"%PDF-1.4\n"
PATIENCE_S: Final = 120.0
LOOK_AGAIN_S: Final = 0.002
MIB: Final = 1024 * 1024
PREPARE: Final = """
mutation ($bytes: Int!) {
  mediaPrepare(input: {kind: DOCUMENT, mimeType: "application/pdf", bytes: $bytes, fileName: "big.pdf"}) {
    media { id } uploadUrl userErrors { message }
  }
}
"""
SEND: Final = """
mutation ($thread: ID!, $media: ID!) {
  messageSend(input: {threadId: $thread, content: {media: {mediaIds: [$media]}}}) {
    message { id } userErrors { message }
  }
}
"""
LINK: Final = "query ($id: ID!) { node(id: $id) { ... on Media { url } } }"
THREAD: Final = "query { threads(first: 1) { nodes { id } } }"


async def measure(plan: Plan, place: Place) -> list[Figure]:
    size = plan.size.file_bytes
    far = await asyncio.to_thread(_filled, place.folder / "network", size)
    async with running(place.folder, "benchmarks.limits.far_end", str(far)) as network:
        desk = await _desk_with_a_token(await place.new_database())
        options = ("--port", "0", "--with-worker")
        told = {"DESKLINE_GRAPH_API_URL": _address_of(network)}
        async with (
            running(place.folder, "api.cli", "serve", *options, url=desk.url, profile=plan.profile, more=told) as serve,
            httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port_of(serve.line)}",
                headers={"Authorization": f"Bearer {desk.api_key}"},
                timeout=PATIENCE_S,
            ) as http,
            httpx.AsyncClient(base_url=_address_of(network)) as asked,
        ):
            raw = await connect_raw(desk.url)
            try:
                files = _Files(place.folder, http, asked, raw, serve, _End(_address_of(network), far))
                await files.warm_up()
                return await _figures(files, plan, size)
            finally:
                await raw.close()


async def _figures(files: "_Files", plan: Plan, size: int) -> list[Figure]:
    megabytes = size / 1_000_000

    def way(name: str, move: Callable[[], Awaitable[float]]) -> Way:
        async def measure() -> Sample:
            files.memory.mark()
            took = await move()
            ours = {} if name.startswith("curl") else {"peak MiB": files.memory.grown()}
            return Sample(megabytes / took, ours)

        return Way(name, measure)

    curl, rounds = files.curl, plan.rounds
    return [
        await in_turns(
            "in: webhook to shown", "MB", rounds, way("curl to the disk", curl.fetch), way("deskline", files.fetch)
        ),
        await in_turns(
            "taken in: PUT", "MB", rounds, way("curl -T to the disk", curl.put), way("deskline", files.take)
        ),
        await in_turns(
            "given out: GET",
            "MB",
            rounds,
            way("curl from the disk", curl.get),
            way("deskline", files.give),
            way("deskline, by range", files.give_by_range),
        ),
        await in_turns(
            "out: uploaded", "MB", rounds, way("curl -T, not kept", curl.upload), way("deskline", files.send)
        ),
    ]


# The network's end, and a desk that knows it


class _End:
    """Two files: the one that is measured, and a small one to begin with."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.sha256 = {name: _sha256_of(folder / name) for name in (LARGE, SMALL)}


def _address_of(network: Process) -> str:
    return network.line.rpartition(" ")[2]


def _filled(folder: Path, size: int) -> Path:
    """With files that begin as a PDF does and can't be compressed."""
    folder.mkdir()
    for name, length in ((LARGE, size), (SMALL, SMALL_BYTES)):
        with (folder / name).open("wb") as file:
            file.write(PDF)
            for start in range(len(PDF), length, MIB):
                file.write(os.urandom(min(MIB, length - start)))
    return folder


async def _desk_with_a_token(url: str) -> Desk:
    desk = await make_desk(url)
    async with wired(settings_of(url)) as opened:
        token = opened.ports.vault.seal(desk.organization, "access_token", "token-of-the-benchmarks")
        async with opened.ports.store.transaction(desk.organization) as tx:
            tx.save(*(replace(channel, access_token=token) for channel in desk.channels))
    return desk


# curl alone


class _Curl:
    def __init__(self, folder: Path, end: _End) -> None:
        self._folder = folder
        self._end = end

    async def fetch(self) -> float:
        """To the disk for good, as a desk keeps it."""
        path = self._folder / "curl.bin"

        async def fetch() -> None:
            await self.run("-o", str(path), f"{self._end.url}/files/{LARGE}")
            await asyncio.to_thread(_synced, path)

        return await _took(fetch())

    async def put(self) -> float:
        return await _took(self.run("-T", str(self._end.folder / LARGE), f"{self._end.url}/kept"))

    async def get(self) -> float:
        return await _took(self.run("-o", "/dev/null", f"{self._end.url}/files/{LARGE}"))

    async def upload(self) -> float:
        return await _took(self.run("-T", str(self._end.folder / LARGE), f"{self._end.url}/0/media"))

    async def run(self, *arguments: str) -> str:
        # Whether it may send is not asked first: one end answers that at once, the other after a while.
        options = ("-sS", "--fail-with-body", "--noproxy", "*", "-H", "Expect:")
        try:
            process = await asyncio.create_subprocess_exec(
                "curl", *options, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
            )
        except FileNotFoundError:
            raise NoPlace("curl is missing") from None
        said, wrong = await process.communicate()
        assert process.returncode == 0, (arguments, said[:500], wrong)
        return said.decode()


# The desk


class _Files:
    def __init__(
        self,
        folder: Path,
        http: httpx.AsyncClient,
        network: httpx.AsyncClient,
        raw: Raw,
        process: Process,
        end: _End,
    ) -> None:
        self.curl = _Curl(folder, end)
        self._folder = folder
        self._http = http
        self._network = network
        self._raw = raw
        self._pid = process.pid
        self._end = end
        self._came = 0
        self._sent = 0
        self._kept = ""

    async def warm_up(self) -> None:
        """Each way once with the small file; the memory is measured from here."""
        await self._fetched(SMALL)
        await self._sent_off(SMALL)
        await self.curl.run("-o", "/dev/null", await self._link())
        await self.curl.run("-o", "/dev/null", "-r", "1-", await self._link())
        self.memory = Memory(self._pid)

    async def fetch(self) -> float:
        return await self._fetched(LARGE)

    async def _fetched(self, name: str) -> float:
        self._came += 1
        id = f"{name}-{self._came}"
        body = _document(id)
        signature = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()

        async def is_shown() -> bool:
            found = await self._raw.rows("SELECT sha256, failure, state FROM media WHERE network_id = ?", id)
            if not found or found[0][2] == "PENDING":
                return False
            assert found[0] == (self._end.sha256[name], None, "READY"), found
            return True

        async def arrives() -> None:
            answer = await self._http.post(
                "/webhooks/whatsapp", content=body, headers={"X-Hub-Signature-256": f"sha256={signature}"}
            )
            assert answer.status_code == 200, answer.text
            await _until(is_shown)

        return await _took(arrives())

    async def take(self) -> float:
        return await self._taken(LARGE)

    async def _taken(self, name: str) -> float:
        file = self._end.folder / name
        prepared = (await self._ask(PREPARE, bytes=file.stat().st_size))["mediaPrepare"]
        assert not prepared["userErrors"], prepared
        self._kept = prepared["media"]["id"]
        began = time.perf_counter()
        said = await self.curl.run("-T", str(file), self._address(prepared["uploadUrl"]))
        took = time.perf_counter() - began
        assert json.loads(said)["sha256"] == self._end.sha256[name], said
        return took

    async def give(self) -> float:
        link = await self._link()  # to what was taken in last
        path = self._folder / "given-out.bin"
        await self.curl.run("-o", str(path), link)
        assert await asyncio.to_thread(_sha256_of, path) == self._end.sha256[LARGE]
        return await _took(self.curl.run("-o", "/dev/null", link))

    async def give_by_range(self) -> float:
        return await _took(self.curl.run("-o", "/dev/null", "-r", "1-", await self._link()))

    async def _link(self) -> str:
        return self._address((await self._ask(LINK, id=self._kept))["node"]["url"])

    async def send(self) -> float:
        return await self._sent_off(LARGE)

    async def _sent_off(self, name: str) -> float:
        """A file of its own each time, as the network's id of one is used again."""
        await self._taken(name)
        thread = (await self._ask(THREAD))["threads"]["nodes"][0]["id"]

        async def has_left() -> bool:
            return (await self._network.get("/seen")).json()["messages"] == self._sent

        async def leaves() -> None:
            sent = (await self._ask(SEND, thread=thread, media=self._kept))["messageSend"]
            assert not sent["userErrors"], sent
            self._sent += 1
            await _until(has_left)

        return await _took(leaves())

    async def _ask(self, document: str, **variables: object) -> dict[str, Any]:
        answer = await self._http.post("/graphql", json={"query": document, "variables": variables})
        told = answer.json()
        assert "errors" not in told, told
        return told["data"]

    def _address(self, link: str) -> str:
        return str(self._http.base_url.join(link))


def _document(id: str) -> bytes:
    """A webhook with a document of one person, of this id at the network."""
    message = {
        "from": "15550000001",
        "id": f"wamid.{id}",
        "timestamp": str(int(time.time())),
        "type": "document",
        "document": {"id": id, "mime_type": "application/pdf", "filename": "big.pdf"},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550100000", "phone_number_id": number_id(0)},
        "contacts": [{"profile": {"name": "Ada"}, "wa_id": "15550000001"}],
        "messages": [message],
    }
    entry = {"id": ACCOUNT, "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await holds():  # noqa: ASYNC110 - another process tells nothing by itself
            await asyncio.sleep(LOOK_AGAIN_S)


async def _took(work: Awaitable[object]) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _synced(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
