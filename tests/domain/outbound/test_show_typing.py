"""Somebody is writing: the contact sees it, and nobody else hears of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.channels.channels import ChannelState
from domain.error_codes import ErrorCode
from domain.errors import SessionClosed
from domain.ids import ThreadId
from domain.people.actors import Actor, Scope
from domain.ports.network import Rejected
from domain.use_cases.outbound.show_typing import SHOWN_S, show_typing
from tests.builders import DAY, an_id
from tests.domain.one_desk import (
    AGENT,
    MAY_WORK,
    NO_KEY_OPENS,
    READER,
    Desk,
    a_key_for,
    granted,
    open_desk,
    refusal_of,
    refused_as,
)


@pytest.fixture
async def desk() -> Desk:
    desk = await open_desk()
    await desk.wrote()
    return desk


async def test_the_contact_sees_that_somebody_is_writing_and_nothing_is_logged(desk: Desk) -> None:
    [message] = await desk.messages()
    head, thread = await desk.head(), await desk.thread()

    assert granted(await show_typing(desk.ports, AGENT, thread.id)) == thread

    assert desk.network.told_typing == [message.wamid]
    assert (await desk.head(), await desk.thread()) == (head, thread)


async def test_the_network_is_asked_once_in_20_seconds_however_fast_somebody_types(desk: Desk) -> None:
    thread = await desk.thread()
    for _ in range(40):
        await show_typing(desk.ports, AGENT, thread.id)
        desk.later(timedelta(seconds=1))

    assert len(desk.network.told_typing) == 40 / SHOWN_S


async def test_a_network_that_says_no_is_no_trouble(desk: Desk) -> None:
    desk.network.failing["mark_read"] = Rejected(131009, "Unknown message.")

    granted(await show_typing(desk.ports, AGENT, (await desk.thread()).id))


async def test_outside_a_session_nobody_sees_us_write(desk: Desk) -> None:
    desk.later(DAY)

    refusal = refusal_of(await show_typing(desk.ports, AGENT, (await desk.thread()).id))

    assert isinstance(refusal, SessionClosed)
    assert desk.network.told_typing == []


@pytest.mark.parametrize("token", [None, NO_KEY_OPENS])
async def test_a_number_that_cannot_send_shows_nothing(desk: Desk, token: str | None) -> None:
    channel = await desk.channel()
    thread = await desk.thread()
    await desk.given(replace(channel, access_token=token))
    granted(await show_typing(desk.ports, AGENT, thread.id))
    await desk.given(replace(channel, state=ChannelState.DISCONNECTED))
    assert refused_as(await show_typing(desk.ports, AGENT, thread.id)) is ErrorCode.CHANNEL_UNAVAILABLE

    assert desk.network.told_typing == []


@pytest.mark.parametrize("actor", [READER, a_key_for(Scope.TICKETS)])
async def test_who_may_not_send_does_not_write_either(desk: Desk, actor: Actor) -> None:
    assert refused_as(await show_typing(desk.ports, actor, (await desk.thread()).id)) is ErrorCode.FORBIDDEN


@pytest.mark.parametrize("actor", [*MAY_WORK, a_key_for(Scope.MESSAGES)])
async def test_who_may_send_may_be_seen_writing(desk: Desk, actor: Actor) -> None:
    granted(await show_typing(desk.ports, actor, (await desk.thread()).id))


async def test_a_thread_that_is_not_here_shows_nothing(desk: Desk) -> None:
    assert refused_as(await show_typing(desk.ports, AGENT, ThreadId(an_id(999)))) is ErrorCode.NOT_FOUND
