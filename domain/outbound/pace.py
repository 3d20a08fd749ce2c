"""The pace of sending: how fast a number may send, how fast one person may be sent to, and what slows it down.

Both are leaky buckets kept as one instant, `next_at`: when the next would be due if they left evenly. Whoever sends
moves it on by one gap; a burst is how far it may run ahead of the clock. Nothing counts, so nothing has to be cleared.

Source: WhatsApp Business Platform, "Throughput": 80 messages a second of a number, in and out, 1,000 after an upgrade,
20 where the phone's app has the number too; 1 message in 6 seconds to one person, bursts of 45.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.channels.channels import Channel
from domain.ids import ChannelId, OrganizationId
from domain.outbound.outbox import CLOCKS_DIFFER

THROUGHPUT = 80  # messages a second where the network told no other number
STEADY = 3 / 4  # of the throughput; the rest is for what comes in, and for clocks and lines that are not ours
BURST = 1 / 5  # of the throughput: in any second at most 95 % of it

PAIR_EVERY = timedelta(seconds=6)
PAIR_BURST = 44  # of the network's 45, for the same reason

TOGETHER = timedelta(milliseconds=70)  # a busy number's sends leave a few at a time, so that looking costs little
FIRST_HOLD = timedelta(seconds=2)
SLOWEST = 4  # halvings of the pace: 1 in 16
RECOVERS_EVERY = timedelta(seconds=20)  # one halving less, so a number is at its own pace within two minutes
SPAM_HOLD = timedelta(hours=1)
PROBE_EVERY = timedelta(minutes=1)
NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class RateState:
    """How a number may send. All workers share it; it begins with the number's connection."""

    organization: OrganizationId
    id: ChannelId
    per_second: int  # the number's throughput when it last sent
    next_at: datetime
    slowed: int = 0  # halvings of the pace, as of `slowed_at`
    slowed_at: datetime | None = None
    not_before: datetime | None = None
    templates_not_before: datetime | None = None
    stopped: bool = False  # the network takes nothing of this number: one message a minute asks whether it does again
    as_of: datetime | None = None  # when all this was said


def at_rest(channel: Channel, now: datetime) -> RateState:
    """The pace of a number that has not sent lately, or whose token is new."""
    return RateState(channel.organization, channel.id, channel.throughput_per_second or THROUGHPUT, now, as_of=now)


def for_channel(pace: RateState | None, channel: Channel, now: datetime) -> RateState:
    if pace is None:
        return at_rest(channel, now)
    return replace(believed(pace, now), per_second=channel.throughput_per_second or THROUGHPUT, as_of=now)


def believed(pace: RateState, now: datetime) -> RateState:
    """The pace without what a clock said that was set back since: nothing is held until an instant far off."""
    if pace.as_of is None or pace.as_of <= now + CLOCKS_DIFFER:
        return pace
    slowed_at = now if pace.slowed_at is not None else None
    return replace(pace, next_at=now, slowed_at=slowed_at, not_before=None, templates_not_before=None, as_of=now)


# ---------------------------------------------------------------- a number


def gap(pace: RateState, now: datetime) -> timedelta:
    """From one message to the next."""
    return timedelta(seconds=1 / max(1, pace.per_second) / STEADY) * 2 ** slowness(pace, now)


def burst(pace: RateState) -> int:
    return max(1, int(pace.per_second * BURST))


def slowness(pace: RateState, now: datetime) -> int:
    """How often the pace is halved now; it recovers by itself."""
    if pace.slowed_at is None:
        return 0
    recovered = max(0, int((now - pace.slowed_at) / RECOVERS_EVERY))
    return max(0, pace.slowed - recovered)


def free(pace: RateState, now: datetime, *, template: bool) -> int:
    """How many messages may leave at this instant."""
    if now < _not_before(pace, now, template=template):
        return 0
    if pace.stopped:
        return 1
    each = gap(pace, now)
    ahead = max(pace.next_at - now, NOTHING)
    return max(0, burst(pace) - _whole_up(ahead, each))


def free_at(pace: RateState, now: datetime, wanted: int, *, template: bool) -> datetime:
    """The first instant by which `wanted` messages may have left, as far as is known now."""
    soonest = max(pace.next_at, now - gap(pace, now) * burst(pace)) + gap(pace, now) * (wanted - burst(pace))
    return max(now, soonest, _not_before(pace, now, template=template))


def templates_are_held(pace: RateState, now: datetime) -> bool:
    return pace.templates_not_before is not None and now < pace.templates_not_before


def taken(pace: RateState, now: datetime) -> RateState:
    """One message leaves."""
    after = replace(pace, next_at=max(pace.next_at, now) + gap(pace, now))
    return replace(after, not_before=now + PROBE_EVERY) if pace.stopped else after


def together(pace: RateState, now: datetime) -> int:
    """How many free places a busy number waits for before the next messages leave."""
    return 1 if pace.stopped else min(burst(pace), max(1, int(TOGETHER / gap(pace, now))))


def share(places: int, replies: int, templates: int) -> tuple[int, int]:
    """How many of those waiting leave: replies before templates, but for one place that keeps templates moving."""
    kept = 1 if templates and places > 1 else 0
    chosen = min(replies, places - kept)
    return chosen, min(templates, places - chosen)


# ---------------------------------------------------------------- what slows a number down


def slowed_down(pace: RateState, now: datetime, retry_after: timedelta) -> RateState:
    """After a refusal for its pace: nothing leaves for a while, then half as fast, and soon as before.

    What was on its way when it was held tells nothing new.
    """
    if pace.not_before is not None and now < pace.not_before:
        return replace(pace, not_before=max(pace.not_before, now + retry_after))
    slowed = min(SLOWEST, slowness(pace, now) + 1)
    pause = spread(FIRST_HOLD * 2 ** (slowed - 1), f"{pace.id}/{now.isoformat()}")
    until = now + max(pause, retry_after)
    return replace(pace, slowed=slowed, slowed_at=until, not_before=until)


def without_templates(pace: RateState, now: datetime, retry_after: timedelta) -> RateState:
    """People report what it sends: no templates for an hour at least; replies go on."""
    until = max(pace.templates_not_before or now, now + max(SPAM_HOLD, retry_after))
    return replace(pace, templates_not_before=until)


def stopped(pace: RateState, now: datetime) -> RateState:
    """The network takes nothing of this number, whatever it is: its token or its rights are gone."""
    return replace(pace, stopped=True, not_before=now + PROBE_EVERY)


def running(pace: RateState) -> RateState:
    """The network took a message of a number that was stopped."""
    return replace(pace, stopped=False, not_before=None)


# ---------------------------------------------------------------- one person


def pair_free_at(next_at: datetime | None, now: datetime) -> datetime:
    """When the next message to this person may leave, given what `pair_taken` said last."""
    next_at = _told_rightly(next_at, now)
    return now if next_at is None else max(now, next_at - PAIR_EVERY * (PAIR_BURST - 1))


def pair_taken(next_at: datetime | None, now: datetime) -> datetime:
    return max(_told_rightly(next_at, now) or now, now) + PAIR_EVERY


def _told_rightly(next_at: datetime | None, now: datetime) -> datetime | None:
    """None for an instant so far ahead that a clock must have been set back since."""
    return next_at if next_at is None or next_at <= now + PAIR_EVERY * (PAIR_BURST + 1) else None


def pair_used_up(now: datetime) -> datetime:
    """The network says that this person got too many: no burst is left."""
    return now + PAIR_EVERY * PAIR_BURST


def not_before(pace: RateState | None, next_at: datetime | None, now: datetime, *, template: bool) -> datetime | None:
    """Until when a message to this person would wait for a pause; None where it may leave in its number's turn."""
    of_number = _not_before(believed(pace, now), now, template=template) if pace is not None else now
    until = max(of_number, pair_free_at(next_at, now))
    return until if until > now else None


# ---------------------------------------------------------------- waiting


def spread(pause: timedelta, name: str) -> timedelta:
    """Up to half as long again, so that what failed together does not come back together."""
    return pause * (1 + hashlib.sha256(name.encode()).digest()[0] / 255 / 2)


def _not_before(pace: RateState, now: datetime, *, template: bool) -> datetime:
    ends = [pace.not_before, pace.templates_not_before if template else None]
    return max((until for until in ends if until is not None), default=now)


def _whole_up(span: timedelta, each: timedelta) -> int:
    return -int(-span // each)
