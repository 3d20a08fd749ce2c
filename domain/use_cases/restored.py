"""What a desk begins with that was put back from a backup: it does not know what happened since."""

from dataclasses import dataclass

from domain.conversations.messages import leaving, with_mark, with_outcome
from domain.conversations.status import AttemptOutcome, MessageStatus
from domain.ids import OrganizationId
from domain.outbound.outbox import OutboxItem
from domain.ports.bundle import Ports
from domain.use_cases.again import again_on_collision
from domain.use_cases.marks import own_mark, status_events
from domain.use_cases.work import Work

AT_A_TIME = 100
WHY = "It waited to leave when the backup was made, so it may have been sent since."


@dataclass(frozen=True, slots=True)
class Restored:
    organizations: int
    unknown: int
    """Messages that waited to leave, and may have left since."""


async def after_restore(ports: Ports) -> Restored:
    """Begins a new epoch of each log, so that cursors from after the backup are CURSOR_EXPIRED, and makes UNKNOWN
    whatever waited to leave, so that nothing leaves twice. May be carried out again where it broke off.
    """
    organizations = await ports.directory.organizations()
    unknown = 0
    for organization in organizations:
        await _begin_epoch(ports, organization)
        while done := await _hold_back(ports, organization):
            unknown += done
    return Restored(len(organizations), unknown)


@again_on_collision
async def _begin_epoch(ports: Ports, organization: OrganizationId) -> None:
    async with ports.store.transaction(organization, background=True) as tx:
        await tx.begin_epoch(ports.ids.new())


@again_on_collision
async def _hold_back(ports: Ports, organization: OrganizationId) -> int:
    """Some of what waits to leave; how many that were. Reactions may leave again: one that comes twice is still one."""
    async with ports.store.transaction(organization, background=True) as tx:
        items = await tx.outbox(AT_A_TIME)
        for item in items:
            await _become_unknown(Work.of(ports, tx, ports.clock.now()), item)
            tx.remove(item)
    return len(items)


async def _become_unknown(work: Work, item: OutboxItem) -> None:
    """As the attempt that would have been made: a mark that the network tells of it finds its message."""
    message = (await work.tx.messages([item.id]))[item.id]
    if message.status is not MessageStatus.QUEUED:
        return  # what became of it is known already
    tried = message if item.leased_until is not None else leaving(message, work.now)
    ended = with_outcome(tried, tried.attempt, AttemptOutcome.UNKNOWN, reason=WHY)
    after = with_mark(ended, MessageStatus.UNKNOWN, at=work.now, attempt=tried.attempt)
    work.tx.save(after, own_mark(work, after, MessageStatus.UNKNOWN))
    work.tx.record(*status_events(message, after))
