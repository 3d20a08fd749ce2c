"""The two walks of ARCHITECTURE.md, walked: the same files in the same order, and the same lines in the log."""

import json
import re
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.journeys.desk import (
    ADA,
    NUMBER,
    ROOT,
    Desk,
    Json,
    Phones,
    Process,
    Storage,
    a_network,
    address_in,
    begin,
    connect_number,
    eventually,
    http_client,
    installation_settings,
    running,
)
from tests.journeys.operating import stops

PAGE: Final = (ROOT / "ARCHITECTURE.md").read_text()
STORAGE: Final = Storage(log_level="debug")
MOST_STOPS: Final = 12
SHARED: Final = (
    "domain/use_cases/outbound/leaving/schedule.py",  # asked twice a second
    "domain/use_cases/marks.py",  # our own marks are applied there too
)
EVENTS: Final = """
subscription ($after: EventCursor!) {
  inboxEvents(after: $after) {
    __typename
    thread { id }
    ... on MessageAdded { message { id } }
    ... on MessageStatusChanged { status }
  }
}
"""
REPLY: Final = """
mutation ($thread: ID!) {
  messageSend(input: { threadId: $thread, content: { text: { body: "On its way" } } }) { userErrors { code } }
}
"""


@dataclass(frozen=True, slots=True)
class Stop:
    """One number of a walk: its file, those named beside it, and what it leaves in the log."""

    files: list[str]
    log: list[tuple[str, ...]]


def walk(heading: str) -> list[Stop]:
    section = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return [
        Stop(
            re.findall(r"`((?:api|schema|domain|adapters)/[\w/]+\.py)`", text),
            [tuple(re.findall(r"`([^`]+)`", line)) for line in text.split("*log:*")[1:]],
        )
        for text in re.findall(r"^\d+\. (.+)$", section, re.MULTILINE)
    ]


IN: Final = walk("One message in")
OUT: Final = walk("One reply out")


@dataclass(frozen=True, slots=True)
class Followed:
    desk: Desk
    phones: Phones
    process: Process
    told: Path

    @property
    def passed(self) -> list[str]:
        """The files it was in, in their order."""
        return self.told.read_text().splitlines()

    def lines(self, **about: str) -> list[Json]:
        told = [json.loads(line) for line in self.process.log.splitlines() if line.startswith("{")]
        return [line for line in told if about.items() <= line.items()]


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Generator[Followed]:
    directory = tmp_path_factory.mktemp("followed")
    named = " ".join(sorted({file for stop in (*IN, *OUT) for file in stop.files}))
    command = (sys.executable, "-m", stops.__name__, "serve", "--with-worker", "--port", "0")
    with http_client() as http, a_network(directory) as network:
        token = begin(directory, STORAGE)
        settings = {**installation_settings(network, STORAGE), "STOPS": named}
        with running(*command, directory=directory, settings=settings) as process:
            desk, phones = Desk(address_in(process.line()), token, http), Phones(network, NUMBER, http)
            connect_number(desk, phones)
            yield Followed(desk, phones, process, directory / stops.NAME)


def assert_walked(passed: list[str], stops: list[Stop]) -> None:
    """Each stop after the one before it; and what no other work is done in, for the first time in that order."""
    files = [stop.files[0] for stop in stops]
    left = iter(passed)
    missed = next((file for file in files if file not in left), None)
    assert missed is None, f"{missed} was not entered in its turn: {passed}"
    own = [file for file in files if file.startswith("domain/use_cases/") and file not in SHARED]
    assert [file for file in dict.fromkeys(passed) if file in own] == own


@pytest.mark.parametrize("walked", [IN, OUT], ids=["in", "out"])
def test_a_walk_has_twelve_stops_at_most_and_comes_to_none_twice(walked: list[Stop]) -> None:
    files = [stop.files[0] for stop in walked]

    assert 8 <= len(files) <= MOST_STOPS
    assert len(set(files)) == len(files)


async def test_one_message_and_one_reply_go_the_ways_that_the_page_tells(followed: Followed) -> None:
    async with followed.desk.socket() as socket:
        cursor = followed.desk.ask("{ viewer { cursor } }")["viewer"]["cursor"]
        payload = {"query": EVENTS, "variables": {"after": cursor}}
        await socket.send({"id": "1", "type": "subscribe", "payload": payload})
        before = len(followed.passed)
        followed.phones.write(ADA, "Is it coming?")
        thread = None
        while thread is None:
            event = (await socket.receive())["payload"]["data"]["inboxEvents"]
            thread = event["thread"]["id"] if event["__typename"] == "MessageAdded" else None
        assert_walked(followed.passed[before:], IN)
        (added,) = followed.lines(event="a message was added")
        trail = [(line["event"],) for line in followed.lines(delivery=added["delivery"])]
        assert trail == [line for stop in IN for line in stop.log]

        before = len(followed.passed)
        answer = followed.desk.post(REPLY, thread=thread)
        request = answer.headers["x-request-id"]
        assert eventually(lambda: bool(followed.lines(status="DELIVERED")))
        assert_walked(followed.passed[before:], OUT)
        (said,) = followed.lines(event="a message was added", request=request)
        about = followed.lines(message=said["message"])
        trail = [(line["event"], *([line["status"]] if "status" in line else [])) for line in about]
        expected = [line for stop in OUT for line in stop.log]
        assert trail[: len(expected)] == expected
