"""A transaction of the store, as both databases have it: what is staged, and what each question asks of its rows.

Rows are staged and written many at a time, parents first, each over the one that was there; a read has what is staged
written before it. How the statements reach a database, and what it locks, is its own: `transactions` of either room.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import takewhile
from typing import Protocol

from adapters.db.reading.look import Looking, SqlLook
from adapters.db.rows.mapping import columns, quoted, table
from adapters.db.rows.times import instant_of
from domain.channels.drafts import ConnectionDraft
from domain.channels.template_sync import TemplateSync
from domain.channels.templates import Template
from domain.contacts import Identity
from domain.events import Event
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
from domain.ports.directory import DirectoryEntry
from domain.quota import Entry, Period
from domain.rows import ONCE, Removable, Row, organization_of
from domain.tickets import Ticket, TicketChange
from domain.updates import ParkedUpdate, UpdateRecord

BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Staged:
    """What a transaction has still to write: of a row, what was said last of it."""

    rows: dict[type[Row], dict[str, Row]] = field(default_factory=dict[type[Row], dict[str, Row]])
    removed: dict[type[Row], dict[str, Row]] = field(default_factory=dict[type[Row], dict[str, Row]])

    def save(self, row: Row) -> None:
        self.removed.get(type(row), {}).pop(row.id, None)
        self.rows.setdefault(type(row), {})[row.id] = row

    def remove(self, row: Row) -> None:
        self.rows.get(type(row), {}).pop(row.id, None)
        self.removed.setdefault(type(row), {})[row.id] = row


@dataclass(slots=True)
class Written:
    """What a transaction wrote, as far as it has got, and what it still stages."""

    organization: OrganizationId
    staged: Staged = field(default_factory=Staged)
    events: list[Event] = field(default_factory=list[Event])
    moved_outbox: bool = False
    saved: list[Row] = field(default_factory=list[Row])
    removed: list[Row] = field(default_factory=list[Row])

    def take_staged(self) -> Staged:
        """What is to be written now."""
        staged, self.staged = self.staged, Staged()
        return staged


class Statements(Looking, Protocol):
    """What a transaction asks of its database. Each writes first what is staged; rows come locked, in key order."""

    async def take_turns(self, names: Sequence[str]) -> None:
        """Wait until no other transaction that lives has taken one of these names, and take them."""
        ...

    async def take_ticket_numbers(self, count: int) -> int:
        """The organization's counter of tickets moved on by so many; where it stands then."""
        ...

    async def enlist(self, kind: DirectoryEntry, value: str, ref: str) -> bool: ...

    async def delist(self, kind: DirectoryEntry, value: str) -> None: ...


class SqlTransaction(SqlLook):
    def __init__(self, written: Written, statements: Statements) -> None:
        super().__init__(written.organization, statements)
        self.written = written
        self._statements = statements

    # Staging

    def save(self, *rows: Row) -> None:
        for row in rows:
            assert organization_of(row) == self.organization, f"a row of another organization: {row}"
            self.written.moved_outbox = self.written.moved_outbox or isinstance(row, OutboxItem)
            self.written.saved.append(row)
            self.written.staged.save(row)

    def remove(self, *rows: Removable) -> None:
        for row in rows:
            assert row.organization == self.organization, f"a row of another organization: {row}"
            self.written.moved_outbox = self.written.moved_outbox or isinstance(row, OutboxItem)
            self.written.removed.append(row)
            self.written.staged.remove(row)

    def record(self, *events: Event) -> None:
        self.written.events += events

    async def take_turns(self, names: Collection[str]) -> None:
        if names:
            await self._statements.take_turns([f"{self.organization}/{name}" for name in names])

    # The organization and its people

    async def user_by_email(self, email: str) -> User | None:
        return await self._one(User, "email = ?", email)

    # Channels

    async def template_of(self, account: BusinessAccountId, network_id: str) -> Template | None:
        return await self._one(Template, "network_id = ? AND account_id = ?", network_id, account)

    async def template_sync(self, account: BusinessAccountId) -> TemplateSync | None:
        return await self._one(TemplateSync, "id = ?", account)

    # Contacts, threads, tickets

    async def identities_of(self, contacts: Collection[ContactId]) -> list[Identity]:
        return await self._among(Identity, "contact_id", contacts)

    async def tickets(self, ids: Collection[TicketId]) -> dict[TicketId, Ticket]:
        return await self.by_ids(Ticket, ids)

    async def tickets_of(self, contacts: Collection[ContactId]) -> list[Ticket]:
        return await self._among(Ticket, "contact_id", contacts)

    async def ticket_changes_of(self, tickets: Collection[TicketId]) -> list[TicketChange]:
        return await self._among(TicketChange, "ticket_id", tickets)

    async def next_ticket_numbers(self, count: int) -> int:
        return await self._statements.take_ticket_numbers(count) - count + 1

    # Messages

    async def unread(self, thread: ThreadId, after: tuple[datetime, MessageId] | None) -> int:
        at, id = after or (BEFORE_ALL, "")
        rows = await self._statements.select(
            "SELECT count(*) AS unread FROM messages"
            " WHERE organization_id = ? AND thread_id = ? AND (at, id) > (?, ?) AND direction = 'INBOUND'",
            self.organization,
            thread,
            at,
            id,
        )
        return rows[0]["unread"]

    async def session_instants(self, thread: ThreadId, before: datetime, limit: int) -> list[datetime]:
        rows = await self._statements.select(
            "SELECT at FROM messages"
            " WHERE organization_id = ? AND thread_id = ? AND at < ? AND extends_session ORDER BY at DESC LIMIT ?",
            self.organization,
            thread,
            before,
            limit,
        )
        return [instant_of(row["at"]) for row in rows]

    # Updates

    async def recorded(self, ids: Collection[str]) -> dict[str, UpdateRecord]:
        where = f"id {self._listed} AND outcome <> 'FAILED'"
        return {row.id: row for row in await self._statements.rows(UpdateRecord, where, list(ids))}

    async def parked(self, wamids: Collection[tuple[PhoneNumberId, Wamid]]) -> list[ParkedUpdate]:
        found = await self._by_pairs(ParkedUpdate, ("number", "wamid"), wamids)
        return sorted(found, key=lambda row: (row.parked_at, row.id))

    async def parked_before(self, instant: datetime, limit: int) -> list[ParkedUpdate]:
        rows = await self._statements.select(
            "SELECT id FROM parked WHERE organization_id = ? AND parked_at < ? ORDER BY parked_at, id LIMIT ?",
            self.organization,
            instant,
            limit,
        )
        found = await self._among(ParkedUpdate, "id", [row["id"] for row in rows])
        return sorted(found, key=lambda row: (row.parked_at, row.id))

    # What goes with age

    async def updates_before(self, instant: datetime, limit: int) -> list[UpdateRecord]:
        # updates_by_age; deliveries: primary key. As NOT EXISTS, PostgreSQL would go through all deliveries.
        rows = await self._statements.select(
            "SELECT id FROM updates WHERE organization_id = ? AND at < ?"
            " AND (SELECT 1 FROM deliveries WHERE deliveries.id = updates.delivery_id LIMIT 1) IS NULL"
            " ORDER BY at, id LIMIT ?",
            self.organization,
            instant,
            limit,
        )
        found = await self._among(UpdateRecord, "id", [row["id"] for row in rows])
        return sorted(found, key=lambda row: (row.at, row.id))

    async def sign_ins_before(self, instant: datetime, limit: int) -> list[SignIn]:
        # sign_ins_by_expiry
        rows = await self._statements.select(
            "SELECT id FROM sign_ins WHERE organization_id = ? AND expires_at < ? ORDER BY expires_at, id LIMIT ?",
            self.organization,
            instant,
            limit,
        )
        found = await self._among(SignIn, "id", [row["id"] for row in rows])
        return sorted(found, key=lambda row: (row.expires_at, row.id))

    async def drafts_before(self, instant: datetime, limit: int) -> list[ConnectionDraft]:
        # connection_drafts_by_end
        rows = await self._statements.select(
            "SELECT id FROM connection_drafts WHERE organization_id = ? AND expires_at < ? ORDER BY expires_at, id"
            " LIMIT ?",
            self.organization,
            instant,
            limit,
        )
        found = await self._among(ConnectionDraft, "id", [row["id"] for row in rows])
        return sorted(found, key=lambda row: (row.expires_at, row.id))

    async def forget_events(self, before: datetime, limit: int) -> int:
        # events: primary key, from the beginning. Where a clock was wrong, no hole comes of it.
        rows = await self._statements.select(
            "SELECT position, at FROM events WHERE organization_id = ? ORDER BY position LIMIT ?",
            self.organization,
            limit,
        )
        old = list(takewhile(lambda row: instant_of(row["at"]) < before, rows))
        if old:
            await self._statements.select(
                "DELETE FROM events WHERE organization_id = ? AND position <= ?", self.organization, old[-1]["position"]
            )
        return len(old)

    # The ledger

    async def period_of(self, entry: Entry) -> Period:
        if found := await self._one(Period, "id = ?", entry.period):
            return found
        raise LookupError(f"there is no period {entry.period}")

    async def entry_of(self, message: MessageId) -> Entry | None:
        return await self._one(Entry, "message_id = ? AND refunded_at IS NULL", message)

    # The way out

    async def outbox_items(self, messages: Collection[MessageId]) -> dict[MessageId, OutboxItem]:
        return await self.by_ids(OutboxItem, messages)

    async def outbox(self, limit: int) -> list[OutboxItem]:
        # outbox: primary key
        rows = await self._statements.select(
            "SELECT id FROM outbox WHERE organization_id = ? AND reaction IS NULL ORDER BY id LIMIT ?",
            self.organization,
            limit,
        )
        return await self._among(OutboxItem, "id", [row["id"] for row in rows])

    async def begin_epoch(self, epoch: str) -> None:
        await self._statements.select(
            "UPDATE event_counters SET epoch = ? WHERE organization_id = ?", epoch, self.organization
        )

    async def outbox_ahead(self, item: OutboxItem) -> bool:
        rows = await self._statements.select(
            "SELECT 1 FROM outbox WHERE organization_id = ? AND thread_id = ? AND (queued_at, id) < (?, ?) LIMIT 1",
            self.organization,
            item.thread,
            item.queued_at,
            item.id,
        )
        return bool(rows)

    # The directory

    async def enlist(self, kind: DirectoryEntry, value: str, ref: str) -> bool:
        return await self._statements.enlist(kind, value, ref)

    async def delist(self, kind: DirectoryEntry, value: str) -> None:
        await self._statements.delist(kind, value)


# ---------------------------------------------------------------- statements that both have

IS_ELSEWHERE = "SELECT 1 FROM directory WHERE kind = ? AND value = ? AND organization_id <> ?"
ENLIST = (
    "INSERT INTO directory (kind, value, organization_id, ref) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (kind, value, organization_id) DO UPDATE SET ref = excluded.ref"
)
DELIST = "DELETE FROM directory WHERE kind = ? AND value = ? AND organization_id = ?"
BEGIN_LOG = (
    "INSERT INTO event_counters (organization_id, epoch, position) VALUES (?, ?, 0)"
    " ON CONFLICT (organization_id) DO NOTHING"
)
TAKE_TICKET_NUMBERS = (
    "INSERT INTO ticket_counters (organization_id, number) VALUES (?, ?)"
    " ON CONFLICT (organization_id) DO UPDATE SET number = ticket_counters.number + excluded.number RETURNING number"
)


@cache
def written(kind: type[Row], source: str) -> str:
    """Rows of a kind written from `source`, a VALUES or a SELECT: over those that are there, where it has such."""
    names = columns(kind)
    insert = f"INSERT INTO {table(kind)} ({quoted(names)}) {source}"
    if kind in ONCE:
        return insert
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in ("organization_id", "id"))
    return f"{insert} ON CONFLICT (organization_id, id) DO UPDATE SET {changes}"
