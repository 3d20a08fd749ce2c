"""Writing through the schema: what is done, what is refused, and how each is told."""

from dataclasses import replace

import httpx
import pytest

from domain.channels.templates import Header, HeaderKind
from domain.conversations.messages import Direction, Message
from domain.conversations.sessions import Session
from domain.conversations.status import Failure, MessageStatus
from domain.files.media import MediaState
from domain.ids import MessageId, TemplateId, ThreadId, UserId
from domain.people.actors import Actor, Role, Scope
from domain.use_cases.people.access import authenticate
from schema.engine.values import ids
from tests.builders import (
    ACCOUNT,
    ACME,
    API_KEY,
    CHANNEL,
    DAY,
    GLOBEX,
    HOUR,
    MEDIA,
    MESSAGE,
    NOON,
    TEMPLATE,
    THREAD,
    TICKET,
    USER,
    a_media,
    a_template,
    a_thread,
    a_ticket,
    a_user,
    an_api_key,
    an_id,
    an_inbound,
    an_organization,
    an_outbound,
    an_outbox_item,
)
from tests.schema.desk import AGENT, JSON, SchemaDesk, as_role, open_desk, with_key

ERRORS = "userErrors { __typename code message field }"
BEN = UserId(an_id(11))
OURS = MessageId(an_id(30))
READER = as_role(Role.READER)
ADMIN = as_role(Role.ADMIN)
SUPERVISOR = as_role(Role.SUPERVISOR)


async def a_desk_in_session() -> SchemaDesk:
    """Ana wrote an hour ago; her thread has a ticket that nobody owns."""
    desk = await open_desk()
    at = NOON - HOUR
    await desk.given(
        a_user(BEN, name="Ben", email="ben@acme.example"),
        a_template(),
        an_inbound(at=at),
        a_ticket(),
        a_thread(
            ticket=TICKET,
            last_message=MESSAGE,
            last_message_at=at,
            last_direction=Direction.INBOUND,
            unread_count=1,
            session=Session(at, at, MESSAGE),
        ),
    )
    return desk


async def do(desk: SchemaDesk, name: str, input: JSON, fields: str = "", actor: Actor | None = AGENT) -> JSON:
    """The payload of one mutation."""
    kind = f"{name[0].upper()}{name[1:]}Input"
    document = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ {fields} {ERRORS} }} }}"
    return (await desk.ask(document, {"input": input}, actor))[name]


def codes(payload: JSON) -> list[tuple[str, list[str] | None]]:
    return [(error["code"], error["field"]) for error in payload["userErrors"]]


CHANNEL_ID = ids.CHANNEL.encode(CHANNEL)
MEDIA_ID = ids.MEDIA.encode(MEDIA)
THREAD_ID = ids.THREAD.encode(THREAD)
TICKET_ID = ids.TICKET.encode(TICKET)
TEMPLATE_ID = ids.TEMPLATE.encode(TEMPLATE)
USER_ID = ids.USER.encode(USER)
BEN_ID = ids.USER.encode(BEN)
KEY_ID = ids.API_KEY.encode(API_KEY)
HELLO: JSON = {"threadId": THREAD_ID, "content": {"text": {"body": "Hello"}}}
TEMPLATE_SEND: JSON = {
    "threadId": THREAD_ID,
    "templateId": TEMPLATE_ID,
    "parameters": [{"component": "body", "name": "1", "value": "Ana"}],
}
MESSAGE_FIELDS = "message { id status direction sender { displayName } content { ... on TextContent { body } } }"

# ---------------------------------------------------------------- sending


async def test_a_text_is_queued_and_shown_at_once() -> None:
    desk = await a_desk_in_session()

    sent = await do(desk, "messageSend", HELLO, f"{MESSAGE_FIELDS} messages {{ id }}")

    assert sent["userErrors"] == []
    assert sent["messages"] == [{"id": sent["message"].pop("id")}]
    assert sent["message"] == {
        "status": "QUEUED",
        "direction": "OUTBOUND",
        "sender": {"displayName": "Ada Agent"},
        "content": {"body": "Hello"},
    }


async def test_a_payload_shows_everything_as_the_mutation_left_it() -> None:
    desk = await a_desk_in_session()
    fields = "message { thread { lastMessage { content { ... on TextContent { body } } } ticket { status } } }"
    document = f"""mutation($a: MessageSendInput!, $b: MessageSendInput!) {{
        a: messageSend(input: $a) {{ {fields} }} b: messageSend(input: $b) {{ {fields} }} }}"""
    second = HELLO | {"content": {"text": {"body": "Again"}}}

    answer = await desk.ask(document, {"a": HELLO, "b": second})

    shown = [answer[name]["message"]["thread"] for name in ("a", "b")]
    assert [thread["lastMessage"]["content"]["body"] for thread in shown] == ["Hello", "Again"]
    assert [thread["ticket"]["status"] for thread in shown] == ["WAITING_ON_CONTACT"] * 2


async def test_the_same_key_gives_the_same_message() -> None:
    desk = await a_desk_in_session()

    sent = [await do(desk, "messageSend", HELLO | {"idempotencyKey": "once"}, "message { id }") for _ in range(2)]
    other = await do(desk, "messageSend", HELLO | {"idempotencyKey": "once", "replyToId": ids.MESSAGE.encode(MESSAGE)})

    assert sent[0] == sent[1]
    assert codes(other) == [("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])]


async def test_a_reply_names_what_it_answers() -> None:
    desk = await a_desk_in_session()

    sent = await do(
        desk, "messageSend", HELLO | {"replyToId": ids.MESSAGE.encode(MESSAGE)}, "message { replyTo { id } }"
    )

    assert sent["message"]["replyTo"] == {"id": ids.MESSAGE.encode(MESSAGE)}


async def test_outside_a_session_the_refusal_lists_what_would_go() -> None:
    desk = await a_desk_in_session()
    desk.clock.advance(DAY)

    refused = await do(
        desk,
        "messageSend",
        HELLO,
        "message { id } messages { id }"
        " refusal: userErrors { ... on SessionClosedError { closedAt templates { name } } }",
    )

    assert refused["message"] is None
    assert refused["messages"] == []
    assert codes(refused) == [("SESSION_CLOSED", None)]
    assert refused["refusal"] == [{"closedAt": "2026-11-21T11:00:00Z", "templates": [{"name": "order_shipped"}]}]


async def test_a_text_too_long_is_refused_with_its_limit() -> None:
    desk = await a_desk_in_session()
    long = HELLO | {"content": {"text": {"body": "a" * 4097}}}

    refused = await do(desk, "messageSend", long, "told: userErrors { ... on TextTooLongError { limit length } }")

    assert codes(refused) == [("TEXT_TOO_LONG", ["content", "text", "body"])]
    assert refused["told"] == [{"limit": 4096, "length": 4097}]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"content": {"text": {"body": "  "}}}, "INVALID", ["content", "text", "body"]),
        ({"content": {"text": {"body": "a\0b"}}}, "INVALID", ["content", "text", "body"]),
        ({"content": {"text": {"body": "\ud800"}}}, "INVALID", ["content", "text", "body"]),
        ({"idempotencyKey": "\0"}, "INVALID", ["idempotencyKey"]),
        ({"idempotencyKey": "k" * 201}, "INVALID", ["idempotencyKey"]),
        ({"via": "EMAIL"}, "INVALID", ["via"]),
        ({"via": "CALL"}, "INVALID", ["via"]),
        ({"threadId": "nonsense"}, "INVALID", ["threadId"]),
        ({"threadId": TICKET_ID}, "INVALID", ["threadId"]),
        ({"replyToId": THREAD_ID}, "INVALID", ["replyToId"]),
        ({"threadId": ids.THREAD.encode(ThreadId(an_id(9)))}, "NOT_FOUND", ["threadId"]),
        ({"replyToId": ids.MESSAGE.encode(MessageId(an_id(9)))}, "NOT_FOUND", ["replyToId"]),
    ],
)
async def test_what_cannot_be_sent_is_refused_by_field(change: JSON, code: str, field: list[str]) -> None:
    desk = await a_desk_in_session()

    refused = await do(desk, "messageSend", HELLO | change, "message { id }")

    assert refused["message"] is None
    assert codes(refused) == [(code, field)]
    assert await desk.ports.reader.events(ACME, 0, 10) == []


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (
            {"location": {"latitude": 48.1, "longitude": 11, "name": "Café"}},
            {"latitude": 48.1, "longitude": 11.0, "name": "Café", "address": None},
        ),
        (
            {"contacts": [{"name": "Bo", "phones": ["+1 555"], "emails": ["bo@example.com"]}]},
            {"contacts": [{"name": "Bo", "phones": ["+1 555"], "emails": ["bo@example.com"], "organization": None}]},
        ),
        (
            {"interactive": {"body": "When?", "options": [{"id": "t", "title": "Today"}]}},
            {"body": "When?", "options": [{"id": "t", "title": "Today", "description": None}]},
        ),
    ],
)
async def test_places_cards_and_questions_are_queued_as_texts_are(content: JSON, shown: JSON) -> None:
    desk = await a_desk_in_session()
    fields = """message { status content {
        ... on LocationContent { latitude longitude name address }
        ... on ContactCardsContent { contacts { name phones emails organization } }
        ... on InteractiveContent { body options { id title description } } } }"""

    sent = await do(desk, "messageSend", HELLO | {"content": content}, fields)

    assert codes(sent) == []
    assert sent["message"] == {"status": "QUEUED", "content": shown}


@pytest.mark.parametrize(
    ("content", "code", "field"),
    [
        ({"location": {"latitude": 91, "longitude": 0}}, "INVALID", ["content", "location", "latitude"]),
        ({"contacts": []}, "INVALID", ["content", "contacts"]),
        ({"contacts": [{"name": "Bo", "phones": ["\0"]}]}, "INVALID", ["content", "contacts", "0", "phones", "0"]),
        (
            {"interactive": {"body": "?", "options": [{"id": "t", "title": "t" * 21}]}},
            "TEXT_TOO_LONG",
            ["content", "interactive", "options", "0", "title"],
        ),
        (
            {"interactive": {"body": "?", "options": [{"id": str(n), "title": "Day"} for n in range(4)]}},
            "INVALID",
            ["content", "interactive", "buttonLabel"],
        ),
    ],
)
async def test_what_the_network_would_not_take_is_refused_by_field(content: JSON, code: str, field: list[str]) -> None:
    desk = await a_desk_in_session()

    refused = await do(desk, "messageSend", HELLO | {"content": content})

    assert codes(refused) == [(code, field)]
    assert await desk.ports.reader.events(ACME, 0, 10) == []


async def test_a_reaction_stands_on_its_message_and_is_taken_away_again() -> None:
    desk = await a_desk_in_session()
    on = {"messageId": ids.MESSAGE.encode(MESSAGE)}
    fields = "message { reactions { emoji by { displayName } } }"

    put = await do(desk, "messageReact", on | {"emoji": "👍"}, fields)
    taken = await do(desk, "messageReact", on | {"emoji": ""}, fields)

    assert put["message"] == {"reactions": [{"emoji": "👍", "by": {"displayName": "Ada Agent"}}]}
    assert taken["message"] == {"reactions": []}


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"emoji": "words"}, "INVALID", ["emoji"]),
        ({"messageId": THREAD_ID}, "INVALID", ["messageId"]),
        ({"messageId": ids.MESSAGE.encode(MessageId(an_id(9)))}, "NOT_FOUND", ["messageId"]),
    ],
)
async def test_what_is_no_reaction_is_refused_by_field(change: JSON, code: str, field: list[str]) -> None:
    desk = await a_desk_in_session()

    refused = await do(
        desk, "messageReact", {"messageId": ids.MESSAGE.encode(MESSAGE), "emoji": "👍"} | change, "message { id }"
    )

    assert refused["message"] is None
    assert codes(refused) == [(code, field)]


def ours(status: MessageStatus, failure: Failure | None = None) -> Message:
    """One of our messages in Ana's thread."""
    return an_outbound(OURS, status=status, failure=failure)


async def about_ours(name: str, message: Message, more: JSON | None = None) -> JSON:
    desk = await a_desk_in_session()
    await desk.given(message)
    if message.status is MessageStatus.QUEUED:
        await desk.given(an_outbox_item(OURS))
    fields = "message { status heldUntil failure { refusal title hint retryable } attempts { number outcome } }"
    return await do(desk, name, {"messageId": ids.MESSAGE.encode(OURS)} | (more or {}), fields)


async def test_a_failed_message_is_queued_again() -> None:
    failed = ours(MessageStatus.FAILED, Failure("You blocked them", "Unblock them.", retryable=True, code=130403))

    done = await about_ours("messageRetry", failed, {"idempotencyKey": "k1"})

    assert done["userErrors"] == []
    assert done["message"] == {"status": "QUEUED", "heldUntil": None, "failure": None, "attempts": []}


async def test_a_queued_message_is_taken_back() -> None:
    done = await about_ours("messageCancel", replace(ours(MessageStatus.QUEUED), not_before=NOON + HOUR))

    assert done["userErrors"] == []
    assert (done["message"]["status"], done["message"]["heldUntil"]) == ("FAILED", None)
    failure = done["message"]["failure"]
    assert (failure["refusal"], failure["retryable"]) == ("CANCELLED", False)


@pytest.mark.parametrize(("was_sent", "status"), [(True, "SENT"), (False, "FAILED")])
async def test_an_unknown_outcome_is_settled(was_sent: bool, status: str) -> None:
    done = await about_ours("messageSettle", ours(MessageStatus.UNKNOWN), {"wasSent": was_sent})

    assert (done["userErrors"], done["message"]["status"]) == ([], status)


@pytest.mark.parametrize(
    ("name", "status", "more"),
    [
        ("messageRetry", MessageStatus.UNKNOWN, {}),
        ("messageCancel", MessageStatus.SENT, {}),
        ("messageSettle", MessageStatus.SENT, {"wasSent": True}),
    ],
)
async def test_what_a_message_has_got_past_is_a_conflict(name: str, status: MessageStatus, more: JSON) -> None:
    refused = await about_ours(name, ours(status), more)

    assert refused["message"] is None
    assert codes(refused) == [("CONFLICT", ["messageId"])]


@pytest.mark.parametrize("via", ["WHATSAPP", None])
async def test_whatsapp_is_the_way_unless_said_otherwise(via: str | None) -> None:
    desk = await a_desk_in_session()

    assert codes(await do(desk, "messageSend", HELLO | {"via": via})) == []


@pytest.mark.parametrize("content", ["{}", "{text: null}"])
async def test_a_message_says_exactly_one_thing(content: str) -> None:
    desk = await a_desk_in_session()
    document = (
        f'mutation {{ messageSend(input: {{threadId: "{THREAD_ID}", content: {content}}}) {{ message {{ id }} }} }}'
    )

    result = await desk.run(document)

    assert result.errors is not None
    assert await desk.ports.reader.events(ACME, 0, 10) == []


async def test_a_template_goes_at_any_time() -> None:
    desk = await a_desk_in_session()
    desk.clock.advance(DAY)

    sent = await do(
        desk, "messageSendTemplate", TEMPLATE_SEND, "message { content { ... on TemplateContent { renderedBody } } }"
    )

    assert codes(sent) == []
    assert sent["message"]["content"] == {"renderedBody": "Hi Ana, your order has left."}


async def test_a_programs_template_is_shown_under_its_own_name() -> None:
    desk = await a_desk_in_session()
    await desk.given(an_api_key())

    sent = await do(
        desk,
        "messageSendTemplate",
        TEMPLATE_SEND | {"automation": "Shipping"},
        "message { sender { displayName ... on Automation { name } } }",
        with_key(Scope.MESSAGES),
    )

    assert sent["message"]["sender"] == {"displayName": "Shipping", "name": "Shipping"}


async def test_a_blank_without_a_value_is_named() -> None:
    desk = await a_desk_in_session()
    told = "told: userErrors { ... on TemplateParameterError { parameter { component name } } }"

    refused = await do(desk, "messageSendTemplate", TEMPLATE_SEND | {"parameters": []}, told)

    assert codes(refused) == [("TEMPLATE_PARAMETERS", ["parameters"])]
    assert refused["told"] == [{"parameter": {"component": "body", "name": "1"}}]


async def test_every_blank_that_is_wrong_is_an_error_of_its_own() -> None:
    desk = await a_desk_in_session()
    await desk.given(a_template(header=Header(HeaderKind.IMAGE)))
    told = "told: userErrors { message ... on TemplateParameterError { parameter { component name } } }"
    parameters = [{"component": "body", "name": "1", "value": "A\nB"}, {"component": "body", "name": "2", "value": "x"}]

    refused = await do(desk, "messageSendTemplate", TEMPLATE_SEND | {"parameters": parameters}, told)

    assert codes(refused) == [
        ("TEMPLATE_PARAMETERS", ["parameters"]),
        ("TEMPLATE_PARAMETERS", ["parameters"]),
        ("TEMPLATE_PARAMETERS", ["headerMediaId"]),
    ]
    assert [each["parameter"] for each in refused["told"]] == [
        {"component": "body", "name": "2"},
        {"component": "body", "name": "1"},
        {"component": "header", "name": "image"},
    ]


async def test_a_template_takes_the_file_above_its_text() -> None:
    desk = await a_desk_in_session()
    file = a_media(state=MediaState.READY, size=100, direction=Direction.OUTBOUND, channel=None)
    await desk.given(a_template(header=Header(HeaderKind.IMAGE)), file)
    fields = "message { content { ... on TemplateContent { renderedBody headerMedia { id } } } }"

    sent = await do(desk, "messageSendTemplate", TEMPLATE_SEND | {"headerMediaId": MEDIA_ID}, fields)

    assert sent["userErrors"] == []
    assert sent["message"]["content"] == {
        "renderedBody": "Hi Ana, your order has left.",
        "headerMedia": {"id": MEDIA_ID},
    }


async def test_what_is_no_file_is_no_file_above_a_text() -> None:
    desk = await a_desk_in_session()

    refused = await do(desk, "messageSendTemplate", TEMPLATE_SEND | {"headerMediaId": THREAD_ID})

    assert codes(refused) == [("INVALID", ["headerMediaId"])]


async def test_a_month_that_is_used_up_says_until_when() -> None:
    desk = await a_desk_in_session()
    await desk.given(an_organization(quota_limit=0))
    desk.clock.advance(DAY)

    refused = await do(
        desk, "messageSendTemplate", TEMPLATE_SEND, "told: userErrors { ... on QuotaExceededError { limit resetsAt } }"
    )

    assert codes(refused) == [("QUOTA_EXCEEDED", None)]
    assert refused["told"] == [{"limit": 0, "resetsAt": "2026-12-01T00:00:00Z"}]


async def test_an_unreadable_text_deep_in_an_input_is_named() -> None:
    desk = await a_desk_in_session()
    parameters = [{"component": "body", "name": "1", "value": "\0"}]

    refused = await do(desk, "messageSendTemplate", TEMPLATE_SEND | {"parameters": parameters})

    assert codes(refused) == [("INVALID", ["parameters", "0", "value"])]


# ---------------------------------------------------------------- threads


async def test_reading_a_thread_clears_the_teams_count() -> None:
    desk = await a_desk_in_session()

    read = await do(desk, "threadMarkRead", {"threadId": THREAD_ID}, "thread { unreadCount }")

    assert read == {"thread": {"unreadCount": 0}, "userErrors": []}


async def test_a_thread_is_assigned_together_with_its_ticket() -> None:
    desk = await a_desk_in_session()
    fields = "thread { owner { name } ticket { owner { name } } }"

    given = await do(desk, "threadAssign", {"threadId": THREAD_ID, "ownerId": BEN_ID}, fields)
    taken = await do(desk, "threadAssign", {"threadId": THREAD_ID, "ownerId": None}, fields)

    assert given["thread"] == {"owner": {"name": "Ben"}, "ticket": {"owner": {"name": "Ben"}}}
    assert taken["thread"] == {"owner": None, "ticket": {"owner": None}}


async def test_a_thread_is_closed_and_reopened_together_with_its_ticket() -> None:
    desk = await a_desk_in_session()
    fields = "thread { status ticket { status closedAt } }"

    closed = await do(desk, "threadClose", {"threadId": THREAD_ID}, fields)
    again = await do(desk, "threadClose", {"threadId": THREAD_ID}, fields)
    opened = await do(desk, "threadReopen", {"threadId": THREAD_ID}, fields)

    assert closed["thread"] == {
        "status": "CLOSED",
        "ticket": {"status": "CLOSED", "closedAt": "2026-11-20T12:00:00Z"},
    }
    assert codes(again) == [("ALREADY_CLOSED", ["threadId"])]
    assert again["thread"] is None
    assert opened["thread"] == {"status": "OPEN", "ticket": {"status": "WAITING_ON_US", "closedAt": None}}


async def test_a_payload_with_a_cursor_is_of_the_place_it_names() -> None:
    desk = await a_desk_in_session()
    document = "mutation($input: ThreadCloseInput!) { threadClose(input: $input) { thread { status cursor } } }"

    thread = (await desk.run_in_snapshots(document, {"input": {"threadId": THREAD_ID}}))["threadClose"]["thread"]

    head = await desk.ports.reader.head(ACME)
    assert head.position > 0
    assert thread["status"] == "CLOSED"
    assert desk.cursors.decode(thread["cursor"], ACME).position == head.position


# ---------------------------------------------------------------- tickets


@pytest.mark.parametrize(
    ("expected", "refused"),
    [({}, False), ({"expectedOwnerId": None}, False), ({"expectedOwnerId": BEN_ID}, True)],
)
async def test_a_race_for_a_ticket_is_settled_by_the_expected_owner(expected: JSON, refused: bool) -> None:
    desk = await a_desk_in_session()

    done = await do(
        desk, "ticketAssign", {"ticketId": TICKET_ID, "ownerId": USER_ID} | expected, "ticket { owner { name } }"
    )

    assert codes(done) == ([("CONFLICT", ["expectedOwnerId"])] if refused else [])
    assert done["ticket"] == (None if refused else {"owner": {"name": "Ada Agent"}})


async def test_a_ticket_is_unassigned() -> None:
    desk = await a_desk_in_session()
    await do(desk, "ticketAssign", {"ticketId": TICKET_ID, "ownerId": USER_ID})

    done = await do(desk, "ticketUnassign", {"ticketId": TICKET_ID}, "ticket { owner { id } thread { owner { id } } }")

    assert done["ticket"] == {"owner": None, "thread": {"owner": None}}


@pytest.mark.parametrize(
    ("owner", "code"),
    [
        (ids.USER.encode(UserId(an_id(9))), "NOT_FOUND"),
        (TICKET_ID, "INVALID"),
        (ids.USER.encode(UserId(an_id(12))), "OWNER_UNAVAILABLE"),
    ],
)
async def test_a_ticket_goes_to_somebody_who_works_here(owner: str, code: str) -> None:
    desk = await a_desk_in_session()
    await desk.given(a_user(UserId(an_id(12)), email="gone@acme.example", active=False))

    done = await do(desk, "ticketAssign", {"ticketId": TICKET_ID, "ownerId": owner}, "ticket { id }")

    assert codes(done) == [(code, ["ownerId"])]


async def test_what_is_left_out_of_an_update_stays_and_null_clears() -> None:
    desk = await a_desk_in_session()
    fields = "ticket { subject priority status requiredSkills properties { name value } }"
    everything = {
        "ticketId": TICKET_ID,
        "subject": "Shoes",
        "priority": "URGENT",
        "status": "WAITING_ON_CONTACT",
        "requiredSkills": ["pl"],
        "properties": [{"name": "plan", "value": "gold"}],
    }

    set_ = await do(desk, "ticketUpdate", everything, fields)
    left = await do(desk, "ticketUpdate", {"ticketId": TICKET_ID}, fields)
    cleared = await do(
        desk, "ticketUpdate", {"ticketId": TICKET_ID, "requiredSkills": None, "properties": None}, fields
    )

    assert (
        set_["ticket"]
        == left["ticket"]
        == {
            "subject": "Shoes",
            "priority": "URGENT",
            "status": "WAITING_ON_CONTACT",
            "requiredSkills": ["pl"],
            "properties": [{"name": "plan", "value": "gold"}],
        }
    )
    assert cleared["ticket"] == set_["ticket"] | {"requiredSkills": [], "properties": []}


@pytest.mark.parametrize("field", ["subject", "priority", "status"])
async def test_a_ticket_always_has_a_subject_a_priority_and_a_status(field: str) -> None:
    desk = await a_desk_in_session()

    assert codes(await do(desk, "ticketUpdate", {"ticketId": TICKET_ID, field: None})) == [("INVALID", [field])]


async def test_a_ticket_is_closed_and_reopened() -> None:
    desk = await a_desk_in_session()
    fields = "ticket { status thread { status } history { nodes { field to } } }"

    closed = await do(desk, "ticketClose", {"ticketId": TICKET_ID}, fields)
    opened = await do(desk, "ticketReopen", {"ticketId": TICKET_ID}, fields)

    assert closed["ticket"] == {
        "status": "CLOSED",
        "thread": {"status": "CLOSED"},
        "history": {"nodes": [{"field": "status", "to": "CLOSED"}]},
    }
    assert (opened["ticket"]["status"], opened["ticket"]["thread"]["status"]) == ("WAITING_ON_US", "OPEN")


# ---------------------------------------------------------------- keys, users, signing in


async def test_a_new_key_opens_the_api_until_it_is_revoked() -> None:
    desk = await open_desk()

    made = await do(
        desk,
        "apiKeyCreate",
        {"name": "Shop", "scopes": ["MESSAGES", "READ"], "expiresAt": "2026-12-01T00:00:00Z"},
        "secret apiKey { id name prefix scopes expiresAt revokedAt }",
        ADMIN,
    )
    actor = await authenticate(desk.ports, made["secret"])
    revoked = await do(desk, "apiKeyRevoke", {"apiKeyId": made["apiKey"]["id"]}, "apiKey { revokedAt }", ADMIN)

    assert actor is not None
    assert made["secret"].startswith(made["apiKey"]["prefix"])
    assert (made["apiKey"]["scopes"], made["apiKey"]["expiresAt"]) == (["MESSAGES", "READ"], "2026-12-01T00:00:00Z")
    assert revoked["apiKey"] == {"revokedAt": "2026-11-20T12:00:00Z"}
    assert await authenticate(desk.ports, made["secret"]) is None


async def test_a_new_user_signs_in_and_out() -> None:
    desk = await open_desk()
    new = {"name": "Cleo", "email": "Cleo@acme.example", "role": "SUPERVISOR", "password": "correct horse"}
    able = new | {"skills": ["french"], "capacity": 3}
    shown = "user { id name role active available skills capacity openTicketCount }"
    made = await do(desk, "userCreate", able, shown, ADMIN)

    signed = await do(
        desk,
        "signIn",
        {"email": "cleo@ACME.example", "password": "correct horse"},
        "token expiresAt user { id openTicketCount }",
        None,
    )
    actor = await authenticate(desk.ports, signed["token"])
    out = (await desk.ask(f"mutation {{ signOut {{ {ERRORS} }} }}", actor=actor))["signOut"]

    assert made["user"] == {
        "id": signed["user"]["id"],
        "name": "Cleo",
        "role": "SUPERVISOR",
        "active": True,
        "available": True,
        "skills": ["french"],
        "capacity": 3,
        "openTicketCount": 0,
    }
    assert signed["expiresAt"] == "2026-12-04T12:00:00Z"
    assert actor is not None
    assert actor.role is Role.SUPERVISOR
    assert out == {"userErrors": []}
    assert await authenticate(desk.ports, signed["token"]) is None


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer() -> None:
    desk = await open_desk()
    await do(
        desk,
        "userCreate",
        {"name": "C", "email": "c@acme.example", "role": "AGENT", "password": "correct horse"},
        "",
        ADMIN,
    )

    wrong = await do(desk, "signIn", {"email": "c@acme.example", "password": "wrong horse"}, "token user { id }", None)
    unknown = await do(desk, "signIn", {"email": "nobody@acme.example", "password": "x"}, "token user { id }", None)

    assert wrong == unknown
    assert wrong["token"] is None
    assert codes(wrong) == [("INVALID", None)]


async def test_a_key_is_not_signed_out() -> None:
    desk = await open_desk()

    out = await desk.ask(f"mutation {{ signOut {{ {ERRORS} }} }}", actor=with_key(Scope.READ))

    assert codes(out["signOut"]) == [("INVALID", None)]


# ---------------------------------------------------------------- connecting


def the_network(request: httpx.Request) -> httpx.Response:
    """Enough of WhatsApp to connect one number."""
    path = request.url.path.removeprefix("/v26.0")
    answers: dict[str, JSON] = {
        "/debug_token": {
            "data": {
                "is_valid": True,
                "scopes": ["whatsapp_business_management", "whatsapp_business_messaging"],
                "app_id": "1",
            }
        },
        "/900": {"id": "900", "name": "Acme", "business_verification_status": "verified"},
        "/900/phone_numbers": {
            "data": [
                {
                    "id": "901",
                    "display_phone_number": "+1 555 078 3882",
                    "verified_name": "Acme Sales",
                    "status": "CONNECTED",
                    "code_verification_status": "VERIFIED",
                    "quality_rating": "GREEN",
                    "platform_type": "CLOUD_API",
                }
            ]
        },
        "/900/subscribed_apps": {"success": True},
        "/900/message_templates": {"data": []},
        f"/{ACCOUNT}/message_templates": {"data": [], "id": "77", "status": "PENDING", "success": True},
        "/901/register": {"success": True},
    }
    return (
        httpx.Response(200, json=answers[path])
        if path in answers
        else httpx.Response(404, json={"error": {"code": 100, "message": path}})
    )


CONNECT: JSON = {"acceptTerms": True, "accessToken": "token", "businessAccountId": "900", "phoneNumberId": "901"}


async def test_a_number_is_connected_with_a_token() -> None:
    desk = await open_desk(the_network)

    done = await do(
        desk,
        "channelConnect",
        CONNECT | {"name": "Sales", "destination": "INBOX"},
        "channel { name destination state phoneNumber termsAccepted { by { displayName } } }",
        ADMIN,
    )

    assert codes(done) == []
    assert done["channel"] == {
        "name": "Sales",
        "destination": "INBOX",
        "state": "CONNECTED",
        "phoneNumber": "+15550783882",
        "termsAccepted": {"by": {"displayName": "Ada Agent"}},
    }


async def test_a_number_is_not_connected_without_agreement() -> None:
    desk = await open_desk(the_network)

    done = await do(desk, "channelConnect", CONNECT | {"acceptTerms": False}, "channel { id }", ADMIN)

    assert done["channel"] is None
    assert codes(done) == [("INVALID", ["acceptTerms"])]


# ---------------------------------------------------------------- templates


TEMPLATES_SYNC: JSON = {"channelId": CHANNEL_ID}


def a_listed_template(**changes: object) -> JSON:
    row: JSON = {"id": "1", "name": "order_shipped", "language": "en_US", "status": "APPROVED", "category": "UTILITY"}
    return row | {"components": [{"type": "BODY", "text": "Your order has left."}]} | changes


async def test_templates_are_read_from_the_network_and_counted() -> None:
    rows = [a_listed_template(status="PAUSED"), a_listed_template(id="2", name="news", language="de")]
    desk = await open_desk(lambda _: httpx.Response(200, json={"data": rows}))
    await desk.given(a_template(), a_template(TemplateId(an_id(1)), name="old", network_id="3"))

    done = await do(desk, "templatesSync", TEMPLATES_SYNC, "added changed removed", SUPERVISOR)

    assert done == {"added": 1, "changed": 1, "removed": 1, "userErrors": []}
    listed = await desk.ask("{ templates { nodes { name language status syncedAt } } }")
    assert [(each["name"], each["language"], each["status"]) for each in listed["templates"]["nodes"]] == [
        ("news", "de", "APPROVED"),
        ("old", "en_US", "DELETED"),
        ("order_shipped", "en_US", "PAUSED"),
    ]


async def test_templates_that_can_not_be_read_now_say_so() -> None:
    desk = await open_desk()

    done = await do(desk, "templatesSync", TEMPLATES_SYNC, "added changed removed", SUPERVISOR)

    assert codes(done) == [("CHANNEL_UNAVAILABLE", None)]
    assert (done["added"], done["changed"], done["removed"]) == (0, 0, 0)


TEMPLATE_CREATE: JSON = {
    "channelId": CHANNEL_ID,
    "name": "bike_ready",
    "language": "en",
    "category": "UTILITY",
    "body": "Hi {{1}}, your bike is ready.",
    "footer": "Acme",
    "buttons": [{"kind": "PHONE_NUMBER", "text": "Call", "phoneNumber": "+15550107001"}],
    "examples": [{"component": "body", "name": "1", "value": "Ana"}],
}


def the_review(request: httpx.Request) -> httpx.Response:
    if request.method == "DELETE":
        return httpx.Response(200, json={"success": True})
    return httpx.Response(200, json={"id": "77", "status": "PENDING", "category": "UTILITY"})


async def test_a_template_is_made_and_in_review() -> None:
    desk = await open_desk(the_review)
    fields = "template { name status body footer buttons { kind text } parameters { component name example } }"

    done = await do(desk, "templateCreate", TEMPLATE_CREATE, fields, SUPERVISOR)

    assert done == {
        "template": {
            "name": "bike_ready",
            "status": "PENDING",
            "body": "Hi {{1}}, your bike is ready.",
            "footer": "Acme",
            "buttons": [{"kind": "PHONE_NUMBER", "text": "Call"}],
            "parameters": [{"component": "body", "name": "1", "example": "Ana"}],
        },
        "userErrors": [],
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"examples": None}, [("TEMPLATE_PARAMETERS", ["examples"])]),
        ({"footer": "x" * 61}, [("TEXT_TOO_LONG", ["footer"])]),
        ({"buttons": [{"kind": "FLOW", "text": "Go"}]}, [("INVALID", ["buttons", "0", "kind"])]),
        ({"header": {"kind": "IMAGE"}}, [("INVALID", ["header", "mediaId"])]),
        ({"header": {"kind": "IMAGE", "mediaId": THREAD_ID}}, [("INVALID", ["header", "mediaId"])]),
        ({"channelId": THREAD_ID}, [("INVALID", ["channelId"])]),
    ],
)
async def test_a_template_the_review_would_not_take_is_refused_by_its_field(
    changes: JSON, expected: list[tuple[str, list[str]]]
) -> None:
    desk = await open_desk()

    done = await do(desk, "templateCreate", TEMPLATE_CREATE | changes, "template { id }", SUPERVISOR)

    assert (codes(done), done["template"]) == (expected, None)


async def test_a_deleted_template_is_named_and_stays_readable() -> None:
    desk = await open_desk(the_review)
    await desk.given(a_template())

    done = await do(desk, "templateDelete", {"templateId": TEMPLATE_ID}, "deletedTemplateId", SUPERVISOR)

    assert done == {"deletedTemplateId": TEMPLATE_ID, "userErrors": []}
    assert await desk.ask("{ templates { nodes { status } } }") == {"templates": {"nodes": [{"status": "DELETED"}]}}


async def test_a_template_that_can_not_be_deleted_now_stays() -> None:
    desk = await open_desk()
    await desk.given(a_template())

    done = await do(desk, "templateDelete", {"templateId": TEMPLATE_ID}, "deletedTemplateId", SUPERVISOR)

    assert (codes(done), done["deletedTemplateId"]) == ([("CHANNEL_UNAVAILABLE", None)], None)


# ---------------------------------------------------------------- who may

IN_TROUBLE = (
    an_outbound(
        MessageId(an_id(31)), status=MessageStatus.FAILED, failure=Failure("Blocked", "Unblock them.", retryable=True)
    ),
    an_outbound(MessageId(an_id(32)), status=MessageStatus.QUEUED),
    an_outbox_item(MessageId(an_id(32))),
    an_outbound(MessageId(an_id(33)), status=MessageStatus.UNKNOWN),
)
FAILED_ID, QUEUED_ID, UNKNOWN_ID = (ids.MESSAGE.encode(MessageId(an_id(number))) for number in (31, 32, 33))
CALLS: dict[str, JSON] = {
    "messageSend": HELLO,
    "messageSendTemplate": TEMPLATE_SEND,
    "messageRetry": {"messageId": FAILED_ID},
    "messageCancel": {"messageId": QUEUED_ID},
    "messageSettle": {"messageId": UNKNOWN_ID, "wasSent": True},
    "threadMarkRead": {"threadId": THREAD_ID},
    "threadTyping": {"threadId": THREAD_ID},
    "threadAssign": {"threadId": THREAD_ID, "ownerId": BEN_ID},
    "threadClose": {"threadId": THREAD_ID},
    "ticketAssign": {"ticketId": TICKET_ID, "ownerId": BEN_ID},
    "ticketUnassign": {"ticketId": TICKET_ID},
    "ticketUpdate": {"ticketId": TICKET_ID, "subject": "Shoes"},
    "ticketClose": {"ticketId": TICKET_ID},
    "channelConnect": CONNECT,
    "channelUpdate": {"channelId": CHANNEL_ID, "name": "Sales"},
    "templatesSync": TEMPLATES_SYNC,
    "templateCreate": TEMPLATE_CREATE,
    "templateDelete": {"templateId": TEMPLATE_ID},
    "apiKeyCreate": {"name": "Shop", "scopes": ["READ"]},
    "apiKeyRevoke": {"apiKeyId": KEY_ID},
    "userCreate": {"name": "Cleo", "email": "cleo@acme.example", "role": "AGENT"},
}
ON_ITS_WAY = ("messageRetry", "messageCancel", "messageSettle")
WORK = ("messageSend", "messageSendTemplate", *ON_ITS_WAY, "threadMarkRead", "threadTyping")
HANDLING = ("threadAssign", "threadClose", "ticketAssign", "ticketUnassign", "ticketUpdate", "ticketClose")
KEEPING = ("templatesSync", "templateCreate", "templateDelete")
RUNNING = ("channelConnect", "channelUpdate", "apiKeyCreate", "apiKeyRevoke", "userCreate")


@pytest.mark.parametrize(
    ("name", "actor", "may"),
    [
        *[(name, as_role(role), True) for name in (*WORK, *HANDLING) for role in Role if role is not Role.READER],
        *[(name, READER, False) for name in (*WORK, *HANDLING)],
        *[(name, with_key(Scope.MESSAGES), True) for name in WORK],
        *[(name, with_key(Scope.TICKETS), False) for name in WORK],
        *[(name, with_key(Scope.TICKETS), True) for name in HANDLING],
        *[(name, with_key(Scope.MESSAGES), False) for name in HANDLING],
        *[(name, as_role(role), role not in (Role.AGENT, Role.READER)) for name in KEEPING for role in Role],
        *[(name, with_key(Scope.MESSAGES), True) for name in KEEPING],
        *[(name, with_key(Scope.TICKETS, Scope.CHANNELS), False) for name in KEEPING],
        *[(name, as_role(role), role is Role.ADMIN) for name in RUNNING for role in Role],
        *[(name, with_key(Scope.ADMIN), True) for name in RUNNING],
        ("channelConnect", with_key(Scope.CHANNELS), True),
        ("channelUpdate", with_key(Scope.CHANNELS), True),
        ("apiKeyCreate", with_key(Scope.CHANNELS), False),
        ("userCreate", with_key(*(scope for scope in Scope if scope is not Scope.ADMIN)), False),
    ],
)
async def test_only_those_who_may_do_it(name: str, actor: Actor, may: bool) -> None:
    desk = await a_desk_in_session()
    desk = replace(desk, ports=replace(desk.ports, network=(await open_desk(the_network)).ports.network))
    await desk.given(an_api_key(), *IN_TROUBLE)
    before = await desk.ports.reader.head(ACME)

    done = await do(desk, name, CALLS[name], "", actor)

    assert codes(done) == ([] if may else [("FORBIDDEN", None)])
    if not may:
        assert await desk.ports.reader.head(ACME) == before


async def test_reading_is_for_everybody() -> None:
    desk = await a_desk_in_session()
    document = """{ viewer { role } threads { totalCount } tickets { totalCount } channels { id } quota { used }
        users { nodes { id } } }"""

    for actor in (*(as_role(role) for role in Role), *(with_key(scope) for scope in Scope)):
        assert (await desk.ask(document, actor=actor))["threads"] == {"totalCount": 1}


async def test_another_organizations_thread_is_not_there() -> None:
    desk = await a_desk_in_session()
    stranger = with_key(Scope.ADMIN, organization=GLOBEX)
    await desk.given(an_organization(GLOBEX, name="Globex"), an_api_key(organization=GLOBEX), organization=GLOBEX)

    for name in ON_ITS_WAY:
        assert codes(await do(desk, name, CALLS[name], "", stranger)) == [("NOT_FOUND", ["messageId"])]
    for name in ("messageSend", "threadMarkRead", "threadAssign", "threadClose"):
        assert codes(await do(desk, name, CALLS[name], "", stranger)) == [("NOT_FOUND", ["threadId"])]
    for name in ("ticketAssign", "ticketUnassign", "ticketUpdate", "ticketClose"):
        assert codes(await do(desk, name, CALLS[name], "", stranger)) == [("NOT_FOUND", ["ticketId"])]
