"""Whom an update speaks of: numbers that show and hide, other spellings, other names, and two contacts that are one."""

from dataclasses import replace
from itertools import permutations

import pytest

from domain.contacts import Contact, Identity, IdentityKey, IdentityKind, Person, Phone, PhoneLabel, may_be_one
from domain.conversations.contents import Notice, Text
from domain.events import ThreadChanged, TicketChanged
from domain.ids import ContactId
from domain.people.actors import ByContact
from domain.text.names import contact_name
from domain.tickets import TicketStatus
from domain.updates import Outcome
from domain.use_cases.outbound.sending.send import SendText, send_text
from tests.builders import ACME, HOUR, MINUTE, NOON, a_contact, joined_with
from tests.domain.one_desk import AGENT, Desk, granted, open_desk

NUMBER, HIDDEN = Person(wa_id="15550102001", profile_name="Ana"), Person(business_scoped_id="US.1", username="ana.l")
BOTH = Person(wa_id="15550102001", business_scoped_id="US.1", profile_name="Ana")


@pytest.fixture
async def desk() -> Desk:
    return await open_desk()


async def names_of(desk: Desk, contact: Contact) -> dict[str, str]:
    found = await desk.ports.reader.identities_of(ACME, [contact.id])
    return {identity.key.value: identity.key.kind for identity in found[contact.id]}


async def said_to(desk: Desk, contact: Contact) -> list[str]:
    mine = [thread for thread in await desk.threads() if thread.contact == contact.id]
    messages = [message for thread in mine for message in await desk.messages(thread.id)]
    return [message.content.body for message in messages if isinstance(message.content, Text)]


# People without a visible number


async def test_somebody_without_a_number_is_a_full_contact_that_is_answered_by_their_id(desk: Desk) -> None:
    await desk.wrote("Hi", by=HIDDEN)
    reply = await desk.reply("Hello")

    await desk.dispatch(reply)

    contact, sent = await desk.contact(), desk.network.sent[-1]
    assert (contact.wa_id, contact.business_scoped_id, contact.username) == (None, "US.1", "ana.l")
    assert (contact.phones, reply.to_number) == ((), None)
    assert (sent.wa_id, sent.business_scoped_id) == (None, "US.1")
    assert await names_of(desk, contact) == {"US.1": "BUSINESS_SCOPED_ID", "ana.l": "USERNAME"}


async def test_a_user_name_that_passed_to_somebody_else_is_theirs_and_joins_nobody(desk: Desk) -> None:
    await desk.wrote("Hi", by=HIDDEN)
    other = Person(business_scoped_id="US.2", username="ana.l")

    await desk.wrote("Hello", by=other)

    first, second = sorted(await desk.contacts(), key=lambda each: each.business_scoped_id or "")
    assert await names_of(desk, first) == {"US.1": "BUSINESS_SCOPED_ID"}
    assert await names_of(desk, second) == {"US.2": "BUSINESS_SCOPED_ID", "ana.l": "USERNAME"}


@pytest.mark.parametrize("order", list(permutations([NUMBER, HIDDEN, BOTH])))
async def test_whichever_names_are_shown_first_they_end_as_one_contact_with_all_that_was_said(
    desk: Desk, order: tuple[Person, ...]
) -> None:
    for number, person in enumerate(order):
        await desk.wrote(f"message {number}", by=person)
        desk.later(MINUTE)

    contact = await desk.contact()
    assert (contact.wa_id, contact.business_scoped_id, contact.username) == ("15550102001", "US.1", "ana.l")
    assert contact.phones == (Phone("+15550102001", PhoneLabel.WHATSAPP),)
    assert set(await names_of(desk, contact)) == {"15550102001", "US.1", "ana.l"}
    assert sorted(await said_to(desk, contact)) == ["message 0", "message 1", "message 2"]


# Two contacts that are one


async def two_that_are_one(desk: Desk) -> None:
    await desk.wrote("By number", by=NUMBER)
    desk.later(MINUTE)
    await desk.wrote("By name", by=HIDDEN)
    desk.later(MINUTE)


async def test_threads_of_joined_contacts_go_on_answering_the_name_they_came_from(desk: Desk) -> None:
    await two_that_are_one(desk)
    by_number, by_name = sorted(await desk.threads(), key=lambda each: each.created_at)
    head = await desk.head()

    await desk.wrote("It's me", by=BOTH)

    contact = await desk.contact()
    after = {thread.id: thread for thread in await desk.threads()}
    assert {thread.contact for thread in after.values()} == {contact.id}
    assert after[by_number.id].wa_id == "15550102001"
    assert (after[by_name.id].wa_id, after[by_name.id].business_scoped_id) == (None, "US.1")
    assert (await desk.messages(by_number.id))[-1].content == Text("It's me")
    assert ThreadChanged(by_name.id) in await desk.events(head)


async def test_tickets_of_joined_contacts_join_too_also_closed_ones(desk: Desk) -> None:
    await two_that_are_one(desk)
    second = (await desk.tickets())[-1]
    closed = replace(second, id=type(second.id)("closed"), number=99, status=TicketStatus.CLOSED, closed_at=NOON)
    await desk.given(closed)
    head = await desk.head()

    await desk.wrote("It's me", by=BOTH)

    contact = await desk.contact()
    assert {ticket.contact for ticket in await desk.tickets()} == {contact.id}
    told = [each for each in await desk.events(head) if isinstance(each, TicketChanged)]
    assert {each.ticket for each in told if each.changed == ("contact",)} == {second.id, closed.id}


async def test_what_was_written_under_the_name_given_up_still_finds_who_wrote_it(desk: Desk) -> None:
    await two_that_are_one(desk)
    gone = max(await desk.contacts(), key=lambda each: each.created_at)

    await desk.wrote("It's me", by=BOTH)

    contact = await desk.contact()
    row = (await desk.ports.reader.by_ids(Contact, ACME, [gone.id]))[gone.id]
    assert (row.merged_into, row.business_scoped_id) == (contact.id, "US.1")


async def test_the_next_message_by_either_name_goes_to_the_thread_of_that_name(desk: Desk) -> None:
    await two_that_are_one(desk)
    by_number = min(await desk.threads(), key=lambda each: each.created_at)
    await desk.wrote("It's me", by=BOTH)
    desk.later(MINUTE)

    message = await desk.wrote("Again", by=NUMBER)

    assert message.thread == by_number.id
    assert message.author == ByContact((await desk.contact()).id)


async def test_people_whose_numbers_differ_are_never_joined_with(desk: Desk) -> None:
    await desk.wrote("By number", by=NUMBER)
    await desk.wrote("Somebody else", by=Person(wa_id="15550102002", business_scoped_id="US.1"))

    await desk.wrote("The number has a new holder", by=BOTH)

    assert len(await desk.contacts()) == 2


def test_two_records_may_be_one_person_unless_a_number_or_an_id_tells_them_apart() -> None:
    bare = Contact(ACME, ContactId("c"), NOON)

    assert may_be_one(bare, bare)
    assert may_be_one(replace(bare, wa_id="1555"), replace(bare, business_scoped_id="US.1"))
    assert may_be_one(replace(bare, wa_id="5511987654321"), replace(bare, wa_id="551187654321"))
    assert not may_be_one(replace(bare, wa_id="1555"), replace(bare, wa_id="1556"))
    assert not may_be_one(replace(bare, business_scoped_id="US.1"), replace(bare, business_scoped_id="US.2"))


def test_a_joined_contact_has_what_either_had_and_said_stop_when_the_first_said_so() -> None:
    kept = Contact(ACME, ContactId("a"), NOON, name="Ana", wa_id="1555", opted_out_at=NOON + HOUR)
    other = Contact(
        ACME,
        ContactId("b"),
        NOON,
        name="A.",
        business_scoped_id="US.1",
        email="ana@example.com",
        phones=(Phone("+1777", PhoneLabel.PHONE),),
        opted_out_at=NOON,
        marketing_opted_out_at=NOON,
    )

    one = joined_with(kept, other)

    assert (one.id, one.name, one.wa_id, one.business_scoped_id) == ("a", "Ana", "1555", "US.1")
    assert (one.email, one.phones) == ("ana@example.com", (Phone("+1777", PhoneLabel.PHONE),))
    assert (one.opted_out_at, one.marketing_opted_out_at) == (NOON, NOON)


# Spellings of one number


@pytest.mark.parametrize(
    ("one", "other"),
    [("5511987654321", "551187654321"), ("5491123456789", "541123456789"), ("5215512345678", "525512345678")],
)
@pytest.mark.parametrize("turned", [False, True])
async def test_both_spellings_of_a_number_are_one_contact_and_one_thread(
    desk: Desk, one: str, other: str, turned: bool
) -> None:
    first, second = (other, one) if turned else (one, other)
    await desk.wrote("Oi", by=Person(wa_id=first))

    await desk.wrote("Tudo bem?", by=Person(wa_id=second))

    assert await desk.texts() == ["Oi", "Tudo bem?"]
    contact = await desk.contact()
    assert (contact.wa_id, (await desk.thread()).wa_id) == (second, second)
    assert contact.phones == (Phone(f"+{first}", PhoneLabel.WHATSAPP),)


@pytest.mark.parametrize("turned", [False, True])
async def test_a_contact_that_was_entered_in_the_other_spelling_is_the_one_who_writes(desk: Desk, turned: bool) -> None:
    spellings = ["5511987654321", "551187654321"]
    written, entered = reversed(spellings) if turned else spellings
    card = replace(a_contact(), wa_id=None, phones=(Phone(f"+{entered}", PhoneLabel.MOBILE),))
    key = IdentityKey(IdentityKind.PHONE, f"+{entered}")
    await desk.given(card, Identity(ACME, "i1", card.id, key, "entered by hand", NOON))

    await desk.wrote("Oi", by=Person(wa_id=written))

    contact = await desk.contact()
    assert (contact.id, contact.wa_id) == (card.id, written)
    assert contact.phones == card.phones


async def test_other_countries_are_never_joined_by_spelling(desk: Desk) -> None:
    await desk.wrote("Hi", by=Person(wa_id="15511987654321"))
    await desk.wrote("Hi", by=Person(wa_id="1551187654321"))

    assert len(await desk.contacts()) == 2


# Other names


async def test_a_changed_number_is_answered_from_now_on_and_told_in_the_thread(desk: Desk) -> None:
    await desk.wrote("Hi", by=NUMBER)

    [record] = await desk.receive(desk.rename(NUMBER, Person(wa_id="15550109999"), wamid="wamid.n1"))
    desk.later(MINUTE)
    message = await desk.wrote("New phone", by=Person(wa_id="15550109999"))

    contact, thread = await desk.contact(), await desk.thread()
    assert record.outcome is Outcome.APPLIED
    assert (contact.wa_id, thread.wa_id, message.thread) == ("15550109999", "15550109999", thread.id)
    assert [phone.number for phone in contact.phones] == ["+15550102001", "+15550109999"]
    assert [each.content for each in await desk.messages()] == [
        Text("Hi"),
        Notice("Ana changed her number."),
        Text("New phone"),
    ]


async def test_a_changed_number_opens_no_session(desk: Desk) -> None:
    await desk.wrote("Hi", by=NUMBER)
    before = (await desk.thread()).session
    desk.later(HOUR)

    await desk.receive(desk.rename(NUMBER, Person(wa_id="15550109999"), wamid="wamid.n1"))

    assert (await desk.thread()).session == before


async def test_who_wrote_from_the_new_number_before_it_was_told_is_joined_with(desk: Desk) -> None:
    await desk.wrote("Old phone", by=NUMBER)
    desk.later(MINUTE)
    await desk.wrote("New phone", by=Person(wa_id="15550109999"))

    await desk.receive(desk.rename(NUMBER, Person(wa_id="15550109999"), wamid="wamid.n1"))

    contact = await desk.contact()
    assert contact.wa_id == "15550109999"
    assert {thread.wa_id for thread in await desk.threads()} == {"15550109999"}
    assert sorted(await said_to(desk, contact)) == ["New phone", "Old phone"]


async def test_a_new_user_id_told_by_a_field_of_its_own_is_a_notice_once(desk: Desk) -> None:
    await desk.wrote("Hi", by=BOTH)
    renamed = Person(business_scoped_id="US.2")

    first = await desk.receive(desk.rename(HIDDEN, renamed))
    again = await desk.receive(desk.rename(HIDDEN, renamed))

    contact, thread = await desk.contact(), await desk.thread()
    assert (first[0].outcome, again[0].outcome) == (Outcome.APPLIED, Outcome.DUPLICATE)
    assert (contact.business_scoped_id, thread.business_scoped_id, thread.wa_id) == ("US.2", "US.2", "15550102001")
    assert [each.content for each in await desk.messages()] == [Text("Hi"), Notice("Ana changed her number.")]
    assert set(await names_of(desk, contact)) == {"15550102001", "US.1", "US.2"}


async def test_a_message_that_tells_new_names_twice_is_there_once(desk: Desk) -> None:
    await desk.wrote("Hi", by=NUMBER)
    told = [desk.rename(NUMBER, Person(wa_id="15550109999"), wamid="wamid.n1") for _ in range(2)]

    records = await desk.receive(*told)

    assert [record.outcome for record in records] == [Outcome.APPLIED, Outcome.DUPLICATE]
    assert len(await desk.messages()) == 2


async def test_new_names_of_somebody_who_is_not_here_are_ignored(desk: Desk) -> None:
    [record] = await desk.receive(desk.rename(NUMBER, Person(wa_id="15550109999"), wamid="wamid.n1"))

    assert (record.outcome, record.reason) == (Outcome.IGNORED, "about somebody who is not here")
    assert await desk.contacts() == []


async def test_new_names_from_before_the_number_was_connected_are_ignored(desk: Desk) -> None:
    await desk.wrote("Hi", by=NUMBER)
    old = replace(desk.rename(NUMBER, Person(wa_id="15550109999"), wamid="wamid.n1"), sent_at=NOON - 1000 * HOUR)

    [record] = await desk.receive(old)

    assert record.outcome is Outcome.IGNORED
    assert (await desk.contact()).wa_id == "15550102001"


async def test_new_names_of_a_contact_without_a_thread_here_change_the_contact_alone(desk: Desk) -> None:
    contact = replace(a_contact(), wa_id="15550102001")
    key = IdentityKey(IdentityKind.WA_ID, "15550102001")
    await desk.given(contact, Identity(ACME, "i1", contact.id, key, "entered by hand", NOON))

    [record] = await desk.receive(desk.rename(NUMBER, Person(wa_id="15550109999"), wamid="wamid.n1"))

    assert record.outcome is Outcome.APPLIED
    assert (await desk.contact()).wa_id == "15550109999"
    assert await desk.threads() == []


async def test_replies_after_a_join_reach_the_name_of_their_thread(desk: Desk) -> None:
    await two_that_are_one(desk)
    await desk.wrote("It's me", by=BOTH)
    by_name = next(thread for thread in await desk.threads() if thread.wa_id is None)

    message = granted(await send_text(desk.ports, AGENT, SendText(by_name.id, "Hello again")))
    await desk.dispatch(message)

    assert desk.network.sent[-1].business_scoped_id == "US.1"
    assert desk.network.sent[-1].wa_id is None


# What somebody calls themselves


@pytest.mark.parametrize("comes", ["message", "echo"])
async def test_a_name_with_a_blocked_link_is_not_taken(desk: Desk, comes: str) -> None:
    await desk.given(replace(await desk.organization(), blocked_links=("evil.example",)))
    bad = replace(NUMBER, profile_name="Win at evil.example/now")
    await desk.receive(desk.message("Hello", by=bad) if comes == "message" else desk.echo(to=bad))

    contact = await desk.contact()
    assert contact.profile_name is None
    assert contact_name(contact) == "+15550102001"

    await desk.receive(desk.message("Hello", by=replace(NUMBER, profile_name="Ana")))
    await desk.receive(desk.message("Hello", by=bad))
    assert (await desk.contact()).profile_name == "Ana"


async def test_a_username_that_is_a_blocked_host_is_not_shown_as_a_name_though_they_are_known_by_it(desk: Desk) -> None:
    """A name with an `@` before it is no link, in a list as in a message; a username is shown without one."""
    await desk.given(replace(await desk.organization(), blocked_links=("evil.example",)))
    bad = replace(NUMBER, profile_name="evil.example", username="evil.example")
    await desk.receive(desk.message("Hello", by=bad))

    contact = await desk.contact()
    assert (contact.profile_name, contact.username) == (None, None)
    assert contact_name(contact) == "+15550102001"
    assert (await names_of(desk, contact))["evil.example"] is IdentityKind.USERNAME

    await desk.receive(desk.message("Hello", by=replace(NUMBER, profile_name="@evil.example", username="ana")))
    after = await desk.contact()
    assert (after.profile_name, after.username) == ("@evil.example", "ana")
