"""A transaction in memory: what is staged, and what each question asks of the rows."""

from collections.abc import Collection, Mapping
from datetime import datetime
from itertools import takewhile

from adapters.memory.storage.books import Books, R
from adapters.memory.storage.look import MemoryLook
from adapters.memory.storage.webhook_inbox import MemoryWebhookInbox
from domain.channels.drafts import ConnectionDraft
from domain.channels.template_sync import TemplateSync
from domain.channels.templates import Template
from domain.contacts import Identity
from domain.conversations.messages import Direction, Message
from domain.events import Event, LoggedEvent
from domain.ids import (
    BusinessAccountId,
    ContactId,
    MessageId,
    OrganizationId,
    PhoneNumberId,
    ThreadId,
    TicketId,
    Wamid,
)
from domain.outbound.outbox import OutboxItem
from domain.people.organizations import SignIn, User
from domain.ports.directory import UNIQUE_ENTRIES, DirectoryEntry
from domain.quota import Entry, Period
from domain.rows import ROW_TYPES, Removable, Row, organization_of
from domain.tickets import Ticket, TicketChange
from domain.updates import Outcome, ParkedUpdate, UpdateRecord


class MemoryTransaction(MemoryLook):
    def __init__(
        self,
        organization: OrganizationId,
        books: Books,
        listings: dict[tuple[DirectoryEntry, str, OrganizationId], str],
        webhook_inbox: MemoryWebhookInbox,
    ) -> None:
        super().__init__(organization, books)
        self._webhook_inbox = webhook_inbox
        self.listings = listings
        self.recorded_events: list[Event] = []
        self.moved_outbox = False
        self._failed = False
        self._ended = False
        self._staged: dict[tuple[type[Row], str], tuple[Row, bool]] = {}

    # Staging

    def save(self, *rows: Row) -> None:
        self._stage(rows, kept=True)

    def remove(self, *rows: Removable) -> None:
        self._stage(rows, kept=False)

    def record(self, *events: Event) -> None:
        self.recorded_events += events

    def _stage(self, rows: Collection[Row], *, kept: bool) -> None:
        for row in rows:
            assert organization_of(row) == self.organization, f"a row of another organization: {row}"
            self.moved_outbox = self.moved_outbox or isinstance(row, OutboxItem)
            self._staged[(type(row), row.id)] = (row, kept)

    def write(self) -> None:
        """What was staged so far. Where that fails once, nothing of the transaction can be committed any more."""
        assert not self._ended, "a transaction is used outside its block"
        assert not self._failed, "a row of this transaction was refused: nothing can be committed"
        staged, self._staged = self._staged, {}
        self._failed = True
        for row, kept in sorted(staged.values(), key=lambda pair: ROW_TYPES.index(type(pair[0]))):
            if kept:
                self.books.put(row)
            else:
                self.books.drop(row)
        self._failed = False

    def end(self) -> None:
        self._ended = True

    def log(self, at: datetime) -> None:
        first = self.books.head.position + 1
        self.books.append(
            LoggedEvent(position, at, event) for position, event in enumerate(self.recorded_events, first)
        )

    # Reading, in the order of keys where several are asked for

    def _rows(self, kind: type[R]) -> Mapping[str, R]:
        self.write()
        return super()._rows(kind)

    async def take_turns(self, names: Collection[str]) -> None:
        """There is one transaction at a time."""

    async def user_by_email(self, email: str) -> User | None:
        return next((user for user in self._of(User).values() if user.email == email), None)

    async def template_of(self, account: BusinessAccountId, network_id: str) -> Template | None:
        found = (each for each in await self.templates_of(account) if each.network_id == network_id)
        return next(found, None)

    async def template_sync(self, account: BusinessAccountId) -> TemplateSync | None:
        return self._of(TemplateSync).get(account)

    async def identities_of(self, contacts: Collection[ContactId]) -> list[Identity]:
        wanted = set(contacts)
        return [identity for identity in self._of(Identity).values() if identity.contact in wanted]

    async def tickets(self, ids: Collection[TicketId]) -> dict[TicketId, Ticket]:
        return await self.by_ids(Ticket, ids)

    async def tickets_of(self, contacts: Collection[ContactId]) -> list[Ticket]:
        wanted = set(contacts)
        return [ticket for ticket in self._of(Ticket).values() if ticket.contact in wanted]

    async def ticket_changes_of(self, tickets: Collection[TicketId]) -> list[TicketChange]:
        wanted = set(tickets)
        return [change for change in self._of(TicketChange).values() if change.ticket in wanted]

    async def next_ticket_numbers(self, count: int) -> int:
        first = self.books.ticket_number + 1
        self.books.ticket_number += count
        return first

    async def unread(self, thread: ThreadId, after: tuple[datetime, MessageId] | None) -> int:
        return sum(
            message.direction is Direction.INBOUND and (after is None or (message.at, message.id) > after)
            for message in self._messages_in(thread)
        )

    async def session_instants(self, thread: ThreadId, before: datetime, limit: int) -> list[datetime]:
        instants = [m.at for m in self._messages_in(thread) if m.extends_session and m.at < before]
        return sorted(instants, reverse=True)[:limit]

    def _messages_in(self, thread: ThreadId) -> list[Message]:
        return [message for message in self._of(Message).values() if message.thread == thread]

    async def recorded(self, ids: Collection[str]) -> dict[str, UpdateRecord]:
        records = self._of(UpdateRecord)
        found = (records[id] for id in ids if id in records)
        return {record.id: record for record in found if record.outcome is not Outcome.FAILED}

    async def parked(self, wamids: Collection[tuple[PhoneNumberId, Wamid]]) -> list[ParkedUpdate]:
        wanted = set(wamids)
        waiting = [each for each in self._of(ParkedUpdate).values() if (each.number, each.wamid) in wanted]
        return sorted(waiting, key=_parked)

    async def parked_before(self, instant: datetime, limit: int) -> list[ParkedUpdate]:
        return sorted((each for each in self._of(ParkedUpdate).values() if each.parked_at < instant), key=_parked)[
            :limit
        ]

    async def updates_before(self, instant: datetime, limit: int) -> list[UpdateRecord]:
        records = self._of(UpdateRecord).values()
        old = [each for each in records if each.at < instant and not self._webhook_inbox.has(each.delivery)]
        return sorted(old, key=lambda each: (each.at, each.id))[:limit]

    async def sign_ins_before(self, instant: datetime, limit: int) -> list[SignIn]:
        old = [each for each in self._of(SignIn).values() if each.expires_at < instant]
        return sorted(old, key=lambda each: (each.expires_at, each.id))[:limit]

    async def drafts_before(self, instant: datetime, limit: int) -> list[ConnectionDraft]:
        old = [each for each in self._of(ConnectionDraft).values() if each.expires_at < instant]
        return sorted(old, key=lambda each: (each.expires_at, each.id))[:limit]

    async def forget_events(self, before: datetime, limit: int) -> int:
        old = list(takewhile(lambda logged: logged.at < before, self.books.events[:limit]))
        if old:
            self.books.forget(len(old))
        return len(old)

    async def period_of(self, entry: Entry) -> Period:
        return self._of(Period)[entry.period]

    async def entry_of(self, message: MessageId) -> Entry | None:
        entries = self._of(Entry).values()
        return next((entry for entry in entries if entry.message == message and entry.refunded_at is None), None)

    async def outbox_items(self, messages: Collection[MessageId]) -> dict[MessageId, OutboxItem]:
        return await self.by_ids(OutboxItem, messages)

    async def outbox(self, limit: int) -> list[OutboxItem]:
        items = [item for item in self._of(OutboxItem).values() if item.reaction is None]
        return sorted(items, key=lambda item: item.id)[:limit]

    async def begin_epoch(self, epoch: str) -> None:
        self.books.epoch = epoch

    async def outbox_ahead(self, item: OutboxItem) -> bool:
        items = self._rows(OutboxItem).values()
        return any(other.thread == item.thread and queue_place(other) < queue_place(item) for other in items)

    # The directory

    async def enlist(self, kind: DirectoryEntry, value: str, ref: str) -> bool:
        if kind in UNIQUE_ENTRIES and self._listed_elsewhere(kind, value):
            return False
        self.listings[(kind, value, self.organization)] = ref
        return True

    async def delist(self, kind: DirectoryEntry, value: str) -> None:
        self.listings.pop((kind, value, self.organization), None)

    def _listed_elsewhere(self, kind: DirectoryEntry, value: str) -> bool:
        return any(
            (listed, name) == (kind, value) and organization != self.organization
            for listed, name, organization in self.listings
        )


def queue_place(item: OutboxItem) -> tuple[datetime, str]:
    return item.queued_at, item.id


def _parked(parked: ParkedUpdate) -> tuple[datetime, str]:
    return parked.parked_at, parked.id
