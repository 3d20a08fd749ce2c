"""What the network's own record of a number says of its health."""

from dataclasses import replace

import pytest

from domain.channels.channels import Channel, ChannelState, Problem, ProblemCode
from domain.channels.health.problems import begun
from domain.channels.health.readings import with_number_facts
from domain.channels.profiles import BusinessProfile
from tests.builders import HOUR, NOON, a_channel
from tests.domain.standins import a_number

WELL = a_number()


def after(channel: Channel, **facts: str | None) -> Channel:
    return with_number_facts(channel, replace(WELL, **facts), NOON, NOON)  # pyright: ignore[reportArgumentType]  (by name)


def codes(channel: Channel) -> list[ProblemCode]:
    return [each.code for each in channel.problems]


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        ("CONNECTED", None, ChannelState.CONNECTED),
        ("RATE_LIMITED", ProblemCode.RESTRICTED, ChannelState.CONNECTED),
        ("SOMETHING_NEW", None, ChannelState.CONNECTED),
        (None, None, ChannelState.CONNECTED),
        ("FLAGGED", ProblemCode.QUALITY_LOW, ChannelState.CONNECTED),
        ("RESTRICTED", ProblemCode.RESTRICTED, ChannelState.CONNECTED),
        ("BANNED", ProblemCode.BANNED, ChannelState.DEGRADED),
        ("DISCONNECTED", ProblemCode.NOT_REGISTERED, ChannelState.DEGRADED),
        ("PENDING", ProblemCode.NOT_REGISTERED, ChannelState.DEGRADED),
        ("UNVERIFIED", ProblemCode.NOT_REGISTERED, ChannelState.DEGRADED),
        ("MIGRATED", ProblemCode.NOT_REGISTERED, ChannelState.DEGRADED),
        ("DELETED", ProblemCode.NOT_REGISTERED, ChannelState.DEGRADED),
    ],
)
def test_a_status_is_a_problem_where_it_is_known_to_be_one(
    status: str | None, code: ProblemCode | None, state: ChannelState
) -> None:
    channel = after(a_channel(), status=status)

    assert (codes(channel), channel.state) == ([code] if code else [], state)
    assert all(each.message.endswith(".") for each in channel.problems)
    assert codes(after(channel, status="CONNECTED")) == []
    assert codes(after(channel, status="SOMETHING_NEW")) == codes(channel), "which ends nothing either"


def test_what_was_told_of_the_account_is_not_ended_by_its_numbers_standing() -> None:
    banned = begun(a_channel(), Problem(ProblemCode.BANNED, "The account is shut.", "Ask.", NOON), NOON)

    assert codes(after(banned, status="CONNECTED")) == [ProblemCode.BANNED]


def test_what_was_told_already_stays_as_it_was_told() -> None:
    low = Problem(ProblemCode.QUALITY_LOW, "Told by webhook.", "Send less.", NOON - HOUR)

    assert after(begun(a_channel(), low, NOON), status="FLAGGED").problems == (low,)


def test_a_rating_of_red_is_a_low_quality_and_another_ends_it() -> None:
    low = after(a_channel(), quality_rating="RED")

    assert codes(low) == [ProblemCode.QUALITY_LOW]
    assert codes(after(low, quality_rating="YELLOW")) == []


@pytest.mark.parametrize(
    ("name_status", "found"),
    [("DECLINED", [ProblemCode.DISPLAY_NAME_REJECTED]), ("PENDING_REVIEW", []), ("APPROVED", []), (None, [])],
)
def test_a_name_that_was_turned_down_is_a_mark_and_stops_nothing(
    name_status: str | None, found: list[ProblemCode]
) -> None:
    channel = after(a_channel(), name_status=name_status)

    assert (codes(channel), channel.state) == (found, ChannelState.CONNECTED)
    assert all(each.message.endswith(".") for each in channel.problems)
    assert codes(after(channel, name_status="APPROVED")) == []


def test_what_it_does_not_say_stays_and_the_name_in_the_profile_is_the_new_one() -> None:
    known = replace(a_channel(), quality_rating="GREEN", messaging_limit=250, profile=BusinessProfile("Old"))
    silent = replace(WELL, quality_rating=None, messaging_limit=None, throughput_per_second=None)

    channel = with_number_facts(known, silent, NOON, NOON)

    assert (channel.quality_rating, channel.messaging_limit) == ("GREEN", 250)
    assert channel.profile == BusinessProfile("Acme Support")
