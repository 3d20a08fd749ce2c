"""What a decision reads of one organization, in memory."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TypeVar

from adapters.memory.storage.books import Books, R
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
from domain.quota import ConversationKind, Entry, Period

K = TypeVar("K", bound=str)


class MemoryLook:
    def __init__(self, organization: OrganizationId, books: Books) -> None:
        self.organization = organization
        self.books = books

    @property
    def unheld(self) -> "MemoryLook":
        return self

    def _rows(self, kind: type[R]) -> Mapping[str, R]:
        return self.books.of(kind)

    def _of(self, kind: type[R]) -> dict[str, R]:
        """In the order of keys."""
        return dict(sorted(self._rows(kind).items()))

    async def settings(self) -> Organization:
        return self._of(Organization)[self.organization]

    async def row(self, kind: type[R], id: str) -> R | None:
        return self._rows(kind).get(id)

    async def by_ids(self, kind: type[R], ids: Collection[K]) -> dict[K, R]:
        rows = self._rows(kind)
        return {id: rows[id] for id in sorted(set(ids)) if id in rows}

    async def all_of(self, kind: type[R]) -> list[R]:
        return list(self._of(kind).values())

    async def channels_of(self, account: BusinessAccountId) -> list[Channel]:
        return [channel for channel in self._of(Channel).values() if channel.account == account]

    async def templates_of(self, account: BusinessAccountId) -> list[Template]:
        return [template for template in self._of(Template).values() if template.account == account]

    async def identities(self, keys: Collection[IdentityKey]) -> list[Identity]:
        wanted = set(keys)
        return [identity for identity in self._of(Identity).values() if identity.key in wanted]

    async def contacts(self, ids: Collection[ContactId]) -> dict[ContactId, Contact]:
        return await self.by_ids(Contact, ids)

    async def threads(self, ids: Collection[ThreadId]) -> dict[ThreadId, Thread]:
        return await self.by_ids(Thread, ids)

    async def threads_of(self, contacts: Collection[ContactId]) -> list[Thread]:
        wanted = set(contacts)
        return [thread for thread in self._of(Thread).values() if thread.contact in wanted]

    async def messages(self, ids: Collection[MessageId]) -> dict[MessageId, Message]:
        return await self.by_ids(Message, ids)

    async def messages_by_wamid(
        self, wamids: Collection[tuple[ChannelId, Wamid]]
    ) -> dict[tuple[ChannelId, Wamid], Message]:
        messages = self._rows(Message)
        holders = {pair: self.books.holders.get((Message, pair)) for pair in wamids}
        return {pair: messages[id] for pair, id in holders.items() if id is not None}

    async def media(self, ids: Collection[MediaId]) -> dict[MediaId, Media]:
        return await self.by_ids(Media, ids)

    async def period_at(self, at: datetime) -> Period | None:
        return next((each for each in self._of(Period).values() if each.starts_at <= at < each.ends_at), None)

    async def entries_since(self, thread: ThreadId, since: datetime) -> list[Entry]:
        entries = [entry for entry in self._of(Entry).values() if entry.thread == thread and entry.at >= since]
        return sorted(entries, key=lambda entry: (entry.at, entry.id))

    async def allowance_taken(self, account: BusinessAccountId, since: datetime) -> list[datetime]:
        return sorted(
            entry.at
            for entry in self._of(Entry).values()
            if entry.account == account and entry.at > since and counts_as_allowance(entry)
        )

    async def pace(self, channel: ChannelId) -> RateState | None:
        return await self.row(RateState, channel)

    async def remembered(self, id: str) -> IdempotencyRecord | None:
        return await self.row(IdempotencyRecord, id)


def counts_as_allowance(entry: Entry) -> bool:
    return entry.kind is ConversationKind.BUSINESS_INITIATED and entry.refunded_at is None
