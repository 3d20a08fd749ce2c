"""Numbers are looked after: a token is asked about once a minute, however many numbers speak with it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.channels.channels import REQUIRED_PERMISSIONS, ChannelState, ProblemCode
from domain.events import ChannelChanged
from domain.ids import BusinessAccountId, ChannelId, PhoneNumberId
from domain.ports.network import Failed, NotSent, Rejected, TokenFacts, Unanswered
from domain.use_cases.channels.look_after import EVERY, READ_EVERY, WARNED_BEFORE
from tests.builders import ACME, DAY, HOUR, MINUTE, NOON, an_id
from tests.domain.one_desk import NO_KEY_OPENS, Desk, a_desk_number, open_desk
from tests.domain.standins import Vault, a_number

GOOD = TokenFacts(True, frozenset(REQUIRED_PERMISSIONS))
DEAD = TokenFacts(False, frozenset())
SECOND = timedelta(seconds=1)
SECOND_NUMBER = ChannelId(an_id(2))


@pytest.fixture
async def desk() -> Desk:
    """Two numbers with one token."""
    desk = await open_desk()
    second = replace(a_desk_number(PhoneNumberId("2")), id=SECOND_NUMBER, phone_number="+15550002222")
    await desk.given(second)
    return desk


async def codes(desk: Desk) -> list[list[ProblemCode]]:
    return [[each.code for each in channel.problems] for channel in (await desk.state()).channels.values()]


async def test_one_call_a_minute_is_made_for_a_token_however_many_numbers_have_it(desk: Desk) -> None:
    assert await desk.look_after() == ["token_facts"]
    desk.later(EVERY - SECOND)
    assert await desk.look_after() == []
    desk.later(SECOND)
    assert await desk.look_after() == ["token_facts"]

    other = Vault().seal(ACME, "access_token", "another")
    await desk.given(replace((await desk.state()).channels[SECOND_NUMBER], access_token=other))
    desk.later(EVERY)
    assert await desk.look_after() == ["token_facts", "token_facts"]


async def test_a_dead_token_degrades_all_of_its_numbers_within_a_minute_without_traffic(desk: Desk) -> None:
    await desk.look_after()
    head = await desk.head()
    desk.network.token = DEAD
    desk.later(EVERY)
    await desk.look_after()

    channels = (await desk.state()).channels.values()
    assert [(each.state, each.token_valid) for each in channels] == [(ChannelState.DEGRADED, False)] * 2
    assert set(await desk.events(head)) == {ChannelChanged(each.id) for each in channels}

    desk.network.token = GOOD
    desk.later(EVERY)
    await desk.look_after()
    channels = (await desk.state()).channels.values()
    assert [(each.state, each.token_valid) for each in channels] == [(ChannelState.CONNECTED, True)] * 2


@pytest.mark.parametrize(
    "trouble", [Unanswered("500"), NotSent("no route"), Rejected(2, "overloaded"), Rejected(None, "no JSON")]
)
async def test_the_networks_own_trouble_says_nothing_of_a_number(desk: Desk, trouble: Failed) -> None:
    desk.network.failing["token_facts"] = trouble
    head = await desk.head()

    await desk.look_after()

    assert (await codes(desk), await desk.events(head)) == ([[], []], [])


async def test_with_a_dead_token_no_message_asks_and_all_go_once_it_is_good(desk: Desk) -> None:
    await desk.wrote()
    desk.network.answers.append(Rejected(190, "Expired."))
    desk.network.token = DEAD
    replies = [await desk.reply(str(number)) for number in range(3)]
    for _ in range(5):
        await desk.dispatch_due()
        await desk.look_after()
        desk.later(MINUTE)
    assert len(desk.network.sent) == 1, "the one that found it out"

    desk.network.token = GOOD
    await desk.look_after()
    sent = [message for _ in replies for message in await desk.dispatch_due()]
    assert sent == [reply.id for reply in replies]


async def test_what_a_send_found_out_meanwhile_is_not_undone_by_an_older_answer(desk: Desk) -> None:
    async def a_send_is_refused() -> None:
        desk.network.meanwhile_asked = None
        desk.later(SECOND)
        desk.network.answers.append(Rejected(190, "Expired."))
        await desk.wrote()
        await desk.dispatch(await desk.reply())

    desk.network.meanwhile_asked = a_send_is_refused
    await desk.look_after()

    assert ProblemCode.TOKEN_INVALID in (await codes(desk))[0]


async def test_a_number_with_another_token_meanwhile_is_passed_over(desk: Desk) -> None:
    async def it_is_renewed() -> None:
        desk.network.meanwhile_asked = None
        renewed = Vault().seal(ACME, "access_token", "renewed")
        await desk.given(replace((await desk.state()).channels[SECOND_NUMBER], access_token=renewed))

    desk.network.meanwhile_asked = it_is_renewed
    desk.network.token = DEAD
    await desk.look_after()

    assert await codes(desk) == [[ProblemCode.TOKEN_INVALID], []]


async def test_a_permission_that_is_gone_is_named_until_it_is_back(desk: Desk) -> None:
    desk.network.token = TokenFacts(True, frozenset({"whatsapp_business_management"}))
    await desk.look_after()
    channel = await desk.channel()
    assert channel.missing_permissions == ("whatsapp_business_messaging",)
    assert [each.code for each in channel.problems] == [ProblemCode.PERMISSION_MISSING]
    assert "whatsapp_business_messaging" in channel.problems[0].message

    desk.network.token = GOOD
    desk.later(EVERY)
    await desk.look_after()
    assert (await desk.channel()).missing_permissions == ()
    assert await codes(desk) == [[], []]


async def test_a_token_is_told_to_expire_a_week_before(desk: Desk) -> None:
    end = NOON + WARNED_BEFORE + HOUR
    desk.network.token = replace(GOOD, expires_at=end)
    await desk.look_after()
    assert await codes(desk) == [[], []]

    desk.later(timedelta(hours=2))
    await desk.look_after()
    [problem] = (await desk.channel()).problems
    assert (problem.code, problem.expires_at) == (ProblemCode.TOKEN_EXPIRING, end)
    assert (await desk.channel()).state is ChannelState.CONNECTED, "it sends"

    desk.network.token = replace(GOOD, expires_at=NOON + 90 * DAY)
    desk.later(EVERY)
    await desk.look_after()
    assert await codes(desk) == [[], []]


@pytest.mark.parametrize("token", [None, NO_KEY_OPENS])
async def test_a_token_that_is_not_there_is_not_asked_about(desk: Desk, token: str | None) -> None:
    for channel in (await desk.state()).channels.values():
        await desk.given(replace(channel, access_token=token))

    assert await desk.look_after() == []


async def test_a_number_that_was_disconnected_is_not_looked_after_any_more(desk: Desk) -> None:
    for channel in (await desk.state()).channels.values():
        await desk.given(replace(channel, state=ChannelState.DISCONNECTED))

    assert await desk.look_after() == []
    assert [each.check_due_at for each in (await desk.state()).channels.values()] == [None, None]


async def test_the_former_secret_is_forgotten_in_its_time(desk: Desk) -> None:
    until = NOON + HOUR
    former = replace(
        await desk.channel(), former_app_secret="sealed", former_app_secret_print="print", former_secret_until=until
    )
    await desk.given(former)
    await desk.look_after()
    assert (await desk.channel()).former_app_secret == "sealed"

    desk.later(HOUR)
    await desk.look_after()
    channel = await desk.channel()
    assert (channel.former_app_secret, channel.former_app_secret_print, channel.former_secret_until) == (None,) * 3


# Numbers and subscription, now and then


async def read_again(desk: Desk) -> list[str]:
    """An hour later, the network is asked how the numbers are."""
    desk.later(READ_EVERY)
    return await desk.look_after()


async def test_an_accounts_numbers_are_read_once_an_hour_and_at_once_where_somebody_asks(desk: Desk) -> None:
    desk.network.subscribed = True
    desk.later(READ_EVERY - MINUTE)
    assert await desk.look_after() == ["token_facts"]
    desk.later(MINUTE)
    assert await desk.look_after() == ["token_facts", "account_facts", "numbers", "is_subscribed"]
    desk.later(MINUTE)
    assert await desk.look_after() == ["token_facts"]

    await desk.given(replace(await desk.channel(), read_at=None))
    desk.later(MINUTE)
    assert "numbers" in await desk.look_after()


async def test_a_number_is_as_the_network_says(desk: Desk) -> None:
    await desk.given(replace(await desk.channel(), business_verified=False))
    facts = replace(a_number(), status="FLAGGED", quality_rating="RED", messaging_limit=250, throughput_per_second=1000)
    desk.network.its_numbers = [facts]

    await read_again(desk)

    channel = await desk.channel()
    assert (channel.quality_rating, channel.messaging_limit, channel.throughput_per_second) == ("RED", 250, 1000)
    assert ([each.code for each in channel.problems], channel.business_verified) == ([ProblemCode.QUALITY_LOW], True)
    assert channel.state is ChannelState.CONNECTED, "it sends"

    desk.network.its_numbers = [replace(facts, status="CONNECTED", quality_rating="GREEN")]
    await read_again(desk)
    assert (await desk.channel()).problems == ()


async def test_a_subscription_that_is_gone_is_made_again(desk: Desk) -> None:
    desk.network.subscribed = False
    assert (await read_again(desk))[-1] == "subscribe"
    assert (await desk.channel()).webhook_subscribed is True

    desk.network.subscribed = False
    desk.network.failing["subscribe"] = Rejected(200, "No right.")
    await read_again(desk)
    channel = await desk.channel()
    assert (channel.webhook_subscribed, [each.code for each in channel.problems]) == (
        False,
        [ProblemCode.WEBHOOK_NOT_SUBSCRIBED],
    )

    del desk.network.failing["subscribe"]
    await read_again(desk)
    assert ((await desk.channel()).webhook_subscribed, (await desk.channel()).problems) == (True, ())


async def test_an_account_that_can_not_be_read_stays_as_it_was(desk: Desk) -> None:
    for step in ("account_facts", "numbers", "is_subscribed"):
        desk.network.failing[step] = Unanswered("500")
    head = await desk.head()

    await read_again(desk)

    assert await desk.events(head) == []


async def test_a_number_of_another_account_is_read_with_that_account(desk: Desk) -> None:
    other = replace((await desk.state()).channels[SECOND_NUMBER], account=BusinessAccountId("77"))
    await desk.given(other)

    assert (await read_again(desk)).count("numbers") == 2


async def test_a_number_whose_turn_has_not_come_is_left_alone(desk: Desk) -> None:
    other = Vault().seal(ACME, "access_token", "another")
    later = replace((await desk.state()).channels[SECOND_NUMBER], access_token=other, check_due_at=NOON + HOUR)
    await desk.given(later)

    assert await desk.look_after() == ["token_facts"]
    assert (await desk.state()).channels[SECOND_NUMBER] == later
