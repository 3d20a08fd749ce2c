"""What a decision reads of one organization, in SQL: locked in a transaction, or of one instant and held by nobody.

How the statements reach a database, and what they lock there, is `Looking`'s.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from adapters.db.dialect import Dialect
from adapters.db.reading.source import Selects
from adapters.db.rows.mapping import Record, Value, from_record, selected, table
from adapters.db.rows.times import instant_of
from domain.channels.channels import Channel
from domain.channels.templates import Template
from domain.contacts import Contact, Identity, IdentityKey
from domain.conversations.messages import Message
from domain.conversations.threads import Thread
from domain.files.media import Media
from domain.ids import (
    BusinessAccountId,
    ChannelId,
    ContactId,
    MediaId,
    MessageId,
    OrganizationId,
    ThreadId,
    Wamid,
)
from domain.outbound.outbox import IdempotencyRecord
from domain.outbound.pace import RateState
from domain.people.organizations import Organization
from domain.quota import Entry, Period
from domain.rows import Row

R = TypeVar("R", bound=Row)
K = TypeVar("K", bound=str)


class Looking(Protocol):
    """What a look asks of its database. Rows come in key order."""

    @property
    def dialect(self) -> Dialect: ...

    @property
    def unheld(self) -> "Looking":
        """The same, where nothing that is read is held."""
        ...

    async def rows(self, kind: type[R], where: str, *values: Value) -> list[R]:
        """The organization's rows of a kind that pass a condition."""
        ...

    async def rows_of_pairs(self, kind: type[R], columns: tuple[str, str], pairs: Sequence[tuple[str, str]]) -> list[R]:
        """The organization's rows of a kind whose two columns are one of the pairs."""
        ...

    async def select(self, sql: str, *values: Value) -> Sequence[Record]:
        """Any other question; locks nothing."""
        ...


class SqlLook:
    def __init__(self, organization: OrganizationId, looking: Looking) -> None:
        self.organization = organization
        self._looking = looking
        self._listed = looking.dialect.listed

    @property
    def unheld(self) -> "SqlLook":
        return SqlLook(self.organization, self._looking.unheld)

    async def settings(self) -> Organization:
        if found := await self._one(Organization, "id = ?", self.organization):
            return found
        raise LookupError(f"there is no organization {self.organization}")

    async def row(self, kind: type[R], id: str) -> R | None:
        return await self._one(kind, "id = ?", id)

    async def by_ids(self, kind: type[R], ids: Collection[K]) -> dict[K, R]:
        asked = {str(id): id for id in ids}
        return {asked[row.id]: row for row in await self._among(kind, "id", ids)}

    async def all_of(self, kind: type[R]) -> list[R]:
        return await self._looking.rows(kind, "true")

    async def channels_of(self, account: BusinessAccountId) -> list[Channel]:
        return await self._looking.rows(Channel, "account_id = ?", account)

    async def templates_of(self, account: BusinessAccountId) -> list[Template]:
        return await self._looking.rows(Template, "account_id = ?", account)

    async def identities(self, keys: Collection[IdentityKey]) -> list[Identity]:
        return await self._by_pairs(Identity, ("kind", "value"), [(key.kind, key.value) for key in keys])

    async def contacts(self, ids: Collection[ContactId]) -> dict[ContactId, Contact]:
        return await self.by_ids(Contact, ids)

    async def threads(self, ids: Collection[ThreadId]) -> dict[ThreadId, Thread]:
        return await self.by_ids(Thread, ids)

    async def threads_of(self, contacts: Collection[ContactId]) -> list[Thread]:
        return await self._among(Thread, "contact_id", contacts)

    async def messages(self, ids: Collection[MessageId]) -> dict[MessageId, Message]:
        return await self.by_ids(Message, ids)

    async def messages_by_wamid(
        self, wamids: Collection[tuple[ChannelId, Wamid]]
    ) -> dict[tuple[ChannelId, Wamid], Message]:
        found = await self._by_pairs(Message, ("channel_id", "wamid"), wamids)
        return {(row.channel, row.wamid): row for row in found if row.wamid is not None}

    async def media(self, ids: Collection[MediaId]) -> dict[MediaId, Media]:
        return await self.by_ids(Media, ids)

    async def period_at(self, at: datetime) -> Period | None:
        return await self._one(Period, "starts_at <= ? AND ends_at > ?", at, at)

    async def entries_since(self, thread: ThreadId, since: datetime) -> list[Entry]:
        found = await self._looking.rows(Entry, "thread_id = ? AND at >= ?", thread, since)
        return sorted(found, key=lambda row: (row.at, row.id))

    async def allowance_taken(self, account: BusinessAccountId, since: datetime) -> list[datetime]:
        rows = await self._looking.select(
            "SELECT at FROM quota_entries WHERE organization_id = ? AND account_id = ? AND at > ?"
            " AND kind = 'BUSINESS_INITIATED' AND refunded_at IS NULL ORDER BY at",
            self.organization,
            account,
            since,
        )
        return [instant_of(row["at"]) for row in rows]

    async def pace(self, channel: ChannelId) -> RateState | None:
        return await self._one(RateState, "id = ?", channel)

    async def remembered(self, id: str) -> IdempotencyRecord | None:
        return await self._one(IdempotencyRecord, "id = ?", id)

    # How it reads

    async def _one(self, kind: type[R], where: str, *values: Value) -> R | None:
        found = await self._looking.rows(kind, where, *values)
        return found[0] if found else None

    async def _among(self, kind: type[R], column: str, ids: Collection[str]) -> list[R]:
        return await self._looking.rows(kind, f"{column} {self._listed}", list(ids))

    async def _by_pairs(self, kind: type[R], columns: tuple[str, str], pairs: Collection[tuple[str, str]]) -> list[R]:
        return await self._looking.rows_of_pairs(kind, columns, list(dict.fromkeys(pairs)))


@dataclass(frozen=True, slots=True)
class LookingOn:
    """The statements of a look that is nobody's transaction: over a reading connection, which can't write."""

    organization: OrganizationId
    selects: Selects

    @property
    def dialect(self) -> Dialect:
        return self.selects.dialect

    @property
    def unheld(self) -> Looking:
        return self

    async def rows(self, kind: type[R], where: str, *values: Value) -> list[R]:
        sql = f"SELECT {selected(kind)} FROM {table(kind)} WHERE organization_id = ? AND ({where})"
        records = await self.select(sql, self.organization, *values)
        return sorted((from_record(kind, record) for record in records), key=lambda row: row.id)

    async def rows_of_pairs(self, kind: type[R], columns: tuple[str, str], pairs: Sequence[tuple[str, str]]) -> list[R]:
        """A decision asks for a few at most."""
        if not pairs:
            return []
        pair = f"({columns[0]} = ? AND {columns[1]} = ?)"
        return await self.rows(kind, " OR ".join(pair for _ in pairs), *(value for each in pairs for value in each))

    async def select(self, sql: str, *values: Value) -> Sequence[Record]:
        return await self.selects.select(sql, *values)
