"""Transactions on SQLite, and what is due across organizations.

Rows are staged and written many at a time, parents first, each as an upsert; a read writes what is staged before it,
in the same trip to the connection's thread. The end is one trip too: what is still staged, deliveries' results, the
organization's counter, its events, the commit.
"""

import json
import sqlite3
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import Any, TypeVar

from adapters.db.connections import ReadPool
from adapters.db.mapping import (
    EVENT_COLUMNS,
    ROW_TYPES,
    Value,
    columns,
    event_values,
    from_record,
    selected,
    table,
    to_values,
)
from adapters.db.times import instant_of, instant_text
from adapters.db.writer import Hint, Turn, Writer
from domain.channels import Channel
from domain.contacts import Contact, Identity, IdentityKey
from domain.events import Event, LoggedEvent
from domain.ids import (
    ApiKeyId,
    BusinessAccountId,
    ChannelId,
    ContactId,
    MediaId,
    MessageId,
    OrganizationId,
    PeriodId,
    PhoneNumberId,
    SignInId,
    TemplateId,
    ThreadId,
    TicketId,
    UserId,
    Wamid,
)
from domain.media import Media
from domain.messages import Message
from domain.organizations import ApiKey, Organization, SignIn, User
from domain.outbox import OutboxItem, Remembered
from domain.ports import (
    OUTBOX,
    UNIQUE_LISTINGS,
    Clock,
    DeliveryResult,
    DeliveryState,
    Ids,
    Listing,
    Row,
    Transaction,
)
from domain.quota import Entry, Period
from domain.templates import Template
from domain.threads import Thread
from domain.tickets import Ticket
from domain.updates import Parked

R = TypeVar("R", bound=Row)
T = TypeVar("T")


class SqlStore:
    def __init__(self, writer: Writer, readers: ReadPool, clock: Clock, ids: Ids) -> None:
        self._writer = writer
        self._readers = readers
        self._clock = clock
        self._ids = ids

    @asynccontextmanager
    async def transaction(
        self, organization: OrganizationId, *, background: bool = False
    ) -> AsyncGenerator[Transaction]:
        async with self._writer.turn(background=background) as turn:
            tx = _SqlTransaction(organization, turn, self._ids)
            yield tx
            turn.end(tx.ending(self._clock.now()))

    async def pause(self, tries: int) -> bool:
        """One writer at a time collides with nobody."""
        return False

    async def due_sends(self, now: datetime, limit: int) -> list[tuple[OrganizationId, MessageId]]:
        rows = await self._readers.select(_DUE_SENDS, instant_text(now), limit)
        return [(OrganizationId(row["organization_id"]), MessageId(row["id"])) for row in rows]

    async def lost_sends(self, now: datetime, limit: int) -> list[tuple[OrganizationId, MessageId]]:
        rows = await self._readers.select(_LOST_SENDS, instant_text(now), limit)
        return [(OrganizationId(row["organization_id"]), MessageId(row["id"])) for row in rows]

    async def due_alarms(self, now: datetime, limit: int) -> list[tuple[OrganizationId, ThreadId]]:
        rows = await self._readers.select(_DUE_ALARMS, instant_text(now), limit)
        return [(OrganizationId(row["organization_id"]), ThreadId(row["id"])) for row in rows]

    async def due_media(self, now: datetime, limit: int) -> list[tuple[OrganizationId, MediaId]]:
        rows = await self._readers.select(_DUE_MEDIA, instant_text(now), limit)
        return [(OrganizationId(row["organization_id"]), MediaId(row["id"])) for row in rows]

    async def next_due(self, now: datetime) -> datetime | None:
        (row,) = await self._readers.select(_NEXT_DUE, *[instant_text(now)] * 2)
        return None if row["at"] is None else instant_of(row["at"])


# The organization leads: each of these walks the organizations and asks an index of each.

_FIRST_OF_ITS_THREAD = """
    NOT EXISTS (
        SELECT 1 FROM outbox AS ahead
        WHERE ahead.organization_id = item.organization_id AND ahead.thread_id = item.thread_id
          AND (ahead.queued_at, ahead.id) < (item.queued_at, item.id)
    )
"""

# outbox_by_due, outbox_of_thread
_DUE_SENDS = f"""
    SELECT item.organization_id, item.id
    FROM organizations AS organization CROSS JOIN outbox AS item USING (organization_id)
    WHERE item.due_at <= ? AND item.leased_until IS NULL AND {_FIRST_OF_ITS_THREAD}
    ORDER BY item.priority, item.due_at, item.queued_at, item.id LIMIT ?
"""

# outbox_by_lease
_LOST_SENDS = """
    SELECT item.organization_id, item.id
    FROM organizations AS organization CROSS JOIN outbox AS item USING (organization_id)
    WHERE item.leased_until <= ?
    ORDER BY item.leased_until, item.organization_id, item.id LIMIT ?
"""

# threads_by_alarm
_DUE_ALARMS = """
    SELECT thread.organization_id, thread.id
    FROM organizations AS organization CROSS JOIN threads AS thread USING (organization_id)
    WHERE thread.alarm_at <= ?
    ORDER BY thread.alarm_at, thread.organization_id, thread.id LIMIT ?
"""

# media_by_due
_DUE_MEDIA = """
    SELECT file.organization_id, file.id
    FROM organizations AS organization CROSS JOIN media AS file USING (organization_id)
    WHERE file.due_at <= ?
    ORDER BY file.due_at, file.organization_id, file.id LIMIT ?
"""

# outbox_by_due, outbox_of_thread; threads_by_alarm
_NEXT_DUE = f"""
    SELECT min(at) AS at FROM (
        SELECT min(item.due_at) AS at
        FROM organizations AS organization CROSS JOIN outbox AS item USING (organization_id)
        WHERE item.due_at > ? AND item.leased_until IS NULL AND {_FIRST_OF_ITS_THREAD}
        UNION ALL
        SELECT min((
            SELECT min(thread.alarm_at) FROM threads AS thread
            WHERE thread.organization_id = organization.organization_id AND thread.alarm_at > ?
        )) FROM organizations AS organization
    )
"""


# ---------------------------------------------------------------- one transaction


@dataclass(slots=True)
class _Staged:
    """Rows to write or to take away, by type and id: what was said last of a row holds."""

    rows: dict[type[Row], dict[str, Row]] = field(default_factory=dict[type[Row], dict[str, Row]])
    removed: dict[type[Row], dict[str, Row]] = field(default_factory=dict[type[Row], dict[str, Row]])

    def save(self, row: Row) -> None:
        self.removed.get(type(row), {}).pop(row.id, None)
        self.rows.setdefault(type(row), {})[row.id] = row

    def remove(self, row: Row) -> None:
        self.rows.get(type(row), {}).pop(row.id, None)
        self.removed.setdefault(type(row), {})[row.id] = row


class _SqlTransaction:
    def __init__(self, organization: OrganizationId, turn: Turn, ids: Ids) -> None:
        self.organization = organization
        self._turn = turn
        self._ids = ids
        self._staged = _Staged()
        self._events: list[Event] = []
        self._results: list[DeliveryResult] = []
        self._moved_outbox = False

    # Staging

    def save(self, *rows: Row) -> None:
        for row in rows:
            assert _organization_of(row) == self.organization, f"a row of another organization: {row}"
            self._moved_outbox = self._moved_outbox or isinstance(row, OutboxItem)
            self._staged.save(row)

    def remove(self, *rows: OutboxItem | Parked) -> None:
        for row in rows:
            assert row.organization == self.organization, f"a row of another organization: {row}"
            self._moved_outbox = self._moved_outbox or isinstance(row, OutboxItem)
            self._staged.remove(row)

    def record(self, *events: Event) -> None:
        self._events += events

    def finish(self, *results: DeliveryResult) -> None:
        self._results += results

    def ending(self, now: datetime) -> Callable[[sqlite3.Connection], Sequence[Hint]]:
        """Everything left to write, for the connection's thread. The counter comes last: no gaps in the log."""
        write = self._writing()
        results = list(self._results)
        events = list(self._events)
        epoch = self._ids.new() if events else ""
        outbox: list[Hint] = [(OUTBOX, 0)] if self._moved_outbox else []

        def last(connection: sqlite3.Connection) -> Sequence[Hint]:
            write(connection)
            finish_deliveries(results, connection)
            if not events:
                return outbox
            position = _log(self.organization, epoch, events, now, connection)
            return [(self.organization, position), *outbox]

        return last

    # The organization and its people

    async def settings(self) -> Organization:
        if found := await self._one(Organization, "id = ?", self.organization):
            return found
        raise LookupError(f"there is no organization {self.organization}")

    async def user(self, id: UserId) -> User | None:
        return await self._one(User, "id = ?", id)

    async def user_by_email(self, email: str) -> User | None:
        return await self._one(User, "email = ?", email)

    async def api_key(self, id: ApiKeyId) -> ApiKey | None:
        return await self._one(ApiKey, "id = ?", id)

    async def sign_in(self, id: SignInId) -> SignIn | None:
        return await self._one(SignIn, "id = ?", id)

    # Channels and templates

    async def channel(self, id: ChannelId) -> Channel | None:
        return await self._one(Channel, "id = ?", id)

    async def channels(self) -> list[Channel]:
        return await self._many(Channel, "true")

    async def template(self, id: TemplateId) -> Template | None:
        return await self._one(Template, "id = ?", id)

    async def templates_of(self, account: BusinessAccountId) -> list[Template]:
        return await self._many(Template, "account_id = ?", account)

    # Contacts, threads, tickets

    async def identities(self, keys: Collection[IdentityKey]) -> list[Identity]:
        return await self._by_pairs(Identity, "kind", "value", [(key.kind, key.value) for key in keys])

    async def identities_of(self, contacts: Collection[ContactId]) -> list[Identity]:
        return await self._among(Identity, "contact_id", contacts)

    async def contacts(self, ids: Collection[ContactId]) -> dict[ContactId, Contact]:
        return {row.id: row for row in await self._among(Contact, "id", ids)}

    async def threads(self, ids: Collection[ThreadId]) -> dict[ThreadId, Thread]:
        return {row.id: row for row in await self._among(Thread, "id", ids)}

    async def threads_of(self, contacts: Collection[ContactId]) -> list[Thread]:
        return await self._among(Thread, "contact_id", contacts)

    async def tickets(self, ids: Collection[TicketId]) -> dict[TicketId, Ticket]:
        return {row.id: row for row in await self._among(Ticket, "id", ids)}

    async def tickets_of(self, contacts: Collection[ContactId]) -> list[Ticket]:
        return await self._among(Ticket, "contact_id", contacts)

    async def next_ticket_numbers(self, count: int) -> int:
        epoch = self._ids.new()

        def advance(connection: sqlite3.Connection) -> int:
            last = _advanced("ticket_number", self.organization, epoch, count, connection)
            return last - count + 1

        return await self._run(advance)

    # Messages

    async def messages(self, ids: Collection[MessageId]) -> dict[MessageId, Message]:
        return {row.id: row for row in await self._among(Message, "id", ids)}

    async def messages_by_wamid(
        self, wamids: Collection[tuple[ChannelId, Wamid]]
    ) -> dict[tuple[ChannelId, Wamid], Message]:
        found = await self._by_pairs(Message, "channel_id", "wamid", wamids)
        return {(row.channel, row.wamid): row for row in found if row.wamid is not None}

    async def media(self, ids: Collection[MediaId]) -> dict[MediaId, Media]:
        return {row.id: row for row in await self._among(Media, "id", ids)}

    async def unread(self, thread: ThreadId, after: datetime | None) -> int:
        rows = await self._select(
            "SELECT count(*) FROM messages"
            " WHERE organization_id = ? AND thread_id = ? AND at > ? AND direction = 'INBOUND'",
            self.organization,
            thread,
            "" if after is None else instant_text(after),
        )
        return rows[0][0]

    async def session_instants(self, thread: ThreadId, before: datetime, limit: int) -> list[datetime]:
        rows = await self._select(
            "SELECT at FROM messages"
            " WHERE organization_id = ? AND thread_id = ? AND at < ? AND extends_session ORDER BY at DESC LIMIT ?",
            self.organization,
            thread,
            instant_text(before),
            limit,
        )
        return [instant_of(row["at"]) for row in rows]

    # Updates

    async def recorded(self, ids: Collection[str]) -> set[str]:
        rows = await self._select(
            "SELECT id FROM updates WHERE organization_id = ? AND id IN (SELECT value FROM json_each(?))"
            " AND outcome <> 'FAILED'",
            self.organization,
            json.dumps(list(ids)),
        )
        return {row["id"] for row in rows}

    async def parked(self, wamids: Collection[tuple[PhoneNumberId, Wamid]]) -> list[Parked]:
        found = await self._by_pairs(Parked, "number", "wamid", wamids)
        return sorted(found, key=lambda row: (row.parked_at, row.id))

    async def parked_before(self, instant: datetime, limit: int) -> list[Parked]:
        found = await self._many(Parked, "parked_at < ? ORDER BY parked_at, id LIMIT ?", instant_text(instant), limit)
        return sorted(found, key=lambda row: (row.parked_at, row.id))

    # The ledger

    async def period(self, starts_at: datetime, ends_at: datetime, new: str) -> Period:
        at = instant_text(starts_at)
        if found := await self._one(Period, "starts_at <= ? AND ends_at > ?", at, at):
            return found
        made = Period(self.organization, PeriodId(new), starts_at, ends_at)
        self.save(made)
        return made

    async def period_of(self, entry: Entry) -> Period:
        if found := await self._one(Period, "id = ?", entry.period):
            return found
        raise LookupError(f"there is no period {entry.period}")

    async def entry_of(self, message: MessageId) -> Entry | None:
        return await self._one(Entry, "message_id = ?", message)

    async def entries_since(self, thread: ThreadId, since: datetime) -> list[Entry]:
        found = await self._many(Entry, "thread_id = ? AND at >= ?", thread, instant_text(since))
        return sorted(found, key=lambda row: (row.at, row.id))

    async def allowance_taken(self, account: BusinessAccountId, since: datetime) -> list[datetime]:
        rows = await self._select(
            "SELECT at FROM quota_entries WHERE organization_id = ? AND account_id = ? AND at > ?"
            " AND kind = 'BUSINESS_INITIATED' AND refunded_at IS NULL ORDER BY at",
            self.organization,
            account,
            instant_text(since),
        )
        return [instant_of(row["at"]) for row in rows]

    # The way out

    async def outbox_item(self, message: MessageId) -> OutboxItem | None:
        return await self._one(OutboxItem, "id = ?", message)

    async def outbox_ahead(self, item: OutboxItem) -> bool:
        rows = await self._select(
            "SELECT 1 FROM outbox WHERE organization_id = ? AND thread_id = ? AND (queued_at, id) < (?, ?) LIMIT 1",
            self.organization,
            item.thread,
            instant_text(item.queued_at),
            item.id,
        )
        return bool(rows)

    async def remembered(self, id: str) -> Remembered | None:
        return await self._one(Remembered, "id = ?", id)

    # The directory

    async def enlist(self, kind: Listing, value: str, ref: str) -> bool:
        return await self._run(partial(_enlist, self.organization, kind, value, ref))

    async def delist(self, kind: Listing, value: str) -> None:
        await self._run(partial(_delist, self.organization, kind, value))

    # How it reads

    async def _one(self, kind: type[R], where: str, *values: Value) -> R | None:
        found = await self._many(kind, where, *values)
        return found[0] if found else None

    async def _many(self, kind: type[R], where: str, *values: Value) -> list[R]:
        rows = await self._select(
            f"SELECT {selected(kind)} FROM {table(kind)} WHERE organization_id = ? AND {where}",
            self.organization,
            *values,
        )
        return _in_key_order(kind, rows)

    async def _among(self, kind: type[R], column: str, ids: Collection[str]) -> list[R]:
        return await self._many(kind, f"{column} IN (SELECT value FROM json_each(?))", json.dumps(list(ids)))

    async def _by_pairs(self, kind: type[R], first: str, second: str, pairs: Collection[tuple[str, str]]) -> list[R]:
        rows = await self._select(
            f"SELECT {selected(kind, 'found')} FROM json_each(?) AS asked CROSS JOIN {table(kind)} AS found"
            f" ON found.organization_id = ? AND found.{first} = json_extract(asked.value, '$[0]')"
            f" AND found.{second} = json_extract(asked.value, '$[1]')",
            json.dumps(list(dict.fromkeys(pairs))),
            self.organization,
        )
        return _in_key_order(kind, rows)

    async def _select(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        def read(connection: sqlite3.Connection) -> list[sqlite3.Row]:
            return connection.execute(sql, values).fetchall()

        return await self._run(read)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """After everything staged so far."""
        write = self._writing()

        def written_first(connection: sqlite3.Connection) -> T:
            write(connection)
            return work(connection)

        return await self._turn.run(written_first)

    def _writing(self) -> Callable[[sqlite3.Connection], None]:
        staged, self._staged = self._staged, _Staged()
        epoch = self._ids.new() if Organization in staged.rows else ""
        return partial(_write, staged, epoch)


def _in_key_order(kind: type[R], rows: Iterable[sqlite3.Row]) -> list[R]:
    """Sorted here: asked to sort by key, SQLite walks all of the organization's keys instead of a better index."""
    return sorted((from_record(kind, row) for row in rows), key=lambda row: row.id)


def _organization_of(row: Row) -> OrganizationId:
    return row.id if isinstance(row, Organization) else row.organization


# ---------------------------------------------------------------- on the connection's thread


def _write(staged: _Staged, epoch: str, connection: sqlite3.Connection) -> None:
    for kind, removed in staged.removed.items():
        connection.executemany(
            f"DELETE FROM {table(kind)} WHERE organization_id = ? AND id = ?",
            [(_organization_of(row), row.id) for row in removed.values()],
        )
    for kind in ROW_TYPES:
        if rows := staged.rows.get(kind):
            connection.executemany(_upsert(kind), [to_values(row) for row in rows.values()])
    for organization in staged.rows.get(Organization, ()):
        connection.execute(
            "INSERT INTO event_counters (organization_id, epoch, position, ticket_number) VALUES (?, ?, 0, 0)"
            " ON CONFLICT (organization_id) DO NOTHING",
            (organization, epoch),
        )


@cache
def _upsert(kind: type[Row]) -> str:
    names = columns(kind)
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in ("organization_id", "id"))
    return (
        f"INSERT INTO {table(kind)} ({_quoted(names)}) VALUES ({', '.join('?' * len(names))})"
        f" ON CONFLICT (organization_id, id) DO UPDATE SET {changes}"
    )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def finish_deliveries(results: Sequence[DeliveryResult], connection: sqlite3.Connection) -> None:
    connection.executemany(
        "UPDATE deliveries SET state = ?, reason = ? WHERE id = ?",
        [(DeliveryState(result.state).value, result.reason, result.id) for result in results],
    )


_INSERT_EVENT = f"INSERT INTO events ({_quoted(EVENT_COLUMNS)}) VALUES ({', '.join('?' * len(EVENT_COLUMNS))})"


def _log(
    organization: OrganizationId, epoch: str, events: list[Event], now: datetime, connection: sqlite3.Connection
) -> int:
    """Append events at the next positions; the last position."""
    position = _advanced("position", organization, epoch, len(events), connection)
    first = position - len(events) + 1
    connection.executemany(
        _INSERT_EVENT,
        [event_values(organization, LoggedEvent(place, now, event)) for place, event in enumerate(events, first)],
    )
    return position


def _advanced(counter: str, organization: OrganizationId, epoch: str, by: int, connection: sqlite3.Connection) -> int:
    """An organization's counter moved on. Its row is made, under a new epoch, where there is none."""
    connection.execute(
        "INSERT INTO event_counters (organization_id, epoch, position, ticket_number) VALUES (?, ?, 0, 0)"
        " ON CONFLICT (organization_id) DO NOTHING",
        (organization, epoch),
    )
    connection.execute(
        f"UPDATE event_counters SET {counter} = {counter} + ? WHERE organization_id = ?", (by, organization)
    )
    rows: Any = connection.execute(
        f"SELECT {counter} FROM event_counters WHERE organization_id = ?", (organization,)
    ).fetchone()
    return rows[0]


def _enlist(organization: OrganizationId, kind: Listing, value: str, ref: str, connection: sqlite3.Connection) -> bool:
    if kind in UNIQUE_LISTINGS:
        elsewhere = "SELECT 1 FROM directory WHERE kind = ? AND value = ? AND organization_id <> ?"
        if connection.execute(elsewhere, (kind.value, value, organization)).fetchone():
            return False
    connection.execute(
        "INSERT INTO directory (kind, value, organization_id, ref) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (kind, value, organization_id) DO UPDATE SET ref = excluded.ref",
        (kind.value, value, organization, ref),
    )
    return True


def _delist(organization: OrganizationId, kind: Listing, value: str, connection: sqlite3.Connection) -> None:
    connection.execute(
        "DELETE FROM directory WHERE kind = ? AND value = ? AND organization_id = ?", (kind.value, value, organization)
    )
