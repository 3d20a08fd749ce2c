"""The directory in SQL: names that are known without an organization."""

from collections.abc import Collection

from adapters.db.reading.source import Selects
from domain.ids import OrganizationId
from domain.ports.directory import DirectoryEntry


class SqlDirectory:
    def __init__(self, selects: Selects) -> None:
        self._selects = selects

    async def organizations(self) -> list[OrganizationId]:
        rows = await self._selects.select(
            # primary key; the kind stands in it, since PostgreSQL takes any one kind for a part of all
            f"SELECT DISTINCT organization_id FROM directory WHERE kind = '{DirectoryEntry.ORGANIZATION}'"
            " ORDER BY organization_id"
        )
        return [OrganizationId(row["organization_id"]) for row in rows]

    async def find(self, kind: DirectoryEntry, values: Collection[str]) -> list[tuple[str, OrganizationId, str]]:
        rows = await self._selects.select(
            "SELECT value, organization_id, ref FROM directory"
            f" WHERE kind = ? AND value {self._selects.dialect.listed} ORDER BY value, organization_id",
            kind.value,
            list(values),
        )
        return [(row["value"], OrganizationId(row["organization_id"]), row["ref"]) for row in rows]
