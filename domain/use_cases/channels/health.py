"""What is noted of a number's health, whoever found it out."""

from dataclasses import replace
from datetime import datetime

from domain.channels.channels import Channel, Problem, ProblemCode
from domain.channels.health.problems import begun, disproved, looks_alike, stopped_by
from domain.conversations.status import Failure
from domain.events import ChannelChanged
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


def proved_healthy(tx: Transaction, channel: Channel, asked_at: datetime, now: datetime) -> None:
    """What the network takes proves that nothing stops the number any more."""
    keep_channel(tx, channel, disproved(channel, asked_at), now)


def degrade(tx: Transaction, channel: Channel, code: ProblemCode, failure: Failure, now: datetime) -> None:
    problem = Problem(code, failure.title, failure.hint, now, stops_sending=True)
    keep_channel(tx, channel, begun(channel, problem, now), now)
