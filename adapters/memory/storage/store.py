"""The store in memory: one transaction at a time, on a copy that the commit publishes."""

from collections import Counter
from collections.abc import AsyncGenerator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from heapq import nsmallest
from itertools import takewhile

from adapters.memory.storage.books import Books, R, Shelf, State
from adapters.memory.storage.look import MemoryLook
from adapters.memory.storage.turns import Turns
from adapters.memory.storage.webhook_inbox import MemoryWebhookInbox
from domain.channels.channels import Channel
from domain.channels.template_sync import TemplateSync
from domain.channels.templates import Template
from domain.contacts import Identity
from domain.conversations.messages import Direction, Message
from domain.conversations.status import Mark, MessageStatus
from domain.conversations.threads import Thread
from domain.events import Event, LoggedEvent
from domain.files.media import Media, MediaState
from domain.ids import (
    BusinessAccountId,
    ChannelId,
    ContactId,
    MediaId,
    MessageId,
    OrganizationId,
    PhoneNumberId,
    ThreadId,
    TicketId,
    Wamid,
)
from domain.outbound.outbox import CLOCKS_DIFFER, OutboxItem, is_lost, leads_too_far
from domain.outbound.pace import RateState
from domain.people.organizations import SignIn, User
from domain.ports.directory import UNIQUE_ENTRIES, DirectoryEntry
from domain.ports.hints import OUTBOX, Bus
from domain.ports.store import DueNumber, Figures, Transaction
from domain.ports.system import Clock, Ids
from domain.quota import Entry, Period
from domain.rows import ROW_TYPES, Removable, Row, organization_of
from domain.tickets import Ticket, TicketChange
from domain.updates import Outcome, ParkedUpdate, UpdateRecord


class MemoryStore:
    def __init__(self, clock: Clock, ids: Ids, bus: Bus, shelf: Shelf, webhook_inbox: MemoryWebhookInbox) -> None:
        self._clock = clock
        self._ids = ids
        self._bus = bus
        self._shelf = shelf
        self._webhook_inbox = webhook_inbox
        self._turns = Turns()

    @asynccontextmanager
    async def transaction(
        self, organization: OrganizationId, *, background: bool = False
    ) -> AsyncGenerator[Transaction, None]:
        async with self._turns.turn(background=background):
            before = self._shelf.state
            books = before.books.get(organization) or Books(self._ids.new())
            tx = _MemoryTransaction(organization, books.copy(), dict(before.listings), self._webhook_inbox)
            try:
                yield tx
                self._commit(tx)
            finally:
                tx.end()
        self._hint(tx)

    async def pause(self, tries: int) -> bool:
        """One transaction at a time collides with nobody."""
        return False

    async def due_numbers(self, now: datetime) -> list[DueNumber]:
        due = {
            (item.organization, item.channel)
            for item in self._all(OutboxItem)
            if item.leased_until is None and item.due_at <= now
        }
        books = self._shelf.state.books
        return [DueNumber(*number, books[number[0]].of(RateState).get(number[1])) for number in sorted(due)]

    async def due_sends_of(
        self, organization: OrganizationId, channel: ChannelId, priority: int, now: datetime, limit: int
    ) -> list[MessageId]:
        due = (
            (item.due_at, item.queued_at, item.id)
            for item in self._first_items(organization)
            if item.channel == channel
            and item.priority == priority
            and item.leased_until is None
            and item.due_at <= now
        )
        return [id for _, _, id in nsmallest(limit, due)]

    async def old_sends(self, before: datetime, limit: int) -> list[tuple[OrganizationId, MessageId]]:
        old = [
            (item.queued_at, item.organization, item.id)
            for item in self._all(OutboxItem)
            if item.leased_until is None and item.queued_at < before
        ]
        return [(organization, id) for _, organization, id in sorted(old)[:limit]]

    async def lost_sends(self, now: datetime, limit: int) -> list[tuple[OrganizationId, MessageId]]:
        lost = [
            (item.leased_until, item.organization, item.id)
            for item in self._all(OutboxItem)
            if item.leased_until is not None and is_lost(item.leased_until, now)
        ]
        return [(organization, id) for _, organization, id in sorted(lost)[:limit]]

    async def due_alarms(self, now: datetime, limit: int) -> list[tuple[OrganizationId, ThreadId]]:
        due = [
            (thread.alarm.at, thread.organization, thread.id)
            for thread in self._all(Thread)
            if thread.alarm is not None and thread.alarm.at <= now
        ]
        return [(organization, id) for _, organization, id in sorted(due)[:limit]]

    async def due_media(self, now: datetime, limit: int) -> list[tuple[OrganizationId, MediaId]]:
        due = [
            (file.due_at, file.organization, file.id)
            for file in self._all(Media)
            if file.due_at is not None and file.due_at <= now
        ]
        return [(organization, id) for _, organization, id in sorted(due)[:limit]]

    async def due_template_syncs(self, now: datetime, limit: int) -> list[tuple[OrganizationId, BusinessAccountId]]:
        due = [
            (sync.due_at, sync.organization, sync.id)
            for sync in self._all(TemplateSync)
            if sync.due_at is not None and sync.due_at <= now
        ]
        return [(organization, id) for _, organization, id in sorted(due)[:limit]]

    async def due_parked(self, now: datetime, limit: int) -> list[ParkedUpdate]:
        due = [
            (each.due_at, each.organization, each.id, each)
            for each in self._all(ParkedUpdate)
            if each.due_at is not None and each.due_at <= now
        ]
        return [parked for *_, parked in sorted(due, key=lambda each: each[:3])[:limit]]

    async def failed_media(self, since: datetime, limit: int) -> list[tuple[OrganizationId, MediaId]]:
        failed = [
            (file.organization, file.id)
            for file in self._all(Media)
            if (file.state, file.direction) == (MediaState.FAILED, Direction.INBOUND)
            and file.network_id is not None
            and file.created_at > since
        ]
        return sorted(failed)[:limit]

    async def rung_away(self, now: datetime, limit: int) -> list[tuple[OrganizationId, ThreadId]]:
        away = [
            (thread.organization, thread.id)
            for thread in self._all(Thread)
            if thread.alarm is None and thread.session is not None and thread.session.expires_at > now + CLOCKS_DIFFER
        ]
        return away[:limit]

    async def given_up_ahead(self, now: datetime, limit: int) -> list[tuple[OrganizationId, MessageId]]:
        ahead = {
            (mark.organization, mark.message)
            for mark in self._all(Mark)
            if mark.status is MessageStatus.FAILED and mark.delivery is None and mark.reported_at > now + CLOCKS_DIFFER
        }
        return sorted(ahead)[:limit]

    async def held_too_far(self, now: datetime, limit: int) -> list[tuple[OrganizationId, MessageId]]:
        held = [
            (item.organization, item.id)
            for item in self._all(OutboxItem)
            if item.leased_until is None and leads_too_far(item, now)
        ]
        return held[:limit]

    async def next_due(self, now: datetime) -> datetime | None:
        sends = [item.due_at for item in self._all(OutboxItem) if item.leased_until is None]
        return min((at for at in sends if at > now), default=None)

    async def figures(self, now: datetime) -> Figures:
        due = [item.due_at for item in self._all(OutboxItem) if item.leased_until is None and item.due_at <= now]
        return Figures(len(due), min(due, default=None), Counter(each.state for each in self._all(Channel)))

    def _all(self, kind: type[R], organization: OrganizationId | None = None) -> Iterator[R]:
        for name, books in self._shelf.state.books.items():
            if organization is None or name == organization:
                yield from books.of(kind).values()

    def _first_items(self, organization: OrganizationId) -> list[OutboxItem]:
        """The item of each thread that was queued first."""
        first: dict[ThreadId, OutboxItem] = {}
        for item in self._all(OutboxItem, organization):
            known = first.get(item.thread)
            if known is None or _queued(item) < _queued(known):
                first[item.thread] = item
        return list(first.values())

    def _commit(self, tx: "_MemoryTransaction") -> None:
        """Nothing is awaited from the first change to the last, so nobody can come between."""
        tx.write()
        tx.log(self._clock.now())
        state = self._shelf.state
        self._shelf.state = State({**state.books, tx.organization: tx.books}, tx.listings)

    def _hint(self, tx: "_MemoryTransaction") -> None:
        if tx.recorded_events:
            self._bus.hint(tx.organization, tx.books.head.position)
        if tx.moved_outbox:
            self._bus.hint(OUTBOX)


class _MemoryTransaction(MemoryLook):
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

    async def channels(self) -> list[Channel]:
        return list(self._of(Channel).values())

    async def template_of(self, account: BusinessAccountId, network_id: str) -> Template | None:
        found = (each for each in await self.templates_of(account) if each.network_id == network_id)
        return next(found, None)

    async def template_sync(self, account: BusinessAccountId) -> TemplateSync | None:
        return self._of(TemplateSync).get(account)

    async def identities_of(self, contacts: Collection[ContactId]) -> list[Identity]:
        wanted = set(contacts)
        return [identity for identity in self._of(Identity).values() if identity.contact in wanted]

    async def tickets(self, ids: Collection[TicketId]) -> dict[TicketId, Ticket]:
        return self._named(Ticket, ids)

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

    async def messages_by_wamid(
        self, wamids: Collection[tuple[ChannelId, Wamid]]
    ) -> dict[tuple[ChannelId, Wamid], Message]:
        messages = self._of(Message)
        holders = {pair: self.books.holders.get((Message, pair)) for pair in wamids}
        return {pair: messages[id] for pair, id in holders.items() if id is not None}

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
        return self._named(OutboxItem, messages)

    async def outbox(self, limit: int) -> list[OutboxItem]:
        items = [item for item in self._of(OutboxItem).values() if item.reaction is None]
        return sorted(items, key=lambda item: item.id)[:limit]

    async def begin_epoch(self, epoch: str) -> None:
        self.books.epoch = epoch

    async def outbox_ahead(self, item: OutboxItem) -> bool:
        items = self._rows(OutboxItem).values()
        return any(other.thread == item.thread and _queued(other) < _queued(item) for other in items)

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


def _queued(item: OutboxItem) -> tuple[datetime, str]:
    return item.queued_at, item.id


def _parked(parked: ParkedUpdate) -> tuple[datetime, str]:
    return parked.parked_at, parked.id
