"""The desk dies, and comes back: nothing is lost, nothing comes twice, and listeners go on where they were."""

import json
from time import monotonic
from typing import NoReturn

import pytest
from websockets.exceptions import ConnectionClosed

from tests.journeys.desk import (
    ADA,
    NODE_MODULES,
    Installation,
    Process,
    Socket,
    a_message_body,
    deliver,
    node,
    on_either_storage,
    running,
)

WHERE_WE_ARE = "{ viewer { cursor } }"

ADDED = """
subscription ($after: EventCursor) {
  inboxEvents(after: $after) {
    __typename cursor
    ... on MessageAdded { message { id direction content { ... on TextContent { body } } } }
    ... on MessageStatusChanged { status message { id } }
  }
}
"""

MESSAGES = """
{
  threads(first: 2) {
    edges { node { messages(first: 100) { edges { node { content { ... on TextContent { body } } } } } } }
  }
}
"""

SEND = """
mutation ($input: MessageSendInput!) {
  messageSend(input: $input) { message { id } userErrors { code message } }
}
"""


@on_either_storage
async def test_what_was_answered_200_survives_a_power_cut_at_that_moment(installation: Installation) -> None:
    here = installation.desk.ask(WHERE_WE_ARE)["viewer"]["cursor"]
    words = [f"word {number}" for number in range(30)]

    for number, word in enumerate(words):
        assert deliver(installation, a_message_body(word, f"wamid.{number}")).status_code == 200
    installation.kill()
    installation.open()
    assert deliver(installation, a_message_body("the last word", "wamid.last")).status_code == 200

    async with installation.desk.socket() as socket:
        await socket.subscribe(ADDED, after=here)
        heard: list[str] = []
        while "the last word" not in heard:
            heard.append((await socket.event_of("MessageAdded"))["message"]["content"]["body"])
    assert heard == [*words, "the last word"]
    assert bodies(installation) == [*words, "the last word"]


async def test_what_comes_again_after_a_power_cut_is_not_there_twice(installation: Installation) -> None:
    body = a_message_body("only once", "wamid.once")
    assert deliver(installation, body).status_code == 200
    installation.kill()
    installation.open()

    assert deliver(installation, body).status_code == 200
    assert deliver(installation, a_message_body("and this after it", "wamid.after")).status_code == 200

    async with installation.desk.socket() as socket:
        await socket.subscribe(ADDED, after=installation.desk.ask(WHERE_WE_ARE)["viewer"]["cursor"])
        assert deliver(installation, a_message_body("now", "wamid.now")).status_code == 200
        while (await socket.event_of("MessageAdded"))["message"]["content"]["body"] != "now":
            pass
    assert bodies(installation) == ["only once", "and this after it", "now"]


@on_either_storage
async def test_a_listener_goes_on_where_the_power_cut_left_it_without_gap_or_double(installation: Installation) -> None:
    heard: list[str] = []
    cursor = installation.desk.ask(WHERE_WE_ARE)["viewer"]["cursor"]
    for round in range(3):
        async with installation.desk.socket() as socket:
            await socket.subscribe(ADDED, after=cursor)
            for number in range(5):
                deliver(installation, a_message_body(f"{round}.{number}", f"wamid.{round}.{number}"))
            # Some are heard before the cut, the others only after it.
            while not heard or heard[-1] != f"{round}.2":
                event = await socket.event()
                cursor = event["cursor"]
                if event["__typename"] == "MessageAdded":
                    heard.append(event["message"]["content"]["body"])
            installation.kill()
        installation.open()

    async with installation.desk.socket() as socket:
        await socket.subscribe(ADDED, after=cursor)
        while heard[-1] != "2.4":
            heard.append((await socket.event_of("MessageAdded"))["message"]["content"]["body"])
    assert heard == [f"{round}.{number}" for round in range(3) for number in range(5)]


@on_either_storage
async def test_a_reply_never_leaves_twice_when_the_desk_dies_after_taking_it(installation: Installation) -> None:
    thread = await a_thread(installation)
    here = installation.desk.ask(WHERE_WE_ARE)["viewer"]["cursor"]
    answer = {"threadId": thread, "content": {"text": {"body": "We are back"}}, "idempotencyKey": "once"}
    first = installation.desk.ask(SEND, input=answer)["messageSend"]
    installation.kill()
    installation.open()

    again = installation.desk.ask(SEND, input=answer)["messageSend"]

    assert again == first
    async with installation.desk.socket() as socket:
        await socket.subscribe(ADDED, after=here)
        # Killed between its claim and the network's answer it stays UNKNOWN, as nobody can tell whether it left.
        while (status := (await socket.event_of("MessageStatusChanged"))["status"]) not in ("DELIVERED", "UNKNOWN"):
            pass
    seen = [send["text"] for send in installation.phones.messages(ADA) if send["direction"] == "in"]
    assert seen == ["We are back"] or (status, seen) == ("UNKNOWN", [])


async def test_a_polite_stop_tells_every_socket_to_come_back_and_ends_with_0(installation: Installation) -> None:
    async with installation.desk.socket() as socket:
        await socket.subscribe(ADDED)

        code = installation.stop()

        with pytest.raises(ConnectionClosed) as closed:
            await everything_from(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    assert code == 0


async def test_a_stop_ends_in_time_also_while_the_network_holds_an_answer_back(installation: Installation) -> None:
    thread = await a_thread(installation)
    here = installation.desk.ask(WHERE_WE_ARE)["viewer"]["cursor"]
    installation.phones.fault({"kind": "timeout_after_accept", "times": 1})
    async with installation.desk.socket() as socket:
        await socket.subscribe(ADDED, after=here)
        installation.desk.ask(SEND, input={"threadId": thread, "content": {"text": {"body": "Are you there?"}}})
        while (await socket.event_of("MessageStatusChanged"))["status"] != "DELIVERED":
            pass  # its statuses come, while the send itself still waits for its answer

        begun = monotonic()
        code = installation.stop()

    assert code == 0
    assert monotonic() - begun < 10
    assert [send["text"] for send in installation.phones.messages(ADA) if send["direction"] == "in"] == [
        "Are you there?"
    ]


async def test_graphql_ws_from_npm_listens_and_goes_on_after_a_power_cut(installation: Installation) -> None:
    script = [node(), NODE_MODULES.parents[1] / "tests" / "journeys" / "listener.mjs"]
    settings = {"URL": installation.desk.url, "TOKEN": installation.desk.token, "QUERY": ADDED}
    here = installation.desk.ask(WHERE_WE_ARE)["viewer"]["cursor"]
    with running(*script, directory=installation.directory, settings=settings | {"AFTER": here}) as listener:
        deliver(installation, a_message_body("before", "wamid.before"))
        assert heard_by(listener) == "before"

        installation.kill()
        installation.open()
        deliver(installation, a_message_body("after", "wamid.after"))
        deliver(installation, a_message_body("and on", "wamid.on"))

        assert heard_by(listener) == "after"
        assert heard_by(listener) == "and on"


async def everything_from(socket: Socket) -> NoReturn:
    while True:
        await socket.receive()


def heard_by(listener: Process) -> str:
    """The next message that the listener printed."""
    while (event := json.loads(listener.line()))["__typename"] != "MessageAdded":
        pass
    return event["message"]["content"]["body"]


def bodies(installation: Installation) -> list[str]:
    """What stands in the only thread."""
    (thread,) = installation.desk.ask(MESSAGES)["threads"]["edges"]
    return [edge["node"]["content"]["body"] for edge in thread["node"]["messages"]["edges"]]


async def a_thread(installation: Installation) -> str:
    async with installation.desk.socket() as socket:
        await socket.subscribe(ADDED, after=installation.desk.ask(WHERE_WE_ARE)["viewer"]["cursor"])
        installation.phones.write(ADA, "hello")
        await socket.event_of("MessageAdded")
    (thread,) = installation.desk.ask("{ threads { edges { node { id } } } }")["threads"]["edges"]
    return thread["node"]["id"]
