"""One id leads an operator through everything that a request or a delivery caused."""

import json
from collections.abc import Generator
from typing import Final

import pytest

from tests.journeys.desk import ADA, Json, Storage, Town, a_town, eventually, http_client
from tests.journeys.test_media import PDF, attached, write_file

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


def test_a_delivery_is_followed_from_the_webhook_to_the_message_and_its_file(town: Town) -> None:
    write_file(town.phones, "document", attached(town.phones, PDF, "application/pdf"))
    assert eventually(lambda: bool(lines(town, event="a file came to a state", state="READY")))

    (added,) = lines(town, event="a message was added")
    trail = [(line["event"], line.get("state")) for line in lines(town, delivery=added["delivery"])]
    assert list(dict.fromkeys(trail)) == [  # it is PENDING still when a worker begins with it
        ("a message was added", None),
        ("a file came to a state", "PENDING"),
        ("an update was taken up", None),
        ("a file came to a state", "READY"),
    ]


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
