"""Files that were made to be sent, and nobody sent: the place of one goes, or its bytes."""

from domain.files.media import Media, MediaState, Step, forgotten, names_of, used
from domain.ids import MediaId, OrganizationId
from domain.ports.bundle import Ports
from domain.use_cases.again import again_on_collision

NEVER_CAME = "Its bytes never came."
NEVER_SENT = "It was not sent for 30 days, and is not kept any longer."


async def forget_media(ports: Ports, organization: OrganizationId, id: MediaId) -> None:
    """Let one file go, if that is due. Its row stays, so that what asks for it is told why there is nothing."""
    media = await _forgotten(ports, organization, id)
    # A crash before this leaves bytes that no row names; the sweep finds them.
    for name in names_of(media) if media is not None else ():
        await ports.media.remove(name)


@again_on_collision
async def _forgotten(ports: Ports, organization: OrganizationId, id: MediaId) -> Media | None:
    """The file as it was, with its bytes."""
    now = ports.clock.now()
    async with ports.store.transaction(organization, background=True) as tx:
        media = (await tx.media([id])).get(id)
        if media is None or media.step is not Step.FORGET or media.due_at is None or media.due_at > now:
            return None
        if media.uploads:  # the network has had it, so something names it
            tx.save(used(media))
            return None
        why = NEVER_CAME if media.state is MediaState.PENDING else NEVER_SENT
        tx.save(forgotten(media, MediaState.EXPIRED, why))
    return media
