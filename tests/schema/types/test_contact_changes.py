"""Contacts entered, changed, merged and split through the schema: what is done, what is refused, and how it is told."""

import pytest

from domain.ids import ContactId
from domain.people.actors import Actor, Role, Scope
from schema.engine.values import ids
from tests.builders import CONTACT, GLOBEX, THREAD, TICKET, a_contact, a_thread, a_ticket, an_id, an_organization
from tests.schema.desk import AGENT, JSON, SchemaDesk, as_role, open_desk, with_key

SHOWN = "{ id displayName name email phones { number label } waId identities { kind value evidence } }"
ERRORS = "userErrors { code message field }"
CREATE = f"mutation ($input: ContactCreateInput!) {{ contactCreate(input: $input) {{ contact {SHOWN} {ERRORS} }} }}"
UPDATE = f"mutation ($input: ContactUpdateInput!) {{ contactUpdate(input: $input) {{ contact {SHOWN} {ERRORS} }} }}"
MERGE = f"""
mutation ($input: ContactMergeInput!) {{
  contactMerge(input: $input) {{
    contact {{ id displayName threads {{ nodes {{ id }} }} tickets {{ nodes {{ id }} }} }} {ERRORS}
  }}
}}
"""
SPLIT = f"""
mutation ($input: ContactSplitInput!) {{
  contactSplit(input: $input) {{
    contact {{ id displayName threads {{ nodes {{ id }} }} }}
    splitOff {{ id displayName threads {{ nodes {{ id }} }} tickets {{ nodes {{ id }} }} }} {ERRORS}
  }}
}}
"""
BEA = ContactId(an_id(71))


@pytest.fixture
async def desk() -> SchemaDesk:
    desk = await open_desk()
    await desk.given(a_thread(), a_ticket(), a_contact(BEA, wa_id=None, name="Bea"))
    return desk


async def asked(desk: SchemaDesk, document: str, input: JSON, actor: Actor = AGENT) -> JSON:
    return next(iter((await desk.ask(document, {"input": input}, actor)).values()))


async def test_a_contact_is_entered_and_changed(desk: SchemaDesk) -> None:
    phones = [{"number": "+44 (0)7700 900155", "label": "MOBILE"}]

    out = await asked(desk, CREATE, {"name": "Cleo", "phones": phones, "email": "cleo@example.com"})

    assert out["userErrors"] == []
    shown = out["contact"]
    assert (shown["displayName"], shown["email"], shown["waId"]) == ("Cleo", "cleo@example.com", None)
    assert shown["phones"] == [{"number": "+447700900155", "label": "MOBILE"}]
    assert shown["identities"] == [{"kind": "PHONE", "value": "+447700900155", "evidence": "entered by hand"}]
    out = await asked(desk, UPDATE, {"contactId": shown["id"], "phones": None, "name": None})
    assert (out["contact"]["phones"], out["contact"]["identities"], out["contact"]["name"]) == ([], [], None)
    assert (out["contact"]["email"], out["userErrors"]) == ("cleo@example.com", [])


async def test_contacts_are_merged_and_split(desk: SchemaDesk) -> None:
    ana, bea = ids.CONTACT.encode(CONTACT), ids.CONTACT.encode(BEA)
    thread, ticket = {"id": ids.THREAD.encode(THREAD)}, {"id": ids.TICKET.encode(TICKET)}

    out = await asked(desk, MERGE, {"intoContactId": bea, "fromContactId": ana})
    assert out == {
        "contact": {"id": bea, "displayName": "Bea", "threads": {"nodes": [thread]}, "tickets": {"nodes": [ticket]}},
        "userErrors": [],
    }

    document = """
    query ($id: ID!) { threads(filter: {contactId: $id}) { nodes { id contact { id } } } contact(id: $id) { id } }
    """
    for id in (ana, bea):  # whichever of the two somebody still has
        found = await desk.ask(document, {"id": id})
        assert found == {"threads": {"nodes": [thread | {"contact": {"id": bea}}]}, "contact": {"id": bea}}

    out = await asked(desk, SPLIT, {"contactId": bea, "fromContactId": ana})
    assert out["contact"] == {"id": bea, "displayName": "Bea", "threads": {"nodes": []}}
    assert out["splitOff"] == {
        "id": ana,
        "displayName": "Ana",
        "threads": {"nodes": [thread]},
        "tickets": {"nodes": [ticket]},
    }


@pytest.mark.parametrize(
    ("document", "input", "code", "field"),
    [
        (CREATE, {}, "INVALID", None),
        (CREATE, {"phones": [{"number": "600 700 800", "label": "PHONE"}]}, "INVALID", ["phones", "0", "number"]),
        (MERGE, {"intoContactId": ids.CONTACT.encode(BEA), "fromContactId": "nonsense"}, "INVALID", ["fromContactId"]),
        (
            MERGE,
            {"intoContactId": ids.CONTACT.encode(BEA), "fromContactId": ids.CONTACT.encode(BEA)},
            "INVALID",
            ["fromContactId"],
        ),
        (
            SPLIT,
            {"contactId": ids.CONTACT.encode(BEA), "fromContactId": ids.CONTACT.encode(CONTACT)},
            "INVALID",
            ["fromContactId"],
        ),
    ],
)
async def test_nonsense_is_refused_by_its_field(
    desk: SchemaDesk, document: str, input: JSON, code: str, field: list[str] | None
) -> None:
    out = await asked(desk, document, input)

    assert out["contact"] is None
    assert [(each["code"], each["field"]) for each in out["userErrors"]] == [(code, field)]


async def test_a_contact_of_another_organization_is_none(desk: SchemaDesk) -> None:
    theirs = ContactId(an_id(72))
    await desk.given(an_organization(GLOBEX), a_contact(theirs, organization=GLOBEX), organization=GLOBEX)
    ours, other = ids.CONTACT.encode(BEA), ids.CONTACT.encode(theirs)

    mutations: list[tuple[str, JSON]] = [
        (MERGE, {"intoContactId": ours, "fromContactId": other}),
        (MERGE, {"intoContactId": other, "fromContactId": ours}),
        (SPLIT, {"contactId": ours, "fromContactId": other}),
        (UPDATE, {"contactId": other, "phones": []}),
    ]
    for document, input in mutations:
        assert [each["code"] for each in (await asked(desk, document, input))["userErrors"]] == ["NOT_FOUND"]


async def test_who_may_not_change_contacts_is_told_so(desk: SchemaDesk) -> None:
    ours = ids.CONTACT.encode(BEA)
    for actor in (as_role(Role.READER), with_key(Scope.MESSAGES)):
        for document, input in [
            (CREATE, {"name": "Cleo"}),
            (MERGE, {"intoContactId": ours, "fromContactId": ids.CONTACT.encode(CONTACT)}),
            (SPLIT, {"contactId": ours, "fromContactId": ids.CONTACT.encode(CONTACT)}),
        ]:
            out = await asked(desk, document, input, actor)
            assert [each["code"] for each in out["userErrors"]] == ["FORBIDDEN"]
