"""A queued message leaves, or is told why it does not; what is unknown is never sent again."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.channels.channels import ChannelState, Problem, ProblemCode
from domain.channels.templates import TemplateStatus
from domain.conversations.contents import TemplateMessage, Text
from domain.conversations.messages import Message
from domain.conversations.status import SENT_AFTER_ALL, Attempt, AttemptOutcome, Failure, MessageStatus
from domain.error_codes import ErrorCode
from domain.events import ChannelChanged, MessageStatusChanged, QuotaChanged
from domain.ids import ChannelId, MessageId, PhoneNumberId, TemplateId, ThreadId, Wamid
from domain.outbound.failures import verdict
from domain.outbound.outbox import LEASE, RETRIED_FOR, OutboxItem
from domain.outbound.pace import PROBE_EVERY
from domain.ports.network import Accepted, NotSent, Outgoing, Rejected, SendResult, Unanswered
from domain.updates import Outcome
from domain.use_cases.outbound.leaving.dispatch import dispatch, give_up
from domain.use_cases.outbound.leaving.own_failures import GAVE_UP, SESSION_OVER
from domain.use_cases.outbound.leaving.rejections import FIRST_PAUSE, LONGEST_PAUSE, pause_before
from domain.use_cases.outbound.retry import Retry, retry
from domain.use_cases.outbound.sending.send import SendText, send_text
from domain.use_cases.outbound.settle import Settle, settle
from tests.builders import (
    ACME,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    NUMBER,
    WA_ID,
    a_person,
    a_template,
    an_id,
    an_outbox_item,
)
from tests.domain.one_desk import AGENT, NO_KEY_OPENS, TOKEN, Desk, a_desk_number, granted, open_desk, refused_as
from tests.domain.standins import wamid_number

INSTANT = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
QUEUED, UNKNOWN, SENT = MessageStatus.QUEUED, MessageStatus.UNKNOWN, MessageStatus.SENT
FAILED, DELIVERED, READ = MessageStatus.FAILED, MessageStatus.DELIVERED, MessageStatus.READ
LOST = Unanswered("no answer in 30 s")
NOT_LEFT = NotSent("no connection")


@pytest.fixture
async def desk() -> Desk:
    """A contact wrote at noon; it is noon still."""
    desk = await open_desk()
    await desk.wrote()
    return desk


async def outbox_item(desk: Desk, message: Message) -> OutboxItem | None:
    async with desk.ports.store.transaction(ACME) as tx:
        return await tx.row(OutboxItem, message.id)


async def statuses(desk: Desk, message: Message) -> list[MessageStatus]:
    return [each.status for each in await desk.marks(message)]


async def a_template_outside_a_session(desk: Desk) -> Message:
    """It took one conversation of the month."""
    desk.later(DAY)
    message = await desk.reply_with_template()
    assert (await desk.period()).used == 1
    return message


# Taken


async def test_what_the_network_takes_is_sent_under_its_network_id(desk: Desk) -> None:
    reply = await desk.reply("Good day")
    head = await desk.head()

    sent = await desk.dispatch(reply)

    assert desk.network.sent == [
        Outgoing(NUMBER, WA_ID, None, Text("Good day"), callback=f"dk1:{reply.id}:1", reply_to=None)
    ]
    assert desk.network.tokens == {TOKEN}
    assert (sent.status, sent.wamid) == (SENT, wamid_number(1))
    assert sent.attempts == (Attempt(1, NOON, AttemptOutcome.ACCEPTED, wamid=wamid_number(1)),)
    assert await statuses(desk, sent) == [QUEUED, SENT]
    assert await desk.events(head) == [MessageStatusChanged(reply.thread, reply.id, SENT)]
    assert await outbox_item(desk, reply) is None


async def test_a_quote_goes_along_by_its_network_id(desk: Desk) -> None:
    question = (await desk.messages())[0]
    reply = granted(await send_text(desk.ports, AGENT, SendText(question.thread, "This", reply_to=question.id)))

    await desk.dispatch(reply)

    assert desk.network.sent[0].reply_to == question.wamid


async def test_somebody_without_a_number_is_written_to_by_their_scoped_id(desk: Desk) -> None:
    await desk.wrote(by=a_person(None, business_scoped_id="US.1"))
    [thread] = [each for each in await desk.threads() if each.wa_id is None]

    await desk.dispatch(granted(await send_text(desk.ports, AGENT, SendText(thread.id, "Hi"))))

    assert (desk.network.sent[0].wa_id, desk.network.sent[0].business_scoped_id) == (None, "US.1")


async def test_the_network_id_the_network_answers_is_the_one_to_write_to(desk: Desk) -> None:
    desk.network.answers.append(Accepted(Wamid("wamid.1"), wa_id="5511987654321"))

    await desk.dispatch(await desk.reply())

    assert (await desk.thread()).wa_id == "5511987654321"


async def test_a_message_is_sent_once_however_often_it_is_asked_for(desk: Desk) -> None:
    reply = await desk.reply()

    await asyncio.gather(*(dispatch(desk.ports, ACME, reply.id) for _ in range(10)))
    await desk.dispatch(reply)

    assert len(desk.network.sent) == 1


async def test_nothing_is_sent_before_it_is_due(desk: Desk) -> None:
    reply = await desk.reply()
    item = await outbox_item(desk, reply)
    assert item is not None
    await desk.given(replace(item, due_at=NOON + SECOND))

    assert (await desk.dispatch(reply)).status is QUEUED
    desk.later(SECOND - INSTANT)
    assert (await desk.dispatch(reply)).status is QUEUED
    desk.later(INSTANT)
    assert (await desk.dispatch(reply)).status is SENT


async def test_messages_of_one_thread_leave_in_the_order_they_were_accepted(desk: Desk) -> None:
    first, second = await desk.reply("one"), await desk.reply("two")

    await desk.dispatch(second)
    assert desk.network.sent == [], "the first is still there"

    assert await desk.dispatch_due() == [first.id]
    assert await desk.dispatch_due() == [second.id]
    assert [each.content for each in desk.network.sent] == [Text("one"), Text("two")]


async def test_a_first_message_that_waits_holds_the_second_of_its_thread_and_no_others(desk: Desk) -> None:
    desk.network.answers.append(NOT_LEFT)
    first, second = await desk.reply("one"), await desk.reply("two")
    await desk.dispatch(first)
    await desk.wrote(by=a_person("447700900123"))
    [other] = [each for each in await desk.threads() if each.id != first.thread]
    elsewhere = granted(await send_text(desk.ports, AGENT, SendText(other.id, "Hi")))

    assert await desk.dispatch_due() == [elsewhere.id]

    desk.later(MINUTE)
    assert await desk.dispatch_due() == [first.id]
    assert await desk.dispatch_due() == [second.id]


async def test_replies_go_before_templates(desk: Desk) -> None:
    template = await desk.reply_with_template()
    await desk.wrote(by=a_person("447700900123"))
    [other] = [each for each in await desk.threads() if each.id != template.thread]
    desk.later(SECOND)
    reply = granted(await send_text(desk.ports, AGENT, SendText(other.id, "Hi")))

    assert await desk.dispatch_due() == [reply.id, template.id]


# Refused


@pytest.mark.parametrize("code", [131026, 131051, 132000, 100, 130497, None, 999999])
async def test_what_the_network_refuses_is_failed_with_a_reason_and_costs_nothing(desk: Desk, code: int | None) -> None:
    message = await a_template_outside_a_session(desk)
    desk.network.answers.append(Rejected(code, "No, said the network."))
    head = await desk.head()

    failed = await desk.dispatch(message)

    assert failed.status is FAILED
    assert failed.failure is not None
    assert (failed.failure.code, bool(failed.failure.title), bool(failed.failure.hint)) == (code, True, True)
    now = desk.clock.now()
    assert failed.attempts == (Attempt(1, now, AttemptOutcome.REFUSED, code, "No, said the network."),)
    assert ((await desk.period()).used, [each.refunded_at for each in await desk.entries()]) == (0, [now])
    assert await desk.events(head) == [MessageStatusChanged(message.thread, message.id, FAILED), QuotaChanged()]
    assert await outbox_item(desk, message) is None


async def test_a_refused_reply_cost_nothing_and_gives_nothing_back(desk: Desk) -> None:
    desk.network.answers.append(Rejected(131047, "The session is over."))

    failed = await desk.dispatch(await desk.reply())

    assert failed.status is FAILED
    assert (await desk.entries(), await desk.ports.reader.period_at(ACME, NOON)) == ([], None)


@pytest.mark.parametrize("code", [4, 80007, 130429, 131056])
async def test_a_rate_limit_delays_and_never_fails(desk: Desk, code: int) -> None:
    desk.network.answers.append(Rejected(code, "Slow down."))
    reply = await desk.reply()

    held = await desk.dispatch(reply)
    assert (held.status, held.failure) == (QUEUED, None)
    assert held.not_before is not None
    assert held.not_before > NOON

    desk.clock.at = held.not_before
    sent = await desk.dispatch(reply)
    assert (sent.status, sent.not_before) == (SENT, None)
    assert [each.outcome for each in sent.attempts] == [AttemptOutcome.REFUSED, AttemptOutcome.ACCEPTED]
    assert [each.callback for each in desk.network.sent] == [f"dk1:{reply.id}:1", f"dk1:{reply.id}:2"]


async def test_the_network_says_how_long_to_wait(desk: Desk) -> None:
    desk.network.answers.extend([Rejected(130429, "Slow down.", retry_after_s=90.0), Rejected(130429, "x", 0.5)])
    reply = await desk.reply()

    assert (await desk.dispatch(reply)).not_before == NOON + timedelta(seconds=90)

    desk.later(timedelta(seconds=90))
    held = await desk.dispatch(reply)
    assert held.not_before is not None
    assert held.not_before >= desk.clock.now() + FIRST_PAUSE, "never shorter than our own pause"


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (0, ProblemCode.TOKEN_INVALID),
        (190, ProblemCode.TOKEN_INVALID),
        (3, ProblemCode.PERMISSION_MISSING),
        (10, ProblemCode.PERMISSION_MISSING),
        (200, ProblemCode.PERMISSION_MISSING),
        (299, ProblemCode.PERMISSION_MISSING),
        (131031, ProblemCode.ACCOUNT_LOCKED),
        (131042, ProblemCode.PAYMENT_PROBLEM),
        (131045, ProblemCode.NOT_REGISTERED),
        (133010, ProblemCode.NOT_REGISTERED),
        (131037, ProblemCode.DISPLAY_NAME_REJECTED),
        (368, ProblemCode.POLICY_VIOLATION),
    ],
)
async def test_what_stops_the_number_degrades_it_and_fails_nothing(desk: Desk, code: int, problem: ProblemCode) -> None:
    desk.network.answers.append(Rejected(code, "The token expired."))
    reply = await desk.reply()
    head = await desk.head()

    held = await desk.dispatch(reply)

    channel = await desk.channel()
    assert (held.status, held.failure) == (QUEUED, None)
    assert (channel.state, channel.token_valid) == (
        ChannelState.DEGRADED,
        problem is not ProblemCode.TOKEN_INVALID,
    )
    assert [(each.code, each.since) for each in channel.problems] == [(problem, NOON)]
    assert [each.message for each in channel.problems] == [f"{verdict(code, None).failure.title}."], "as all are told"
    assert await desk.events(head) == [ChannelChanged(channel.id)]

    assert await desk.dispatch_due() == []
    desk.later(PROBE_EVERY)
    if problem is ProblemCode.TOKEN_INVALID:
        assert (await desk.dispatch_due(), len(desk.network.sent)) == ([reply.id], 1), "no message asks for a token"
        await desk.look_after()
    assert await desk.dispatch_due() == [reply.id]
    channel = await desk.channel()
    assert (channel.state, channel.token_valid, channel.problems) == (ChannelState.CONNECTED, True, ())
    assert (await desk.message_by_id(reply.id)).status is SENT


async def test_a_trouble_told_again_is_no_news(desk: Desk) -> None:
    desk.network.answers.extend([Rejected(190, "Expired.")] * 3)
    reply = await desk.reply()

    for _ in range(3):
        await desk.dispatch(reply)
        desk.later(PROBE_EVERY)

    assert [each for each in await desk.events() if isinstance(each, ChannelChanged)] == [
        ChannelChanged((await desk.channel()).id)
    ]
    assert len((await desk.channel()).problems) == 1


async def test_a_send_that_goes_mends_only_what_it_disproves(desk: Desk) -> None:
    low = Problem(ProblemCode.QUALITY_LOW, "Quality is low.", "Send less.", NOON)
    locked = Problem(ProblemCode.ACCOUNT_LOCKED, "Locked.", "Ask.", NOON)
    await desk.given(replace(await desk.channel(), problems=(low, locked), state=ChannelState.DEGRADED))
    reply = await desk.reply()

    await desk.dispatch(reply)
    assert desk.network.sent == [], "what is known to stop it is not tried at once"
    desk.later(PROBE_EVERY)
    await desk.dispatch_due()

    after = await desk.channel()
    assert (after.state, after.problems) == (ChannelState.CONNECTED, (low,))


async def test_what_was_on_its_way_when_a_problem_began_does_not_end_it(desk: Desk) -> None:
    async def it_is_locked(_: Outgoing) -> None:
        desk.later(SECOND)
        locked = Problem(ProblemCode.ACCOUNT_LOCKED, "Locked.", "Ask.", desk.clock.now())
        await desk.given(replace(await desk.channel(), problems=(locked,), state=ChannelState.DEGRADED))

    desk.network.meanwhile = it_is_locked
    await desk.dispatch(await desk.reply())

    assert [each.code for each in (await desk.channel()).problems] == [ProblemCode.ACCOUNT_LOCKED]


async def test_what_waits_for_a_number_beyond_its_session_fails_for_what_stopped_the_number(desk: Desk) -> None:
    desk.network.answers.append(Rejected(131042, "No card."))
    reply = await desk.reply()
    assert (await desk.dispatch(reply)).status is QUEUED

    desk.later(24 * HOUR)
    failed = await desk.dispatch(reply)

    assert failed.failure is not None
    assert (failed.status, failed.failure.title) == (FAILED, "Payment is not in order")


# Not sent, again and again


async def test_what_never_left_is_tried_again_with_growing_pauses(desk: Desk) -> None:
    desk.network.answers.extend([NOT_LEFT] * 12)
    reply = await desk.reply()
    pauses: list[timedelta] = []

    for _ in range(12):
        held = await desk.dispatch(reply)
        assert held.not_before is not None
        pauses.append(held.not_before - desk.clock.now())
        desk.clock.at = held.not_before

    sent = await desk.dispatch(reply)
    assert sent.status is SENT
    assert [each.outcome for each in sent.attempts] == [AttemptOutcome.NOT_SENT] * 12 + [AttemptOutcome.ACCEPTED]
    assert [each.number for each in sent.attempts] == list(range(1, 14))
    for tries, pause in enumerate(pauses):
        least = min(FIRST_PAUSE * 2**tries, LONGEST_PAUSE)
        assert least <= pause <= least * 1.5


def test_pauses_are_spread_so_that_what_failed_together_does_not_come_back_together() -> None:
    pauses = {pause_before(an_outbox_item(MessageId(an_id(number)))) for number in range(50)}

    assert len(pauses) > 25
    assert all(FIRST_PAUSE <= pause <= FIRST_PAUSE * 1.5 for pause in pauses)
    assert pause_before(an_outbox_item(tries=10_000)) <= LONGEST_PAUSE * 1.5


async def tried_until_it_failed(desk: Desk, message: Message, result: SendResult) -> tuple[Message, datetime]:
    """The failed message, and when it was tried last."""
    for _ in range(1000):
        desk.network.answers.append(result)
        tried_at = desk.clock.now()
        current = await desk.dispatch(message)
        if current.status is FAILED:
            return current, tried_at
        assert current.not_before is not None
        desk.clock.at = current.not_before
    raise AssertionError("it was tried for ever")


@pytest.mark.parametrize("result", [NOT_LEFT, Rejected(130429, "Slow down.")])
async def test_a_reply_that_never_left_fails_before_its_session_ends(desk: Desk, result: SendResult) -> None:
    desk.later(23 * HOUR)
    reply = await desk.reply()

    failed, tried_at = await tried_until_it_failed(desk, reply, result)

    assert failed.failure == GAVE_UP
    assert NOON + 24 * HOUR - 1.5 * LONGEST_PAUSE <= tried_at < NOON + 24 * HOUR
    assert await outbox_item(desk, reply) is None


async def test_a_template_that_never_left_fails_after_a_day_and_costs_nothing(desk: Desk) -> None:
    message = await a_template_outside_a_session(desk)
    queued_at = desk.clock.now()

    failed, tried_at = await tried_until_it_failed(desk, message, NOT_LEFT)

    assert failed.failure == GAVE_UP
    assert queued_at + RETRIED_FOR - 1.5 * LONGEST_PAUSE <= tried_at < queued_at + RETRIED_FOR
    assert [each.refunded_at for each in await desk.entries()] == [tried_at]
    period = await desk.ports.reader.period_at(ACME, queued_at)
    assert period is not None
    assert period.used == 0


async def test_a_pause_that_ends_with_the_session_is_not_waited_for(desk: Desk) -> None:
    """The limit is half-open, like the session: due at its very end is too late, just before it is not."""
    for wait, status in ((HOUR, FAILED), (HOUR - SECOND, QUEUED)):
        desk = await open_desk()
        await desk.wrote()
        desk.later(23 * HOUR)
        desk.network.answers.append(Rejected(130429, "x", retry_after_s=wait.total_seconds()))

        assert (await desk.dispatch(await desk.reply())).status is status


# Judged again when it leaves


async def test_a_reply_ready_after_the_session_ended_is_failed_and_not_sent(desk: Desk) -> None:
    desk.clock.at = NOON + 24 * HOUR - 10 * SECOND
    reply = await desk.reply()
    desk.clock.at = NOON + 24 * HOUR + 5 * SECOND

    failed = await desk.dispatch(reply)

    assert (failed.status, failed.failure) == (FAILED, SESSION_OVER)
    assert SESSION_OVER.refusal is ErrorCode.SESSION_CLOSED
    assert desk.network.sent == []
    assert await outbox_item(desk, reply) is None


@pytest.mark.parametrize(("after", "goes"), [(24 * HOUR - INSTANT, True), (24 * HOUR, False)])
async def test_the_last_instant_of_the_session_is_the_last_to_send_in(desk: Desk, after: timedelta, goes: bool) -> None:
    reply = await desk.reply()
    desk.clock.at = NOON + after

    assert (await desk.dispatch(reply)).status is (SENT if goes else FAILED)
    assert len(desk.network.sent) == goes


async def test_a_new_message_of_the_contact_lets_a_waiting_reply_go(desk: Desk) -> None:
    reply = await desk.reply()
    desk.later(20 * HOUR)
    await desk.wrote()
    desk.later(10 * HOUR)

    assert (await desk.dispatch(reply)).status is SENT


async def test_a_template_paused_while_it_waited_is_failed_and_costs_nothing(desk: Desk) -> None:
    message = await a_template_outside_a_session(desk)
    await desk.given(a_template(status=TemplateStatus.PAUSED))

    failed = await desk.dispatch(message)

    assert failed.failure == Failure(
        "The template can't be sent now",
        "The network has it as PAUSED; only APPROVED templates can be sent.",
        retryable=False,
        refusal=ErrorCode.TEMPLATE_NOT_SENDABLE,
    )
    assert ((await desk.period()).used, desk.network.sent) == (0, [])


async def test_a_template_that_is_gone_is_failed(desk: Desk) -> None:
    """Templates are kept for ever; one told of by an id that is not here fails all the same."""
    message = await desk.reply_with_template()
    assert isinstance(message.content, TemplateMessage)
    await desk.given(replace(message, content=replace(message.content, template=TemplateId("gone"))))

    failed = await desk.dispatch(message)

    assert failed.failure is not None
    assert (failed.failure.refusal, failed.failure.title) == (
        ErrorCode.TEMPLATE_NOT_SENDABLE,
        "The template is gone",
    )


async def test_what_the_contact_said_is_told_before_the_state_of_the_template(desk: Desk) -> None:
    message = await a_template_outside_a_session(desk)
    stopped = replace(await desk.contact(), opted_out_at=desk.clock.now())
    await desk.given(stopped, a_template(status=TemplateStatus.PAUSED))

    failed = await desk.dispatch(message)

    assert failed.failure is not None
    assert (failed.failure.refusal, failed.failure.title) == (ErrorCode.CONTACT_OPTED_OUT, "The contact opted out")


async def test_a_contact_who_says_stop_while_it_waits_gets_nothing(desk: Desk) -> None:
    message = await a_template_outside_a_session(desk)
    await desk.given(replace(await desk.contact(), opted_out_at=desk.clock.now()))

    failed = await desk.dispatch(message)

    assert failed.failure is not None
    assert failed.failure.refusal is ErrorCode.CONTACT_OPTED_OUT
    assert ((await desk.period()).used, desk.network.sent) == (0, [])


async def test_a_number_disconnected_while_it_waits_sends_nothing(desk: Desk) -> None:
    reply = await desk.reply()
    await desk.given(replace(await desk.channel(), state=ChannelState.DISCONNECTED))

    failed = await desk.dispatch(reply)

    assert failed.failure is not None
    assert (failed.failure.refusal, desk.network.sent) == (ErrorCode.CHANNEL_UNAVAILABLE, [])


@pytest.mark.parametrize("token", [None, NO_KEY_OPENS])
async def test_a_channel_without_a_token_that_opens_holds_its_queue(desk: Desk, token: str | None) -> None:
    channel = await desk.channel()
    await desk.given(replace(channel, access_token=token))
    reply = await desk.reply()

    assert (await desk.dispatch(reply)).status is QUEUED
    assert (desk.network.sent, await desk.dispatch_due()) == ([], [])

    await desk.given(channel)
    desk.later(PROBE_EVERY)
    assert await desk.dispatch_due() == [reply.id]
    assert (await desk.message_by_id(reply.id)).attempts[0].number == 1, "nothing was tried in between"


async def test_a_token_that_no_key_opens_is_told_on_the_number_until_one_is_good(desk: Desk) -> None:
    channel = await desk.channel()
    await desk.given(replace(channel, access_token=NO_KEY_OPENS, token_valid=True))
    await desk.dispatch(await desk.reply())
    desk.later(PROBE_EVERY)
    await desk.dispatch_due()
    assert desk.network.sent == []

    sick = await desk.channel()
    assert (sick.state, sick.token_valid) == (ChannelState.DEGRADED, False)
    (problem,) = sick.problems
    assert (problem.code, problem.message) == (ProblemCode.TOKEN_INVALID, "The access token can't be opened.")
    told = [each for each in await desk.events() if isinstance(each, ChannelChanged)]
    assert len(told) == 1, "once, however often it is tried"

    await desk.given(replace(sick, access_token=channel.access_token))
    desk.later(PROBE_EVERY)
    await desk.look_after()
    await desk.dispatch_due()
    assert len(desk.network.sent) == 1
    well = await desk.channel()
    assert (well.state, well.token_valid, well.problems) == (ChannelState.CONNECTED, True, ())


@pytest.mark.parametrize("told", [SENT, FAILED, DELIVERED])
async def test_what_the_network_tells_of_meanwhile_is_not_sent_again(desk: Desk, told: MessageStatus) -> None:
    """The first try was refused for pace, and then a mark says that it was taken all the same."""
    desk.network.answers.append(Rejected(130429, "Slow down."))
    reply = await desk.reply()
    await desk.dispatch(reply)
    await desk.receive(desk.status(told, wamid=Wamid("wamid.1"), callback=f"dk1:{reply.id}:1"))
    desk.later(MINUTE)

    await desk.dispatch(reply)

    assert len(desk.network.sent) == 1
    assert await outbox_item(desk, reply) is None
    assert (await desk.message_by_id(reply.id)).status is told


# Unknown


async def test_a_lost_answer_is_unknown_and_never_sent_again(desk: Desk) -> None:
    desk.network.answers.append(LOST)
    reply = await desk.reply()

    unknown = await desk.dispatch(reply)
    assert (unknown.status, unknown.wamid, unknown.failure) == (UNKNOWN, None, None)
    assert unknown.attempts == (Attempt(1, NOON, AttemptOutcome.UNKNOWN, message="no answer in 30 s"),)

    for _ in range(50):
        desk.later(HOUR)
        await desk.dispatch(reply)
        assert await desk.dispatch_due() == []
    assert len(desk.network.sent) == 1
    assert await statuses(desk, reply) == [QUEUED, UNKNOWN]


@pytest.mark.parametrize("status", [SENT, DELIVERED, READ])
async def test_an_unknown_outcome_is_settled_by_the_mark_that_names_it_however_late(
    desk: Desk, status: MessageStatus
) -> None:
    desk.network.answers.append(LOST)
    reply = await desk.reply()
    await desk.dispatch(reply)
    desk.later(6 * DAY)

    await desk.receive(desk.status(status, wamid=Wamid("wamid.1"), callback=f"dk1:{reply.id}:1"))

    settled = await desk.message_by_id(reply.id)
    assert (settled.status, settled.wamid) == (status, "wamid.1")
    assert settled.attempts[0].outcome is AttemptOutcome.ACCEPTED
    assert settled.attempts[0].wamid == "wamid.1"


async def test_an_unknown_template_that_failed_costs_nothing_in_the_end(desk: Desk) -> None:
    message = await a_template_outside_a_session(desk)
    desk.network.answers.append(LOST)
    await desk.dispatch(message)
    assert (await desk.period()).used == 1, "unknown is not failed"
    why = Failure("It can't be delivered", "Reach the contact another way.", retryable=False, code=131026)

    await desk.receive(desk.status(FAILED, wamid=Wamid("wamid.1"), callback=f"dk1:{message.id}:1", failure=why))

    failed = await desk.message_by_id(message.id)
    assert (failed.status, failed.failure, (await desk.period()).used) == (FAILED, why, 0)


async def test_an_unknown_message_does_not_hold_the_next(desk: Desk) -> None:
    desk.network.answers.append(LOST)
    first, second = await desk.reply("one"), await desk.reply("two")

    await desk.dispatch(first)

    assert (await desk.dispatch(second)).status is SENT


# A failure told twice is refunded once


async def test_a_failure_told_twice_is_refunded_once(desk: Desk) -> None:
    message = await desk.dispatch(await a_template_outside_a_session(desk))
    assert message.wamid is not None
    await desk.reply_with_template()
    assert (await desk.period()).used == 2

    for _ in range(3):
        desk.later(MINUTE)
        await desk.receive(desk.status(FAILED, wamid=message.wamid))

    assert (await desk.period()).used == 1
    assert [each.refunded_at is not None for each in await desk.entries()] == [True, False]


async def test_a_refusal_and_a_later_failed_mark_refund_once(desk: Desk) -> None:
    message = await a_template_outside_a_session(desk)
    desk.network.answers.append(Rejected(131026, "No."))
    await desk.dispatch(message)

    await desk.receive(desk.status(FAILED, wamid=Wamid("wamid.1"), callback=f"dk1:{message.id}:1"))

    assert (await desk.period()).used == 0


async def test_what_was_refunded_stays_so_when_it_arrives_all_the_same(desk: Desk) -> None:
    message = await desk.dispatch(await a_template_outside_a_session(desk))
    assert message.wamid is not None

    await desk.receive(desk.status(FAILED, wamid=message.wamid))
    await desk.receive(desk.status(DELIVERED, wamid=message.wamid))
    await desk.receive(desk.status(FAILED, wamid=message.wamid))

    assert (await desk.message_by_id(message.id)).status is DELIVERED
    assert (await desk.period()).used == 0


async def test_a_failure_after_the_arrival_gives_nothing_back(desk: Desk) -> None:
    message = await desk.dispatch(await a_template_outside_a_session(desk))
    assert message.wamid is not None

    await desk.receive(desk.status(DELIVERED, wamid=message.wamid))
    await desk.receive(desk.status(FAILED, wamid=message.wamid))

    assert (await desk.period()).used == 1


async def test_a_failure_reported_next_month_credits_the_month_that_paid(desk: Desk) -> None:
    desk.clock.at = datetime.fromisoformat("2026-11-30T23:59:59+00:00")
    message = await desk.dispatch(await desk.reply_with_template())
    assert message.wamid is not None
    november = await desk.period()
    desk.clock.at = datetime.fromisoformat("2026-12-01T00:00:01+00:00")
    await desk.reply_with_template()

    await desk.receive(desk.status(FAILED, wamid=message.wamid))

    paid = await desk.ports.reader.period_at(ACME, november.starts_at)
    assert paid is not None
    assert (paid.id, paid.used, (await desk.period()).used) == (november.id, 0, 1)


# Marks that are faster than the answer


@pytest.mark.parametrize("with_callback", [True, False])
@pytest.mark.parametrize("status", [SENT, DELIVERED, READ])
async def test_a_mark_that_comes_while_the_answer_is_on_its_way_counts(
    desk: Desk, status: MessageStatus, with_callback: bool
) -> None:
    async def the_phone_is_faster(outgoing: Outgoing) -> None:
        callback = outgoing.callback if with_callback else None
        [record] = await desk.receive(desk.status(status, wamid=wamid_number(1), callback=callback))
        assert record.outcome is (Outcome.APPLIED if with_callback else Outcome.PARKED)

    desk.network.meanwhile = the_phone_is_faster

    message = await desk.dispatch(await desk.reply())

    assert (message.status, message.wamid) == (status, wamid_number(1))
    assert message.attempts[0].outcome is AttemptOutcome.ACCEPTED
    assert len(message.attempts) == 1
    assert await statuses(desk, message) == ([QUEUED, status] if with_callback else [QUEUED, SENT, status])


async def test_a_mark_that_waited_is_applied_and_waits_no_more(desk: Desk) -> None:
    await desk.receive(desk.status(READ, wamid=wamid_number(1), at=NOON))

    message = await desk.dispatch(await desk.reply())

    assert (message.status, message.read_at) == (READ, NOON)
    async with desk.ports.store.transaction(ACME) as tx:
        assert await tx.parked([(NUMBER, wamid_number(1))]) == []


async def test_a_failed_mark_faster_than_the_answer_leaves_it_failed_and_refunded(desk: Desk) -> None:
    message = await a_template_outside_a_session(desk)
    await desk.receive(desk.status(FAILED, wamid=wamid_number(1)))

    failed = await desk.dispatch(message)

    assert (failed.status, (await desk.period()).used) == (FAILED, 0)


async def test_an_answer_lost_after_the_mark_came_changes_nothing(desk: Desk) -> None:
    async def the_phone_is_faster(outgoing: Outgoing) -> None:
        await desk.receive(desk.status(DELIVERED, wamid=Wamid("wamid.1"), callback=outgoing.callback))

    desk.network.meanwhile = the_phone_is_faster
    desk.network.answers.append(LOST)

    message = await desk.dispatch(await desk.reply())

    assert (message.status, message.attempts[0].outcome) == (DELIVERED, AttemptOutcome.ACCEPTED)


# A worker that dies, or wakes late


async def die_while_sending(desk: Desk, message: Message) -> None:
    """The worker claims the message, and is gone before it hears the answer."""

    async def the_lights_go_out(_: Outgoing) -> None:
        raise asyncio.CancelledError

    desk.network.meanwhile = the_lights_go_out
    with pytest.raises(asyncio.CancelledError):
        await dispatch(desk.ports, ACME, message.id)
    desk.network.meanwhile = None


async def test_a_claimed_message_is_nobody_elses_until_its_lease_is_out(desk: Desk) -> None:
    reply = await desk.reply()
    await die_while_sending(desk, reply)

    assert await desk.dispatch_due() == []
    await desk.dispatch(reply)
    assert len(desk.network.sent) == 1
    assert await desk.ports.store.lost_sends(NOON + LEASE - INSTANT, 10) == []
    assert await desk.ports.store.lost_sends(NOON + LEASE, 10) == [(ACME, reply.id)]


async def test_a_message_whose_worker_died_is_unknown_within_15_seconds_and_not_before(desk: Desk) -> None:
    assert LEASE <= 15 * SECOND
    reply = await desk.reply()
    await die_while_sending(desk, reply)

    desk.later(LEASE - INSTANT)
    await give_up(desk.ports, ACME, reply.id)
    assert (await desk.message_by_id(reply.id)).status is QUEUED

    desk.later(INSTANT)
    await give_up(desk.ports, ACME, reply.id)
    unknown = await desk.message_by_id(reply.id)
    assert (unknown.status, unknown.attempts[0].outcome) == (UNKNOWN, AttemptOutcome.UNKNOWN)
    assert await outbox_item(desk, reply) is None

    await give_up(desk.ports, ACME, reply.id)
    assert await statuses(desk, reply) == [QUEUED, UNKNOWN]
    assert len(desk.network.sent) == 1


async def test_giving_up_leaves_what_nobody_claimed(desk: Desk) -> None:
    reply = await desk.reply()
    desk.later(HOUR)

    await give_up(desk.ports, ACME, reply.id)

    assert (await desk.message_by_id(reply.id)).status is QUEUED


async def answered_too_late(desk: Desk, answer: SendResult) -> Message:
    """The worker wakes after its lease, when its message was given up, and then hears the answer."""

    async def it_sleeps(_: Outgoing) -> None:
        desk.later(MINUTE)
        await give_up(desk.ports, ACME, reply.id)

    desk.network.meanwhile = it_sleeps
    desk.network.answers.append(answer)
    reply = await desk.reply()
    message = await desk.dispatch(reply)
    desk.network.meanwhile = None
    return message


LATE_ANSWERS: list[tuple[SendResult, MessageStatus, AttemptOutcome]] = [
    (Accepted(Wamid("wamid.late")), SENT, AttemptOutcome.ACCEPTED),
    (LOST, UNKNOWN, AttemptOutcome.UNKNOWN),
    (Rejected(131026, "No."), FAILED, AttemptOutcome.REFUSED),
]


@pytest.mark.parametrize(("answer", "status", "outcome"), LATE_ANSWERS)
async def test_an_answer_to_a_worker_that_slept_past_its_lease_is_recorded_and_sends_nothing(
    desk: Desk, answer: SendResult, status: MessageStatus, outcome: AttemptOutcome
) -> None:
    message = await answered_too_late(desk, answer)

    assert (message.status, message.attempts[0].outcome) == (status, outcome)
    desk.later(HOUR)
    await desk.dispatch(message)
    assert (len(desk.network.sent), await desk.dispatch_due()) == (1, [])
    assert (await statuses(desk, message)).count(UNKNOWN) == 1


NOT_SENT_AT_ALL: list[tuple[SendResult, AttemptOutcome]] = [
    (NOT_LEFT, AttemptOutcome.NOT_SENT),
    (Rejected(130429, "Slow down."), AttemptOutcome.REFUSED),
    (Rejected(10, "Taken back."), AttemptOutcome.REFUSED),
]


@pytest.mark.parametrize(("answer", "outcome"), NOT_SENT_AT_ALL)
async def test_what_turns_out_late_to_have_not_been_sent_is_sent_after_all(
    desk: Desk, answer: SendResult, outcome: AttemptOutcome
) -> None:
    waiting = await answered_too_late(desk, answer)

    assert (waiting.status, [each.outcome for each in waiting.attempts]) == (QUEUED, [outcome, None])
    desk.later(MINUTE)
    assert await desk.dispatch_due() == [waiting.id]
    sent = await desk.message_by_id(waiting.id)
    assert (sent.status, [each.callback for each in desk.network.sent]) == (
        SENT,
        [f"dk1:{sent.id}:1", f"dk1:{sent.id}:2"],
    )
    assert await statuses(desk, sent) == [QUEUED, UNKNOWN, QUEUED, SENT]


async def told_by_a_person_and_then_by_the_network(desk: Desk, answer: SendResult, *, again: bool) -> Message:
    """Given up, settled as not sent, perhaps sent again: and only then the first worker hears its answer."""

    async def somebody_settles(outgoing: Outgoing) -> None:
        desk.network.meanwhile = None
        desk.later(MINUTE)
        await give_up(desk.ports, ACME, reply.id)
        granted(await settle(desk.ports, AGENT, Settle(reply.id, was_sent=False)))
        if again:
            granted(await retry(desk.ports, AGENT, Retry(reply.id)))

    desk.network.meanwhile = somebody_settles
    desk.network.answers.append(answer)
    reply = await desk.reply()
    return await desk.dispatch(reply)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [*NOT_SENT_AT_ALL, (LOST, AttemptOutcome.UNKNOWN), (Rejected(131026, "No."), AttemptOutcome.REFUSED)],
)
async def test_a_late_answer_speaks_of_its_own_attempt_and_not_of_the_next(
    desk: Desk, answer: SendResult, outcome: AttemptOutcome
) -> None:
    message = await told_by_a_person_and_then_by_the_network(desk, answer, again=True)

    assert (message.status, [each.outcome for each in message.attempts]) == (QUEUED, [outcome, None])
    desk.later(MINUTE)
    assert await desk.dispatch_due() == [message.id]
    assert [each.callback for each in desk.network.sent] == [f"dk1:{message.id}:1", f"dk1:{message.id}:2"]


async def test_the_next_attempt_leaves_though_the_first_turns_out_to_have_been_taken(desk: Desk) -> None:
    """Somebody said that it had not gone, and sent it again; only its delivery would stop that."""
    message = await told_by_a_person_and_then_by_the_network(desk, Accepted(Wamid("wamid.first")), again=True)
    assert (message.status, message.wamid) == (QUEUED, "wamid.first")

    first = f"dk1:{message.id}:1"
    await desk.receive(desk.status(DELIVERED, wamid=Wamid("wamid.first"), callback=first))

    assert (await desk.message_by_id(message.id)).status is DELIVERED
    assert (await outbox_item(desk, message), len(desk.network.sent)) == (None, 1)


async def test_what_the_network_had_taken_is_not_sent_again_for_a_persons_mistake(desk: Desk) -> None:
    message = await told_by_a_person_and_then_by_the_network(desk, Accepted(Wamid("wamid.1")), again=False)

    assert (message.status, message.failure, message.wamid) == (FAILED, SENT_AFTER_ALL, "wamid.1")
    assert refused_as(await retry(desk.ports, AGENT, Retry(message.id))) is ErrorCode.INVALID
    await desk.receive(desk.status(DELIVERED, wamid=Wamid("wamid.1")))
    assert (await desk.message_by_id(message.id)).status is DELIVERED


async def test_a_late_answer_leaves_the_queue_to_whoever_has_it_now(desk: Desk) -> None:
    """Its lease was given to another worker in the meantime."""

    async def another_worker_has_it(_: Outgoing) -> None:
        item = await outbox_item(desk, reply)
        assert item is not None
        await desk.given(replace(item, lease="another"))

    desk.network.meanwhile = another_worker_has_it
    reply = await desk.reply()

    await desk.dispatch(reply)

    item = await outbox_item(desk, reply)
    assert item is not None
    assert item.lease == "another"


# What is not there any more


async def test_what_was_taken_out_of_the_queue_is_not_sent(desk: Desk) -> None:
    reply = await desk.reply()
    item = await outbox_item(desk, reply)
    assert item is not None
    async with desk.ports.store.transaction(ACME) as tx:
        tx.remove(item)

    await desk.dispatch(reply)
    await give_up(desk.ports, ACME, reply.id)

    assert desk.network.sent == []
    assert (await desk.message_by_id(reply.id)).status is QUEUED


async def test_two_numbers_send_under_their_own_names(desk: Desk) -> None:
    other = replace(a_desk_number(PhoneNumberId("9")), id=ChannelId(an_id(9)))
    thread = replace(await desk.thread(), id=ThreadId(an_id(9)), channel=other.id, ticket=None)
    await desk.given(other, thread)
    messages = [granted(await send_text(desk.ports, AGENT, SendText(each.id, "Hi"))) for each in await desk.threads()]

    for message in messages:
        await dispatch(desk.ports, ACME, message.id)

    assert {each.number for each in desk.network.sent} == {NUMBER, PhoneNumberId("9")}


# ---------------------------------------------------------------- an answer in hand


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Rejected(130429, "too fast"), QUEUED),
        (Rejected(131026, "not on WhatsApp"), FAILED),
        (Accepted(Wamid("wamid.ours")), SENT),
        (NOT_LEFT, QUEUED),
        (LOST, UNKNOWN),
    ],
)
async def test_what_the_network_said_while_the_database_was_away_is_written_when_it_is_back(
    desk: Desk, answer: SendResult, status: MessageStatus
) -> None:
    await desk.wrote()
    reply = await desk.reply()
    desk.network.answers.append(answer)

    async def the_database_goes(outgoing: Outgoing) -> None:
        desk.store.away = 5

    desk.network.meanwhile = the_database_goes
    began = desk.clock.now()
    after = await desk.dispatch(reply)

    assert (after.status, len(desk.network.sent)) == (status, 1)
    assert timedelta(seconds=4) < desk.clock.now() - began < LEASE
    assert desk.store.away == 0


async def test_an_answer_that_is_written_after_its_worker_was_given_up_says_what_became_of_it(desk: Desk) -> None:
    await desk.wrote()
    reply = await desk.reply()

    async def the_database_goes(outgoing: Outgoing) -> None:
        desk.clock.advance(LEASE)
        await give_up(desk.ports, ACME, reply.id)
        assert (await desk.message_by_id(reply.id)).status is UNKNOWN
        desk.store.away = 3

    desk.network.meanwhile = the_database_goes
    desk.network.answers.append(Rejected(131026, "not on WhatsApp"))

    assert (await desk.dispatch(reply)).status is FAILED
