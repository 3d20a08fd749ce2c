"""Renditions: the sound of a voice note in a form that everything plays, made once its bytes are ours.

One transaction claims the file and one keeps what was made; the codecs and the store are between, in neither.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from domain.errors import Unavailable
from domain.files.media import PLAYABLE, Media, Rendition, Step, new_name, with_rendition
from domain.ids import MediaId, OrganizationId
from domain.ports.bundle import Ports
from domain.ports.files import BytesMissing, NotMade, SoundForm
from domain.use_cases.again import again_on_collision
from domain.use_cases.files.fetch import record_change
from domain.use_cases.files.intake import Intake, untold

LEASE = timedelta(minutes=5)  # longer than any conversion may take
TRIES = 3  # that came to no end; it is a convenience: the note itself is there
PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Later:
    """The store could not be asked: that counts for nothing."""


async def render_media(ports: Ports, organization: OrganizationId, id: MediaId) -> None:
    """Make the other form of one file, if that is due and nobody else is at it."""
    claimed = await _claim(ports, organization, id)
    if claimed is None:
        return
    made = await _made(ports, claimed)
    taken = await _settle(ports, claimed, made)
    if isinstance(made, Rendition) and not taken:
        await ports.media.remove(made.stored_as)


@again_on_collision
async def _claim(ports: Ports, organization: OrganizationId, id: MediaId) -> Media | None:
    now = ports.clock.now()
    async with ports.store.transaction(organization, background=True) as tx:
        media = (await tx.media([id])).get(id)
        if media is None or media.step is not Step.RENDER or media.due_at is None or media.due_at > now:
            return None
        if ports.sounds is None or media.tries >= TRIES:
            tx.save(with_rendition(media, None))
            return None
        leased = replace(media, due_at=now + LEASE, tries=media.tries + 1)
        tx.save(leased)
    return leased


async def _made(ports: Ports, media: Media) -> Rendition | _Later | None:
    """None where nothing can be made of it."""
    assert ports.sounds is not None, "it was claimed for them"
    assert media.stored_as is not None, "it is READY"
    name = new_name(media, ports.ids.new())
    try:
        chunks = ports.media.read(media.stored_as)
        async with ports.sounds.made(chunks, media.mime_type, SoundForm.PLAYABLE) as sound:
            if isinstance(sound, NotMade):
                return None
            intake = Intake("audio/mpeg")
            await ports.media.put(name, intake.through(sound, grown=untold, begun=untold, ended=untold))
    except BytesMissing:
        return None
    except Unavailable:
        return _Later()
    return Rendition(PLAYABLE, intake.mime_type, intake.size, intake.sha256, name)


@again_on_collision
async def _settle(ports: Ports, claimed: Media, made: Rendition | _Later | None) -> bool:
    """Whether this try was still the one that counts."""
    async with ports.store.transaction(claimed.organization, background=True) as tx:
        media = (await tx.media([claimed.id])).get(claimed.id)
        if media is None or media.due_at != claimed.due_at or media.step is not Step.RENDER:
            return False
        match made:
            case Rendition():
                await record_change(tx, with_rendition(media, made))
            case _Later():
                tx.save(replace(media, due_at=ports.clock.now() + PAUSE, tries=media.tries - 1))
            case None:
                tx.save(with_rendition(media, None))
    return True
