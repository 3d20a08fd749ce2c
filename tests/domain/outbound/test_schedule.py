"""Which of all that waits leaves next: numbers at their own pace, people before templates, everybody in the end."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from adapters.whatsapp.simulator.graph.errors import GraphError
from adapters.whatsapp.simulator.limits import Limits
from domain.channels.channels import Channel
from domain.conversations.contents import TemplateMessage, Text
from domain.conversations.messages import Message
from domain.conversations.sessions import Session
from domain.conversations.status import AttemptOutcome, MessageStatus
from domain.ids import ChannelId, MessageId, PhoneNumberId, ThreadId
from domain.outbound.outbox import PERSON_FIRST, RETRIED_FOR, TEMPLATE_NEXT
from domain.outbound.pace import PAIR_BURST, PAIR_EVERY, PROBE_EVERY, SPAM_HOLD, at_rest
from domain.ports.bundle import Ports
from domain.ports.network import Accepted, Outgoing, Rejected, SendResult
from domain.rows import Row
from domain.use_cases.outbound.leaving.dispatch import dispatch
from domain.use_cases.outbound.leaving.own_failures import GAVE_UP
from domain.use_cases.outbound.leaving.schedule import (
    AT_A_TIME,
    OF_A_NUMBER,
    TEMPLATES_OF_A_NUMBER,
    Leaving,
    NextSends,
    next_sends,
)
from domain.use_cases.outbound.react import React, react
from tests.builders import (
    ACME,
    CHANNEL,
    DAY,
    HOUR,
    MESSAGE,
    MINUTE,
    NOON,
    TEMPLATE,
    FixedClock,
    a_contact,
    a_thread,
    an_id,
    an_outbound,
    an_outbox_item,
)
from tests.domain.one_desk import AGENT, SEALED_TOKEN, Desk, a_desk_number, granted, open_desk
from tests.domain.standins import Network, wamid_number

SECOND = timedelta(seconds=1)
QUEUED, SENT, FAILED = MessageStatus.QUEUED, MessageStatus.SENT, MessageStatus.FAILED
A_TEMPLATE = TemplateMessage(TEMPLATE, "order_shipped", "en_US", "It is on its way.")
TOO_FAST, FLOODED, REPORTED = Rejected(130429, "Slow down."), Rejected(131056, "Pair."), Rejected(131048, "Spam.")
EXPIRED = Rejected(10, "The permission was taken back.")


@dataclass(slots=True)
class StrictNetwork(Network):
    """One with the simulator's limits: 80 a second of a number, and of each pair 45 at once, then 1 in 6 s."""

    clock: FixedClock = field(default_factory=FixedClock)
    limits: Limits = field(default_factory=lambda: Limits(throughput=80, pair_burst=45))
    arrived: list[tuple[datetime, Outgoing]] = field(default_factory=list[tuple[datetime, Outgoing]])

    async def send(self, token: str, outgoing: Outgoing) -> SendResult:
        now = self.clock.now()
        try:
            self.limits.check(outgoing.number, outgoing.wa_id or "", now.timestamp())
        except GraphError as refusal:
            return Rejected(refusal.code, "Too fast.")
        self.arrived.append((now, outgoing))
        return Accepted(wamid_number(len(self.arrived)))


async def a_strict_desk() -> tuple[Desk, StrictNetwork, Ports]:
    """Not watched: thousands of transactions are looked into by what comes of them."""
    desk = await open_desk()
    await desk.given(a_contact())
    network = StrictNetwork(clock=desk.clock)
    return desk, network, replace(desk.ports, store=desk.database.store, network=network)


def written_to(number: int, channel: ChannelId = CHANNEL, *, in_session: bool = False) -> Row:
    session = Session(NOON - HOUR, NOON - HOUR, MESSAGE) if in_session else None
    return a_thread(ThreadId(an_id(10_000 + number)), channel=channel, wa_id=f"1555{number:07d}", session=session)


def waiting(
    number: int, thread: int, *, reply: bool = False, at: datetime = NOON, channel: ChannelId = CHANNEL
) -> Iterable[Row]:
    id, to = MessageId(an_id(number)), ThreadId(an_id(10_000 + thread))
    content = Text(f"message {number}") if reply else A_TEMPLATE
    yield an_outbound(id, thread=to, channel=channel, content=content, at=at)
    priority = PERSON_FIRST if reply else TEMPLATE_NEXT
    yield an_outbox_item(id, thread=to, channel=channel, queued_at=at, priority=priority)


async def all_sent(desk: Desk, ports: Ports, *, within: timedelta) -> None:
    """The worker's loop without a worker: what may leave leaves, then the clock goes to where more may."""
    end = desk.clock.now() + within
    while True:
        turn = await next_sends(ports, ())
        for leaving in turn.leaving:
            await dispatch(ports, leaving.organization, leaving.message)
        now = desk.clock.now()
        instants = [at for at in (turn.again_at, await ports.store.next_due(now)) if at is not None]
        if not turn.leaving and not instants:
            return
        desk.clock.at = max(now, min(instants, default=now)) if turn.leaving else max(now, min(instants))
        assert desk.clock.at <= end, "it takes too long"


async def test_thousands_leave_within_the_limits_and_everybody_gets_theirs_in_order() -> None:
    desk, network, ports = await a_strict_desk()
    many, to_one = 2000, 200
    rows = [row for number in range(1, many + 1) for row in (written_to(number), *waiting(number, number))]
    await desk.given(*rows, written_to(0, in_session=True))
    await desk.given(*(row for n in range(to_one) for row in waiting(20_000 + n, 0, reply=True)))

    await all_sent(desk, ports, within=20 * MINUTE)

    assert (network.limits.refused, len(network.arrived)) == (0, many + to_one)
    to_ana = [(at, each.content) for at, each in network.arrived if each.wa_id == "15550000000"]
    assert [content for _, content in to_ana] == [Text(f"message {20_000 + n}") for n in range(to_one)]
    assert to_ana[-1][0] - NOON == (to_one - PAIR_BURST) * PAIR_EVERY
    templates = [at for at, each in network.arrived if isinstance(each.content, TemplateMessage)]
    assert templates[-1] - NOON < 36 * SECOND, "the number's pace is used"


async def test_a_reply_overtakes_thousands_of_templates_within_a_second() -> None:
    desk, network, ports = await a_strict_desk()
    await desk.given(
        *(row for number in range(1, 2001) for row in (written_to(number), *waiting(number, number))),
        written_to(0, in_session=True),
    )
    waits: list[timedelta] = []
    for reply in range(20):
        for _ in range(7):
            await _one_step(desk, ports)
        asked_at = desk.clock.now()
        await desk.given(*waiting(20_000 + reply, 0, reply=True, at=asked_at))
        while not (left := [at for at, each in network.arrived if each.content == Text(f"message {20_000 + reply}")]):
            await _one_step(desk, ports)
        waits.append(left[0] - asked_at)
        assert len(network.arrived) < 900, "the templates are gone"

    assert max(waits) < SECOND / 5


async def _one_step(desk: Desk, ports: Ports) -> None:
    turn = await next_sends(ports, ())
    for leaving in turn.leaving:
        await dispatch(ports, leaving.organization, leaving.message)
    if turn.again_at is not None:
        desk.clock.at = max(desk.clock.at, turn.again_at)


async def test_templates_move_on_though_replies_never_end() -> None:
    desk, network, ports = await a_strict_desk()
    await desk.given(
        *(row for n in range(1, 11) for row in (written_to(n), *waiting(n, n))),
        *(row for n in range(100, 500) for row in (written_to(n, in_session=True), *waiting(n, n, reply=True))),
    )

    while sum(isinstance(each.content, TemplateMessage) for _, each in network.arrived) < 10:
        await _one_step(desk, ports)

    assert desk.clock.now() - NOON < 3 * SECOND
    assert sum(isinstance(each.content, Text) for _, each in network.arrived) > 30


async def test_a_slow_number_and_templates_leave_places_for_others() -> None:
    """The network answers nothing any more on one number; its sends stay in hand."""
    desk, _, ports = await a_strict_desk()
    fast = replace(a_desk_number(PhoneNumberId("9")), id=ChannelId(an_id(9)))
    await desk.given(fast, *(row for n in range(1, 301) for row in (written_to(n), *waiting(n, n))))
    in_hand: set[Leaving] = set()
    for _ in range(50):
        turn = await next_sends(ports, in_hand)
        in_hand |= set(turn.leaving)
        for leaving in turn.leaving:
            await _claim_only(desk, ports, leaving)
        desk.later(SECOND)
    assert len(in_hand) == TEMPLATES_OF_A_NUMBER, "templates alone"

    await desk.given(
        *(row for n in range(400, 500) for row in (written_to(n, in_session=True), *waiting(n, n, reply=True)))
    )
    for _ in range(50):
        turn = await next_sends(ports, in_hand)
        in_hand |= set(turn.leaving)
        for leaving in turn.leaving:
            await _claim_only(desk, ports, leaving)
        desk.later(SECOND)
    assert len(in_hand) == OF_A_NUMBER < AT_A_TIME
    assert sum(not each.is_template for each in in_hand) == OF_A_NUMBER - TEMPLATES_OF_A_NUMBER

    await desk.given(written_to(1000, fast.id), *waiting(1000, 1000, channel=fast.id))
    assert [each.message for each in (await next_sends(ports, in_hand)).leaving] == [an_id(1000)]


async def _claim_only(desk: Desk, ports: Ports, leaving: Leaving) -> None:
    async def for_ever(_: Outgoing) -> None:
        raise asyncio.CancelledError

    network = Network(meanwhile=for_ever)
    with pytest.raises(asyncio.CancelledError):
        await dispatch(replace(ports, network=network), leaving.organization, leaving.message)


async def test_what_is_in_hand_and_not_yet_claimed_is_not_taken_twice() -> None:
    desk, _, ports = await a_strict_desk()
    await desk.given(*(row for n in range(1, 31) for row in (written_to(n), *waiting(n, n))))

    first = await next_sends(ports, ())
    second = await next_sends(ports, first.leaving)

    assert len(first.leaving) == 16, "a burst"
    assert second.leaving == ()
    assert second.again_at is not None
    assert second.again_at > NOON


async def test_there_is_nothing_to_do_where_all_that_is_due_is_in_hand() -> None:
    desk, _, ports = await a_strict_desk()
    await a_number_with(desk, templates=1)

    [leaving] = (await next_sends(ports, ())).leaving

    assert await next_sends(ports, [leaving]) == NextSends(())


# ---------------------------------------------------------------- limits that are hit all the same


async def a_number_with(desk: Desk, *, templates: int, replies: int = 0) -> None:
    """So many people to be written to, each with one message."""
    await desk.given(
        *(row for n in range(1, templates + 1) for row in (written_to(n), *waiting(n, n))),
        *(
            row
            for n in range(1000, 1000 + replies)
            for row in (written_to(n, in_session=True), *waiting(n, n, reply=True))
        ),
    )


@pytest.mark.parametrize("code", [4, 80007, 130429])
async def test_a_limit_of_the_number_holds_the_number_and_fails_nothing(code: int) -> None:
    desk, _, ports = await a_strict_desk()
    await a_number_with(desk, templates=60)
    network = Network(answers=deque([Rejected(code, "Slow down.")] * 10))
    ports = replace(ports, network=network)

    await all_sent(desk, ports, within=5 * MINUTE)

    messages = (await desk.state()).messages.values()
    assert {each.status for each in messages} == {SENT}
    refused = [each for each in messages if len(each.attempts) > 1]
    assert {each.attempts[0].outcome for each in refused} == {AttemptOutcome.REFUSED}
    assert len(network.sent) == 70


async def test_a_message_held_by_its_number_says_until_when() -> None:
    desk, _, ports = await a_strict_desk()
    await a_number_with(desk, templates=1)

    await dispatch(replace(ports, network=Network(answers=deque([TOO_FAST]))), ACME, MessageId(an_id(1)))

    held = await desk.message_by_id(MessageId(an_id(1)))
    assert held.not_before is not None
    assert await ports.store.next_due(NOON) == held.not_before
    assert (await next_sends(ports, ())).leaving == ()


async def test_another_number_goes_on_at_its_own_pace() -> None:
    desk, _, ports = await a_strict_desk()
    other = replace(a_desk_number(PhoneNumberId("9")), id=ChannelId(an_id(9)))
    await desk.given(other, written_to(1), *waiting(1, 1))
    await dispatch(replace(ports, network=Network(answers=deque([TOO_FAST]))), ACME, MessageId(an_id(1)))
    await desk.given(written_to(2, other.id), *waiting(2, 2, channel=other.id))

    assert [each.message for each in (await next_sends(ports, ())).leaving] == [an_id(2)]


async def test_a_flooded_person_waits_alone() -> None:
    desk, _, ports = await a_strict_desk()
    await a_number_with(desk, templates=2)
    await desk.given(*waiting(3, 1))
    strict = replace(ports, network=Network(answers=deque([FLOODED])))

    await dispatch(strict, ACME, MessageId(an_id(1)))
    turn = await next_sends(ports, ())

    assert [each.message for each in turn.leaving] == [an_id(2)]
    held = await desk.message_by_id(MessageId(an_id(1)))
    assert (held.status, held.not_before is not None) == (QUEUED, True)
    assert held.not_before is not None
    assert NOON + PAIR_EVERY <= held.not_before <= NOON + 1.5 * PAIR_EVERY
    desk.clock.at = held.not_before
    await all_sent(desk, ports, within=MINUTE)
    assert {each.status for each in (await desk.state()).messages.values()} == {SENT}


async def test_who_is_written_to_too_fast_is_held_and_shown_to_be() -> None:
    desk, network, ports = await a_strict_desk()
    await desk.given(written_to(0, in_session=True))
    await desk.given(*(row for n in range(1, PAIR_BURST + 2) for row in waiting(n, 0, reply=True)))
    for n in range(1, PAIR_BURST + 2):
        desk.later(SECOND / 50)
        await dispatch(ports, ACME, MessageId(an_id(n)))

    last = await desk.message_by_id(MessageId(an_id(PAIR_BURST + 1)))
    assert (last.status, len(network.arrived)) == (QUEUED, PAIR_BURST)
    assert last.not_before is not None
    assert SECOND < last.not_before - desk.clock.now() <= PAIR_EVERY
    desk.clock.at = last.not_before
    await dispatch(ports, ACME, last.id)
    after = await desk.message_by_id(last.id)
    assert (after.status, after.not_before) == (SENT, None)


async def test_a_reaction_counts_as_a_message_to_the_person_and_waits_like_one() -> None:
    desk = await open_desk()
    message = await desk.wrote()
    thread = await desk.thread()
    await desk.given(replace(thread, pair_next_at=NOON + PAIR_BURST * PAIR_EVERY))
    granted(await react(desk.ports, AGENT, React(message.id, "👍")))

    await desk.dispatch_due()
    assert desk.network.sent == []

    desk.later(PAIR_EVERY)
    await desk.dispatch_due()
    assert len(desk.network.sent) == 1
    assert (await desk.message_by_id(message.id)).not_before is None


async def test_a_number_that_people_report_sends_replies_only_for_an_hour() -> None:
    desk, _, ports = await a_strict_desk()
    await a_number_with(desk, templates=3, replies=2)
    network = Network(answers=deque([REPORTED]))
    ports = replace(ports, network=network)
    await dispatch(ports, ACME, MessageId(an_id(1)))

    await all_sent_now(ports)
    assert [type(each.content) for each in network.sent[1:]] == [Text, Text]
    assert (await next_sends(ports, ())).again_at == NOON + SPAM_HOLD

    await all_sent(desk, ports, within=2 * HOUR)
    assert {each.status for each in (await desk.state()).messages.values()} == {SENT}
    assert desk.clock.now() >= NOON + SPAM_HOLD


async def all_sent_now(ports: Ports) -> None:
    while leaving := (await next_sends(ports, ())).leaving:
        for each in leaving:
            await dispatch(ports, each.organization, each.message)


# ---------------------------------------------------------------- a token that is not taken any more


async def test_a_bad_token_is_tried_once_a_minute_and_not_once_a_message() -> None:
    desk, _, ports = await a_strict_desk()
    await a_number_with(desk, templates=1000)
    network = Network(answers=deque([EXPIRED] * 100))
    ports = replace(ports, network=network)

    for _ in range(600):
        await all_sent_now(ports)
        desk.later(SECOND)

    assert len(network.sent) <= 16 + 10, "what left together, and one a minute"
    assert {each.status for each in (await desk.state()).messages.values()} == {QUEUED}


async def test_with_a_new_token_all_goes_at_once() -> None:
    desk, _, ports = await a_strict_desk()
    await a_number_with(desk, templates=40)
    ports = replace(ports, network=Network(answers=deque([EXPIRED])))
    await all_sent_now(ports)
    assert (await next_sends(ports, ())).leaving == ()

    desk.later(SECOND)
    await desk.given(*_renewed(await desk.channel(), desk.clock.now()))

    await all_sent(desk, ports, within=2 * SECOND)
    assert {each.status for each in (await desk.state()).messages.values()} == {SENT}


def _renewed(channel: Channel, now: datetime) -> tuple[Row, ...]:
    return replace(channel, access_token=SEALED_TOKEN, problems=()), at_rest(channel, now)


@pytest.mark.parametrize("answer", [Accepted(wamid_number(1)), Rejected(131026, "Not on WhatsApp.")])
async def test_an_answer_that_is_not_about_the_token_sets_the_number_going(answer: SendResult) -> None:
    desk, _, ports = await a_strict_desk()
    await a_number_with(desk, templates=10)
    network = Network(answers=deque([EXPIRED, answer]))
    ports = replace(ports, network=network)
    await dispatch(ports, ACME, MessageId(an_id(1)))
    desk.later(PROBE_EVERY)

    await all_sent(desk, ports, within=SECOND)

    assert len(network.sent) == 11


async def test_a_probe_that_fails_is_repeated_in_a_minute() -> None:
    desk, _, ports = await a_strict_desk()
    await a_number_with(desk, templates=3)
    network = Network(answers=deque([EXPIRED, EXPIRED]))
    ports = replace(ports, network=network)
    await dispatch(ports, ACME, MessageId(an_id(1)))
    desk.later(PROBE_EVERY)

    await all_sent_now(ports)

    assert len(network.sent) == 2
    assert (await next_sends(ports, ())).again_at == NOON + 2 * PROBE_EVERY


# ---------------------------------------------------------------- what waited for a day


async def dispatch_old(ports: Ports) -> int:
    """As the worker does; how many were looked at."""
    old = await ports.store.old_sends(ports.clock.now() - RETRIED_FOR, 1000)
    for organization, message in old:
        await dispatch(ports, organization, message)
    return len(old)


async def test_what_waited_for_a_day_on_a_number_that_cannot_send_is_told_as_failed() -> None:
    desk, _, ports = await a_strict_desk()
    await a_number_with(desk, templates=2, replies=1)
    ports = replace(ports, network=Network(answers=deque([EXPIRED] * 3)))
    await all_sent_now(ports)

    desk.clock.at = NOON + RETRIED_FOR
    assert await dispatch_old(ports) == 0
    desk.later(SECOND)
    assert await dispatch_old(ports) == 3

    messages = (await desk.state()).messages
    failures = [messages[MessageId(an_id(n))].failure for n in (1, 2, 1000)]
    assert {each.title for each in failures if each is not None} == {"A permission is missing"}
    assert await dispatch_old(ports) == 0


async def test_a_reply_that_waits_in_a_session_that_went_on_is_given_up_only_if_it_was_tried() -> None:
    desk = await open_desk()
    await desk.wrote()
    desk.network.answers.append(TOO_FAST)
    tried = await desk.dispatch(await desk.reply("tried"))
    untried = await desk.reply("untried")
    desk.later(20 * HOUR)
    await desk.wrote()
    desk.later(10 * HOUR)

    assert await failure_of(desk, await desk.dispatch(tried)) == GAVE_UP
    assert (await desk.dispatch(untried)).status is SENT


async def failure_of(desk: Desk, message: Message) -> object:
    return (await desk.message_by_id(message.id)).failure


async def test_a_reaction_that_waited_for_a_day_comes_down() -> None:
    desk = await open_desk()
    message = await desk.wrote()
    granted(await react(desk.ports, AGENT, React(message.id, "👍")))
    desk.later(20 * HOUR)
    await desk.wrote()
    desk.later(DAY - 20 * HOUR + SECOND)

    await dispatch_old(desk.ports)

    assert (await desk.message_by_id(message.id)).reactions == ()
    assert desk.network.sent == []
