"""A desk that has outgrown its file moves to PostgreSQL, and goes on there."""

import subprocess

import httpx

from tests.journeys.desk import (
    ADA,
    Desk,
    Installation,
    Phones,
    Program,
    Storage,
    commanded,
    eventually,
    installation_settings,
)

HERE = "{ viewer { cursor } }"

THREADS = """
{
  threads(first: 5) {
    edges {
      node {
        id unreadCount contact { waId } ticket { number } session { state }
        messages(first: 20) { edges { node { id direction status preview } } }
      }
    }
  }
}
"""

LISTEN = "subscription ($after: EventCursor) { inboxEvents(after: $after) { __typename cursor } }"

SEND = """
mutation ($input: MessageSendInput!) { messageSend(input: $input) { message { id } userErrors { code } } }
"""


async def test_a_desk_moved_to_postgresql_keeps_everything_and_goes_on(
    installation: Installation, postgres_url: str, http: httpx.Client
) -> None:
    thread = a_conversation(installation.desk, installation.phones)
    old_place = installation.desk.ask(HERE)["viewer"]["cursor"]
    before = installation.desk.ask(THREADS)
    too_early = copied(installation, postgres_url)
    assert installation.stop() == 0

    done = copied(installation, postgres_url)

    assert (too_early.returncode, too_early.stdout) == (1, "")
    assert too_early.stderr == "installation.db is in use. Stop the Deskline that serves it, then copy.\n"
    assert (done.returncode, done.stderr) == (0, "")
    key = (installation.directory / "installation.db.key").read_text().strip()
    assert key not in done.stdout
    settings = installation_settings(installation.phones.url, Storage(postgres_url)) | {"DESKLINE_SECRET_KEY": key}
    moved = Program(installation.directory, settings, "serve", "--with-worker")
    moved.port = installation.desk.url.rpartition(":")[2]
    moved.open()
    try:
        desk = Desk(moved.url, installation.desk.token, http)
        assert desk.ask(THREADS) == before
        assert await refusal_of(desk, old_place) == "CURSOR_EXPIRED"
        reply(desk, installation.phones, thread, "We have moved")
    finally:
        moved.end()


def a_conversation(desk: Desk, phones: Phones) -> str:
    """A question and its answer; the thread."""
    phones.write(ADA, "Are you moving?")
    assert eventually(lambda: desk.ask(THREADS)["threads"]["edges"] != [])
    (edge,) = desk.ask(THREADS)["threads"]["edges"]
    reply(desk, phones, edge["node"]["id"], "Soon")
    return edge["node"]["id"]


def reply(desk: Desk, phones: Phones, thread: str, text: str) -> None:
    """Returns once the phone has it, and the desk knows."""
    sent = desk.ask(SEND, input={"threadId": thread, "content": {"text": {"body": text}}})["messageSend"]
    assert sent["userErrors"] == []
    assert eventually(lambda: status_of(desk, sent["message"]["id"]) == "DELIVERED")
    assert [each["text"] for each in phones.messages(ADA) if each["direction"] == "in"][-1] == text


def status_of(desk: Desk, message: str) -> str:
    (edge,) = desk.ask(THREADS)["threads"]["edges"]
    found = [each["node"] for each in edge["node"]["messages"]["edges"]]
    return next(each["status"] for each in found if each["id"] == message)


async def refusal_of(desk: Desk, cursor: str) -> str:
    async with desk.socket() as socket:
        await socket.subscribe(LISTEN, after=cursor)
        frame = await socket.receive()
    assert frame["type"] == "error"
    return frame["payload"][0]["extensions"]["code"]


def copied(installation: Installation, target: str) -> subprocess.CompletedProcess[str]:
    return commanded(
        "copy",
        "--from",
        "sqlite:///installation.db",
        "--to",
        target,
        "--migrate",
        at=installation.directory,
        settings={},
    )
