"""What is told of a month that runs out: at 80 and at 100 per cent, once each."""

import pytest

from domain.error_codes import ErrorCode
from domain.events import QuotaChanged
from domain.ports.network import Rejected
from domain.use_cases.outbound.sending.send import SendTemplate, send_template
from tests.builders import DAY, MINUTE, TEMPLATE, an_organization
from tests.domain.one_desk import AGENT, HELLO, Desk, open_desk, refused_as


@pytest.fixture
async def desk() -> Desk:
    """A month of five; the one contact's session is over, so each template takes one."""
    desk = await open_desk()
    await desk.wrote()
    await desk.given(an_organization(quota_limit=5))
    desk.later(2 * DAY)
    return desk


async def told(desk: Desk, after: int) -> list[int | None]:
    """What each change of the month's use warned of."""
    return [event.warning for event in await desk.events(after) if isinstance(event, QuotaChanged)]


async def test_the_unit_that_reaches_80_per_cent_and_the_last_one_tell_so(desk: Desk) -> None:
    head = await desk.head()

    for _ in range(5):
        await desk.reply_with_template()
    answer = await send_template(desk.ports, AGENT, SendTemplate((await desk.thread()).id, TEMPLATE, HELLO))

    assert refused_as(answer) is ErrorCode.QUOTA_EXCEEDED
    assert await told(desk, head) == [None, None, None, 80, 100]


async def test_a_unit_given_back_and_taken_again_tells_nothing_twice(desk: Desk) -> None:
    for _ in range(3):
        await desk.dispatch(await desk.reply_with_template())
        desk.later(MINUTE)
    head = await desk.head()

    for _ in range(2):
        desk.network.answers.append(Rejected(131026, "Not on WhatsApp."))
        await desk.dispatch(await desk.reply_with_template())
        desk.later(MINUTE)

    assert (await desk.period()).used == 3
    assert await told(desk, head) == [80, None, None, None], "taken, given back, and both again"


async def test_the_next_month_tells_for_itself(desk: Desk) -> None:
    for _ in range(4):
        await desk.reply_with_template()
    desk.clock.at = (await desk.period()).ends_at
    head = await desk.head()

    for _ in range(4):
        await desk.reply_with_template()

    assert await told(desk, head) == [None, None, None, 80]
