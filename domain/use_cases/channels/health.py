"""What is noted of a number's health, whoever found it out."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from domain.channels.channels import Channel, Problem, ProblemCode
from domain.channels.health.problems import begun, disproved, ended, looks_alike, problem_of, stopped_by
from domain.conversations.status import Failure
from domain.events import ChannelChanged
from domain.ids import PhoneNumberId
from domain.ports.store import Transaction


def keep_channel(tx: Transaction, before: Channel, after: Channel, now: datetime) -> Channel:
    """Save what is otherwise, and tell of what somebody sees. A number that may send again is looked after at once."""
    if stopped_by(before) is not None and stopped_by(after) is None and after.can_send:
        after = replace(after, check_due_at=now)
    if after != before:
        tx.save(after)
    if not looks_alike(before, after):
        tx.record(ChannelChanged(after.id))
    return after


def found_its_number(tx: Transaction, channels: Iterable[Channel], number: PhoneNumberId, now: datetime) -> None:
    """The number that messages came for is connected: its account's numbers have no such problem any more."""
    for channel in channels:
        problem = problem_of(channel, ProblemCode.UNKNOWN_NUMBER_TRAFFIC)
        if problem is not None and problem.message == unknown_number(number):
            keep_channel(tx, channel, ended(channel, problem.code, now), now)


def unknown_number(number: PhoneNumberId) -> str:
    return f"Messages come for the number id {number}, which is not connected."


def proved_healthy(tx: Transaction, channel: Channel, asked_at: datetime, now: datetime) -> None:
    """What the network takes proves that nothing stops the number any more."""
    keep_channel(tx, channel, disproved(channel, asked_at), now)


def degrade(tx: Transaction, channel: Channel, code: ProblemCode, failure: Failure, now: datetime) -> None:
    problem = Problem(code, f"{failure.title}.", failure.hint, now, stops_sending=True)
    keep_channel(tx, channel, begun(channel, problem, now), now)
