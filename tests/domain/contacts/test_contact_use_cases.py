"""What people here say of a contact."""

from dataclasses import replace

import pytest

from domain.contacts import Contact
from domain.error_codes import ErrorCode
from domain.errors import Refused
from domain.ids import ContactId
from domain.people.actors import Role
from domain.use_cases.contacts.contacts import UpdateContact, update_contact
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
