"""The desk dies, and comes back: nothing is lost, nothing comes twice, and listeners go on where they were."""

import json
from time import monotonic
from typing import NoReturn

import pytest
from websockets.exceptions import ConnectionClosed

from tests.journeys.desk import (
    ADA,
    NODE_MODULES,
    Process,
    Socket,
    Town,
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
async def test_what_was_answered_200_survives_a_power_cut_at_that_moment(town: Town) -> None:
    here = town.desk.ask(WHERE_WE_ARE)["viewer"]["cursor"]
    words = [f"word {number}" for number in range(30)]

    for number, word in enumerate(words):
        assert deliver(town, a_message_body(word, f"wamid.{number}")).status_code == 200
    town.kill()
    town.open()
    assert deliver(town, a_message_body("the last word", "wamid.last")).status_code == 200

    async with town.desk.socket() as socket:
        await socket.subscribe(ADDED, after=here)
        heard: list[str] = []
        while "the last word" not in heard:
            heard.append((await socket.event_of("MessageAdded"))["message"]["content"]["body"])
    assert heard == [*words, "the last word"]
    assert bodies(town) == [*words, "the last word"]


async def test_what_comes_again_after_a_power_cut_is_not_there_twice(town: Town) -> None:
    body = a_message_body("only once", "wamid.once")
    assert deliver(town, body).status_code == 200
    town.kill()
    town.open()

    assert deliver(town, body).status_code == 200
    assert deliver(town, a_message_body("and this after it", "wamid.after")).status_code == 200

    async with town.desk.socket() as socket:
        await socket.subscribe(ADDED, after=town.desk.ask(WHERE_WE_ARE)["viewer"]["cursor"])
        assert deliver(town, a_message_body("now", "wamid.now")).status_code == 200
        while (await socket.event_of("MessageAdded"))["message"]["content"]["body"] != "now":
            pass
    assert bodies(town) == ["only once", "and this after it", "now"]


@on_either_storage
async def test_a_listener_goes_on_where_the_power_cut_left_it_without_gap_or_double(town: Town) -> None:
    heard: list[str] = []
    cursor = town.desk.ask(WHERE_WE_ARE)["viewer"]["cursor"]
    for round in range(3):
        async with town.desk.socket() as socket:
            await socket.subscribe(ADDED, after=cursor)
            for number in range(5):
                deliver(town, a_message_body(f"{round}.{number}", f"wamid.{round}.{number}"))
            # Some are heard before the cut, the others only after it.
            while not heard or heard[-1] != f"{round}.2":
                event = await socket.event()
                cursor = event["cursor"]
                if event["__typename"] == "MessageAdded":
                    heard.append(event["message"]["content"]["body"])
            town.kill()
        town.open()

    async with town.desk.socket() as socket:
        await socket.subscribe(ADDED, after=cursor)
        while heard[-1] != "2.4":
            heard.append((await socket.event_of("MessageAdded"))["message"]["content"]["body"])
    assert heard == [f"{round}.{number}" for round in range(3) for number in range(5)]


@on_either_storage
async def test_a_reply_never_leaves_twice_when_the_desk_dies_after_taking_it(town: Town) -> None:
    thread = await a_thread(town)
    here = town.desk.ask(WHERE_WE_ARE)["viewer"]["cursor"]
    answer = {"threadId": thread, "content": {"text": {"body": "We are back"}}, "idempotencyKey": "once"}
    first = town.desk.ask(SEND, input=answer)["messageSend"]
    town.kill()
    town.open()

    again = town.desk.ask(SEND, input=answer)["messageSend"]

    assert again == first
    async with town.desk.socket() as socket:
        await socket.subscribe(ADDED, after=here)
        # Killed between its claim and the network's answer it stays UNKNOWN, as nobody can tell whether it left.
        while (status := (await socket.event_of("MessageStatusChanged"))["status"]) not in ("DELIVERED", "UNKNOWN"):
            pass
    seen = [send["text"] for send in town.phones.messages(ADA) if send["direction"] == "in"]
    assert seen == ["We are back"] or (status, seen) == ("UNKNOWN", [])


async def test_a_polite_stop_tells_every_socket_to_come_back_and_ends_with_0(town: Town) -> None:
    async with town.desk.socket() as socket:
        await socket.subscribe(ADDED)

        code = town.stop()

        with pytest.raises(ConnectionClosed) as closed:
            await everything_from(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    assert code == 0


async def test_a_stop_ends_in_time_also_while_the_network_holds_an_answer_back(town: Town) -> None:
    thread = await a_thread(town)
    here = town.desk.ask(WHERE_WE_ARE)["viewer"]["cursor"]
    town.phones.fault({"kind": "timeout_after_accept", "times": 1})
    async with town.desk.socket() as socket:
        await socket.subscribe(ADDED, after=here)
        town.desk.ask(SEND, input={"threadId": thread, "content": {"text": {"body": "Are you there?"}}})
        while (await socket.event_of("MessageStatusChanged"))["status"] != "DELIVERED":
            pass  # its statuses come, while the send itself still waits for its answer

        begun = monotonic()
        code = town.stop()

    assert code == 0
    assert monotonic() - begun < 10
    assert [send["text"] for send in town.phones.messages(ADA) if send["direction"] == "in"] == ["Are you there?"]


async def test_graphql_ws_from_npm_listens_and_goes_on_after_a_power_cut(town: Town) -> None:
    script = [node(), NODE_MODULES.parents[1] / "tests" / "journeys" / "listener.mjs"]
    settings = {"URL": town.desk.url, "TOKEN": town.desk.token, "QUERY": ADDED}
    here = town.desk.ask(WHERE_WE_ARE)["viewer"]["cursor"]
    with running(*script, directory=town.directory, settings=settings | {"AFTER": here}) as listener:
        deliver(town, a_message_body("before", "wamid.before"))
        assert heard_by(listener) == "before"

        town.kill()
        town.open()
        deliver(town, a_message_body("after", "wamid.after"))
        deliver(town, a_message_body("and on", "wamid.on"))

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


def bodies(town: Town) -> list[str]:
    """What stands in the only thread."""
    (thread,) = town.desk.ask(MESSAGES)["threads"]["edges"]
    return [edge["node"]["content"]["body"] for edge in thread["node"]["messages"]["edges"]]


async def a_thread(town: Town) -> str:
    async with town.desk.socket() as socket:
        await socket.subscribe(ADDED, after=town.desk.ask(WHERE_WE_ARE)["viewer"]["cursor"])
        town.phones.write(ADA, "hello")
        await socket.event_of("MessageAdded")
    (thread,) = town.desk.ask("{ threads { edges { node { id } } } }")["threads"]["edges"]
    return thread["node"]["id"]
