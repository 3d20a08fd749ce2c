"""The directory on SQLite: names that are known without an organization."""

import json
from collections.abc import Collection

from adapters.db.connections import ReadPool
from domain.ids import OrganizationId
from domain.ports import Listing


class SqlDirectory:
    def __init__(self, readers: ReadPool) -> None:
        self._readers = readers

    async def organizations(self) -> list[OrganizationId]:
        rows = await self._readers.select(
            "SELECT DISTINCT organization_id FROM directory WHERE kind = ? ORDER BY organization_id",
            Listing.ORGANIZATION.value,
        )
        return [OrganizationId(row["organization_id"]) for row in rows]

    async def find(self, kind: Listing, values: Collection[str]) -> list[tuple[str, OrganizationId, str]]:
        rows = await self._readers.select(
            "SELECT value, organization_id, ref FROM directory"
            " WHERE kind = ? AND value IN (SELECT asked.value FROM json_each(?) AS asked)"
            " ORDER BY value, organization_id",
            kind.value,
            json.dumps(list(values)),
        )
        return [(row["value"], OrganizationId(row["organization_id"]), row["ref"]) for row in rows]
