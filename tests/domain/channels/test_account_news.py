"""How the network stands with an account shows on its numbers, and goes when it is over."""

from dataclasses import replace

import pytest

from domain.channels.channels import ChannelState, Problem, ProblemCode
from domain.conversations.contents import Quarantined, QuarantineReason, Text
from domain.events import ChannelChanged
from domain.ids import BusinessAccountId, ChannelId, PhoneNumberId
from domain.updates import AccountNews, Outcome
from tests.builders import NOON, an_id
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


def told(desk: Desk, problem: ProblemCode, *, is_over: bool = False, phone: str | None = None) -> AccountNews:
    place = desk.place(number=None)
    return AccountNews(place, problem, "It is restricted.", "Ask.", is_over, phone)


async def problems(desk: Desk) -> dict[ChannelId, list[ProblemCode]]:
    channels = (await desk.state()).channels.values()
    return {channel.id: [problem.code for problem in channel.problems] for channel in channels if channel.problems}


async def test_trouble_with_an_account_shows_on_all_of_its_numbers_until_it_is_over(desk: Desk) -> None:
    first, head = (await desk.channel()).id, await desk.head()

    [record] = await desk.receive(told(desk, ProblemCode.BANNED))

    assert record.outcome is Outcome.APPLIED
    assert await problems(desk) == {first: [ProblemCode.BANNED], SECOND: [ProblemCode.BANNED]}
    assert set(await desk.events(head)) == {ChannelChanged(first), ChannelChanged(SECOND)}
    assert (await desk.channel()).problems == (Problem(ProblemCode.BANNED, "It is restricted.", "Ask.", NOON),)
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


async def test_a_message_the_network_itself_marks_is_hidden(desk: Desk) -> None:
    marked = replace(desk.message("Buy now"), breaks_rules=True)

    await desk.receive(marked)

    message = await desk.message_of(marked.wamid)
    assert (message.content, message.quarantined) == (
        Quarantined(QuarantineReason.NETWORK_POLICY, NOON),
        Text("Buy now"),
    )
