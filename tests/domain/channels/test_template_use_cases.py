"""Templates read from the network: by somebody who asks, by itself, and after news that do not fit."""

from dataclasses import replace
from datetime import datetime

import pytest

from domain.channels.channels import Channel, ChannelState
from domain.channels.template_news import PartsNews, QualityNews, StatusNews, TemplateNews
from domain.channels.template_sync import EVERY, FIRST_PAUSE, LEASE, SOONEST, TemplateSync
from domain.channels.templates import Template, TemplateStatus
from domain.conversations.status import MessageStatus
from domain.error_codes import ErrorCode
from domain.errors import Refusal, Refused
from domain.events import TemplateChanged
from domain.ids import BusinessAccountId, ChannelId, OrganizationId, PhoneNumberId, TemplateId
from domain.people.actors import Actor, Role, Scope
from domain.ports.directory import DirectoryEntry
from domain.ports.network import Failed, NotSent, Rejected, Unanswered
from domain.updates import Outcome, TemplateTold
from domain.use_cases.channels.templates import Synced, sync_due, sync_templates
from tests.builders import (
    ACCOUNT,
    ACME,
    CHANNEL,
    GLOBEX,
    HOUR,
    MINUTE,
    NOON,
    TEMPLATE,
    a_template,
    an_id,
    an_organization,
)
from tests.domain.one_desk import (
    NO_KEY_OPENS,
    SEALED_TOKEN,
    TOKEN,
    Desk,
    a_desk_number,
    a_key_for,
    a_user_as,
    granted,
    open_desk,
    refusal_of,
    refused_as,
)

SUPERVISOR = a_user_as(Role.SUPERVISOR)
LANGUAGES = ("en_US", "de", "pt_BR")


@pytest.fixture
async def desk() -> Desk:
    return await open_desk()


async def sync(desk: Desk, by: Actor = SUPERVISOR, channel: ChannelId = CHANNEL) -> Synced | Refusal:
    return await sync_templates(desk.ports, by, channel)


async def templates(desk: Desk) -> dict[tuple[str, str], Template]:
    return {(each.name, each.language): each for each in (await desk.state()).templates.values()}


async def due_at(desk: Desk) -> datetime | None:
    async with desk.database.store.transaction(ACME) as tx:
        known = await tx.template_sync(ACCOUNT)
    return known.due_at if known else None


async def turn(desk: Desk) -> list[BusinessAccountId]:
    """One turn of the worker: all that is due is read. Whose that was."""
    due = await desk.ports.store.due_template_syncs(desk.clock.now(), 10)
    for organization, account in due:
        await sync_due(desk.ports, organization, account)
    return [account for _, account in due]


def many(count: int = 120) -> list[Template]:
    return [
        a_template(
            TemplateId(an_id(1000 + number)),
            network_id=str(number),
            name=f"news_{number // len(LANGUAGES)}",
            language=LANGUAGES[number % len(LANGUAGES)],
        )
        for number in range(count)
    ]


# Somebody asks


async def test_120_templates_in_three_languages_are_counted_as_they_come_change_and_go(desk: Desk) -> None:
    kept = a_template()
    desk.network.its_templates = [kept, *many()]

    assert await sync(desk) == Synced(120, 0, 0)
    assert len(await templates(desk)) == 121
    assert await sync(desk) == Synced(0, 0, 0)

    desk.later(HOUR)
    changed = [replace(each, body="Other words.", parameters=()) for each in many()[:7]]
    new = a_template(TemplateId(an_id(1)), network_id="9", name="new")
    desk.network.its_templates = [*changed, *many()[10:], new]

    before = await desk.head()
    assert await sync(desk) == Synced(1, 7, 4)
    events = await desk.events(before)
    assert len(events) == len(set(events)) == 12, "each is told once"
    found = await templates(desk)
    assert found[("news_0", "de")].body == "Other words."
    assert found[("news_2", "pt_BR")].status is TemplateStatus.DELETED
    assert found[(kept.name, kept.language)] == replace(kept, status=TemplateStatus.DELETED, synced_at=NOON + HOUR)
    assert {each.synced_at for each in found.values()} == {NOON + HOUR}


async def test_the_network_is_asked_with_the_channels_token_outside_any_transaction(desk: Desk) -> None:
    await sync(desk)

    assert (desk.network.asked, desk.network.tokens) == (["templates"], {TOKEN})


@pytest.mark.parametrize(
    "actor",
    [a_user_as(Role.AGENT), a_user_as(Role.READER), a_key_for(Scope.READ), a_key_for(Scope.TICKETS, Scope.CONTACTS)],
)
async def test_who_may_not_is_told_so_and_nobody_is_asked(desk: Desk, actor: Actor) -> None:
    assert refused_as(await sync(desk, actor)) is ErrorCode.FORBIDDEN
    assert desk.network.asked == []


@pytest.mark.parametrize(
    "actor", [a_user_as(Role.ADMIN), a_user_as(Role.SUPERVISOR), a_user_as(Role.INTEGRATOR), a_key_for(Scope.MESSAGES)]
)
async def test_who_looks_after_the_templates_may(desk: Desk, actor: Actor) -> None:
    granted(await sync(desk, actor))


async def test_a_channel_that_is_not_here_is_not_found(desk: Desk) -> None:
    answer = refusal_of(await sync(desk, channel=ChannelId("none")))

    assert answer == Refused(ErrorCode.NOT_FOUND, "There is no such channel.", ("channelId",))


@pytest.mark.parametrize(
    "channel",
    [
        replace(a_desk_number(), state=ChannelState.DISCONNECTED),
        replace(a_desk_number(), access_token=None),
        replace(a_desk_number(), access_token=NO_KEY_OPENS),
    ],
)
async def test_a_number_that_is_not_connected_can_not_be_asked(desk: Desk, channel: Channel) -> None:
    await desk.given(channel)

    assert refused_as(await sync(desk)) is ErrorCode.CHANNEL_UNAVAILABLE


@pytest.mark.parametrize(
    ("failed", "code", "said"),
    [
        (NotSent("down"), ErrorCode.CHANNEL_UNAVAILABLE, "in a minute"),
        (Unanswered("slow"), ErrorCode.CHANNEL_UNAVAILABLE, "in a minute"),
        (Rejected(80007, "limit"), ErrorCode.CHANNEL_UNAVAILABLE, "Too many requests"),
        (Rejected(190, "expired"), ErrorCode.CHANNEL_UNAVAILABLE, "access token"),
        (Rejected(200, "no"), ErrorCode.PERMISSION_MISSING, "permission"),
        (Rejected(100, "no such account"), ErrorCode.INVALID, "no such account"),
    ],
)
async def test_what_the_network_refuses_says_what_to_do_and_changes_nothing(
    desk: Desk, failed: Failed, code: ErrorCode, said: str
) -> None:
    desk.network.failing["templates"] = failed
    before = await desk.state()

    answer = refusal_of(await sync(desk))

    assert isinstance(answer, Refused)
    assert (answer.code, said in answer.message) == (code, True)
    assert await desk.state() == before


# By itself


async def given_due(desk: Desk, at: datetime = NOON) -> None:
    await desk.given(TemplateSync(ACME, ACCOUNT, at))


async def test_templates_are_read_every_six_hours(desk: Desk) -> None:
    await given_due(desk)
    desk.network.its_templates = [a_template(), *many(3)]

    assert await turn(desk) == [ACCOUNT]
    assert len(await templates(desk)) == 4
    assert (await due_at(desk), await turn(desk)) == (NOON + EVERY, [])
    desk.later(EVERY)
    assert await turn(desk) == [ACCOUNT]


async def test_reading_them_by_hand_puts_the_next_reading_off(desk: Desk) -> None:
    await given_due(desk)

    granted(await sync(desk))

    assert await due_at(desk) == NOON + EVERY


async def test_reading_them_by_hand_leaves_what_is_due_soon(desk: Desk) -> None:
    await given_due(desk, NOON + MINUTE)

    granted(await sync(desk))

    assert await due_at(desk) == NOON + MINUTE


async def test_of_several_workers_one_reads(desk: Desk) -> None:
    await given_due(desk)
    due = await desk.ports.store.due_template_syncs(NOON, 10)

    async def meanwhile() -> None:
        [(organization, account)] = due
        assert await sync_due(desk.ports, organization, account) is None

    desk.network.meanwhile_asked = meanwhile
    await turn(desk)

    assert desk.network.asked == ["templates"]


async def test_a_reading_whose_worker_died_is_begun_again(desk: Desk) -> None:
    await given_due(desk)

    async def die() -> None:
        raise RuntimeError("the worker is gone")

    desk.network.meanwhile_asked = die
    with pytest.raises(RuntimeError):
        await turn(desk)
    desk.network.meanwhile_asked = None

    assert await turn(desk) == []
    desk.later(LEASE)
    assert await turn(desk) == [ACCOUNT]
    assert await due_at(desk) == NOON + LEASE + EVERY


@pytest.mark.parametrize(
    ("failed", "pause"),
    [(NotSent("down"), FIRST_PAUSE), (Rejected(4, "limit"), FIRST_PAUSE), (Rejected(4, "limit", 600), 10 * MINUTE)],
)
async def test_what_could_not_be_read_is_read_after_a_pause(desk: Desk, failed: Failed, pause: object) -> None:
    await given_due(desk)
    desk.network.failing["templates"] = failed
    before = await templates(desk)

    await turn(desk)

    assert await due_at(desk) == NOON + pause  # pyright: ignore[reportOperatorIssue]  (a timedelta)
    assert await templates(desk) == before


async def test_a_failed_reading_leaves_what_became_due_meanwhile(desk: Desk) -> None:
    await given_due(desk)
    desk.network.failing["templates"] = NotSent("down")

    async def news() -> None:
        await desk.receive(told(desk, "unknown", StatusNews(TemplateStatus.APPROVED)))

    desk.network.meanwhile_asked = news
    await turn(desk)

    assert await due_at(desk) == NOON + SOONEST


async def test_what_became_due_while_it_was_read_is_read_again(desk: Desk) -> None:
    await given_due(desk)

    async def news() -> None:
        await desk.receive(told(desk, "unknown", StatusNews(TemplateStatus.APPROVED)))

    desk.network.meanwhile_asked = news
    await turn(desk)
    desk.network.meanwhile_asked = None

    assert await due_at(desk) == NOON + SOONEST
    desk.later(SOONEST)
    assert await turn(desk) == [ACCOUNT]


async def test_an_account_without_a_number_that_works_rests_until_there_is_one(desk: Desk) -> None:
    await given_due(desk)
    await desk.given(replace(a_desk_number(), state=ChannelState.DISCONNECTED))

    await turn(desk)

    assert (await due_at(desk), desk.network.asked) == (None, [])


async def test_an_account_whose_tokens_no_key_opens_is_read_once_one_does(desk: Desk) -> None:
    await given_due(desk)
    shut = replace(a_desk_number(), access_token=NO_KEY_OPENS)
    await desk.given(shut)
    await turn(desk)
    assert (await due_at(desk), desk.network.asked) == (desk.clock.now() + EVERY, [])

    open_again = replace(shut, id=ChannelId(an_id(9)), phone_number_id=PhoneNumberId("9"), access_token=SEALED_TOKEN)
    await desk.given(open_again)
    desk.later(EVERY)
    await turn(desk)

    assert desk.network.asked != []


async def test_the_token_of_a_number_that_works_is_taken_before_another(desk: Desk) -> None:
    await given_due(desk)
    bad = replace(a_desk_number(), token_valid=False)
    other = desk.ports.vault.seal(ACME, "access_token", "a-good-token")
    good = replace(
        bad, id=ChannelId(an_id(9)), phone_number_id=PhoneNumberId("9"), access_token=other, token_valid=True
    )
    await desk.given(bad, good)

    await turn(desk)

    assert desk.network.tokens == {"a-good-token"}


# News


def told(
    desk: Desk,
    network_id: str = "1074928374928",
    news: TemplateNews | None = None,
    at: datetime | None = None,
    account: BusinessAccountId | None = ACCOUNT,
) -> TemplateTold:
    place = replace(desk.place(number=None), account=account)
    return TemplateTold(place, network_id, news, at or desk.clock.now())


async def test_a_status_is_taken_over_without_a_reading(desk: Desk) -> None:
    [record] = await desk.receive(told(desk, news=StatusNews(TemplateStatus.REJECTED, "SCAM")))

    [template] = (await templates(desk)).values()
    assert (template.status, template.rejection_reason) == (TemplateStatus.REJECTED, "SCAM")
    assert await desk.events() == [TemplateChanged(TEMPLATE)]
    assert (record.outcome, await due_at(desk)) == (Outcome.APPLIED, None)


async def test_news_that_repeat_change_nothing(desk: Desk) -> None:
    await desk.receive(told(desk, news=StatusNews(TemplateStatus.PAUSED)))
    before = await desk.state()

    [record] = await desk.receive(told(desk, news=StatusNews(TemplateStatus.PAUSED)))

    assert (record.outcome, await desk.state()) == (Outcome.DUPLICATE, before)


async def test_news_without_a_time_count_as_of_their_arrival(desk: Desk) -> None:
    await desk.receive(replace(told(desk, news=QualityNews("RED")), told_at=None))

    [template] = (await templates(desk)).values()
    assert (template.quality, template.told_at) == ("RED", NOON)


@pytest.mark.parametrize(
    ("network_id", "news"),
    [("unknown", StatusNews(TemplateStatus.APPROVED)), ("1074928374928", None), ("1074928374928", PartsNews("Hi."))],
)
async def test_news_that_do_not_say_all_have_the_templates_read_again(
    desk: Desk, network_id: str, news: TemplateNews | None
) -> None:
    [record] = await desk.receive(told(desk, network_id, news))

    assert (record.outcome, record.reason) == (Outcome.APPLIED, "the templates are read again")
    assert await turn(desk) == [ACCOUNT]


async def test_much_news_of_what_is_not_known_makes_for_one_reading(desk: Desk) -> None:
    await desk.receive(told(desk, "unknown"))
    await desk.receive(told(desk, "another"))

    assert (await turn(desk), await turn(desk)) == ([ACCOUNT], [])


async def test_old_news_have_the_templates_read_again_and_change_nothing(desk: Desk) -> None:
    before = await templates(desk)

    await desk.receive(told(desk, news=StatusNews(TemplateStatus.DISABLED), at=NOON - HOUR))

    assert (await templates(desk), await turn(desk)) == (before, [ACCOUNT])


async def test_a_template_of_no_account_is_nobodys(desk: Desk) -> None:
    [record] = await desk.receive(told(desk, news=QualityNews("RED"), account=None))

    assert record.outcome is Outcome.IGNORED


async def test_what_is_told_of_an_account_that_several_connected_is_told_to_all(desk: Desk) -> None:
    await desk.given(an_organization(GLOBEX), replace(a_template(), organization=GLOBEX))
    async with desk.database.store.transaction(GLOBEX) as tx:
        await tx.enlist(DirectoryEntry.ACCOUNT, ACCOUNT, ACCOUNT)
    await desk.deliver(told(desk, news=StatusNews(TemplateStatus.PAUSED)))

    await desk.interpret()

    for organization in (ACME, GLOBEX):
        assert await statuses(desk, organization) == [TemplateStatus.PAUSED]
    assert (await desk.interpret()).deliveries == 0


async def statuses(desk: Desk, organization: OrganizationId) -> list[TemplateStatus]:
    return [each.status for each in (await desk.state(organization)).templates.values()]


# What a refused send tells


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (132015, TemplateStatus.PAUSED),
        (132016, TemplateStatus.DISABLED),
        (132001, TemplateStatus.APPROVED),
        (132000, TemplateStatus.APPROVED),
    ],
)
async def test_a_send_refused_for_its_template_stops_the_others_and_has_it_read_again(
    desk: Desk, code: int, status: TemplateStatus
) -> None:
    await desk.wrote()
    message = await desk.reply_with_template()
    desk.network.answers.append(Rejected(code, "No."))

    failed = await desk.dispatch(message)

    assert failed.status is MessageStatus.FAILED
    assert await statuses(desk, ACME) == [status]
    assert (TemplateChanged(TEMPLATE) in await desk.events()) is (status is not TemplateStatus.APPROVED)
    assert await turn(desk) == [ACCOUNT]


async def test_a_send_refused_for_another_reason_says_nothing_of_its_template(desk: Desk) -> None:
    await desk.wrote()
    desk.network.answers.append(Rejected(131026, "No."))

    await desk.dispatch(await desk.reply_with_template())

    assert await due_at(desk) is None
