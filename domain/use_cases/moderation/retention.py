"""Clearing away what nothing came for, and what crashes left behind."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from domain.channels.drafts import DRAFTS_KEPT
from domain.files.media import Media, named_by, names_of
from domain.ids import MediaId, OrganizationId
from domain.ports.bundle import Ports
from domain.ports.deliveries import DeliveryState
from domain.ports.directory import DirectoryEntry
from domain.updates import PARKED_FOR
from domain.use_cases.again import again_on_collision

AT_A_TIME = 500
BODIES_AT_A_TIME = 50  # a webhook's body may have 4 MiB
EVENTS_KEPT = timedelta(days=7)
EVENTS_KEPT_AT_LEAST = timedelta(days=4)  # outgoing webhooks are tried again for 75 h
DELIVERIES_KEPT = {
    DeliveryState.INTERPRETED: timedelta(days=30),
    DeliveryState.IGNORED: timedelta(days=30),
    DeliveryState.FAILED: timedelta(days=180),
}
UPDATES_KEPT = timedelta(days=30)
SIGN_INS_KEPT = timedelta(days=7)  # after they ran out: a clock may have been wrong
ORPHANED_FOR = timedelta(days=3)  # so that a try which is still on its way is never taken for an orphan


@again_on_collision
async def forget_parked(ports: Ports, organization: OrganizationId) -> int:
    """Forget what waited 30 days for a message that never came; how many that were, 500 at a time."""
    async with ports.store.transaction(organization, background=True) as tx:
        waited = await tx.parked_before(ports.clock.now() - PARKED_FOR, AT_A_TIME)
        tx.remove(*waited)
    return len(waited)


@again_on_collision
async def forget_events(ports: Ports, organization: OrganizationId, kept: timedelta) -> int:
    """Take events off the log that are older than they are kept; how many that were, 500 at a time.

    A cursor from before those is answered with CURSOR_EXPIRED from now on.
    """
    async with ports.store.transaction(organization, background=True) as tx:
        return await tx.forget_events(ports.clock.now() - kept, AT_A_TIME)


@again_on_collision
async def forget_updates(ports: Ports, organization: OrganizationId) -> int:
    """Forget what became of updates whose delivery is gone: none can be interpreted again."""
    async with ports.store.transaction(organization, background=True) as tx:
        old = await tx.updates_before(ports.clock.now() - UPDATES_KEPT, AT_A_TIME)
        tx.remove(*old)
    return len(old)


@again_on_collision
async def forget_sign_ins(ports: Ports, organization: OrganizationId) -> int:
    """Forget sign-ins that ran out a week ago."""
    async with ports.store.transaction(organization, background=True) as tx:
        old = await tx.sign_ins_before(ports.clock.now() - SIGN_INS_KEPT, AT_A_TIME)
        for sign_in in old:
            await tx.delist(DirectoryEntry.TOKEN, sign_in.token_hash)
        tx.remove(*old)
    return len(old)


@again_on_collision
async def forget_drafts(ports: Ports, organization: OrganizationId) -> int:
    """Forget sign-ins at the network that ran out a day ago, and with them their tokens."""
    async with ports.store.transaction(organization, background=True) as tx:
        old = await tx.drafts_before(ports.clock.now() - DRAFTS_KEPT, AT_A_TIME)
        tx.remove(*old)
    return len(old)


async def forget_deliveries(ports: Ports, state: DeliveryState) -> int:
    """Forget webhook bodies in a state that is done with, a time after their last update was interpreted."""
    return await ports.webhook_inbox.forget(state, ports.clock.now() - DELIVERIES_KEPT[state], BODIES_AT_A_TIME)


async def bites(ports: Ports, events_kept: timedelta) -> dict[tuple[str, str], Callable[[], Awaitable[bool]]]:
    """Everything that goes with age, by whose it is and a name: small pieces of work, which say whether there
    is more.
    """

    def bite(most: int, forget: Callable[..., Awaitable[int]], *of: object) -> Callable[[], Awaitable[bool]]:
        async def carry_out() -> bool:
            return await forget(ports, *of) == most

        return carry_out

    # Records of updates go once their delivery has gone.
    everything = {
        ("deliveries", state.value): bite(BODIES_AT_A_TIME, forget_deliveries, state) for state in DELIVERIES_KEPT
    }
    for organization in await ports.directory.organizations():
        for forget in (forget_parked, forget_updates, forget_sign_ins, forget_drafts):
            everything[(organization, forget.__name__)] = bite(AT_A_TIME, forget, organization)
        everything[(organization, forget_events.__name__)] = bite(AT_A_TIME, forget_events, organization, events_kept)
    return everything


async def collect_garbage(ports: Ports, remove: Callable[[str], Awaitable[bool]]) -> int:
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
        for media in (await ports.reader.by_ids(Media, organization, sorted(ids))).values():
            known |= names_of(media)
    orphans = [name for name in names if name not in known]
    return sum([await remove(name) for name in orphans])


def _owner(name: str) -> tuple[OrganizationId, MediaId]:
    owner = named_by(name)
    assert owner is not None, name
    return owner
