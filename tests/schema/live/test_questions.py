"""What a subscription asks for, and which events pass: a field's kind, its thread, and the inbox's filter."""

import asyncio
from dataclasses import replace

import orjson
import pytest

from domain.conversations.status import MessageStatus
from domain.events import (
    ChannelChanged,
    Event,
    MessageAdded,
    MessageChange,
    MessageChanged,
    MessageStatusChanged,
    QuotaChanged,
    SessionChange,
    SessionChanged,
    TemplateChanged,
    ThreadChanged,
    TicketChanged,
)
from domain.ids import ChannelId, MessageId, PhoneNumberId, TemplateId, ThreadId, TicketId, UserId
from schema.engine.documents import Compiled
from schema.engine.values import ids
from schema.execution import GraphQLRequest
from schema.live.streams import Stream
from tests.api.memory_desk import memory_ports
from tests.builders import CHANNEL, GLOBEX, a_channel, a_contact, a_thread, a_user, an_id
from tests.schema.live_desk import LiveDesk, a_live_desk, heard, listening, refusal_of

HERE, ELSEWHERE = ThreadId(an_id(1)), ThreadId(an_id(2))
OWNER = UserId(an_id(3))
OTHER_CHANNEL = ChannelId(an_id(4))
MESSAGE = MessageId(an_id(5))

THREAD_EVENTS = "subscription($t: ID!) { threadEvents(threadId: $t) { cursor } }"
INBOX = "subscription($filter: EventFilter) { inboxEvents(filter: $filter) { __typename cursor } }"


async def a_desk_with_two_threads() -> LiveDesk:
    """HERE is OWNER's, on CHANNEL; ELSEWHERE is nobody's, on OTHER_CHANNEL."""
    desk = await a_live_desk()
    async with desk.ports.store.transaction(desk.organization) as tx:
        tx.save(
            a_user(OWNER, email="owner@acme.example"),
            a_channel(OTHER_CHANNEL, phone_number="+15550000000", phone_number_id=PhoneNumberId("100")),
            a_contact(),
            a_thread(HERE, owner=OWNER),
            a_thread(ELSEWHERE, channel=OTHER_CHANNEL),
        )
    return desk


EVERYTHING: list[Event] = [
    MessageAdded(HERE, MESSAGE),  # 1
    MessageAdded(ELSEWHERE, MESSAGE),  # 2
    MessageStatusChanged(HERE, MESSAGE, MessageStatus.DELIVERED),  # 3
    MessageChanged(HERE, MESSAGE, MessageChange.REACTION),  # 4
    SessionChanged(ELSEWHERE, SessionChange.OPENED),  # 5
    ThreadChanged(HERE),  # 6
    TicketChanged(HERE, TicketId(an_id(6)), ("status",)),  # 7
    TicketChanged(None, TicketId(an_id(7)), ("status",)),  # 8
    ChannelChanged(CHANNEL),  # 9
    ChannelChanged(OTHER_CHANNEL),  # 10
    TemplateChanged(TemplateId(an_id(8))),  # 11
    QuotaChanged(),  # 12
]
THE_END: list[Event] = [MessageAdded(HERE, MESSAGE), MessageStatusChanged(HERE, MESSAGE, MessageStatus.READ)]

THREADS = {"threadIds": [ids.THREAD.encode(HERE)]}
CHANNELS = {"channelIds": [ids.CHANNEL.encode(CHANNEL)]}
OWNERS = {"ownerIds": [ids.USER.encode(OWNER)]}


async def until_the_end(stream: Stream) -> list[int]:
    """The positions heard before what passes every condition of these tests."""
    passed: list[int] = []
    while not passed or passed[-1] <= len(EVERYTHING):
        passed += [frame.position for frame in await heard(stream, 1)]
    return passed[:-1]


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        (None, list(range(1, 13))),
        ({}, list(range(1, 13))),
        ({"threadIds": [], "channelIds": None, "ownerIds": []}, list(range(1, 13))),
        (THREADS, [1, 3, 4, 6, 7]),
        (CHANNELS, [1, 3, 4, 6, 7, 9]),
        (OWNERS, [1, 3, 4, 6, 7]),
        (THREADS | CHANNELS, [1, 3, 4, 6, 7]),
        (CHANNELS | OWNERS, [1, 3, 4, 6, 7]),
        ({"threadIds": [ids.THREAD.encode(HERE), ids.THREAD.encode(ELSEWHERE)]}, [1, 2, 3, 4, 5, 6, 7]),
        ({"channelIds": [ids.CHANNEL.encode(CHANNEL), ids.CHANNEL.encode(OTHER_CHANNEL)]}, [*range(1, 8), 9, 10]),
        ({"threadIds": [ids.THREAD.encode(HERE), ids.THREAD.encode(ThreadId(an_id(99)))]}, [1, 3, 4, 6, 7]),
    ],
)
async def test_the_inbox_filter_lets_pass_what_fits_every_condition(
    filter: dict[str, object] | None, expected: list[int]
) -> None:
    assert await passing(INBOX, {"filter": filter}) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (THREAD_EVENTS, [1, 3, 4, 6, 7]),
        ("subscription($t: ID) { messageAdded(threadId: $t) { cursor } }", [1]),
        ("subscription($t: ID) { messageStatusChanged(threadId: $t) { cursor } }", [3]),
    ],
)
async def test_one_thread_is_listened_to_alone(query: str, expected: list[int]) -> None:
    assert await passing(query, {"t": ids.THREAD.encode(HERE)}) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("subscription { messageAdded { cursor } }", [1, 2]),
        ("subscription { messageAdded(threadId: null) { cursor } }", [1, 2]),
        ("subscription { messageStatusChanged { cursor } }", [3]),
    ],
)
async def test_a_field_of_one_kind_hears_that_kind_in_every_thread(query: str, expected: list[int]) -> None:
    assert await passing(query, {}) == expected


async def passing(query: str, variables: dict[str, object]) -> list[int]:
    """The positions of what passes of EVERYTHING, heard live and again by somebody who catches up."""
    desk = await a_desk_with_two_threads()
    actor = await desk.actor(await desk.a_token())
    request = GraphQLRequest(query, variables)
    compiled = desk.engine.compile(request, actor)
    assert isinstance(compiled, Compiled)
    start = await desk.cursor()
    async with desk.engine.running(), listening(desk, actor, query, variables) as stream:
        waiting = asyncio.create_task(until_the_end(stream))
        await desk.happened(*EVERYTHING, *THE_END)
        live = await waiting
        again = await desk.engine.listen(compiled, request, actor, after=start)
        assert isinstance(again, Stream)
        assert await until_the_end(again) == live
        assert desk.engine.hub.tally.executions <= len(live) + len(THE_END)
    return live


async def test_only_marks_that_are_read_receipts_are_heard() -> None:
    desk = await a_desk_with_two_threads()
    actor = await desk.actor(await desk.a_token())
    query = "subscription { messageStatusChanged { status } }"

    async with desk.engine.running(), listening(desk, actor, query) as stream:
        waiting = asyncio.create_task(heard(stream, 5))
        await desk.happened(*(MessageStatusChanged(HERE, MESSAGE, status) for status in MessageStatus))
        frames = await waiting

    statuses = [orjson.loads(frame.payload)["data"]["messageStatusChanged"]["status"] for frame in frames]
    assert statuses == ["SENT", "DELIVERED", "READ", "PLAYED", "FAILED"]


async def test_a_thread_that_changes_hands_is_heard_by_its_new_owners_listeners() -> None:
    desk = await a_desk_with_two_threads()
    actor = await desk.actor(await desk.a_token())

    async with desk.engine.running(), listening(desk, actor, INBOX, {"filter": OWNERS}) as stream:
        waiting = asyncio.create_task(heard(stream, 1))
        await desk.happened(ThreadChanged(ELSEWHERE), ThreadChanged(HERE))
        assert [frame.position for frame in await waiting] == [2]
        async with desk.ports.store.transaction(desk.organization) as tx:
            (thread,) = (await tx.threads([ELSEWHERE])).values()
            tx.save(replace(thread, owner=OWNER))
            tx.record(ThreadChanged(ELSEWHERE))

        assert [frame.position for frame in await heard(stream, 1)] == [3]


@pytest.mark.parametrize("field", ["threadEvents", "messageAdded", "messageStatusChanged"])
async def test_a_thread_of_nobody_or_of_somebody_else_is_not_found(field: str) -> None:
    ports = memory_ports()
    desk, other = await a_live_desk(ports), await a_live_desk(ports, GLOBEX)
    foreign = await other.a_thread()
    actor = await desk.actor(await desk.a_token())
    query = f"subscription($t: ID!) {{ {field}(threadId: $t) {{ cursor }} }}"

    for id in (foreign.id, ThreadId(an_id(77))):
        assert await refusal_of(desk, actor, query, {"t": ids.THREAD.encode(id)}) == "NOT_FOUND"


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        (
            "subscription($t: ID!) { threadEvents(threadId: $t) { cursor } }",
            {"t": ids.TICKET.encode(TicketId(an_id(1)))},
        ),
        (THREAD_EVENTS, {"t": "nonsense"}),
        (THREAD_EVENTS, {}),
        (THREAD_EVENTS, {"t": {}}),
        (INBOX, {"filter": {"threadIds": ["nonsense"]}}),
        (INBOX, {"filter": {"channelIds": [ids.THREAD.encode(HERE)]}}),
        (INBOX, {"filter": {"unknown": []}}),
        (INBOX, {"filter": "all"}),
        ("subscription($a: EventCursor) { inboxEvents(after: $a) { cursor } }", {"a": 5}),
        ("subscription { inboxEvents { cursor } messageAdded { cursor } }", {}),
        ("subscription($b: Boolean!) { inboxEvents @skip(if: $b) { cursor } }", {"b": True}),
        ("subscription { __typename }", {}),
    ],
)
async def test_what_is_no_question_is_the_callers_mistake(query: str, variables: dict[str, object]) -> None:
    desk = await a_live_desk()

    assert await refusal_of(desk, await desk.actor(await desk.a_token()), query, variables) == "BAD_REQUEST"
