"""Files that could not be fetched, asked of the network again because somebody wants them."""

from domain.conversations.messages import Direction
from domain.files.media import WEBHOOK_ID_LIVES, MediaState, asked_again
from domain.ids import MediaId, OrganizationId
from domain.ports.bundle import Ports
from domain.use_cases.again import again_on_collision
from domain.use_cases.files.fetch import record_change

AT_MOST = 10_000  # at once; a second time takes the next


async def fetch_failed(ports: Ports) -> int:
    """Put every file that FAILED, and that the network may still have, back to be fetched; how many that were."""
    since = ports.clock.now() - WEBHOOK_ID_LIVES
    failed = await ports.store.failed_media(since, AT_MOST)
    return sum([await fetch_again(ports, organization, id) for organization, id in failed])


@again_on_collision
async def fetch_again(ports: Ports, organization: OrganizationId, id: MediaId) -> bool:
    """Put one file back to be fetched: one that FAILED, or whose bytes were lost here.

    False where the network no longer has it: it is EXPIRED then. A file of our own is left as it is.
    """
    now = ports.clock.now()
    async with ports.store.transaction(organization) as tx:
        media = (await tx.media([id])).get(id)
        if media is None or media.direction is not Direction.INBOUND or media.network_id is None:
            return False
        if media.state not in (MediaState.FAILED, MediaState.READY):
            return False
        again = asked_again(media, now)
        await record_change(tx, again)
    return again.state is MediaState.PENDING
