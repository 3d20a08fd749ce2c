"""Dispatching: a queued message leaves, or is told why it does not.

Two transactions, and the network between them, inside neither: one claims the message and begins an attempt, one
settles what came of it, and is tried until it is written. Nothing is sent blind: the rules are asked again, and an
unknown outcome is never sent again. A file goes to the network first, by two more transactions: once for each number,
since its id can be sent again.
"""

from functools import partial

from domain.ids import MessageId, OrganizationId
from domain.outbound.outbox import OutboxItem, is_lost
from domain.ports.bundle import Ports
from domain.use_cases.again import again_on_collision, until_written
from domain.use_cases.outbound.leaving.answers import ended_unknown, settle_answer
from domain.use_cases.outbound.leaving.claim import Claimed, ToUpload, claim
from domain.use_cases.outbound.leaving.upload import settle_upload, uploaded
from domain.use_cases.outbound.queue import hold
from domain.use_cases.work import Work


async def dispatch(ports: Ports, organization: OrganizationId, message: MessageId) -> None:
    """Send one queued message, if it is still to be sent and its turn has come."""
    claimed = await claim(ports, organization, message)
    if isinstance(claimed, ToUpload):
        file_id = await uploaded(ports, claimed)
        await until_written(ports, partial(settle_upload, ports, claimed, file_id))
        claimed = await claim(ports, organization, message)
    if not isinstance(claimed, Claimed):
        return
    result = await ports.network.send(claimed.token, claimed.outgoing)
    await until_written(ports, partial(settle_answer, ports, claimed, result))


@again_on_collision
async def give_up(ports: Ports, organization: OrganizationId, message: MessageId) -> None:
    """A claimed attempt whose worker died: it may have been sent, so its outcome is unknown."""
    now = ports.clock.now()
    async with ports.store.transaction(organization, background=True) as tx:
        item = await tx.row(OutboxItem, message)
        if item is None or item.leased_until is None or not is_lost(item.leased_until, now):
            return
        if item.reaction is not None:  # one that arrives twice is still one
            tx.save(hold(item, now))
            return
        current = (await tx.messages([message]))[message]
        reason = "The worker that sent it died before it heard the answer."
        ended_unknown(Work.of(ports, tx, now), current, current.attempt, reason)
        tx.remove(item)
