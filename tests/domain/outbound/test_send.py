"""A user replies, or sends a template: what is refused, what is queued, and what it costs."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.channels.channels import ChannelState
from domain.channels.templates import Header, HeaderKind, TemplateCategory, TemplateStatus
from domain.conversations.contents import (
    ContactCard,
    ContactCards,
    Filled,
    Interactive,
    Location,
    Option,
    TemplateMessage,
    Text,
)
from domain.conversations.messages import Direction, Message
from domain.conversations.sendable import Sendable
from domain.conversations.sessions import Session
from domain.conversations.status import MessageStatus
from domain.conversations.threads import Thread
from domain.error_codes import ErrorCode
from domain.errors import QuotaExceeded, Refusal, Refused, SessionClosed, TemplateParameterWrong, TextTooLong
from domain.events import MessageAdded, QuotaChanged, TicketChanged
from domain.ids import BusinessAccountId, ChannelId, MessageId, PhoneNumberId, TemplateId, ThreadId, Wamid
from domain.outbound.outbox import IDEMPOTENCY_KEY_LIMIT, PERSON_FIRST, TEMPLATE_NEXT, OutboxItem
from domain.people.actors import Actor, ByAutomation, ByIntegration, ByUser, Role, Scope
from domain.quota import ConversationKind
from domain.tickets import TicketStatus
from domain.use_cases.desk.tickets import UpdateTicket, close_ticket, update_ticket
from domain.use_cases.outbound.sending.send import (
    SendContent,
    SendTemplate,
    SendText,
    send_content,
    send_template,
    send_text,
)
from tests.builders import (
    ACME,
    API_KEY,
    DAY,
    GLOBEX,
    HOUR,
    MINUTE,
    NOON,
    TEMPLATE,
    USER,
    a_contact,
    a_person,
    a_template,
    a_thread,
    an_id,
    an_inbound,
    an_organization,
)
from tests.domain.one_desk import (
    AGENT,
    HELLO,
    MAY_WORK,
    READER,
    Desk,
    a_desk_number,
    a_key_for,
    a_user_as,
    granted,
    open_desk,
    refusal_of,
    refused_as,
)
from tests.due import due_sends

INSTANT = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
ANOTHER_TEMPLATE = TemplateId(an_id(16))


@pytest.fixture
async def desk() -> Desk:
    """A contact wrote at noon; it is noon still."""
    desk = await open_desk()
    await desk.wrote()
    return desk


def hello_to(thread: Thread, template: TemplateId = TEMPLATE) -> SendTemplate:
    return SendTemplate(thread.id, template, HELLO)


async def outbox_item(desk: Desk, message: Message) -> OutboxItem | None:
    async with desk.ports.store.transaction(ACME) as tx:
        return await tx.row(OutboxItem, message.id)


async def assert_no_trace(desk: Desk, ask: Callable[[], Awaitable[object]]) -> Refusal:
    """The refusal, which left everything as it was."""
    before = await desk.state()
    refusal = refusal_of(await ask())
    assert await desk.state() == before
    assert desk.network.sent == []
    assert await due_sends(desk.ports.store, desk.clock.now() + DAY, 100) == []
    return refusal


# A reply


async def test_a_reply_is_queued_and_shown_at_once(desk: Desk) -> None:
    head = await desk.head()
    desk.later(MINUTE)
    thread, ticket = await desk.thread(), await desk.ticket()

    message = granted(await send_text(desk.ports, AGENT, SendText(thread.id, "Good *day*\n😀", preview_url=True)))

    assert message.content == Text("Good *day*\n😀", preview_url=True)
    assert (message.direction, message.status, message.author) == (
        Direction.OUTBOUND,
        MessageStatus.QUEUED,
        ByUser(USER),
    )
    assert (message.from_number, message.to_number) == ("+15550783881", "+16505551234")
    assert (message.at, message.sent_at) == (NOON + MINUTE, NOON + MINUTE)
    assert (await desk.messages())[-1] == message
    assert [each.status for each in await desk.marks(message)] == [MessageStatus.QUEUED]
    item = await outbox_item(desk, message)
    assert item is not None
    assert (item.due_at, item.priority, item.thread) == (NOON + MINUTE, PERSON_FIRST, thread.id)
    assert await desk.events(head) == [
        MessageAdded(thread.id, message.id),
        TicketChanged(thread.id, ticket.id, ("status",)),
    ]
    assert desk.network.sent == [], "the network hears of it from the worker"


async def test_a_reply_moves_the_ticket_and_not_the_session(desk: Desk) -> None:
    session = (await desk.thread()).session
    desk.later(HOUR)

    message = await desk.reply()

    thread = await desk.thread()
    assert ((await desk.ticket()).status, thread.last_message) == (TicketStatus.WAITING_ON_CONTACT, message.id)
    assert (thread.session, thread.unread_count) == (session, 1)


async def test_a_reply_to_a_closed_ticket_leaves_it_closed(desk: Desk) -> None:
    granted(await close_ticket(desk.ports, AGENT, (await desk.ticket()).id))

    await desk.reply("One last word")

    assert (await desk.ticket()).status is TicketStatus.CLOSED


async def test_a_reply_to_a_ticket_that_waits_on_the_contact_already_is_no_news_of_the_ticket(desk: Desk) -> None:
    """Somebody set it so by hand before the first reply."""
    ticket = await desk.ticket()
    granted(await update_ticket(desk.ports, AGENT, UpdateTicket(ticket.id, status=TicketStatus.WAITING_ON_CONTACT)))
    head = await desk.head()

    message = await desk.reply()

    assert await desk.events(head) == [MessageAdded(message.thread, message.id)]
    await desk.wrote("Thanks")
    assert (await desk.ticket()).status is TicketStatus.WAITING_ON_US


async def test_a_reply_in_a_thread_without_a_ticket_goes_all_the_same(desk: Desk) -> None:
    await desk.given(replace(await desk.thread(), ticket=None))

    assert (await desk.reply()).status is MessageStatus.QUEUED


async def test_a_reply_quotes_a_message_the_network_knows(desk: Desk) -> None:
    question = (await desk.messages())[0]

    answer = granted(await send_text(desk.ports, AGENT, SendText(question.thread, "This one", reply_to=question.id)))

    assert (answer.reply_to, answer.reply_to_wamid) == (question.id, question.wamid)


async def test_somebody_without_a_visible_number_is_answered_by_their_scoped_id(desk: Desk) -> None:
    await desk.wrote(by=a_person(None, business_scoped_id="US.1"))
    [thread] = [each for each in await desk.threads() if each.wa_id is None]

    message = granted(await send_text(desk.ports, AGENT, SendText(thread.id, "Hi")))

    assert message.to_number is None


@pytest.mark.parametrize("actor", [*MAY_WORK, a_key_for(Scope.MESSAGES), a_key_for(Scope.ADMIN)])
async def test_who_may_send_sends(desk: Desk, actor: Actor) -> None:
    message = await desk.reply(by=actor)

    assert message.author == actor.author
    assert isinstance(message.author, ByUser | ByIntegration)


@pytest.mark.parametrize("actor", [READER, a_key_for(Scope.READ), a_key_for(Scope.TICKETS)])
async def test_who_may_not_send_sends_nothing(desk: Desk, actor: Actor) -> None:
    thread = await desk.thread()

    for ask in (
        lambda: send_text(desk.ports, actor, SendText(thread.id, "Hi")),
        lambda: send_template(desk.ports, actor, hello_to(thread)),
    ):
        assert await assert_no_trace(desk, ask) == Refused(
            ErrorCode.FORBIDDEN, "This needs the right to send messages."
        )


@pytest.mark.parametrize(
    ("after", "code"),
    [
        (24 * HOUR - SECOND, None),
        (24 * HOUR - INSTANT, None),
        (24 * HOUR, ErrorCode.SESSION_CLOSED),
        (24 * HOUR + SECOND, ErrorCode.SESSION_CLOSED),
    ],
)
async def test_free_text_goes_up_to_but_not_at_24_hours(desk: Desk, after: timedelta, code: ErrorCode | None) -> None:
    thread = await desk.thread()
    desk.later(after)

    answer = await send_text(desk.ports, AGENT, SendText(thread.id, "Hi"))

    assert (answer.status is MessageStatus.QUEUED) if isinstance(answer, Message) else refused_as(answer) is code
    assert isinstance(answer, Message) is (code is None)


async def test_a_closed_session_offers_the_templates_that_would_work(desk: Desk) -> None:
    await desk.given(
        a_template(TemplateId(an_id(1)), name="pending", status=TemplateStatus.PENDING),
        a_template(TemplateId(an_id(2)), name="place", header=Header(HeaderKind.LOCATION)),
        a_template(TemplateId(an_id(3)), name="elsewhere", account=BusinessAccountId("1")),
        a_template(ANOTHER_TEMPLATE, name="greeting"),
    )
    thread = await desk.thread()
    desk.later(24 * HOUR)

    refusal = await assert_no_trace(desk, lambda: send_text(desk.ports, AGENT, SendText(thread.id, "Hi")))

    assert isinstance(refusal, SessionClosed)
    assert refusal.closed_at == NOON + 24 * HOUR
    assert set(refusal.templates) == {TEMPLATE, ANOTHER_TEMPLATE}


async def test_to_a_contact_who_said_stop_no_template_is_recommended(desk: Desk) -> None:
    never = a_thread(ThreadId(an_id(1)), channel=(await desk.channel()).id)
    await desk.given(a_contact(opted_out_at=NOON), never)

    refusal = refusal_of(await send_text(desk.ports, AGENT, SendText(never.id, "Hi")))

    assert refusal == SessionClosed(None, ())


async def test_a_contact_who_never_wrote_gets_no_free_text(desk: Desk) -> None:
    never = a_thread(ThreadId(an_id(1)), channel=(await desk.channel()).id)
    await desk.given(a_contact(), never)

    refusal = refusal_of(await send_text(desk.ports, AGENT, SendText(never.id, "Hi")))

    assert refusal == SessionClosed(None, (TEMPLATE,))


@pytest.mark.parametrize("body", ["", " ", "\n\t "])
async def test_an_empty_text_is_refused(desk: Desk, body: str) -> None:
    thread = await desk.thread()

    refusal = await assert_no_trace(desk, lambda: send_text(desk.ports, AGENT, SendText(thread.id, body)))

    assert refusal == Refused(ErrorCode.INVALID, "A text is not empty.", ("content", "text", "body"))


@pytest.mark.parametrize("letter", ["x", "😀", "é"])
async def test_a_text_has_at_most_4096_characters(desk: Desk, letter: str) -> None:
    thread = await desk.thread()

    refusal = await assert_no_trace(desk, lambda: send_text(desk.ports, AGENT, SendText(thread.id, letter * 4097)))
    assert refusal == TextTooLong(4096, 4097, ("content", "text", "body"))

    assert isinstance(await send_text(desk.ports, AGENT, SendText(thread.id, letter * 4096)), Message)
    assert isinstance(await send_text(desk.ports, AGENT, SendText(thread.id, letter * 4095)), Message)


@pytest.mark.parametrize("organization", [ACME, GLOBEX])
async def test_a_thread_of_somebody_else_is_as_unknown_as_none(desk: Desk, organization: str) -> None:
    thread = await desk.thread()
    outsider = a_user_as(Role.AGENT, GLOBEX) if organization == GLOBEX else AGENT
    asked = thread.id if organization == GLOBEX else ThreadId(an_id(1))
    await desk.given(an_organization(GLOBEX, name="Globex"))

    for ask in (
        lambda: send_text(desk.ports, outsider, SendText(asked, "Hi")),
        lambda: send_template(desk.ports, outsider, SendTemplate(asked, TEMPLATE, HELLO)),
    ):
        refusal = await assert_no_trace(desk, ask)
        assert refusal == Refused(ErrorCode.NOT_FOUND, "There is no such thread.", ("threadId",))


@pytest.mark.parametrize("state", [ChannelState.DISCONNECTED, ChannelState.PENDING])
async def test_a_number_that_is_not_connected_sends_nothing(desk: Desk, state: ChannelState) -> None:
    await desk.given(replace(await desk.channel(), state=state))
    thread = await desk.thread()

    for ask in (
        lambda: send_text(desk.ports, AGENT, SendText(thread.id, "Hi")),
        lambda: send_template(desk.ports, AGENT, hello_to(thread)),
    ):
        assert refused_as(await assert_no_trace(desk, ask)) is ErrorCode.CHANNEL_UNAVAILABLE


async def test_a_degraded_number_takes_messages(desk: Desk) -> None:
    await desk.given(replace(await desk.channel(), state=ChannelState.DEGRADED))

    assert (await desk.reply()).status is MessageStatus.QUEUED


async def test_only_a_message_of_the_same_thread_that_the_network_knows_can_be_quoted(desk: Desk) -> None:
    thread = await desk.thread()
    elsewhere = an_inbound(
        MessageId(an_id(1)), thread=ThreadId(an_id(1)), channel=thread.channel, wamid=Wamid("wamid.elsewhere")
    )
    unsent = await desk.reply()
    await desk.given(a_contact(), a_thread(ThreadId(an_id(1)), channel=thread.channel), elsewhere)

    for quoted, code in (
        (MessageId("none"), ErrorCode.NOT_FOUND),
        (elsewhere.id, ErrorCode.NOT_FOUND),
        (unsent.id, ErrorCode.INVALID),
    ):
        refusal = refusal_of(await send_text(desk.ports, AGENT, SendText(thread.id, "Hi", reply_to=quoted)))
        assert isinstance(refusal, Refused)
        assert (refusal.code, refusal.field) == (code, ("replyToId",))
    assert (await desk.messages(thread.id))[-1] == unsent


# A template


async def test_a_template_is_queued_as_the_contact_will_see_it(desk: Desk) -> None:
    desk.later(30 * HOUR)
    session, head = (await desk.thread()).session, await desk.head()

    message = await desk.reply_with_template()

    assert isinstance(message.content, TemplateMessage)
    assert message.content.body == "Hi Ana, your order has left."
    item = await outbox_item(desk, message)
    assert item is not None
    assert item.priority == TEMPLATE_NEXT
    assert (await desk.thread()).session == session, "a template opens no session; the answer does"
    assert QuotaChanged() in await desk.events(head)


async def test_a_template_sent_by_a_program_tells_the_automations_name(desk: Desk) -> None:
    thread = await desk.thread()
    ask = replace(hello_to(thread), automation=" Shipping news ")

    by_program = granted(await send_template(desk.ports, a_key_for(Scope.MESSAGES), ask))
    by_person = granted(await send_template(desk.ports, AGENT, ask))
    plain = granted(await send_template(desk.ports, a_key_for(Scope.MESSAGES), hello_to(thread)))

    assert by_program.author == ByAutomation("Shipping news")
    assert by_person.author == ByUser(USER)
    assert plain.author == ByIntegration(API_KEY)


@pytest.mark.parametrize(
    ("name", "good"), [("", False), ("  ", False), ("x", True), ("x" * 200, True), ("x" * 201, False)]
)
async def test_an_automations_name_has_1_to_200_characters(desk: Desk, name: str, good: bool) -> None:
    answer = await send_template(
        desk.ports, a_key_for(Scope.MESSAGES), replace(hello_to(await desk.thread()), automation=name)
    )

    assert isinstance(answer, Message) if good else refused_as(answer) is ErrorCode.INVALID


@pytest.mark.parametrize("template", [TemplateId("none"), ANOTHER_TEMPLATE])
async def test_only_a_template_of_the_numbers_own_account_can_be_sent(desk: Desk, template: TemplateId) -> None:
    await desk.given(a_template(ANOTHER_TEMPLATE, account=BusinessAccountId("1")))
    thread = await desk.thread()

    refusal = await assert_no_trace(desk, lambda: send_template(desk.ports, AGENT, hello_to(thread, template)))

    assert refusal == Refused(ErrorCode.NOT_FOUND, "There is no such template of this number.", ("templateId",))


async def test_a_template_that_is_not_approved_is_refused_with_its_status(desk: Desk) -> None:
    await desk.given(a_template(status=TemplateStatus.PAUSED))
    thread = await desk.thread()

    refusal = await assert_no_trace(desk, lambda: send_template(desk.ports, AGENT, hello_to(thread)))

    assert refused_as(refusal) is ErrorCode.TEMPLATE_NOT_SENDABLE
    assert isinstance(refusal, Refused)
    assert "PAUSED" in refusal.message


async def test_a_missing_value_is_named_before_anything_leaves(desk: Desk) -> None:
    thread = await desk.thread()

    refusal = await assert_no_trace(desk, lambda: send_template(desk.ports, AGENT, SendTemplate(thread.id, TEMPLATE)))

    assert refusal == TemplateParameterWrong("body", "1", "A value is missing.")


@pytest.mark.parametrize("in_session", [True, False])
@pytest.mark.parametrize("category", list(TemplateCategory))
async def test_who_said_stop_gets_nothing_we_begin_and_answers_but_no_marketing_in_a_session(
    desk: Desk, category: TemplateCategory, in_session: bool
) -> None:
    contact, thread = await desk.contact(), await desk.thread()
    await desk.given(a_template(category=category), replace(contact, opted_out_at=NOON))
    desk.later(HOUR if in_session else DAY)

    answer = await send_template(desk.ports, AGENT, hello_to(thread))

    goes = in_session and category is not TemplateCategory.MARKETING
    assert isinstance(answer, Message) if goes else refused_as(answer) is ErrorCode.CONTACT_OPTED_OUT


@pytest.mark.parametrize("in_session", [True, False])
@pytest.mark.parametrize("category", list(TemplateCategory))
async def test_who_stopped_marketing_gets_no_marketing_template_also_in_a_session(
    desk: Desk, category: TemplateCategory, in_session: bool
) -> None:
    contact, thread = await desk.contact(), await desk.thread()
    await desk.given(a_template(category=category), replace(contact, marketing_opted_out_at=NOON))
    desk.later(HOUR if in_session else DAY)

    answer = await send_template(desk.ports, AGENT, hello_to(thread))

    goes = category is not TemplateCategory.MARKETING
    assert isinstance(answer, Message) if goes else refused_as(answer) is ErrorCode.CONTACT_OPTED_OUT


# Once


async def test_one_key_twenty_times_in_parallel_gives_one_message(desk: Desk) -> None:
    ask = SendText((await desk.thread()).id, "Hi", idempotency_key="once")

    answers = await asyncio.gather(*(send_text(desk.ports, AGENT, ask) for _ in range(20)))

    assert {granted(answer).id for answer in answers} == {(await desk.messages())[-1].id}
    assert await desk.texts() == ["Hello", "Hi"]


async def test_one_key_gives_the_first_message_again_after_it_was_sent_and_the_session_is_over(desk: Desk) -> None:
    ask = SendText((await desk.thread()).id, "Hi", idempotency_key="once")
    first = granted(await send_text(desk.ports, AGENT, ask))
    await desk.dispatch(first)
    desk.later(25 * HOUR)

    again = granted(await send_text(desk.ports, AGENT, ask))

    assert (again.id, again.status) == (first.id, MessageStatus.SENT)


async def test_one_key_charges_a_template_once(desk: Desk) -> None:
    desk.later(DAY)
    ask = replace(hello_to(await desk.thread()), idempotency_key="once")

    answers = [granted(await send_template(desk.ports, AGENT, ask)) for _ in range(3)]

    assert len({answer.id for answer in answers}) == 1
    assert (await desk.period()).used == 1


async def test_the_order_in_which_values_are_given_is_not_other_content(desk: Desk) -> None:
    await desk.given(
        replace(
            a_template(body="{{1}} {{2}}"),
            parameters=(replace(a_template().parameters[0], name="1"), replace(a_template().parameters[0], name="2")),
        )
    )
    values = (Filled("body", "1", "a"), Filled("body", "2", "b"))
    thread = await desk.thread()

    first, again = [
        granted(await send_template(desk.ports, AGENT, SendTemplate(thread.id, TEMPLATE, given, idempotency_key="k")))
        for given in (values, values[::-1])
    ]

    assert first.id == again.id


async def test_one_key_with_other_content_or_for_something_else_is_a_mismatch(desk: Desk) -> None:
    thread = await desk.thread()
    first = SendText(thread.id, "Hi", idempotency_key="once")
    granted(await send_text(desk.ports, AGENT, first))
    question = (await desk.messages())[0]
    before = await desk.state()

    for other in (
        replace(first, body="Ho"),
        replace(first, preview_url=True),
        replace(first, reply_to=question.id),
        replace(first, thread=ThreadId(an_id(1))),
    ):
        refusal = refusal_of(await send_text(desk.ports, AGENT, other))
        assert refusal == Refused(
            ErrorCode.IDEMPOTENCY_MISMATCH, "This key was used for something else.", ("idempotencyKey",)
        )
    template = replace(hello_to(thread), idempotency_key="once")
    assert refused_as(await send_template(desk.ports, AGENT, template)) is ErrorCode.IDEMPOTENCY_MISMATCH
    assert await desk.state() == before


async def test_a_key_belongs_to_whoever_used_it(desk: Desk) -> None:
    ask = SendText((await desk.thread()).id, "Hi", idempotency_key="once")

    by_user = granted(await send_text(desk.ports, AGENT, ask))
    by_program = granted(await send_text(desk.ports, a_key_for(Scope.MESSAGES), replace(ask, body="Ho")))

    assert by_user.id != by_program.id


async def test_a_refusal_leaves_the_key_free(desk: Desk) -> None:
    ask = SendText((await desk.thread()).id, "Hi", idempotency_key="once")
    desk.later(25 * HOUR)
    assert refused_as(await send_text(desk.ports, AGENT, ask)) is ErrorCode.SESSION_CLOSED

    await desk.wrote("I am back")

    assert granted(await send_text(desk.ports, AGENT, replace(ask, body="Welcome"))).content == Text("Welcome")


@pytest.mark.parametrize(
    ("length", "good"), [(0, False), (1, True), (IDEMPOTENCY_KEY_LIMIT, True), (IDEMPOTENCY_KEY_LIMIT + 1, False)]
)
async def test_a_key_has_1_to_200_characters(desk: Desk, length: int, good: bool) -> None:
    thread = await desk.thread()

    text = await send_text(desk.ports, AGENT, SendText(thread.id, "Hi", idempotency_key="k" * length))
    template = await send_template(desk.ports, AGENT, replace(hello_to(thread), idempotency_key="t" * length))

    for answer in (text, template):
        assert isinstance(answer, Message) if good else refused_as(answer) is ErrorCode.INVALID


# What it costs


async def used(desk: Desk) -> int:
    period = await desk.ports.reader.period_at(ACME, desk.clock.now())
    return period.used if period else 0


async def test_a_reply_in_a_session_costs_nothing(desk: Desk) -> None:
    for _ in range(3):
        await desk.reply()
    await desk.reply_with_template()

    assert (await used(desk), await desk.entries()) == (0, [])


async def test_each_template_outside_a_session_costs_one_and_says_for_what(desk: Desk) -> None:
    desk.later(DAY)

    messages = [await desk.reply_with_template() for _ in range(3)]

    entries = await desk.entries()
    assert await used(desk) == 3
    assert [each.message for each in entries] == [each.id for each in messages]
    assert {each.kind for each in entries} == {ConversationKind.BUSINESS_INITIATED}
    assert {(each.thread, each.account, each.at) for each in entries} == {
        (messages[0].thread, (await desk.channel()).account, NOON + DAY)
    }


@pytest.mark.parametrize(("after", "cost"), [(24 * HOUR - INSTANT, 0), (24 * HOUR, 1)])
async def test_whether_a_send_counts_is_decided_by_the_session_of_its_instant(
    desk: Desk, after: timedelta, cost: int
) -> None:
    desk.later(after)

    await desk.reply_with_template()

    assert await used(desk) == cost


async def test_all_numbers_share_one_month(desk: Desk) -> None:
    other = replace(a_desk_number(PhoneNumberId("9")), id=ChannelId(an_id(9)))
    contact = await desk.contact()
    thread = a_thread(ThreadId(an_id(9)), channel=other.id, contact=contact.id)
    await desk.given(other, thread)
    desk.later(DAY)
    [first] = [each for each in await desk.threads() if each.id != thread.id]

    for each in (first, thread):
        granted(await send_template(desk.ports, AGENT, hello_to(each)))

    assert await used(desk) == 2


async def with_limits(desk: Desk, *, month: int = 1000, day: int | None = None) -> None:
    await desk.given(an_organization(quota_limit=month))
    await desk.given(replace(await desk.channel(), messaging_limit=day))


async def send_many(desk: Desk, count: int) -> list[Message | Refusal]:
    thread = await desk.thread()
    return await asyncio.gather(*(send_template(desk.ports, AGENT, hello_to(thread)) for _ in range(count)))


@pytest.mark.parametrize("left", [0, 1, 5, 20])
async def test_of_twenty_sends_at_once_exactly_as_many_go_as_the_month_has_left(desk: Desk, left: int) -> None:
    await with_limits(desk, month=left)
    desk.later(DAY)

    answers = await send_many(desk, 20)

    refusals = [answer for answer in answers if not isinstance(answer, Message)]
    assert len(answers) - len(refusals) == left
    assert await used(desk) == len(await desk.entries()) == left
    resets_at = datetime(2026, 12, 1, tzinfo=UTC)
    assert refusals == [QuotaExceeded(left, resets_at, ErrorCode.QUOTA_EXCEEDED)] * (20 - left)
    assert len(await desk.messages()) == 1 + left


async def test_at_the_limit_replies_in_a_session_still_go(desk: Desk) -> None:
    await with_limits(desk, month=0)

    await desk.reply()
    await desk.reply_with_template()

    desk.later(DAY)
    thread = await desk.thread()
    refusal = await assert_no_trace_of_a_send(desk, thread)
    assert refused_as(refusal) is ErrorCode.QUOTA_EXCEEDED


async def assert_no_trace_of_a_send(desk: Desk, thread: Thread) -> Refusal:
    before = await desk.state()
    refusal = refusal_of(await send_template(desk.ports, AGENT, hello_to(thread)))
    assert await desk.state() == before
    return refusal


async def test_the_next_month_begins_with_nothing_used(desk: Desk) -> None:
    await with_limits(desk, month=1)
    desk.clock.at = datetime(2026, 12, 1, tzinfo=UTC) - INSTANT
    await desk.reply_with_template()
    assert refused_as((await send_many(desk, 1))[0]) is ErrorCode.QUOTA_EXCEEDED

    desk.later(INSTANT)
    await desk.reply_with_template()

    assert await used(desk) == 1
    assert len({each.period for each in await desk.entries()}) == 2


async def test_a_raised_limit_holds_at_once(desk: Desk) -> None:
    await with_limits(desk, month=1)
    desk.later(DAY)
    answers = await send_many(desk, 2)
    assert [isinstance(answer, Message) for answer in answers] == [True, False]

    await with_limits(desk, month=2)

    assert isinstance((await send_many(desk, 1))[0], Message)


# The moving day


async def unverified(desk: Desk) -> None:
    await desk.given(replace(await desk.channel(), business_verified=False, messaging_limit=None))


async def test_an_unverified_business_begins_fifty_conversations_in_any_24_hours(desk: Desk) -> None:
    await unverified(desk)
    desk.later(DAY)
    begun = desk.clock.now()

    answers = await send_many(desk, 51)

    [refusal] = [answer for answer in answers if not isinstance(answer, Message)]
    assert refusal == QuotaExceeded(50, begun + DAY, ErrorCode.DAILY_ALLOWANCE_EXCEEDED)
    assert await used(desk) == 50

    desk.clock.at = begun + DAY - INSTANT
    assert refused_as((await send_many(desk, 1))[0]) is ErrorCode.DAILY_ALLOWANCE_EXCEEDED
    desk.clock.at = begun + DAY
    assert isinstance((await send_many(desk, 1))[0], Message)


async def test_the_day_moves_unit_by_unit(desk: Desk) -> None:
    await with_limits(desk, day=2)
    desk.later(DAY)
    begun = desk.clock.now()
    await desk.reply_with_template()
    desk.later(HOUR)
    await desk.reply_with_template()
    assert refusal_of((await send_many(desk, 1))[0]) == QuotaExceeded(
        2, begun + DAY, ErrorCode.DAILY_ALLOWANCE_EXCEEDED
    )

    desk.clock.at = begun + DAY
    sent = [isinstance(answer, Message) for answer in await send_many(desk, 2)]

    assert sent == [True, False], "one unit left the day, so one has room"


async def test_at_the_daily_limit_replies_in_a_session_still_go(desk: Desk) -> None:
    await with_limits(desk, day=0)

    await desk.reply()
    await desk.reply_with_template()

    desk.later(DAY)
    assert refused_as(await assert_no_trace_of_a_send(desk, await desk.thread())) is ErrorCode.DAILY_ALLOWANCE_EXCEEDED


async def test_the_day_is_the_business_accounts_and_not_the_numbers(desk: Desk) -> None:
    contact = await desk.contact()
    same = replace(a_desk_number(PhoneNumberId("8")), id=ChannelId(an_id(8)), business_verified=False)
    other_account = BusinessAccountId("77")
    foreign = replace(
        a_desk_number(PhoneNumberId("9")), id=ChannelId(an_id(9)), account=other_account, business_verified=False
    )
    await unverified(desk)
    in_same = a_thread(ThreadId(an_id(8)), channel=same.id, contact=contact.id)
    in_foreign = a_thread(ThreadId(an_id(9)), channel=foreign.id, contact=contact.id)
    foreign_template = a_template(ANOTHER_TEMPLATE, account=other_account)
    desk.later(DAY)
    await send_many(desk, 50)
    await desk.given(same, foreign, in_same, in_foreign, foreign_template)

    refused = await send_template(desk.ports, AGENT, hello_to(in_same))
    goes = await send_template(desk.ports, AGENT, hello_to(in_foreign, ANOTHER_TEMPLATE))

    assert refused_as(refused) is ErrorCode.DAILY_ALLOWANCE_EXCEEDED
    assert isinstance(goes, Message)


async def test_verification_lifts_the_limit_at_once(desk: Desk) -> None:
    await unverified(desk)
    desk.later(DAY)
    assert not isinstance((await send_many(desk, 51))[-1], Message)

    await with_limits(desk, day=None)
    await desk.given(replace(await desk.channel(), business_verified=True))

    assert isinstance((await send_many(desk, 1))[0], Message)


async def test_what_the_network_told_of_one_number_holds_for_all_of_the_account(desk: Desk) -> None:
    await unverified(desk)
    desk.later(DAY)
    assert not isinstance((await send_many(desk, 51))[-1], Message)

    sibling = replace(a_desk_number(PhoneNumberId("8")), id=ChannelId(an_id(8)), messaging_limit=52)
    await desk.given(sibling)

    assert [isinstance(answer, Message) for answer in await send_many(desk, 3)] == [True, True, False]


# Until 1 November 2024

LAST_OCTOBER = datetime(2024, 10, 30, 12, tzinfo=UTC)


async def a_desk_of_2024(at: datetime = LAST_OCTOBER, zone: str = "UTC") -> Desk:
    desk = await open_desk(at)
    await desk.given(
        replace(an_organization(time_zone=zone), subscribed_on=date(2024, 1, 15)),
        replace(await desk.channel(), connected_at=at - DAY),
    )
    await desk.wrote()
    return desk


async def test_three_replies_in_one_session_counted_one_and_a_second_session_another() -> None:
    desk = await a_desk_of_2024()

    for _ in range(3):
        await desk.reply()
    assert [each.kind for each in await desk.entries()] == [ConversationKind.USER_INITIATED]

    desk.later(24 * HOUR)
    await desk.wrote()
    await desk.reply()
    assert [each.kind for each in await desk.entries()] == [ConversationKind.USER_INITIATED] * 2
    assert await used(desk) == 2


async def test_a_session_without_a_reply_counted_nothing() -> None:
    desk = await a_desk_of_2024()

    assert await desk.entries() == []


async def test_a_template_in_a_session_was_part_of_its_conversation() -> None:
    desk = await a_desk_of_2024()

    await desk.reply_with_template()
    await desk.reply()

    assert [each.kind for each in await desk.entries()] == [ConversationKind.USER_INITIATED]


async def test_at_the_limit_the_first_reply_was_refused_and_one_in_a_paid_session_went() -> None:
    desk = await a_desk_of_2024()
    await desk.given(replace(await desk.organization(), quota_limit=1))
    await desk.reply()

    await desk.reply("This session is paid for")
    desk.later(24 * HOUR)
    await desk.wrote()
    thread = await desk.thread()

    assert refused_as(await send_text(desk.ports, AGENT, SendText(thread.id, "Hi"))) is ErrorCode.QUOTA_EXCEEDED


async def test_the_daily_allowance_never_counted_replies() -> None:
    desk = await a_desk_of_2024()
    await desk.given(replace(await desk.channel(), messaging_limit=0))

    await desk.reply()

    assert await used(desk) == 1


async def test_a_refunded_conversation_is_paid_for_by_the_next_reply() -> None:
    desk = await a_desk_of_2024()
    await desk.reply()
    [entry] = await desk.entries()
    period = await desk.period()
    await desk.given(replace(entry, refunded_at=LAST_OCTOBER), replace(period, used=0))

    await desk.reply()

    assert [each.refunded_at for each in await desk.entries()] == [LAST_OCTOBER, None]


@pytest.mark.parametrize(
    ("zone", "cut_off"),
    [
        ("UTC", datetime(2024, 11, 1, tzinfo=UTC)),
        ("America/New_York", datetime(2024, 11, 1, 4, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2024, 10, 31, 18, 15, tzinfo=UTC)),
    ],
)
async def test_in_a_month_across_the_cut_off_each_reply_follows_the_rule_of_its_own_time(
    zone: str, cut_off: datetime
) -> None:
    desk = await a_desk_of_2024(cut_off - HOUR, zone)
    desk.clock.at = cut_off - INSTANT
    await desk.reply()
    await desk.given(replace(await desk.thread(), session=Session(cut_off - HOUR, cut_off, MessageId("m"))))

    desk.clock.at = cut_off
    await desk.reply()

    assert [each.at for each in await desk.entries()] == [cut_off - INSTANT]


async def test_since_then_replies_add_nothing() -> None:
    desk = await a_desk_of_2024(datetime(2024, 11, 1, tzinfo=UTC))

    await desk.reply()

    assert await desk.entries() == []


async def test_an_answer_in_the_same_second_stands_after_what_it_answers() -> None:
    desk = await open_desk(NOON)
    await desk.wrote("Hello")
    desk.clock.advance(timedelta(milliseconds=700))
    await desk.reply("Good day")
    desk.clock.advance(timedelta(milliseconds=200))
    await desk.wrote("Can you help?", at=NOON)  # the network tells whole seconds

    assert await desk.texts() == ["Hello", "Good day", "Can you help?"]


# Places, cards and questions

ANYTHING_FREE_FORM = [
    Location(48.1, 11.5, "Café"),
    ContactCards((ContactCard("Bo", ("+1555",)),)),
    Interactive("When?", (Option("t", "Today"), Option("l", "Later"))),
]


@pytest.mark.parametrize("content", ANYTHING_FREE_FORM)
async def test_anything_free_form_goes_as_it_is_and_counts_as_a_text_does(desk: Desk, content: Sendable) -> None:
    await desk.wrote()
    thread = await desk.thread()

    message = granted(await send_content(desk.ports, AGENT, SendContent(thread.id, content)))
    message = await desk.dispatch(message)

    assert (message.content, message.status) == (content, MessageStatus.SENT)
    assert desk.network.sent[0].content == content
    assert await desk.entries() == []
    assert (await desk.ticket()).status is TicketStatus.WAITING_ON_CONTACT


@pytest.mark.parametrize("content", ANYTHING_FREE_FORM)
async def test_nothing_free_form_goes_outside_a_session(desk: Desk, content: Sendable) -> None:
    await desk.wrote()
    thread = await desk.thread()
    in_time = granted(await send_content(desk.ports, AGENT, SendContent(thread.id, content)))
    desk.later(DAY)

    late = await send_content(desk.ports, AGENT, SendContent(thread.id, content))

    assert isinstance(late, SessionClosed)
    assert (await desk.dispatch(in_time)).status is MessageStatus.FAILED
    assert desk.network.sent == []


async def test_what_the_network_would_refuse_is_never_queued(desk: Desk) -> None:
    thread, before = await desk.thread(), await desk.head()
    nowhere = SendContent(thread.id, Location(91.0, 0.0))

    assert refused_as(await send_content(desk.ports, AGENT, nowhere)) is ErrorCode.INVALID
    assert await desk.head() == before


async def test_the_same_key_with_another_place_is_something_else(desk: Desk) -> None:
    await desk.wrote()
    thread = await desk.thread()
    here, there = (SendContent(thread.id, Location(at, 0.0), idempotency_key="k") for at in (1.0, 2.0))

    first = granted(await send_content(desk.ports, AGENT, here))

    assert granted(await send_content(desk.ports, AGENT, here)).id == first.id
    assert refused_as(await send_content(desk.ports, AGENT, there)) is ErrorCode.IDEMPOTENCY_MISMATCH
