"""The directory in memory: names that are known without an organization."""

from collections.abc import Collection

from adapters.memory.storage.books import Shelf
from domain.ids import OrganizationId
from domain.ports.directory import DirectoryEntry


class MemoryDirectory:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def organizations(self) -> list[OrganizationId]:
        listings = self._shelf.state.listings
        return sorted({organization for kind, _, organization in listings if kind is DirectoryEntry.ORGANIZATION})

    async def find(self, kind: DirectoryEntry, values: Collection[str]) -> list[tuple[str, OrganizationId, str]]:
        listings = self._shelf.state.listings
        return sorted(
            (value, organization, ref)
            for (listed, value, organization), ref in listings.items()
            if listed is kind and value in values
        )
