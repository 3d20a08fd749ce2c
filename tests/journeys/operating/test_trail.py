"""One id leads an operator through everything that a request or a delivery caused."""

import json
from collections.abc import Generator
from typing import Final

import pytest

from tests.journeys.desk import ADA, Installation, Json, Storage, an_installation, eventually, http_client
from tests.journeys.test_media import PDF, attached, write_file

THREADS: Final = "{ threads(first: 1) { nodes { id lastMessage { id } } } }"
REPLY: Final = """
mutation ($thread: ID!) {
  messageSend(input: { threadId: $thread, content: { text: { body: "On its way" } } }) { userErrors { code } }
}
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Generator[Installation]:
    """Whose log tells also what goes well."""
    with (
        http_client() as http,
        an_installation(tmp_path_factory.mktemp("installation"), http, Storage(log_level="debug")) as installation,
    ):
        yield installation


def lines(installation: Installation, **about: str) -> list[Json]:
    """Of the server's log, those that say all of this."""
    told = [json.loads(line) for line in installation.process.log.splitlines() if line.startswith("{")]
    return [line for line in told if about.items() <= line.items()]


def test_a_delivery_is_followed_from_the_webhook_to_the_message_and_its_file(installation: Installation) -> None:
    write_file(installation.phones, "document", attached(installation.phones, PDF, "application/pdf"))
    assert eventually(lambda: bool(lines(installation, event="a file came to a state", state="READY")))

    (added,) = lines(installation, event="a message was added")
    trail = [(line["event"], line.get("state")) for line in lines(installation, delivery=added["delivery"])]
    assert list(dict.fromkeys(trail)) == [  # it is PENDING still when a worker begins with it
        ("a message was added", None),
        ("a file came to a state", "PENDING"),
        ("an update was taken up", None),
        ("a file came to a state", "READY"),
    ]


def test_a_reply_is_followed_from_the_request_over_the_worker_to_the_network(installation: Installation) -> None:
    installation.phones.write(ADA, "and again")
    assert eventually(lambda: bool(installation.desk.ask(THREADS)["threads"]["nodes"]))
    thread = installation.desk.ask(THREADS)["threads"]["nodes"][0]["id"]

    answer = installation.http.post(
        f"{installation.desk.url}/graphql",
        json={"query": REPLY, "variables": {"thread": thread}},
        headers={"Authorization": f"Bearer {installation.desk.token}"},
    )
    request = answer.headers["x-request-id"]
    assert eventually(lambda: bool(lines(installation, request=request, status="SENT")))

    trail = [(line["event"], line.get("status")) for line in lines(installation, request=request)]
    assert trail == [("a message was added", None), ("a message came to a status", "SENT")]
