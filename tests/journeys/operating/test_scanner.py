"""Files both ways past a virus scanner, over HTTP: what it finds is withheld; while it is silent it holds the file."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urljoin

import httpx

from tests.journeys.desk import Installation, Json, Storage, an_installation, eventually
from tests.journeys.test_media import PDF, PREPARE, attached, write_file
from tests.peers.clamd import VIRUS, Scanning, clamd

INFECTED: Final = PDF + VIRUS

LISTEN: Final = """
subscription {
  inboxEvents {
    __typename
    ... on MessageAdded { message { id content { ...Seen } } }
    ... on MessageChanged { messageChange message { content { ...Seen } } }
  }
}
"""

SEEN: Final = """
fragment Seen on MessageContent {
  __typename
  ... on MediaContent { caption media { state url fileName } }
  ... on QuarantinedContent { quarantineReason }
}
"""

STATE: Final = "query ($id: ID!) { node(id: $id) { ... on Message { content { ...Seen } } } }" + SEEN


@asynccontextmanager
async def a_careful_installation(folder: Path, http: httpx.Client) -> AsyncGenerator[tuple[Installation, Scanning]]:
    """The scanner answers from this process, so nothing here may keep it waiting."""
    async with clamd(None) as scanning:
        opened = an_installation(folder, http, Storage(scanner=scanning.address))
        installation = await asyncio.to_thread(opened.__enter__)
        try:
            yield installation, scanning
        finally:
            await asyncio.to_thread(opened.__exit__, None, None, None)


async def test_an_infected_file_is_withheld_and_a_silent_scanner_holds_the_file_and_not_the_message(
    tmp_path: Path, http: httpx.Client
) -> None:
    async with a_careful_installation(tmp_path, http) as (installation, scanning), installation.desk.socket() as socket:
        await socket.subscribe(LISTEN + SEEN)
        await asyncio.to_thread(comes, installation, INFECTED, "invoice.pdf")
        added = (await socket.event_of("MessageAdded"))["message"]["content"]
        changed = await socket.event_of("MessageChanged")
        refused = await asyncio.to_thread(put, installation, INFECTED)

        scanning.silent, answered = True, len(scanning.serving)
        await asyncio.to_thread(comes, installation, PDF, "harmless.pdf")
        waiting = (await socket.event_of("MessageAdded"))["message"]["id"]
        assert await asyncio.to_thread(eventually, lambda: len(scanning.serving) > answered), (
            "the scanner was not asked"
        )
        held = (await asyncio.to_thread(installation.desk.ask, STATE, id=waiting))["node"]["content"]

    assert (added["__typename"], added["media"]["state"]) == ("MediaContent", "PENDING")
    assert (changed["messageChange"], changed["message"]["content"]) == (
        "QUARANTINE",
        {"__typename": "QuarantinedContent", "quarantineReason": "MALWARE"},
    )
    assert refused.status_code == 415
    assert "virus" in refused.json()["error"]["message"].lower()
    assert (held["media"]["state"], held["media"]["url"], held["media"]["fileName"]) == (
        "PENDING",
        None,
        "harmless.pdf",
    )


def comes(installation: Installation, data: bytes, name: str) -> None:
    """From a phone."""
    write_file(installation.phones, "document", attached(installation.phones, data, "application/pdf", name))


def put(installation: Installation, data: bytes) -> httpx.Response:
    """By an agent."""
    asked: Json = {"kind": "DOCUMENT", "mimeType": "application/pdf", "bytes": len(data)}
    prepared = installation.desk.ask(PREPARE, input=asked)["mediaPrepare"]
    return installation.http.put(urljoin(installation.desk.url, prepared["uploadUrl"]), content=data)
