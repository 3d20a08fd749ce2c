"""Taking turns: which of all that waits leaves next.

Each number goes at its own pace, replies before templates, so that a slow number holds up no other one, and a reply no
longer than it takes a few of thousands of templates to leave. The pace is a hint here; whoever claims asks it again.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from domain.ids import ChannelId, MessageId, OrganizationId
from domain.outbound.outbox import PERSON_FIRST, TEMPLATE_NEXT
from domain.outbound.pace import (
    THROUGHPUT,
    RateState,
    believed,
    burst,
    free,
    free_at,
    share,
    templates_are_held,
    together,
)
from domain.ports.bundle import Ports
from domain.ports.store import DueNumber

AT_A_TIME = 96
OF_A_NUMBER = 40
TEMPLATES_OF_A_NUMBER = 32


@dataclass(frozen=True, slots=True)
class Leaving:
    """A message on its way from here to the network."""

    organization: OrganizationId
    channel: ChannelId
    message: MessageId
    is_template: bool


@dataclass(frozen=True, slots=True)
class NextSends:
    leaving: tuple[Leaving, ...]
    again_at: datetime | None = None  # when more may leave of what is due already; None where nothing but places lacks


async def next_sends(ports: Ports, in_hand: Collection[Leaving], aside: Collection[MessageId] = ()) -> NextSends:
    """What to dispatch now, beside what this process has in hand already. `aside` are those that wait after a fault."""
    now = ports.clock.now()
    room = AT_A_TIME - len(in_hand)
    leaving: list[Leaving] = []
    again: list[datetime] = []
    for number in sorted(await ports.store.due_numbers(now), key=lambda each: _held_by(each, in_hand)):
        turn = await _of_number(ports, number, in_hand, aside, room - len(leaving), now)
        leaving += turn.leaving
        again += [turn.again_at] if turn.again_at is not None else []
    return NextSends(tuple(leaving), min(again, default=None))


def _held_by(number: DueNumber, in_hand: Collection[Leaving]) -> int:
    return sum(each.channel == number.channel for each in in_hand)


async def _of_number(
    ports: Ports,
    number: DueNumber,
    in_hand: Collection[Leaving],
    aside: Collection[MessageId],
    room: int,
    now: datetime,
) -> NextSends:
    pace = (
        believed(number.pace, now) if number.pace else RateState(number.organization, number.channel, THROUGHPUT, now)
    )
    mine = {each.message: each.is_template for each in in_hand if each.channel == number.channel}
    places = min(room, OF_A_NUMBER - len(mine))
    if places <= 0:
        return NextSends(())
    most = burst(pace) + len(mine) + len(aside)
    replies = await ports.store.due_sends_of(number.organization, number.channel, PERSON_FIRST, now, most)
    templates = await ports.store.due_sends_of(number.organization, number.channel, TEMPLATE_NEXT, now, most)
    # Those in hand are told as due until they are claimed, and have not used the pace yet.
    unclaimed = sum(message in mine for message in (*replies, *templates))
    replies = [message for message in replies if message not in mine and message not in aside]
    templates = [message for message in templates if message not in mine and message not in aside]
    if replies and templates_are_held(pace, now):
        templates = []
    waiting = len(replies) + len(templates)
    if not waiting:
        return NextSends(())
    is_template = not replies
    wanted = min(together(pace, now), waiting)
    open_now = free(pace, now, template=is_template) - unclaimed
    if open_now < wanted:
        return NextSends((), free_at(pace, now, wanted + unclaimed, template=is_template))
    template_places = max(0, TEMPLATES_OF_A_NUMBER - sum(mine.values()))
    replying, sending = share(min(places, open_now), len(replies), min(len(templates), template_places))
    leaving = (
        *(Leaving(number.organization, number.channel, message, False) for message in replies[:replying]),
        *(Leaving(number.organization, number.channel, message, True) for message in templates[:sending]),
    )
    left = waiting - len(leaving)
    if not left:
        return NextSends(leaving)
    used = unclaimed + len(leaving) + min(left, together(pace, now))
    return NextSends(leaving, free_at(pace, now, used, template=is_template))
