"""What is to be done for a file when its time comes: each step is a use case of its own."""

from typing import assert_never

from domain.files.media import Media, Step
from domain.ids import MediaId, OrganizationId
from domain.ports.bundle import Ports
from domain.use_cases.files.fetch import fetch_media
from domain.use_cases.files.forget import forget_media
from domain.use_cases.files.render import render_media
from domain.use_cases.files.scan import scan_media


async def process_media(ports: Ports, organization: OrganizationId, id: MediaId) -> Step | None:
    """Take the step of a file that is due now; which one that was."""
    media = (await ports.reader.by_ids(Media, organization, [id])).get(id)
    step = media.step if media is not None else None
    match step:
        case None:
            pass
        case Step.FETCH:
            await fetch_media(ports, organization, id)
            if ports.scanner is not None:
                await scan_media(ports, organization, id)
        case Step.SCAN:
            await scan_media(ports, organization, id)
        case Step.RENDER:
            await render_media(ports, organization, id)
        case Step.FORGET:
            await forget_media(ports, organization, id)
        case _:
            assert_never(step)
    return step
