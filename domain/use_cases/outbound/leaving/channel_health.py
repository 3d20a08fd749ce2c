"""What sending proves of a number: that its token is good, or is not any more."""

from dataclasses import replace
from datetime import datetime

from domain.channels.channels import Channel, ChannelState, Problem, ProblemCode, with_problem
from domain.conversations.status import Failure
from domain.events import ChannelChanged
from domain.ports.store import Transaction


def proved_healthy(tx: Transaction, channel: Channel) -> None:
    """What the network takes proves that the token is good again."""
    blamed = (ProblemCode.TOKEN_INVALID, ProblemCode.PERMISSION_MISSING)
    left = tuple(problem for problem in channel.problems if problem.code not in blamed)
    if channel.state is ChannelState.DEGRADED and left != channel.problems:
        state = ChannelState.DEGRADED if _any_stops_us(left) else ChannelState.CONNECTED
        tx.save(replace(channel, state=state, token_valid=True, problems=left))
        tx.record(ChannelChanged(channel.id))


def _any_stops_us(problems: tuple[Problem, ...]) -> bool:
    """Whether any of them is more than traffic that is not for us."""
    harmless = (ProblemCode.UNKNOWN_NUMBER_TRAFFIC, ProblemCode.UNSUPPORTED_TRAFFIC)
    return any(problem.code not in harmless for problem in problems)


def degrade(tx: Transaction, channel: Channel, failure: Failure, now: datetime, *, token: bool) -> None:
    problem = Problem(
        ProblemCode.TOKEN_INVALID if token else ProblemCode.PERMISSION_MISSING, failure.title, failure.hint, now
    )
    degraded = replace(
        channel,
        state=ChannelState.DEGRADED,
        token_valid=channel.token_valid and not token,
        problems=with_problem(channel, problem),
    )
    if degraded != channel:
        tx.save(degraded)
        tx.record(ChannelChanged(channel.id))
