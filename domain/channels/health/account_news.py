"""What the network tells of an account or a number, apart from its templates, and what the number is then.

News repeat, come late and in any order; the network's own time tells which is the newer.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never

from domain.channels.channels import Channel, Problem, ProblemCode
from domain.channels.health.problems import begun, ended, heard_at, hearing

SHOWN_FOR = timedelta(days=30)
"""So long a violation is shown that nobody says is over: the network tells of it once."""


@dataclass(frozen=True, slots=True)
class ProblemBegun:
    """A problem of this code is there, as it is told here."""

    code: ProblemCode
    message: str
    hint: str
    expires_at: datetime | None = None
    stops_sending: bool = False


@dataclass(frozen=True, slots=True)
class ProblemEnded:
    code: ProblemCode


@dataclass(frozen=True, slots=True)
class LimitTold:
    """How many conversations may be begun in 24 hours; None: as many as one likes."""

    conversations: int | None


@dataclass(frozen=True, slots=True)
class ThroughputTold:
    per_second: int


@dataclass(frozen=True, slots=True)
class Verified:
    """The network has verified the business."""


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """Something about the number is otherwise; its own record says what."""


News: TypeAlias = ProblemBegun | ProblemEnded | LimitTold | ThroughputTold | Verified | ReadAgain


def told(channel: Channel, news: News, *, told_at: datetime, now: datetime) -> Channel:
    """The channel after one item of news, told at `told_at` by the network's clock."""
    match news:
        case ProblemBegun(code, message, hint, expires_at, stops_sending):
            if expires_at is None and code is ProblemCode.POLICY_VIOLATION:
                expires_at = told_at + SHOWN_FOR
            problem = Problem(code, message, hint, now, None, expires_at, told_at, stops_sending)
            return begun(channel, problem, now)
        case ProblemEnded(code):
            return ended(channel, code, told_at)
        case LimitTold(conversations):
            return _figure(channel, "limit", told_at, replace(channel, messaging_limit=conversations))
        case ThroughputTold(per_second):
            return _figure(channel, "throughput", told_at, replace(channel, throughput_per_second=per_second))
        case Verified():
            return _figure(channel, "verified", told_at, replace(channel, business_verified=True))
        case ReadAgain():
            return replace(channel, check_due_at=now, read_at=None)
        case _:
            assert_never(news)


def _figure(before: Channel, what: str, told_at: datetime, after: Channel) -> Channel:
    known = heard_at(before, what)
    return before if known is not None and told_at < known else hearing(after, what, told_at)
