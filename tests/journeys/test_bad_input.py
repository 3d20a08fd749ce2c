"""Everything wrong that comes from outside: a clear answer each, nothing lost, no 5xx, no traceback."""

import base64
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.journeys.desk import (
    ACCOUNT,
    NUMBER,
    Installation,
    Json,
    a_message_body,
    command_output,
    deliver,
    deskline,
    running,
    signed,
)

TOO_DEEP = b"[" * 100_000 + b"]" * 100_000

THREADS = """
{ threads { totalCount edges { node { id contact { waId } session { state expiresAt } lastMessage { sentAt } } } } }
"""

SEND = """
mutation ($input: MessageSendInput!) {
  messageSend(input: $input) {
    message { id }
    userErrors { __typename code message field }
  }
}
"""

ADDED = """
subscription ($after: EventCursor) {
  inboxEvents(after: $after) { __typename cursor thread { id } ... on MessageAdded { message { id sentAt } } }
}
"""


BODIES_ADDED = """
subscription ($after: EventCursor) {
  inboxEvents(after: $after) {
    __typename cursor
    ... on MessageAdded { message { content { ... on TextContent { body } } } }
  }
}
"""


def counted(installation: Installation, name: str, **labels: str) -> float:
    """A figure of `/metrics`."""
    text = installation.http.get(f"{installation.desk.url}/metrics").text
    wanted = f"deskline_{name}" + (
        "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}" if labels else ""
    )
    return next((float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(wanted + " ")), 0.0)


def is_clear(answer: httpx.Response) -> bool:
    """No 5xx, and nothing of our insides."""
    return answer.status_code < 500 and "Traceback" not in answer.text and ".py" not in answer.text


async def a_thread(installation: Installation, person: str) -> str:
    here = installation.desk.ask("{ viewer { cursor } }")["viewer"]["cursor"]
    async with installation.desk.socket() as socket:
        await socket.subscribe(ADDED, after=here)
        installation.phones.write(person, "hello")
        return (await socket.event_of("MessageAdded"))["thread"]["id"]


def threads_of(installation: Installation, person: str) -> list[Json]:
    edges = installation.desk.ask(THREADS)["threads"]["edges"]
    return [edge["node"] for edge in edges if edge["node"]["contact"]["waId"] == person]


@pytest.fixture
def person(quiet_installation: Installation) -> str:
    """Somebody with a phone of their own, so that tests share an installation and not a thread."""
    return quiet_installation.phones.add_person()


# Webhooks


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        pytest.param(a_message_body("psst", "wamid.1"), {}, 401, id="unsigned"),
        pytest.param(b"{}", signed(b"{}", "not the secret"), 401, id="signed with another secret"),
        pytest.param(b"not json", signed(b"not json"), 400, id="not JSON"),
        pytest.param(TOO_DEEP, signed(TOO_DEEP), 200, id="nested too deep, and JSON all the same"),
        pytest.param(b"x" * (4 * 1024 * 1024 + 1), signed(b""), 413, id="too long"),
    ],
)
def test_a_webhook_post_that_is_wrong_is_answered_so_and_makes_nothing(
    body: bytes, headers: dict[str, str], status: int, quiet_installation: Installation
) -> None:
    before = quiet_installation.desk.ask(THREADS)

    answer = deliver(quiet_installation, body, headers)

    assert (answer.status_code, answer.content) == (status, b"")
    assert quiet_installation.desk.ask(THREADS) == before


def test_a_signed_body_that_is_not_json_is_kept_for_a_replay(installation: Installation) -> None:
    assert deliver(installation, b"not json").status_code == 400
    assert counted(installation, "deliveries", state="FAILED") == 1

    said = command_output("replay", "--state", "FAILED", at=installation.directory)

    assert said.startswith("Put back: 1. Interpreted: 1 deliveries")
    assert counted(installation, "deliveries", state="FAILED") == 1


async def test_a_message_for_an_unknown_number_is_kept_counted_and_shown_to_nobody(
    quiet_installation: Installation, person: str
) -> None:
    unknown, ignored = (
        counted(quiet_installation, "unknown_number_updates_total"),
        counted(quiet_installation, "deliveries", state="IGNORED"),
    )

    stray = a_message_body("psst", "wamid.stray", number="999999999999999", sender="15559990000")
    assert deliver(quiet_installation, stray).status_code == 200
    await a_thread(quiet_installation, person)  # by then the stray one was read, too

    assert threads_of(quiet_installation, "15559990000") == []
    assert counted(quiet_installation, "unknown_number_updates_total") == unknown + 1
    assert counted(quiet_installation, "deliveries", state="IGNORED") == ignored + 1


async def test_of_a_thousand_messages_in_one_body_999_arrive_where_one_can_t_be_read(
    quiet_installation: Installation,
) -> None:
    people = [f"1555888{number:04d}" for number in range(10)]
    body = json.loads(a_message_body("", "wamid.any", sender=people[0]))
    [message] = body["entry"][0]["changes"][0]["value"]["messages"]
    many: list[Json] = [
        {**message, "id": f"wamid.of-many.{number}", "from": people[number % 10], "text": {"body": f"word {number}"}}
        for number in range(1_000)
    ]
    many[500] = ["a message that is no object"]
    body["entry"][0]["changes"][0]["value"]["messages"] = many
    here = quiet_installation.desk.ask("{ viewer { cursor } }")["viewer"]["cursor"]

    async with quiet_installation.desk.socket() as socket:
        await socket.subscribe(BODIES_ADDED, after=here)
        assert deliver(quiet_installation, json.dumps(body).encode()).status_code == 200
        heard = [(await socket.event_of("MessageAdded"))["message"]["content"]["body"] for _ in range(999)]

    assert heard == [f"word {number}" for number in range(1_000) if number != 500]
    assert sum(len(threads_of(quiet_installation, person)) for person in people) == 10


NEXT_YEAR = "next year"


@pytest.mark.parametrize("told", ["0", "1", "-5", "", "soon", "9223372036854775808", NEXT_YEAR])
async def test_a_time_from_1970_or_next_year_changes_no_rule(
    told: str, quiet_installation: Installation, person: str
) -> None:
    next_year = str(int((datetime.now(UTC) + timedelta(days=365)).timestamp()))
    body = a_message_body("hello", f"wamid.{person}", sender=person, timestamp=next_year if told == NEXT_YEAR else told)
    here = quiet_installation.desk.ask("{ viewer { cursor } }")["viewer"]["cursor"]
    async with quiet_installation.desk.socket() as socket:
        await socket.subscribe(ADDED, after=here)
        assert deliver(quiet_installation, body).status_code == 200
        await socket.event_of("MessageAdded")

    (thread,) = threads_of(quiet_installation, person)
    expires = datetime.fromisoformat(thread["session"]["expiresAt"])
    assert thread["session"]["state"] == "OPEN"
    assert abs(expires - datetime.now(UTC) - timedelta(hours=24)) < timedelta(minutes=2)


def test_a_body_signed_with_another_channels_secret_is_refused(quiet_installation: Installation) -> None:
    body = a_message_body("forged", "wamid.forged")

    assert deliver(quiet_installation, body, signed(body, "another-channels-secret")).status_code == 401


def test_a_handshake_without_the_token_is_forbidden(quiet_installation: Installation) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": "guess", "hub.challenge": "<script>alert(1)</script>"}

    answer = quiet_installation.http.get(f"{quiet_installation.desk.url}/webhooks/whatsapp", params=asked)

    assert answer.status_code == 403
    assert "script" not in answer.text


# The API


async def test_a_text_of_4097_characters_is_refused_with_both_lengths(
    quiet_installation: Installation, person: str
) -> None:
    thread = await a_thread(quiet_installation, person)

    sent = quiet_installation.desk.ask(SEND, input=a_reply(thread, "x" * 4097))["messageSend"]

    (error,) = sent["userErrors"]
    assert (sent["message"], error["code"]) == (None, "TEXT_TOO_LONG")
    assert "4,096" in error["message"] or "4096" in error["message"]


async def test_a_text_of_4096_characters_is_taken(quiet_installation: Installation, person: str) -> None:
    thread = await a_thread(quiet_installation, person)

    assert quiet_installation.desk.ask(SEND, input=a_reply(thread, "é" * 4096))["messageSend"]["userErrors"] == []


@pytest.mark.parametrize("escaped", [r"a\u0000b", r"a\ud800b", r"\udc00"])
async def test_a_nul_byte_or_a_lone_surrogate_is_refused_clearly(
    escaped: str, quiet_installation: Installation, person: str
) -> None:
    thread = await a_thread(quiet_installation, person)
    body = json.dumps({"query": SEND, "variables": {"input": a_reply(thread, "PLACE")}}).replace("PLACE", escaped)

    answer = post_raw(quiet_installation, body.encode())

    assert is_clear(answer), answer.text
    assert '"id"' not in answer.text
    assert [message["direction"] for message in quiet_installation.phones.messages(person)] == ["out"]


async def test_an_id_of_another_type_is_invalid_in_a_mutation_and_a_bad_request_in_a_query(
    quiet_installation: Installation, person: str
) -> None:
    await a_thread(quiet_installation, person)
    contact = quiet_installation.desk.ask("{ contacts { edges { node { id } } } }")["contacts"]["edges"][0]["node"][
        "id"
    ]

    sent = quiet_installation.desk.ask(SEND, input=a_reply(contact, "hello"))["messageSend"]
    read = quiet_installation.desk.post("query ($id: ID!) { thread(id: $id) { id } }", id=contact)

    assert [error["code"] for error in sent["userErrors"]] == ["INVALID"]
    assert is_clear(read)
    assert code_of(read) == "BAD_REQUEST"


async def test_an_id_of_another_organization_does_not_exist(quiet_installation: Installation, person: str) -> None:
    thread = await a_thread(quiet_installation, person)
    begun = command_output(
        "bootstrap",
        "--organization",
        "Rival",
        "--email",
        "eve@rival.example",
        "--json",
        at=quiet_installation.directory,
    )
    rival = json.loads(begun)["apiKey"]

    read = post_raw(
        quiet_installation,
        json.dumps({"query": "query ($id: ID!) { thread(id: $id) { id } }", "variables": {"id": thread}}).encode(),
        rival,
    )
    sent = post_raw(
        quiet_installation, json.dumps({"query": SEND, "variables": {"input": a_reply(thread, "hi")}}).encode(), rival
    )

    assert read.json()["data"] == {"thread": None}
    assert [error["code"] for error in sent.json()["data"]["messageSend"]["userErrors"]] == ["NOT_FOUND"]


FORGED = base64.b64encode(b"\x01" + b"0" * 40).decode()


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", FORGED, "é", pytest.param("x" * 10_000, id="long")])
async def test_a_cursor_that_is_none_is_refused_as_invalid(cursor: str, quiet_installation: Installation) -> None:
    async with quiet_installation.desk.socket() as socket:
        await socket.subscribe(ADDED, after=cursor)

        frame = await socket.receive()

    assert (frame["type"], frame["payload"][0]["extensions"]["code"]) == ("error", "CURSOR_INVALID")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "BAD_REQUEST"),
        (b"not json", "BAD_REQUEST"),
        (b"[]", "BAD_REQUEST"),
        (b'{"query": "{"}', "BAD_REQUEST"),
        (b'{"query": "{ nothing }"}', "BAD_REQUEST"),
        (b'{"query": "{ thread(id: \\"x\\") { id } }"}', "BAD_REQUEST"),
        (b'{"query": "{ threads(first: 101) { totalCount } }"}', "BAD_REQUEST"),
        pytest.param(b'{"query": "' + b"{ viewer " * 5000 + b'"}', "TOO_COMPLEX", id="very deep"),
    ],
)
def test_a_request_that_is_wrong_is_answered_so(body: bytes, code: str, quiet_installation: Installation) -> None:
    answer = post_raw(quiet_installation, body)

    assert is_clear(answer), answer.text
    assert code_of(answer) == code


@pytest.mark.parametrize("bearer", ["", "dk_guess", "ds_guess", "é", pytest.param("x" * 10_000, id="long")])
def test_nobody_is_let_in_with_a_key_that_is_none(bearer: str, quiet_installation: Installation) -> None:
    answer = post_raw(quiet_installation, b'{"query": "{ viewer { role } }"}', bearer)

    assert answer.status_code == 401
    assert code_of(answer) == "UNAUTHENTICATED"


@pytest.mark.parametrize("path", ["/nothing", "/assets/..%2findex.html", "/webhooks", "/demo.json", "/simulator/_sim"])
def test_a_page_that_is_not_there_is_404(path: str, quiet_installation: Installation) -> None:
    answer = quiet_installation.http.get(quiet_installation.desk.url + path)

    assert answer.status_code == 404
    assert is_clear(answer)


def test_a_second_connection_of_the_same_number_is_refused(quiet_installation: Installation) -> None:
    asked = {"acceptTerms": True, "accessToken": "x", "businessAccountId": ACCOUNT, "phoneNumberId": NUMBER}
    query = "mutation ($input: ChannelConnectInput!) { channelConnect(input: $input) { userErrors { code } } }"

    answer = quiet_installation.desk.ask(query, input=asked)

    assert answer["channelConnect"]["userErrors"] == [{"code": "CHANNEL_ALREADY_CONNECTED"}]


# Settings


def test_a_wrong_setting_stops_the_start_with_one_line(installation: Installation) -> None:
    settings = installation.settings | {"DESKLINE_APP_SECRETS": "canary-secret", "DESKLINE_LOG_FORMAT": "canary-format"}
    directory = installation.directory / "wrong"
    directory.mkdir()
    with running(*deskline("serve", "--port", "0"), directory=directory, settings=settings) as process:
        code = process.wait()

    assert code == 1
    assert process.log == "DESKLINE_LOG_FORMAT: expected json or console\n"


def test_nothing_that_was_sent_or_set_as_a_secret_stands_in_the_log(installation: Installation) -> None:
    deliver(installation, b"\x1b[31mnot json\r\n" * 1000)
    post_raw(installation, b'{"query": "{ viewer { role } }"}', "dk_canary")
    installation.stop()

    log = installation.process.log
    assert all(json.loads(line) for line in log.splitlines() if line.startswith("{"))
    for secret in (*installation.settings.values(), installation.desk.token, "dk_canary", "\x1b"):
        if secret.startswith(("journey", "dk_", "\x1b")):
            assert secret not in log


def a_reply(thread: str, text: str) -> Json:
    return {"threadId": thread, "content": {"text": {"body": text}}}


def post_raw(installation: Installation, body: bytes, token: str | None = None) -> httpx.Response:
    bearer = installation.desk.token if token is None else token
    headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {bearer}".strip().encode())]
    return installation.http.post(f"{installation.desk.url}/graphql", content=body, headers=headers)


def code_of(answer: httpx.Response) -> str:
    return answer.json()["errors"][0]["extensions"]["code"]
