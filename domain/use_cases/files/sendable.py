"""Files that may be sent on: not those that came with a message which shows them no more."""

from collections.abc import Collection

from domain.conversations.messages import shows
from domain.files.media import Media
from domain.ids import MediaId
from domain.ports.store import Look


async def files_at_hand(look: Look, ids: Collection[MediaId]) -> dict[MediaId, Media]:
    """Those that are there; what was removed or quarantined is as unknown as what never was."""
    found = await look.media(sorted(set(ids)))
    came_with = {file.message for file in found.values() if file.message is not None}
    messages = await look.unheld.messages(sorted(came_with)) if came_with else {}
    return {
        file.id: file for file in found.values() if file.message is None or shows(messages.get(file.message), file.id)
    }
