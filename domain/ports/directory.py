"""Names that are known without an organization, and whose each is."""

from collections.abc import Collection
from enum import StrEnum
from typing import Protocol

from domain.ids import (
    OrganizationId,
)


class DirectoryEntry(StrEnum):
    """Kinds of names that the directory resolves without an organization."""

    ORGANIZATION = "ORGANIZATION"  # its name, casefolded; unique
    KEY = "KEY"  # an API key's hash; unique
    TOKEN = "TOKEN"  # a sign-in token's hash; unique
    EMAIL = "EMAIL"  # a sign-in address; several organizations may have it
    NUMBER = "NUMBER"  # a phone number id; unique
    ACCOUNT = "ACCOUNT"  # a business account id; several


UNIQUE_ENTRIES = frozenset(
    {DirectoryEntry.ORGANIZATION, DirectoryEntry.KEY, DirectoryEntry.TOKEN, DirectoryEntry.NUMBER}
)


class Directory(Protocol):
    """Names that are known without an organization."""

    async def organizations(self) -> list[OrganizationId]: ...

    async def find(self, kind: DirectoryEntry, values: Collection[str]) -> list[tuple[str, OrganizationId, str]]:
        """(value, organization, ref) of each listed name; several rows where a name is not unique."""
        ...
