"""The handbook's examples against a real desk, as they stand in docs/api.md and with the clients it names."""

import json
import os
import subprocess
from collections.abc import Generator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

import httpx
import pytest

from tests.handbook import named
from tests.journeys.desk import (
    ADA,
    BEN,
    DEADLINE_S,
    NODE_MODULES,
    Installation,
    Json,
    Process,
    an_installation,
    eventually,
    node,
    running,
)

REQUESTS: Final = ("sign-in", "inbox", "pages", "cost", "send", "prepare", "upload", "send-file", "event-stream")
LISTENERS: Final = ("graphql-ws", "urql", "apollo", "graphql-sse")

A_PERSON: Final = """
mutation ($input: UserCreateInput!) { userCreate(input: $input) { user { id } userErrors { message } } }
"""
BO: Final = {"name": "Bo Li", "email": "bo@acme.example", "role": "SUPERVISOR", "password": "three quiet otters"}
THREADS: Final = "{ threads { nodes { id contact { waId } } } }"
LOG: Final = """
query ($after: EventCursor) {
  events(first: 100, after: $after) {
    nodes { id ... on MessageAdded { message { preview } } } pageInfo { hasNextPage endCursor } } }
"""


@dataclass
class Shelf:
    """The examples as files beside the packages they name, and the desk they are run against."""

    directory: Path
    installation: Installation
    more: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def environment(self) -> dict[str, str]:
        desk = self.installation.desk
        return {"DESKLINE": desk.url, "TOKEN": desk.token, **self.more}

    def command(self, name: str) -> list[str | Path]:
        example = named("example")[name]
        if example.language == "sh":
            return ["bash", "-euo", "pipefail", "-c", example.code]
        file = self.directory / f"{name}.mjs"
        file.write_text(example.code)
        return [node(), file]

    def run(self, name: str) -> str:
        done = subprocess.run(
            self.command(name),
            cwd=self.directory,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE_S,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def answer(self, name: str) -> Json:
        """What an example answers; where the handbook shows an answer, it is of that shape."""
        answer = json.loads(self.run(name))
        if (shown := named("answer").get(name)) is not None:
            assert shape(answer) == shape(json.loads(shown.code))
        return answer


@pytest.fixture
def shelf(tmp_path: Path, http: httpx.Client) -> Generator[Shelf]:
    examples = tmp_path / "examples"
    examples.mkdir()
    (examples / "package.json").write_text('{"type": "module"}')
    (examples / "node_modules").symlink_to(NODE_MODULES)
    for name, file in named("file").items():
        (examples / name).write_text(file.code)
    with an_installation(tmp_path, http) as installation:
        assert installation.desk.ask(A_PERSON, input=BO)["userCreate"]["userErrors"] == []
        yield Shelf(examples, installation)


def test_every_request_answers_as_the_handbook_shows(shelf: Shelf) -> None:
    start = shelf.installation.desk.ask("{ viewer { cursor } }")["viewer"]["cursor"]
    people = [ADA, BEN, shelf.installation.phones.add_person()]
    for person in people:
        shelf.installation.phones.write(person, "Where is my order?")
    assert eventually(lambda: len(threads(shelf.installation)) == len(people))
    shelf.more["THREAD"] = threads(shelf.installation)[ADA]

    token = shelf.answer("sign-in")["data"]["signIn"]["token"]
    assert token.startswith("ds_")
    shelf.more["TOKEN"] = token

    shelf.answer("inbox")
    assert len(shelf.run("pages").splitlines()) == len(people)
    shelf.answer("cost")

    first, again = (shelf.answer("send")["data"]["messageSend"]["message"]["id"] for _ in range(2))
    assert first == again

    prepared = shelf.answer("prepare")["data"]["mediaPrepare"]
    address = httpx.URL(shelf.installation.desk.url).join(prepared["uploadUrl"])
    shelf.more |= {"UPLOAD_URL": str(address), "MEDIA": prepared["media"]["id"]}
    shelf.answer("upload")
    sent = shelf.answer("send-file")["data"]["messageSend"]
    assert [message["preview"] for message in sent["messages"]] == ["receipt.txt"]
    assert eventually(lambda: [said["direction"] for said in shelf.installation.phones.messages(ADA)].count("in") == 2)

    shelf.more["CURSOR"] = start
    log = [event["id"] for event in logged(shelf.installation)]
    with running(*shelf.command("event-stream"), directory=shelf.directory, settings=shelf.environment) as stream:
        assert stream.line() == ":"
        told = (line for line in iter(stream.line, None) if line.startswith("data: {"))
        assert json.loads(next(told)[6:])["data"]["inboxEvents"]["id"] in log


def test_every_client_goes_on_where_it_was_when_the_desk_was_killed(shelf: Shelf) -> None:
    with ExitStack() as stack:
        clients = {name: stack.enter_context(listening(shelf, name)) for name in LISTENERS}
        seen: dict[str, list[Json]] = {name: [] for name in LISTENERS}
        for client in clients.values():
            assert client.line() == "listening"

        for text in ("one", "two"):
            shelf.installation.phones.write(ADA, text)
        for name, client in clients.items():
            until(client, seen[name], {"one", "two"})

        shelf.installation.kill()
        shelf.installation.phones.write(ADA, "three")
        shelf.installation.open()
        shelf.installation.phones.write(ADA, "four")
        for name, client in clients.items():
            until(client, seen[name], {"one", "two", "three", "four"})

    log = [event["id"] for event in logged(shelf.installation)]
    for name, events in seen.items():
        told = [event["id"] for event in events]
        began = log.index(told[0])
        assert told == log[began : began + len(told)], f"{name}: a gap, or something twice"


def listening(shelf: Shelf, name: str) -> AbstractContextManager[Process]:
    return running(*shelf.command(name), directory=shelf.directory, settings=shelf.environment)


def until(client: Process, seen: list[Json], texts: set[str]) -> None:
    """Takes what a client prints, until it was told of messages with these texts."""
    while not texts <= {said(event) for event in seen}:
        seen.append(json.loads(client.line()))


def said(event: Json) -> str | None:
    return event["message"]["preview"] if event["__typename"] == "MessageAdded" else None


def threads(installation: Installation) -> dict[str, str]:
    return {each["contact"]["waId"]: each["id"] for each in installation.desk.ask(THREADS)["threads"]["nodes"]}


def logged(installation: Installation) -> list[Json]:
    """The whole log."""
    events: list[Json] = []
    after: str | None = None
    while True:
        page = installation.desk.ask(LOG, after=after)["events"]
        events += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return events
        after = page["pageInfo"]["endCursor"]


def shape(value: Json) -> Json:
    """A value without what differs from day to day: the names of an object's fields, and of which kind each is."""
    match value:
        case dict():
            return {key: shape(each) for key, each in cast("dict[str, Json]", value).items()}
        case list():
            return [shape(each) for each in cast("list[Json]", value)[:1]]
        case _:
            return type(value).__name__
