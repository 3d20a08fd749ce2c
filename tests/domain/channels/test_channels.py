"""Channels: which can send, and what is told of their troubles."""

from dataclasses import replace

import pytest

from domain.channels.channels import (
    AssignmentRule,
    AssignmentStrategy,
    Channel,
    ChannelState,
    begun_a_day,
)
from domain.tickets import ReopenPolicy
from tests.builders import a_channel


@pytest.mark.parametrize(
    ("state", "sends"),
    [
        (ChannelState.PENDING, False),
        (ChannelState.CONNECTED, True),
        (ChannelState.DEGRADED, True),
        (ChannelState.DISCONNECTED, False),
    ],
)
def test_a_number_takes_messages_while_it_is_connected_troubled_or_not(state: ChannelState, sends: bool) -> None:
    assert a_channel(state=state).can_send is sends


def test_a_new_channel_reopens_tickets_and_assigns_nobody() -> None:
    channel = a_channel()

    assert channel.reopen_policy is ReopenPolicy.REOPEN_TICKET
    assert channel.assignment == AssignmentRule(AssignmentStrategy.NONE)
    assert channel.send_read_receipts is False


# How many conversations an account may begin in a day


def an_unverified() -> Channel:
    return a_channel(business_verified=False)


def a_verified(limit: int | None, state: ChannelState = ChannelState.CONNECTED) -> Channel:
    return replace(a_channel(state=state), messaging_limit=limit)


@pytest.mark.parametrize(
    ("numbers", "limit"),
    [
        ([an_unverified()], 50),
        ([replace(an_unverified(), messaging_limit=250)], 50),  # the network's limits are those of verified businesses
        ([a_verified(2000)], 2000),
        ([a_verified(None)], None),
        ([an_unverified(), a_verified(2000), an_unverified()], 2000),
        ([a_verified(1000), a_verified(2000)], 2000),
        ([a_verified(1000), a_verified(None)], None),
        ([an_unverified(), a_verified(2000, ChannelState.DISCONNECTED)], 50),
        ([a_verified(1000), a_verified(2000, ChannelState.DISCONNECTED)], 1000),
        ([a_verified(2000, ChannelState.DEGRADED)], 2000),
        ([a_verified(2000, ChannelState.DISCONNECTED)], 2000),
    ],
)
def test_the_day_of_an_account_is_what_the_network_told_of_any_of_its_numbers(
    numbers: list[Channel], limit: int | None
) -> None:
    assert begun_a_day(numbers) == limit
    assert begun_a_day(numbers[::-1]) == limit
