"""One id leads an operator through everything that a request or a delivery caused."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Final

import pytest

from tests.journeys.desk import ADA, Json, Storage, Town, a_town, eventually, http_client

THREADS: Final = "{ threads(first: 1) { nodes { id lastMessage { id } } } }"
REPLY: Final = """
mutation ($thread: ID!) {
  messageSend(input: { threadId: $thread, content: { text: { body: "On its way" } } }) { userErrors { code } }
}
"""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Generator[Town]:
    """Whose log tells also what goes well."""
    with http_client() as http, a_town(tmp_path_factory.mktemp("town"), http, Storage(log_level="debug")) as town:
        yield town


def lines(town: Town, **about: str) -> list[Json]:
    """Of the server's log, those that say all of this."""
    told = [json.loads(line) for line in town.process.log.splitlines() if line.startswith("{")]
    return [line for line in told if about.items() <= line.items()]


def test_a_delivery_is_followed_from_the_webhook_to_the_message_and_its_file(town: Town, tmp_path: Path) -> None:
    town.phones.write(ADA, "hello")
    assert eventually(lambda: bool(lines(town, event="a message was added")))

    (added,) = lines(town, event="a message was added")
    trail = lines(town, delivery=added["delivery"])
    assert [line["event"] for line in trail] == ["a message was added", "an update was taken up"]
    assert trail[1]["outcome"] == "APPLIED"


def test_a_reply_is_followed_from_the_request_over_the_worker_to_the_network(town: Town) -> None:
    town.phones.write(ADA, "and again")
    assert eventually(lambda: bool(town.desk.ask(THREADS)["threads"]["nodes"]))
    thread = town.desk.ask(THREADS)["threads"]["nodes"][0]["id"]

    answer = town.http.post(
        f"{town.desk.url}/graphql",
        json={"query": REPLY, "variables": {"thread": thread}},
        headers={"Authorization": f"Bearer {town.desk.token}"},
    )
    request = answer.headers["x-request-id"]
    assert eventually(lambda: bool(lines(town, request=request, status="SENT")))

    trail = [(line["event"], line.get("status")) for line in lines(town, request=request)]
    assert trail == [("a message was added", None), ("a message came to a status", "SENT")]
