"""A number's problems: each begins, changes and ends, in the order of the times at which it was told.

What is told may come late, twice and in any order; of one code the newest told counts, by the teller's own clock. Two
things told of one second are taken in the order they came.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain.channels.channels import Channel, ChannelState, Heard, Problem, ProblemCode

QUIET_FOR = timedelta(days=7)

STOPPING = frozenset(
    {
        ProblemCode.TOKEN_INVALID,
        ProblemCode.PERMISSION_MISSING,
        ProblemCode.BANNED,
        ProblemCode.ACCOUNT_LOCKED,
        ProblemCode.NOT_REGISTERED,
        ProblemCode.PAYMENT_PROBLEM,
    }
)
"""With one of these nothing leaves. Any other stops sending where it says so itself."""


def stops(problem: Problem) -> bool:
    return problem.stops_sending or problem.code in STOPPING


def stopped_by(channel: Channel) -> Problem | None:
    """The oldest problem for which nothing leaves."""
    return min(filter(stops, channel.problems), key=lambda each: each.since, default=None)


def problem_of(channel: Channel, code: ProblemCode) -> Problem | None:
    return next((each for each in channel.problems if each.code is code), None)


def begun(channel: Channel, problem: Problem, now: datetime) -> Channel:
    """The channel with this problem, begun or changed; as it was where something newer is known of its code.

    `problem.since` is when it begins, or, where it is known already, when it changed.
    """
    told_at = problem.told_at or problem.since
    is_over = problem.expires_at is not None and problem.expires_at <= now
    if is_over or _is_old(channel, problem.code, told_at):
        return channel
    known = problem_of(channel, problem.code)
    if known is None:
        return _with(channel, (*channel.problems, problem))
    told = replace(problem, since=known.since, changed_at=known.changed_at, told_at=told_at)
    if replace(told, told_at=known.told_at) != known:
        told = replace(told, changed_at=problem.since)
    return _with(channel, tuple(told if each is known else each for each in channel.problems))


def ended(channel: Channel, code: ProblemCode, told_at: datetime) -> Channel:
    """The channel without this problem, unless something newer was told of it."""
    if _is_old(channel, code, told_at):
        return channel
    left = tuple(each for each in channel.problems if each.code is not code)
    return _with(hearing(channel, code, told_at), left)


def expired(channel: Channel, now: datetime) -> Channel:
    """The channel without what has ended by itself."""
    return _without(channel, [each for each in channel.problems if each.expires_at and each.expires_at <= now])


def disproved(channel: Channel, asked_at: datetime) -> Channel:
    """The network took a message that it was asked to take then: nothing noticed before stops the number any more."""
    return _without(
        channel, [each for each in channel.problems if stops(each) and (each.changed_at or each.since) <= asked_at]
    )


def noticed(channel: Channel, problem: Problem, now: datetime) -> Channel:
    """The channel with a problem that is over once nothing is noticed of it for a week. What is noticed again is put
    off once a day; its words stay as they were first.
    """
    known = problem_of(channel, problem.code)
    if known is not None and known.expires_at is not None and known.expires_at - now > QUIET_FOR - timedelta(days=1):
        return channel
    words = known or problem
    return begun(channel, replace(words, since=now, told_at=now, expires_at=now + QUIET_FOR), now)


def heard_at(channel: Channel, what: str) -> datetime | None:
    """When the newest was told of a problem that is over, or of a figure."""
    return next((each.at for each in channel.heard if each.what == what), None)


def hearing(channel: Channel, what: str, at: datetime) -> Channel:
    others = tuple(each for each in channel.heard if each.what != what)
    return replace(channel, heard=(*others, Heard(what, at)))


def looks_alike(channel: Channel, other: Channel) -> bool:
    """Whether nobody sees a difference: when something was last heard, or is looked after next, is no news."""
    return _shown(channel) == _shown(other)


def _shown(channel: Channel) -> Channel:
    problems = tuple(replace(each, told_at=None) for each in channel.problems)
    return replace(channel, problems=problems, heard=(), check_due_at=None, read_at=None, token_expires_at=None)


def _is_old(channel: Channel, code: ProblemCode, told_at: datetime) -> bool:
    known = problem_of(channel, code)
    heard = [heard_at(channel, code), (known.told_at or known.since) if known is not None else None]
    return any(at is not None and told_at < at for at in heard)


def _without(channel: Channel, gone: Sequence[Problem]) -> Channel:
    if not gone:
        return channel
    for each in gone:
        channel = hearing(channel, each.code, each.told_at or each.since)
    return _with(channel, tuple(each for each in channel.problems if each not in gone))


def _with(channel: Channel, problems: tuple[Problem, ...]) -> Channel:
    """CONNECTED and DEGRADED follow from what is wrong; a number that is neither stays what it is."""
    state = channel.state
    if channel.can_send:
        state = ChannelState.DEGRADED if any(map(stops, problems)) else ChannelState.CONNECTED
    was_invalid, is_invalid = (
        any(each.code is ProblemCode.TOKEN_INVALID for each in told) for told in (channel.problems, problems)
    )
    token_valid = channel.token_valid if was_invalid is is_invalid else was_invalid
    return replace(channel, problems=problems, state=state, token_valid=token_valid)
