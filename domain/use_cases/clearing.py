"""Clearing away what nothing came for."""

from domain.ids import OrganizationId
from domain.ports import Ports
from domain.updates import PARKED_FOR
from domain.use_cases.again import again_on_collision

AT_A_TIME = 500


@again_on_collision
async def forget_parked(ports: Ports, organization: OrganizationId) -> int:
    """Forget what waited 30 days for a message that never came; how many that were, 500 at a time."""
    async with ports.store.transaction(organization, background=True) as tx:
        waited = await tx.parked_before(ports.clock.now() - PARKED_FOR, AT_A_TIME)
        tx.remove(*waited)
    return len(waited)
