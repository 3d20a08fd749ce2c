"""Changing a number: each part, what is refused, and what a new token sets free."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.channels.channels import (
    AssignmentRule,
    AssignmentStrategy,
    Channel,
    ChannelState,
    Problem,
    ProblemCode,
)
from domain.channels.profiles import ProfileChange
from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused
from domain.events import ChannelChanged
from domain.ids import ChannelId, PhoneNumberId, TeamId, UserId
from domain.people.actors import Actor, Role, Scope
from domain.ports.network import Failed, NotSent, Rejected, TokenFacts, Unanswered
from domain.tickets import ReopenPolicy
from domain.use_cases.channels.update import FORMER_SECRET_FOR, UpdateChannel, update_channel
from tests.builders import NOON, TEAM, USER, a_team, a_user, an_id
from tests.domain.one_desk import (
    ADMIN,
    NO_KEY_OPENS,
    Desk,
    a_key_for,
    a_user_as,
    granted,
    open_desk,
    refused_as,
)
from tests.domain.standins import Vault, a_number

DEAD = Problem(ProblemCode.TOKEN_INVALID, "Expired.", "Renew.", NOON)
LOW = Problem(ProblemCode.QUALITY_LOW, "Low.", "Send less.", NOON)


@pytest.fixture
async def desk() -> Desk:
    return await open_desk()


async def update(desk: Desk, by: Actor = ADMIN, **asked: Any) -> Channel | Refusal:
    command = replace(UpdateChannel((await desk.channel()).id), **asked)
    return await update_channel(desk.ports, by, command)


def plain(answer: object) -> Refused:
    assert isinstance(answer, Refused), answer
    return answer


async def test_a_number_is_named_and_worked_with_as_asked(desk: Desk) -> None:
    await desk.given(a_team())
    rule = AssignmentRule(AssignmentStrategy.SKILLS, (USER, USER), (TEAM,), (" de ", "de"))
    head = await desk.head()

    channel = granted(
        await update(
            desk,
            name=" Sales ",
            send_read_receipts=True,
            reopen_policy=ReopenPolicy.NEW_TICKET,
            close_after_idle_hours=48,
            assignment=rule,
        )
    )

    assert channel == await desk.channel()
    assert (channel.name, channel.send_read_receipts, channel.reopen_policy) == ("Sales", True, ReopenPolicy.NEW_TICKET)
    assert channel.close_after_idle_hours == 48
    assert channel.assignment == AssignmentRule(AssignmentStrategy.SKILLS, (USER,), (TEAM,), ("de",))
    assert await desk.events(head) == [ChannelChanged(channel.id)]
    assert desk.network.asked == [], "none of it is the network's"


async def test_what_is_left_out_stays_and_nothing_to_change_is_no_news(desk: Desk) -> None:
    before, head = await desk.channel(), await desk.head()

    assert granted(await update(desk)) == before
    assert (await desk.channel(), await desk.events(head)) == (before, [])


async def test_no_hours_are_never(desk: Desk) -> None:
    await update(desk, close_after_idle_hours=5)

    assert granted(await update(desk, name="Kept")).close_after_idle_hours == 5
    assert granted(await update(desk, close_after_idle_hours=None)).close_after_idle_hours is None


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"name": " "}, ("name",)),
        ({"name": "x" * 201}, ("name",)),
        ({"access_token": " \n"}, ("accessToken",)),
        ({"access_token": "tökén"}, ("accessToken",)),
        ({"app_secret": " "}, ("appSecret",)),
        ({"app_secret": "two words"}, ("appSecret",)),
        ({"app_secret": "x" * 257}, ("appSecret",)),
        ({"close_after_idle_hours": 0}, ("closeAfterIdleHours",)),
        ({"close_after_idle_hours": 8761}, ("closeAfterIdleHours",)),
        ({"assignment": AssignmentRule(AssignmentStrategy.NONE, (USER,))}, ("assignment", "strategy")),
        ({"assignment": AssignmentRule(AssignmentStrategy.SKILLS, (USER,) * 101)}, ("assignment", "userIds")),
        ({"assignment": AssignmentRule(AssignmentStrategy.SKILLS, (), (TEAM,) * 101)}, ("assignment", "teamIds")),
        ({"assignment": AssignmentRule(AssignmentStrategy.SKILLS, (), (), ("",))}, ("assignment", "skills")),
        ({"profile": ProfileChange(email="nobody")}, ("profile", "email")),
    ],
)
async def test_nonsense_is_refused_by_its_field(desk: Desk, asked: dict[str, Any], field: tuple[str, ...]) -> None:
    refusal = plain(await update(desk, **asked))

    assert (refused_as(refusal), refusal.field) == (ErrorCode.INVALID, field)
    assert desk.network.asked == []


async def test_only_who_may_changes_numbers_and_only_those_that_are_there(desk: Desk) -> None:
    for by in (a_user_as(Role.SUPERVISOR), a_key_for(Scope.MESSAGES)):
        assert refused_as(await update(desk, by, name="Sales")) is ErrorCode.FORBIDDEN
    assert granted(await update(desk, a_key_for(Scope.CHANNELS), name="Sales")).name == "Sales"
    assert refused_as(await update(desk, channel=ChannelId(an_id(9)))) is ErrorCode.NOT_FOUND


async def test_whoever_is_assigned_has_to_be_here_and_active(desk: Desk) -> None:
    def rule(users: tuple[UserId, ...] = (), teams: tuple[TeamId, ...] = ()) -> AssignmentRule:
        return AssignmentRule(AssignmentStrategy.ROUND_ROBIN, users, teams)

    gone = UserId(an_id(77))
    await desk.given(replace(a_user(gone, email="gone@acme.example"), active=False))

    for asked, code in (
        (rule((UserId(an_id(99)),)), ErrorCode.NOT_FOUND),
        (rule((gone,)), ErrorCode.INVALID),
        (rule((), (TeamId(an_id(99)),)), ErrorCode.NOT_FOUND),
    ):
        assert refused_as(await update(desk, assignment=asked)) is code


# A new token


async def test_a_new_token_mends_the_number_and_what_waited_goes_out_in_order(desk: Desk) -> None:
    await desk.wrote()
    await desk.given(
        replace(await desk.channel(), state=ChannelState.DEGRADED, token_valid=False, problems=(DEAD, LOW))
    )
    replies = [await desk.reply(str(number)) for number in range(3)]
    await desk.dispatch_due()
    assert desk.network.sent == []

    channel = granted(await update(desk, access_token="a-new\ntoken \r\n"))

    assert (channel.state, channel.token_valid, channel.problems) == (ChannelState.CONNECTED, True, (LOW,))
    assert Vault().open(channel.organization, "access_token", channel.access_token or "", channel=channel.id) == (
        "a-newtoken"
    )
    sent = [message for _ in replies for message in await desk.dispatch_due()]
    assert sent == [reply.id for reply in replies]
    assert desk.network.asked == ["token_facts", "numbers", "subscribe"]


async def test_a_token_of_another_account_is_refused_and_the_old_one_stays(desk: Desk) -> None:
    before = await desk.channel()
    desk.network.its_numbers = [a_number(PhoneNumberId("77"))]

    refusal = plain(await update(desk, access_token="other", name="Sales"))

    assert (refused_as(refusal), refusal.field) == (ErrorCode.INVALID, ("accessToken",))
    assert await desk.channel() == before


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (TokenFacts(False, frozenset()), ErrorCode.INVALID),
        (TokenFacts(True, frozenset({"whatsapp_business_management"})), ErrorCode.PERMISSION_MISSING),
    ],
)
async def test_a_token_that_is_not_good_is_refused(desk: Desk, facts: TokenFacts, code: ErrorCode) -> None:
    before = await desk.channel()
    desk.network.token = facts

    assert refused_as(await update(desk, access_token="poor")) is code
    assert await desk.channel() == before


@pytest.mark.parametrize("step", ["token_facts", "numbers", "subscribe"])
@pytest.mark.parametrize(
    ("failed", "code"),
    [
        (Unanswered("500"), ErrorCode.CHANNEL_UNAVAILABLE),
        (NotSent("no route"), ErrorCode.CHANNEL_UNAVAILABLE),
        (Rejected(100, "No."), ErrorCode.INVALID),
    ],
)
async def test_what_fails_at_the_network_changes_nothing(
    desk: Desk, step: str, failed: Failed, code: ErrorCode
) -> None:
    before = await desk.channel()
    desk.network.failing[step] = failed

    assert refused_as(await update(desk, access_token="new")) is code
    assert await desk.channel() == before


async def test_a_number_that_is_not_connected_keeps_its_name_and_takes_no_token(desk: Desk) -> None:
    await desk.given(replace(await desk.channel(), state=ChannelState.DISCONNECTED, access_token=None))

    assert granted(await update(desk, name="Old shop")).name == "Old shop"
    unavailable: list[dict[str, Any]] = [
        {"access_token": "new"},
        {"app_secret": "s"},
        {"profile": ProfileChange(about="Bikes")},
    ]
    for asked in unavailable:
        assert refused_as(await update(desk, **asked)) is ErrorCode.CHANNEL_UNAVAILABLE


async def test_a_number_disconnected_while_the_network_was_asked_stays_so(desk: Desk) -> None:
    async def it_is_disconnected() -> None:
        desk.network.meanwhile_asked = None
        await desk.given(replace(await desk.channel(), state=ChannelState.DISCONNECTED, access_token=None))

    desk.network.meanwhile_asked = it_is_disconnected

    assert refused_as(await update(desk, access_token="new")) is ErrorCode.CHANNEL_UNAVAILABLE
    assert (await desk.channel()).access_token is None


# A new secret


async def test_the_secret_before_is_good_for_a_while_longer(desk: Desk) -> None:
    first = granted(await update(desk, app_secret=" first\n"))
    assert (first.app_secret_print, first.former_app_secret) == ("print of first", None)

    second = granted(await update(desk, app_secret="second"))
    kept = (second.app_secret_print, second.former_app_secret_print, second.former_secret_until)
    assert kept == ("print of second", "print of first", NOON + FORMER_SECRET_FOR)

    desk.later(timedelta(hours=1))
    assert granted(await update(desk, app_secret="second")) == second, "the same once more is no change"


# The profile


async def test_the_profile_is_written_to_the_network_and_read_back(desk: Desk) -> None:
    channel = granted(await update(desk, profile=ProfileChange(about="Bikes and repairs", category="RETAIL")))

    assert channel.profile is not None
    assert (channel.profile.about, channel.profile.category) == ("Bikes and repairs", "RETAIL")
    assert desk.network.asked == ["change_profile", "number", "profile"]


async def test_a_profile_that_the_network_refuses_is_told_with_its_field(desk: Desk) -> None:
    desk.network.failing["change_profile"] = Rejected(100, "Not such a website.")

    refusal = plain(await update(desk, profile=ProfileChange(websites=("https://acme.example",)), name="Sales"))

    assert (refused_as(refusal), refusal.field) == (ErrorCode.INVALID, ("profile",))
    assert (await desk.channel()).name != "Sales"


@pytest.mark.parametrize("step", ["number", "profile"])
async def test_a_profile_that_was_written_and_could_not_be_read_back_is_as_it_was(desk: Desk, step: str) -> None:
    desk.network.failing[step] = Unanswered("500")

    assert granted(await update(desk, profile=ProfileChange(about="Bikes"))).profile == (await desk.channel()).profile


async def test_without_a_token_that_opens_no_profile_is_written(desk: Desk) -> None:
    await desk.given(replace(await desk.channel(), access_token=NO_KEY_OPENS))

    assert refused_as(await update(desk, profile=ProfileChange(about="Bikes"))) is ErrorCode.CHANNEL_UNAVAILABLE
    granted(await update(desk, access_token="new", profile=ProfileChange(about="Bikes")))
