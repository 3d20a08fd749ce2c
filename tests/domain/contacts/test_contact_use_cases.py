"""What people here say of a contact."""

from dataclasses import replace

import pytest

from domain.contacts import Contact, Identity, IdentityKey, IdentityKind, Person, Phone, PhoneLabel
from domain.error_codes import ErrorCode
from domain.errors import Refused
from domain.ids import ContactId
from domain.people.actors import Role
from domain.use_cases.contacts.contacts import CreateContact, UpdateContact, create_contact, update_contact
from tests.builders import ACME, CONTACT, HOUR, NOON, a_contact
from tests.domain.one_desk import AGENT, MAY_WORK, READER, Desk, a_user_as, granted, open_desk, refusal_of, refused_as


@pytest.fixture
async def desk() -> Desk:
    desk = await open_desk()
    await desk.given(a_contact())
    return desk


async def updated(desk: Desk, asked: UpdateContact) -> Contact:
    after = granted(await update_contact(desk.ports, AGENT, asked))
    assert after == (await desk.ports.reader.by_ids(Contact, ACME, [after.id]))[after.id]
    return after


async def test_what_is_left_out_stays_and_null_clears(desk: Desk) -> None:
    before = await desk.contact()

    after = await updated(desk, UpdateContact(CONTACT, name=" Ana M. ", email="ana@example.com"))
    assert after == replace(before, name="Ana M.", email="ana@example.com")
    assert await updated(desk, UpdateContact(CONTACT)) == after

    assert await updated(desk, UpdateContact(CONTACT, name=None, email=" ")) == replace(before, name=None, email=None)


async def test_a_person_says_that_a_contact_asked_to_be_left_alone_and_takes_it_back(desk: Desk) -> None:
    assert (await updated(desk, UpdateContact(CONTACT, opted_out=True))).opted_out_at == NOON
    desk.later(HOUR)
    assert (await updated(desk, UpdateContact(CONTACT, opted_out=True))).opted_out_at == NOON
    assert (await updated(desk, UpdateContact(CONTACT, name="Ana"))).opted_out_at == NOON
    assert (await updated(desk, UpdateContact(CONTACT, opted_out=False))).opted_out_at is None
    assert (await updated(desk, UpdateContact(CONTACT, opted_out=None))).opted_out_at is None


async def test_who_turned_out_to_be_somebody_else_is_changed_as_who_they_are(desk: Desk) -> None:
    double = replace(a_contact(ContactId("double"), wa_id=None), merged_into=CONTACT)
    await desk.given(double)

    assert (await updated(desk, UpdateContact(double.id, opted_out=True))).id == CONTACT


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (UpdateContact(CONTACT, name="x" * 201), ("name",)),
        (UpdateContact(CONTACT, email="nobody"), ("email",)),
    ],
)
async def test_what_cannot_be_is_refused_by_the_name_of_its_field(
    desk: Desk, asked: UpdateContact, field: tuple[str, ...]
) -> None:
    refusal = refusal_of(await update_contact(desk.ports, AGENT, asked))

    assert isinstance(refusal, Refused)
    assert (refusal.code, refusal.field) == (ErrorCode.INVALID, field)


async def test_who_may_not_change_contacts_and_who_is_not_there(desk: Desk) -> None:
    asked = UpdateContact(CONTACT, opted_out=True)
    assert refused_as(await update_contact(desk.ports, READER, asked)) is ErrorCode.FORBIDDEN
    nobody = UpdateContact(ContactId("nobody"))
    assert refused_as(await update_contact(desk.ports, a_user_as(Role.ADMIN), nobody)) is ErrorCode.NOT_FOUND
    for actor in MAY_WORK:
        granted(await update_contact(desk.ports, actor, asked))


# Numbers

MOBILE, WHATSAPP, PHONE = PhoneLabel.MOBILE, PhoneLabel.WHATSAPP, PhoneLabel.PHONE


async def created(desk: Desk, asked: CreateContact) -> Contact:
    contact = granted(await create_contact(desk.ports, AGENT, asked))
    assert contact == (await desk.ports.reader.by_ids(Contact, ACME, [contact.id]))[contact.id]
    return contact


async def numbers_of(desk: Desk, contact: Contact) -> list[str]:
    """By which numbers that people entered a contact is known."""
    found = (await desk.ports.reader.identities_of(ACME, [contact.id]))[contact.id]
    return sorted(each.key.value for each in found if each.key.kind is IdentityKind.PHONE)


async def test_a_contact_is_entered_with_numbers_as_people_type_them(desk: Desk) -> None:
    await desk.given(replace(await desk.organization(), country="GB"))

    phones = (Phone("\u200e+48 (600) 700-800", MOBILE), Phone("(01632) 960 001", PHONE))
    contact = await created(desk, CreateContact(" Bea ", phones, " bea@example.com "))

    assert (contact.name, contact.email, contact.wa_id) == ("Bea", "bea@example.com", None)
    assert contact.phones == (Phone("+48600700800", MOBILE), Phone("+441632960001", PHONE))
    assert await numbers_of(desk, contact) == ["+441632960001", "+48600700800"]


@pytest.mark.parametrize(
    ("entered", "written"),
    [
        ("+55 11 98765-4321", "551187654321"),
        ("+55 11 8765-4321", "5511987654321"),
        ("+54 9 11 2345 6789", "541123456789"),
        ("+54 11 2345 6789", "5491123456789"),
        ("+52 1 55 1234 5678", "525512345678"),
        ("+52 55 1234 5678", "5215512345678"),
        ("+48 600 700 800", "48600700800"),
    ],
)
@pytest.mark.parametrize("label", list(PhoneLabel))
async def test_who_is_entered_and_who_writes_are_one_contact_in_either_order(
    entered: str, written: str, label: PhoneLabel
) -> None:
    asked = CreateContact("Bea", (Phone(entered, label),))
    first = await open_desk()
    contact = await created(first, asked)
    await first.wrote("Oi", by=Person(wa_id=written))
    assert [(each.id, each.wa_id) for each in await first.contacts()] == [(contact.id, written)]

    second = await open_desk()
    await second.wrote("Oi", by=Person(wa_id=written))
    own = replace(asked, phones=(Phone(entered, MOBILE),))
    refusal = refusal_of(await create_contact(second.ports, AGENT, own))
    assert isinstance(refusal, Refused)
    assert (refusal.code, refusal.field) == (ErrorCode.INVALID, ("phones", "0", "number"))
    assert len(await second.contacts()) == 1


async def test_a_telephone_may_stand_where_several_are_reached_and_is_the_first_ones_name(desk: Desk) -> None:
    office = Phone("+442079460000", PHONE)
    first = await created(desk, CreateContact("Bea", (office,)))

    second = await created(desk, CreateContact("Cleo", (office,)))

    assert (await numbers_of(desk, first), await numbers_of(desk, second)) == (["+442079460000"], [])


async def test_numbers_are_replaced_and_what_is_given_up_is_nobodys(desk: Desk) -> None:
    contact = await created(desk, CreateContact("Bea", (Phone("+48600700800", MOBILE), Phone("+48600700801", MOBILE))))
    await desk.given(
        Identity(ACME, "wa", contact.id, IdentityKey(IdentityKind.WA_ID, "48600700801"), "told", NOON),
    )

    after = await updated(desk, UpdateContact(contact.id, phones=(Phone("+48 600 700 801", WHATSAPP),)))
    assert after.phones == (Phone("+48600700801", WHATSAPP),)
    assert await numbers_of(desk, after) == ["+48600700801"]
    other = await created(desk, CreateContact("Cleo", (Phone("+48600700800", MOBILE),)))
    assert await numbers_of(desk, other) == ["+48600700800"]

    assert (await updated(desk, UpdateContact(contact.id, phones=None))).phones == ()
    taken = UpdateContact(contact.id, phones=(Phone("+48600700800", MOBILE),))
    assert refused_as(await update_contact(desk.ports, AGENT, taken)) is ErrorCode.INVALID
    assert await numbers_of(desk, after) == []


@pytest.mark.parametrize(
    ("phones", "field"),
    [
        ((Phone("+48 600 700 80", MOBILE),), ("phones", "0", "number")),
        ((Phone("+48600700800", MOBILE), Phone("600 700 801", MOBILE)), ("phones", "1", "number")),
        ((Phone("+5511987654321", MOBILE), Phone("+551187654321", MOBILE)), ("phones", "1", "number")),
        (tuple(Phone(f"+486007008{number:02}", MOBILE) for number in range(21)), ("phones",)),
    ],
)
async def test_numbers_that_cannot_be_are_refused_by_their_place(
    desk: Desk, phones: tuple[Phone, ...], field: tuple[str, ...]
) -> None:
    for answer in (
        await create_contact(desk.ports, AGENT, CreateContact("Bea", phones)),
        await update_contact(desk.ports, AGENT, UpdateContact(CONTACT, phones=phones)),
    ):
        refusal = refusal_of(answer)
        assert isinstance(refusal, Refused)
        assert (refusal.code, refusal.field) == (ErrorCode.INVALID, field)
    assert len(await desk.contacts()) == 1


@pytest.mark.parametrize("asked", [CreateContact(), CreateContact(" ", (), ""), CreateContact("x" * 201)])
async def test_a_contact_that_says_nothing_or_too_much_is_none(desk: Desk, asked: CreateContact) -> None:
    assert refused_as(await create_contact(desk.ports, AGENT, asked)) is ErrorCode.INVALID


async def test_who_may_enter_contacts(desk: Desk) -> None:
    asked = CreateContact("Bea")
    assert refused_as(await create_contact(desk.ports, READER, asked)) is ErrorCode.FORBIDDEN
    for actor in MAY_WORK:
        granted(await create_contact(desk.ports, actor, asked))
