"""The store in memory: one transaction at a time, on a copy that the commit publishes."""

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from heapq import nsmallest

from adapters.memory.storage.books import Books, R, Shelf, State
from adapters.memory.storage.transaction import MemoryTransaction, queue_place
from adapters.memory.storage.turns import Turns
from adapters.memory.storage.webhook_inbox import MemoryWebhookInbox
from domain.channels.channels import Channel
from domain.channels.template_sync import TemplateSync
from domain.conversations.messages import Direction
from domain.conversations.status import Mark, MessageStatus
from domain.conversations.threads import Thread
from domain.files.media import Media, MediaState
from domain.ids import BusinessAccountId, ChannelId, MediaId, MessageId, OrganizationId, ThreadId
from domain.outbound.outbox import CLOCKS_DIFFER, OutboxItem, is_lost, leads_too_far
from domain.outbound.pace import RateState
from domain.ports.hints import OUTBOX, Bus
from domain.ports.store import DueNumber, Figures, Transaction
from domain.ports.system import Clock, Ids
from domain.rows import organization_of
from domain.updates import ParkedUpdate


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
            tx = MemoryTransaction(organization, books.copy(), dict(before.listings), self._webhook_inbox)
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
        old = ((item.queued_at, item) for item in self._all(OutboxItem) if item.leased_until is None)
        return [(item.organization, item.id) for item in _due(old, lambda at: at < before, limit)]

    async def lost_sends(self, now: datetime, limit: int) -> list[tuple[OrganizationId, MessageId]]:
        leased = ((item.leased_until, item) for item in self._all(OutboxItem))
        return [(item.organization, item.id) for item in _due(leased, lambda at: is_lost(at, now), limit)]

    async def due_alarms(self, now: datetime, limit: int) -> list[tuple[OrganizationId, ThreadId]]:
        set_for = ((thread.alarm and thread.alarm.at, thread) for thread in self._all(Thread))
        return [(thread.organization, thread.id) for thread in _due(set_for, lambda at: at <= now, limit)]

    async def due_media(self, now: datetime, limit: int) -> list[tuple[OrganizationId, MediaId]]:
        files = ((file.due_at, file) for file in self._all(Media))
        return [(file.organization, file.id) for file in _due(files, lambda at: at <= now, limit)]

    async def due_checks(self, now: datetime, limit: int) -> list[tuple[OrganizationId, ChannelId]]:
        numbers = ((channel.check_due_at, channel) for channel in self._all(Channel))
        return [(channel.organization, channel.id) for channel in _due(numbers, lambda at: at <= now, limit)]

    async def due_template_syncs(self, now: datetime, limit: int) -> list[tuple[OrganizationId, BusinessAccountId]]:
        syncs = ((sync.due_at, sync) for sync in self._all(TemplateSync))
        return [(sync.organization, sync.id) for sync in _due(syncs, lambda at: at <= now, limit)]

    async def due_parked(self, now: datetime, limit: int) -> list[ParkedUpdate]:
        return _due(((parked.due_at, parked) for parked in self._all(ParkedUpdate)), lambda at: at <= now, limit)

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
        channels = list(self._all(Channel))
        problems = Counter(problem.code for channel in channels for problem in channel.problems)
        return Figures(len(due), min(due, default=None), Counter(each.state for each in channels), problems)

    def _all(self, kind: type[R], organization: OrganizationId | None = None) -> Iterator[R]:
        for name, books in self._shelf.state.books.items():
            if organization is None or name == organization:
                yield from books.of(kind).values()

    def _first_items(self, organization: OrganizationId) -> list[OutboxItem]:
        """The item of each thread that was queued first."""
        first: dict[ThreadId, OutboxItem] = {}
        for item in self._all(OutboxItem, organization):
            known = first.get(item.thread)
            if known is None or queue_place(item) < queue_place(known):
                first[item.thread] = item
        return list(first.values())

    def _commit(self, tx: MemoryTransaction) -> None:
        """Nothing is awaited from the first change to the last, so nobody can come between."""
        tx.write()
        tx.log(self._clock.now())
        state = self._shelf.state
        self._shelf.state = State({**state.books, tx.organization: tx.books}, tx.listings)

    def _hint(self, tx: MemoryTransaction) -> None:
        if tx.recorded_events:
            self._bus.hint(tx.organization, tx.books.head.position)
        if tx.moved_outbox:
            self._bus.hint(OUTBOX)


def _due(rows: Iterable[tuple[datetime | None, R]], is_due: Callable[[datetime], bool], limit: int) -> list[R]:
    """Rows whose instant there is and is due, the earliest first."""
    due = [(at, organization_of(row), row.id, row) for at, row in rows if at is not None and is_due(at)]
    return [row for *_, row in sorted(due, key=lambda each: each[:3])[:limit]]
