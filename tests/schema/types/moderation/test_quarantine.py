"""What is withheld, as the API shows it to each role, and as those who come back late see it."""

from dataclasses import replace

import pytest

from domain.conversations.contents import MediaMessage, QuarantineReason, Text
from domain.conversations.versions import changed
from domain.events import MessageChange, MessageChanged
from domain.files.media import MediaState
from domain.files.rules import MediaKind
from domain.ids import MediaId, MessageId
from domain.moderation.quarantine import quarantined
from domain.people.actors import Actor, Role
from domain.use_cases.moderation.quarantine import withhold
from schema.engine.values import ids
from tests.builders import ACME, MEDIA, MESSAGE, NOON, a_media, a_thread, a_ticket, an_id, an_inbound
from tests.schema.desk import AGENT, JSON, SchemaDesk, as_role, open_desk, with_key
from tests.schema.live_desk import LiveDesk, a_live_desk, heard, listening

SECRET = "4111 1111 1111 1111"
SHOWN = """
query ($id: ID!) {
  node(id: $id) {
    ... on Message {
      original
      content { __typename ... on TextContent { body } ... on QuarantinedContent { quarantineReason quarantinedAt } }
      versions { until content { __typename ... on TextContent { body } } }
    }
    ... on Media { fileName url }
  }
}
"""
RELEASE = """
mutation ($id: ID!) {
  messageRelease(input: {messageId: $id}) {
    message { content { ... on TextContent { body } } } userErrors { code field }
  }
}
"""
ORGANIZATION = """
mutation ($input: OrganizationUpdateInput!) {
  organizationUpdate(input: $input) {
    organization {
      name legalName timeZone subscribedOn quotaLimit blockedLinks stopWords personalDataPatterns
    }
    userErrors { code field message }
  }
}
"""
CONTACT_UPDATE = """
mutation ($input: ContactUpdateInput!) {
  contactUpdate(input: $input) { contact { name optedOutAt } userErrors { code field } }
}
"""
SUPERVISOR = as_role(Role.SUPERVISOR)
ADMIN = as_role(Role.ADMIN)
OTHERS = [AGENT, as_role(Role.INTEGRATOR), as_role(Role.READER), with_key()]
HIDDEN = quarantined(
    an_inbound(content=Text(SECRET), original=f'{{"text": "{SECRET}"}}'), QuarantineReason.PERSONAL_DATA, NOON
)


@pytest.fixture
async def desk() -> SchemaDesk:
    desk = await open_desk()
    await desk.given(a_thread(), a_ticket(), HIDDEN)
    return desk


async def node(desk: SchemaDesk, id: str, actor: Actor = AGENT) -> JSON:
    return (await desk.ask(SHOWN, {"id": id}, actor))["node"]


@pytest.mark.parametrize("actor", OTHERS, ids=lambda actor: actor.role)
async def test_nobody_but_supervisors_sees_what_it_says(desk: SchemaDesk, actor: Actor) -> None:
    shown = await node(desk, ids.MESSAGE.encode(MESSAGE), actor)

    assert shown == {
        "original": None,
        "content": {
            "__typename": "QuarantinedContent",
            "quarantineReason": "PERSONAL_DATA",
            "quarantinedAt": "2026-11-20T12:00:00Z",
        },
        "versions": [],
    }


@pytest.mark.parametrize("actor", [SUPERVISOR, ADMIN], ids=lambda actor: actor.role)
async def test_supervisors_see_that_it_is_hidden_and_what_it_says(desk: SchemaDesk, actor: Actor) -> None:
    shown = await node(desk, ids.MESSAGE.encode(MESSAGE), actor)

    assert shown["content"]["__typename"] == "QuarantinedContent"
    assert SECRET in shown["original"]
    said = {"__typename": "TextContent", "body": SECRET}
    assert shown["versions"] == [{"until": "2026-11-20T12:00:00Z", "content": said}]


async def test_a_release_answers_with_the_message_as_everybody_sees_it(desk: SchemaDesk) -> None:
    variables = {"id": ids.MESSAGE.encode(MESSAGE)}

    assert (await desk.ask(RELEASE, variables))["messageRelease"] == {
        "message": None,
        "userErrors": [{"code": "FORBIDDEN", "field": None}],
    }
    for _ in range(2):
        released = (await desk.ask(RELEASE, variables, SUPERVISOR))["messageRelease"]
        assert released == {"message": {"content": {"body": SECRET}}, "userErrors": []}
    assert (await node(desk, variables["id"]))["content"]["body"] == SECRET


async def test_a_file_is_not_to_be_had_by_its_id_while_its_message_is_hidden(desk: SchemaDesk) -> None:
    message = an_inbound(content=MediaMessage(MEDIA))
    file = replace(a_media(), state=MediaState.READY, message=MESSAGE, file_name=f"{SECRET}.pdf")
    await desk.given(file, message)
    id = ids.MEDIA.encode(MEDIA)
    assert (await node(desk, id))["fileName"] == f"{SECRET}.pdf"

    await desk.given(quarantined(message, QuarantineReason.MALWARE, NOON))

    for actor in (AGENT, SUPERVISOR):
        assert await node(desk, id, actor) is None
    await desk.given(replace(file, id=MediaId(an_id(7)), message=None, kind=MediaKind.DOCUMENT))
    assert (await node(desk, ids.MEDIA.encode(MediaId(an_id(7)))))["url"] is not None


async def test_the_organization_is_changed_field_by_field(desk: SchemaDesk) -> None:
    asked = {
        "legalName": "Acme AG",
        "timeZone": "Europe/Warsaw",
        "subscribedOn": "2026-01-15",
        "quotaLimit": 2000,
        "blockedLinks": ["HTTPS://Evil.example/"],
        "stopWords": ["Stop"],
        "personalDataPatterns": ["PAYMENT_CARD", "NATIONAL_ID"],
    }

    answer = (await desk.ask(ORGANIZATION, {"input": asked}, ADMIN))["organizationUpdate"]

    assert answer["userErrors"] == []
    assert answer["organization"] == asked | {
        "name": "Acme",
        "blockedLinks": ["evil.example"],
        "personalDataPatterns": ["NATIONAL_ID", "PAYMENT_CARD"],
    }
    cleared = await desk.ask(ORGANIZATION, {"input": {"legalName": None, "stopWords": None}}, ADMIN)
    assert cleared["organizationUpdate"]["organization"] == answer["organization"] | {
        "legalName": None,
        "stopWords": [],
    }


async def test_the_organization_is_the_administrators_and_a_wrong_field_is_named(desk: SchemaDesk) -> None:
    refused = (await desk.ask(ORGANIZATION, {"input": {"quotaLimit": 1}}, SUPERVISOR))["organizationUpdate"]
    assert [error["code"] for error in refused["userErrors"]] == ["FORBIDDEN"]

    wrong = {"input": {"blockedLinks": ["evil.example", "nonsense"]}}
    refused = (await desk.ask(ORGANIZATION, wrong, ADMIN))["organizationUpdate"]
    assert [(error["code"], error["field"]) for error in refused["userErrors"]] == [("INVALID", ["blockedLinks", "1"])]


async def test_a_contact_is_opted_out_and_in_again_by_a_person(desk: SchemaDesk) -> None:
    id = ids.CONTACT.encode(a_thread().contact)

    out = (await desk.ask(CONTACT_UPDATE, {"input": {"contactId": id, "name": "Ana", "optedOut": True}}))[
        "contactUpdate"
    ]
    assert out == {"contact": {"name": "Ana", "optedOutAt": "2026-11-20T12:00:00Z"}, "userErrors": []}
    back = (await desk.ask(CONTACT_UPDATE, {"input": {"contactId": id, "optedOut": False}}))["contactUpdate"]
    assert back == {"contact": {"name": "Ana", "optedOutAt": None}, "userErrors": []}
    wrong = {"input": {"contactId": id, "email": "nobody"}}
    assert (await desk.ask(CONTACT_UPDATE, wrong))["contactUpdate"]["userErrors"] == [
        {"code": "INVALID", "field": ["email"]}
    ]


# Those who come back


ALL = """
subscription ($after: EventCursor) {
  inboxEvents(after: $after) {
    ... on MessageAdded { message { content { ... on TextContent { body } } } }
    ... on MessageChanged { messageChange }
  }
}
"""


@pytest.mark.parametrize("is_edited", [False, True])
@pytest.mark.parametrize("somebody_listens_on", [False, True])
async def test_who_comes_back_with_an_old_cursor_is_not_shown_what_was_hidden_since(
    *, somebody_listens_on: bool, is_edited: bool
) -> None:
    take_away, change = (rewrite, b"EDIT") if is_edited else (hide, b"QUARANTINE")
    live = await a_live_desk()
    actor = await live.actor(await live.a_token())
    thread = await live.a_thread()
    beginning = await live.cursor()
    async with live.engine.running():
        async with listening(live, actor, ALL, {"after": beginning}) as first:
            (message,) = await live.writes(thread, SECRET)
            (frame,) = await heard(first, 1)
            assert SECRET.encode() in frame.payload
            if somebody_listens_on:
                await take_away(live, message)
                await heard(first, 1)
                await nothing_of_it_comes(live, actor, beginning, change)
                return
        await take_away(live, message)
        await nothing_of_it_comes(live, actor, beginning, change)


async def hide(live: LiveDesk, message: MessageId) -> None:
    async with live.ports.store.transaction(ACME) as tx:
        await withhold(tx, message, QuarantineReason.MALWARE, live.ports.clock.now())


async def rewrite(live: LiveDesk, message: MessageId) -> None:
    """As its sender does."""
    async with live.ports.store.transaction(ACME) as tx:
        before = (await tx.messages([message]))[message]
        tx.save(changed(before, Text("Good morning"), live.ports.clock.now()))
        tx.record(MessageChanged(before.thread, before.id, MessageChange.EDIT))


async def nothing_of_it_comes(live: LiveDesk, actor: Actor, after: str, change: bytes) -> None:
    async with listening(live, actor, ALL, {"after": after}) as late:
        frames = await heard(late, 2)
    assert all(SECRET.encode() not in frame.payload for frame in frames)
    assert change in frames[1].payload
