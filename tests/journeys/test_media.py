"""Files both ways, between the simulated phones and the desk, over HTTP only."""

import hashlib
from collections.abc import Generator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from tests.journeys.desk import ADA, Desk, Installation, Json, Phones, an_installation

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100"
    "c9fe92ef0000000049454e44ae426082"
)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

LISTEN = """
subscription ($after: EventCursor) {
  inboxEvents(after: $after) {
    __typename
    cursor
    ... on MessageAdded { message { id direction content { ...File } } }
    ... on MessageChanged { messageChange message { id content { ...File } } }
    ... on MessageStatusChanged { message { id status failure { title } } }
  }
}
fragment File on MessageContent {
  __typename
  ... on MediaContent { caption media { id kind state mimeType fileName bytes sha256 voice url urlExpiresAt failure } }
}
"""

PREPARE = """
mutation ($input: MediaPrepareInput!) {
  mediaPrepare(input: $input) {
    uploadUrl media { id state }
    userErrors { code message ... on MediaRejectedError { rule { kind maxBytes mimeTypes } mimeType bytes } }
  }
}
"""

SEND = """
mutation ($input: MessageSendInput!) {
  messageSend(input: $input) {
    message { id }
    messages { id content { ... on MediaContent { caption media { id } } } }
    userErrors { code message field }
  }
}
"""


@pytest.fixture(scope="module")
def one_installation(tmp_path_factory: pytest.TempPathFactory, http: httpx.Client) -> Generator[Installation]:
    """For whoever does not mind what came and went before."""
    with an_installation(tmp_path_factory.mktemp("installation"), http) as installation:
        yield installation


def attached(phones: Phones, data: bytes, mime_type: str, name: str | None = None) -> str:
    """A file on a phone; the network's id of it."""
    asked = {"mimeType": mime_type} | ({"name": name} if name else {})
    return phones.http.post(f"{phones.url}/_sim/media", params=asked, content=data).raise_for_status().json()["id"]


def write_file(phones: Phones, kind: str, id: str, **more: Json) -> None:
    body = {"to": phones.number, "kind": kind, kind: {"id": id, **more}}
    phones.http.post(f"{phones.url}/_sim/people/{ADA}/messages", json=body).raise_for_status()


def fault(phones: Phones, kind: str, times: int = 1) -> None:
    phones.http.post(f"{phones.url}/_sim/faults", json={"kind": kind, "times": times}).raise_for_status()


def got(desk: Desk, media: Json, **headers: str) -> httpx.Response:
    return desk.http.get(urljoin(desk.url, media["url"]), headers=headers)


async def arrived(
    installation: Installation, data: bytes, kind: str, mime_type: str, name: str | None = None, **more: Json
) -> Json:
    """A person attaches a file; the media once it is no longer PENDING."""
    async with installation.desk.socket() as socket:
        await socket.subscribe(LISTEN)
        write_file(installation.phones, kind, attached(installation.phones, data, mime_type, name), **more)
        added = await socket.event_of("MessageAdded")
        assert added["message"]["content"]["media"]["state"] in ("PENDING", "READY")
        changed = await socket.event_of("MessageChanged")
        assert changed["messageChange"] == "MEDIA"
        return changed["message"]["content"]["media"]


def upload(desk: Desk, kind: str, mime_type: str, data: bytes, **more: Json) -> str:
    """A prepared and uploaded file's id."""
    asked = {"kind": kind, "mimeType": mime_type, "bytes": len(data), **more}
    prepared = desk.ask(PREPARE, input=asked)["mediaPrepare"]
    assert prepared["userErrors"] == [], prepared
    answer = desk.http.put(urljoin(desk.url, prepared["uploadUrl"]), content=data)
    assert answer.status_code == 201, answer.text
    return prepared["media"]["id"]


async def thread_of_ada(installation: Installation) -> str:
    """Somebody who has just written, so that the session is open."""
    async with installation.desk.socket() as socket:
        await socket.subscribe("subscription { inboxEvents { __typename thread { id } } }")
        installation.phones.write(ADA, "hello")
        return (await socket.event_of("MessageAdded"))["thread"]["id"]


# In


async def test_a_picture_is_shown_at_once_and_its_bytes_follow(one_installation: Installation) -> None:
    media = await arrived(one_installation, PNG, "image", "image/png", caption="My parcel")

    assert (media["state"], media["kind"], media["mimeType"]) == ("READY", "IMAGE", "image/png")
    assert (media["bytes"], media["sha256"]) == (len(PNG), hashlib.sha256(PNG).hexdigest())
    answer = got(one_installation.desk, media)
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == "inline"


async def test_a_piece_of_a_file_can_be_asked_for(one_installation: Installation) -> None:
    media = await arrived(one_installation, PDF, "document", "application/pdf", "Счёт № 7.pdf")

    assert media["fileName"] == "Счёт № 7.pdf"
    answer = got(one_installation.desk, media, Range="bytes=5-7")
    assert (answer.status_code, answer.content) == (206, PDF[5:8])
    assert answer.headers["content-range"] == f"bytes 5-7/{len(PDF)}"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%D0%A1")
    assert got(one_installation.desk, media, Range="bytes=-4").content == PDF[-4:]
    assert got(one_installation.desk, media, Range="bytes=9999-").status_code == 416
    assert got(one_installation.desk, media, Range="nonsense").content == PDF


@pytest.mark.parametrize(
    ("data", "told", "real"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "image/png", "image/svg+xml"),
        (b"<html><script>alert(1)</script></html>", "application/pdf", "text/html"),
    ],
)
async def test_what_a_browser_would_execute_comes_as_a_download(
    one_installation: Installation, data: bytes, told: str, real: str
) -> None:
    media = await arrived(one_installation, data, "document", told, "../../etc/harmless.png")

    name = "harmless.png" if told == "image/png" else "harmless.png.pdf"  # a document ends with what it was told to be
    assert (media["mimeType"], media["fileName"]) == (real, name)
    answer = got(one_installation.desk, media)
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{name}"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("trouble", ["media_unavailable", "media_cut", "media_wrong_bytes"])
async def test_a_file_that_did_not_come_whole_is_fetched_again(one_installation: Installation, trouble: str) -> None:
    fault(one_installation.phones, trouble)

    media = await arrived(one_installation, PNG, "image", "image/png")

    assert (media["state"], media["sha256"]) == ("READY", hashlib.sha256(PNG).hexdigest())


@pytest.mark.parametrize(
    ("trouble", "why"),
    [("media_elsewhere", "169.254.169.254, which is not the network"), ("media_over_size", "104857601 bytes")],
)
async def test_a_file_that_must_not_be_fetched_is_not(one_installation: Installation, trouble: str, why: str) -> None:
    fault(one_installation.phones, trouble)

    media = await arrived(one_installation, PNG, "image", "image/png")

    assert (media["state"], media["url"]) == ("FAILED", None)
    assert why in media["failure"]


async def test_a_forged_link_opens_nothing(one_installation: Installation) -> None:
    media = await arrived(one_installation, PNG, "image", "image/png")
    place = urljoin(one_installation.desk.url, media["url"])

    assert one_installation.http.get(place[:-1] + ("A" if place[-1] != "A" else "B")).status_code == 403
    assert one_installation.http.put(place, content=PNG).status_code == 403


# Out


async def test_files_reach_the_phone_in_order_with_the_same_bytes(installation: Installation) -> None:
    thread = await thread_of_ada(installation)
    files = [
        upload(installation.desk, "IMAGE", "image/png", PNG),
        upload(installation.desk, "DOCUMENT", "application/pdf", PDF, fileName="Rechnung.pdf"),
        upload(installation.desk, "IMAGE", "image/png", PNG),
    ]
    async with installation.desk.socket() as socket:
        await socket.subscribe(LISTEN)

        content = {"media": {"mediaIds": files, "caption": "All of it"}}
        sent = installation.desk.ask(SEND, input={"threadId": thread, "content": content})["messageSend"]

        assert [each["content"]["media"]["id"] for each in sent["messages"]] == files
        assert [each["content"]["caption"] for each in sent["messages"]] == ["All of it", None, None]
        left = {each["id"] for each in sent["messages"]}
        while left:
            event = await socket.event_of("MessageStatusChanged")
            assert event["message"]["status"] != "FAILED", event
            if event["message"]["status"] == "DELIVERED":
                left.discard(event["message"]["id"])
    seen = [each for each in installation.phones.messages(ADA) if each["direction"] == "in"]
    assert [each["kind"] for each in seen] == ["image", "document", "image"]
    assert [each["text"] for each in seen] == ["All of it", "", ""]
    assert seen[1]["file"]["name"] == "Rechnung.pdf"
    assert [on_the_phone(installation.phones, each) for each in seen] == [PNG, PDF, PNG]


def on_the_phone(phones: Phones, message: Json) -> bytes:
    return phones.http.get(f"{phones.url}/_sim/media/{message['file']['id']}").raise_for_status().content


async def test_one_refused_file_refuses_all(installation: Installation) -> None:
    thread = await thread_of_ada(installation)
    ready = upload(installation.desk, "IMAGE", "image/png", PNG)
    asked = {"kind": "IMAGE", "mimeType": "image/png", "bytes": len(PNG)}
    pending = installation.desk.ask(PREPARE, input=asked)["mediaPrepare"]["media"]["id"]

    content = {"media": {"mediaIds": [ready, pending]}}
    refused = installation.desk.ask(SEND, input={"threadId": thread, "content": content})["messageSend"]

    assert refused["messages"] == []
    assert refused["userErrors"][0]["field"] == ["content", "media", "mediaIds", "1"]
    assert installation.phones.sends() == []


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"kind": "IMAGE", "mimeType": "image/heic", "bytes": 10}, "image/heic can't be sent as an image"),
        ({"kind": "IMAGE", "mimeType": "image/png", "bytes": 5 * 1024 * 1024 + 1}, "5242880 are allowed"),
        (
            {"kind": "AUDIO", "mimeType": "audio/flac", "bytes": 10, "voice": True},
            "audio/flac can't be sent as an audio",
        ),
        ({"kind": "IMAGE", "mimeType": "image/jpeg", "bytes": 10, "fileName": "a.heic"}, "a.heic is not image/jpeg"),
    ],
)
def test_what_whatsapp_does_not_take_is_refused_with_its_rule(
    one_installation: Installation, asked: dict[str, Any], why: str
) -> None:
    prepared = one_installation.desk.ask(PREPARE, input=asked)["mediaPrepare"]

    assert prepared["uploadUrl"] is None
    (error,) = prepared["userErrors"]
    assert error["code"] == "MEDIA_REJECTED"
    assert why in error["message"]
    assert error["rule"]["kind"] == asked["kind"]


@pytest.mark.parametrize(
    ("data", "status", "why"),
    [
        (b"\xff\xd8\xff\xe0" + PNG[4:], 415, "Its bytes are image/jpeg"),
        (b"<svg>" + PNG[5:], 415, "image/svg+xml can't be sent"),
        (PNG + b"more", 400, "are announced"),
        (PNG[:-1], 400, "are announced"),
    ],
)
def test_bytes_that_are_not_what_was_prepared_are_refused(
    one_installation: Installation, data: bytes, status: int, why: str
) -> None:
    asked = {"kind": "IMAGE", "mimeType": "image/png", "bytes": len(PNG)}
    prepared = one_installation.desk.ask(PREPARE, input=asked)["mediaPrepare"]
    place = urljoin(one_installation.desk.url, prepared["uploadUrl"])

    answer = one_installation.http.put(place, content=data)

    assert answer.status_code == status
    assert why in answer.json()["error"]["message"]
    assert one_installation.http.put(place, content=PNG).status_code == 201
    assert one_installation.http.put(place, content=PNG).status_code == 409


async def test_a_file_that_was_uploaded_is_not_uploaded_again_until_the_network_forgot_it(
    installation: Installation,
) -> None:
    thread = await thread_of_ada(installation)
    file = upload(installation.desk, "IMAGE", "image/png", PNG)

    first = await delivered(installation, thread, file)
    second = await delivered(installation, thread, file)
    installation.http.delete(
        f"{installation.phones.url}/v26.0/{second}", headers={"Authorization": "Bearer journey-network-token"}
    )
    third = await delivered(installation, thread, file)

    assert first == second != third
    assert len(installation.phones.sends()) == 3


async def delivered(installation: Installation, thread: str, file: str) -> str:
    """A file sent and arrived; the network's id it went by."""
    async with installation.desk.socket() as socket:
        await socket.subscribe(LISTEN)
        content = {"media": {"mediaIds": [file]}}
        sent = installation.desk.ask(SEND, input={"threadId": thread, "content": content})["messageSend"]
        while (event := await socket.event_of("MessageStatusChanged"))["message"]["status"] != "DELIVERED":
            assert event["message"]["status"] != "FAILED", event
        assert event["message"]["id"] == sent["message"]["id"]
    return installation.phones.sends()[-1]["body"]["image"]["id"]


def test_files_lie_under_names_of_our_own_beside_the_database(installation: Installation) -> None:
    upload(installation.desk, "DOCUMENT", "application/pdf", PDF, fileName="../../escaped.pdf")

    kept = [path for path in Path(installation.directory).rglob("*") if path.is_file() and path.read_bytes() == PDF]
    assert [path.parts[-3] for path in kept] == ["installation.db.media"]
    assert "escaped" not in kept[0].name
