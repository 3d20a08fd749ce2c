"""What the network's own record of a number says of its health. Read now and then, beside what is told by itself.

A status that is not known says nothing. What was told of the whole account is not ended by the number's standing: a
number of a restricted account may stand there as CONNECTED. Source: WhatsApp Business Platform, "Business phone
numbers".
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain.channels.channels import Channel, Problem, ProblemCode
from domain.channels.health.problems import begun, ended, hearing, problem_of
from domain.channels.numbers import NumberFacts


@dataclass(frozen=True, slots=True)
class _Standing:
    code: ProblemCode
    message: str
    hint: str


_REVIEW = "Ask for a review in Meta's Business Support Home."
_AGAIN = "Disconnect the number and connect it again: that registers it."
_FLAGGED = _Standing(
    ProblemCode.QUALITY_LOW,
    "People complain about this number or block it; WhatsApp rates it low.",
    "Send fewer and better chosen templates until the rating is better.",
)
_BY_STATUS: Mapping[str, _Standing] = {
    "FLAGGED": _FLAGGED,
    "RESTRICTED": _Standing(
        ProblemCode.RESTRICTED, "WhatsApp restricts what this number may send.", f"Wait until it ends. {_REVIEW}"
    ),
    "RATE_LIMITED": _Standing(
        ProblemCode.RESTRICTED,
        "WhatsApp lets the number begin no more conversations today.",
        "Wait until tomorrow; replies in a session still go.",
    ),
    "BANNED": _Standing(ProblemCode.BANNED, "WhatsApp has shut this number.", _REVIEW),
    "DISCONNECTED": _Standing(ProblemCode.NOT_REGISTERED, "The number is not registered any more.", _AGAIN),
    "PENDING": _Standing(ProblemCode.NOT_REGISTERED, "The number is not registered yet.", _AGAIN),
    "UNVERIFIED": _Standing(ProblemCode.NOT_REGISTERED, "The number is not verified any more.", _AGAIN),
    "MIGRATED": _Standing(ProblemCode.NOT_REGISTERED, "The number was moved to another account.", _AGAIN),
    "DELETED": _Standing(ProblemCode.NOT_REGISTERED, "The number was deleted at Meta.", "Disconnect the number."),
}
_WELL = frozenset({"CONNECTED"})
_REJECTED_NAME = _Standing(
    ProblemCode.DISPLAY_NAME_REJECTED,
    "WhatsApp has turned the display name down.",
    "Ask for another name in the number's profile: one that fits the business.",
)


def with_number_facts(channel: Channel, facts: NumberFacts, told_at: datetime, now: datetime) -> Channel:
    """The channel as the network's record of its number makes it; `told_at` is when it was asked for."""
    after = _figures(channel, facts, told_at)
    standing = _BY_STATUS.get(facts.status or "")
    if facts.quality_rating == "RED" and standing is None:
        standing = _FLAGGED
    for each in _BY_STATUS.values():
        if (standing is None or each.code is not standing.code) and _is_over(after, each, facts):
            after = ended(after, each.code, told_at)
    if standing is not None:
        after = _begun(after, standing, told_at, now)
    match facts.name_status:
        case "DECLINED":
            return _begun(after, _REJECTED_NAME, told_at, now)
        case "APPROVED" | "AVAILABLE_WITHOUT_REVIEW":
            return ended(after, ProblemCode.DISPLAY_NAME_REJECTED, told_at)
        case _:
            return after


def _figures(channel: Channel, facts: NumberFacts, told_at: datetime) -> Channel:
    after = replace(
        channel,
        quality_rating=facts.quality_rating or channel.quality_rating,
        messaging_limit=channel.messaging_limit if facts.messaging_limit is None else facts.messaging_limit,
        throughput_per_second=facts.throughput_per_second or channel.throughput_per_second,
    )
    if after.profile is not None and facts.display_name:
        after = replace(after, profile=replace(after.profile, display_name=facts.display_name))
    for what in ("limit", "throughput"):
        after = hearing(after, what, told_at)
    return after


def _is_over(channel: Channel, standing: _Standing, facts: NumberFacts) -> bool:
    """Whether the number's own standing says so: where it is well, and the problem was the number's own."""
    known = problem_of(channel, standing.code)
    if known is None or facts.status not in _WELL:
        return False
    own = (ProblemCode.NOT_REGISTERED, ProblemCode.QUALITY_LOW)
    return standing.code in own or known.message == standing.message


def _begun(channel: Channel, standing: _Standing, told_at: datetime, now: datetime) -> Channel:
    """What is known already is left as it was told: the network's news say more than a standing."""
    if problem_of(channel, standing.code) is not None:
        return channel
    problem = Problem(standing.code, standing.message, standing.hint, since=now, told_at=told_at)
    return begun(channel, problem, now)
