"""Asking before sending: the mutation's own refusals, what it would cost, and nothing done."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from domain.conversations.sessions import Session
from domain.files.media import MediaState
from domain.files.rules import MediaKind
from domain.ids import MediaId, ThreadId
from domain.people.actors import Actor, Role
from schema.engine.values import ids
from tests.builders import (
    ACME,
    CHANNEL,
    CONTACT,
    DAY,
    HOUR,
    LIBRARY_ITEM,
    MESSAGE,
    NOON,
    TEMPLATE,
    THREAD,
    a_library_item,
    a_media,
    a_pace,
    a_template,
    a_thread,
    an_id,
    an_inbound,
)
from tests.schema.desk import AGENT, JSON, SchemaDesk, as_role, counted, open_desk

THREAD_ID = ids.THREAD.encode(THREAD)
TEMPLATE_ID = ids.TEMPLATE.encode(TEMPLATE)
NO_THREAD = ids.THREAD.encode(ThreadId(an_id(99)))
FILE = MediaId(an_id(60))
HELLO: JSON = {"threadId": THREAD_ID, "content": {"text": {"body": "Hello"}}}
HELLO_ANA: JSON = {
    "threadId": THREAD_ID,
    "templateId": TEMPLATE_ID,
    "parameters": [{"component": "body", "name": "1", "value": "Ana"}],
}
A_FILE: JSON = {"threadId": THREAD_ID, "content": {"media": {"mediaIds": [ids.MEDIA.encode(FILE)]}}}
ERRORS = """userErrors { __typename code message field
    ... on SessionClosedError { closedAt templates { id } } ... on QuotaExceededError { limit resetsAt }
    ... on TextTooLongError { limit length } ... on MediaRejectedError { rule { kind } mimeType bytes } }"""
MUTATIONS = {"send": "messageSend", "sendTemplate": "messageSendTemplate", "start": "threadStart"}
TO_BEN: JSON = {
    "channelId": ids.CHANNEL.encode(CHANNEL),
    "phoneNumber": "+48 600 700 800",
    "templateId": TEMPLATE_ID,
    "parameters": HELLO_ANA["parameters"],
}


def with_body(body: str) -> JSON:
    return HELLO | {"content": {"text": {"body": body}}}


INTENDED: list[tuple[str, JSON]] = [
    ("send", HELLO),
    ("send", A_FILE),
    ("send", with_body("")),
    ("send", with_body("x" * 4097)),
    ("send", with_body("a NUL \0 in it")),
    ("send", HELLO | {"threadId": "nonsense"}),
    ("send", HELLO | {"threadId": TEMPLATE_ID}),
    ("send", HELLO | {"threadId": NO_THREAD}),
    ("send", HELLO | {"replyToId": THREAD_ID}),
    ("send", HELLO | {"via": "EMAIL"}),
    ("send", A_FILE | {"content": {"media": {"mediaIds": [], "caption": "x"}}}),
    ("send", HELLO | {"idempotencyKey": ""}),
    ("send", HELLO | {"content": {"libraryItemId": ids.LIBRARY_ITEM.encode(LIBRARY_ITEM)}}),
    ("send", HELLO | {"content": {"libraryItemId": THREAD_ID}}),
    ("sendTemplate", HELLO_ANA),
    ("sendTemplate", HELLO_ANA | {"parameters": []}),
    ("sendTemplate", HELLO_ANA | {"templateId": THREAD_ID}),
    ("sendTemplate", HELLO_ANA | {"automation": ""}),
    ("start", TO_BEN),
    ("start", TO_BEN | {"phoneNumber": "600 700 800"}),
    ("start", TO_BEN | {"phoneNumber": "half \ud800"}),
    ("start", TO_BEN | {"contactId": THREAD_ID}),
    ("start", TO_BEN | {"contactId": ids.CONTACT.encode(CONTACT), "phoneNumber": None, "templateId": None}),
    ("start", {"channelId": TO_BEN["channelId"], "contactId": ids.CONTACT.encode(CONTACT)}),
]


async def a_desk_in_session() -> SchemaDesk:
    desk = await open_desk()
    at = NOON - HOUR
    await desk.given(
        a_template(),
        a_library_item(),
        an_inbound(at=at),
        a_thread(session=Session(at, at, MESSAGE)),
        a_media(FILE, kind=MediaKind.DOCUMENT, mime_type="application/pdf", state=MediaState.READY, size=10),
    )
    return desk


async def asked(desk: SchemaDesk, input: JSON, actor: Actor = AGENT) -> JSON:
    document = f"""query($input: MessagePreflightInput!) {{ messagePreflight(input: $input) {{
        sendable consumesQuota heldUntil dailyAllowance {{ limit used resetsAt }} {ERRORS} }} }}"""
    return (await desk.ask(document, {"input": input}, actor))["messagePreflight"]


async def sent(desk: SchemaDesk, kind: str, input: JSON, actor: Actor = AGENT) -> JSON:
    name = MUTATIONS[kind]
    document = f"""mutation($input: {name[0].upper()}{name[1:]}Input!) {{
        {name}(input: $input) {{ message {{ id }} {ERRORS} }} }}"""
    return (await desk.ask(document, {"input": input}, actor))[name]


@pytest.mark.parametrize(("kind", "input"), INTENDED)
@pytest.mark.parametrize("hours", [0, 24])
async def test_it_answers_what_the_mutation_answers(kind: str, input: JSON, hours: int) -> None:
    desk = await a_desk_in_session()
    desk.clock.advance(hours * HOUR)

    foreseen = await asked(desk, {kind: input})
    came = await sent(desk, kind, input)

    assert foreseen["userErrors"] == came["userErrors"]
    assert foreseen["sendable"] is (came["userErrors"] == [])


@pytest.mark.parametrize(("kind", "input"), [("send", HELLO), ("sendTemplate", HELLO_ANA), ("start", TO_BEN)])
async def test_who_may_not_send_is_told_so_before(kind: str, input: JSON) -> None:
    desk = await a_desk_in_session()
    reader = as_role(Role.READER)

    foreseen = await asked(desk, {kind: input}, reader)

    assert [each["code"] for each in foreseen["userErrors"]] == ["FORBIDDEN"]
    assert foreseen["userErrors"] == (await sent(desk, kind, input, reader))["userErrors"]


async def test_it_says_what_a_send_would_take_and_takes_nothing() -> None:
    desk = await a_desk_in_session()
    in_session = await asked(desk, {"sendTemplate": HELLO_ANA})
    desk.clock.advance(DAY)

    outside = [await asked(desk, {"sendTemplate": HELLO_ANA | {"idempotencyKey": "once"}}) for _ in range(2)]

    nothing_begun: dict[str, Any] = {"limit": None, "used": 0, "resetsAt": "2026-11-21T12:00:00Z"}
    expected: JSON = {"sendable": True, "heldUntil": None, "userErrors": []}
    assert in_session == expected | {
        "consumesQuota": False,
        "dailyAllowance": nothing_begun | {"resetsAt": "2026-11-20T12:00:00Z"},
    }
    assert outside == [expected | {"consumesQuota": True, "dailyAllowance": nothing_begun}] * 2
    assert (await desk.ports.reader.head(ACME)).position == 0
    assert await desk.ports.reader.period_at(ACME, desk.clock.now()) is None


async def test_a_pause_that_holds_the_number_is_told() -> None:
    desk = await a_desk_in_session()
    await desk.given(replace(a_pace(), not_before=NOON + HOUR))

    told = await asked(desk, {"send": HELLO})

    assert (told["sendable"], told["heldUntil"]) == (True, "2026-11-20T13:00:00Z")


async def test_the_days_allowance_is_that_of_the_number_it_would_leave_from() -> None:
    desk = await a_desk_in_session()
    desk.clock.advance(DAY)
    await sent(desk, "sendTemplate", HELLO_ANA)

    refused = await asked(desk, {"send": HELLO})
    nowhere = await asked(desk, {"send": HELLO | {"threadId": NO_THREAD}})
    nonsense = await asked(desk, {"send": HELLO | {"threadId": "?"}})

    assert refused["userErrors"][0]["code"] == "SESSION_CLOSED"
    assert refused["dailyAllowance"] == {"limit": None, "used": 1, "resetsAt": "2026-11-22T12:00:00Z"}
    assert (nowhere["dailyAllowance"], nonsense["dailyAllowance"]) == (None, None)
    started = await asked(desk, {"start": TO_BEN})
    assert (started["dailyAllowance"], started["consumesQuota"]) == (refused["dailyAllowance"], True)


async def test_exactly_one_send_is_asked_about() -> None:
    desk = await a_desk_in_session()
    document = "query($input: MessagePreflightInput!) { messagePreflight(input: $input) { sendable } }"

    for input in ({}, {"send": HELLO, "sendTemplate": HELLO_ANA}, {"send": None}):
        assert (await desk.run(document, {"input": input})).errors


# What a send reads to be shown


async def test_three_files_are_shown_with_as_many_questions_as_one() -> None:
    files = [MediaId(an_id(number)) for number in range(60, 63)]
    calls: list[Counter[str]] = []
    for some in (files[:1], files):
        desk = await a_desk_in_session()
        more = [
            a_media(id, kind=MediaKind.DOCUMENT, mime_type="application/pdf", state=MediaState.READY, size=10)
            for id in files
        ]
        await desk.given(*more)
        watched, reader = counted(desk)
        input = {"threadId": THREAD_ID, "content": {"media": {"mediaIds": [ids.MEDIA.encode(id) for id in some]}}}
        document = """mutation($input: MessageSendInput!) {
            messageSend(input: $input) { messages { id status } userErrors { code } } }"""
        answer = (await watched.ask(document, {"input": input}))["messageSend"]
        assert (len(answer["messages"]), answer["userErrors"]) == (len(some), [])
        calls.append(reader.calls)

    assert calls[0] == calls[1]
