"""Connecting is all or nothing: from a draft, with terms and a profile, refused or killed at any step."""

import asyncio
from dataclasses import replace

import pytest

from domain.channels.channels import TERMS_VERSION, Channel, ChannelState, ProblemCode, Terms
from domain.channels.drafts import LIVES, ConnectionDraft, Registration
from domain.channels.profiles import BusinessProfile, ProfileChange
from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused, Unavailable
from domain.ids import ConnectionDraftId, PhoneNumberId
from domain.people.actors import Actor, Role, Scope
from domain.ports.directory import DirectoryEntry
from domain.ports.network import Failed, NotSent, Rejected, TokenFacts, Unanswered
from domain.use_cases.channels.connect import ConnectChannel, connect_channel
from domain.use_cases.channels.discover import Discover, discover
from tests.builders import ACCOUNT, ACME, GLOBEX, NOON, an_id, an_organization
from tests.domain.one_desk import ADMIN, Desk, a_key_for, a_user_as, granted, open_desk, refused_as
from tests.domain.standins import Vault, a_number

NUMBER = PhoneNumberId("106540352242555")
ASKED = ConnectChannel(accept_terms=True, access_token="the-token", account=ACCOUNT, number=NUMBER)
STEPS = [
    "token_facts",
    "account_facts",
    "numbers",
    "register",
    "number",
    "is_subscribed",
    "subscribe",
    "change_profile",
    "profile",
    "templates",
]


class Killed(BaseException):
    """The process is gone: nothing after this line is carried out."""


@pytest.fixture
async def desk() -> Desk:
    """A number that is not registered yet, of an account of which none is connected."""
    desk = await open_desk()
    await desk.given(replace(await desk.channel(), state=ChannelState.DISCONNECTED))
    async with desk.ports.store.transaction(ACME) as tx:
        await tx.delist(DirectoryEntry.ACCOUNT, ACCOUNT)
    desk.network.its_numbers = [a_number(NUMBER, connected=False)]
    return desk


WITH_PROFILE = replace(ASKED, profile=ProfileChange(about="Bikes and parts", category="RETAIL"))


async def connect(desk: Desk, asked: ConnectChannel = WITH_PROFILE, by: Actor = ADMIN) -> Channel | Refusal:
    return await connect_channel(desk.ports, by, asked)


async def live(desk: Desk) -> list[Channel]:
    channels = await desk.ports.reader.all_of(Channel, ACME, "created_at")
    return [each for each in channels if each.state is not ChannelState.DISCONNECTED]


async def registrations(desk: Desk) -> list[Registration]:
    return await desk.ports.reader.all_of(Registration, ACME)


def pin_of(channel: Channel) -> str | None:
    return channel.pin and Vault().open(ACME, "pin", channel.pin, channel=channel.id)


def kill_at(desk: Desk, step: str) -> None:
    async def die() -> None:
        if desk.network.asked[-1].split()[0] == step:
            desk.network.meanwhile_asked = None
            raise Killed

    desk.network.meanwhile_asked = die


@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_step_the_next_try_succeeds_with_the_pin_of_the_first(desk: Desk, step: str) -> None:
    kill_at(desk, step)
    with pytest.raises(Killed):
        await connect(desk)
    assert await live(desk) == []

    channel = granted(await connect(desk))

    assert await live(desk) == [channel]
    assert pin_of(channel) == desk.network.pins[NUMBER]
    assert desk.network.subscribed
    assert sum(call.startswith("register") for call in desk.network.asked) <= 2
    assert await registrations(desk) == [], "the channel has the PIN now"


async def test_every_step_is_stopped_at(desk: Desk) -> None:
    """The list above is what is asked of the network, in this order."""
    granted(await connect(desk))

    assert [call.split()[0] for call in desk.network.asked] == STEPS


@pytest.mark.parametrize("failed", [Rejected(100, "Unsupported."), NotSent("no"), Unanswered("HTML")])
@pytest.mark.parametrize("step", ["register", "subscribe", "change_profile", "templates"])
async def test_refused_at_any_step_nothing_is_connected_or_subscribed_and_the_step_is_named(
    desk: Desk, step: str, failed: Failed
) -> None:
    desk.network.failing[step] = failed

    told = await connect(desk)

    assert isinstance(told, Refused)
    assert ": " in told.message
    assert not desk.network.subscribed
    assert await live(desk) == []
    assert await desk.events() == []

    del desk.network.failing[step]
    granted(await connect(desk))


async def test_what_was_subscribed_before_stays_subscribed(desk: Desk) -> None:
    desk.network.subscribed = True
    desk.network.failing["templates"] = Rejected(100, "no")

    await connect(desk)

    assert desk.network.subscribed
    assert "unsubscribe" not in desk.network.asked


async def test_where_nobody_knows_what_was_before_it_stays_too(desk: Desk) -> None:
    desk.network.failing = {"templates": Rejected(100, "no"), "is_subscribed": Unanswered("no")}

    await connect(desk)

    assert "unsubscribe" not in desk.network.asked


async def test_an_account_that_somebody_connected_meanwhile_stays_subscribed(desk: Desk) -> None:
    await desk.given(an_organization(GLOBEX, name="Globex"))
    desk.network.failing["templates"] = Rejected(100, "no")

    async def meanwhile() -> None:
        async with desk.ports.store.transaction(GLOBEX) as tx:
            await tx.enlist(DirectoryEntry.ACCOUNT, ACCOUNT, ACCOUNT)

    desk.network.meanwhile_asked = meanwhile

    await connect(desk)

    assert desk.network.subscribed


async def test_of_two_administrators_at_once_one_connects_and_the_other_takes_nothing_back(desk: Desk) -> None:
    answers = await asyncio.gather(connect(desk), connect(desk))

    [lost] = [each for each in answers if not isinstance(each, Channel)]
    assert refused_as(lost) is ErrorCode.CHANNEL_ALREADY_CONNECTED, "both registered it with one PIN"
    [channel] = await live(desk)
    assert pin_of(channel) == desk.network.pins[NUMBER]
    assert desk.network.subscribed


async def test_a_store_that_goes_away_takes_the_subscription_back(desk: Desk) -> None:
    async def go() -> None:
        if desk.network.asked[-1] == "templates":
            desk.network.meanwhile_asked = None
            raise Unavailable

    desk.network.meanwhile_asked = go

    with pytest.raises(Unavailable):
        await connect(desk)

    assert not desk.network.subscribed


async def test_a_profile_that_may_not_be_read_is_none_and_one_that_was_not_answered_is_asked_again(desk: Desk) -> None:
    desk.network.failing["profile"] = Unanswered("HTML")
    assert refused_as(await connect(desk)) is ErrorCode.CHANNEL_UNAVAILABLE

    desk.network.failing["profile"] = Rejected(100, "no")
    assert granted(await connect(desk)).profile is None


async def test_the_profile_is_written_and_read_back(desk: Desk) -> None:
    channel = granted(await connect(desk))

    assert channel.profile == BusinessProfile("Acme Support", category="RETAIL", about="Bikes and parts")


async def test_without_one_the_networks_stays(desk: Desk) -> None:
    desk.network.its_profile = BusinessProfile("", about="As it was")

    channel = granted(await connect(desk, ASKED))

    assert "change_profile" not in desk.network.asked
    assert channel.profile == BusinessProfile("Acme Support", about="As it was")


# PINs


async def test_a_pin_of_somebody_elses_is_refused_and_theirs_connects(desk: Desk) -> None:
    desk.network.pins[NUMBER] = "654321"

    told = await connect(desk)

    assert isinstance(told, Refused)
    assert (told.code, told.field) == (ErrorCode.INVALID, ("pin",))
    assert await registrations(desk) == [], "the PIN that was made is not the number's"
    assert pin_of(granted(await connect(desk, replace(ASKED, pin="654321")))) == "654321"


async def test_a_wrong_pin_that_somebody_entered_leaves_the_one_that_is_known(desk: Desk) -> None:
    known = Registration(ACME, NUMBER, Vault().seal(ACME, "pin", "111111"), NOON)
    await desk.given(known)
    desk.network.pins[NUMBER] = "111111"

    assert refused_as(await connect(desk, replace(ASKED, pin="222222"))) is ErrorCode.INVALID

    assert await registrations(desk) == [known]
    assert pin_of(granted(await connect(desk))) == "111111"


async def test_a_pin_that_somebody_else_keeps_meanwhile_is_left_alone(desk: Desk) -> None:
    theirs = Registration(ACME, NUMBER, Vault().seal(ACME, "pin", "333333"), NOON)

    async def meanwhile() -> None:
        if desk.network.asked[-1].startswith("register"):
            await desk.given(theirs)

    desk.network.meanwhile_asked = meanwhile
    desk.network.pins[NUMBER] = "333333"

    assert refused_as(await connect(desk)) is ErrorCode.INVALID

    assert await registrations(desk) == [theirs]


async def test_a_registration_without_an_answer_may_have_been_one(desk: Desk) -> None:
    desk.network.failing["register"] = Unanswered("no")

    await connect(desk)

    [kept] = await registrations(desk)
    del desk.network.failing["register"]
    assert pin_of(granted(await connect(desk))) == Vault().open(ACME, "pin", kept.pin, channel=NUMBER)


# From a draft


async def a_draft(desk: Desk, by: Actor = ADMIN) -> ConnectionDraft:
    draft = granted(await discover(desk.ports, by, Discover(access_token="the-token")))
    desk.network.asked.clear()
    return draft


def through(draft: ConnectionDraft) -> ConnectChannel:
    return replace(ASKED, access_token=None, draft=draft.id)


async def test_a_draft_connects_with_its_token(desk: Desk) -> None:
    draft = await a_draft(desk)
    desk.network.tokens.clear()

    channel = granted(await connect(desk, through(draft)))

    assert desk.network.tokens == {"the-token"}
    assert channel.access_token == Vault().seal(ACME, "access_token", "the-token")


async def test_one_that_ran_out_or_is_somebody_elses_connects_nothing(desk: Desk) -> None:
    draft = await a_draft(desk)

    assert refused_as(await connect(desk, through(draft), a_key_for(Scope.CHANNELS))) is ErrorCode.NOT_FOUND
    missing = replace(through(draft), draft=ConnectionDraftId(an_id(9)))
    assert refused_as(await connect(desk, missing)) is ErrorCode.NOT_FOUND
    desk.later(LIVES)
    assert refused_as(await connect(desk, through(draft))) is ErrorCode.NOT_FOUND
    assert desk.network.asked == []


async def test_either_a_draft_or_a_token(desk: Desk) -> None:
    draft = await a_draft(desk)

    told = await connect(desk, replace(through(draft), access_token="x"))

    assert isinstance(told, Refused)
    assert (told.code, told.field) == (ErrorCode.INVALID, ("accessToken",))


async def test_what_is_wrong_with_its_token_is_the_drafts_fault(desk: Desk) -> None:
    draft = await a_draft(desk)
    desk.network.token = TokenFacts(False, frozenset())

    told = await connect(desk, through(draft))

    assert isinstance(told, Refused)
    assert told.field == ("draftId",)


# Terms


@pytest.mark.parametrize("version", [None, TERMS_VERSION])
async def test_who_agreed_when_and_to_which_terms_is_kept(desk: Desk, version: str | None) -> None:
    channel = granted(await connect(desk, replace(ASKED, terms_version=version)))

    assert channel.terms == Terms(ADMIN.author, NOON, TERMS_VERSION)


async def test_older_terms_have_to_be_read_again(desk: Desk) -> None:
    told = await connect(desk, replace(ASKED, terms_version="2020-01"))

    assert isinstance(told, Refused)
    assert (told.code, told.field) == (ErrorCode.CONFLICT, ("termsVersion",))
    assert desk.network.asked == []


async def test_a_profile_that_the_network_would_not_take_is_refused_before_it_is_asked(desk: Desk) -> None:
    told = await connect(desk, replace(ASKED, profile=ProfileChange(about="x" * 140)))

    assert isinstance(told, Refused)
    assert told.field == ("profile", "about")
    assert desk.network.asked == []


# Another app's token


async def test_a_token_of_another_app_connects_only_with_that_apps_secret(desk: Desk) -> None:
    desk.network.own_app = "300"
    desk.network.token = replace(desk.network.token, app_id="999")

    assert refused_as(await connect(desk)) is ErrorCode.INVALID
    granted(await connect(desk, replace(ASKED, app_secret="theirs")))


@pytest.mark.parametrize("status", ["FLAGGED", "RESTRICTED", "SOMETHING_NEW"])
@pytest.mark.parametrize("code", ["EXPIRED", "NOT_VERIFIED", "SOMETHING_NEW"])
async def test_a_number_in_use_connects_without_a_registration(desk: Desk, status: str, code: str) -> None:
    desk.network.its_numbers = [replace(a_number(NUMBER), status=status, code_status=code)]

    channel = granted(await connect(desk))

    assert "register" not in " ".join(desk.network.asked)
    assert channel.pin is None, "nobody here knows it"


@pytest.mark.parametrize(
    ("status", "name", "wrong"),
    [
        ("FLAGGED", "APPROVED", [ProblemCode.QUALITY_LOW]),
        ("RESTRICTED", "DECLINED", [ProblemCode.RESTRICTED, ProblemCode.DISPLAY_NAME_REJECTED]),
        ("RATE_LIMITED", None, [ProblemCode.RESTRICTED]),
        ("SOMETHING_NEW", "SOMETHING_NEW", []),
        ("CONNECTED", "PENDING_REVIEW", []),
    ],
)
async def test_what_is_wrong_with_it_already_is_shown(
    desk: Desk, status: str, name: str | None, wrong: list[ProblemCode]
) -> None:
    desk.network.its_numbers = [replace(a_number(NUMBER), status=status, name_status=name)]

    channel = granted(await connect(desk))

    assert [each.code for each in channel.problems] == wrong
    assert channel.state is ChannelState.CONNECTED


async def test_only_who_may_connect_does(desk: Desk) -> None:
    assert refused_as(await connect(desk, by=a_user_as(Role.INTEGRATOR))) is ErrorCode.FORBIDDEN
