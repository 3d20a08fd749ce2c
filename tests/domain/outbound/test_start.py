"""Writing first: whom, from which number, in which thread, and what it opens."""

import asyncio
from dataclasses import replace

import pytest

from domain.channels.channels import ChannelState, Destination
from domain.channels.templates import Header, HeaderKind, TemplateCategory
from domain.contacts import IdentityKind, Phone, PhoneLabel
from domain.conversations.contents import TemplateMessage
from domain.conversations.messages import Direction, Message
from domain.conversations.sessions import SessionState, state_of
from domain.conversations.status import MessageStatus
from domain.conversations.threads import ThreadStatus
from domain.error_codes import ErrorCode
from domain.errors import Refused, SessionClosed
from domain.events import MessageAdded, QuotaChanged, ThreadChanged, TicketChanged
from domain.files.media import MediaState
from domain.ids import ChannelId, ContactId, MediaId, MessageId, PhoneNumberId, TemplateId, ThreadId, UserId
from domain.people.actors import Actor, ByUser, Scope
from domain.ports.network import Accepted, Outgoing
from domain.tickets import ReopenPolicy, TicketStatus
from domain.use_cases.conversations.threads import close_thread
from domain.use_cases.desk.tickets import close_ticket
from domain.use_cases.outbound.sending.start import Started, StartThread, start_thread
from tests.builders import (
    CHANNEL,
    CONTACT,
    DAY,
    GLOBEX,
    HOUR,
    MEDIA,
    MINUTE,
    NOON,
    NUMBER,
    TEMPLATE,
    THREAD,
    USER,
    WA_ID,
    a_channel,
    a_contact,
    a_media,
    a_person,
    a_template,
    a_thread,
    a_user,
    an_id,
    an_identity,
    an_organization,
)
from tests.domain.one_desk import (
    AGENT,
    HELLO,
    MAY_WORK,
    READER,
    Desk,
    a_key_for,
    granted,
    open_desk,
    refusal_of,
    refused_as,
)
from tests.domain.standins import wamid_number

BEN = "+48 600 700-800"
BEN_ID = "48600700800"
ANA = f"+{WA_ID}"
NOWHERE = an_id(99)
BRAZIL, BRAZIL_OLD = "5511987654321", "551187654321"


@pytest.fixture
async def desk() -> Desk:
    """Nobody has written yet."""
    return await open_desk()


def to_number(number: str = BEN, *, template: TemplateId | None = TEMPLATE, key: str | None = None) -> StartThread:
    values = HELLO if template is not None else ()
    return StartThread(CHANNEL, number=number, template=template, values=values, idempotency_key=key)


def to_contact(
    contact: ContactId = CONTACT, *, template: TemplateId | None = TEMPLATE, channel: ChannelId = CHANNEL
) -> StartThread:
    return StartThread(channel, contact, template=template, values=HELLO if template is not None else ())


async def started(desk: Desk, asked: StartThread, by: Actor = AGENT) -> Started:
    return granted(await start_thread(desk.ports, by, asked))


async def an_inbox(desk: Desk) -> None:
    await desk.given(replace(await desk.channel(), destination=Destination.INBOX))


def begun_with(started: Started) -> ContactId:
    return started.thread.contact


def said(started: Started) -> Message:
    assert started.message is not None
    return started.message


# To somebody who never wrote


async def test_a_number_that_never_wrote_becomes_a_contact_with_a_thread_a_ticket_and_the_template(desk: Desk) -> None:
    begun = await started(desk, to_number())

    contact, thread, ticket = await desk.contact(), await desk.thread(), await desk.ticket()
    message = said(begun)
    assert (begun.existing, begun.thread.id) == (False, thread.id)
    assert (contact.wa_id, contact.phones) == (BEN_ID, (Phone(f"+{BEN_ID}", PhoneLabel.WHATSAPP),))
    assert (thread.contact, thread.channel, thread.wa_id, thread.owner) == (contact.id, CHANNEL, BEN_ID, USER)
    assert (thread.status, thread.last_message, thread.ticket) == (ThreadStatus.OPEN, message.id, ticket.id)
    assert (ticket.owner, ticket.status, ticket.number) == (USER, TicketStatus.WAITING_ON_CONTACT, 1)
    assert ticket.subject == "Hi Ana, your order has left."
    assert isinstance(message.content, TemplateMessage)
    assert (message.status, message.author) == (MessageStatus.QUEUED, ByUser(USER))
    assert (message.from_number, message.to_number) == ("+15550783881", f"+{BEN_ID}")
    assert state_of(thread.session, desk.clock.now()) is SessionState.NEVER_OPENED
    assert [each.thread for each in await desk.entries()] == [thread.id]
    assert sorted(map(str, await desk.events())) == sorted(
        map(
            str,
            [
                TicketChanged(thread.id, ticket.id, ("status",)),
                MessageAdded(thread.id, message.id),
                TicketChanged(thread.id, ticket.id, ("status",)),
                QuotaChanged(),
            ],
        )
    )


async def test_the_template_leaves_to_that_number_and_the_answer_comes_into_the_same_thread(desk: Desk) -> None:
    begun = await started(desk, to_number())

    sent = await desk.dispatch(said(begun))
    answer = await desk.wrote("Who is this?", by=a_person(BEN_ID, profile_name="Ben"))

    [left] = desk.network.sent
    assert isinstance(left, Outgoing)
    assert (left.wa_id, left.number, sent.status) == (BEN_ID, NUMBER, MessageStatus.SENT)
    assert answer.thread == begun.thread.id
    assert ((await desk.contact()).profile_name, (await desk.ticket()).status) == ("Ben", TicketStatus.WAITING_ON_US)


@pytest.mark.parametrize(("typed", "answered"), [(BRAZIL, BRAZIL_OLD), (BRAZIL_OLD, BRAZIL), (BRAZIL, BRAZIL)])
async def test_whichever_form_of_a_number_the_network_prefers_it_is_one_person(
    desk: Desk, typed: str, answered: str
) -> None:
    begun = await started(desk, to_number(f"+{typed}"))
    desk.network.answers.append(Accepted(wamid_number(1), wa_id=answered))

    await desk.dispatch(said(begun))
    answer = await desk.wrote(by=a_person(answered))
    again = await started(desk, to_number(f"+{typed}"))

    assert (answer.thread, again.thread.id, again.existing) == (begun.thread.id, begun.thread.id, True)
    assert (await desk.contact()).wa_id == answered
    assert (await desk.thread()).wa_id == answered


async def test_somebody_known_by_one_form_of_their_number_is_found_by_the_other(desk: Desk) -> None:
    await desk.wrote(by=a_person(BRAZIL_OLD))
    known = await desk.thread()

    begun = await started(desk, to_number(f"+{BRAZIL}"))

    assert (begun.thread.id, begun.existing) == (known.id, True)
    assert (await desk.thread()).wa_id == BRAZIL_OLD, "the form the network told stays the one that is written to"
    assert (await desk.contact()).wa_id == BRAZIL_OLD
    second = a_channel(ChannelId(an_id(8)), phone_number="+15550001111", phone_number_id=PhoneNumberId("8"))
    await desk.given(second)
    elsewhere = await started(desk, replace(to_number(f"+{BRAZIL}"), channel=second.id))
    assert (elsewhere.existing, elsewhere.thread.wa_id) == (False, BRAZIL_OLD)


async def test_somebody_known_by_a_telephone_number_alone_is_that_contact(desk: Desk) -> None:
    await desk.given(
        a_contact(wa_id=None, name="Ben"), an_identity(kind=IdentityKind.PHONE, value=f"+{BEN_ID}", evidence="a list")
    )

    begun = await started(desk, to_number())
    answer = await desk.wrote(by=a_person(BEN_ID))

    assert (begun.thread.contact, begun.thread.wa_id, answer.thread) == (CONTACT, BEN_ID, begun.thread.id)
    assert (await desk.contact()).wa_id == BEN_ID


# To a contact


async def test_a_contact_of_another_number_of_ours_gets_a_thread_on_the_chosen_one(desk: Desk) -> None:
    message = await desk.wrote()
    second = replace(
        a_channel(ChannelId(an_id(8)), phone_number="+15550001111", phone_number_id=PhoneNumberId("8")),
        access_token=None,
    )
    await desk.given(second)
    contact = await desk.contact()

    begun = await started(desk, to_contact(contact.id, channel=second.id))

    assert (begun.existing, begun.thread.id == message.thread) == (False, False)
    assert (begun.thread.channel, begun.thread.wa_id) == (second.id, contact.wa_id)
    assert said(begun).from_number == "+15550001111"


async def test_somebody_without_a_visible_number_is_written_to_by_their_scoped_id(desk: Desk) -> None:
    await desk.given(a_contact(wa_id=None, business_scoped_id="US.1"))

    begun = await started(desk, to_contact())

    assert (begun.thread.wa_id, begun.thread.business_scoped_id) == (None, "US.1")
    assert said(begun).to_number is None


async def test_a_contact_known_by_telephone_is_written_to_at_the_likeliest_number(desk: Desk) -> None:
    phones = (
        Phone("+4822123", PhoneLabel.PHONE),
        Phone("x", PhoneLabel.MOBILE),
        Phone("+48600111222", PhoneLabel.MOBILE),
    )
    await desk.given(a_contact(wa_id=None, phones=phones))

    assert (await started(desk, to_contact())).thread.wa_id == "48600111222"


async def test_a_contact_that_turned_out_to_be_another_is_that_one(desk: Desk) -> None:
    kept = ContactId(an_id(5))
    await desk.given(a_contact(kept, wa_id=BEN_ID), replace(a_contact(), merged_into=kept))

    assert (await started(desk, to_contact())).thread.contact == kept


async def test_a_thread_with_another_number_of_the_same_contact_is_not_the_one_that_reaches_this_number(
    desk: Desk,
) -> None:
    await desk.given(a_contact(), an_identity(), an_identity(an_id(7), value=BEN_ID), a_thread(wa_id=WA_ID))

    to_ben = await started(desk, to_number(BEN))
    to_ana = await started(desk, to_number(ANA))

    assert (to_ben.existing, to_ben.thread.wa_id, to_ben.thread.contact) == (False, BEN_ID, CONTACT)
    assert (to_ana.existing, to_ana.thread.id) == (True, THREAD)


async def test_of_several_threads_the_one_that_answers_the_contacts_own_name_is_gone_on_with(desk: Desk) -> None:
    other = ThreadId(an_id(3))
    await desk.given(
        a_contact(business_scoped_id="US.1"),
        a_thread(other, wa_id=None, business_scoped_id="US.1", last_activity_at=NOON + MINUTE),
        a_thread(),
    )

    assert (await started(desk, to_contact())).thread.id == THREAD


# What is there


async def test_in_an_open_session_starting_leads_to_the_thread_and_says_nothing(desk: Desk) -> None:
    message = await desk.wrote()
    before = await desk.state()
    contact = await desk.contact()

    for asked in (to_number(ANA, template=None), to_contact(contact.id, template=None)):
        begun = await started(desk, asked)
        assert (begun.thread.id, begun.existing, begun.message) == (message.thread, True, None)

    assert await desk.state() == before


async def test_a_template_is_said_in_the_thread_that_is_there_and_takes_no_owner_away(desk: Desk) -> None:
    await desk.wrote()
    other = UserId(an_id(2))
    ticket = await desk.ticket()
    await desk.given(a_user(other, email="ben@acme.example"), replace(ticket, owner=other))
    await desk.given(replace(await desk.thread(), owner=other))
    desk.later(2 * DAY)

    begun = await started(desk, to_number(ANA))

    assert (begun.existing, (await desk.thread()).owner, (await desk.ticket()).owner) == (True, other, other)
    assert [each.direction for each in await desk.messages()] == [Direction.INBOUND, Direction.OUTBOUND]
    assert len(await desk.entries()) == 1


async def test_outside_a_session_nothing_starts_without_a_template(desk: Desk) -> None:
    before = await desk.state()
    never = refusal_of(await start_thread(desk.ports, AGENT, to_number(template=None)))
    assert await desk.state() == before

    await desk.wrote()
    desk.later(DAY)
    closed = refusal_of(await start_thread(desk.ports, AGENT, to_number(ANA, template=None)))

    assert (never, closed) == (SessionClosed(None, (TEMPLATE,)), SessionClosed(NOON + DAY, (TEMPLATE,)))


async def test_starting_reopens_what_was_closed_and_hands_it_to_who_starts(desk: Desk) -> None:
    await desk.wrote()
    granted(await close_ticket(desk.ports, AGENT, (await desk.ticket()).id))
    head = await desk.head()

    begun = await started(desk, to_number(ANA, template=None))

    thread, ticket = await desk.thread(), await desk.ticket()
    assert (begun.existing, thread.status, thread.owner) == (True, ThreadStatus.OPEN, USER)
    assert (ticket.status, ticket.owner, ticket.closed_at) == (TicketStatus.WAITING_ON_US, USER, None)
    assert await desk.events(head) == [
        TicketChanged(thread.id, ticket.id, ("status", "owner")),
        ThreadChanged(thread.id),
    ]
    assert [each.by for each in await desk.history(ticket)][-2:] == [ByUser(USER)] * 2


async def test_where_each_matter_is_a_ticket_of_its_own_starting_opens_a_new_one(desk: Desk) -> None:
    await desk.given(replace(await desk.channel(), reopen_policy=ReopenPolicy.NEW_TICKET))
    await desk.wrote("My order is late\nVery late")
    granted(await close_ticket(desk.ports, AGENT, (await desk.ticket()).id))

    silent = await started(desk, to_number(ANA, template=None))

    closed, opened = await desk.tickets()
    assert (closed.status, opened.status, opened.owner) == (TicketStatus.CLOSED, TicketStatus.NEW, USER)
    assert (opened.subject, silent.thread.ticket) == ("My order is late", opened.id)

    granted(await close_ticket(desk.ports, AGENT, opened.id))
    await started(desk, to_number(ANA))
    third = (await desk.tickets())[-1]
    assert (third.number, third.subject, third.status) == (
        3,
        "Hi Ana, your order has left.",
        TicketStatus.WAITING_ON_CONTACT,
    )


async def test_a_session_whose_message_is_not_here_opens_a_ticket_without_a_subject(desk: Desk) -> None:
    await desk.wrote()
    thread = await desk.thread()
    assert thread.session is not None
    lost = replace(thread.session, last_by=MessageId(NOWHERE))
    await desk.given(replace(thread, session=lost, ticket=None))

    await started(desk, to_number(ANA, template=None))

    assert (await desk.tickets())[-1].subject == ""


async def test_on_an_inbox_number_a_thread_opens_without_a_ticket(desk: Desk) -> None:
    await an_inbox(desk)

    begun = await started(desk, to_number())
    assert (await desk.tickets(), (await desk.thread()).owner) == ([], USER)

    granted(await close_thread(desk.ports, AGENT, begun.thread.id))
    await desk.given(replace(await desk.thread(), owner=None))
    again = await started(desk, to_number())
    once_more = await started(desk, to_number())

    thread = await desk.thread()
    assert (again.existing, once_more.existing, thread.status, thread.owner) == (True, True, ThreadStatus.OPEN, USER)
    assert await desk.tickets() == []


async def test_what_a_program_starts_belongs_to_nobody_yet(desk: Desk) -> None:
    begun = await started(desk, to_number(), by=a_key_for(Scope.MESSAGES))

    assert (begun.thread.owner, (await desk.ticket()).owner) == (None, None)


# Twice


async def test_two_who_start_at_once_make_one_contact_one_thread_and_one_ticket(desk: Desk) -> None:
    both = await asyncio.gather(*(started(desk, to_number()) for _ in range(2)))

    assert sorted(each.existing for each in both) == [False, True]
    assert len({each.thread.id for each in both}) == 1
    assert (len(await desk.contacts()), len(await desk.tickets()), len(await desk.messages())) == (1, 1, 2)


async def test_the_same_key_gives_the_same_thread_and_message(desk: Desk) -> None:
    first = await started(desk, to_number(key="once"))
    desk.later(HOUR)

    again = await started(desk, to_number(number="+48600700800", key="once"))

    assert (again.thread.id, again.existing, said(again).id) == (first.thread.id, False, said(first).id)
    assert len(await desk.messages()) == 1
    desk.later(HOUR)
    later = await started(desk, to_number(key="another"))
    assert (later.existing, (await started(desk, to_number(key="another"))).existing) == (True, True)
    asked = to_number(key="once")
    for other in (
        replace(asked, number="+48600700801"),
        replace(asked, channel=ChannelId(NOWHERE)),
        replace(asked, number=None, contact=begun_with(first)),
        replace(asked, template=TemplateId(NOWHERE)),
        replace(asked, values=()),
    ):
        assert refused_as(await start_thread(desk.ports, AGENT, other)) is ErrorCode.IDEMPOTENCY_MISMATCH


async def test_the_same_key_leads_to_the_thread_even_when_the_session_is_over(desk: Desk) -> None:
    message = await desk.wrote()
    asked = replace(to_number(ANA, template=None), idempotency_key="once")
    await started(desk, asked)
    desk.later(2 * DAY)

    again = await started(desk, asked)

    assert (again.thread.id, again.existing, again.message) == (message.thread, True, None)


async def test_a_start_that_collides_is_tried_again_and_done_once(desk: Desk) -> None:
    desk.store.collisions = 2

    await started(desk, to_number())

    assert (len(await desk.threads()), len(await desk.messages()), desk.store.pauses) == (1, 1, [1, 2])


# Who may, and what is refused


@pytest.mark.parametrize("actor", [*MAY_WORK, a_key_for(Scope.MESSAGES)])
async def test_who_may_send_may_start(desk: Desk, actor: Actor) -> None:
    assert said(await started(desk, to_number(), by=actor)).author == actor.author


async def test_the_template_that_begins_it_may_bring_a_file(desk: Desk) -> None:
    file = a_media(state=MediaState.READY, size=1000, direction=Direction.OUTBOUND, channel=None)
    await desk.given(a_template(header=Header(HeaderKind.IMAGE)), file)
    asked = replace(to_number(key="key"), header_media=MEDIA)

    first = said(await started(desk, asked))

    assert isinstance(first.content, TemplateMessage)
    assert first.content.header_media == MEDIA
    assert said(await started(desk, asked)).id == first.id
    refusal = await start_thread(desk.ports, AGENT, replace(asked, header_media=MediaId(NOWHERE)))
    assert refused_as(refusal) is ErrorCode.IDEMPOTENCY_MISMATCH


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        (StartThread(CHANNEL), ErrorCode.INVALID, "contactId"),
        (StartThread(CHANNEL, CONTACT, ANA), ErrorCode.INVALID, "contactId"),
        (to_number("600 700 800"), ErrorCode.INVALID, "phoneNumber"),
        (to_number("+15550783881"), ErrorCode.INVALID, "phoneNumber"),
        (replace(to_number(template=None), values=HELLO), ErrorCode.INVALID, "parameters"),
        (replace(to_number(template=None), header_media=MEDIA), ErrorCode.INVALID, "headerMediaId"),
        (replace(to_number(), header_media=MEDIA), ErrorCode.NOT_FOUND, "headerMediaId"),
        (to_number(key=""), ErrorCode.INVALID, "idempotencyKey"),
        (replace(to_number(), channel=ChannelId(NOWHERE)), ErrorCode.NOT_FOUND, "channelId"),
        (to_contact(ContactId(NOWHERE)), ErrorCode.NOT_FOUND, "contactId"),
        (to_contact(), ErrorCode.INVALID, "contactId"),
        (to_number(template=TemplateId(NOWHERE)), ErrorCode.NOT_FOUND, "templateId"),
    ],
)
async def test_nonsense_is_refused_by_its_field(desk: Desk, asked: StartThread, code: ErrorCode, field: str) -> None:
    await desk.given(a_contact(wa_id=None))
    before = await desk.state()

    refusal = refusal_of(await start_thread(desk.ports, AGENT, asked))

    assert isinstance(refusal, Refused)
    assert (refusal.code, refusal.field) == (code, (field,))
    assert await desk.state() == before


async def test_what_stops_a_template_stops_a_start(desk: Desk) -> None:
    await desk.given(a_contact(), an_identity())

    async def refused() -> ErrorCode:
        before = await desk.state()
        code = refused_as(await start_thread(desk.ports, AGENT, to_contact()))
        assert (await desk.state() == before, await desk.threads()) == (True, [])
        return code

    assert refused_as(await start_thread(desk.ports, READER, to_contact())) is ErrorCode.FORBIDDEN
    channel, organization = await desk.channel(), await desk.organization()
    await desk.given(replace(channel, state=ChannelState.DISCONNECTED))
    assert await refused() is ErrorCode.CHANNEL_UNAVAILABLE
    await desk.given(replace(channel, messaging_limit=0))
    assert await refused() is ErrorCode.DAILY_ALLOWANCE_EXCEEDED
    await desk.given(channel, replace(organization, quota_limit=0))
    assert await refused() is ErrorCode.QUOTA_EXCEEDED
    await desk.given(organization, replace(a_contact(), opted_out_at=NOON))
    assert await refused() is ErrorCode.CONTACT_OPTED_OUT
    marketing = a_template(category=TemplateCategory.MARKETING)
    await desk.given(replace(a_contact(), marketing_opted_out_at=NOON), marketing)
    assert await refused() is ErrorCode.CONTACT_OPTED_OUT
    await desk.given(a_contact(), a_template(parameters=()))
    assert await refused() is ErrorCode.TEMPLATE_PARAMETERS
    assert desk.network.sent == []


async def test_contacts_and_numbers_of_another_organization_are_as_unknown_as_none(desk: Desk) -> None:
    await desk.given(an_organization(GLOBEX))
    await desk.given(a_channel(ChannelId(an_id(8)), organization=GLOBEX), a_contact(organization=GLOBEX))

    assert refused_as(await start_thread(desk.ports, AGENT, to_contact())) is ErrorCode.NOT_FOUND
    elsewhere = replace(to_number(), channel=ChannelId(an_id(8)))
    assert refused_as(await start_thread(desk.ports, AGENT, elsewhere)) is ErrorCode.NOT_FOUND


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("\u202a+1 415-555-0151\u202c", "14155550151"),
        ("+44 (0)7700 900155", "447700900155"),
        ("+49 01515 5500129", "4915155500129"),
        ("07700 900155", "447700900155"),
    ],
)
async def test_a_number_is_dialled_as_it_was_meant(desk: Desk, typed: str, number: str) -> None:
    await desk.given(replace(await desk.organization(), country="GB"))
    asked = StartThread(CHANNEL, number=typed, template=TEMPLATE, values=HELLO)

    started = granted(await start_thread(desk.ports, AGENT, asked))
    again = granted(await start_thread(desk.ports, AGENT, replace(asked, number=f"+{number}")))

    assert (started.thread.wa_id, again.thread.id) == (number, started.thread.id)


async def test_a_local_number_without_a_country_and_nonsense_are_refused_before_anything_is_queued(desk: Desk) -> None:
    for typed in ("07700 900155", "+44 7700 9001", "+999 1234567", "call me", ""):
        asked = StartThread(CHANNEL, number=typed, template=TEMPLATE, values=HELLO)
        refusal = refusal_of(await start_thread(desk.ports, AGENT, asked))
        assert isinstance(refusal, Refused)
        assert (refusal.code, refusal.field) == (ErrorCode.INVALID, ("phoneNumber",))
    assert await desk.contacts() == []
