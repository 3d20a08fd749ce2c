"""What a decision reads of one organization, in memory."""

from collections.abc import Collection
from datetime import datetime

from adapters.memory.books import Books, R
from domain.channels import Channel
from domain.contacts import Contact, Identity, IdentityKey
from domain.ids import (
    BusinessAccountId,
    ChannelId,
    ContactId,
    LibraryItemId,
    MediaId,
    MessageId,
    OrganizationId,
    TemplateId,
    ThreadId,
)
from domain.library import LibraryItem
from domain.media import Media
from domain.messages import Message
from domain.organizations import Organization
from domain.outbox import Remembered
from domain.quota import ConversationKind, Entry, Period
from domain.templates import Template
from domain.threads import Thread


class MemoryLook:
    def __init__(self, organization: OrganizationId, books: Books) -> None:
        self.organization = organization
        self.books = books

    def _of(self, kind: type[R]) -> dict[str, R]:
        """In the order of keys."""
        return dict(sorted(self.books.of(kind).items()))

    async def settings(self) -> Organization:
        return self._of(Organization)[self.organization]

    async def channel(self, id: ChannelId) -> Channel | None:
        return self._of(Channel).get(id)

    async def template(self, id: TemplateId) -> Template | None:
        return self._of(Template).get(id)

    async def templates_of(self, account: BusinessAccountId) -> list[Template]:
        return [template for template in self._of(Template).values() if template.account == account]

    async def identities(self, keys: Collection[IdentityKey]) -> list[Identity]:
        wanted = set(keys)
        return [identity for identity in self._of(Identity).values() if identity.key in wanted]

    async def contacts(self, ids: Collection[ContactId]) -> dict[ContactId, Contact]:
        wanted = set(ids)
        return {contact.id: contact for contact in self._of(Contact).values() if contact.id in wanted}

    async def threads(self, ids: Collection[ThreadId]) -> dict[ThreadId, Thread]:
        wanted = set(ids)
        return {thread.id: thread for thread in self._of(Thread).values() if thread.id in wanted}

    async def threads_of(self, contacts: Collection[ContactId]) -> list[Thread]:
        wanted = set(contacts)
        return [thread for thread in self._of(Thread).values() if thread.contact in wanted]

    async def messages(self, ids: Collection[MessageId]) -> dict[MessageId, Message]:
        wanted = set(ids)
        return {message.id: message for message in self._of(Message).values() if message.id in wanted}

    async def media(self, ids: Collection[MediaId]) -> dict[MediaId, Media]:
        wanted = set(ids)
        return {file.id: file for file in self._of(Media).values() if file.id in wanted}

    async def library_item(self, id: LibraryItemId) -> LibraryItem | None:
        return self._of(LibraryItem).get(id)

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

    async def remembered(self, id: str) -> Remembered | None:
        return self._of(Remembered).get(id)


def counts_as_allowance(entry: Entry) -> bool:
    return entry.kind is ConversationKind.BUSINESS_INITIATED and entry.refunded_at is None
