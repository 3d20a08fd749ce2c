"""The reader: what the API shows, one organization at a time, in pages that hold while rows move."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from typing import TypeVar

import pytest

from domain.channels.channels import Channel
from domain.channels.templates import Template, TemplateStatus
from domain.contacts import Contact, IdentityKind, Phone, PhoneLabel
from domain.conversations.messages import Direction, Message, Source
from domain.conversations.sessions import WINDOW, SessionState
from domain.conversations.status import MessageStatus
from domain.conversations.threads import Thread, ThreadStatus
from domain.errors import TookTooLong, Unavailable
from domain.events import ChannelChanged, MessageAdded, QuotaChanged, ThreadChanged, TicketChanged
from domain.files.media import Media
from domain.ids import (
    ApiKeyId,
    BusinessAccountId,
    ChannelId,
    ContactId,
    EntryId,
    MediaId,
    MessageId,
    OrganizationId,
    PhoneNumberId,
    SignInId,
    TemplateId,
    ThreadId,
    TicketId,
    UserId,
)
from domain.people.organizations import ApiKey, SignIn, User
from domain.ports.reads import (
    Head,
    Page,
    PageAsk,
    Reads,
    TemplateAsk,
    ThreadAsk,
    ThreadFilter,
    ThreadOrder,
    TicketAsk,
    TicketFilter,
    TicketOrder,
)
from domain.quota import ConversationKind, Entry
from domain.tickets import Property, Ticket, TicketPriority, TicketStatus
from tests.adapters.contracts.desks import Desk, DeskOnFire, walked
from tests.builders import (
    ACCOUNT,
    ACME,
    API_KEY,
    CHANNEL,
    CONTACT,
    DAY,
    ENTRY,
    GLOBEX,
    HOUR,
    MEDIA,
    MESSAGE,
    MINUTE,
    NOON,
    OUR_MESSAGE,
    PERIOD,
    SIGN_IN,
    TEMPLATE,
    THREAD,
    TICKET,
    USER,
    a_channel,
    a_contact,
    a_mark,
    a_media,
    a_period,
    a_session,
    a_sign_in,
    a_template,
    a_thread,
    a_ticket,
    a_ticket_change,
    a_user,
    an_api_key,
    an_entry,
    an_id,
    an_identity,
    an_inbound,
    an_organization,
    an_outbound,
)

T = TypeVar("T")

TICK = timedelta(microseconds=1)
NONE_FOUND = set[str]()
NOBODY = OrganizationId(an_id(999))


def ids(rows: Sequence[T]) -> list[str]:
    return [getattr(row, "id") for row in rows]  # noqa: B009  (each kind has one; they share no type)


async def assert_pages(turn: Callable[[PageAsk], Awaitable[Page[T]]], expected: Sequence[str]) -> None:
    """The rows come in this order, in pages of every size, forward and backward."""
    for size in range(1, len(expected) + 2):
        assert ids(await walked(turn, size)) == list(expected)
        assert ids(await walked(turn, size, backward=True)) == list(expected)


# The log


async def test_events_come_after_a_position_no_more_than_asked_for(desk: Desk) -> None:
    events = [MessageAdded(THREAD, MessageId(an_id(number))) for number in range(5)]
    await desk.happened(*events)

    positions = [logged.position for logged in await desk.reader.events(ACME, 2, 2)]

    assert positions == [3, 4]
    assert await desk.reader.events(ACME, 5, 10) == []
    assert await desk.reader.events(GLOBEX, 0, 10) == []


async def test_the_events_of_one_thread_come_alone(desk: Desk) -> None:
    other = ThreadId(an_id(1))
    mine = [ThreadChanged(THREAD), TicketChanged(THREAD, TICKET, ("owner",)), MessageAdded(THREAD, MESSAGE)]
    others = [ThreadChanged(other), ChannelChanged(CHANNEL), TicketChanged(None, TICKET, ()), QuotaChanged()]
    await desk.happened(mine[0], *others, *mine[1:])

    assert [e.event for e in await desk.reader.events(ACME, 0, 10, THREAD)] == mine
    assert [e.position for e in await desk.reader.events(ACME, 1, 1, THREAD)] == [6]
    assert await desk.reader.events(GLOBEX, 0, 10, THREAD) == []


async def test_the_head_is_where_the_log_stands(desk: Desk) -> None:
    before = await desk.reader.head(ACME)
    await desk.happened(QuotaChanged(), QuotaChanged())
    after = await desk.reader.head(ACME)

    assert (before.position, after.position) == (0, 2)
    assert before.epoch == after.epoch != ""
    assert (await desk.reader.head(GLOBEX)).position == 0


async def test_the_heads_of_several_are_read_at_once(desk: Desk) -> None:
    await desk.happened(QuotaChanged(), organization=GLOBEX)

    heads = await desk.reader.heads([ACME, GLOBEX, NOBODY])

    assert heads == {ACME: await desk.reader.head(ACME), GLOBEX: await desk.reader.head(GLOBEX)}
    assert await desk.reader.heads([]) == {}


async def test_the_log_begins_at_its_first_event(desk: Desk) -> None:
    assert await desk.reader.first_position(ACME) == 1

    await desk.happened(QuotaChanged(), QuotaChanged())

    assert await desk.reader.first_position(ACME) == 1


async def test_an_organization_is_read_by_its_id(desk: Desk) -> None:
    assert await desk.reader.organization(ACME) == an_organization()
    assert (await desk.reader.organization(GLOBEX)).name == "Globex"


# Threads: in which order


async def given_threads_to_sort(desk: Desk) -> None:
    """Of 1 to 6: activity falls, with a tie of 3 and 4; creation rises; 2 and 5 never had a session, 1 and 6 tie."""
    activity = {1: 9, 2: 8, 3: 5, 4: 5, 5: 3, 6: 1}
    expiry = {1: 7, 3: 9, 4: 2, 6: 7}
    for number in (4, 2, 6, 1, 5, 3):
        await desk.given(
            a_thread(
                ThreadId(an_id(number)),
                created_at=NOON - DAY + number * TICK,
                last_activity_at=NOON + activity[number] * MINUTE,
                session=a_session(NOON + expiry[number] * MINUTE) if number in expiry else None,
            )
        )


BY_ACTIVITY = [1, 2, 4, 3, 5, 6]
SORTED = {
    (ThreadOrder.LAST_ACTIVITY, True): BY_ACTIVITY,
    (ThreadOrder.LAST_ACTIVITY, False): BY_ACTIVITY[::-1],
    (ThreadOrder.CREATED_AT, True): [6, 5, 4, 3, 2, 1],
    (ThreadOrder.CREATED_AT, False): [1, 2, 3, 4, 5, 6],
    (ThreadOrder.SESSION_EXPIRY, True): [3, 6, 1, 4, 5, 2],
    (ThreadOrder.SESSION_EXPIRY, False): [4, 1, 6, 3, 2, 5],
}


@pytest.mark.parametrize(("order", "descending"), SORTED)
async def test_threads_come_in_the_order_asked_for_with_ties_by_id(
    desk: Desk, order: ThreadOrder, descending: bool
) -> None:
    await given_threads_to_sort(desk)

    await assert_pages(
        lambda page: desk.reader.threads(ACME, ThreadAsk(page, order=order, descending=descending), NOON),
        [an_id(number) for number in SORTED[(order, descending)]],
    )


@pytest.mark.parametrize(("order", "descending"), SORTED)
async def test_any_stretch_between_two_places_can_be_asked_for(
    desk: Desk, order: ThreadOrder, descending: bool
) -> None:
    await given_threads_to_sort(desk)

    async def page(ask: PageAsk) -> Page[Thread]:
        return await desk.reader.threads(ACME, ThreadAsk(ask, order=order, descending=descending), NOON)

    whole = await page(PageAsk(10))
    for first, last in combinations(range(6), 2):
        between = await page(PageAsk(10, after=whole.places[first], before=whole.places[last]))
        assert ids(between.rows) == ids(whole.rows)[first + 1 : last]
        assert between.places == whole.places[first + 1 : last]
        end = await page(PageAsk(1, after=whole.places[first], before=whole.places[last], from_end=True))
        assert ids(end.rows) == ids(whole.rows)[first + 1 : last][-1:]


async def test_a_page_says_whether_there_is_more(desk: Desk) -> None:
    await given_threads_to_sort(desk)

    async def more(ask: PageAsk) -> tuple[bool, bool]:
        page = await desk.reader.threads(ACME, ThreadAsk(ask), NOON)
        return page.has_previous, page.has_next

    places = (await desk.reader.threads(ACME, ThreadAsk(PageAsk(6)), NOON)).places
    assert await more(PageAsk(6)) == (False, False)
    assert await more(PageAsk(5)) == (False, True)
    assert await more(PageAsk(2, after=places[3])) == (True, False)
    assert await more(PageAsk(1, after=places[3])) == (True, True)
    assert await more(PageAsk(6, from_end=True)) == (False, False)
    assert await more(PageAsk(5, from_end=True)) == (True, False)
    assert await more(PageAsk(2, before=places[2], from_end=True)) == (False, True)
    assert await more(PageAsk(1, before=places[2], from_end=True)) == (True, True)


async def test_an_empty_inbox_is_an_empty_page(desk: Desk) -> None:
    for ask in (PageAsk(10), PageAsk(10, from_end=True)):
        page = await desk.reader.threads(ACME, ThreadAsk(ask), NOON)
        assert page == Page(rows=[], places=[], has_next=False, has_previous=False)


async def test_a_page_of_nothing_says_only_whether_there_is_more(desk: Desk) -> None:
    await desk.given(a_thread())

    assert await desk.reader.threads(ACME, ThreadAsk(PageAsk(0)), NOON) == Page([], [], True, False)


async def test_a_walk_meets_every_row_that_stays_although_others_move(desk: Desk) -> None:
    threads = {number: ThreadId(an_id(number)) for number in range(1, 9)}
    await desk.given(*(a_thread(id, last_activity_at=NOON - number * MINUTE) for number, id in threads.items()))

    first = await desk.reader.threads(ACME, ThreadAsk(PageAsk(3)), NOON)
    await desk.given(a_thread(threads[3], last_activity_at=NOON + MINUTE))  # the page's last jumps to the top
    await desk.given(a_thread(threads[8], last_activity_at=NOON + HOUR))  # so does one not seen yet
    await desk.given(a_thread(ThreadId(an_id(9)), last_activity_at=NOON + DAY))  # and a new one comes
    second = await desk.reader.threads(ACME, ThreadAsk(PageAsk(3, after=first.places[-1])), NOON)
    third = await desk.reader.threads(ACME, ThreadAsk(PageAsk(3, after=second.places[-1])), NOON)

    assert ids(first.rows) == [threads[1], threads[2], threads[3]]
    assert ids(second.rows) == [threads[4], threads[5], threads[6]]
    assert ids(third.rows) == [threads[7]]

    back = await desk.reader.threads(ACME, ThreadAsk(PageAsk(9, before=second.places[0], from_end=True)), NOON)
    assert ids(back.rows) == [an_id(9), threads[8], threads[3], threads[1], threads[2]]


@pytest.mark.parametrize(
    "place",
    [
        (),
        ("2026-11-20T12:00:00.000000Z",),
        ("2026-11-20T12:00:00.000000Z", an_id(1), "more"),
        ("yesterday", an_id(1)),
        ("", an_id(1)),
        ("2026-11-20T12:00:00Z", an_id(1)),
        ("2026-11-20 12:00:00.000000Z", an_id(1)),
        ("2026-11-20T12:00:00.00000aZ", an_id(1)),
        ("2026-13-20T12:00:00.000000Z", an_id(1)),
        ("2026-11-20T12:00:00.000000Z", "a\0b"),
    ],
)
async def test_a_malformed_place_is_refused(desk: Desk, place: tuple[str, ...]) -> None:
    for ask in (PageAsk(1, after=place), PageAsk(1, before=place)):
        with pytest.raises(ValueError, match=r"place|instant"):
            await desk.reader.threads(ACME, ThreadAsk(ask), NOON)
        with pytest.raises(ValueError, match=r"place|instant"):
            await desk.reader.messages(ACME, THREAD, ask)


@pytest.mark.parametrize("place", [("7",), ("00000000-1",), ("000000000७",), ("0000000001", an_id(1)), ("",)])
async def test_a_malformed_number_is_refused(desk: Desk, place: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="place"):
        await desk.reader.tickets(ACME, TicketAsk(PageAsk(1, after=place), order=TicketOrder.NUMBER))


@pytest.mark.parametrize("place", [("9", an_id(1)), ("HIGH", an_id(1)), ("", an_id(1)), ("1",)])
async def test_a_malformed_rank_is_refused(desk: Desk, place: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="place"):
        await desk.reader.tickets(ACME, TicketAsk(PageAsk(1, after=place), order=TicketOrder.PRIORITY))


async def test_a_place_looks_the_same_whichever_the_storage(desk: Desk) -> None:
    await desk.given(a_thread(session=a_session()), a_ticket(number=42))
    time = "2026-11-20T12:00:00.000000Z"

    async def thread_places(order: ThreadOrder) -> list[tuple[str, ...]]:
        return (await desk.reader.threads(ACME, ThreadAsk(PageAsk(1), order=order), NOON)).places

    async def ticket_places(order: TicketOrder) -> list[tuple[str, ...]]:
        return (await desk.reader.tickets(ACME, TicketAsk(PageAsk(1), order=order))).places

    assert await thread_places(ThreadOrder.LAST_ACTIVITY) == [(time, THREAD)]
    assert await thread_places(ThreadOrder.SESSION_EXPIRY) == [("2026-11-21T12:00:00.000000Z", THREAD)]
    assert await ticket_places(TicketOrder.CREATED_AT) == [(time, TICKET)]
    assert await ticket_places(TicketOrder.PRIORITY) == [("1", TICKET)]
    assert await ticket_places(TicketOrder.NUMBER) == [("0000000042",)]

    await desk.given(a_thread())
    assert await thread_places(ThreadOrder.SESSION_EXPIRY) == [("", THREAD)]


# Threads: which ones

OTHER_CHANNEL = ChannelId(an_id(801))
THIRD_CHANNEL = ChannelId(an_id(802))
OTHER_CONTACT = ContactId(an_id(803))
BOB = UserId(an_id(804))
EVE = UserId(an_id(805))


async def given_threads_to_choose_from(desk: Desk) -> dict[str, Thread]:
    """Threads named after how they differ from `plain`, which is open, read, owned by nobody and without a session."""
    await desk.given(
        a_channel(OTHER_CHANNEL, phone_number_id=PhoneNumberId("2")),
        a_channel(THIRD_CHANNEL, phone_number_id=PhoneNumberId("3")),
        a_contact(OTHER_CONTACT, wa_id="2"),
    )
    plain = a_thread(created_at=NOON - DAY)
    different = {
        "plain": plain,
        "other channel": replace(plain, channel=OTHER_CHANNEL),
        "third channel": replace(plain, channel=THIRD_CHANNEL),
        "closed": replace(plain, status=ThreadStatus.CLOSED),
        "by email": replace(plain, last_source=Source.EMAIL),
        "bob's": replace(plain, owner=BOB),
        "eve's": replace(plain, owner=EVE),
        "other contact": replace(plain, contact=OTHER_CONTACT),
        "they wrote": replace(plain, last_direction=Direction.INBOUND),
        "we wrote": replace(plain, last_direction=Direction.OUTBOUND),
        "unread": replace(plain, unread_count=2),
        "session": replace(plain, session=a_session(NOON - HOUR)),
        "session ends now": replace(plain, session=a_session(NOON - WINDOW)),
        "session ends next": replace(plain, session=a_session(NOON - WINDOW + TICK)),
        "session begins now": replace(plain, session=a_session(NOON)),
        "session begins next": replace(plain, session=a_session(NOON + TICK)),
        "active since noon": replace(plain, last_activity_at=NOON),
        "active just before": replace(plain, last_activity_at=NOON - TICK),
        "new ticket": replace(plain, ticket=TicketId(an_id(901))),
        "closed ticket": replace(plain, ticket=TicketId(an_id(902))),
    }
    named = {
        name: replace(thread, id=ThreadId(an_id(number))) for number, (name, thread) in enumerate(different.items(), 1)
    }
    await desk.given(*named.values())
    await desk.given(
        a_ticket(TicketId(an_id(901)), number=1, thread=named["new ticket"].id),
        a_ticket(TicketId(an_id(902)), number=2, thread=named["closed ticket"].id, status=TicketStatus.CLOSED),
        a_ticket(TicketId(an_id(903)), number=3, thread=named["plain"].id),  # an older one, no longer the newest
    )
    return named


async def chosen(desk: Desk, filter: ThreadFilter) -> set[str]:
    """The ids that pass; the page and the count agree."""
    page = await desk.reader.threads(ACME, ThreadAsk(PageAsk(100), filter), NOON)
    assert await desk.reader.thread_count(ACME, filter, NOON) == len(page.rows)
    assert not page.has_next
    return set(ids(page.rows))


SINGLE_FILTERS: list[tuple[ThreadFilter, set[str]]] = [
    (ThreadFilter(channels=(OTHER_CHANNEL,)), {"other channel"}),
    (ThreadFilter(channels=(OTHER_CHANNEL, THIRD_CHANNEL)), {"other channel", "third channel"}),
    (ThreadFilter(channels=(ChannelId(an_id(999)),)), set()),
    (ThreadFilter(statuses=(ThreadStatus.CLOSED,)), {"closed"}),
    (ThreadFilter(sources=(Source.EMAIL,)), {"by email"}),
    (ThreadFilter(sources=(Source.EMAIL, Source.CALL)), {"by email"}),
    (ThreadFilter(owners=(BOB,)), {"bob's"}),
    (ThreadFilter(owners=(BOB, EVE)), {"bob's", "eve's"}),
    (ThreadFilter(unassigned=False), {"bob's", "eve's"}),
    (ThreadFilter(contact=OTHER_CONTACT), {"other contact"}),
    (ThreadFilter(last_direction=Direction.INBOUND), {"they wrote"}),
    (ThreadFilter(last_direction=Direction.OUTBOUND), {"we wrote"}),
    (ThreadFilter(unread=True), {"unread"}),
    (ThreadFilter(session=SessionState.OPEN), {"session", "session ends next", "session begins now"}),
    (ThreadFilter(session=SessionState.CLOSED), {"session ends now", "session begins next"}),
    (ThreadFilter(active_since=NOON), {"active since noon"}),
    (ThreadFilter(ticket_statuses=(TicketStatus.NEW,)), {"new ticket"}),
    (ThreadFilter(ticket_statuses=(TicketStatus.CLOSED,)), {"closed ticket"}),
    (ThreadFilter(ticket_statuses=(TicketStatus.NEW, TicketStatus.CLOSED)), {"new ticket", "closed ticket"}),
    (ThreadFilter(owners=(BOB,), unassigned=True), set()),
    (ThreadFilter(statuses=(ThreadStatus.CLOSED,), channels=(CHANNEL,), unread=False, unassigned=True), {"closed"}),
    (ThreadFilter(statuses=(ThreadStatus.OPEN,), channels=(OTHER_CHANNEL,), owners=(BOB,)), set()),
    (
        ThreadFilter(
            channels=(CHANNEL, OTHER_CHANNEL),
            statuses=(ThreadStatus.OPEN,),
            sources=(Source.WHATSAPP,),
            contact=CONTACT,
            unassigned=True,
            unread=False,
            session=SessionState.OPEN,
            active_since=NOON - DAY,
        ),
        {"session", "session ends next", "session begins now"},
    ),
]
COMPLEMENTS: list[tuple[ThreadFilter, set[str]]] = [
    (ThreadFilter(), set()),
    (ThreadFilter(statuses=(ThreadStatus.OPEN, ThreadStatus.CLOSED)), set()),
    (ThreadFilter(statuses=(ThreadStatus.OPEN,)), {"closed"}),
    (ThreadFilter(channels=(CHANNEL,)), {"other channel", "third channel"}),
    (ThreadFilter(unassigned=True), {"bob's", "eve's"}),
    (ThreadFilter(unread=False), {"unread"}),
    (
        ThreadFilter(session=SessionState.NEVER_OPENED),
        {"session", "session ends now", "session ends next", "session begins now", "session begins next"},
    ),
    (ThreadFilter(active_since=NOON - TICK), set()),
]


async def test_each_filter_chooses_its_threads(desk: Desk) -> None:
    threads = await given_threads_to_choose_from(desk)
    names = {thread.id: name for name, thread in threads.items()}

    for filter, expected in SINGLE_FILTERS:
        assert {names[ThreadId(id)] for id in await chosen(desk, filter)} == expected, filter


async def test_another_organizations_ticket_of_the_same_id_chooses_no_thread(desk: Desk) -> None:
    await desk.given(a_thread(ticket=TICKET), a_ticket())
    closed = a_ticket(organization=GLOBEX, status=TicketStatus.CLOSED)
    await desk.given(a_thread(organization=GLOBEX, ticket=TICKET), closed, organization=GLOBEX)

    assert await chosen(desk, ThreadFilter(ticket_statuses=(TicketStatus.CLOSED,))) == set()
    assert await chosen(desk, ThreadFilter(ticket_statuses=(TicketStatus.NEW,))) == {THREAD}


async def test_each_filter_leaves_out_the_rest(desk: Desk) -> None:
    threads = await given_threads_to_choose_from(desk)
    late = {name for name, thread in threads.items() if thread.last_activity_at < NOON - TICK}

    for filter, left_out in COMPLEMENTS:
        expected = set(threads) - left_out - (late if filter.active_since else set())
        names = {name for name, thread in threads.items() if thread.id in await chosen(desk, filter)}
        assert names == expected, filter


async def test_two_filters_choose_what_both_choose(desk: Desk) -> None:
    await given_threads_to_choose_from(desk)
    filters = [filter for filter, _ in SINGLE_FILTERS[:21] + COMPLEMENTS[2:]]
    alone = {filter: await chosen(desk, filter) for filter in filters}

    for one, other in combinations(filters, 2):
        both = merged(one, other)
        if both is not None:
            assert await chosen(desk, both) == alone[one] & alone[other], both


def merged(one: ThreadFilter, other: ThreadFilter) -> ThreadFilter | None:
    """Both filters in one; None where they set the same field."""
    nothing = ThreadFilter()
    changes = {
        name: getattr(other, name)
        for name in ThreadFilter.__dataclass_fields__
        if getattr(other, name) != getattr(nothing, name)
    }
    if any(getattr(one, name) != getattr(nothing, name) for name in changes):
        return None
    return replace(one, **changes)


@pytest.mark.parametrize(("order", "descending"), SORTED)
async def test_a_filtered_inbox_is_walked_in_order_too(desk: Desk, order: ThreadOrder, descending: bool) -> None:
    await given_threads_to_sort(desk)
    for number in (1, 3, 6):
        thread = (await desk.reader.by_ids(Thread, ACME, [ThreadId(an_id(number))]))[ThreadId(an_id(number))]
        await desk.given(replace(thread, status=ThreadStatus.CLOSED))

    for statuses, numbers in (((ThreadStatus.OPEN,), {2, 4, 5}), (tuple(ThreadStatus), {1, 2, 3, 4, 5, 6})):
        filter = ThreadFilter(statuses=statuses, channels=(CHANNEL,))
        await assert_pages(
            lambda page, filter=filter: desk.reader.threads(ACME, ThreadAsk(page, filter, order, descending), NOON),
            [an_id(number) for number in SORTED[(order, descending)] if number in numbers],
        )


# Messages


async def test_messages_come_oldest_first_and_in_the_order_of_arrival_at_one_instant(desk: Desk) -> None:
    await desk.given(a_thread(), a_thread(ThreadId(an_id(90))))
    at = {1: 5, 2: 3, 3: 3, 4: 1, 5: 9}
    for number in (3, 5, 1, 4, 2):
        await desk.given(an_inbound(MessageId(an_id(number)), at=NOON + at[number] * MINUTE, wamid=None))
    await desk.given(an_inbound(MessageId(an_id(6)), thread=ThreadId(an_id(90)), wamid=None))

    await assert_pages(
        lambda page: desk.reader.messages(ACME, THREAD, page), [an_id(number) for number in (4, 2, 3, 1, 5)]
    )


async def test_a_message_that_comes_late_stands_between_the_others(desk: Desk) -> None:
    await desk.given(a_thread(), an_inbound(at=NOON), an_outbound(at=NOON + 2 * TICK))
    page = await desk.reader.messages(ACME, THREAD, PageAsk(1))

    late = an_inbound(MessageId(an_id(1)), at=NOON + TICK, wamid=None)
    await desk.given(late)

    following = await desk.reader.messages(ACME, THREAD, PageAsk(10, after=page.places[-1]))
    assert following.rows == [late, an_outbound(at=NOON + 2 * TICK)]


async def test_marks_come_oldest_report_first(desk: Desk) -> None:
    await desk.given(a_thread(), an_outbound(), an_inbound())
    read = a_mark(an_id(1), status=MessageStatus.READ, at=NOON - MINUTE, reported_at=NOON + MINUTE, place=1)
    delivered = a_mark(an_id(2), at=NOON, reported_at=NOON, place=2)
    same_time = a_mark(an_id(3), at=NOON, reported_at=NOON, place=3)
    await desk.given(same_time, read, delivered)

    marks = await desk.reader.marks_of(ACME, [OUR_MESSAGE, MESSAGE])

    assert marks[OUR_MESSAGE] == [delivered, same_time, read]
    assert marks.get(MESSAGE, []) == []


# Tickets


async def given_tickets_to_sort(desk: Desk) -> None:
    """Of 1 to 5, numbered 50 to 10: age rises, with a tie of 2 and 3; three are URGENT, HIGH, LOW, two MEDIUM."""
    priorities = [
        TicketPriority.MEDIUM,
        TicketPriority.URGENT,
        TicketPriority.LOW,
        TicketPriority.HIGH,
        TicketPriority.MEDIUM,
    ]
    age = [1, 2, 2, 3, 4]
    await desk.given(a_thread())
    for number in (3, 1, 5, 2, 4):
        await desk.given(
            a_ticket(
                TicketId(an_id(number)),
                number=60 - 10 * number,
                created_at=NOON + age[number - 1] * MINUTE,
                priority=priorities[number - 1],
            )
        )


TICKETS_SORTED = {
    TicketOrder.CREATED_AT: [1, 2, 3, 4, 5],
    TicketOrder.PRIORITY: [3, 1, 5, 4, 2],
    TicketOrder.NUMBER: [5, 4, 3, 2, 1],
}


@pytest.mark.parametrize("order", TicketOrder)
@pytest.mark.parametrize("descending", [True, False])
async def test_tickets_come_in_the_order_asked_for_with_ties_by_id(
    desk: Desk, order: TicketOrder, descending: bool
) -> None:
    await given_tickets_to_sort(desk)
    numbers = TICKETS_SORTED[order]

    await assert_pages(
        lambda page: desk.reader.tickets(ACME, TicketAsk(page, order=order, descending=descending)),
        [an_id(number) for number in (numbers[::-1] if descending else numbers)],
    )


async def test_ticket_numbers_sort_as_numbers(desk: Desk) -> None:
    await desk.given(a_thread(), *(a_ticket(TicketId(an_id(number)), number=number) for number in (9, 10, 100)))

    await assert_pages(
        lambda page: desk.reader.tickets(ACME, TicketAsk(page, order=TicketOrder.NUMBER, descending=False)),
        [an_id(9), an_id(10), an_id(100)],
    )


async def given_tickets_to_choose_from(desk: Desk) -> dict[str, Ticket]:
    await desk.given(
        a_channel(OTHER_CHANNEL, phone_number_id=PhoneNumberId("2")),
        a_contact(OTHER_CONTACT, wa_id="2"),
        a_thread(),
        a_thread(ThreadId(an_id(700))),
    )
    plain = a_ticket(created_at=NOON)
    different = {
        "plain": plain,
        "other channel": replace(plain, channel=OTHER_CHANNEL),
        "closed": replace(plain, status=TicketStatus.CLOSED),
        "waiting": replace(plain, status=TicketStatus.WAITING_ON_US),
        "urgent": replace(plain, priority=TicketPriority.URGENT),
        "bob's": replace(plain, owner=BOB),
        "by call": replace(plain, source=Source.CALL),
        "vip": replace(plain, properties=(Property("vip", "yes"), Property("größe", 'ß"\\'))),
        "not vip": replace(plain, properties=(Property("vip", "no"),)),
        "earlier": replace(plain, created_at=NOON - TICK),
        "later": replace(plain, created_at=NOON + TICK),
        "other thread": replace(plain, thread=ThreadId(an_id(700))),
        "other contact": replace(plain, contact=OTHER_CONTACT),
    }
    named = {
        name: replace(ticket, id=TicketId(an_id(number)), number=number)
        for number, (name, ticket) in enumerate(different.items(), 1)
    }
    await desk.given(*named.values())
    return named


TICKET_FILTERS: list[tuple[TicketFilter, set[str]]] = [
    (TicketFilter(channels=(OTHER_CHANNEL,)), {"other channel"}),
    (TicketFilter(statuses=(TicketStatus.CLOSED,)), {"closed"}),
    (TicketFilter(statuses=(TicketStatus.CLOSED, TicketStatus.WAITING_ON_US)), {"closed", "waiting"}),
    (TicketFilter(priorities=(TicketPriority.URGENT, TicketPriority.LOW)), {"urgent"}),
    (TicketFilter(owners=(BOB,)), {"bob's"}),
    (TicketFilter(owners=(BOB, EVE)), {"bob's"}),
    (TicketFilter(unassigned=False), {"bob's"}),
    (TicketFilter(sources=(Source.CALL,)), {"by call"}),
    (TicketFilter(properties=(Property("vip", "yes"),)), {"vip"}),
    (TicketFilter(properties=(Property("vip", "no"),)), {"not vip"}),
    (TicketFilter(properties=(Property("yes", "vip"),)), set()),
    (TicketFilter(properties=tuple(Property(f"n{number}", "v") for number in range(100))), set()),  # all one may name
    (TicketFilter(properties=(Property("vip", "yes"), Property("größe", 'ß"\\'))), {"vip"}),
    (TicketFilter(properties=(Property("vip", "no"), Property("größe", 'ß"\\'))), set()),
    (TicketFilter(created_until=NOON), {"earlier"}),
    (TicketFilter(created_since=NOON + TICK), {"later"}),
    (TicketFilter(created_since=NOON - TICK, created_until=NOON), {"earlier"}),
    (TicketFilter(thread=ThreadId(an_id(700))), {"other thread"}),
    (TicketFilter(contact=OTHER_CONTACT), {"other contact"}),
    (TicketFilter(statuses=(TicketStatus.NEW,), owners=(BOB,), channels=(CHANNEL,), contact=CONTACT), {"bob's"}),
    (TicketFilter(statuses=(TicketStatus.CLOSED,), priorities=(TicketPriority.URGENT,)), set()),
]
TICKETS_LEFT_OUT: list[tuple[TicketFilter, set[str]]] = [
    (TicketFilter(), set()),
    (TicketFilter(unassigned=True), {"bob's"}),
    (TicketFilter(created_since=NOON), {"earlier"}),
    (TicketFilter(created_until=NOON + TICK), {"later"}),
    (TicketFilter(thread=THREAD), {"other thread"}),
    (TicketFilter(properties=(Property("vip", None),)), {"vip", "not vip"}),
    (TicketFilter(channels=(CHANNEL, OTHER_CHANNEL), sources=(Source.WHATSAPP, Source.EMAIL)), {"by call"}),
]


async def test_each_filter_chooses_its_tickets(desk: Desk) -> None:
    tickets = await given_tickets_to_choose_from(desk)
    names = {ticket.id: name for name, ticket in tickets.items()}
    expectations = TICKET_FILTERS + [(filter, set(tickets) - left_out) for filter, left_out in TICKETS_LEFT_OUT]

    for filter, expected in expectations:
        page = await desk.reader.tickets(ACME, TicketAsk(PageAsk(100), filter))
        assert {names[ticket.id] for ticket in page.rows} == expected, filter
        assert await desk.reader.ticket_count(ACME, filter) == len(expected)


async def test_the_history_of_a_ticket_comes_oldest_first(desk: Desk) -> None:
    await desk.given(a_thread(), a_ticket(), a_ticket(TicketId(an_id(90)), number=2))
    for number, minutes in ((4, 1), (2, 2), (3, 2), (1, 3)):
        await desk.given(a_ticket_change(an_id(number), at=NOON + minutes * MINUTE))
    await desk.given(a_ticket_change(an_id(5), ticket=TicketId(an_id(90))))

    await assert_pages(
        lambda page: desk.reader.ticket_changes(ACME, TICKET, page), [an_id(number) for number in (4, 2, 3, 1)]
    )


async def test_open_tickets_are_counted_for_each_user(desk: Desk) -> None:
    await desk.given(a_thread())
    owners = [(BOB, TicketStatus.NEW), (BOB, TicketStatus.WAITING_ON_CONTACT), (BOB, TicketStatus.CLOSED)]
    owners += [(EVE, TicketStatus.WAITING_ON_US), (USER, TicketStatus.CLOSED)]
    await desk.given(
        *(
            a_ticket(TicketId(an_id(number)), number=number, owner=owner, status=status)
            for number, (owner, status) in enumerate(owners, 1)
        )
    )

    assert await desk.reader.open_tickets_of(ACME, [BOB, EVE, USER]) == {BOB: 2, EVE: 1, USER: 0}
    assert await desk.reader.open_tickets_of(GLOBEX, [BOB]) == {BOB: 0}


# Contacts


async def test_contacts_come_newest_first(desk: Desk) -> None:
    for number, minutes in ((1, -3), (2, -1), (3, -1), (4, -2)):
        await desk.given(a_contact(ContactId(an_id(number)), created_at=NOON + minutes * MINUTE))

    await assert_pages(
        lambda page: desk.reader.contacts(ACME, page, None), [CONTACT, an_id(3), an_id(2), an_id(4), an_id(1)]
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("zażółć", {"żółw"}),
        ("ZAŻÓŁĆ", {"żółw"}),
        ("  gęś  ", {"żółw"}),
        ("strasse", {"straße"}),
        ("nickname", {"username"}),
        ("example.com", {"email"}),
        ("Profile", {"profile"}),
        ("4860010020", {"wa id", "phone"}),
        ("+48 600 100-200", {"wa id", "phone"}),
        ("(600) 100.200", {"wa id", "phone"}),
        ("0600 100 200", {"wa id", "phone"}),
        ("0048 600 100 200", {"wa id", "phone"}),
        ("+48 (0) 600 100 200", NONE_FOUND),
        ("+44 (0) 7400 123456", {"entered"}),
        ("07400\u00a0123\u2011456", {"entered"}),
        ("tel:+44-7400-123456", {"entered"}),
        ("+55 11 98765-4321", {"without the ninth"}),
        ("00", {"wa id", "phone", "entered", "percent"}),
        ("%", {"percent"}),
        ("_", {"percent"}),
        ("nobody", NONE_FOUND),
        ("+", NONE_FOUND),
        ('"', NONE_FOUND),
    ],
)
async def test_contacts_are_found_by_any_part_of_what_they_are_called(desk: Desk, query: str, found: set[str]) -> None:
    bare = a_contact(profile_name=None, wa_id=None)
    contacts = {
        "żółw": replace(bare, name="Zażółć Gęślą"),
        "straße": replace(bare, name="Große Straße"),
        "profile": replace(bare, profile_name="My pRoFiLe"),
        "username": replace(bare, username="@a.NickName"),
        "email": replace(bare, email="Ana@Example.com"),
        "wa id": replace(bare, wa_id="48600100200"),
        "phone": replace(bare, phones=(Phone("+1555", PhoneLabel.MOBILE), Phone("+48600100200", PhoneLabel.PHONE))),
        "entered": replace(bare, phones=(Phone("+447400123456", PhoneLabel.PHONE),)),
        "without the ninth": replace(bare, wa_id="551187654321"),
        "percent": replace(bare, name="100 %_"),
    }
    named = {
        name: replace(contact, id=ContactId(an_id(number))) for number, (name, contact) in enumerate(contacts.items())
    }
    await desk.given(*named.values())

    page = await desk.reader.contacts(ACME, PageAsk(100), query)

    assert {name for name, contact in named.items() if contact in page.rows} == found
    assert len(page.rows) == len(found)


@pytest.mark.parametrize("query", [None, "", "  "])
async def test_asking_for_nothing_in_particular_finds_everybody(desk: Desk, query: str | None) -> None:
    assert (await desk.reader.contacts(ACME, PageAsk(10), query)).rows == [a_contact()]
    assert (await desk.reader.users(ACME, PageAsk(10), query)).rows == [a_user()]
    assert (await desk.reader.templates(ACME, TemplateAsk(PageAsk(10), query=query))).rows == []


async def test_found_contacts_are_walked_in_pages_too(desk: Desk) -> None:
    for number in range(7):
        name = "Odd" if number % 2 else "Even"
        await desk.given(a_contact(ContactId(an_id(number)), name=name, created_at=NOON + number * TICK))

    await assert_pages(lambda page: desk.reader.contacts(ACME, page, "odd"), [an_id(5), an_id(3), an_id(1)])


async def test_a_contact_that_turned_out_to_be_another_is_in_no_list_and_can_still_be_read(desk: Desk) -> None:
    gone = replace(a_contact(OTHER_CONTACT, wa_id="2", name="Bo"), merged_into=CONTACT)
    await desk.given(gone)

    assert (await desk.reader.contacts(ACME, PageAsk(10), None)).rows == [a_contact()]
    assert (await desk.reader.contacts(ACME, PageAsk(10), "Bo")).rows == []
    assert await desk.reader.by_ids(Contact, ACME, [OTHER_CONTACT]) == {OTHER_CONTACT: gone}


async def test_the_names_of_contacts_come_in_the_order_they_were_learned(desk: Desk) -> None:
    other = a_contact(OTHER_CONTACT, wa_id="2")
    later = an_identity(an_id(1), since=NOON + MINUTE)
    earlier = an_identity(an_id(2), kind=IdentityKind.PHONE, since=NOON)
    await desk.given(other, later, earlier, an_identity(an_id(3), contact=OTHER_CONTACT, value="2"))

    identities = await desk.reader.identities_of(ACME, [CONTACT, OTHER_CONTACT])

    assert identities[CONTACT] == [earlier, later]
    assert ids(identities[OTHER_CONTACT]) == [an_id(3)]


# Channels, templates, people


async def test_channels_come_oldest_first(desk: Desk) -> None:
    newer = a_channel(ChannelId(an_id(1)), phone_number_id=PhoneNumberId("2"), created_at=NOON)
    oldest = a_channel(ChannelId(an_id(2)), phone_number_id=PhoneNumberId("3"), created_at=NOON - 60 * DAY)
    await desk.given(newer, oldest)

    assert await desk.reader.all_of(Channel, ACME, "created_at") == [oldest, a_channel(), newer]
    assert await desk.reader.all_of(Channel, GLOBEX, "created_at") == [a_channel(organization=GLOBEX)]


async def given_templates(desk: Desk) -> None:
    """Named b/en, b/de, a/en, c/en; the last of another account and paused."""
    named = {1: ("b", "en"), 2: ("b", "de"), 3: ("a", "en")}
    await desk.given(
        *(a_template(TemplateId(an_id(id)), name=name, language=tongue) for id, (name, tongue) in named.items()),
        a_template(
            TemplateId(an_id(4)),
            name="c",
            language="en",
            account=BusinessAccountId("2"),
            status=TemplateStatus.PAUSED,
            body="Zażółć %",
        ),
    )


async def test_templates_come_by_name_then_language(desk: Desk) -> None:
    await given_templates(desk)

    await assert_pages(
        lambda page: desk.reader.templates(ACME, TemplateAsk(page)), [an_id(number) for number in (3, 2, 1, 4)]
    )


@pytest.mark.parametrize(
    ("account", "statuses", "query", "found"),
    [
        (ACCOUNT, (), None, [3, 2, 1]),
        (BusinessAccountId("2"), (), None, [4]),
        (BusinessAccountId("3"), (), None, []),
        (None, (TemplateStatus.PAUSED,), None, [4]),
        (None, (TemplateStatus.PAUSED, TemplateStatus.APPROVED), None, [3, 2, 1, 4]),
        (None, (), "ZAŻÓŁĆ", [4]),
        (None, (), "B", [2, 1]),
        (None, (), "order has LEFT", [3, 2, 1]),
        (None, (), "%", [4]),
        (ACCOUNT, (TemplateStatus.APPROVED,), "b", [2, 1]),
        (ACCOUNT, (TemplateStatus.PAUSED,), None, []),
    ],
)
async def test_templates_are_found_by_account_status_and_words(
    desk: Desk,
    account: BusinessAccountId | None,
    statuses: tuple[TemplateStatus, ...],
    query: str | None,
    found: list[int],
) -> None:
    await given_templates(desk)

    if query == "B":  # the name alone: no body has a "b"
        assert "b" not in a_template().body.casefold()
    page = await desk.reader.templates(ACME, TemplateAsk(PageAsk(10), account, statuses, query))

    assert ids(page.rows) == [an_id(number) for number in found]


async def test_users_come_by_name(desk: Desk) -> None:
    names = {1: "Zoë", 2: "Bob", 3: "Bob", 4: "Żaneta", 5: "Aaron"}
    await desk.given(*(a_user(UserId(an_id(id)), name=name, email=f"{id}@acme.example") for id, name in names.items()))

    await assert_pages(
        lambda page: desk.reader.users(ACME, page, None),
        [an_id(5), USER, an_id(2), an_id(3), an_id(1), an_id(4)],
    )


@pytest.mark.parametrize(("query", "found"), [("żane", [4]), ("BOB", [2]), ("4@ACME", [4]), ("acme.example", [2, 4])])
async def test_users_are_found_by_part_of_their_name_or_address(desk: Desk, query: str, found: list[int]) -> None:
    names = {2: "Bob", 4: "Żaneta"}
    await desk.given(
        *(a_user(UserId(an_id(id)), name=name, email=f"{id}@acme.example") for id, name in names.items()),
        a_user(email="ada@elsewhere.example"),
    )

    page = await desk.reader.users(ACME, PageAsk(10), query)

    assert ids(page.rows) == [an_id(number) for number in found]


# The ledger


async def test_a_period_holds_its_start_and_not_its_end(desk: Desk) -> None:
    period = a_period(used=3)
    await desk.given(period)

    assert await desk.reader.period_at(ACME, period.starts_at) == period
    assert await desk.reader.period_at(ACME, period.ends_at - TICK) == period
    assert await desk.reader.period_at(ACME, period.ends_at) is None
    assert await desk.reader.period_at(ACME, period.starts_at - TICK) is None
    assert await desk.reader.period_at(GLOBEX, NOON) is None


async def given_entries(desk: Desk) -> None:
    """Four entries a minute apart from noon on; the second refunded, the third the contact's, the fourth elsewhere."""
    await desk.given(a_thread(), a_period())
    for number in range(4):
        await desk.given(
            an_entry(
                EntryId(an_id(number)),
                at=NOON + number * MINUTE,
                message=MessageId(an_id(number)),
                refunded_at=NOON + DAY if number == 1 else None,
                kind=ConversationKind.USER_INITIATED if number == 2 else ConversationKind.BUSINESS_INITIATED,
                account=BusinessAccountId("2") if number == 3 else ACCOUNT,
            )
        )


async def test_the_entries_of_a_stretch_of_time_come_oldest_first(desk: Desk) -> None:
    await given_entries(desk)

    await assert_pages(
        lambda page: desk.reader.entries(ACME, NOON, NOON + 3 * MINUTE, page), [an_id(0), an_id(1), an_id(2)]
    )
    await assert_pages(
        lambda page: desk.reader.entries(ACME, NOON + TICK, NOON + 3 * MINUTE + TICK, page),
        [an_id(1), an_id(2), an_id(3)],
    )
    assert (await desk.reader.entries(ACME, NOON, NOON, PageAsk(10))).rows == []


async def test_units_are_counted_by_hours_after_a_start_and_those_given_back_are_not(desk: Desk) -> None:
    start = NOON - 30 * MINUTE  # hours are those after the start, not those of the clock
    instants = (start - TICK, start, start + HOUR - TICK, start + HOUR, start + 50 * HOUR, start + 60 * HOUR)
    await desk.given(a_thread(), a_period())
    for number, at in enumerate(instants):
        refunded_at = at if at == start else None
        id = an_id(number)
        await desk.given(an_entry(EntryId(id), at=at, message=MessageId(id), refunded_at=refunded_at))

    assert await desk.reader.units_by_hour(ACME, start, start + 60 * HOUR) == {0: 1, 1: 1, 50: 1}
    assert await desk.reader.units_by_hour(ACME, start, start) == {}
    assert await desk.reader.units_by_hour(GLOBEX, start, start + 60 * HOUR) == {}


async def test_the_allowance_of_each_account_counts_what_we_began(desk: Desk) -> None:
    await given_entries(desk)
    other, unknown = BusinessAccountId("2"), BusinessAccountId("3")

    taken = await desk.reader.allowance_taken(ACME, [ACCOUNT, other, unknown], NOON - TICK)
    assert taken == {ACCOUNT: [NOON], other: [NOON + 3 * MINUTE], unknown: []}

    taken = await desk.reader.allowance_taken(ACME, [ACCOUNT], NOON)
    assert taken == {ACCOUNT: []}


# By ids, and nobody else's


async def test_rows_are_found_by_their_ids_and_those_that_are_not_there_left_out(desk: Desk) -> None:
    await given_everything(desk)
    reader, unknown = desk.reader, an_id(999)

    assert await reader.by_ids(Thread, ACME, [THREAD, ThreadId(unknown), THREAD]) == {THREAD: a_thread()}
    assert await reader.by_ids(Ticket, ACME, [TICKET, TicketId(unknown)]) == {TICKET: a_ticket()}
    assert await reader.by_ids(Contact, ACME, [CONTACT, ContactId(unknown)]) == {CONTACT: a_contact()}
    assert await reader.by_ids(Message, ACME, [MESSAGE, MessageId(unknown)]) == {MESSAGE: an_inbound()}
    assert await reader.by_ids(Media, ACME, [MEDIA, MediaId(unknown)]) == {MEDIA: a_media()}
    assert await reader.by_ids(Channel, ACME, [CHANNEL, ChannelId(unknown)]) == {CHANNEL: a_channel()}
    assert await reader.by_ids(Template, ACME, [TEMPLATE, TemplateId(unknown)]) == {TEMPLATE: a_template()}
    assert await reader.by_ids(User, ACME, [USER, UserId(unknown)]) == {USER: a_user()}
    assert await reader.by_ids(ApiKey, ACME, [API_KEY, ApiKeyId(unknown)]) == {API_KEY: an_api_key()}
    assert await reader.by_ids(SignIn, ACME, [SIGN_IN, SignInId(unknown)]) == {SIGN_IN: a_sign_in()}
    assert await reader.by_ids(Entry, ACME, [ENTRY, EntryId(unknown)]) == {ENTRY: an_entry()}


async def test_no_ids_find_nothing(desk: Desk) -> None:
    await given_everything(desk)

    assert await desk.reader.by_ids(Thread, ACME, []) == {}
    assert await desk.reader.marks_of(ACME, []) == {}
    assert await desk.reader.open_tickets_of(ACME, []) == {}
    assert await desk.reader.allowance_taken(ACME, [], NOON) == {}


async def test_many_ids_are_found_at_once(desk: Desk) -> None:
    threads = {ThreadId(an_id(number)): a_thread(ThreadId(an_id(number))) for number in range(1500)}
    await desk.given(*threads.values())

    assert await desk.reader.by_ids(Thread, ACME, list(threads)) == threads


async def test_another_organizations_ids_are_unknown(desk: Desk) -> None:
    await given_everything(desk)
    reader = desk.reader

    assert await reader.by_ids(Thread, GLOBEX, [THREAD]) == {}
    assert await reader.by_ids(Ticket, GLOBEX, [TICKET]) == {}
    assert await reader.by_ids(Message, GLOBEX, [MESSAGE]) == {}
    assert await reader.by_ids(Media, GLOBEX, [MEDIA]) == {}
    assert await reader.by_ids(Template, GLOBEX, [TEMPLATE]) == {}
    assert await reader.by_ids(ApiKey, GLOBEX, [API_KEY]) == {}
    assert await reader.by_ids(SignIn, GLOBEX, [SIGN_IN]) == {}
    assert await reader.by_ids(Entry, GLOBEX, [ENTRY]) == {}
    assert await reader.by_ids(Contact, GLOBEX, [CONTACT]) == {CONTACT: a_contact(organization=GLOBEX)}
    assert (await reader.marks_of(GLOBEX, [OUR_MESSAGE])).get(OUR_MESSAGE, []) == []
    assert (await reader.identities_of(GLOBEX, [CONTACT])).get(CONTACT, []) == []
    assert (await reader.allowance_taken(GLOBEX, [ACCOUNT], NOON - DAY)).get(ACCOUNT, []) == []
    assert (await reader.threads(GLOBEX, ThreadAsk(PageAsk(10)), NOON)).rows == []
    assert await reader.thread_count(GLOBEX, ThreadFilter(), NOON) == 0
    assert (await reader.tickets(GLOBEX, TicketAsk(PageAsk(10)))).rows == []
    assert await reader.ticket_count(GLOBEX, TicketFilter()) == 0
    assert (await reader.ticket_changes(GLOBEX, TICKET, PageAsk(10))).rows == []
    assert (await reader.messages(GLOBEX, THREAD, PageAsk(10))).rows == []
    assert (await reader.templates(GLOBEX, TemplateAsk(PageAsk(10)))).rows == []
    assert (await reader.entries(GLOBEX, NOON, NOON + DAY, PageAsk(10))).rows == []
    assert (await reader.contacts(GLOBEX, PageAsk(10), None)).rows == [a_contact(organization=GLOBEX)]
    assert (await reader.users(GLOBEX, PageAsk(10), None)).rows == [a_user(organization=GLOBEX)]
    assert await reader.events(GLOBEX, 0, 10) == []


async def given_everything(desk: Desk) -> None:
    await desk.given(
        an_api_key(),
        a_sign_in(),
        a_template(),
        an_identity(),
        a_thread(),
        an_inbound(),
        an_outbound(),
        a_mark(),
        a_media(),
        a_ticket(),
        a_ticket_change(),
        a_period(PERIOD),
        an_entry(),
    )
    await desk.happened(ThreadChanged(THREAD))


# One instant


async def test_a_write_during_a_snapshot_is_not_seen_inside(desk: Desk) -> None:
    await desk.given(a_thread())

    async with desk.reader.snapshot(ACME) as reads:
        assert (await reads.head(ACME)).position == 0

        async with desk.store.transaction(ACME) as tx:
            tx.save(a_thread(unread_count=1), an_inbound())
            tx.record(ThreadChanged(THREAD))

        assert (await reads.head(ACME)).position == 0
        assert await reads.events(ACME, 0, 10) == []
        assert await reads.by_ids(Thread, ACME, [THREAD]) == {THREAD: a_thread()}
        assert (await reads.messages(ACME, THREAD, PageAsk(10))).rows == []
        assert (await desk.reader.head(ACME)).position == 1

    assert await desk.reader.by_ids(Thread, ACME, [THREAD]) == {THREAD: a_thread(unread_count=1)}


async def test_a_snapshot_may_be_asked_many_things_at_once(desk: Desk) -> None:
    await given_everything(desk)

    async with desk.reader.snapshot(ACME) as reads:
        threads, tickets, head = await asyncio.gather(
            reads.by_ids(Thread, ACME, [THREAD]), reads.by_ids(Ticket, ACME, [TICKET]), reads.head(ACME)
        )

    assert (ids(list(threads.values())), ids(list(tickets.values())), head.position) == ([THREAD], [TICKET], 1)


async def test_snapshots_one_after_another_see_what_came_between(desk: Desk) -> None:
    for position in range(1, 6):
        await desk.happened(QuotaChanged())
        async with desk.reader.snapshot(ACME) as reads:
            assert (await reads.head(ACME)).position == position


async def test_a_broken_or_cancelled_snapshot_leaves_the_reader_whole(desk: Desk) -> None:
    inside, never = asyncio.Event(), asyncio.Event()

    async def stuck() -> None:
        async with desk.reader.snapshot(ACME) as reads:
            await reads.head(ACME)
            inside.set()
            await never.wait()

    for _ in range(6):
        inside.clear()
        task = asyncio.create_task(stuck())
        await inside.wait()
        task.cancel()
        await asyncio.wait([task])

    await desk.happened(QuotaChanged())
    async with asyncio.timeout(5):
        heads = await asyncio.gather(*(desk.reader.head(ACME) for _ in range(6)))
        async with desk.reader.snapshot(ACME) as reads:
            heads.append(await reads.head(ACME))
    assert {head.position for head in heads} == {1}


async def test_who_still_asks_when_a_snapshot_ends_or_later_disturbs_nobody(desk: Desk) -> None:
    """An answer of several parts may end with one of them, as an error, while others are still being read."""
    await desk.happened(QuotaChanged())
    forgotten: list[asyncio.Task[Head]] = []
    ended: list[Reads] = []

    for fails in (False, True) * 5:
        with suppress(DeskOnFire):
            async with desk.reader.snapshot(ACME) as reads:
                ended.append(reads)
                await reads.head(ACME)
                forgotten += [asyncio.create_task(reads.head(ACME)) for _ in range(3)]
                await asyncio.sleep(0)  # now they are asking
                if fails:
                    raise DeskOnFire
        async with desk.reader.snapshot(ACME) as others:
            forgotten.append(asyncio.create_task(ended[-1].head(ACME)))
            assert [(await others.head(ACME)).position for _ in range(3)] == [1, 1, 1]

    answers = await asyncio.gather(*forgotten, return_exceptions=True)
    strange = [each for each in answers if not isinstance(each, Head | Unavailable | TookTooLong)]
    assert strange == []


async def test_many_snapshots_at_once_all_get_their_turn(desk: Desk) -> None:
    await desk.happened(QuotaChanged())

    async def read() -> int:
        async with desk.reader.snapshot(ACME) as reads:
            return (await reads.head(ACME)).position

    async with asyncio.timeout(10):
        assert await asyncio.gather(*(read() for _ in range(20))) == [1] * 20
