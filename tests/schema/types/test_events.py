"""The event log through the schema: as pages, and as subscriptions show each event."""

import pytest

from domain import events
from domain.conversations.sessions import Session
from domain.conversations.status import MessageStatus
from domain.events import LoggedEvent, MessageChange, SessionChange
from domain.ids import OrganizationId, ThreadId
from schema.engine.documents import Documents
from schema.engine.turns import Turns
from schema.engine.values import ids
from schema.engine.values.cursors import Cursors
from schema.operations import Operation, run_alone
from schema.schema import schema
from schema.types.events import event_object
from tests.builders import (
    ACME,
    CHANNEL,
    GLOBEX,
    MESSAGE,
    NOON,
    TEMPLATE,
    THREAD,
    TICKET,
    a_template,
    a_thread,
    a_ticket,
    an_id,
    an_inbound,
)
from tests.schema.desk import AGENT, JSON, SchemaDesk, open_desk

HAPPENED: list[tuple[events.Event, str, JSON]] = [
    (events.MessageAdded(THREAD, MESSAGE), "MessageAdded", {"message": {"id": ids.MESSAGE.encode(MESSAGE)}}),
    (
        events.MessageStatusChanged(THREAD, MESSAGE, MessageStatus.READ),
        "MessageStatusChanged",
        {"message": {"id": ids.MESSAGE.encode(MESSAGE)}, "status": "READ"},
    ),
    (
        events.MessageChanged(THREAD, MESSAGE, MessageChange.REACTION),
        "MessageChanged",
        {"message": {"id": ids.MESSAGE.encode(MESSAGE)}, "messageChange": "REACTION"},
    ),
    (
        events.SessionChanged(THREAD, SessionChange.OPENED),
        "SessionChanged",
        {"session": {"state": "OPEN"}, "sessionChange": "OPENED"},
    ),
    (events.ThreadChanged(THREAD), "ThreadChanged", {}),
    (
        events.TicketChanged(THREAD, TICKET, ("owner", "status")),
        "TicketChanged",
        {"ticket": {"number": 1}, "changed": ["owner", "status"]},
    ),
    (events.ChannelChanged(CHANNEL), "ChannelChanged", {"channel": {"name": "Support"}}),
    (events.TemplateChanged(TEMPLATE), "TemplateChanged", {"template": {"name": "order_shipped"}}),
    (events.QuotaChanged(), "QuotaChanged", {"quota": {"used": 0}}),
]

SHOWN = """
__typename id cursor at thread { id }
... on MessageAdded { message { id } }
... on MessageStatusChanged { message { id } status }
... on MessageChanged { message { id } messageChange }
... on SessionChanged { session { state } sessionChange }
... on TicketChanged { ticket { number } changed }
... on ChannelChanged { channel { name } }
... on TemplateChanged { template { name } }
... on QuotaChanged { quota { used } }
"""
PAGE = f"""query($first: Int, $after: EventCursor, $threadId: ID) {{
  events(first: $first, after: $after, threadId: $threadId) {{
    edges {{ cursor node {{ {SHOWN} }} }} nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}"""


def event_text(position: int) -> str:
    return ids.EVENT.encode(events.event_id(ACME, position, NOON))


async def a_desk_where_everything_happened() -> SchemaDesk:
    desk = await open_desk()
    await desk.given(a_template(), an_inbound(), a_ticket(), a_thread(session=Session(NOON, NOON, MESSAGE)))
    await desk.happened(*(event for event, _, _ in HAPPENED))
    return desk


async def test_the_log_is_read_as_pages_of_every_kind_of_event() -> None:
    desk = await a_desk_where_everything_happened()

    page = (await desk.ask(PAGE))["events"]

    assert [desk.cursors.decode(edge["cursor"], ACME).position for edge in page["edges"]] == list(range(1, 10))
    assert [edge["node"].pop("cursor") for edge in page["edges"]] == [edge["cursor"] for edge in page["edges"]]
    named = [edge["node"].pop("id") for edge in page["edges"]]
    assert named == [node["id"] for node in page["nodes"]] == [event_text(place) for place in range(1, 10)]
    concerns_nobody = ("ChannelChanged", "TemplateChanged", "QuotaChanged")
    assert [edge["node"] for edge in page["edges"]] == [
        {
            "__typename": name,
            "at": "2026-11-20T12:00:00Z",
            "thread": None if name in concerns_nobody else {"id": ids.THREAD.encode(THREAD)},
            **fields,
        }
        for _, name, fields in HAPPENED
    ]
    assert page["pageInfo"] == {"hasNextPage": False, "endCursor": page["edges"][-1]["cursor"]}


async def test_pages_of_events_follow_each_other_without_a_gap() -> None:
    desk = await a_desk_where_everything_happened()
    seen: list[str] = []
    after: str | None = None

    while True:
        page = (await desk.ask(PAGE, {"first": 4, "after": after}))["events"]
        seen += [edge["node"]["__typename"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert seen == [name for _, name, _ in HAPPENED]
    assert (await desk.ask(PAGE, {"after": after}))["events"] == {
        "edges": [],
        "nodes": [],
        "pageInfo": {"hasNextPage": False, "endCursor": None},
    }


async def test_a_threads_events_are_its_own() -> None:
    desk = await a_desk_where_everything_happened()

    page = (await desk.ask(PAGE, {"threadId": ids.THREAD.encode(THREAD), "first": 100}))["events"]

    assert len(page["edges"]) == 6
    assert {edge["node"]["thread"]["id"] for edge in page["edges"]} == {ids.THREAD.encode(THREAD)}


async def test_a_threads_cursor_is_good_for_events() -> None:
    desk = await a_desk_where_everything_happened()
    document = "query($id: ID!) { thread(id: $id) { cursor } }"
    cursor = (await desk.ask(document, {"id": ids.THREAD.encode(THREAD)}))["thread"]["cursor"]
    await desk.happened(events.ThreadChanged(THREAD))

    page = (await desk.ask(PAGE, {"after": cursor}))["events"]

    assert [edge["node"]["__typename"] for edge in page["edges"]] == ["ThreadChanged"]


async def test_events_of_a_thread_that_is_not_here_are_not_found() -> None:
    desk = await open_desk()

    error = await desk.refusal(PAGE, {"threadId": ids.THREAD.encode(ThreadId(an_id(9)))})

    assert error.code == "NOT_FOUND"


@pytest.mark.parametrize(
    ("organization", "epoch", "position", "code"),
    [
        (ACME, None, 9, None),
        (ACME, None, 10, "CURSOR_INVALID"),
        (GLOBEX, None, 1, "CURSOR_INVALID"),
        (ACME, "another life", 1, "CURSOR_EXPIRED"),
    ],
)
async def test_only_a_cursor_of_this_log_is_taken(
    organization: OrganizationId, epoch: str | None, position: int, code: str | None
) -> None:
    desk = await a_desk_where_everything_happened()
    head = await desk.ports.reader.head(ACME)
    cursor = desk.cursors.encode(organization, epoch or head.epoch, position)

    result = await desk.run(PAGE, {"after": cursor})

    assert [(error.extensions or {})["code"] for error in result.errors or ()] == ([code] if code else [])


@pytest.mark.parametrize("cursor", ["", "nonsense", "ä", "A" * 5000, Cursors(b"another secret").encode(ACME, "e", 1)])
async def test_a_forged_cursor_is_invalid(cursor: str) -> None:
    desk = await open_desk()

    error = await desk.refusal(PAGE, {"after": cursor})

    assert error.code == "CURSOR_INVALID"


async def test_a_page_of_more_than_a_hundred_events_is_a_bad_request() -> None:
    desk = await open_desk()

    assert (await desk.refusal(PAGE, {"first": 101})).code == "BAD_REQUEST"


# ---------------------------------------------------------------- as subscriptions show them


async def frame(desk: SchemaDesk, document: str, logged: LoggedEvent) -> JSON:
    """What the hub sends for one event: the subscription's document, with the event as its root."""
    core = schema._schema  # pyright: ignore[reportPrivateUsage]  # what the hub executes
    compiled = Documents(core).compile(document, signed_in=True)
    root = event_object(logged, ACME, "epoch")
    answer = await run_alone(core, Operation(compiled, {}, AGENT, root=root), desk.ports, desk.cursors, Turns())
    assert answer.errors == ()
    return answer.data


@pytest.mark.parametrize(("event", "name", "fields"), HAPPENED, ids=[name for _, name, _ in HAPPENED])
async def test_a_subscription_shows_each_kind_of_event(event: events.Event, name: str, fields: JSON) -> None:
    desk = await a_desk_where_everything_happened()

    shown = (await frame(desk, f"subscription {{ inboxEvents {{ {SHOWN} }} }}", LoggedEvent(7, NOON, event)))[
        "inboxEvents"
    ]

    assert shown["__typename"] == name
    assert shown["cursor"] == desk.cursors.encode(ACME, "epoch", 7)
    assert shown | fields == shown


async def test_the_narrow_subscriptions_show_their_own_types() -> None:
    desk = await a_desk_where_everything_happened()
    added = LoggedEvent(1, NOON, events.MessageAdded(THREAD, MESSAGE))
    read = LoggedEvent(2, NOON, events.MessageStatusChanged(THREAD, MESSAGE, MessageStatus.READ))
    in_thread = (
        f'subscription {{ threadEvents(threadId: "{ids.THREAD.encode(THREAD)}") {{ thread {{ unreadCount }} }} }}'
    )

    assert await frame(desk, "subscription { messageAdded { message { status } } }", added) == {
        "messageAdded": {"message": {"status": "RECEIVED"}}
    }
    assert await frame(desk, "subscription { messageStatusChanged { status } }", read) == {
        "messageStatusChanged": {"status": "READ"}
    }
    assert await frame(desk, in_thread, added) == {"threadEvents": {"thread": {"unreadCount": 0}}}
