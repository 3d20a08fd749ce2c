"""The library kept: items made, changed, thrown away. Messages that were sent with one stay as they were."""

from dataclasses import dataclass, replace

from domain.conversations.library import LibraryItem, LibraryItemKind, fault_of
from domain.errors import Refusal, forbidden, invalid, not_found
from domain.given import UNSET, Left
from domain.ids import LibraryItemId, MediaId
from domain.people.actors import Actor, Right
from domain.ports.bundle import Ports
from domain.ports.store import Transaction
from domain.use_cases.again import again_on_collision
from domain.use_cases.files.sendable import files_at_hand
from domain.use_cases.outbound.queue import keep_files


@dataclass(frozen=True, slots=True)
class CreateItem:
    kind: LibraryItemKind
    title: str
    body: str | None = None
    url: str | None = None
    media: MediaId | None = None


@dataclass(frozen=True, slots=True)
class UpdateItem:
    item: LibraryItemId
    title: str | Left | None = UNSET
    body: str | Left | None = UNSET
    url: str | Left | None = UNSET
    media: MediaId | Left | None = UNSET


@again_on_collision
async def create_item(ports: Ports, actor: Actor, command: CreateItem) -> LibraryItem | Refusal:
    """Refuses FORBIDDEN, INVALID, NOT_FOUND (a file), TEXT_TOO_LONG, MEDIA_REJECTED: whatever could not be sent."""
    if not actor.may(Right.LIBRARY):
        return forbidden("change the library")
    now = ports.clock.now()
    item = LibraryItem(
        organization=actor.organization,
        id=LibraryItemId(ports.ids.new()),
        kind=command.kind,
        title=command.title.strip(),
        created_at=now,
        updated_at=now,
        body=command.body or None,
        url=command.url or None,
        media=command.media,
    )
    async with ports.store.transaction(actor.organization) as tx:
        return await _kept(tx, item)


@again_on_collision
async def update_item(ports: Ports, actor: Actor, command: UpdateItem) -> LibraryItem | Refusal:
    """Refuses as `create_item` does, for the item as it would then be."""
    if not actor.may(Right.LIBRARY):
        return forbidden("change the library")
    if command.title is None:
        return invalid("An item has a title.", "title")
    async with ports.store.transaction(actor.organization) as tx:
        item = await tx.row(LibraryItem, command.item)
        if item is None:
            return not_found("library item", "libraryItemId")
        changed = replace(
            item,
            title=item.title if command.title is UNSET else command.title.strip(),
            body=item.body if command.body is UNSET else command.body or None,
            url=item.url if command.url is UNSET else command.url or None,
            media=item.media if command.media is UNSET else command.media,
        )
        if changed == item:
            return item
        return await _kept(tx, replace(changed, updated_at=ports.clock.now()))


@again_on_collision
async def delete_item(ports: Ports, actor: Actor, id: LibraryItemId) -> LibraryItem | Refusal:
    """The item as it was. Refuses FORBIDDEN, NOT_FOUND."""
    if not actor.may(Right.LIBRARY):
        return forbidden("change the library")
    async with ports.store.transaction(actor.organization) as tx:
        item = await tx.row(LibraryItem, id)
        if item is None:
            return not_found("library item", "libraryItemId")
        tx.remove(item)
    return item


async def _kept(tx: Transaction, item: LibraryItem) -> LibraryItem | Refusal:
    file = (await files_at_hand(tx, [item.media])).get(item.media) if item.media is not None else None
    if item.media is not None and file is None:
        return not_found("file", "mediaId")
    if refusal := fault_of(item, file):
        return refusal
    tx.save(item)
    await keep_files(tx, [item.media] if item.media is not None else [])
    return item
