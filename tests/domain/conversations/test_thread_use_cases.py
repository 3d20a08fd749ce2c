"""Threads read, handed over, closed and reopened; on help desk numbers with their newest ticket, as one."""

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from domain.channels.channels import ChannelState, Destination
from domain.conversations.threads import Thread, ThreadStatus
from domain.error_codes import ErrorCode
from domain.errors import Refused
from domain.events import ThreadChanged, TicketChanged
from domain.ids import MessageId, ThreadId, UserId
from domain.people.actors import Actor, Role, Scope
from domain.ports.network import Rejected
from domain.tickets import TicketStatus
from domain.use_cases.conversations.threads import (
    AssignThread,
    MarkRead,
    assign_thread,
    close_thread,
    mark_read,
    reopen_thread,
)
from tests.builders import (
    GLOBEX,
    HOUR,
    MINUTE,
    NOON,
    TEAM,
    USER,
    a_contact,
    a_thread,
    a_user,
    an_id,
    an_inbound,
    an_organization,
)
from tests.domain.one_desk import (
    AGENT,
    MAY_WORK,
    NO_KEY_OPENS,
    READER,
    TOKEN,
    Desk,
    a_key_for,
    a_user_as,
    granted,
    open_desk,
    refusal_of,
    refused_as,
)

GRACE = UserId(an_id(11))


@pytest.fixture
async def desk() -> Desk:
    """A contact wrote at noon; Ada and Grace work here."""
    desk = await open_desk()
    await desk.given(a_user(GRACE, name="Grace", email="grace@acme.example"))
    await desk.wrote()
    return desk


# Reading


async def test_reading_clears_the_count_for_the_whole_team_and_tells_it(desk: Desk) -> None:
    await desk.wrote()
    assert (await desk.thread()).unread_count == 2
    head = await desk.head()

    read = granted(await mark_read(desk.ports, AGENT, MarkRead((await desk.thread()).id)))

    assert (read.unread_count, read) == (0, await desk.thread())
    assert await desk.events(head) == [ThreadChanged(read.id)]


async def test_reading_again_changes_and_tells_nothing(desk: Desk) -> None:
    thread = await desk.thread()
    granted(await mark_read(desk.ports, AGENT, MarkRead(thread.id)))
    head = await desk.head()

    granted(await mark_read(desk.ports, AGENT, MarkRead(thread.id)))

    assert await desk.head() == head


async def test_reading_up_to_a_message_leaves_the_newer_ones_unread_and_never_goes_back(desk: Desk) -> None:
    [first] = await desk.messages()
    for _ in range(2):
        desk.later(MINUTE)
        await desk.wrote()
    _, second, _ = await desk.messages()

    upto_second = granted(await mark_read(desk.ports, AGENT, MarkRead(first.thread, second.id)))
    upto_first = granted(await mark_read(desk.ports, AGENT, MarkRead(first.thread, first.id)))

    assert (upto_second.unread_count, upto_second.read_up_to) == (1, NOON + MINUTE)
    assert upto_first == upto_second


async def test_a_message_of_the_second_in_which_somebody_read_is_unread(desk: Desk) -> None:
    """The network tells whole seconds; what is on the screen is what was read."""
    [seen] = await desk.messages()
    granted(await mark_read(desk.ports, AGENT, MarkRead(seen.thread, seen.id)))

    unseen = await desk.wrote("One more", at=seen.at)

    assert (await desk.thread()).unread_count == 1
    after = granted(await mark_read(desk.ports, AGENT, MarkRead(seen.thread, unseen.id)))
    assert after.unread_count == 0
    assert granted(await mark_read(desk.ports, AGENT, MarkRead(seen.thread, seen.id))) == after


async def test_a_message_delivered_late_is_unread_though_newer_ones_were_read(desk: Desk) -> None:
    [seen] = await desk.messages()
    granted(await mark_read(desk.ports, AGENT, MarkRead(seen.thread)))

    await desk.wrote("came late, nobody saw it", at=seen.at - MINUTE)

    assert (await desk.thread()).unread_count == 1
    assert granted(await mark_read(desk.ports, AGENT, MarkRead(seen.thread, seen.id))).unread_count == 0


async def test_our_own_message_read_reads_what_came_before_it(desk: Desk) -> None:
    desk.later(MINUTE)
    reply = await desk.reply()
    desk.later(MINUTE)
    await desk.wrote()

    read = granted(await mark_read(desk.ports, AGENT, MarkRead(reply.thread, reply.id)))

    assert read.unread_count == 1


async def test_an_empty_thread_is_read_already(desk: Desk) -> None:
    quiet = a_thread(ThreadId(an_id(1)), channel=(await desk.channel()).id)
    await desk.given(a_contact(), quiet)

    assert granted(await mark_read(desk.ports, AGENT, MarkRead(quiet.id, tell_contact=True))) == quiet
    assert desk.network.told_read == []


@pytest.mark.parametrize(
    ("setting", "asked", "told"),
    [
        (False, None, False),
        (True, None, True),
        (False, True, True),
        (True, False, False),
    ],
)
async def test_the_contact_sees_blue_ticks_only_when_the_channel_or_the_call_says_so(
    desk: Desk, setting: bool, asked: bool | None, told: bool
) -> None:
    await desk.given(replace(await desk.channel(), send_read_receipts=setting))
    [message] = await desk.messages()

    granted(await mark_read(desk.ports, AGENT, MarkRead(message.thread, tell_contact=asked)))

    assert desk.network.told_read == ([message.wamid] if told else [])
    assert desk.network.tokens == ({TOKEN} if told else set())


async def tell(desk: Desk, up_to: MessageId | None = None) -> None:
    granted(await mark_read(desk.ports, AGENT, MarkRead((await desk.thread()).id, up_to, tell_contact=True)))


async def test_the_network_hears_of_the_newest_message_read_and_of_none_that_was_not(desk: Desk) -> None:
    desk.later(MINUTE)
    reply = await desk.reply()
    [first, _] = await desk.messages()

    await tell(desk)
    assert desk.network.told_read == [first.wamid], "our own message is the last: what came before it was read"

    desk.later(MINUTE)
    newest = await desk.wrote()
    await tell(desk, reply.id)
    assert desk.network.told_read == [first.wamid], "the newest was not read"

    await tell(desk, first.id)
    await tell(desk)
    assert desk.network.told_read == [first.wamid, first.wamid, newest.wamid]


async def test_where_nobody_wrote_there_is_nothing_to_tell(desk: Desk) -> None:
    thread = replace(await desk.thread(), session=None)
    await desk.given(thread)
    reply = await desk.reply_with_template()

    await tell(desk, reply.id)

    assert desk.network.told_read == []


@pytest.mark.parametrize(
    "changes", [{"state": ChannelState.DISCONNECTED}, {"access_token": None}, {"access_token": NO_KEY_OPENS}]
)
async def test_a_number_that_cannot_send_tells_nothing_and_is_read_all_the_same(
    desk: Desk, changes: dict[str, object]
) -> None:
    await desk.given(replace(await desk.channel(), **changes))  # type: ignore[arg-type]

    await tell(desk)

    assert (desk.network.told_read, (await desk.thread()).unread_count) == ([], 0)


async def test_a_network_that_refuses_the_ticks_does_not_undo_the_reading(desk: Desk) -> None:
    desk.network.failing["mark_read"] = Rejected(131000, "No.")

    await tell(desk)

    assert (await desk.thread()).unread_count == 0


async def test_only_a_message_of_the_thread_can_be_read_up_to(desk: Desk) -> None:
    thread = await desk.thread()
    other = a_thread(ThreadId(an_id(1)), channel=thread.channel)
    elsewhere = an_inbound(MessageId(an_id(2)), thread=other.id, channel=thread.channel)
    await desk.given(a_contact(), other, elsewhere)

    for id in (MessageId("none"), elsewhere.id):
        refusal = refusal_of(await mark_read(desk.ports, AGENT, MarkRead(thread.id, id)))
        assert refusal == Refused(ErrorCode.NOT_FOUND, "There is no such message in this thread.", ("upToMessageId",))


@pytest.mark.parametrize("actor", [READER, a_key_for(Scope.READ), a_key_for(Scope.TICKETS)])
async def test_who_may_only_look_reads_nothing_for_the_team(desk: Desk, actor: Actor) -> None:
    thread = await desk.thread()

    assert refused_as(await mark_read(desk.ports, actor, MarkRead(thread.id))) is ErrorCode.FORBIDDEN
    assert await desk.thread() == thread


# Handing over


async def test_thread_and_newest_ticket_get_one_owner_with_one_event_each(desk: Desk) -> None:
    thread, ticket = await desk.thread(), await desk.ticket()
    head = await desk.head()

    after = granted(await assign_thread(desk.ports, AGENT, AssignThread(thread.id, owner=GRACE)))

    assert (after.owner, (await desk.ticket()).owner) == (GRACE, GRACE)
    assert await desk.events(head) == [TicketChanged(thread.id, ticket.id, ("owner",)), ThreadChanged(thread.id)]
    [change] = await desk.history(ticket)
    assert (change.field, change.before, change.after, change.by) == ("owner", None, GRACE, AGENT.author)


async def test_on_an_inbox_number_a_thread_is_handed_over_alone(desk: Desk) -> None:
    desk = await open_desk()
    await desk.given(replace(await desk.channel(), destination=Destination.INBOX))
    await desk.wrote()
    thread = await desk.thread()
    head = await desk.head()

    granted(await assign_thread(desk.ports, AGENT, AssignThread(thread.id, owner=USER)))
    granted(await close_thread(desk.ports, AGENT, thread.id))
    granted(await reopen_thread(desk.ports, AGENT, thread.id))

    assert ((await desk.thread()).owner, await desk.tickets()) == (USER, [])
    assert await desk.events(head) == [ThreadChanged(thread.id)] * 3


async def test_an_owner_is_taken_away_and_a_team_left_as_it_was(desk: Desk) -> None:
    thread = replace(await desk.thread(), owner=USER, team=TEAM)
    await desk.given(thread, replace(await desk.ticket(), owner=USER, team=TEAM))

    after = granted(await assign_thread(desk.ports, AGENT, AssignThread(thread.id, owner=None)))
    assert (after.owner, after.team, (await desk.ticket()).team) == (None, TEAM, TEAM)

    after = granted(await assign_thread(desk.ports, AGENT, AssignThread(thread.id, team=None)))
    assert (after.owner, after.team, (await desk.ticket()).team) == (None, None, None)


async def test_the_same_owner_again_tells_nothing(desk: Desk) -> None:
    thread = await desk.thread()
    granted(await assign_thread(desk.ports, AGENT, AssignThread(thread.id, owner=USER)))
    head = await desk.head()

    granted(await assign_thread(desk.ports, AGENT, AssignThread(thread.id, owner=USER)))

    assert await desk.head() == head
    assert len(await desk.history(await desk.ticket())) == 1


async def test_fifty_assigns_at_once_that_expect_nobody_give_one_owner_and_one_entry(desk: Desk) -> None:
    thread = await desk.thread()
    asks = [AssignThread(thread.id, owner=(USER, GRACE)[n % 2], expected_owner=None) for n in range(50)]

    answers = await asyncio.gather(*(assign_thread(desk.ports, AGENT, ask) for ask in asks))

    won = [answer for answer in answers if isinstance(answer, Thread)]
    lost = [answer for answer in answers if not isinstance(answer, Thread)]
    assert len(won) == 1
    assert {each for each in lost} == {
        Refused(ErrorCode.CONFLICT, "Somebody else assigned it in the meantime.", ("expectedOwnerId",))
    }
    assert (await desk.thread()).owner == (await desk.ticket()).owner == won[0].owner
    assert len(await desk.history(await desk.ticket())) == 1


async def test_fifty_assigns_at_once_that_expect_nothing_end_in_one_owner_with_an_entry_each_change(
    desk: Desk,
) -> None:
    thread = await desk.thread()
    asks = [AssignThread(thread.id, owner=(USER, GRACE)[n % 2]) for n in range(50)]

    await asyncio.gather(*(assign_thread(desk.ports, AGENT, ask) for ask in asks))

    history = await desk.history(await desk.ticket())
    assert (await desk.thread()).owner == (await desk.ticket()).owner == history[-1].after
    for earlier, later in pairwise(history):
        assert earlier.after == later.before
        assert later.before != later.after


async def test_the_expected_owner_holds_the_race(desk: Desk) -> None:
    thread = await desk.thread()
    granted(await assign_thread(desk.ports, AGENT, AssignThread(thread.id, owner=USER)))

    late = AssignThread(thread.id, owner=GRACE, expected_owner=None)
    assert refused_as(await assign_thread(desk.ports, AGENT, late)) is ErrorCode.CONFLICT
    right = AssignThread(thread.id, owner=GRACE, expected_owner=USER)
    assert granted(await assign_thread(desk.ports, AGENT, right)).owner == GRACE


async def test_work_may_be_given_to_somebody_unavailable_and_not_to_somebody_inactive(desk: Desk) -> None:
    thread = await desk.thread()
    await desk.given(replace(a_user(), available=False))
    assert granted(await assign_thread(desk.ports, AGENT, AssignThread(thread.id, owner=USER))).owner == USER

    await desk.given(replace(a_user(GRACE, name="Grace", email="grace@acme.example"), active=False))
    refusal = refusal_of(await assign_thread(desk.ports, AGENT, AssignThread(thread.id, owner=GRACE)))
    assert refusal == Refused(ErrorCode.OWNER_UNAVAILABLE, "Grace is not active any more.", ("ownerId",))
    assert (await desk.thread()).owner == USER


@pytest.mark.parametrize(
    ("ask", "code", "field"),
    [
        (AssignThread(ThreadId("?"), owner=UserId("none")), ErrorCode.NOT_FOUND, ("ownerId",)),
        (AssignThread(ThreadId("?"), team=TEAM), ErrorCode.NOT_FOUND, ("teamId",)),
        (AssignThread(ThreadId("?")), ErrorCode.INVALID, ("ownerId",)),
        (AssignThread(ThreadId("?"), expected_owner=None), ErrorCode.INVALID, ("ownerId",)),
    ],
)
async def test_nobody_knows_an_owner_or_team_that_is_not_here(
    desk: Desk, ask: AssignThread, code: ErrorCode, field: tuple[str, ...]
) -> None:
    thread = await desk.thread()
    before = await desk.state()

    refusal = refusal_of(await assign_thread(desk.ports, AGENT, replace(ask, thread=thread.id)))

    assert isinstance(refusal, Refused)
    assert (refusal.code, refusal.field) == (code, field)
    assert await desk.state() == before


# Closing, reopening


async def test_closing_a_thread_closes_its_ticket_and_reopening_reopens_it(desk: Desk) -> None:
    thread, ticket = await desk.thread(), await desk.ticket()
    desk.later(HOUR)
    head = await desk.head()

    closed = granted(await close_thread(desk.ports, AGENT, thread.id))
    assert closed.status is ThreadStatus.CLOSED
    assert ((await desk.ticket()).status, (await desk.ticket()).closed_at) == (TicketStatus.CLOSED, NOON + HOUR)

    opened = granted(await reopen_thread(desk.ports, AGENT, thread.id))
    assert opened.status is ThreadStatus.OPEN
    assert ((await desk.ticket()).status, (await desk.ticket()).closed_at) == (TicketStatus.WAITING_ON_US, None)
    assert (
        await desk.events(head)
        == [
            TicketChanged(thread.id, ticket.id, ("status",)),
            ThreadChanged(thread.id),
        ]
        * 2
    )


async def test_what_is_closed_or_open_already_is_refused(desk: Desk) -> None:
    thread = await desk.thread()
    refusal = refusal_of(await reopen_thread(desk.ports, AGENT, thread.id))
    assert refusal == Refused(ErrorCode.CONFLICT, "The thread is open.", ("threadId",))

    granted(await close_thread(desk.ports, AGENT, thread.id))
    refusal = refusal_of(await close_thread(desk.ports, AGENT, thread.id))
    assert refusal == Refused(ErrorCode.ALREADY_CLOSED, "The thread is closed already.", ("threadId",))


async def test_a_ticket_that_went_its_own_way_does_not_stop_its_thread(desk: Desk) -> None:
    """The number was an inbox for a while: thread and ticket parted then, and meet again."""
    thread, ticket = await desk.thread(), await desk.ticket()
    await desk.given(replace(ticket, status=TicketStatus.CLOSED, closed_at=NOON))
    assert granted(await close_thread(desk.ports, AGENT, thread.id)).status is ThreadStatus.CLOSED

    await desk.given(replace(ticket, status=TicketStatus.WAITING_ON_US))
    assert granted(await reopen_thread(desk.ports, AGENT, thread.id)).status is ThreadStatus.OPEN
    assert (await desk.ticket()).status is TicketStatus.WAITING_ON_US


# Who may


@pytest.mark.parametrize("actor", [*MAY_WORK, a_key_for(Scope.TICKETS)])
async def test_who_may_work_hands_over_closes_and_reopens(desk: Desk, actor: Actor) -> None:
    thread = await desk.thread()

    granted(await assign_thread(desk.ports, actor, AssignThread(thread.id, owner=USER)))
    granted(await close_thread(desk.ports, actor, thread.id))
    granted(await reopen_thread(desk.ports, actor, thread.id))

    assert {each.by for each in await desk.history(await desk.ticket())} == {actor.author}


@pytest.mark.parametrize("actor", [READER, a_key_for(Scope.READ), a_key_for(Scope.MESSAGES)])
async def test_who_may_not_changes_nothing(desk: Desk, actor: Actor) -> None:
    thread, before = await desk.thread(), await desk.state()

    for answer in (
        await assign_thread(desk.ports, actor, AssignThread(thread.id, owner=USER)),
        await close_thread(desk.ports, actor, thread.id),
        await reopen_thread(desk.ports, actor, thread.id),
    ):
        assert refused_as(answer) is ErrorCode.FORBIDDEN
    assert await desk.state() == before


async def test_a_thread_of_another_organization_is_as_unknown_as_none(desk: Desk) -> None:
    thread = await desk.thread()
    await desk.given(an_organization(GLOBEX, name="Globex"))
    outsider = a_user_as(Role.ADMIN, GLOBEX)
    unknown = Refused(ErrorCode.NOT_FOUND, "There is no such thread.", ("threadId",))

    for actor, id in ((outsider, thread.id), (AGENT, ThreadId("none"))):
        assert await mark_read(desk.ports, actor, MarkRead(id)) == unknown
        assert await assign_thread(desk.ports, actor, AssignThread(id, owner=None)) == unknown
        assert await close_thread(desk.ports, actor, id) == unknown
        assert await reopen_thread(desk.ports, actor, id) == unknown
