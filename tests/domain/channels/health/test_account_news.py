"""How the network stands with an account shows on its numbers, and goes when it is over."""

from dataclasses import replace
from datetime import datetime

import pytest

from domain.channels.channels import ChannelState, Problem, ProblemCode
from domain.channels.health.account_news import (
    SHOWN_FOR,
    LimitTold,
    ProblemBegun,
    ProblemEnded,
    ReadAgain,
    ThroughputTold,
    Verified,
)
from domain.conversations.contents import Quarantined, QuarantineReason, Text
from domain.events import ChannelChanged
from domain.ids import BusinessAccountId, ChannelId, PhoneNumberId
from domain.updates import AccountNews, Outcome
from tests.builders import MINUTE, NOON, an_id
from tests.domain.one_desk import Desk, a_desk_number, open_desk

SECOND = ChannelId(an_id(2))


@pytest.fixture
async def desk() -> Desk:
    """Two numbers of one account, and one of another."""
    desk = await open_desk()
    second = replace(a_desk_number(PhoneNumberId("2")), id=SECOND, phone_number="+15550002222")
    elsewhere = replace(a_desk_number(PhoneNumberId("3")), id=ChannelId(an_id(3)), account=BusinessAccountId("9"))
    await desk.given(second, elsewhere)
    return desk


def told(
    desk: Desk, problem: ProblemCode, *, is_over: bool = False, phone: str | None = None, at: datetime | None = None
) -> AccountNews:
    news = ProblemEnded(problem) if is_over else ProblemBegun(problem, "It is restricted.", "Ask.")
    return AccountNews(desk.place(number=None), (news,), at, phone)


async def problems(desk: Desk) -> dict[ChannelId, list[ProblemCode]]:
    channels = (await desk.state()).channels.values()
    return {channel.id: [problem.code for problem in channel.problems] for channel in channels if channel.problems}


async def test_trouble_with_an_account_shows_on_all_of_its_numbers_until_it_is_over(desk: Desk) -> None:
    first, head = (await desk.channel()).id, await desk.head()

    [record] = await desk.receive(told(desk, ProblemCode.BANNED))

    assert record.outcome is Outcome.APPLIED
    assert await problems(desk) == {first: [ProblemCode.BANNED], SECOND: [ProblemCode.BANNED]}
    assert set(await desk.events(head)) == {ChannelChanged(first), ChannelChanged(SECOND)}
    told_now = Problem(ProblemCode.BANNED, "It is restricted.", "Ask.", NOON, told_at=NOON)
    assert (await desk.channel()).problems == (told_now,)
    assert (await desk.channel()).state is ChannelState.DEGRADED
    [again] = await desk.receive(told(desk, ProblemCode.BANNED))
    assert again.outcome is Outcome.DUPLICATE

    await desk.receive(told(desk, ProblemCode.BANNED, is_over=True))
    assert await problems(desk) == {}


async def test_trouble_with_one_number_is_that_numbers_alone(desk: Desk) -> None:
    await desk.receive(told(desk, ProblemCode.QUALITY_LOW, phone="15550002222"))
    assert await problems(desk) == {SECOND: [ProblemCode.QUALITY_LOW]}

    [record] = await desk.receive(told(desk, ProblemCode.QUALITY_LOW, phone="15559999999"))
    assert record.outcome is Outcome.IGNORED


async def test_a_number_in_no_trouble_any_more_is_connected_again(desk: Desk) -> None:
    flagged = Problem(ProblemCode.QUALITY_LOW, "Flagged.", "Wait.", NOON)
    await desk.given(replace(await desk.channel(), state=ChannelState.DEGRADED, problems=(flagged,)))

    await desk.receive(told(desk, ProblemCode.QUALITY_LOW, is_over=True))

    assert ((await desk.channel()).state, (await desk.channel()).problems) == (ChannelState.CONNECTED, ())


async def test_news_count_in_the_order_of_the_networks_own_times(desk: Desk) -> None:
    first = (await desk.channel()).id
    await desk.receive(told(desk, ProblemCode.BANNED, is_over=True, at=NOON - MINUTE))
    [late] = await desk.receive(told(desk, ProblemCode.BANNED, at=NOON - 2 * MINUTE))
    assert (late.outcome, await problems(desk)) == (Outcome.DUPLICATE, {})

    await desk.receive(told(desk, ProblemCode.BANNED, at=NOON))
    await desk.receive(told(desk, ProblemCode.BANNED, is_over=True, at=NOON - MINUTE))
    assert (await problems(desk))[first] == [ProblemCode.BANNED]


async def test_a_brazilian_number_is_meant_with_and_without_its_ninth_digit(desk: Desk) -> None:
    await desk.given(replace(await desk.channel(), phone_number="+5511987654321"))

    [record] = await desk.receive(told(desk, ProblemCode.QUALITY_LOW, phone="551187654321"))

    assert record.outcome is Outcome.APPLIED
    assert await problems(desk) == {(await desk.channel()).id: [ProblemCode.QUALITY_LOW]}


async def test_a_restriction_ends_by_itself_and_what_waited_goes_out_in_order(desk: Desk) -> None:
    news = ProblemBegun(ProblemCode.ACCOUNT_LOCKED, "Locked.", "Ask.", expires_at=NOON + 10 * MINUTE)
    await desk.receive(AccountNews(desk.place(None), (news,)))
    await desk.wrote()
    replies = [await desk.reply(text) for text in ("one", "two")]
    await desk.dispatch_due()
    assert desk.network.sent == []

    desk.later(9.5 * MINUTE)
    await desk.look_after()
    assert await problems(desk) != {}
    head = await desk.head()
    desk.later(MINUTE / 2)
    await desk.look_after()

    assert ((await desk.channel()).state, (await desk.channel()).problems) == (ChannelState.CONNECTED, ())
    assert ChannelChanged((await desk.channel()).id) in await desk.events(head)
    assert [*await desk.dispatch_due(), *await desk.dispatch_due()] == [reply.id for reply in replies]


async def test_what_is_told_as_over_lets_what_waited_go_at_the_next_turn(desk: Desk) -> None:
    await desk.receive(told(desk, ProblemCode.BANNED))
    await desk.wrote()
    reply = await desk.reply()
    await desk.dispatch_due()

    desk.later(MINUTE / 60)
    await desk.receive(told(desk, ProblemCode.BANNED, is_over=True))
    await desk.look_after()

    assert await desk.dispatch_due() == [reply.id]


async def test_limits_and_throughput_are_as_they_were_told_last(desk: Desk) -> None:
    def figures(at: datetime, limit: int | None, per_second: int) -> AccountNews:
        return AccountNews(desk.place(None), (LimitTold(limit), ThroughputTold(per_second), Verified()), at)

    await desk.given(replace(await desk.channel(), business_verified=False))
    await desk.receive(figures(NOON, 2000, 1000))
    [late] = await desk.receive(figures(NOON - MINUTE, 250, 80))

    channel = await desk.channel()
    assert late.outcome is Outcome.DUPLICATE
    told_now = (channel.messaging_limit, channel.throughput_per_second, channel.business_verified)
    assert told_now == (2000, 1000, True)


async def test_news_that_tell_of_the_number_have_it_read_again_at_once(desk: Desk) -> None:
    await desk.given(replace(await desk.channel(), check_due_at=NOON + MINUTE, read_at=NOON))

    await desk.receive(AccountNews(desk.place(None), (ReadAgain(),)))

    assert ((await desk.channel()).check_due_at, (await desk.channel()).read_at) == (NOON, None)


async def test_a_violation_is_shown_for_a_month_where_nobody_says_that_it_is_over(desk: Desk) -> None:
    await desk.receive(told(desk, ProblemCode.POLICY_VIOLATION))

    [problem] = (await desk.channel()).problems
    assert problem.expires_at == NOON + SHOWN_FOR
    assert (await desk.channel()).state is ChannelState.CONNECTED


async def test_a_message_the_network_itself_marks_is_hidden(desk: Desk) -> None:
    marked = replace(desk.message("Buy now"), breaks_rules=True)

    await desk.receive(marked)

    message = await desk.message_of(marked.wamid)
    assert (message.content, message.quarantined) == (
        Quarantined(QuarantineReason.NETWORK_POLICY, NOON),
        Text("Buy now"),
    )
