"""A file goes to the network before its message, once for each number, since its id can be sent again."""

from dataclasses import replace
from typing import assert_never

from domain.files.media import Upload, with_upload
from domain.outbound.outbox import OutboxItem
from domain.ports.bundle import Ports
from domain.ports.files import BytesMissing
from domain.ports.network import Failed, NotSent, Rejected, Unanswered
from domain.use_cases.again import again_on_collision
from domain.use_cases.files.intake import NotTheFile, unspoilt
from domain.use_cases.marks import failed, give_back
from domain.use_cases.outbound.leaving.claim import ToUpload
from domain.use_cases.outbound.leaving.departure import what_leaves
from domain.use_cases.outbound.leaving.own_failures import FILE_GONE
from domain.use_cases.outbound.leaving.rejections import pause_before, rejected, try_later
from domain.use_cases.work import Work


async def uploaded(ports: Ports, claimed: ToUpload) -> "str | Failed | None":
    """The network's id of the file; None where its bytes are gone or spoilt."""
    assert claimed.file.stored_as is not None  # READY
    try:
        # Asked first: an upload cut short by a missing file would look like the network's fault.
        if await ports.media.size(claimed.file.stored_as) != claimed.file.size:
            return None
        chunks = unspoilt(ports.media.read(claimed.file.stored_as), claimed.file.sha256)
        return await ports.network.upload(claimed.token, claimed.number, claimed.file, chunks)
    except (BytesMissing, NotTheFile):
        return None


@again_on_collision
async def settle_upload(ports: Ports, claimed: ToUpload, result: "str | Failed | None") -> None:
    """Record how the network knows the file and let the message leave, or say why it can't. Nothing was sent yet."""
    now = ports.clock.now()
    async with ports.store.transaction(claimed.item.organization) as tx:
        work = Work.of(ports, tx, now)
        item = await tx.row(OutboxItem, claimed.item.id)
        departure = await what_leaves(tx, claimed.item)
        file = (await tx.media([claimed.file.id])).get(claimed.file.id)
        if isinstance(result, str) and file is not None:
            tx.save(with_upload(file, Upload(claimed.number, result, now)))
        if item is None or item.lease is not None or item.due_at != claimed.item.due_at:
            return
        match result:
            case str():
                tx.save(replace(item, due_at=now))
            case None:
                await give_back(work, failed(work, departure.message, FILE_GONE))
                tx.remove(item)
            case NotSent() | Unanswered():
                await try_later(work, departure.message, item, now + pause_before(item))
            case Rejected():
                await rejected(work, replace(departure, item=item), item, None, result)
            case _:
                assert_never(result)
