"""Clearing away what nothing came for, and what crashes left behind."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from domain.ids import MediaId, OrganizationId
from domain.media import named_by, names_of
from domain.ports import Ports
from domain.updates import PARKED_FOR
from domain.use_cases.again import again_on_collision

AT_A_TIME = 500
ORPHANED_FOR = timedelta(days=3)  # so that a try which is still on its way is never taken for an orphan


@again_on_collision
async def forget_parked(ports: Ports, organization: OrganizationId) -> int:
    """Forget what waited 30 days for a message that never came; how many that were, 500 at a time."""
    async with ports.store.transaction(organization, background=True) as tx:
        waited = await tx.parked_before(ports.clock.now() - PARKED_FOR, AT_A_TIME)
        tx.remove(*waited)
    return len(waited)


async def sweep_files(ports: Ports, remove: Callable[[str], Awaitable[bool]]) -> int:
    """What the store keeps and no row of ours names goes: bytes of workers that died in between. How many they were.

    `remove` says whether it removed one.

    Names that tell of an organization we don't have are left alone: they may be another desk's.
    """
    before = ports.clock.now() - ORPHANED_FOR
    ours = set(await ports.directory.organizations())
    removed = await ports.media.tidy(before)
    batch: list[str] = []
    async for name in ports.media.names(before):
        owner = named_by(name)
        if owner is not None and owner[0] in ours:
            batch.append(name)
        if len(batch) == AT_A_TIME:
            removed += await _removed(ports, batch, remove)
            batch = []
    return removed + await _removed(ports, batch, remove)


async def _removed(ports: Ports, names: Sequence[str], remove: Callable[[str], Awaitable[bool]]) -> int:
    """Those of these names that nothing knows, removed; how many that were."""
    owners: dict[OrganizationId, set[MediaId]] = {}
    for name in names:
        organization, media = _owner(name)
        owners.setdefault(organization, set()).add(media)
    known: set[str] = set()
    for organization, ids in owners.items():
        for media in (await ports.reader.media_by_ids(organization, sorted(ids))).values():
            known |= names_of(media)
    orphans = [name for name in names if name not in known]
    return sum([await remove(name) for name in orphans])


def _owner(name: str) -> tuple[OrganizationId, MediaId]:
    owner = named_by(name)
    assert owner is not None, name
    return owner
