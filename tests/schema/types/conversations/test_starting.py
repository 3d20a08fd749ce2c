"""Writing first through the schema: the thread, whether it was there, and the template in it."""

from domain.conversations.sessions import Session
from domain.people.actors import Actor, Role, Scope
from schema.engine.values import ids
from tests.builders import (
    CHANNEL,
    CONTACT,
    HOUR,
    MESSAGE,
    NOON,
    TEMPLATE,
    THREAD,
    USER,
    a_template,
    a_thread,
    an_inbound,
)
from tests.schema.desk import AGENT, JSON, SchemaDesk, as_role, open_desk, with_key

TO_BEN: JSON = {
    "channelId": ids.CHANNEL.encode(CHANNEL),
    "phoneNumber": "+48 600 700 800",
    "templateId": ids.TEMPLATE.encode(TEMPLATE),
    "parameters": [{"component": "body", "name": "1", "value": "Ben"}],
}
TO_ANA: JSON = {"channelId": ids.CHANNEL.encode(CHANNEL), "contactId": ids.CONTACT.encode(CONTACT)}
START = """mutation($input: ThreadStartInput!) { threadStart(input: $input) {
    existing
    thread { id status owner { id } ticket { number subject status owner { id } }
        contact { waId phones { number label } } session { state } channel { id } }
    message { id status from to content { ... on TemplateContent { renderedBody } } }
    userErrors { code field ... on SessionClosedError { closedAt templates { name } } } } }"""


async def a_desk_with_a_template() -> SchemaDesk:
    desk = await open_desk()
    await desk.given(a_template())
    return desk


async def started(desk: SchemaDesk, input: JSON, actor: Actor = AGENT) -> JSON:
    return (await desk.ask(START, {"input": input}, actor))["threadStart"]


async def test_a_template_to_a_number_that_never_wrote_is_a_thread_at_once() -> None:
    desk = await a_desk_with_a_template()

    begun = await started(desk, TO_BEN)
    listed = await desk.ask("{ threads { nodes { id lastMessage { id } } } }")

    me = {"id": ids.USER.encode(USER)}
    assert (begun["existing"], begun["userErrors"]) == (False, [])
    assert begun["thread"] == {
        "id": begun["thread"]["id"],
        "status": "OPEN",
        "owner": me,
        "ticket": {
            "number": 1,
            "subject": "Hi Ben, your order has left.",
            "status": "WAITING_ON_CONTACT",
            "owner": me,
        },
        "contact": {"waId": "48600700800", "phones": [{"number": "+48600700800", "label": "WHATSAPP"}]},
        "session": {"state": "NEVER_OPENED"},
        "channel": {"id": ids.CHANNEL.encode(CHANNEL)},
    }
    assert begun["message"] == {
        "id": begun["message"]["id"],
        "status": "QUEUED",
        "from": "+15550783881",
        "to": "+48600700800",
        "content": {"renderedBody": "Hi Ben, your order has left."},
    }
    assert listed["threads"]["nodes"] == [{"id": begun["thread"]["id"], "lastMessage": {"id": begun["message"]["id"]}}]


async def test_a_second_start_leads_to_the_same_thread() -> None:
    desk = await a_desk_with_a_template()
    first = await started(desk, TO_BEN | {"idempotencyKey": "once"})
    desk.clock.advance(HOUR)

    second = await started(desk, TO_BEN)
    repeated = await started(desk, TO_BEN | {"idempotencyKey": "once"})

    assert (second["existing"], second["thread"]["id"]) == (True, first["thread"]["id"])
    assert second["message"]["id"] != first["message"]["id"]
    assert (repeated["existing"], repeated["message"]["id"]) == (False, first["message"]["id"])


async def test_in_a_session_starting_says_nothing_and_leads_there() -> None:
    desk = await a_desk_with_a_template()
    await desk.given(an_inbound(), a_thread(session=Session(NOON, NOON, MESSAGE)))

    begun = await started(desk, TO_ANA)

    assert (begun["thread"]["id"], begun["existing"], begun["message"]) == (ids.THREAD.encode(THREAD), True, None)


async def test_a_refused_start_says_why_and_which_templates_would_work() -> None:
    desk = await a_desk_with_a_template()

    closed = await started(desk, TO_ANA)
    reader = await started(desk, TO_BEN, as_role(Role.READER))
    unread = await started(desk, TO_BEN, with_key(Scope.TICKETS))
    wrong = await started(desk, TO_BEN | {"templateId": ids.THREAD.encode(THREAD)})

    errors = {"code": "SESSION_CLOSED", "field": None, "closedAt": None, "templates": [{"name": "order_shipped"}]}
    assert closed == {"existing": False, "thread": None, "message": None, "userErrors": [errors]}
    assert [each["userErrors"][0]["code"] for each in (reader, unread)] == ["FORBIDDEN", "FORBIDDEN"]
    assert wrong["userErrors"] == [{"code": "INVALID", "field": ["templateId"]}]
