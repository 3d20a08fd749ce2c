"""The dry run of a send: what the send itself would answer now, and what it would cost.

There are no rules here. Each kind of send decides by functions of its own, which read a `Look`; they are given a
reader's, which locks nothing and has no way to write, where the send gives them its transaction.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, assert_never

from domain.errors import REFUSALS, Refusal
from domain.outbound.outbox import TEMPLATE_NEXT
from domain.outbound.pace import held_until
from domain.people.actors import Actor
from domain.ports.bundle import Ports
from domain.use_cases.outbound.queue import ApprovedSend, Decision
from domain.use_cases.outbound.send import (
    SendContent,
    SendTemplate,
    content_refusal,
    decide_content,
    decide_template,
    template_refusal,
)
from domain.use_cases.outbound.send_item import SendItem, decide_item, item_refusal
from domain.use_cases.outbound.send_media import SendMedia, decide_media, media_refusal
from domain.use_cases.outbound.start import Starting, StartThread, decide_start, start_refusal
from domain.use_cases.work import Reading

Intended: TypeAlias = SendContent | SendMedia | SendItem | SendTemplate | StartThread


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would come of a send now. One that was made before, under its key, would cost nothing again."""

    refusal: Refusal | None = None
    takes_unit: bool = False  # of the month
    held_until: datetime | None = None  # where a pause of the number, or the person's pace, holds it back


async def preflight(ports: Ports, actor: Actor, intended: Intended) -> Foreseen:
    """The refusal of the same send, if it would be refused now. Leaves no trace and asks nothing of the network."""
    if refusal := _refused_at_sight(actor, intended):
        return Foreseen(refusal)
    async with ports.reader.look(actor.organization, actor.key) as look:
        decided = await _decided(Reading(look, ports.clock.now(), ports.ids.new), actor, intended)
        if isinstance(decided, REFUSALS):
            return Foreseen(decided)
        sending = decided.said if isinstance(decided, Starting) else decided
        if not isinstance(sending, ApprovedSend):
            return Foreseen()
        pace = await look.pace(sending.channel.id)
    template = sending.priority == TEMPLATE_NEXT
    held = held_until(pace, sending.thread.pair_next_at, sending.now, template=template)
    return Foreseen(takes_unit=sending.paid is not None, held_until=held)


def _refused_at_sight(actor: Actor, intended: Intended) -> Refusal | None:
    match intended:
        case SendContent():
            return content_refusal(actor, intended)
        case SendMedia():
            return media_refusal(actor, intended)
        case SendItem():
            return item_refusal(actor, intended)
        case SendTemplate():
            return template_refusal(actor, intended)
        case StartThread():
            return start_refusal(actor, intended)
        case _:
            assert_never(intended)


async def _decided(reading: Reading, actor: Actor, intended: Intended) -> Decision | Starting:
    match intended:
        case SendContent():
            return await decide_content(reading, actor, intended)
        case SendMedia():
            return await decide_media(reading, actor, intended)
        case SendItem():
            return await decide_item(reading, actor, intended)
        case SendTemplate():
            return await decide_template(reading, actor, intended)
        case StartThread():
            return await decide_start(reading, actor, intended)
        case _:
            assert_never(intended)
