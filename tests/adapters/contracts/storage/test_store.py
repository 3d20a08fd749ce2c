"""The store: one organization's rows in one transaction, all or nothing, with its log; and what falls due."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from domain.channels.channels import Channel, ChannelState, Problem, ProblemCode
from domain.channels.template_sync import TemplateSync
from domain.contacts import IdentityKind
from domain.conversations.messages import Direction, Message
from domain.conversations.sessions import Alarm, AlarmKind
from domain.conversations.status import Mark, MessageStatus
from domain.conversations.threads import Thread
from domain.errors import Unavailable
from domain.events import (
    ChannelChanged,
    Event,
    MessageAdded,
    MessageChange,
    MessageChanged,
    MessageStatusChanged,
    QuotaChanged,
    SessionChange,
    SessionChanged,
    TemplateChanged,
    ThreadChanged,
    TicketChanged,
)
from domain.files.media import Media, MediaState
from domain.ids import (
    BusinessAccountId,
    ChannelId,
    ConnectionDraftId,
    DeliveryId,
    MediaId,
    MessageId,
    OrganizationId,
    PeriodId,
    PhoneNumberId,
    SignInId,
    TemplateId,
    ThreadId,
    TicketId,
    UserId,
)
from domain.outbound.outbox import CLOCKS_DIFFER, LEASE, PERSON_FIRST, TEMPLATE_NEXT, OutboxItem
from domain.ports.directory import DirectoryEntry
from domain.ports.hints import OUTBOX
from domain.ports.store import DueNumber, Figures
from domain.rows import Row
from domain.updates import ParkedUpdate
from tests.adapters.contracts.desks import Desk, DeskOnFire
from tests.builders import (
    ACCOUNT,
    ACME,
    CHANNEL,
    DAY,
    DELIVERY,
    GLOBEX,
    HOUR,
    MEDIA,
    MESSAGE,
    MINUTE,
    NOON,
    OUR_MESSAGE,
    TEMPLATE,
    THREAD,
    TICKET,
    WAMID,
    a_channel,
    a_connection_draft,
    a_delivery,
    a_mark,
    a_media,
    a_pace,
    a_parked,
    a_period,
    a_session,
    a_sign_in,
    a_template,
    a_thread,
    a_ticket,
    a_user,
    an_entry,
    an_id,
    an_identity,
    an_inbound,
    an_outbound,
    an_outbox_item,
    an_update_record,
)
from tests.due import due_sends

TICK = timedelta(microseconds=1)


# All or nothing


async def test_what_is_saved_is_there_after_the_commit(desk: Desk) -> None:
    async with desk.store.transaction(ACME) as tx:
        tx.save(a_thread(), an_inbound())

    async with desk.store.transaction(ACME) as tx:
        assert await tx.threads([THREAD]) == {THREAD: a_thread()}
        assert await tx.messages([MESSAGE]) == {MESSAGE: an_inbound()}


async def test_rows_may_be_saved_in_any_order(desk: Desk) -> None:
    async with desk.store.transaction(ACME) as tx:
        tx.save(a_mark(), an_outbox_item(), an_outbound(), a_ticket(), an_entry(), a_period(), a_thread())

    assert await desk.reader.by_ids(Message, ACME, [OUR_MESSAGE]) == {OUR_MESSAGE: an_outbound()}


async def test_what_is_saved_is_read_back_within_the_transaction(desk: Desk) -> None:
    async with desk.store.transaction(ACME) as tx:
        tx.save(a_thread())
        assert await tx.threads([THREAD]) == {THREAD: a_thread()}

        tx.save(a_thread(unread_count=3))
        tx.save(a_thread(unread_count=4))
        assert (await tx.threads([THREAD]))[THREAD].unread_count == 4


async def test_a_row_saved_again_is_changed(desk: Desk) -> None:
    await desk.given(a_thread())

    await desk.given(a_thread(owner=UserId(an_id(1))))

    assert await desk.reader.by_ids(Thread, ACME, [THREAD]) == {THREAD: a_thread(owner=UserId(an_id(1)))}


async def test_a_rolled_back_transaction_leaves_no_trace(desk: Desk) -> None:
    await desk.given(a_thread(), an_outbound(), an_outbox_item())

    with suppress(DeskOnFire):
        async with desk.store.transaction(ACME) as tx:
            tx.save(a_thread(unread_count=9), an_inbound(), a_ticket())
            await tx.threads([THREAD])
            tx.save(a_period())
            await tx.period_at(NOON)
            tx.remove(an_outbox_item())
            await tx.row(OutboxItem, OUR_MESSAGE)
            raise DeskOnFire

    async with desk.store.transaction(ACME) as tx:
        assert await tx.threads([THREAD]) == {THREAD: a_thread()}
        assert await tx.messages([MESSAGE]) == {}
        assert await tx.tickets([TICKET]) == {}
        assert await tx.row(OutboxItem, OUR_MESSAGE) == an_outbox_item()
        assert await tx.period_at(NOON) is None


async def test_the_exception_that_rolled_back_comes_out(desk: Desk) -> None:
    with pytest.raises(DeskOnFire):
        async with desk.store.transaction(ACME):
            raise DeskOnFire


async def test_a_cancelled_transaction_leaves_no_trace_and_nobody_waiting(desk: Desk) -> None:
    inside, never = asyncio.Event(), asyncio.Event()

    async def stuck() -> None:
        async with desk.store.transaction(ACME) as tx:
            tx.save(a_thread())
            await tx.threads([THREAD])
            inside.set()
            await never.wait()

    task = asyncio.create_task(stuck())
    await inside.wait()
    task.cancel()
    await asyncio.wait([task])

    async with asyncio.timeout(5), desk.store.transaction(ACME) as tx:
        assert await tx.threads([THREAD]) == {}


async def test_those_who_stop_waiting_hold_up_nobody(narrow_desk: Desk) -> None:
    async with narrow_desk.store.transaction(ACME):
        waiting = [asyncio.create_task(narrow_desk.happened(QuotaChanged())) for _ in range(10)]
        await settled()
        for task in waiting[::2]:
            task.cancel()

    async with asyncio.timeout(5):
        await asyncio.wait(waiting)
    assert [position for position, _ in await narrow_desk.log()] == [1, 2, 3, 4, 5]


async def test_who_gives_up_at_the_moment_of_their_turn_holds_up_nobody(narrow_desk: Desk) -> None:
    async with narrow_desk.store.transaction(ACME):
        task = asyncio.create_task(narrow_desk.happened(QuotaChanged()))
        await settled()
    task.cancel()
    await asyncio.wait([task])

    async with asyncio.timeout(5):
        await narrow_desk.given(a_thread())


async def test_a_removed_item_is_gone(desk: Desk) -> None:
    await desk.given(a_thread(), an_outbound(), an_outbox_item())

    async with desk.store.transaction(ACME) as tx:
        tx.remove(an_outbox_item())
        assert await tx.row(OutboxItem, OUR_MESSAGE) is None

    assert await due_sends(desk.store, NOON, 10) == []


async def test_of_saving_and_removing_the_last_word_counts(desk: Desk) -> None:
    await desk.given(a_thread(), an_outbound())

    async with desk.store.transaction(ACME) as tx:
        tx.save(an_outbox_item())
        tx.remove(an_outbox_item())
    assert await due_sends(desk.store, NOON, 10) == []

    async with desk.store.transaction(ACME) as tx:
        tx.remove(an_outbox_item())
        tx.save(an_outbox_item(tries=2))
        assert await tx.row(OutboxItem, OUR_MESSAGE) == an_outbox_item(tries=2)


async def test_a_row_of_another_organization_is_not_saved(desk: Desk) -> None:
    with pytest.raises((AssertionError, ValueError)):
        async with desk.store.transaction(ACME) as tx:
            tx.save(a_thread(organization=GLOBEX))

    assert await desk.reader.by_ids(Thread, GLOBEX, [THREAD]) == {}


# One after another


async def test_changes_of_the_same_row_at_the_same_time_all_count(desk: Desk) -> None:
    await desk.given(a_thread())

    async def one_more() -> None:
        async with desk.store.transaction(ACME) as tx:
            thread = (await tx.threads([THREAD]))[THREAD]
            tx.save(replace(thread, unread_count=thread.unread_count + 1))

    async def in_the_end() -> None:
        try:
            await desk.again(one_more)
        except Unavailable:  # a busy machine; nothing was written
            await in_the_end()

    await asyncio.gather(*(in_the_end() for _ in range(20)))

    assert (await desk.reader.by_ids(Thread, ACME, [THREAD]))[THREAD].unread_count == 20


async def test_changes_of_a_number_at_the_same_time_all_count(desk: Desk) -> None:
    async def one_more() -> None:
        async with desk.store.transaction(ACME) as tx:
            channel = await tx.row(Channel, CHANNEL)
            assert channel is not None
            tx.save(replace(channel, messaging_limit=(channel.messaging_limit or 0) + 1))

    await asyncio.gather(*(desk.again(one_more) for _ in range(4)))

    assert (await desk.reader.by_ids(Channel, ACME, [CHANNEL]))[CHANNEL].messaging_limit == 4


async def test_trying_again_has_an_end(desk: Desk) -> None:
    assert not await desk.store.pause(100)


async def test_background_work_lets_others_go_first(narrow_desk: Desk) -> None:
    order: list[str] = []

    async def work(name: str, *, background: bool) -> None:
        async with narrow_desk.store.transaction(ACME, background=background):
            order.append(name)

    async with narrow_desk.store.transaction(ACME):
        tasks = [asyncio.create_task(work("background", background=True))]
        await settled()
        tasks += [asyncio.create_task(work(name, background=False)) for name in ("first", "second")]
        await settled()

    await asyncio.gather(*tasks)
    assert order == ["first", "second", "background"]


async def test_background_work_goes_when_nobody_else_waits(desk: Desk) -> None:
    async with asyncio.timeout(5), desk.store.transaction(ACME, background=True) as tx:
        tx.save(a_thread())

    assert await desk.reader.by_ids(Thread, ACME, [THREAD]) == {THREAD: a_thread()}


# The log


EVERY_EVENT: list[Event] = [
    MessageAdded(THREAD, MESSAGE),
    *(MessageStatusChanged(THREAD, OUR_MESSAGE, status) for status in MessageStatus),
    *(MessageChanged(THREAD, MESSAGE, change) for change in MessageChange),
    *(SessionChanged(THREAD, change) for change in SessionChange),
    ThreadChanged(THREAD),
    TicketChanged(THREAD, TICKET, ("status", "requiredSkills", "größe")),
    TicketChanged(None, TICKET, ()),
    ChannelChanged(CHANNEL),
    TemplateChanged(TEMPLATE),
    QuotaChanged(),
    QuotaChanged(80),
]


async def test_every_event_stands_in_the_log_as_it_was_recorded(desk: Desk) -> None:
    await desk.happened(*EVERY_EVENT)

    assert await desk.log() == list(enumerate(EVERY_EVENT, 1))


async def test_an_event_carries_the_instant_of_its_commit(desk: Desk) -> None:
    desk.clock.advance(HOUR)

    await desk.happened(QuotaChanged())

    assert [logged.at for logged in await desk.reader.events(ACME, 0, 10)] == [NOON + HOUR]


async def test_a_rolled_back_transaction_leaves_no_gap_in_the_log(desk: Desk) -> None:
    with suppress(DeskOnFire):
        async with desk.store.transaction(ACME) as tx:
            tx.record(MessageAdded(THREAD, MessageId("lost")))
            raise DeskOnFire

    await desk.happened(MessageAdded(THREAD, MessageId("kept")))

    assert await desk.log() == [(1, MessageAdded(THREAD, MessageId("kept")))]


async def test_positions_are_gapless_under_many_writers(desk: Desk) -> None:
    async def write(number: int) -> None:
        event = MessageAdded(THREAD, MessageId(str(number)))
        with suppress(DeskOnFire):
            async with desk.store.transaction(ACME, background=number % 2 == 0) as tx:
                tx.record(event, event)
                if number % 5 == 0:
                    raise DeskOnFire

    await asyncio.gather(*(write(number) for number in range(30)))

    log = await desk.log()
    assert [position for position, _ in log] == list(range(1, 49))
    assert all(one == other for (_, one), (_, other) in zip(log[::2], log[1::2], strict=True))


async def test_each_organization_counts_for_itself(desk: Desk) -> None:
    await desk.happened(QuotaChanged(), QuotaChanged())
    await desk.happened(ThreadChanged(THREAD), organization=GLOBEX)

    assert await desk.log(ACME) == [(1, QuotaChanged()), (2, QuotaChanged())]
    assert await desk.log(GLOBEX) == [(1, ThreadChanged(THREAD))]


async def test_a_commit_hints_how_far_the_log_has_come(desk: Desk) -> None:
    async with desk.bus.listen(ACME) as hints, asyncio.timeout(5):
        await desk.happened(QuotaChanged(), QuotaChanged())
        assert await anext(hints) == 2

        await desk.happened(QuotaChanged())
        assert await anext(hints) == 3


async def test_the_hint_comes_when_the_events_can_be_read(desk: Desk) -> None:
    async with desk.bus.listen(ACME) as hints:
        waiting = asyncio.ensure_future(anext(hints))
        async with desk.store.transaction(ACME) as tx:
            tx.save(a_thread())
            tx.record(ThreadChanged(THREAD))
            await tx.threads([THREAD])
            await settled()
            assert not waiting.done()

        assert await asyncio.wait_for(waiting, 5) == 1
        assert await desk.log() == [(1, ThreadChanged(THREAD))]


async def test_what_is_rolled_back_or_without_news_is_not_hinted(desk: Desk) -> None:
    async with desk.bus.listen(ACME) as hints:
        with suppress(DeskOnFire):
            async with desk.store.transaction(ACME) as tx:
                tx.record(QuotaChanged())
                raise DeskOnFire
        await desk.given(a_thread())
        desk.bus.hint(ACME, 0)

        assert await anext(hints) == 0


async def test_a_message_on_its_way_out_is_hinted(desk: Desk) -> None:
    await desk.given(a_thread())

    async with desk.bus.listen(OUTBOX) as hints, asyncio.timeout(5):
        await desk.given(an_outbound(), an_outbox_item())

        await anext(hints)


# What only one row may be


@pytest.mark.parametrize(
    ("there", "another"),
    [
        pytest.param((a_thread(), an_inbound()), an_inbound(MessageId(an_id(1))), id="a message with its network id"),
        pytest.param((an_identity(),), an_identity(an_id(1)), id="a person with its network id"),
        pytest.param((a_thread(), a_ticket()), a_ticket(TicketId(an_id(1))), id="a ticket with its number"),
        pytest.param((a_thread(), an_outbound(), a_mark()), a_mark(an_id(1)), id="a mark of its update"),
        pytest.param((a_period(),), a_period(PeriodId(an_id(1))), id="a month of the ledger"),
        pytest.param((), a_user(UserId(an_id(1))), id="a user with its address"),
        pytest.param((), a_channel(ChannelId(an_id(1))), id="a channel with its number"),
    ],
)
async def test_there_is_no_second(desk: Desk, there: tuple[Row, ...], another: Row) -> None:
    await desk.given(*there)

    async def bring() -> None:
        async with desk.store.transaction(ACME) as tx:
            tx.record(QuotaChanged())
            tx.save(another)

    with pytest.raises(desk.conflict):
        await bring()

    assert await desk.log() == []
    await desk.given(*there)


async def test_the_same_names_may_be_elsewhere(desk: Desk) -> None:
    other = ChannelId(an_id(1))
    await desk.given(
        a_thread(),
        an_inbound(),
        a_ticket(),
        an_identity(),
        a_channel(other, phone_number_id=PhoneNumberId("2")),
        a_thread(ThreadId(an_id(2)), channel=other),
    )

    await desk.given(
        an_inbound(MessageId(an_id(3)), thread=ThreadId(an_id(2)), channel=other),
        an_inbound(MessageId(an_id(4)), wamid=None),
        an_inbound(MessageId(an_id(5)), wamid=None),
        an_identity(an_id(6), kind=IdentityKind.PHONE),
        an_outbound(),
        a_mark(),
        a_mark(an_id(7), message=MESSAGE),
        a_mark(an_id(8), place=1),
        a_mark(an_id(9), delivery=None, place=None),
        a_mark(an_id(10), delivery=None, place=None),
    )
    await desk.given(
        *(replace(row, organization=GLOBEX) for row in (a_thread(), an_inbound(), a_ticket(), an_identity())),
        organization=GLOBEX,
    )

    async with desk.store.transaction(ACME) as tx:
        found = await tx.messages_by_wamid([(CHANNEL, WAMID), (other, WAMID)])
    assert {pair: message.id for pair, message in found.items()} == {
        (CHANNEL, WAMID): MESSAGE,
        (other, WAMID): an_id(3),
    }
    assert len((await desk.reader.marks_of(ACME, [OUR_MESSAGE]))[OUR_MESSAGE]) == 4


@pytest.mark.parametrize(
    "orphan",
    [
        pytest.param(a_thread(channel=ChannelId(an_id(1))), id="a thread on no channel"),
        pytest.param(an_inbound(), id="a message in no thread"),
        pytest.param(a_mark(delivery=DELIVERY), id="a mark of no message"),
        pytest.param(an_outbox_item(), id="an item of no message"),
    ],
)
async def test_nothing_stands_without_what_it_belongs_to(desk: Desk, orphan: Row) -> None:
    with pytest.raises(desk.conflict):
        await desk.given(orphan)


async def test_of_two_who_bring_the_same_message_one_does(desk: Desk) -> None:
    await desk.given(a_thread())

    async def bring(number: int) -> bool:
        async with desk.store.transaction(ACME) as tx:
            if await tx.messages_by_wamid([(CHANNEL, WAMID)]):
                return False
            tx.save(an_inbound(MessageId(an_id(number))))
        return True

    brought = await asyncio.gather(*(desk.again(partial(bring, number)) for number in range(5)))

    assert sorted(brought) == [False] * 4 + [True]


async def test_of_two_who_list_the_same_name_one_does(desk: Desk) -> None:
    async def list_it(organization: OrganizationId) -> bool:
        async with desk.store.transaction(organization) as tx:
            return await tx.enlist(DirectoryEntry.NUMBER, "106", "106")

    listed = await asyncio.gather(*(desk.again(partial(list_it, each)) for each in (ACME, GLOBEX) * 3))

    assert sorted(listed) == [False] * 3 + [True] * 3
    assert len(await desk.directory.find(DirectoryEntry.NUMBER, ["106"])) == 1


# Numbers of tickets


async def test_ticket_numbers_rise_from_one_in_each_organization(desk: Desk) -> None:
    async with desk.store.transaction(ACME) as tx:
        assert await tx.next_ticket_numbers(1) == 1
        assert await tx.next_ticket_numbers(3) == 2
    async with desk.store.transaction(ACME) as tx:
        assert await tx.next_ticket_numbers(1) == 5
    async with desk.store.transaction(GLOBEX) as tx:
        assert await tx.next_ticket_numbers(1) == 1


async def test_ticket_numbers_that_were_not_needed_are_given_back(desk: Desk) -> None:
    async with desk.store.transaction(ACME) as tx:
        assert await tx.next_ticket_numbers(5) == 1
        await tx.next_ticket_numbers(-2)
    async with desk.store.transaction(ACME) as tx:
        assert await tx.next_ticket_numbers(1) == 4


async def test_nobody_gets_the_same_ticket_number(desk: Desk) -> None:
    async def take() -> int:
        async with desk.store.transaction(ACME) as tx:
            return await tx.next_ticket_numbers(2)

    firsts = await asyncio.gather(*(take() for _ in range(10)))

    assert sorted(firsts) == list(range(1, 21, 2))


# What falls due


async def given_waiting(desk: Desk, *items: OutboxItem, organization: OrganizationId = ACME) -> None:
    threads = {item.thread: a_thread(item.thread, organization=organization) for item in items}
    messages = [an_outbound(item.id, organization=organization, thread=item.thread) for item in items]
    await desk.given(*threads.values(), *messages, *items, organization=organization)


def waiting(
    number: int, *, thread: int = 0, minutes: float = 0, due: float | None = None, priority: int = PERSON_FIRST
) -> OutboxItem:
    """The `number`th message, queued `minutes` after noon in a thread of its own unless told, and due then or later."""
    queued_at = NOON + minutes * MINUTE
    return an_outbox_item(
        MessageId(an_id(number)),
        thread=ThreadId(an_id(1000 + (thread or number))),
        queued_at=queued_at,
        due_at=queued_at if due is None else NOON + due * MINUTE,
        priority=priority,
    )


async def due(desk: Desk, minutes: float = 10, limit: int = 100) -> list[str]:
    return [message for _, message in await due_sends(desk.store, NOON + minutes * MINUTE, limit)]


async def test_an_item_may_leave_from_the_moment_it_is_due(desk: Desk) -> None:
    await given_waiting(desk, an_outbox_item())

    assert await due_sends(desk.store, NOON - TICK, 10) == []
    assert await due_sends(desk.store, NOON, 10) == [(ACME, OUR_MESSAGE)]


async def test_replies_leave_before_templates_and_the_older_first(desk: Desk) -> None:
    await given_waiting(
        desk,
        waiting(1, minutes=1, priority=TEMPLATE_NEXT),
        waiting(2, minutes=4),
        waiting(3, minutes=2),
        waiting(4, minutes=3, priority=TEMPLATE_NEXT),
    )

    assert await due(desk) == [an_id(3), an_id(2), an_id(1), an_id(4)]
    assert await due(desk, limit=3) == [an_id(3), an_id(2), an_id(1)]


async def test_a_thread_is_sent_in_the_order_it_was_written(desk: Desk) -> None:
    await given_waiting(desk, waiting(2, thread=1, minutes=1), waiting(1, thread=1, minutes=2), waiting(3, minutes=3))

    assert await due(desk) == [an_id(2), an_id(3)]


async def test_of_those_written_at_the_same_instant_the_lower_id_is_first(desk: Desk) -> None:
    await given_waiting(desk, waiting(2, thread=1), waiting(1, thread=1))

    assert await due(desk) == [an_id(1)]


async def test_what_waits_for_its_time_holds_up_its_thread(desk: Desk) -> None:
    await given_waiting(desk, waiting(1, thread=1, due=20), waiting(2, thread=1, minutes=1))

    assert await due(desk) == []


async def test_a_template_does_not_overtake_nor_is_overtaken_in_its_thread(desk: Desk) -> None:
    await given_waiting(desk, waiting(1, thread=1, priority=TEMPLATE_NEXT), waiting(2, thread=1, minutes=1))

    assert await due(desk) == [an_id(1)]


async def test_a_leased_item_and_those_behind_it_stay(desk: Desk) -> None:
    leased = replace(waiting(1, thread=1), leased_until=NOON + MINUTE, lease="worker")
    await given_waiting(desk, leased, waiting(2, thread=1, minutes=1), waiting(3, minutes=2))

    assert await due(desk) == [an_id(3)]


async def due_of(desk: Desk, priority: int = PERSON_FIRST, channel: ChannelId = CHANNEL, limit: int = 100) -> list[str]:
    return list(await desk.store.due_sends_of(ACME, channel, priority, NOON + 10 * MINUTE, limit))


async def test_what_is_due_is_told_number_by_number_and_kind_by_kind(desk: Desk) -> None:
    other = ChannelId(an_id(50))
    await desk.given(a_channel(other, phone_number_id=PhoneNumberId("50")))
    leased = replace(waiting(6), leased_until=NOON + MINUTE, lease="worker")
    await given_waiting(
        desk,
        waiting(1, minutes=2),
        waiting(2, minutes=1),
        waiting(3, thread=2, minutes=3),
        waiting(4, priority=TEMPLATE_NEXT),
        waiting(5, due=20),
        leased,
        replace(waiting(7), channel=other),
    )

    assert await due_of(desk) == [an_id(2), an_id(1)]
    assert await due_of(desk, limit=1) == [an_id(2)]
    assert await due_of(desk, TEMPLATE_NEXT) == [an_id(4)]
    assert await due_of(desk, channel=other) == [an_id(7)]
    assert await desk.store.due_sends_of(GLOBEX, CHANNEL, PERSON_FIRST, NOON + HOUR, 10) == []


async def test_numbers_with_something_due_are_told_with_their_pace(desk: Desk) -> None:
    other = ChannelId(an_id(50))
    await desk.given(a_channel(other, phone_number_id=PhoneNumberId("50")), a_pace(slowed=2, slowed_at=NOON))
    assert await desk.store.due_numbers(NOON + HOUR) == []

    await given_waiting(desk, waiting(1, minutes=1), waiting(2, minutes=5, priority=TEMPLATE_NEXT))
    await desk.given(replace(waiting(2, minutes=5, priority=TEMPLATE_NEXT), channel=other))
    await given_waiting(desk, replace(waiting(3, minutes=9), organization=GLOBEX), organization=GLOBEX)

    paced = DueNumber(ACME, CHANNEL, a_pace(slowed=2, slowed_at=NOON))
    assert await desk.store.due_numbers(NOON) == []
    assert await desk.store.due_numbers(NOON + MINUTE) == [paced]
    assert await desk.store.due_numbers(NOON + HOUR) == [
        paced,
        DueNumber(ACME, other, None),
        DueNumber(GLOBEX, CHANNEL, None),
    ]
    leased = replace(waiting(1, minutes=1), leased_until=NOON + HOUR, lease="worker")
    await desk.given(leased)
    assert await desk.store.due_numbers(NOON + MINUTE) == []


async def test_what_was_queued_long_ago_is_found_though_it_is_held(desk: Desk) -> None:
    leased = replace(waiting(3, minutes=-9), leased_until=NOON + HOUR, lease="worker")
    await given_waiting(desk, waiting(1, minutes=2, due=100), waiting(2, minutes=1), leased, waiting(4, minutes=3))

    assert await desk.store.old_sends(NOON + MINUTE, 10) == []
    assert await desk.store.old_sends(NOON + 3 * MINUTE, 10) == [(ACME, an_id(2)), (ACME, an_id(1))]
    assert await desk.store.old_sends(NOON + 3 * MINUTE, 1) == [(ACME, an_id(2))]


async def test_a_pace_comes_back_bare_and_whole(desk: Desk) -> None:
    whole = replace(
        a_pace(slowed=3, slowed_at=NOON + TICK),
        not_before=NOON + MINUTE,
        templates_not_before=NOON + HOUR,
        stopped=True,
    )
    async with desk.store.transaction(ACME) as tx:
        assert await tx.pace(CHANNEL) is None
        for pace in (a_pace(), whole, a_pace()):
            tx.save(pace)
            assert await tx.pace(CHANNEL) == pace
    async with desk.store.transaction(GLOBEX) as tx:
        assert await tx.pace(CHANNEL) is None


async def test_a_lease_that_ran_out_is_a_lost_send(desk: Desk) -> None:
    early = replace(waiting(1), leased_until=NOON + MINUTE, lease="one")
    late = replace(waiting(2), leased_until=NOON + 2 * MINUTE, lease="other")
    await given_waiting(desk, late, early, waiting(3))

    assert await desk.store.lost_sends(NOON + MINUTE - TICK, 10) == []
    assert await desk.store.lost_sends(NOON + MINUTE, 10) == [(ACME, early.id)]
    assert sorted(await desk.store.lost_sends(NOON + HOUR, 10)) == [(ACME, early.id), (ACME, late.id)]
    assert len(await desk.store.lost_sends(NOON + HOUR, 1)) == 1


async def test_what_is_due_is_found_in_every_organization(desk: Desk) -> None:
    await given_waiting(desk, waiting(1, minutes=2))
    await given_waiting(desk, replace(waiting(2, minutes=1), organization=GLOBEX), organization=GLOBEX)

    assert sorted(await due_sends(desk.store, NOON + HOUR, 10)) == sorted([(GLOBEX, an_id(2)), (ACME, an_id(1))])


async def test_an_item_is_behind_the_older_ones_of_its_thread(desk: Desk) -> None:
    first, second, third = waiting(2, thread=1), waiting(3, thread=1), waiting(1, thread=1, minutes=1)
    elsewhere = waiting(4, minutes=-5)
    await given_waiting(desk, third, second, first, elsewhere)

    async with desk.store.transaction(ACME) as tx:
        ahead = [await tx.outbox_ahead(item) for item in (first, second, third, elsewhere)]
        assert ahead == [False, True, True, False]

        tx.remove(first, second)
        assert not await tx.outbox_ahead(third)


def ringing(number: int, minutes: float, kind: AlarmKind = AlarmKind.EXPIRING) -> tuple[ThreadId, Alarm]:
    return ThreadId(an_id(number)), Alarm(kind, NOON + minutes * MINUTE)


async def given_ringing(desk: Desk, *alarms: tuple[ThreadId, Alarm], organization: OrganizationId = ACME) -> None:
    threads = [a_thread(thread, organization=organization, alarm=alarm) for thread, alarm in alarms]
    await desk.given(*threads, organization=organization)


async def test_alarms_ring_from_their_instant_on_the_oldest_first(desk: Desk) -> None:
    await given_ringing(desk, ringing(1, 3), ringing(2, 1, AlarmKind.EXPIRED), ringing(3, 9))
    await given_ringing(desk, ringing(4, 2), organization=GLOBEX)
    await desk.given(a_thread())

    assert await desk.store.due_alarms(NOON + MINUTE - TICK, 10) == []
    assert await desk.store.due_alarms(NOON + MINUTE, 10) == [(ACME, an_id(2))]
    rung = [(ACME, an_id(2)), (GLOBEX, an_id(4)), (ACME, an_id(1))]
    assert await desk.store.due_alarms(NOON + 3 * MINUTE, 10) == rung
    assert await desk.store.due_alarms(NOON + 3 * MINUTE, 2) == rung[:2]


async def test_an_alarm_taken_away_does_not_ring(desk: Desk) -> None:
    await given_ringing(desk, ringing(1, 1))

    await desk.given(a_thread(ThreadId(an_id(1))))

    assert await desk.store.due_alarms(NOON + HOUR, 10) == []


async def test_files_are_due_from_their_instant_on_the_longest_waiting_first(desk: Desk) -> None:
    def a_file(number: int, minutes: float | None) -> Media:
        return a_media(MediaId(an_id(number)), due_at=None if minutes is None else NOON + minutes * MINUTE)

    await desk.given(a_file(1, 3), a_file(2, 1), a_file(3, 9), a_file(5, None))
    await desk.given(replace(a_file(4, 2), organization=GLOBEX), organization=GLOBEX)

    assert await desk.store.due_media(NOON + MINUTE - TICK, 10) == []
    assert await desk.store.due_media(NOON + MINUTE, 10) == [(ACME, an_id(2))]
    due = [(ACME, an_id(2)), (GLOBEX, an_id(4)), (ACME, an_id(1))]
    assert await desk.store.due_media(NOON + 3 * MINUTE, 10) == due
    assert await desk.store.due_media(NOON + 3 * MINUTE, 2) == due[:2]


async def test_what_waits_for_a_message_is_due_from_its_instant_on_the_longest_waiting_first(desk: Desk) -> None:
    def waiting(number: int, minutes: float | None, organization: OrganizationId = ACME) -> ParkedUpdate:
        due_at = None if minutes is None else NOON + minutes * MINUTE
        return a_parked(an_id(number), organization=organization, due_at=due_at)

    first, second, third, never = waiting(1, 1), waiting(2, 2, GLOBEX), waiting(3, 3), waiting(4, None)
    await desk.given(third, never, first)
    await desk.given(second, organization=GLOBEX)

    assert await desk.store.due_parked(NOON + MINUTE - TICK, 10) == []
    assert await desk.store.due_parked(NOON + 3 * MINUTE, 10) == [first, second, third]
    assert await desk.store.due_parked(NOON + 3 * MINUTE, 2) == [first, second]
    await desk.given(replace(first, due_at=None))
    assert await desk.store.due_parked(NOON + HOUR, 1) == [second]


async def test_numbers_are_looked_after_from_their_instant_on_the_longest_waiting_first(desk: Desk) -> None:
    def a_number(number: int, minutes: float | None, organization: OrganizationId = ACME) -> Channel:
        due_at = None if minutes is None else NOON + minutes * MINUTE
        name = PhoneNumberId(f"90{number}")
        return replace(a_channel(id=ids[number], organization=organization, phone_number_id=name), check_due_at=due_at)

    ids = [ChannelId(an_id(each)) for each in range(40, 45)]
    await desk.given(a_number(1, 3), a_number(2, 1), a_number(3, 9), a_number(4, None))
    await desk.given(a_number(0, 2, GLOBEX), organization=GLOBEX)

    assert await desk.store.due_checks(NOON + MINUTE - TICK, 10) == []
    due = [(ACME, ids[2]), (GLOBEX, ids[0]), (ACME, ids[1])]
    assert await desk.store.due_checks(NOON + 3 * MINUTE, 10) == due
    assert await desk.store.due_checks(NOON + 3 * MINUTE, 2) == due[:2]


async def test_templates_are_due_from_their_instant_on_the_longest_waiting_first(desk: Desk) -> None:
    def a_sync(account: str, minutes: float | None, organization: OrganizationId = ACME) -> TemplateSync:
        due_at = None if minutes is None else NOON + minutes * MINUTE
        return TemplateSync(organization, BusinessAccountId(account), due_at)

    await desk.given(a_sync("1", 3), a_sync("2", 1), a_sync("3", 9), a_sync("5", None))
    await desk.given(a_sync("2", 2, GLOBEX), organization=GLOBEX)

    assert await desk.store.due_template_syncs(NOON + MINUTE - TICK, 10) == []
    due = [(ACME, "2"), (GLOBEX, "2"), (ACME, "1")]
    assert await desk.store.due_template_syncs(NOON + 3 * MINUTE, 10) == due
    assert await desk.store.due_template_syncs(NOON + 3 * MINUTE, 2) == due[:2]


async def test_when_templates_are_due_is_this_organizations(desk: Desk) -> None:
    sync = TemplateSync(ACME, ACCOUNT, None, NOON, 3)
    await desk.given(sync)

    async with desk.store.transaction(ACME) as tx:
        assert await tx.template_sync(ACCOUNT) == sync
        tx.save(replace(sync, due_at=NOON))
        assert await tx.template_sync(ACCOUNT) == replace(sync, due_at=NOON)
        assert await tx.template_sync(BusinessAccountId("another")) is None
    async with desk.store.transaction(GLOBEX) as tx:
        assert await tx.template_sync(ACCOUNT) is None


async def test_a_template_is_found_by_the_networks_id_in_its_account(desk: Desk) -> None:
    await desk.given(a_template(network_id="1"), a_template(TemplateId(an_id(1)), network_id="2", name="other"))

    async with desk.store.transaction(ACME) as tx:
        assert await tx.template_of(ACCOUNT, "1") == a_template(network_id="1")
        assert await tx.template_of(ACCOUNT, "3") is None
        assert await tx.template_of(BusinessAccountId("another"), "1") is None
    async with desk.store.transaction(GLOBEX) as tx:
        assert await tx.template_of(ACCOUNT, "1") is None


async def test_files_that_could_not_be_had_are_found_while_the_network_may_have_them(desk: Desk) -> None:
    await desk.given(
        a_media(MediaId(an_id(3)), state=MediaState.FAILED),
        a_media(MediaId(an_id(2)), state=MediaState.FAILED),
        a_media(MediaId(an_id(4)), state=MediaState.FAILED, created_at=NOON - MINUTE),
        a_media(MediaId(an_id(5)), state=MediaState.FAILED, network_id=None),
        a_media(MediaId(an_id(6)), state=MediaState.FAILED, direction=Direction.OUTBOUND, channel=None),
        a_media(MediaId(an_id(7)), state=MediaState.EXPIRED),
    )

    failed = [(ACME, MediaId(an_id(2))), (ACME, MediaId(an_id(3)))]
    assert await desk.store.failed_media(NOON - TICK, 10) == failed
    assert await desk.store.failed_media(NOON - TICK, 1) == failed[:1]
    assert await desk.store.failed_media(NOON, 10) == []


async def test_a_file_read_in_a_transaction_is_this_organizations(desk: Desk) -> None:
    await desk.given(a_media())

    async with desk.store.transaction(ACME) as tx:
        assert await tx.media([MEDIA, MediaId(an_id(9))]) == {MEDIA: a_media()}
        ours = replace(a_media(), channel=None)
        tx.save(ours)
        assert await tx.media([MEDIA]) == {MEDIA: ours}
    async with desk.store.transaction(GLOBEX) as tx:
        assert await tx.media([MEDIA]) == {}


async def test_what_a_clock_that_was_ahead_left_behind_is_found(desk: Desk) -> None:
    minute = MINUTE + TICK
    open_now = a_session(NOON + minute - 24 * HOUR)
    over = a_session(NOON + MINUTE - 24 * HOUR)
    await desk.given(
        replace(a_thread(ThreadId(an_id(1)), session=open_now), alarm=None),
        replace(a_thread(ThreadId(an_id(2)), session=over), alarm=None),
        replace(a_thread(ThreadId(an_id(3)), session=open_now), alarm=Alarm(AlarmKind.EXPIRED, NOON + HOUR)),
    )
    assert await desk.store.rung_away(NOON, 10) == [(ACME, an_id(1))]
    assert await desk.store.rung_away(NOON + TICK, 10) == []

    await given_waiting(desk, waiting(4, due=60), waiting(5, due=61), waiting(6, minutes=2), waiting(7, minutes=1))
    assert sorted(await desk.store.held_too_far(NOON, 10)) == [(ACME, an_id(5)), (ACME, an_id(6))]
    assert await desk.store.held_too_far(NOON + 2 * MINUTE, 10) == []

    failed = MessageStatus.FAILED
    message = MessageId(an_id(4))
    await desk.given(
        Mark(ACME, an_id(50), message, failed, NOON + minute, NOON + minute, 1),
        Mark(ACME, an_id(51), message, MessageStatus.QUEUED, NOON + HOUR, NOON + HOUR, 1),
        Mark(ACME, an_id(52), MessageId(an_id(5)), failed, NOON + MINUTE, NOON + MINUTE, 1),
    )
    assert await desk.store.given_up_ahead(NOON, 10) == [(ACME, message)]
    assert await desk.store.given_up_ahead(NOON + TICK, 10) == []


async def test_a_lease_that_no_right_clock_can_have_given_is_lost(desk: Desk) -> None:
    far = NOON + LEASE + CLOCKS_DIFFER
    await given_waiting(desk, replace(waiting(1), leased_until=far + TICK, lease="one"))

    assert await desk.store.lost_sends(NOON, 10) == [(ACME, an_id(1))]
    assert await desk.store.lost_sends(NOON + TICK, 10) == []


async def test_the_next_due_instant_is_the_first_after_now(desk: Desk) -> None:
    assert await desk.store.next_due(NOON) is None

    await given_waiting(desk, waiting(1, due=20), waiting(2, due=10))
    assert await desk.store.next_due(NOON) == NOON + 10 * MINUTE
    assert await desk.store.next_due(NOON + 10 * MINUTE) == NOON + 20 * MINUTE
    assert await desk.store.next_due(NOON + 20 * MINUTE) is None


async def test_the_next_due_instant_is_looked_for_in_every_organization(desk: Desk) -> None:
    await given_waiting(desk, waiting(1, due=30))
    await given_waiting(desk, replace(waiting(2, due=5), organization=GLOBEX), organization=GLOBEX)

    assert await desk.store.next_due(NOON) == NOON + 5 * MINUTE


# Figures


async def test_nothing_is_counted_where_nothing_waits(desk: Desk) -> None:
    assert await desk.store.figures(NOON) == Figures(0, None, {ChannelState.CONNECTED: 2}, {})


async def test_what_may_leave_and_how_numbers_stand_is_counted_over_all_organizations(desk: Desk) -> None:
    in_hand = replace(waiting(4), leased_until=NOON + HOUR, lease="a claim")
    await given_waiting(desk, waiting(1, due=9), waiting(2, due=11), in_hand)
    await given_waiting(desk, replace(waiting(3, due=7), organization=GLOBEX), organization=GLOBEX)
    problems = tuple(
        Problem(code, "It is.", "Mend it.", NOON) for code in (ProblemCode.ACCOUNT_LOCKED, ProblemCode.QUALITY_LOW)
    )
    await desk.given(replace(a_channel(state=ChannelState.DEGRADED), problems=problems))

    figures = await desk.store.figures(NOON + 10 * MINUTE)

    assert (figures.due_sends, figures.oldest_due_send) == (2, NOON + 7 * MINUTE)
    assert figures.channels == {ChannelState.CONNECTED: 1, ChannelState.DEGRADED: 1}
    assert figures.problems == {ProblemCode.ACCOUNT_LOCKED: 1, ProblemCode.QUALITY_LOW: 1}


# Tenancy


async def test_a_transaction_sees_one_organization_only(desk: Desk) -> None:
    await desk.given(a_thread(), an_inbound(), a_ticket(), an_identity(), an_outbound(), an_outbox_item())

    async with desk.store.transaction(GLOBEX) as tx:
        assert await tx.threads([THREAD]) == {}
        assert await tx.threads_of([a_thread().contact]) == []
        assert await tx.messages([MESSAGE]) == {}
        assert await tx.messages_by_wamid([(CHANNEL, WAMID)]) == {}
        assert await tx.tickets([TICKET]) == {}
        assert await tx.identities([an_identity().key]) == []
        assert await tx.row(OutboxItem, OUR_MESSAGE) is None
        assert not await tx.outbox_ahead(replace(an_outbox_item(), queued_at=NOON + HOUR))
        assert await tx.unread(THREAD, None) == 0
        assert await tx.session_instants(THREAD, NOON + HOUR, 10) == []


async def settled() -> None:
    """Let every task come to where it waits."""
    for _ in range(20):
        await asyncio.sleep(0)


# What goes with age


async def test_the_oldest_events_go_and_positions_go_on(desk: Desk) -> None:
    await desk.happened(QuotaChanged(), QuotaChanged())
    desk.clock.advance(DAY)
    await desk.happened(QuotaChanged())
    await desk.happened(QuotaChanged(), organization=GLOBEX)

    async with desk.store.transaction(ACME) as tx:
        assert await tx.forget_events(desk.clock.now() - HOUR, 1) == 1
        assert await tx.forget_events(desk.clock.now() - HOUR, 10) == 1
        assert await tx.forget_events(desk.clock.now() - HOUR, 10) == 0

    assert [position for position, _ in await desk.log()] == [3]
    assert await desk.reader.first_position(ACME) == 3
    assert len(await desk.log(GLOBEX)) == 1

    async with desk.store.transaction(ACME) as tx:
        assert await tx.forget_events(desk.clock.now() + HOUR, 10) == 1
    assert (await desk.reader.head(ACME)).position == 3
    assert await desk.reader.first_position(ACME) == 4
    await desk.happened(QuotaChanged())
    assert [position for position, _ in await desk.log()] == [4]


async def test_an_event_from_a_clock_that_was_wrong_leaves_no_hole_in_the_log(desk: Desk) -> None:
    desk.clock.advance(DAY)
    await desk.happened(QuotaChanged())
    desk.clock.advance(-DAY)
    await desk.happened(QuotaChanged())

    async with desk.store.transaction(ACME) as tx:
        assert await tx.forget_events(desk.clock.now() + HOUR, 10) == 0

    assert [position for position, _ in await desk.log()] == [1, 2]


async def test_what_became_of_updates_is_known_as_long_as_their_delivery_is_kept(desk: Desk) -> None:
    kept, gone = DeliveryId(an_id(1)), DeliveryId(an_id(2))
    await desk.webhook_inbox.append(a_delivery(kept))
    old = [an_update_record(delivery=gone, index=index, at=NOON - index * MINUTE) for index in range(3)]
    await desk.given(*old, an_update_record(delivery=kept, at=NOON - DAY))

    async with desk.store.transaction(ACME) as tx:
        assert await tx.updates_before(NOON, 10) == [old[2], old[1]]
        assert await tx.updates_before(NOON, 1) == [old[2]]
        tx.remove(old[2])
        assert await tx.updates_before(NOON, 10) == [old[1]]


async def test_drafts_that_ran_out_are_found_and_can_go(desk: Desk) -> None:
    first, second = (
        a_connection_draft(ConnectionDraftId(an_id(number)), expires_at=NOON - number * HOUR) for number in (2, 1)
    )
    await desk.given(first, second, a_connection_draft(expires_at=NOON))

    async with desk.store.transaction(ACME) as tx:
        assert await tx.drafts_before(NOON, 10) == [first, second]
        assert await tx.drafts_before(NOON, 1) == [first]
        tx.remove(first)
        assert await tx.drafts_before(NOON, 10) == [second]


async def test_sign_ins_that_ran_out_are_found_and_can_go(desk: Desk) -> None:
    first, second = (a_sign_in(SignInId(an_id(number)), expires_at=NOON - number * HOUR) for number in (2, 1))
    await desk.given(first, second, a_sign_in(expires_at=NOON))

    async with desk.store.transaction(ACME) as tx:
        assert await tx.sign_ins_before(NOON, 10) == [first, second]
        assert await tx.sign_ins_before(NOON, 1) == [first]
        tx.remove(first)
        assert await tx.sign_ins_before(NOON, 10) == [second]


async def test_what_waits_to_leave_is_listed_and_the_log_begins_anew(desk: Desk) -> None:
    await desk.given(a_thread(), an_outbound(), an_outbound(MessageId(an_id(2))), an_outbox_item())
    await desk.given(replace(an_outbox_item(MessageId(an_id(2))), reaction="👍"))
    await desk.happened(QuotaChanged())

    async with desk.store.transaction(ACME) as tx:
        assert await tx.outbox(10) == [an_outbox_item()]
        assert await tx.outbox(0) == []
        await tx.begin_epoch("another")

    head = await desk.reader.head(ACME)
    assert (head.epoch, head.position) == ("another", 1)
