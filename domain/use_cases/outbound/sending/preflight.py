"""The dry run of a send: what the send itself would answer now, and what it would cost.

There are no rules here. Each kind of send decides by itself over a `Look`; it is given a reader's, which locks
nothing and has no way to write, where the send gives its transaction.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from domain.errors import REFUSALS, Refusal
from domain.outbound.outbox import TEMPLATE_NEXT
from domain.outbound.pace import not_before
from domain.people.actors import Actor
from domain.ports.bundle import Ports
from domain.use_cases.outbound.queue import ApprovedSend
from domain.use_cases.outbound.sending.send import SendContent, SendTemplate
from domain.use_cases.outbound.sending.send_item import SendItem
from domain.use_cases.outbound.sending.send_media import SendMedia
from domain.use_cases.outbound.sending.start import Starting, StartThread
from domain.use_cases.outbound.sending.steps import decide, refusal_at_sight
from domain.use_cases.work import Reading

Intended: TypeAlias = SendContent | SendMedia | SendItem | SendTemplate | StartThread


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would come of a send now. One that was made before, under its key, would cost nothing again."""

    refusal: Refusal | None = None
    takes_unit: bool = False  # of the month
    not_before: datetime | None = None  # where a pause of the number, or the person's pace, holds it back


async def preflight(ports: Ports, actor: Actor, intended: Intended) -> Foreseen:
    """The refusal of the same send, if it would be refused now. Leaves no trace and asks nothing of the network."""
    if refusal := refusal_at_sight(actor, intended):
        return Foreseen(refusal)
    async with ports.reader.look(actor.organization, actor.key) as look:
        decided = await decide(Reading(look, ports.clock.now(), ports.ids.new), actor, intended)
        if isinstance(decided, REFUSALS):
            return Foreseen(decided)
        sending = decided.said if isinstance(decided, Starting) else decided
        if not isinstance(sending, ApprovedSend):
            return Foreseen()
        pace = await look.pace(sending.channel.id)
    template = sending.priority == TEMPLATE_NEXT
    waits = not_before(pace, sending.thread.pair_next_at, sending.now, template=template)
    return Foreseen(takes_unit=sending.paid is not None, not_before=waits)
