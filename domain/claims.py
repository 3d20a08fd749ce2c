"""Claiming: which of the deliveries that wait one worker takes next, so that nobody's is held up by somebody else's.

Of each number the older come first, and no two workers have the same number at once. A delivery that was taken up
before and never finished is taken alone: if it is to blame, nothing else is with it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.ids import DeliveryId, PhoneNumberId

CLAIMED_FOR = timedelta(seconds=15)  # so long the deliveries of a worker that died wait for another one
CLAIMS_AT_MOST = 3  # as often a delivery is taken up without an end; then it is set aside
CLAIMED_BYTES = 8 * 1024 * 1024  # of bodies, beside the first


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that may be claimed, or stands in the way of later ones of its numbers where `held`."""

    id: DeliveryId
    numbers: frozenset[PhoneNumberId]
    size: int  # of its body, in bytes
    claims: int = 0  # times it was taken up and never finished
    held: bool = False


def chosen(waiting: Iterable[Waiting], busy: Collection[PhoneNumberId], limit: int, max_bytes: int) -> list[DeliveryId]:
    """Of deliveries, oldest first, those to claim now. `busy` are the numbers that another worker has."""
    held = set(busy)
    taken: list[DeliveryId] = []
    size = 0
    for each in waiting:
        if each.held or not held.isdisjoint(each.numbers):
            held |= each.numbers
        elif each.claims and not taken:
            return [each.id]
        elif each.claims:
            held |= each.numbers
        elif taken and (len(taken) >= limit or size + each.size > max_bytes):
            break
        else:
            taken.append(each.id)
            size += each.size
    return taken


def is_over(leased_until: datetime, now: datetime) -> bool:
    """Whether a claim has ended; also one that was made by a clock that was ahead, and was set back since."""
    return leased_until <= now or leased_until > now + 2 * CLAIMED_FOR
