"""Whatever the network tells of a person is learned, whatever carries it: answers, marks, reactions, cards, choices."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import permutations

import pytest

from domain.contacts import Contact, IdentityKind, Person, Phone, PhoneLabel
from domain.conversations.messages import Message
from domain.conversations.sessions import SessionState
from domain.conversations.status import MessageStatus
from domain.conversations.threads import Thread
from domain.errors import WriteConflict
from domain.ids import Wamid
from domain.ports.network import Accepted
from domain.updates import Outcome, Update
from domain.use_cases.contacts.contacts import CreateContact, create_contact
from domain.use_cases.contacts.merging import MergeContacts, SplitContact, merge_contacts, split_contact
from domain.use_cases.inbound.batch import Batch
from domain.use_cases.inbound.gather import gather
from domain.use_cases.marks import callback_of
from domain.use_cases.outbound.leaving.answers import settle_answer
from domain.use_cases.outbound.leaving.claim import Claimed, claim
from domain.use_cases.outbound.sending.start import StartThread, start_thread
from tests.builders import ACME, CHANNEL, MINUTE, TEMPLATE
from tests.domain.one_desk import AGENT, HELLO, Desk, granted, open_desk

NUMBER = "14155550121"
BEN = Person(wa_id=NUMBER, business_scoped_id="US.77", username="ben.sample", profile_name="Ben Sample")
BY_NUMBER = Person(wa_id=NUMBER)
BY_ID = Person(business_scoped_id="US.77")
OUT = Wamid("wamid.out-1")


@pytest.fixture
async def desk() -> Desk:
    return await open_desk()


async def started(desk: Desk, number: str = NUMBER) -> Message:
    asked = StartThread(CHANNEL, number=f"+{number}", template=TEMPLATE, values=HELLO)
    message = granted(await start_thread(desk.ports, AGENT, asked)).message
    assert message is not None
    return message


async def names_of(desk: Desk, contact: Contact) -> set[tuple[str, str]]:
    found = (await desk.ports.reader.identities_of(ACME, [contact.id]))[contact.id]
    return {(each.key.kind, each.key.value) for each in found}


async def thread_of(desk: Desk, message: Message) -> Thread:
    return (await desk.ports.reader.by_ids(Thread, ACME, [message.thread]))[message.thread]


# One contact in every order


STORY = ("answer", "sent", "delivered", "reply")


@pytest.mark.parametrize("order", list(permutations(STORY)))
@pytest.mark.parametrize("answer_names_id", [True, False])
async def test_a_template_its_marks_and_a_reply_by_id_alone_are_one_contact_in_every_order(
    desk: Desk, order: tuple[str, ...], answer_names_id: bool
) -> None:
    """The answer may be lost on the way, or late; marks and messages come in any order."""
    message = await started(desk)
    callback, claimed = callback_of(message), await leaving(desk, message)
    happens: dict[str, Callable[[], Awaitable[object]]] = {
        "answer": lambda: answered(desk, claimed, Accepted(OUT, NUMBER, "US.77" if answer_names_id else None)),
        "sent": lambda: desk.receive(
            replace(desk.status(MessageStatus.SENT, wamid=OUT, callback=callback), person=replace(BEN, username=None))
        ),
        "delivered": lambda: desk.receive(
            replace(desk.status(MessageStatus.DELIVERED, wamid=OUT, callback=callback), person=BEN)
        ),
        "reply": lambda: desk.receive(desk.message("thanks, coming", by=replace(BEN, wa_id=None))),
    }

    for step in order:
        await happens[step]()
        desk.later(MINUTE)

    contact = await desk.contact()
    assert (contact.wa_id, contact.business_scoped_id, contact.username) == (NUMBER, "US.77", "ben.sample")
    assert contact.profile_name == "Ben Sample"
    assert await names_of(desk, contact) >= {
        (IdentityKind.WA_ID, NUMBER),
        (IdentityKind.BUSINESS_SCOPED_ID, "US.77"),
        (IdentityKind.USERNAME, "ben.sample"),
    }
    before_reply = set(order[: order.index("reply")])
    if before_reply & {"sent", "delivered"} or (answer_names_id and "answer" in before_reply):
        assert await desk.session_state() is SessionState.OPEN  # in the one thread there is
        assert len(await desk.messages()) == 2
    assert (await thread_of(desk, message)).business_scoped_id == "US.77"


async def answered(desk: Desk, claimed: Claimed, answer: Accepted) -> None:
    await settle_answer(desk.ports, claimed, answer)


async def leaving(desk: Desk, message: Message) -> Claimed:
    """It is on its way to the network, which has not answered yet."""
    claimed = await claim(desk.ports, ACME, message.id)
    assert isinstance(claimed, Claimed)
    return claimed


@pytest.mark.parametrize("order", list(permutations(STORY[1:])))
async def test_what_comes_together_is_one_thread_in_every_order(desk: Desk, order: tuple[str, ...]) -> None:
    message = await started(desk)
    await leaving(desk, message)
    callback = callback_of(message)
    updates: dict[str, Update] = {
        "sent": replace(
            desk.status(MessageStatus.SENT, wamid=OUT, callback=callback), person=replace(BEN, username=None)
        ),
        "delivered": replace(desk.status(MessageStatus.DELIVERED, wamid=OUT, callback=callback), person=BEN),
        "reply": desk.message("thanks, coming", by=replace(BEN, wa_id=None)),
    }

    await desk.receive(*(updates[step] for step in order))

    assert (await desk.contact()).business_scoped_id == "US.77"
    assert len(await desk.messages()) == 2
    assert await desk.session_state() is SessionState.OPEN


async def test_who_answers_a_message_is_whom_it_was_written_to(desk: Desk) -> None:
    message = await started(desk)
    await answered(desk, await leaving(desk, message), Accepted(OUT, NUMBER))

    await desk.receive(desk.message("Yes", by=replace(BEN, wa_id=None), reply_to=OUT))

    contact = await desk.contact()
    assert (contact.wa_id, contact.business_scoped_id) == (NUMBER, "US.77")
    assert len(await desk.messages()) == 2
    found = (await desk.ports.reader.identities_of(ACME, [contact.id]))[contact.id]
    assert [each.evidence for each in found if each.key.value == "US.77"] == ["answered what was written to them"]


@pytest.mark.parametrize("by", [Person(wa_id="14155550199"), Person(business_scoped_id="US.99")])
async def test_who_answers_what_was_written_to_somebody_else_is_somebody_else(desk: Desk, by: Person) -> None:
    await desk.wrote("Hi", by=BEN)
    reply = await desk.dispatch(await desk.reply())

    await desk.receive(desk.message("Yes", by=by, reply_to=reply.wamid))

    assert len(await desk.contacts()) == 2


async def test_who_answers_what_is_not_here_is_who_they_are(desk: Desk) -> None:
    await desk.receive(desk.message("Yes", by=BY_ID, reply_to=Wamid("wamid.elsewhere")))

    assert (await desk.contact()).business_scoped_id == "US.77"


# The answer to a message


async def test_a_number_that_the_network_knows_by_another_is_the_one_it_names(desk: Desk) -> None:
    message = await started(desk, "4915155500120")
    await answered(desk, await leaving(desk, message), Accepted(OUT, "4915155500129"))

    await desk.wrote("danke", by=Person(wa_id="4915155500129", profile_name="Eva"))

    contact = await desk.contact()
    assert (contact.wa_id, (await desk.thread()).wa_id) == ("4915155500129", "4915155500129")
    assert len(await desk.messages()) == 2
    assert await desk.session_state() is SessionState.OPEN


async def test_who_is_known_by_the_number_that_the_network_names_is_who_it_was_written_to(desk: Desk) -> None:
    await desk.wrote("Hallo", by=Person(wa_id="4915155500129", profile_name="Eva"))
    eva = await desk.contact()
    desk.later(MINUTE)
    message = await started(desk, "4915155500120")

    await answered(desk, await leaving(desk, message), Accepted(OUT, "4915155500129", "DE.1"))

    contact = await desk.contact()
    assert (contact.id, contact.business_scoped_id) == (eva.id, "DE.1")
    assert {each.contact for each in await desk.threads()} == {eva.id}
    assert {each.contact for each in await desk.tickets()} == {eva.id}


async def test_an_answer_that_names_somebody_elses_id_joins_nobody(desk: Desk) -> None:
    await desk.receive(desk.message("Hi", by=Person(wa_id="14155550199", business_scoped_id="US.77")))
    message = await started(desk)

    await answered(desk, await leaving(desk, message), Accepted(OUT, NUMBER, "US.77"))

    assert len(await desk.contacts()) == 2


async def test_an_answer_that_tells_what_is_known_changes_nothing(desk: Desk) -> None:
    message = await started(desk)
    before = await desk.contact()

    await answered(desk, await leaving(desk, message), Accepted(OUT, NUMBER))

    assert await desk.contact() == before


async def test_who_people_here_entered_is_whom_a_template_finds_and_who_answers(desk: Desk) -> None:
    """Known by a number that nobody wrote from, and by an id that showed no number: the answer says they are one."""
    card = CreateContact("Ben", (Phone(f"+{NUMBER}", PhoneLabel.MOBILE),))
    entered = granted(await create_contact(desk.ports, AGENT, card))
    desk.later(MINUTE)
    await desk.wrote("Hi", by=BY_ID)
    message = await started(desk)

    await answered(desk, await leaving(desk, message), Accepted(OUT, NUMBER, "US.77"))

    contact = await desk.contact()
    assert (contact.id, contact.name, contact.wa_id, contact.business_scoped_id) == (
        entered.id,
        "Ben",
        NUMBER,
        "US.77",
    )


# Marks and reactions


async def test_a_mark_of_a_message_that_is_not_ours_makes_nobody_known_and_joins_who_is(desk: Desk) -> None:
    mark = replace(desk.status(MessageStatus.DELIVERED, wamid=OUT), person=BEN)
    assert [each.outcome for each in await desk.receive(mark)] == [Outcome.PARKED]
    assert await desk.contacts() == []
    await desk.wrote("Hi", by=BY_NUMBER)
    await desk.wrote("Hi", by=BY_ID)

    await desk.receive(replace(desk.status(MessageStatus.DELIVERED, wamid=Wamid("wamid.else")), person=BEN))

    assert (await desk.contact()).username == "ben.sample"


async def test_a_mark_that_names_nobody_or_somebody_known_changes_nothing(desk: Desk) -> None:
    await desk.wrote("Hi", by=BEN)
    reply = await desk.dispatch(await desk.reply())
    before, head = await desk.contact(), await desk.head()
    assert reply.wamid is not None

    for person in (None, BEN, BY_NUMBER):
        for status in (MessageStatus.DELIVERED, MessageStatus.READ):
            mark = desk.status(status, wamid=reply.wamid, callback=callback_of(reply))
            await desk.receive(replace(mark, person=person))

    assert await desk.contact() == before
    assert {type(each).__name__ for each in await desk.events(head)} == {"MessageStatusChanged"}


async def test_a_mark_tells_what_to_call_somebody_whom_nobody_could_call(desk: Desk) -> None:
    message = await started(desk)
    callback = callback_of(message)

    await desk.receive(
        replace(
            desk.status(MessageStatus.SENT, wamid=OUT, callback=callback), person=replace(BY_NUMBER, profile_name="Ben")
        )
    )

    assert (await desk.contact()).profile_name == "Ben"


async def test_a_reaction_that_shows_both_names_joins_who_was_known_by_each(desk: Desk) -> None:
    message = await desk.wrote("Hi", by=BY_NUMBER)
    await desk.wrote("Hi", by=BY_ID)
    assert message.wamid is not None

    await desk.receive(replace(desk.reaction(message.wamid), person=BEN))

    assert (await desk.contact()).business_scoped_id == "US.77"


async def test_what_a_mark_tells_of_one_of_a_merged_contact_is_theirs(desk: Desk) -> None:
    await desk.wrote("Hi", by=Person(wa_id="14155550199", profile_name="Ana"))
    ana = await desk.contact()
    desk.later(MINUTE)
    message = await started(desk)
    ben = (await thread_of(desk, message)).contact
    granted(await merge_contacts(desk.ports, AGENT, MergeContacts(ana.id, ben)))

    mark = desk.status(MessageStatus.DELIVERED, wamid=OUT, callback=callback_of(message))
    await desk.receive(replace(mark, person=BEN))
    reply = await desk.wrote("Hello", by=BY_ID)

    assert (await desk.contact()).business_scoped_id == "US.77"
    assert reply.thread == message.thread
    parted = granted(await split_contact(desk.ports, AGENT, SplitContact(ana.id, ben)))
    assert (parted.contact, parted.split_off.business_scoped_id) == (ana, "US.77")


# Choices and echoes


@pytest.mark.parametrize("carried_by", ["echo", "choice", "message"])
async def test_whatever_shows_both_names_joins_who_was_known_by_each(desk: Desk, carried_by: str) -> None:
    await desk.wrote("Hi", by=BY_NUMBER)
    await desk.wrote("Hi", by=BY_ID)

    match carried_by:
        case "echo":
            await desk.receive(desk.echo(to=BEN))
        case "choice":
            await desk.receive(desk.choice(stopped=True, by=BEN))
        case _:
            await desk.receive(desk.message("It's me", by=BEN))

    contact = await desk.contact()
    assert (contact.wa_id, contact.business_scoped_id, contact.username) == (NUMBER, "US.77", "ben.sample")


@pytest.mark.parametrize("number_first", [True, False])
async def test_a_person_who_changes_number_and_id_stays_one(desk: Desk, number_first: bool) -> None:
    await desk.wrote("Hi", by=BEN)
    told = [
        desk.rename(BY_NUMBER, Person(wa_id="14155550122"), wamid="wamid.n"),
        desk.rename(BY_ID, Person(business_scoped_id="US.78")),
    ]
    for each in told if number_first else reversed(told):
        await desk.receive(each)
    await desk.wrote("New phone", by=Person(business_scoped_id="US.78"))
    await desk.wrote("Same number", by=Person(wa_id="14155550122"))

    contact = await desk.contact()
    assert (contact.wa_id, contact.business_scoped_id) == ("14155550122", "US.78")
    assert len(await desk.threads()) == 1


async def test_contacts_that_turn_out_to_be_one_after_it_was_looked_are_looked_at_again(desk: Desk) -> None:
    await desk.wrote("Hi", by=BY_NUMBER)
    await desk.wrote("Hi", by=BY_ID)

    async with desk.database.store.transaction(ACME) as tx:
        batch = Batch.of(desk.ports, tx, desk.clock.now())
        with pytest.raises(WriteConflict):
            await gather(batch, [desk.message(by=BEN)])
