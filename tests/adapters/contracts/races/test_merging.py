"""Two contacts merged and parted by many at once while both write: whatever comes, comes to whom it was written by."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from domain.contacts import Contact, Person, Phone, PhoneLabel
from domain.conversations.contents import Text
from domain.conversations.status import MessageStatus
from domain.error_codes import ErrorCode
from domain.errors import Refused
from domain.ids import ContactId, Wamid
from domain.ports.bundle import Ports
from domain.ports.network import Accepted
from domain.updates import Update
from domain.use_cases.contacts.contacts import CreateContact, UpdateContact, create_contact, update_contact
from domain.use_cases.contacts.merging import MergeContacts, SplitContact, merge_contacts, split_contact
from domain.use_cases.inbound.receive import receive
from domain.use_cases.marks import callback_of
from domain.use_cases.outbound.leaving.answers import settle_answer
from domain.use_cases.outbound.leaving.claim import Claimed, claim
from domain.use_cases.outbound.sending.start import StartThread, start_thread
from tests.adapters.contracts.races.races import CALLERS, ROUNDS, Course
from tests.builders import ACME, CHANNEL, MINUTE, TEMPLATE
from tests.domain.one_desk import AGENT, HELLO, granted

ANA = Person(wa_id="15550102001", business_scoped_id="US.1", profile_name="Ana")
BEA = Person(business_scoped_id="US.2", username="bea", profile_name="Bea")


def each_of(times: int, *ways: Callable[[Ports], Awaitable[object]]) -> list[Callable[[Ports], Awaitable[object]]]:
    return [way for way in ways for _ in range(times)]


async def test_merged_and_parted_by_many_while_both_write_each_has_what_is_theirs(course: Course) -> None:
    desk = course.desk
    ids: list[ContactId] = []
    for person in (ANA, BEA):
        message = await desk.wrote(f"I am {person.profile_name}", by=person)
        ids.append(next(thread.contact for thread in await desk.threads() if thread.id == message.thread))
    ana, bea = ids
    start = {each.id: each for each in await desk.contacts()}

    for number in range(ROUNDS):
        by_ana = [desk.message(f"Ana {number}.{each}", by=ANA) for each in range(CALLERS // 4)]
        by_bea = [desk.message(f"Bea {number}.{each}", by=BEA) for each in range(CALLERS // 4)]
        ways: list[Callable[[Ports], Awaitable[object]]] = [
            *(lambda ports, update=each: receive(ports, ACME, [update]) for each in (*by_ana, *by_bea)),
            *each_of(
                CALLERS // 8,
                lambda ports: merge_contacts(ports, AGENT, MergeContacts(ana, bea)),
                lambda ports: merge_contacts(ports, AGENT, MergeContacts(bea, ana)),
                lambda ports: split_contact(ports, AGENT, SplitContact(ana, bea)),
                lambda ports: update_contact(ports, AGENT, UpdateContact(ana)),
            ),
        ]

        async def take(
            ports: Ports, caller: int, ways: Sequence[Callable[[Ports], Awaitable[object]]] = ways
        ) -> object:
            return await ways[(caller * 5) % len(ways)](ports)  # each once, and no two of a kind in a row

        answers = await course.run(take)
        refused = [each for each in answers if isinstance(each, Refused)]
        assert {each.code for each in refused} <= {ErrorCode.INVALID}
        shown = await desk.contacts()
        threads = await desk.threads()
        assert {thread.contact for thread in threads} == {each.id for each in shown}
        assert {thread.home for thread in threads} == {ana, bea}

    for into, other in ((ana, bea), (bea, ana)):
        await split_contact(desk.ports, AGENT, SplitContact(into, other))
    assert {each.id: each for each in await desk.contacts()} == start
    for thread in await desk.threads():
        said = [each.content.body for each in await desk.messages(thread.id) if isinstance(each.content, Text)]
        name = start[thread.contact].profile_name
        assert len(said) == 1 + ROUNDS * (CALLERS // 4)
        assert all(name is not None and name in words for words in said)
    assert await course.deadlocks() == 0


async def test_a_number_entered_by_many_at_once_in_either_form_is_one_contacts(course: Course) -> None:
    for number in range(ROUNDS):
        forms = [f"+5511987654{number:03}", f"+551187654{number:03}"]

        async def enter(ports: Ports, caller: int, forms: Sequence[str] = forms) -> object:
            phone = Phone(forms[caller % 2], PhoneLabel.MOBILE)
            return await create_contact(ports, AGENT, CreateContact(f"Bea {caller}", (phone,)))

        answers = await course.run(enter)
        assert sum(1 for each in answers if isinstance(each, Contact)) == 1, answers
    assert len(await course.desk.contacts()) == ROUNDS
    assert await course.deadlocks() == 0


async def test_an_answer_marks_and_replies_at_once_are_of_one_person_each(course: Course) -> None:
    """Each tells another name of theirs: the number, the id, the user name. Meanwhile they are merged with somebody."""
    desk = course.desk
    await desk.receive(desk.message("I am Ana", by=ANA), desk.message("I am Bea", by=BEA))
    contact_ids = [each.id for each in await desk.contacts()]
    for number in range(ROUNDS):
        desk.later(MINUTE)  # the pace lets only so many leave at one instant
        ben = Person(f"1415555{number:04}", f"US.7{number}", f"ben.{number}", "Ben")
        start = StartThread(CHANNEL, number=f"+{ben.wa_id}", template=TEMPLATE, values=HELLO)
        started = granted(await start_thread(desk.ports, AGENT, start))
        message = started.message
        assert message is not None
        claimed = await claim(desk.ports, ACME, message.id)
        assert isinstance(claimed, Claimed)
        wamid = Wamid(f"wamid.o{number}")
        told = desk.status(MessageStatus.DELIVERED, wamid=wamid, callback=callback_of(message))
        updates: list[Update] = [
            *(replace(told, place=desk.place(), person=person) for person in (ben, replace(ben, wa_id=None)) * 4),
            *(desk.message(f"by id {each}", by=replace(ben, wa_id=None)) for each in range(4)),
            *(desk.message(f"by number {each}", by=Person(ben.wa_id)) for each in range(4)),
            desk.choice(stopped=True, by=ben),
        ]
        to = contact_ids[number % 2]
        ways: list[Callable[[Ports], Awaitable[object]]] = [
            *(lambda ports, update=each: receive(ports, ACME, [update]) for each in updates),
            *each_of(
                2,
                lambda ports, to=to, ben=started.thread.contact: merge_contacts(ports, AGENT, MergeContacts(to, ben)),
                lambda ports, to=to, ben=started.thread.contact: split_contact(ports, AGENT, SplitContact(to, ben)),
            ),
            lambda ports, claimed=claimed, wamid=wamid, ben=ben: settle_answer(
                ports, claimed, Accepted(wamid, ben.wa_id, ben.business_scoped_id)
            ),
        ]

        async def tell(
            ports: Ports, caller: int, ways: Sequence[Callable[[Ports], Awaitable[object]]] = ways
        ) -> object:
            return await ways[(caller * 5) % len(ways)](ports)

        await course.run(tell, len(ways))
        await split_contact(desk.ports, AGENT, SplitContact(to, started.thread.contact))
        contacts = await desk.contacts()
        assert len(contacts) == number + 3
        shown = next(each for each in contacts if each.wa_id == ben.wa_id)
        assert (shown.business_scoped_id, shown.username, shown.profile_name) == (
            ben.business_scoped_id,
            ben.username,
            "Ben",
        )
    assert await course.deadlocks() == 0
