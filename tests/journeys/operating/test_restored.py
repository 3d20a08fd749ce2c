"""A desk is put back from a backup that is older than the world: nothing goes out twice, and nobody misses anything."""

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import urljoin

from tests.journeys.desk import ADA, Desk, Installation, Json, Phones, Program, commanded, eventually

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100"
    "c9fe92ef0000000049454e44ae426082"
)

HERE = "{ viewer { cursor } }"
LISTEN = "subscription ($after: EventCursor) { inboxEvents(after: $after) { __typename cursor } }"
PAGE = "query ($after: EventCursor) { events(after: $after) { nodes { cursor } } }"
THREADS = """
{
  threads(first: 5) {
    nodes {
      id
      messages(first: 20) {
        nodes { id direction status preview content { ... on MediaContent { media { state url } } } }
      }
    }
  }
}
"""
SEND = """
mutation ($input: MessageSendInput!) { messageSend(input: $input) { message { id } userErrors { code } } }
"""
SETTLE = """
mutation ($input: MessageSettleInput!) { messageSettle(input: $input) { message { status } userErrors { code } } }
"""


async def test_what_waited_at_the_backup_and_was_sent_after_it_goes_out_once_in_all(installation: Installation) -> None:
    desk, phones = installation.desk, installation.phones
    write_picture(phones)
    assert eventually(lambda: [each["content"]["media"]["state"] for each in messages(desk)] == ["READY"])
    before = desk.ask(HERE)["viewer"]["cursor"]
    assert installation.stop() == 0
    with without_a_worker(installation):
        once = send(desk, "Once only")
        made = command(installation, "backup", "desk.backup")
        assert (made.returncode, status_of(desk, once)) == (0, "QUEUED"), made.stderr
    installation.open()
    assert eventually(lambda: status_of(desk, once) == "DELIVERED")
    since = desk.ask(HERE)["viewer"]["cursor"]
    assert installation.stop() == 0

    done = command(installation, "restore", "desk.backup", "--replace")
    installation.open()

    assert "Messages that waited to leave: 1." in done.stdout, done.stderr
    assert status_of(desk, once) == "UNKNOWN"
    for cursor in (before, since):
        assert await refusal_of_listening(desk, cursor) == "CURSOR_EXPIRED"
        (error,) = desk.post(PAGE, after=cursor).json()["errors"]
        assert error["extensions"]["code"] == "CURSOR_EXPIRED"
    (picture,) = [each["content"]["media"] for each in messages(desk) if each["direction"] == "INBOUND"]
    assert desk.http.get(urljoin(desk.url, picture["url"])).content == PNG
    settled = desk.ask(SETTLE, input={"messageId": once, "wasSent": True})["messageSettle"]
    assert (settled["userErrors"], settled["message"]["status"]) == ([], "SENT")
    after = send(desk, "And on we go")  # with the token that the key opens
    assert eventually(lambda: status_of(desk, after) == "DELIVERED")
    assert [each["text"] for each in phones.messages(ADA) if each["direction"] == "in"] == ["Once only", "And on we go"]


@contextmanager
def without_a_worker(installation: Installation) -> Generator[None]:
    """The desk serves, and what is to leave waits."""
    server = Program(installation.directory, installation.settings, "serve", "--without-worker")
    server.port = installation.desk.url.rpartition(":")[2]
    server.open()
    try:
        yield
        assert server.stop() == 0
    finally:
        server.end()


def write_picture(phones: Phones) -> None:
    attached = phones.http.post(f"{phones.url}/_sim/media", params={"mimeType": "image/png"}, content=PNG)
    body = {"to": phones.number, "kind": "image", "image": {"id": attached.raise_for_status().json()["id"]}}
    phones.http.post(f"{phones.url}/_sim/people/{ADA}/messages", json=body).raise_for_status()


def messages(desk: Desk) -> list[Json]:
    return [message for thread in desk.ask(THREADS)["threads"]["nodes"] for message in thread["messages"]["nodes"]]


def send(desk: Desk, text: str) -> str:
    (thread,) = desk.ask(THREADS)["threads"]["nodes"]
    sent = desk.ask(SEND, input={"threadId": thread["id"], "content": {"text": {"body": text}}})["messageSend"]
    assert sent["userErrors"] == []
    return sent["message"]["id"]


def status_of(desk: Desk, message: str) -> str:
    return next(each["status"] for each in messages(desk) if each["id"] == message)


async def refusal_of_listening(desk: Desk, cursor: str) -> str:
    async with desk.socket() as socket:
        await socket.subscribe(LISTEN, after=cursor)
        frame = await socket.receive()
    assert frame["type"] == "error"
    return frame["payload"][0]["extensions"]["code"]


def command(installation: Installation, *arguments: str) -> subprocess.CompletedProcess[str]:
    return commanded(*arguments, at=installation.directory, settings=installation.settings)
