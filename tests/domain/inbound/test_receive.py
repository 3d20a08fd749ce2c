"""What the network tells becomes contacts, threads, sessions, tickets, messages and marks."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from domain.channels.channels import Channel, ChannelState, Destination, ProblemCode
from domain.contacts import IdentityKind, Phone, PhoneLabel
from domain.conversations.contents import MediaMessage, Notice, Text, Unsupported
from domain.conversations.messages import Direction, Message, Reaction, Source
from domain.conversations.sessions import Session, SessionState
from domain.conversations.status import Failure, MessageStatus
from domain.conversations.threads import ThreadStatus
from domain.events import (
    ChannelChanged,
    MessageAdded,
    MessageChange,
    MessageChanged,
    MessageStatusChanged,
    SessionChange,
    SessionChanged,
    ThreadChanged,
    TicketChanged,
)
from domain.files.media import Media, MediaState
from domain.files.rules import MediaKind
from domain.ids import ChannelId, DeliveryId, PhoneNumberId, ThreadId, Wamid
from domain.people.actors import ByContact, BySystem
from domain.ports.deliveries import DeliveryState
from domain.tickets import ReopenPolicy, TicketStatus
from domain.updates import GROUP, Ignored, IncomingMedia, Outcome, UpdateRecord
from domain.use_cases.conversations.threads import MarkRead, mark_read
from domain.use_cases.desk.tickets import AssignTicket, assign_ticket, close_ticket
from domain.use_cases.inbound.receive import record_failure
from domain.use_cases.inbound.records import results_of
from tests.builders import (
    ACME,
    CONTACT,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    NUMBER,
    USER,
    WA_ID,
    a_contact,
    a_person,
    a_thread,
    a_user,
    an_id,
    an_identity,
    an_inbound,
)
from tests.domain.one_desk import AGENT, ANA, Desk, a_desk_number, granted, open_desk
from tests.domain.standins import wamid_number

SECOND = timedelta(seconds=1)
QUEUED, UNKNOWN, SENT = MessageStatus.QUEUED, MessageStatus.UNKNOWN, MessageStatus.SENT
FAILED, DELIVERED = MessageStatus.FAILED, MessageStatus.DELIVERED
READ, PLAYED = MessageStatus.READ, MessageStatus.PLAYED
UNDELIVERABLE = Failure("It can't be delivered", "Reach the contact another way.", retryable=False, code=131026)
OTHER_NUMBER = PhoneNumberId("106540352242999")


@pytest.fixture
async def desk() -> Desk:
    return await open_desk()


def outcomes(records: list[UpdateRecord]) -> list[Outcome]:
    return [record.outcome for record in records]


async def with_channel(desk: Desk, **changes: object) -> Channel:
    changed = replace(await desk.channel(), **changes)  # type: ignore[arg-type]
    await desk.given(changed)
    return changed


# A contact writes


async def test_a_first_message_makes_one_contact_one_thread_one_new_ticket_and_one_message(desk: Desk) -> None:
    records = await desk.receive(desk.message("Where is my order?\nIt is number 7."))

    assert outcomes(records) == [Outcome.APPLIED]
    contact, thread, ticket = await desk.contact(), await desk.thread(), await desk.ticket()
    [message] = await desk.messages()
    assert (thread.contact, thread.ticket, thread.status) == (contact.id, ticket.id, ThreadStatus.OPEN)
    assert (ticket.number, ticket.status, ticket.source) == (1, TicketStatus.NEW, Source.WHATSAPP)
    assert (ticket.subject, ticket.contact, ticket.thread) == ("Where is my order?", contact.id, thread.id)
    assert (message.thread, message.content) == (thread.id, Text("Where is my order?\nIt is number 7."))
    assert await desk.events() == [
        TicketChanged(thread.id, ticket.id, ("status",)),
        MessageAdded(thread.id, message.id),
        SessionChanged(thread.id, SessionChange.OPENED),
    ]


async def test_on_an_inbox_number_a_message_makes_a_thread_and_no_ticket(desk: Desk) -> None:
    await with_channel(desk, destination=Destination.INBOX)

    await desk.wrote()

    assert (await desk.thread()).ticket is None
    assert await desk.tickets() == []


async def test_further_messages_join_the_thread_and_its_open_ticket(desk: Desk) -> None:
    await desk.wrote("Hello")
    await desk.wrote("Are you there?")

    thread = await desk.thread()
    assert await desk.texts() == ["Hello", "Are you there?"]
    assert thread.unread_count == 2
    assert (await desk.ticket()).status is TicketStatus.NEW
    assert [each.channel for each in await desk.threads()] == [(await desk.channel()).id]


async def test_a_ticket_waits_on_us_when_the_contact_answers_our_reply(desk: Desk) -> None:
    await desk.wrote()
    await desk.reply()
    assert (await desk.ticket()).status is TicketStatus.WAITING_ON_CONTACT

    await desk.wrote("Thanks, but …")

    ticket = await desk.ticket()
    assert ticket.status is TicketStatus.WAITING_ON_US
    changes = [(each.before, each.after) for each in await desk.history(ticket)]
    assert changes == [("NEW", "WAITING_ON_CONTACT"), ("WAITING_ON_CONTACT", "WAITING_ON_US")]


async def test_the_message_tells_both_numbers_and_both_times(desk: Desk) -> None:
    """Delivered three hours late: it stands where the phone sent it, and the session counts from there."""
    sent_at = NOON - 3 * HOUR

    message = await desk.wrote(at=sent_at)

    assert (message.from_number, message.to_number) == (f"+{WA_ID}", "+15550783881")
    assert (message.at, message.sent_at, message.received_at) == (sent_at, sent_at, NOON)
    session = (await desk.thread()).session
    assert session == Session(sent_at, sent_at, message.id)


async def test_the_contact_is_called_by_their_profile_and_what_people_set_stays(desk: Desk) -> None:
    await desk.wrote(by=replace(ANA, profile_name="Ana"))
    contact = await desk.contact()
    assert (contact.profile_name, contact.name) == ("Ana", None)
    assert contact.phones == (Phone(f"+{WA_ID}", PhoneLabel.WHATSAPP),)

    await desk.given(replace(contact, name="Ana Lima"))
    await desk.wrote(by=replace(ANA, profile_name="anita 🌺"))

    contact = await desk.contact()
    assert (contact.profile_name, contact.name) == ("anita 🌺", "Ana Lima")


async def test_what_an_update_leaves_out_of_a_person_stays_known(desk: Desk) -> None:
    await desk.wrote(by=a_person(business_scoped_id="US.1", username="ana.l", profile_name="Ana"))
    await desk.wrote(by=a_person(profile_name=None))

    contact = await desk.contact()
    assert (contact.business_scoped_id, contact.username, contact.profile_name) == ("US.1", "ana.l", "Ana")


@pytest.mark.parametrize("label", [PhoneLabel.PHONE, PhoneLabel.MOBILE])
async def test_a_number_a_contact_has_as_a_phone_ties_the_conversation_to_them(desk: Desk, label: PhoneLabel) -> None:
    contact = a_contact(wa_id=None, name="Ana Lima", phones=(Phone(f"+{WA_ID}", label),))
    await desk.given(contact, an_identity(kind=IdentityKind.PHONE, value=f"+{WA_ID}"))

    await desk.wrote()

    assert (await desk.contact()).id == CONTACT
    assert (await desk.thread()).contact == CONTACT


BRAZILIAN = [("5511987654321", "551187654321"), ("551187654321", "5511987654321")]


@pytest.mark.parametrize(("first", "second"), BRAZILIAN)
async def test_two_spellings_of_a_brazilian_number_are_one_contact_and_one_thread(
    desk: Desk, first: str, second: str
) -> None:
    await desk.wrote(by=a_person(first))
    await desk.wrote(by=a_person(second))

    thread = await desk.thread()
    assert (await desk.contact()).id == thread.contact
    assert (await desk.contact()).wa_id == second
    assert thread.wa_id == second, "replies go to the number last seen"
    identities = (await desk.ports.reader.identities_of(ACME, [thread.contact]))[thread.contact]
    assert {each.key.value for each in identities} == {first, second}


@pytest.mark.parametrize(("stored", "told"), BRAZILIAN)
async def test_a_stored_phone_in_one_spelling_is_found_by_the_other(desk: Desk, stored: str, told: str) -> None:
    await desk.given(a_contact(wa_id=None), an_identity(kind=IdentityKind.PHONE, value=f"+{stored}"))

    await desk.wrote(by=a_person(told))

    assert (await desk.contact()).id == CONTACT


async def test_somebody_without_a_visible_number_is_a_contact_and_stays_one_when_it_appears(desk: Desk) -> None:
    await desk.wrote(by=a_person(None, business_scoped_id="US.1"))
    contact, thread = await desk.contact(), await desk.thread()
    assert (contact.wa_id, contact.phones) == (None, ())
    assert (thread.wa_id, thread.business_scoped_id) == (None, "US.1")
    assert (await desk.messages())[0].from_number is None

    await desk.wrote(by=a_person(WA_ID, business_scoped_id="US.1"))

    assert (await desk.contact()).wa_id == WA_ID
    assert (await desk.thread()).wa_id == WA_ID


async def test_each_number_of_ours_has_a_thread_of_its_own_with_the_same_contact(desk: Desk) -> None:
    other = replace(a_desk_number(OTHER_NUMBER), id=ChannelId(an_id(1)))
    await desk.given(other)

    await desk.receive(desk.message(), desk.message(number=OTHER_NUMBER))

    assert len(await desk.threads()) == 2
    assert {each.contact for each in await desk.threads()} == {(await desk.contact()).id}


async def test_of_two_threads_a_merge_left_the_one_that_answers_the_same_name_goes_on(desk: Desk) -> None:
    by_number = a_thread(ThreadId(an_id(2)), wa_id=WA_ID)
    by_scoped_id = a_thread(ThreadId(an_id(1)), wa_id=None, business_scoped_id="US.1")
    await desk.given(a_contact(), by_number, by_scoped_id)
    await desk.given(an_identity(an_id(1)), an_identity(an_id(2), kind=IdentityKind.BUSINESS_SCOPED_ID, value="US.1"))

    answered = await desk.wrote()
    scoped = await desk.wrote(by=a_person(None, business_scoped_id="US.1"))

    assert (answered.thread, scoped.thread) == (by_number.id, by_scoped_id.id)


# Again, late, all at once


async def test_who_only_opened_the_chat_is_seen_and_opens_no_session_and_no_ticket(desk: Desk) -> None:
    opened = replace(
        desk.message(content=Notice("The contact opened the chat."), extends_session=False), opens_thread=True
    )

    [record] = await desk.receive(opened)

    [message] = await desk.messages()
    thread = await desk.thread()
    assert (record.outcome, message.content) == (Outcome.APPLIED, Notice("The contact opened the chat."))
    assert (thread.session, thread.ticket, thread.unread_count) == (None, None, 1)


async def test_the_same_webhook_fifty_times_in_parallel_gives_one_message(desk: Desk) -> None:
    update = desk.message()

    answers = await asyncio.gather(*(desk.receive(update) for _ in range(50)))

    assert len(await desk.messages()) == 1
    assert all(records == answers[0] for records in answers), "it was applied once, and everybody is told the same"


async def test_the_same_message_in_other_deliveries_changes_nothing(desk: Desk) -> None:
    await desk.receive(desk.message("Hello", wamid="wamid.1"))
    seen = await desk.state()

    records = await desk.receive(desk.message("Hello", wamid="wamid.1"), desk.message("Hello", wamid="wamid.1"))

    assert outcomes(records) == [Outcome.DUPLICATE, Outcome.DUPLICATE]
    assert await desk.state() == seen


async def test_a_message_twice_in_one_batch_is_one_message(desk: Desk) -> None:
    records = await desk.receive(desk.message(wamid="wamid.1"), desk.message(wamid="wamid.1"))

    assert outcomes(records) == [Outcome.APPLIED, Outcome.DUPLICATE]
    assert len(await desk.messages()) == 1


async def test_two_messages_with_equal_text_and_time_are_two(desk: Desk) -> None:
    await desk.receive(desk.message("Hi", at=NOON), desk.message("Hi", at=NOON))

    assert await desk.texts() == ["Hi", "Hi"]


async def test_ten_first_messages_at_once_give_one_contact_one_thread_one_ticket(desk: Desk) -> None:
    updates = [desk.message(f"Picture {number}") for number in range(10)]

    await asyncio.gather(*(desk.receive(update) for update in updates[:5]), desk.receive(*updates[5:]))

    assert len(await desk.contacts()) == len(await desk.threads()) == len(await desk.tickets()) == 1
    assert sorted(await desk.texts()) == [f"Picture {number}" for number in range(10)]
    assert (await desk.thread()).unread_count == 10


async def test_tickets_of_a_batch_are_numbered_in_order_and_no_number_is_lost(desk: Desk) -> None:
    """Ana writes under each of her two names, which the last message proves to be hers: one ticket fewer than names."""
    by_id = a_person(None, business_scoped_id="US.1")
    ana, bo, cy = a_person("15550102001"), a_person("15550102002"), a_person("15550102003")
    both = replace(ana, business_scoped_id="US.1")
    old = desk.message("old", by=cy, at=NOON - 60 * DAY)

    await desk.receive(desk.message("1", by=both), old, desk.message("1", by=by_id), desk.message("2", by=bo))
    await desk.receive(desk.message("3", by=cy), desk.message("4", by=a_person("15550102004")))

    assert [(each.number, each.subject) for each in await desk.tickets()] == [(1, "1"), (2, "2"), (3, "3"), (4, "4")]


async def test_a_late_message_is_inserted_at_its_place_and_announced(desk: Desk) -> None:
    await desk.receive(desk.message("first", at=NOON - 2 * HOUR))
    await desk.receive(desk.message("third", at=NOON))
    head = await desk.head()

    await desk.receive(desk.message("second", at=NOON - HOUR))

    thread = await desk.thread()
    late = next(each for each in await desk.messages() if each.content == Text("second"))
    assert await desk.texts() == ["first", "second", "third"]
    assert thread.last_message != late.id
    assert (await desk.events(head)) == [MessageAdded(thread.id, late.id)]


async def test_messages_of_one_second_stand_in_the_order_they_came(desk: Desk) -> None:
    await desk.receive(*(desk.message(text, at=NOON) for text in ("a", "b", "c")))

    assert await desk.texts() == ["a", "b", "c"]


# The session


async def test_a_session_lasts_24_hours_from_the_contacts_last_message(desk: Desk) -> None:
    first = await desk.wrote()
    desk.later(5 * HOUR)
    second = await desk.wrote()
    assert (await desk.thread()).session == Session(NOON, NOON + 5 * HOUR, second.id)
    assert first.id != second.id

    desk.later(HOUR)
    await desk.reply()
    session = (await desk.thread()).session
    assert session is not None
    assert session.expires_at == NOON + 29 * HOUR, "our own replies never move it"

    desk.clock.at = NOON + 29 * HOUR - SECOND
    assert await desk.session_state() is SessionState.OPEN
    desk.clock.at = NOON + 29 * HOUR
    assert await desk.session_state() is SessionState.CLOSED


async def test_a_second_message_extends_the_session_and_one_after_its_end_opens_another(desk: Desk) -> None:
    await desk.wrote()
    desk.later(5 * HOUR)
    await desk.wrote()
    desk.later(24 * HOUR)
    await desk.wrote()

    changes = [each.change for each in await desk.events() if isinstance(each, SessionChanged)]
    assert changes == [SessionChange.OPENED, SessionChange.EXTENDED, SessionChange.OPENED]
    session = (await desk.thread()).session
    assert session is not None
    assert session.opened_at == NOON + 29 * HOUR


async def test_a_message_so_late_that_its_session_is_over_opens_none(desk: Desk) -> None:
    await desk.wrote(at=NOON - 25 * HOUR)

    assert await desk.session_state() is SessionState.CLOSED
    assert not [each for each in await desk.events() if isinstance(each, SessionChanged)]
    assert (await desk.thread()).alarm is None


@pytest.mark.parametrize("skew", [10 * MINUTE, 10 * DAY, 365 * DAY])
async def test_a_phone_whose_clock_runs_ahead_gets_24_hours_from_the_arrival(desk: Desk, skew: timedelta) -> None:
    message = await desk.wrote(at=NOON + skew)

    assert (message.at, message.sent_at) == (NOON, NOON + skew)
    session = (await desk.thread()).session
    assert session is not None
    assert session.expires_at == NOON + 24 * HOUR


@pytest.mark.parametrize("told", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2008, 12, 31, tzinfo=UTC)])
async def test_a_nonsense_time_counts_as_the_arrival_and_is_shown_as_told(desk: Desk, told: datetime) -> None:
    message = await desk.wrote(at=told)

    assert (message.at, message.sent_at, message.received_at) == (NOON, told, NOON)
    assert await desk.session_state() is SessionState.OPEN


async def test_a_missing_time_is_the_arrival(desk: Desk) -> None:
    update = replace(desk.message(), sent_at=None)

    await desk.receive(update)

    [message] = await desk.messages()
    assert message.at == message.sent_at == message.received_at == NOON


async def test_a_late_message_that_closes_a_gap_joins_two_runs_into_one_session(desk: Desk) -> None:
    old = [NOON - 60 * HOUR, NOON - 50 * HOUR, NOON - 30 * HOUR]
    await desk.receive(*(desk.message(at=at) for at in [*old, NOON]))
    session = (await desk.thread()).session
    assert session is not None
    assert session.opened_at == NOON

    await desk.wrote(at=NOON - 15 * HOUR)

    session = (await desk.thread()).session
    assert session is not None
    assert (session.opened_at, session.last_at) == (NOON - 60 * HOUR, NOON)


async def test_a_very_long_run_is_followed_to_its_beginning(desk: Desk) -> None:
    """More messages than are looked up at a time, and a gap before the first of them."""
    channel = await desk.channel()
    await desk.given(a_contact(), an_identity(), replace(a_thread(), channel=channel.id))
    hours = [*range(30, 30 + 450), 30 + 450 + 24]
    old = [
        replace(an_inbound(at=NOON - hour * HOUR, wamid=Wamid(f"wamid.old-{hour}")), id=an_id(hour)) for hour in hours
    ]
    await desk.given(*old)
    await desk.receive(desk.message(at=NOON))

    await desk.wrote(at=NOON - 15 * HOUR)

    session = (await desk.thread()).session
    assert session is not None
    assert session.opened_at == NOON - (30 + 449) * HOUR


@pytest.mark.parametrize("count", [199, 200, 201, 400])
async def test_the_beginning_is_found_whatever_the_number_of_messages(desk: Desk, count: int) -> None:
    channel = await desk.channel()
    await desk.given(a_contact(), an_identity(), replace(a_thread(), channel=channel.id))
    old = [
        replace(an_inbound(at=NOON - (30 * 60 + n) * MINUTE, wamid=Wamid(f"wamid.old-{n}")), id=an_id(n))
        for n in range(count)
    ]
    await desk.given(*old)
    await desk.receive(desk.message(at=NOON))

    await desk.wrote(at=NOON - 15 * HOUR)

    session = (await desk.thread()).session
    assert session is not None
    assert session.opened_at == NOON - (30 * 60 + count - 1) * MINUTE


# What stands after a closed ticket


async def after_it_was_closed(desk: Desk) -> None:
    await desk.wrote()
    granted(await assign_ticket(desk.ports, AGENT, AssignTicket((await desk.ticket()).id, owner=USER)))
    granted(await close_ticket(desk.ports, AGENT, (await desk.ticket()).id))
    assert (await desk.thread()).status is ThreadStatus.CLOSED


async def test_a_message_on_a_closed_ticket_reopens_it_with_its_number_and_owner(desk: Desk) -> None:
    await after_it_was_closed(desk)
    head = await desk.head()
    desk.later(MINUTE)

    await desk.wrote("One more thing")

    ticket, thread = await desk.ticket(), await desk.thread()
    assert (ticket.number, ticket.status, ticket.closed_at) == (1, TicketStatus.WAITING_ON_US, None)
    assert (thread.status, ticket.owner, thread.owner) == (ThreadStatus.OPEN, USER, USER)
    assert (await desk.history(ticket))[-1].by == BySystem()
    assert [type(each) for each in await desk.events(head)] == [
        TicketChanged,
        MessageAdded,
        SessionChanged,
        ThreadChanged,
    ]


async def test_a_message_on_a_closed_ticket_opens_another_in_the_same_thread_where_the_channel_says_so(
    desk: Desk,
) -> None:
    await with_channel(desk, reopen_policy=ReopenPolicy.NEW_TICKET)
    await after_it_was_closed(desk)

    await desk.wrote("Another matter")

    old, new = await desk.tickets()
    thread = await desk.thread()
    assert (old.number, old.status, new.number, new.status) == (1, TicketStatus.CLOSED, 2, TicketStatus.NEW)
    assert (thread.ticket, thread.status, thread.owner) == (new.id, ThreadStatus.OPEN, None)
    assert new.subject == "Another matter"


@pytest.mark.parametrize("changes", [{"available": False}, {"active": False}])
async def test_a_reopened_ticket_never_returns_to_an_owner_who_is_not_there(
    desk: Desk, changes: dict[str, bool]
) -> None:
    await after_it_was_closed(desk)
    await desk.given(replace(a_user(), **changes))

    await desk.wrote()

    assert ((await desk.ticket()).owner, (await desk.thread()).owner) == (None, None)


async def test_a_ticket_nobody_owned_is_reopened_without_an_owner(desk: Desk) -> None:
    await desk.wrote()
    granted(await close_ticket(desk.ports, AGENT, (await desk.ticket()).id))

    await desk.wrote()

    assert (await desk.ticket()).owner is None
    assert (await desk.ticket()).status is TicketStatus.WAITING_ON_US


async def test_on_an_inbox_number_a_message_reopens_the_thread(desk: Desk) -> None:
    await with_channel(desk, destination=Destination.INBOX)
    await desk.wrote()
    await desk.given(replace(await desk.thread(), status=ThreadStatus.CLOSED))
    head = await desk.head()

    await desk.wrote()

    assert (await desk.thread()).status is ThreadStatus.OPEN
    assert ThreadChanged((await desk.thread()).id) in await desk.events(head)


@pytest.mark.parametrize("policy", list(ReopenPolicy))
async def test_closing_and_writing_at_the_same_moment_leaves_exactly_one_open_ticket(
    desk: Desk, policy: ReopenPolicy
) -> None:
    await with_channel(desk, reopen_policy=policy)
    await desk.wrote()

    for _ in range(20):
        newest = (await desk.tickets())[-1]
        update = desk.message()
        await asyncio.gather(close_ticket(desk.ports, AGENT, newest.id), desk.receive(update))
        if not [each for each in await desk.tickets() if each.is_open]:
            await desk.wrote()  # closing came last; the next message opens
        thread, tickets = await desk.thread(), await desk.tickets()
        assert [each.id for each in tickets if each.is_open] == [thread.ticket]
        assert thread.status is ThreadStatus.OPEN


# Only what was written while connected


async def test_a_message_from_before_the_number_was_connected_is_kept_and_does_nothing(desk: Desk) -> None:
    await with_channel(desk, connected_at=NOON + timedelta(milliseconds=700))
    seen = await desk.state()

    records = await desk.receive(desk.message(at=NOON - SECOND))

    assert [(each.outcome, each.reason) for each in records] == [
        (Outcome.IGNORED, "written before the number was connected")
    ]
    assert await desk.state() == seen


async def test_a_message_of_the_second_in_which_the_number_was_connected_counts(desk: Desk) -> None:
    """The network tells whole seconds."""
    await with_channel(desk, connected_at=NOON + timedelta(milliseconds=700))
    desk.later(SECOND)

    assert outcomes(await desk.receive(desk.message(at=NOON))) == [Outcome.APPLIED]


async def test_a_channel_that_was_never_connected_sets_no_limit_in_time(desk: Desk) -> None:
    await with_channel(desk, connected_at=None)

    assert outcomes(await desk.receive(desk.message(at=NOON - DAY))) == [Outcome.APPLIED]


async def test_a_disconnected_number_keeps_what_comes_and_opens_nothing(desk: Desk) -> None:
    await with_channel(desk, state=ChannelState.DISCONNECTED)
    seen = await desk.state()

    [record] = await desk.receive(desk.message())

    assert (record.outcome, record.reason) == (Outcome.IGNORED, "the number is disconnected")
    assert await desk.state() == seen


@pytest.mark.parametrize("number", [OTHER_NUMBER, None])
async def test_an_update_for_a_number_that_is_not_here_is_kept(desk: Desk, number: PhoneNumberId | None) -> None:
    update = replace(desk.message(), place=desk.place(number))
    mark = desk.status(DELIVERED, wamid=Wamid("wamid.1"))

    records = await desk.receive(update, replace(mark, place=desk.place(number)))

    assert outcomes(records) == [Outcome.IGNORED] * 2
    assert {each.reason for each in records} == {"a number that is not connected here"}
    assert await desk.threads() == []


async def test_what_the_network_tells_and_the_desk_does_not_need_is_kept_with_the_reason(desk: Desk) -> None:
    [record] = await desk.receive(Ignored(desk.place(), "group"))

    assert (record.outcome, record.reason, record.wamid) == (Outcome.IGNORED, "group", None)


# Kinds of content


async def test_a_file_is_shown_at_once_and_its_bytes_come_later(desk: Desk) -> None:
    media = IncomingMedia(
        MediaKind.AUDIO, "media-7", "audio/ogg", "Listen", "note.ogg", sha256="abc", voice=True, animated=False
    )

    await desk.receive(desk.message(content=media))

    [message] = await desk.messages()
    assert isinstance(message.content, MediaMessage)
    assert message.content.caption == "Listen"
    [file] = (await desk.ports.reader.by_ids(Media, ACME, [message.content.media])).values()
    assert (file.kind, file.state, file.network_id) == (MediaKind.AUDIO, MediaState.PENDING, "media-7")
    assert (file.mime_type, file.file_name, file.sha256) == ("audio/ogg", "note.ogg", "abc")
    assert (file.voice, file.animated, file.created_at) == (True, False, NOON)
    assert (await desk.ticket()).subject == "Listen"


async def test_an_unknown_kind_stands_in_the_thread_and_opens_the_session_like_any_message(desk: Desk) -> None:
    unknown = Unsupported("hologram", "This kind can't be shown yet.")

    await desk.receive(replace(desk.message(content=unknown), original='{"type": "hologram"}'))

    [message] = await desk.messages()
    assert (message.content, message.original) == (unknown, '{"type": "hologram"}')
    assert await desk.session_state() is SessionState.OPEN
    assert (await desk.ticket()).subject == "Can't be shown here: hologram"


async def test_a_notice_in_a_thread_moves_neither_session_nor_ticket(desk: Desk) -> None:
    await desk.wrote()
    await desk.reply()
    desk.later(HOUR)
    before = await desk.thread()

    await desk.receive(desk.message(content=Notice("Ana changed her number."), extends_session=False))

    thread = await desk.thread()
    assert (await desk.messages())[-1].content == Notice("Ana changed her number.")
    assert (thread.session, thread.alarm) == (before.session, before.alarm)
    assert (await desk.ticket()).status is TicketStatus.WAITING_ON_CONTACT


async def test_a_notice_about_nobody_we_know_opens_nothing(desk: Desk) -> None:
    [record] = await desk.receive(desk.message(content=Notice("x"), extends_session=False))

    assert (record.outcome, record.reason) == (Outcome.IGNORED, "about a conversation that is not here")
    assert (await desk.contacts(), await desk.threads()) == ([], [])


async def test_a_notice_on_a_number_the_contact_never_wrote_to_opens_nothing(desk: Desk) -> None:
    await desk.given(replace(a_desk_number(OTHER_NUMBER), id=ChannelId(an_id(1))))
    await desk.wrote()

    notice = desk.message(content=Notice("x"), extends_session=False, number=OTHER_NUMBER)

    assert outcomes(await desk.receive(notice)) == [Outcome.IGNORED]
    assert len(await desk.threads()) == 1


async def test_a_reply_quotes_the_message_it_answers(desk: Desk) -> None:
    question = await desk.wrote("Which size?")
    assert question.wamid is not None

    await desk.receive(desk.message("This one", reply_to=question.wamid))

    answer = (await desk.messages())[-1]
    assert (answer.reply_to, answer.reply_to_wamid) == (question.id, question.wamid)


async def test_a_reply_to_a_message_that_is_not_here_stands_without_its_quote(desk: Desk) -> None:
    await desk.receive(desk.message("This one", reply_to=Wamid("wamid.lost")))

    [answer] = await desk.messages()
    assert (answer.reply_to, answer.reply_to_wamid) == (None, "wamid.lost")


async def test_a_reply_never_quotes_somebody_elses_thread(desk: Desk) -> None:
    elsewhere = await desk.wrote(by=a_person("447700900123"))

    await desk.receive(desk.message(reply_to=elsewhere.wamid))

    mine = [each for each in (await desk.state()).messages.values() if each.reply_to_wamid]
    assert [each.reply_to for each in mine] == [None]


# Reactions


def reactions(message: Message) -> list[str]:
    return [each.emoji for each in message.shown_reactions]


async def test_a_reaction_stands_on_its_message_is_changed_and_taken_away(desk: Desk) -> None:
    message = await desk.wrote()
    assert message.wamid is not None
    shown: list[list[str]] = []

    for emoji in ("👍", "❤️", None):
        desk.later(MINUTE)
        head = await desk.head()
        await desk.receive(desk.reaction(message.wamid, emoji))
        shown.append(reactions(await desk.message_by_id(message.id)))
        assert await desk.events(head) == [MessageChanged(message.thread, message.id, MessageChange.REACTION)]

    assert shown == [["👍"], ["❤️"], []]
    assert len(await desk.messages()) == len(await desk.tickets()) == 1


async def test_the_same_reaction_again_tells_nothing(desk: Desk) -> None:
    message = await desk.wrote()
    assert message.wamid is not None
    await desk.receive(desk.reaction(message.wamid))
    head = await desk.head()

    records = await desk.receive(desk.reaction(message.wamid))

    assert outcomes(records) == [Outcome.APPLIED]
    assert await desk.head() == head


async def test_an_older_reaction_never_undoes_a_newer_one(desk: Desk) -> None:
    message = await desk.wrote()
    assert message.wamid is not None
    desk.later(HOUR)

    await desk.receive(desk.reaction(message.wamid, "❤️"))
    await desk.receive(desk.reaction(message.wamid, "👍", at=NOON + MINUTE))
    await desk.receive(desk.reaction(message.wamid, None, at=NOON + MINUTE))

    assert reactions(await desk.message_by_id(message.id)) == ["❤️"]


async def test_an_older_reaction_that_comes_after_its_removal_stays_away(desk: Desk) -> None:
    message = await desk.wrote()
    assert message.wamid is not None
    desk.later(HOUR)
    await desk.receive(desk.reaction(message.wamid, None, at=NOON + 2 * MINUTE))
    head = await desk.head()

    await desk.receive(desk.reaction(message.wamid, "👍", at=NOON + MINUTE))
    assert reactions(await desk.message_by_id(message.id)) == []
    assert await desk.head() == head

    await desk.receive(desk.reaction(message.wamid, "❤️", at=NOON + 3 * MINUTE))
    assert reactions(await desk.message_by_id(message.id)) == ["❤️"]


async def test_taking_away_what_was_never_there_tells_nothing(desk: Desk) -> None:
    message = await desk.wrote()
    assert message.wamid is not None
    head = await desk.head()

    await desk.receive(desk.reaction(message.wamid, None))

    assert await desk.head() == head


async def test_the_contacts_reaction_leaves_ours_where_it_is(desk: Desk) -> None:
    message = await desk.wrote()
    assert message.wamid is not None
    ours = Reaction("🙏", AGENT.author, NOON)
    await desk.given(replace(message, reactions=(ours,)))

    await desk.receive(desk.reaction(message.wamid, "👍"))
    assert reactions(await desk.message_by_id(message.id)) == ["🙏", "👍"]

    await desk.receive(desk.reaction(message.wamid, None))
    assert reactions(await desk.message_by_id(message.id)) == ["🙏"]


async def test_a_reaction_moves_neither_session_nor_unread_count(desk: Desk) -> None:
    message = await desk.wrote()
    assert message.wamid is not None
    before = await desk.thread()
    desk.later(HOUR)

    await desk.receive(desk.reaction(message.wamid))

    assert await desk.thread() == before


@pytest.mark.parametrize("together", [True, False])
async def test_a_reaction_that_comes_before_its_message_waits_for_it(desk: Desk, together: bool) -> None:
    reaction, message = desk.reaction(Wamid("wamid.1")), desk.message(wamid="wamid.1")

    if together:
        records = await desk.receive(reaction, message)
    else:
        records = [*await desk.receive(reaction), *await desk.receive(message)]

    assert outcomes(records) == [Outcome.PARKED, Outcome.APPLIED]
    assert records[0].reason == "waits for its message"
    assert reactions(await desk.message_of(Wamid("wamid.1"))) == ["👍"]

    async with desk.ports.store.transaction(ACME) as tx:
        assert await tx.parked([(NUMBER, Wamid("wamid.1"))]) == [], "what was applied waits no more"


async def test_several_reactions_that_wait_end_with_the_newest(desk: Desk) -> None:
    target = Wamid("wamid.1")
    late, early = desk.reaction(target, "❤️", at=NOON), desk.reaction(target, "👍", at=NOON - MINUTE)
    await desk.receive(late, early)

    await desk.receive(desk.message(wamid=target, at=NOON - HOUR))

    assert reactions(await desk.message_of(target)) == ["❤️"]


async def test_a_reaction_to_what_we_sent_stands_on_it(desk: Desk) -> None:
    await desk.wrote()
    sent = await desk.dispatch(await desk.reply())
    assert sent.wamid is not None

    await desk.receive(desk.reaction(sent.wamid))

    assert reactions(await desk.message_by_id(sent.id)) == ["👍"]


async def test_a_reaction_to_what_we_sent_may_come_before_the_networks_answer(desk: Desk) -> None:
    await desk.wrote()
    reply = await desk.reply()
    await desk.receive(desk.reaction(wamid_number(1)))

    await desk.dispatch(reply)

    assert reactions(await desk.message_by_id(reply.id)) == ["👍"]


async def test_a_reaction_in_one_batch_with_the_mark_that_tells_whose_it_is(desk: Desk) -> None:
    await desk.wrote()
    reply = await desk.reply()
    unheard = Wamid("wamid.unheard")

    records = await desk.receive(
        desk.status(DELIVERED, wamid=unheard, callback=f"dk1:{reply.id}:1"), desk.reaction(unheard)
    )

    assert outcomes(records) == [Outcome.APPLIED, Outcome.APPLIED]
    assert reactions(await desk.message_by_id(reply.id)) == ["👍"]


# Marks


async def a_sent_reply(desk: Desk) -> Message:
    await desk.wrote()
    return await desk.dispatch(await desk.reply())


async def test_every_order_of_marks_ends_in_the_highest_and_the_history_keeps_all(desk: Desk) -> None:
    for order in permutations([SENT, DELIVERED, READ, PLAYED]):
        desk = await open_desk()
        message = await a_sent_reply(desk)
        assert message.wamid is not None

        for status in (*order, order[0]):
            desk.later(SECOND)
            await desk.receive(desk.status(status, wamid=message.wamid, at=NOON))

        message = await desk.message_by_id(message.id)
        assert (message.status, message.delivered_at, message.read_at) == (PLAYED, NOON, NOON)
        told = [(each.status, each.at, each.reported_at) for each in await desk.marks(message)]
        reported = [(status, NOON, NOON + (n + 1) * SECOND) for n, status in enumerate((*order, order[0]))]
        assert told == [(QUEUED, NOON, NOON), (SENT, NOON, NOON), *reported]


async def test_a_mark_is_kept_once_however_often_its_delivery_is_read(desk: Desk) -> None:
    message = await a_sent_reply(desk)
    assert message.wamid is not None
    update = desk.status(READ, wamid=message.wamid)

    for _ in range(3):
        await desk.receive(update)

    assert [each.status for each in await desk.marks(message)] == [QUEUED, SENT, READ]


async def test_a_mark_tells_of_its_own_time_and_of_the_report(desk: Desk) -> None:
    message = await a_sent_reply(desk)
    assert message.wamid is not None
    desk.later(HOUR)
    head = await desk.head()

    await desk.receive(desk.status(READ, wamid=message.wamid, at=NOON + MINUTE))

    mark = (await desk.marks(message))[-1]
    assert (mark.at, mark.reported_at, mark.attempt, mark.place) == (NOON + MINUTE, NOON + HOUR, 1, 0)
    assert (await desk.message_by_id(message.id)).read_at == NOON + MINUTE
    assert await desk.events(head) == [MessageStatusChanged(message.thread, message.id, READ)]


async def test_a_failure_told_later_has_a_reason_and_an_arrival_clears_it(desk: Desk) -> None:
    message = await a_sent_reply(desk)
    assert message.wamid is not None

    await desk.receive(desk.status(FAILED, wamid=message.wamid, failure=UNDELIVERABLE))
    failed = await desk.message_by_id(message.id)
    assert (failed.status, failed.failure) == (FAILED, UNDELIVERABLE)

    await desk.receive(desk.status(DELIVERED, wamid=message.wamid))
    arrived = await desk.message_by_id(message.id)
    assert (arrived.status, arrived.failure) == (DELIVERED, None)
    assert FAILED in [each.status for each in await desk.marks(arrived)], "the history keeps it"


async def test_a_mark_before_the_networks_answer_is_known_by_what_went_along(desk: Desk) -> None:
    await desk.wrote()
    reply = await desk.reply()

    await desk.receive(desk.status(DELIVERED, wamid=Wamid("wamid.fast"), callback=f"dk1:{reply.id}:1"))

    message = await desk.message_by_id(reply.id)
    assert (message.status, message.wamid) == (DELIVERED, "wamid.fast")


async def test_a_mark_of_a_message_we_never_sent_waits_and_troubles_nobody(desk: Desk) -> None:
    await desk.wrote()
    seen = await desk.state()

    records = await desk.receive(
        desk.status(READ, wamid=Wamid("wamid.of-the-phone-app")),
        desk.status(READ, wamid=Wamid("wamid.of-another-tool"), callback="dk1:nobody:1"),
    )

    assert outcomes(records) == [Outcome.PARKED, Outcome.PARKED]
    assert await desk.state() == seen


async def test_marks_without_our_words_wait_until_one_tells_whose_they_are(desk: Desk) -> None:
    """The answer was lost; the first mark names nothing of ours, the second does."""
    await desk.wrote()
    reply = await desk.reply()
    unheard = Wamid("wamid.unheard")
    await desk.receive(desk.status(READ, wamid=unheard, at=NOON), desk.reaction(unheard))

    await desk.receive(desk.status(SENT, wamid=unheard, callback=f"dk1:{reply.id}:1"))

    message = await desk.message_by_id(reply.id)
    assert (message.status, message.read_at, reactions(message)) == (READ, NOON, ["👍"])


async def test_a_mark_of_what_the_contact_wrote_is_not_ours_to_show(desk: Desk) -> None:
    update = desk.message(wamid="wamid.1")
    await desk.receive(desk.status(READ, wamid=Wamid("wamid.1")))
    await desk.receive(update)

    message = await desk.message_of(Wamid("wamid.1"))
    assert (message.status, await desk.marks(message)) == (MessageStatus.RECEIVED, [])
    assert outcomes(await desk.receive(desk.status(READ, wamid=Wamid("wamid.1")))) == [Outcome.PARKED]


async def test_another_number_cannot_mark_a_message_by_naming_it(desk: Desk) -> None:
    await desk.given(replace(a_desk_number(OTHER_NUMBER), id=ChannelId(an_id(1))))
    message = await a_sent_reply(desk)

    foreign = desk.status(READ, wamid=Wamid("wamid.x"), callback=f"dk1:{message.id}:1", number=OTHER_NUMBER)

    assert outcomes(await desk.receive(foreign)) == [Outcome.PARKED]
    assert (await desk.message_by_id(message.id)).status is SENT


# Accounts of what came


async def test_the_channel_notes_once_a_minute_that_something_came(desk: Desk) -> None:
    noted: list[datetime | None] = []
    for _ in range(3):
        await desk.wrote()
        noted.append((await desk.channel()).last_inbound_at)
        desk.later(MINUTE / 2)

    assert noted == [NOON, NOON, NOON + MINUTE]


async def test_an_older_message_that_comes_after_the_reading_is_unread(desk: Desk) -> None:
    await desk.wrote()
    granted(await mark_read(desk.ports, AGENT, MarkRead((await desk.thread()).id)))

    await desk.wrote(at=NOON - HOUR)

    assert (await desk.thread()).unread_count == 1


def a_record(outcome: Outcome, delivery: str = "d", reason: str | None = None) -> UpdateRecord:
    return UpdateRecord(ACME, f"{delivery}:0", DeliveryId(delivery), 0, outcome, NOON, reason)


@pytest.mark.parametrize(
    ("records", "state", "reason"),
    [
        ([], DeliveryState.INTERPRETED, None),
        ([a_record(Outcome.APPLIED)], DeliveryState.INTERPRETED, None),
        ([a_record(Outcome.DUPLICATE), a_record(Outcome.PARKED)], DeliveryState.INTERPRETED, None),
        ([a_record(Outcome.IGNORED, reason="group")], DeliveryState.IGNORED, "group"),
        ([a_record(Outcome.IGNORED, reason="group"), a_record(Outcome.APPLIED)], DeliveryState.INTERPRETED, None),
        ([a_record(Outcome.APPLIED), a_record(Outcome.FAILED, reason="bad")], DeliveryState.FAILED, "bad"),
        ([a_record(Outcome.FAILED, "another", "bad")], DeliveryState.INTERPRETED, None),
    ],
)
def test_a_delivery_is_what_became_of_its_updates(
    records: list[UpdateRecord], state: DeliveryState, reason: str | None
) -> None:
    [result] = results_of(records, [DeliveryId("d")])

    assert (result.id, result.state, result.reason) == ("d", state, reason)


async def test_what_could_not_be_applied_is_kept_and_can_be_applied_later(desk: Desk) -> None:
    update = desk.message()

    record = await record_failure(desk.ports, ACME, update, "a fault of ours")
    assert (record.outcome, record.reason, record.wamid) == (Outcome.FAILED, "a fault of ours", update.wamid)

    assert outcomes(await desk.receive(update)) == [Outcome.APPLIED]


async def test_what_the_contact_wrote_is_shown_as_theirs(desk: Desk) -> None:
    message = await desk.wrote()

    assert (message.direction, message.source) == (Direction.INBOUND, Source.WHATSAPP)
    assert message.author == ByContact((await desk.contact()).id)
    assert (await desk.thread()).last_source is Source.WHATSAPP


# Groups


async def test_what_is_said_in_groups_makes_nothing_and_is_a_problem_told_once(desk: Desk) -> None:
    head = await desk.head()

    records = await desk.receive(Ignored(desk.place(), GROUP), Ignored(desk.place(), GROUP))
    await desk.receive(Ignored(desk.place(), GROUP))

    channel = await desk.channel()
    assert outcomes(records) == [Outcome.IGNORED, Outcome.IGNORED]
    assert {record.reason for record in records} == {"group"}
    assert [problem.code for problem in channel.problems] == [ProblemCode.UNSUPPORTED_TRAFFIC]
    assert await desk.events(head) == [ChannelChanged(channel.id)]
    assert await desk.threads() == []


async def test_what_is_ignored_for_another_reason_is_no_problem(desk: Desk) -> None:
    await desk.receive(Ignored(desk.place(), "history"))

    assert (await desk.channel()).problems == ()


async def test_a_group_of_a_number_that_is_not_here_is_no_channels_problem(desk: Desk) -> None:
    [record] = await desk.receive(Ignored(desk.place(OTHER_NUMBER), GROUP))

    assert record.outcome is Outcome.IGNORED
    assert (await desk.channel()).problems == ()
