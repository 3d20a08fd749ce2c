"""Our reactions: put there, changed, taken away, and what happens to them on the way."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.channels.channels import ChannelState, Problem, ProblemCode
from domain.conversations.contents import Notice
from domain.conversations.messages import Message
from domain.conversations.status import MessageStatus
from domain.error_codes import ErrorCode
from domain.events import ChannelChanged, MessageChange, MessageChanged
from domain.ids import MessageId
from domain.outbound.outbox import LEASE, RETRIED_FOR
from domain.people.actors import ByPhoneApp, Role, Scope
from domain.ports.network import Accepted, NotSent, ReactionTo, Rejected, Unanswered
from domain.updates import Outcome
from domain.use_cases.outbound.leaving.dispatch import dispatch, give_up
from domain.use_cases.outbound.react import React, react
from tests.builders import ACME, DAY, HOUR, MINUTE, NOON, a_channel
from tests.domain.one_desk import (
    AGENT,
    ANA,
    NO_KEY_OPENS,
    READER,
    SEALED_TOKEN,
    Desk,
    a_key_for,
    a_user_as,
    granted,
    open_desk,
    refused_as,
)
from tests.domain.standins import wamid_number


@pytest.fixture
async def desk() -> Desk:
    return await open_desk()


async def reacted(desk: Desk, message: Message, emoji: str = "👍", key: str | None = None) -> Message:
    return granted(await react(desk.ports, AGENT, React(message.id, emoji, key)))


def emojis(message: Message) -> list[str]:
    return [each.emoji for each in message.shown_reactions]


async def shown(desk: Desk, message: Message) -> list[str]:
    return emojis(await desk.message_by_id(message.id))


async def test_a_reaction_is_shown_told_and_reaches_the_phone(desk: Desk) -> None:
    message = await desk.wrote()
    head = await desk.head()

    after = await reacted(desk, message)
    await desk.dispatch_due()

    assert [(each.emoji, each.by) for each in after.reactions] == [("👍", AGENT.author)]
    assert await desk.events(head) == [MessageChanged(message.thread, message.id, MessageChange.REACTION)]
    [sent] = desk.network.sent
    assert message.wamid is not None
    assert (sent.content, sent.wa_id, sent.reply_to) == (ReactionTo(message.wamid, "👍"), ANA.wa_id, None)
    assert await desk.dispatch_due() == []


async def test_a_reaction_makes_no_message_costs_nothing_and_answers_nobody(desk: Desk) -> None:
    message = await desk.wrote()
    before = await desk.ticket()

    await reacted(desk, message)
    await desk.dispatch_due()

    assert len(await desk.messages()) == 1
    assert await desk.entries() == []
    assert await desk.ticket() == before


async def test_a_reaction_is_taken_away_on_the_phone_too(desk: Desk) -> None:
    message = await desk.wrote()
    await reacted(desk, message)
    await desk.dispatch_due()

    after = await reacted(desk, message, "")
    await desk.dispatch_due()

    assert emojis(after) == []
    assert [each.content for each in desk.network.sent][-1] == ReactionTo(message.wamid or wamid_number(0), "")


async def test_nothing_leaves_where_nothing_changes(desk: Desk) -> None:
    message = await desk.wrote()
    await reacted(desk, message, "")
    assert await desk.dispatch_due() == []
    await reacted(desk, message)
    await desk.dispatch_due()

    await react(desk.ports, AGENT, React(message.id, "👍"))
    await desk.receive(desk.reaction(message.wamid or wamid_number(0), "🎉"))
    await reacted(desk, message, "")

    assert await shown(desk, message) == ["🎉"]


async def test_the_business_has_one_reaction_whoever_of_it_reacts(desk: Desk) -> None:
    message = await desk.wrote()
    await reacted(desk, message, "👍")
    other = a_key_for(Scope.MESSAGES)

    after = granted(await react(desk.ports, other, React(message.id, "🎉")))

    assert [(each.emoji, each.by) for each in after.reactions] == [("🎉", other.author)]


async def test_ours_gives_way_to_one_from_the_phones_app(desk: Desk) -> None:
    message = await desk.wrote()
    await reacted(desk, message)
    desk.later(MINUTE)
    assert message.wamid is not None

    await desk.receive(desk.reaction(message.wamid, "❤️", echoed=True))

    assert [type(each.by) for each in (await desk.message_by_id(message.id)).reactions] == [ByPhoneApp]


async def test_the_same_key_reacts_once(desk: Desk) -> None:
    message = await desk.wrote()
    await reacted(desk, message, key="k1")
    await reacted(desk, message, "🎉")

    again = await reacted(desk, message, key="k1")

    assert emojis(again) == ["🎉"]
    assert refused_as(await react(desk.ports, AGENT, React(message.id, "❤️", "k1"))) is ErrorCode.IDEMPOTENCY_MISMATCH


# Refusals


async def test_who_may_not_send_may_not_react(desk: Desk) -> None:
    message = await desk.wrote()

    for actor in (READER, a_key_for(Scope.TICKETS)):
        assert refused_as(await react(desk.ports, actor, React(message.id, "👍"))) is ErrorCode.FORBIDDEN
    granted(await react(desk.ports, a_user_as(Role.SUPERVISOR), React(message.id, "👍")))


async def test_what_is_no_reaction_is_refused(desk: Desk) -> None:
    message = await desk.wrote()

    assert refused_as(await react(desk.ports, AGENT, React(message.id, "fine"))) is ErrorCode.INVALID
    assert refused_as(await react(desk.ports, AGENT, React(message.id, "👍", ""))) is ErrorCode.INVALID
    assert refused_as(await react(desk.ports, AGENT, React(MessageId("none"), "👍"))) is ErrorCode.NOT_FOUND


async def test_nobody_reacts_to_what_never_left_was_deleted_or_only_tells(desk: Desk) -> None:
    message = await desk.wrote()
    waiting = await desk.reply()
    update = desk.message(content=Notice("Ana changed her number."), extends_session=False)
    assert message.wamid is not None
    await desk.receive(update, desk.deletion(message.wamid))
    notice = await desk.message_of(update.wamid)

    for each in (message, waiting, notice):
        assert refused_as(await react(desk.ports, AGENT, React(each.id, "👍"))) is ErrorCode.INVALID


async def test_a_message_known_by_its_status_and_still_in_the_queue_has_to_leave_first(desk: Desk) -> None:
    await desk.wrote()
    ours = await desk.reply()
    await desk.receive(desk.status(MessageStatus.SENT, wamid=wamid_number(9), callback=f"dk1:{ours.id}:1"))

    assert refused_as(await react(desk.ports, AGENT, React(ours.id, "👍"))) is ErrorCode.CONFLICT


async def test_an_old_message_takes_no_reaction_any_more(desk: Desk) -> None:
    old = await desk.wrote()
    desk.later(timedelta(days=30))
    fresh = await desk.wrote()

    assert refused_as(await react(desk.ports, AGENT, React(old.id, "👍"))) is ErrorCode.INVALID
    granted(await react(desk.ports, AGENT, React(fresh.id, "👍")))


async def test_outside_a_session_and_without_a_number_nobody_reacts(desk: Desk) -> None:
    message = await desk.wrote()
    desk.later(DAY)
    assert refused_as(await react(desk.ports, AGENT, React(message.id, "👍"))) is ErrorCode.SESSION_CLOSED

    await desk.given(replace(await desk.channel(), state=ChannelState.DISCONNECTED))
    assert refused_as(await react(desk.ports, AGENT, React(message.id, "👍"))) is ErrorCode.CHANNEL_UNAVAILABLE


# On the way


async def test_a_reaction_changed_before_it_left_leaves_once(desk: Desk) -> None:
    message = await desk.wrote()
    await reacted(desk, message, "👍")
    await reacted(desk, message, "🎉")

    await desk.dispatch_due()

    assert message.wamid is not None
    assert [each.content for each in desk.network.sent] == [ReactionTo(message.wamid, "🎉")]


async def test_a_reaction_changed_while_it_left_is_sent_after_it(desk: Desk) -> None:
    message = await desk.wrote()
    await reacted(desk, message, "👍")

    async def changes_their_mind(_: object) -> None:
        desk.network.meanwhile = None
        await reacted(desk, message, "🎉")

    desk.network.meanwhile = changes_their_mind
    await desk.dispatch_due()
    await desk.dispatch_due()

    assert message.wamid is not None
    assert [each.content for each in desk.network.sent] == [
        ReactionTo(message.wamid, "👍"),
        ReactionTo(message.wamid, "🎉"),
    ]
    assert await shown(desk, message) == ["🎉"]


async def test_a_reaction_the_network_refuses_comes_down_again(desk: Desk) -> None:
    message = await desk.wrote()
    await reacted(desk, message)
    desk.network.answers.append(Rejected(131009, "too old"))

    await desk.dispatch_due()

    assert await shown(desk, message) == []
    assert [type(each) for each in await desk.events()][-1] is MessageChanged
    assert await desk.dispatch_due() == []


async def test_a_removal_the_network_refuses_changes_nothing_here(desk: Desk) -> None:
    message = await desk.wrote()
    await reacted(desk, message)
    await desk.dispatch_due()
    await reacted(desk, message, "")
    desk.network.answers.append(Rejected(131009, "too old"))
    head = await desk.head()

    await desk.dispatch_due()

    assert await desk.events(head) == []
    assert await desk.dispatch_due() == []


@pytest.mark.parametrize("answer", [Unanswered("timeout"), NotSent("no route"), Rejected(131056, "slower", 30.0)])
async def test_a_reaction_that_may_not_have_arrived_is_sent_again(desk: Desk, answer: object) -> None:
    message = await desk.wrote()
    await reacted(desk, message)
    assert isinstance(answer, (Unanswered, NotSent, Rejected))
    desk.network.answers.append(answer)

    await desk.dispatch_due()
    assert await shown(desk, message) == ["👍"]
    desk.later(MINUTE)
    await desk.dispatch_due()

    assert len(desk.network.sent) == 2
    assert await desk.dispatch_due() == []


async def test_a_reaction_that_fails_for_a_day_comes_down(desk: Desk) -> None:
    message = await desk.wrote()
    await reacted(desk, message)
    desk.network.answers.extend(Unanswered("timeout") for _ in range(2))
    await desk.dispatch_due()
    desk.later(RETRIED_FOR - HOUR)
    await desk.wrote("Still there?")  # keeps the session open
    desk.later(HOUR - MINUTE / 60)

    await desk.dispatch_due()

    assert await shown(desk, message) == []


async def test_a_reaction_whose_worker_died_is_sent_again(desk: Desk) -> None:
    message = await desk.wrote()
    await reacted(desk, message)

    async def dies(_: object) -> None:
        desk.network.meanwhile = None
        raise SystemExit

    desk.network.meanwhile = dies
    with pytest.raises(SystemExit):
        await desk.dispatch_due()
    desk.later(LEASE)
    await give_up(desk.ports, ACME, message.id)
    await desk.dispatch_due()

    assert len(desk.network.sent) == 2
    assert (await desk.message_by_id(message.id)).status is MessageStatus.RECEIVED


async def test_an_answer_that_comes_after_another_worker_took_over_changes_nothing(desk: Desk) -> None:
    message = await desk.wrote()
    await reacted(desk, message)

    async def takes_long(_: object) -> None:
        desk.network.meanwhile = None
        desk.later(LEASE)
        await give_up(desk.ports, ACME, message.id)
        await desk.dispatch_due()

    desk.network.meanwhile = takes_long
    desk.network.answers.extend([Accepted(wamid_number(1)), Rejected(131009, "too late")])
    await desk.dispatch_due()

    assert await shown(desk, message) == ["👍"]


async def test_a_reaction_whose_session_ended_comes_down_unsent(desk: Desk) -> None:
    message = await desk.wrote()
    desk.later(DAY - MINUTE)
    await reacted(desk, message)
    desk.later(MINUTE)

    await desk.dispatch_due()

    assert (await shown(desk, message), desk.network.sent) == ([], [])


async def test_a_token_that_is_refused_is_the_channels_problem_and_the_reaction_waits(desk: Desk) -> None:
    message = await desk.wrote()
    await reacted(desk, message)
    desk.network.answers.append(Rejected(10, "taken back"))

    await desk.dispatch_due()
    desk.later(2 * MINUTE)
    await desk.dispatch_due()

    assert (await desk.channel()).state is ChannelState.CONNECTED, "it went"
    assert len(desk.network.sent) == 2
    assert await shown(desk, message) == ["👍"]


@pytest.mark.parametrize("token", [None, NO_KEY_OPENS])
async def test_a_reaction_waits_for_a_token(desk: Desk, token: str | None) -> None:
    message = await desk.wrote()
    await reacted(desk, message)
    await desk.given(replace(await desk.channel(), access_token=token))
    await desk.dispatch_due()
    await desk.given(replace(await desk.channel(), access_token=SEALED_TOKEN))
    desk.later(2 * MINUTE)
    await desk.look_after()

    await desk.dispatch_due()

    assert len(desk.network.sent) == 1


async def test_the_status_of_a_reaction_is_no_messages(desk: Desk) -> None:
    message = await desk.wrote()
    await reacted(desk, message)
    await desk.dispatch_due()
    callback = desk.network.sent[0].callback

    [record] = await desk.receive(desk.status(MessageStatus.SENT, wamid=wamid_number(1), callback=callback))

    assert (record.outcome, record.reason) == (Outcome.IGNORED, "about a reaction of ours")
    assert (await desk.message_by_id(message.id)).status is MessageStatus.RECEIVED


async def test_dispatching_a_reaction_twice_sends_it_once(desk: Desk) -> None:
    message = await desk.wrote()
    await reacted(desk, message)

    await dispatch(desk.ports, ACME, message.id)
    await dispatch(desk.ports, ACME, message.id)

    assert len(desk.network.sent) == 1


async def test_a_send_heals_a_number_that_also_gets_traffic_that_is_not_for_us(desk: Desk) -> None:
    groups = Problem(ProblemCode.UNSUPPORTED_TRAFFIC, "Groups", "Leave", NOON)
    token = Problem(ProblemCode.PERMISSION_MISSING, "Taken back", "Renew", NOON)
    sick = replace(a_channel(), access_token=SEALED_TOKEN, state=ChannelState.DEGRADED, problems=(groups, token))
    await desk.given(sick)
    await desk.wrote()

    await desk.dispatch(await desk.reply())
    desk.later(MINUTE)
    await desk.dispatch_due()

    channel = await desk.channel()
    assert (channel.state, channel.problems) == (ChannelState.CONNECTED, (groups,))
    assert ChannelChanged(channel.id) in await desk.events()
