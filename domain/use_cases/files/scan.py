"""The virus scanner: what is in a file, before anybody is shown it.

A scanner that does not answer holds the file and not the message: nothing is shown because nobody could look. What is
infected quarantines the message it came with; where it was to be sent it is refused.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never

from domain.conversations.contents import Quarantined, QuarantineReason
from domain.errors import Unavailable
from domain.files.media import Media, MediaState, Step, forgotten, shown
from domain.ids import MediaId, OrganizationId
from domain.ports.bundle import Ports
from domain.ports.files import BytesMissing, Clean, Infected, NotScanned
from domain.ports.store import Transaction
from domain.use_cases.again import again_on_collision
from domain.use_cases.files.fetch import pause_after, record_change
from domain.use_cases.moderation.quarantine import hold, withhold

LEASE = timedelta(minutes=5)  # longer than any scan may take
LOST = "Its bytes were lost before it could be shown."


def infected(virus: str) -> str:
    return f"A virus was found in it: {virus}."


_Verdict: TypeAlias = Clean | Infected | NotScanned


async def verdict_on(ports: Ports, name: str) -> _Verdict | None:
    """What the scanner says of kept bytes; None where it does not answer. Without a scanner everything is clean."""
    if ports.scanner is None:
        return Clean()
    try:
        return await ports.scanner.scan(ports.media.read(name))
    except Unavailable:
        return None
    except BytesMissing:
        return NotScanned(LOST)


async def scan_media(ports: Ports, organization: OrganizationId, id: MediaId) -> None:
    """Scan one file that is held back, if that is due and nobody else is at it."""
    claimed = await _claim(ports, organization, id)
    if claimed is None or claimed.stored_as is None:
        return
    settled = await _settle(ports, claimed, await verdict_on(ports, claimed.stored_as))
    if settled is not None and settled.stored_as is None:
        await ports.media.remove(claimed.stored_as)


@again_on_collision
async def _claim(ports: Ports, organization: OrganizationId, id: MediaId) -> Media | None:
    now = ports.clock.now()
    async with ports.store.transaction(organization, background=True) as tx:
        media = (await tx.media([id])).get(id)
        if media is None or media.step is not Step.SCAN or media.due_at is None or media.due_at > now:
            return None
        leased = replace(media, due_at=now + LEASE, tries=media.tries + 1)
        tx.save(leased)
    return leased


@again_on_collision
async def _settle(ports: Ports, claimed: Media, verdict: _Verdict | None) -> Media | None:
    """The file after its scan; None where another try counts by now."""
    now = ports.clock.now()
    async with ports.store.transaction(claimed.organization, background=True) as tx:
        if isinstance(verdict, Infected) and claimed.message is not None:
            await hold(tx, claimed.message)
        media = (await tx.media([claimed.id])).get(claimed.id)
        if media is None or media.step is not Step.SCAN or media.due_at != claimed.due_at:
            return None
        match verdict:
            case None:
                after = replace(media, due_at=now + pause_after(media))
                tx.save(after)
                return after
            case Clean():
                after = shown(media, now, can_render=ports.sounds is not None)
            case Infected(virus=virus) if await _withheld(tx, media, now):
                after = shown(media, now, can_render=False)  # kept for supervisors, should the scanner be wrong
            case Infected(virus=virus):
                after = forgotten(media, MediaState.FAILED, infected(virus))
            case NotScanned(reason=reason):
                after = forgotten(media, MediaState.FAILED, reason)
            case _:
                assert_never(verdict)
        await record_change(tx, after)
    return after


async def _withheld(tx: Transaction, media: Media, now: datetime) -> bool:
    """Whether the message that it came with is quarantined from here on."""
    if media.message is None:
        return False
    message = await withhold(tx, media.message, QuarantineReason.MALWARE, now)
    return message is not None and isinstance(message.content, Quarantined)
