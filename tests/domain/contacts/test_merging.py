"""Two contacts merged by people here, and parted again: nothing is lost either way, whatever comes meanwhile."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.contacts import Contact, Identity, IdentityKind, Person, with_marketing_choice
from domain.conversations.contents import Text
from domain.conversations.threads import Thread
from domain.error_codes import ErrorCode
from domain.errors import WriteConflict
from domain.events import ThreadChanged, TicketChanged
from domain.ids import ChannelId, ContactId, PhoneNumberId
from domain.merging import merged as merge_rule
from domain.merging import shown
from domain.people.actors import ByContact
from domain.use_cases.contacts import merging
from domain.use_cases.contacts.contacts import UpdateContact, update_contact
from domain.use_cases.contacts.identity import held_thread, hold_person
from domain.use_cases.contacts.merging import (
    MergeContacts,
    SplitContact,
    held_with_joined,
    merge_contacts,
    split_contact,
)
from domain.use_cases.contacts.people import People
from domain.use_cases.outbound.sending.start import StartThread, start_thread
from tests.builders import ACME, CHANNEL, GLOBEX, MINUTE, NOON, TEMPLATE, a_contact, an_organization
from tests.domain.one_desk import AGENT, HELLO, MAY_WORK, READER, Desk, a_desk_number, granted, open_desk, refused_as

ANA = Person(wa_id="15550102001", profile_name="Ana")
BEA = Person(business_scoped_id="US.2", username="bea", profile_name="Bea")
CLEO = Person(wa_id="15550102003", business_scoped_id="US.3", profile_name="Cleo")
DORA = Person(wa_id="5511987654321", profile_name="Dora")


@pytest.fixture
async def desk() -> Desk:
    return await open_desk()


async def written(desk: Desk, *people: Person) -> list[ContactId]:
    """Each writes once; their contacts."""
    contacts: list[ContactId] = []
    for person in people:
        message = await desk.wrote(f"I am {person.profile_name}", by=person)
        contacts.append((await desk.ports.reader.by_ids(Thread, ACME, [message.thread]))[message.thread].contact)
        desk.later(MINUTE)
    return contacts


async def merged(desk: Desk, into: ContactId, other: ContactId) -> Contact:
    return granted(await merge_contacts(desk.ports, AGENT, MergeContacts(into, other)))


async def split(desk: Desk, contact: ContactId, other: ContactId) -> tuple[Contact, Contact]:
    parted = granted(await split_contact(desk.ports, AGENT, SplitContact(contact, other)))
    return parted.contact, parted.split_off


async def standing(desk: Desk) -> dict[str, object]:
    """Who is who: contacts, their names, and whose each thread and ticket is."""
    state, contacts = await desk.state(), await desk.contacts()
    names = await desk.ports.reader.identities_of(ACME, [each.id for each in contacts])
    rows: list[Contact | Identity | Thread] = [*contacts, *(name for found in names.values() for name in found)]
    return {
        **{f"{type(row).__name__} {row.id}": row for row in rows},
        **{f"Thread {thread.id}": (thread.contact, thread.origin) for thread in state.threads.values()},
        **{f"Ticket {ticket.id}": ticket.contact for ticket in state.tickets.values()},
    }


# There and back


async def test_a_merged_contact_has_what_both_had_and_tells_of_the_threads_that_came_to_it(desk: Desk) -> None:
    ana, bea = await written(desk, ANA, BEA)
    head = await desk.head()

    one = await merged(desk, ana, bea)

    assert [each.id for each in await desk.contacts()] == [ana]
    assert (one.wa_id, one.business_scoped_id, one.username, one.profile_name) == ("15550102001", "US.2", "bea", "Ana")
    assert {thread.contact for thread in await desk.threads()} == {ana}
    assert {ticket.contact for ticket in await desk.tickets()} == {ana}
    [moved] = [thread for thread in await desk.threads() if thread.home == bea]
    [ticket] = [ticket for ticket in await desk.tickets() if ticket.thread == moved.id]
    assert await desk.events(head) == [
        ThreadChanged(moved.id),
        TicketChanged(moved.id, ticket.id, ("contact",)),
    ]


async def test_what_was_parted_is_as_if_it_had_never_been_merged(desk: Desk) -> None:
    ana, bea = await written(desk, ANA, BEA)
    before = await standing(desk)

    await merged(desk, ana, bea)
    contact, split_off = await split(desk, ana, bea)

    assert (contact.id, split_off.id) == (ana, bea)
    assert await standing(desk) == before


async def test_contacts_merged_in_a_chain_are_parted_in_any_order(desk: Desk) -> None:
    ana, bea, cleo, dora = await written(desk, ANA, BEA, CLEO, DORA)
    before = await standing(desk)

    await merged(desk, ana, bea)
    await merged(desk, cleo, ana)
    await merged(desk, dora, bea)  # who is Cleo by now

    assert [each.id for each in await desk.contacts()] == [dora]
    assert (await split(desk, cleo, bea))[0].id == dora  # out of the middle
    assert {each.id for each in await desk.contacts()} == {dora, bea}
    await split(desk, dora, cleo)
    assert {each.id for each in await desk.contacts()} == {dora, bea, cleo}
    await split(desk, cleo, ana)
    assert await standing(desk) == before


async def test_what_comes_after_the_merge_goes_with_the_name_it_came_by(desk: Desk) -> None:
    ana, bea = await written(desk, ANA, BEA)
    await merged(desk, ana, bea)

    renamed = replace(BEA, profile_name="Bea B.")
    await desk.wrote("From Bea", by=renamed)
    await desk.wrote("From Ana", by=ANA)
    await desk.given(replace(await desk.organization(), stop_words=("stop",)))
    await desk.receive(desk.message("stop", by=renamed))
    await desk.receive(desk.choice(stopped=True, by=renamed))
    one = await desk.contact()
    assert (one.opted_out_at, one.marketing_opted_out_at) == (desk.clock.now(), desk.clock.now())

    contact, split_off = await split(desk, ana, bea)

    assert (contact.profile_name, contact.opted_out_at, contact.marketing_opted_out_at) == ("Ana", None, None)
    assert (split_off.profile_name, split_off.opted_out_at) == ("Bea B.", desk.clock.now())
    assert split_off.marketing_opted_out_at == desk.clock.now()
    said = {thread.contact: await desk.messages(thread.id) for thread in await desk.threads()}
    assert [each.content for each in said[ana]] == [Text("I am Ana"), Text("From Ana")]
    assert [each.content for each in said[bea]][:2] == [Text("I am Bea"), Text("From Bea")]
    assert {each.author for each in said[bea]} == {ByContact(bea)}


async def test_one_who_takes_marketing_does_not_speak_for_one_who_stopped_it(desk: Desk) -> None:
    """Nobody is written to again by being merged with somebody who likes it."""
    ana, bea, cleo = await written(desk, ANA, BEA, CLEO)
    await desk.receive(desk.choice(stopped=True, by=ANA))
    stopped_at = desk.clock.now()
    for person in (BEA, CLEO):
        desk.later(MINUTE)
        await desk.receive(desk.choice(stopped=False, by=person))
    before = await standing(desk)

    await merged(desk, bea, ana)
    await merged(desk, cleo, bea)

    assert (await desk.contact()).marketing_opted_out_at == stopped_at
    await split(desk, cleo, ana)
    assert {each.id: each.marketing_opted_out_at for each in await desk.contacts()} == {cleo: None, ana: stopped_at}
    await split(desk, cleo, bea)
    assert await standing(desk) == before


@pytest.mark.parametrize("stopped", [True, False])
def test_one_person_known_by_two_names_chose_what_they_chose_last(stopped: bool) -> None:
    at = [NOON, NOON + MINUTE]
    one, other, stranger = (a_contact(ContactId(name), wa_id=None) for name in ("one", "other", "stranger"))
    one = with_marketing_choice(one, stopped=not stopped, at=at[0])
    other = with_marketing_choice(other, stopped=stopped, at=at[1])
    stranger = with_marketing_choice(stranger, stopped=False, at=at[1] + MINUTE)

    for first, second in [(one, other), (other, one)]:
        kept, gone = merge_rule(first, second, by_network=True)
        assert shown(kept, {each.id: each for each in (kept, gone)}).marketing_opted_out_at == (
            at[1] if stopped else None
        )
        whole, merged_in = merge_rule(kept, stranger, by_network=False)
        all_three = {each.id: each for each in (whole, gone, merged_in)}
        assert shown(whole, all_three).marketing_opted_out_at == (at[1] if stopped else None)


async def test_who_had_no_thread_on_a_number_gets_one_of_their_own_there_though_merged(desk: Desk) -> None:
    [ana] = await written(desk, ANA)
    card = replace(a_contact(ContactId("card"), wa_id="15550102009"))
    await desk.given(card)
    await desk.receive(desk.choice(stopped=False, by=Person(wa_id="15550102009")))
    other = next(each.id for each in await desk.contacts() if each.marketing_told_at is not None)
    await merged(desk, ana, other)

    message = await desk.wrote("Another phone", by=Person(wa_id="15550102009"))

    thread = next(each for each in await desk.threads() if each.id == message.thread)
    assert (thread.wa_id, thread.contact, thread.home) == ("15550102009", ana, other)
    assert {each.wa_id for each in await desk.threads()} == {"15550102001", "15550102009"}
    started = granted(
        await start_thread(
            desk.ports,
            AGENT,
            StartThread(CHANNEL, number="+15550102009", template=TEMPLATE, values=HELLO),
        )
    )
    assert started.thread.id == thread.id


async def test_a_thread_begun_with_a_merged_contact_is_whose_name_it_is_begun_by(desk: Desk) -> None:
    blank = a_contact(ContactId("blank"), wa_id=None)
    await desk.given(blank)
    await desk.receive(desk.choice(stopped=False, by=ANA))
    ana = next(each.id for each in await desk.contacts() if each.wa_id is not None)
    await merged(desk, blank.id, ana)

    asked = StartThread(CHANNEL, contact=blank.id, template=TEMPLATE, values=HELLO)
    started = granted(await start_thread(desk.ports, AGENT, asked))

    assert (started.thread.contact, started.thread.home) == (blank.id, ana)
    await split(desk, blank.id, ana)
    assert (await desk.thread()).contact == ana


async def test_what_people_here_say_of_a_merged_contact_holds_while_it_is_one(desk: Desk) -> None:
    ana, bea = await written(desk, ANA, BEA)
    granted(await update_contact(desk.ports, AGENT, UpdateContact(bea, name="Beata", email="b@example.com")))
    before = await standing(desk)
    assert (await merged(desk, ana, bea)).name == "Beata"

    said = UpdateContact(ana, name=None, email="a@example.com", opted_out=True)
    one = granted(await update_contact(desk.ports, AGENT, said))
    await desk.wrote("Hi", by=BEA)

    assert (one.name, one.email, one.opted_out_at) == (None, "a@example.com", desk.clock.now())
    assert replace(await desk.contact(), joined=None) == replace(one, joined=None)
    granted(await update_contact(desk.ports, AGENT, UpdateContact(ana, email=None, opted_out=False)))
    await split(desk, ana, bea)
    assert await standing(desk) == before


async def test_who_was_merged_elsewhere_since_they_were_looked_at_is_looked_at_again(desk: Desk) -> None:
    ana, bea = await written(desk, ANA, BEA)
    await merged(desk, ana, bea)

    async with desk.database.store.transaction(ACME) as tx:
        with pytest.raises(WriteConflict):
            await held_with_joined(tx, bea)


async def test_a_thread_whose_contact_was_merged_since_it_was_looked_at_is_looked_at_again(desk: Desk) -> None:
    await written(desk, ANA, BEA)
    ana, bea = await desk.threads()

    async with desk.database.store.transaction(ACME) as tx:
        people = People.of(desk.ports, tx, desk.clock.now())
        await hold_person(people, ANA, ana.contact, joins=False)
        assert held_thread(people, ana) == ana
        with pytest.raises(WriteConflict):
            held_thread(people, bea)
        with pytest.raises(WriteConflict):
            await hold_person(people, ANA, bea.contact, joins=False)


async def test_one_who_was_merged_is_written_to_in_the_form_that_the_network_told(desk: Desk) -> None:
    ana, dora = await written(desk, ANA, Person(wa_id="551187654321", profile_name="Dora"))
    await merged(desk, ana, dora)
    other = replace(a_desk_number(PhoneNumberId("other-number")), id=ChannelId("other"), phone_number="+15550000002")
    await desk.given(other)

    asked = StartThread(other.id, number="+5511987654321", template=TEMPLATE, values=HELLO)
    started = granted(await start_thread(desk.ports, AGENT, asked))

    assert (started.thread.wa_id, started.thread.home) == ("551187654321", dora)


async def test_an_id_that_is_told_of_one_who_was_merged_is_theirs_whatever_id_the_other_has(desk: Desk) -> None:
    cleo, ana = await written(desk, CLEO, ANA)
    await merged(desk, cleo, ana)
    [hidden] = await written(desk, Person(business_scoped_id="US.70"))

    await desk.receive(desk.choice(stopped=True, by=Person(wa_id=ANA.wa_id, business_scoped_id="US.70")))
    await desk.receive(desk.choice(stopped=True, by=Person(wa_id=CLEO.wa_id, business_scoped_id="US.70")))

    assert [each.id for each in await desk.contacts()] == [cleo]
    rows = await desk.ports.reader.by_ids(Contact, ACME, [hidden])
    assert (rows[hidden].merged_into, rows[hidden].merged_by_network) == (ana, True)
    contact, split_off = await split(desk, cleo, ana)
    assert (contact.business_scoped_id, split_off.business_scoped_id) == ("US.3", "US.70")


# What the network proves


async def test_who_is_proven_to_be_one_of_a_merged_contact_joins_that_one_and_can_be_parted_too(desk: Desk) -> None:
    ana, dora = await written(desk, ANA, DORA)
    await merged(desk, ana, dora)
    [hidden] = await written(desk, Person(business_scoped_id="BR.1"))

    await desk.wrote("Both", by=Person(wa_id="551187654321", business_scoped_id="BR.1"))

    assert [each.id for each in await desk.contacts()] == [ana]
    assert (await desk.ports.reader.by_ids(Contact, ACME, [hidden]))[hidden].merged_into == dora
    threads = await desk.threads()
    again = await desk.wrote("By id alone", by=Person(business_scoped_id="BR.1"))
    assert [each.home for each in threads if each.id == again.thread] == [dora]  # where both names were said
    contact, split_off = await split(desk, ana, dora)
    assert (contact.business_scoped_id, split_off.business_scoped_id) == (None, "BR.1")
    assert {each.contact for each in await desk.threads()} == {ana, dora}


async def test_one_whose_number_changed_is_one_of_a_merged_contact_still(desk: Desk) -> None:
    ana, dora = await written(desk, ANA, DORA)
    await merged(desk, ana, dora)

    await desk.receive(desk.rename(DORA, Person(wa_id="5511912345678"), wamid="wamid.n"))
    await desk.wrote("New number", by=Person(wa_id="5511912345678"))

    contact, split_off = await split(desk, ana, dora)
    assert (contact.wa_id, split_off.wa_id) == ("15550102001", "5511912345678")
    assert {each.contact: each.wa_id for each in await desk.threads()} == {ana: "15550102001", dora: "5511912345678"}


async def test_a_user_name_that_passes_to_another_one_of_the_same_contact_is_theirs(desk: Desk) -> None:
    ana, bea = await written(desk, ANA, BEA)
    await merged(desk, ana, bea)
    [other] = await written(desk, Person(business_scoped_id="US.9", username="bea"))

    names = await desk.ports.reader.identities_of(ACME, [ana, other])

    assert IdentityKind.USERNAME not in {each.key.kind for each in names[ana]}
    assert IdentityKind.USERNAME in {each.key.kind for each in names[other]}


# Nonsense


async def test_nonsense_is_refused_by_its_name(desk: Desk) -> None:
    ana, bea, cleo = await written(desk, ANA, BEA, CLEO)
    nobody = ContactId("nobody")
    await merged(desk, ana, bea)
    before = await standing(desk)

    for merge, code in [
        (MergeContacts(ana, ana), ErrorCode.INVALID),
        (MergeContacts(ana, bea), ErrorCode.INVALID),
        (MergeContacts(bea, ana), ErrorCode.INVALID),
        (MergeContacts(ana, nobody), ErrorCode.NOT_FOUND),
        (MergeContacts(nobody, ana), ErrorCode.NOT_FOUND),
    ]:
        assert refused_as(await merge_contacts(desk.ports, AGENT, merge)) is code
    for part, code in [
        (SplitContact(ana, ana), ErrorCode.INVALID),
        (SplitContact(ana, cleo), ErrorCode.INVALID),
        (SplitContact(bea, ana), ErrorCode.INVALID),
        (SplitContact(cleo, bea), ErrorCode.INVALID),
        (SplitContact(ana, nobody), ErrorCode.NOT_FOUND),
        (SplitContact(nobody, bea), ErrorCode.NOT_FOUND),
    ]:
        assert refused_as(await split_contact(desk.ports, AGENT, part)) is code
    assert await standing(desk) == before
    await split(desk, ana, bea)
    assert refused_as(await split_contact(desk.ports, AGENT, SplitContact(ana, bea))) is ErrorCode.INVALID


async def test_a_contact_of_another_organization_is_none(desk: Desk) -> None:
    [ana] = await written(desk, ANA)
    theirs = replace(a_contact(ContactId("theirs")), organization=GLOBEX)
    async with desk.database.store.transaction(GLOBEX) as tx:
        tx.save(an_organization(GLOBEX), theirs)

    for merge in (MergeContacts(ana, theirs.id), MergeContacts(theirs.id, ana)):
        assert refused_as(await merge_contacts(desk.ports, AGENT, merge)) is ErrorCode.NOT_FOUND
    assert refused_as(await split_contact(desk.ports, AGENT, SplitContact(ana, theirs.id))) is ErrorCode.NOT_FOUND


async def test_only_so_many_become_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, bea, cleo = await written(desk, ANA, BEA, CLEO)
    monkeypatch.setattr(merging, "MERGED_LIMIT", 2)
    await merged(desk, ana, bea)

    assert refused_as(await merge_contacts(desk.ports, AGENT, MergeContacts(cleo, ana))) is ErrorCode.INVALID


async def test_who_may_merge_and_split(desk: Desk) -> None:
    ana, bea = await written(desk, ANA, BEA)

    assert refused_as(await merge_contacts(desk.ports, READER, MergeContacts(ana, bea))) is ErrorCode.FORBIDDEN
    for actor in MAY_WORK:
        granted(await merge_contacts(desk.ports, actor, MergeContacts(ana, bea)))
        assert refused_as(await split_contact(desk.ports, READER, SplitContact(ana, bea))) is ErrorCode.FORBIDDEN
        granted(await split_contact(desk.ports, actor, SplitContact(ana, bea)))


# Any order


class Merging(RuleBasedStateMachine):
    """Four people write, are merged and parted in any order. Whoever is parted from all has what they wrote, and is
    what they were."""

    people = (ANA, BEA, CLEO, DORA)
    numbers = st.integers(0, 3)

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.desk = self.run(open_desk())
        self.ids = self.run(written(self.desk, *self.people))
        self.start = self.run(standing(self.desk))
        self.parents: dict[int, int] = {}
        self.said = {number: [f"I am {person.profile_name}"] for number, person in enumerate(self.people)}

    def run(self, story: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(story)

    def teardown(self) -> None:
        self.loop.close()

    def root(self, number: int) -> int:
        while number in self.parents:
            number = self.parents[number]
        return number

    @rule(into=numbers, other=numbers)
    def merge(self, into: int, other: int) -> None:
        asked = MergeContacts(self.ids[into], self.ids[other])
        answer = self.run(merge_contacts(self.desk.ports, AGENT, asked))
        if self.root(into) == self.root(other):
            assert refused_as(answer) is ErrorCode.INVALID
        else:
            assert granted(answer).id == self.ids[self.root(into)]
            self.parents[self.root(other)] = self.root(into)

    @rule(other=numbers)
    @precondition(lambda self: bool(self.parents))
    def split(self, other: int) -> None:
        asked = SplitContact(self.ids[self.parents.get(other, other)], self.ids[other])
        answer = self.run(split_contact(self.desk.ports, AGENT, asked))
        if self.parents.pop(other, None) is None:
            assert refused_as(answer) is ErrorCode.INVALID
        else:
            assert granted(answer).split_off.id == self.ids[other]

    @rule(by=numbers)
    def write(self, by: int) -> None:
        text = f"message {self.desk.deliveries}"
        self.desk.later(MINUTE)
        message = self.run(self.desk.wrote(text, by=self.people[by]))
        assert message.author == ByContact(self.ids[by])
        self.said[by].append(text)

    @invariant()
    def everybody_is_shown_as_whom_they_were_merged_into(self) -> None:
        shown = {self.ids[self.root(number)] for number in range(4)}
        assert {each.id for each in self.run(self.desk.contacts())} == shown
        threads = self.run(self.desk.threads())
        assert {each.home: each.contact for each in threads} == {
            self.ids[number]: self.ids[self.root(number)] for number in range(4)
        }

    @invariant()
    def what_was_said_is_with_whom_it_was_said_by(self) -> None:
        for thread in self.run(self.desk.threads()):
            by = self.ids.index(thread.home)
            assert [each.content.body for each in self.run(self.desk.messages(thread.id))] == self.said[by]

    @precondition(lambda self: not self.parents)
    @invariant()
    def who_is_parted_from_all_is_what_they_were(self) -> None:
        assert self.run(standing(self.desk)) == self.start


TestMerging = Merging.TestCase
TestMerging.settings = settings(
    max_examples=15, stateful_step_count=12, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
