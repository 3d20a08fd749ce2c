"""The store in SQL: transactions as the database at hand runs them, and what is due across organizations."""

from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Protocol, TypeAlias, TypeVar

from adapters.db.reading.pages import Condition
from adapters.db.reading.source import Selects
from adapters.db.rows.mapping import from_record, selected
from adapters.db.rows.times import instant_of
from adapters.db.transaction import SqlTransaction, Written
from domain.channels.channels import Channel, ChannelState
from domain.ids import BusinessAccountId, ChannelId, MediaId, MessageId, OrganizationId, ThreadId
from domain.outbound.outbox import CLOCKS_DIFFER, LEASE, LONGEST_WAIT, PERSON_FIRST, TEMPLATE_NEXT
from domain.outbound.pace import RateState
from domain.ports.store import DueNumber, Figures, Transaction
from domain.updates import ParkedUpdate

Id = TypeVar("Id", bound=str)

Hears: TypeAlias = Callable[[Written], None]
"""Told of what was committed, in the process that did it: for its log and figures, never for the truth."""


class Transactions(Protocol):
    """How a database runs them."""

    def transaction(
        self, organization: OrganizationId, *, background: bool
    ) -> AbstractAsyncContextManager[SqlTransaction]: ...

    async def pause(self, tries: int) -> bool: ...


class SqlStore:
    def __init__(self, selects: Selects, transactions: Transactions) -> None:
        self._selects = selects
        self._transactions = transactions
        self._across = selects.dialect.across
        self.hears: Hears | None = None

    @asynccontextmanager
    async def transaction(
        self, organization: OrganizationId, *, background: bool = False
    ) -> AsyncGenerator[Transaction]:
        async with self._transactions.transaction(organization, background=background) as transaction:
            yield transaction
        if self.hears is not None:
            self.hears(transaction.written)

    async def pause(self, tries: int) -> bool:
        return await self._transactions.pause(tries)

    # The organization leads: each of these walks the organizations and asks an index of each.

    async def due_numbers(self, now: datetime) -> list[DueNumber]:
        # outbox_of_number, once a priority; as EXISTS, PostgreSQL would go through all that waits
        rows = await self._selects.select(
            f"""
            SELECT channel.organization_id AS owner, channel.id AS number, {selected(RateState, of="pace")}
            FROM organizations AS organization {self._across} channels AS channel USING (organization_id)
            LEFT JOIN paces AS pace ON pace.organization_id = channel.organization_id AND pace.id = channel.id
            WHERE (
                SELECT 1 FROM outbox AS item
                WHERE item.organization_id = channel.organization_id AND item.channel_id = channel.id
                  AND item.priority IN ({PERSON_FIRST}, {TEMPLATE_NEXT})
                  AND item.leased_until IS NULL AND item.due_at <= ?
                LIMIT 1
            ) IS NOT NULL
            ORDER BY owner, number
            """,
            now,
        )
        return [
            DueNumber(
                OrganizationId(row["owner"]),
                ChannelId(row["number"]),
                from_record(RateState, row) if row["id"] is not None else None,
            )
            for row in rows
        ]

    async def due_sends_of(
        self, organization: OrganizationId, channel: ChannelId, priority: int, now: datetime, limit: int
    ) -> list[MessageId]:
        # outbox_of_number, in its order; outbox_of_thread
        rows = await self._selects.select(
            f"""
            SELECT item.id FROM outbox AS item
            WHERE item.organization_id = ? AND item.channel_id = ? AND item.priority = ? AND item.due_at <= ?
              AND item.leased_until IS NULL AND {FIRST_OF_ITS_THREAD}
            ORDER BY item.due_at, item.queued_at, item.id LIMIT ?
            """,
            organization,
            channel,
            priority,
            now,
            limit,
        )
        return [MessageId(row["id"]) for row in rows]

    async def old_sends(self, before: datetime, limit: int) -> list[tuple[OrganizationId, MessageId]]:
        # All that waits, once a minute; what has waited for a day is rare.
        return await self._keys(
            "outbox",
            MessageId,
            Condition("due.queued_at < ? AND due.leased_until IS NULL", (before,)),
            "queued_at",
            limit,
        )

    async def lost_sends(self, now: datetime, limit: int) -> list[tuple[OrganizationId, MessageId]]:
        # outbox_by_lease
        lost = Condition("due.leased_until <= ? OR due.leased_until > ?", (now, now + LEASE + CLOCKS_DIFFER))
        return await self._keys("outbox", MessageId, lost, "leased_until", limit)

    async def due_alarms(self, now: datetime, limit: int) -> list[tuple[OrganizationId, ThreadId]]:
        # threads_by_alarm
        rows = await self._selects.select(DUE_ALARMS[self._selects.dialect.name], now, limit)
        return [(OrganizationId(row["organization_id"]), ThreadId(row["id"])) for row in rows]

    async def due_media(self, now: datetime, limit: int) -> list[tuple[OrganizationId, MediaId]]:
        # media_by_due
        return await self._keys("media", MediaId, Condition("due.due_at <= ?", (now,)), "due_at", limit)

    async def due_checks(self, now: datetime, limit: int) -> list[tuple[OrganizationId, ChannelId]]:
        # channels_by_check
        return await self._keys(
            "channels", ChannelId, Condition("due.check_due_at <= ?", (now,)), "check_due_at", limit
        )

    async def due_template_syncs(self, now: datetime, limit: int) -> list[tuple[OrganizationId, BusinessAccountId]]:
        # template_syncs_by_due
        return await self._keys(
            "template_syncs", BusinessAccountId, Condition("due.due_at <= ?", (now,)), "due_at", limit
        )

    async def due_parked(self, now: datetime, limit: int) -> list[ParkedUpdate]:
        # parked_by_due. Rows and not keys, as other due work has: the worker goes on with the update that is read here.
        rows = await self._selects.select(
            f"""
            SELECT {selected(ParkedUpdate, "waiting")}
            FROM organizations AS organization {self._across} parked AS waiting USING (organization_id)
            WHERE waiting.due_at <= ?
            ORDER BY waiting.due_at, waiting.organization_id, waiting.id LIMIT ?
            """,
            now,
            limit,
        )
        return [from_record(ParkedUpdate, row) for row in rows]

    async def failed_media(self, since: datetime, limit: int) -> list[tuple[OrganizationId, MediaId]]:
        # media_by_state
        failed = (
            "due.state = 'FAILED' AND due.direction = 'INBOUND' AND due.network_id IS NOT NULL AND due.created_at > ?"
        )
        return await self._keys("media", MediaId, Condition(failed, (since,)), "", limit)

    async def figures(self, now: datetime) -> Figures:
        # outbox_by_due
        (due,) = await self._selects.select(
            f"""
            SELECT count(*) AS held, min(item.due_at) AS oldest
            FROM organizations AS organization {self._across} outbox AS item USING (organization_id)
            WHERE item.due_at <= ? AND item.leased_until IS NULL
            """,
            now,
        )
        states = await self._selects.select(
            f"""
            SELECT channel.state, count(*) AS held
            FROM organizations AS organization {self._across} channels AS channel USING (organization_id)
            GROUP BY channel.state
            """
        )
        troubled = await self._selects.select(
            f"""
            SELECT {selected(Channel, "channel")}
            FROM organizations AS organization {self._across} channels AS channel USING (organization_id)
            WHERE channel.problems <> '[]'
            """
        )
        oldest = None if due["oldest"] is None else instant_of(due["oldest"])
        held = {ChannelState(row["state"]): row["held"] for row in states}
        problems = Counter(problem.code for row in troubled for problem in from_record(Channel, row).problems)
        return Figures(due["held"], oldest, held, problems)

    async def _keys(
        self, table: str, make: Callable[[str], Id], which: Condition, first: str, limit: int
    ) -> list[tuple[OrganizationId, Id]]:
        """Rows of all organizations by key: those with the least in the column `first` first, if one is named."""
        order = f"due.{first}, " if first else ""
        rows = await self._selects.select(
            f"""
            SELECT due.organization_id, due.id
            FROM organizations AS organization {self._across} {table} AS due USING (organization_id)
            WHERE {which.sql}
            ORDER BY {order}due.organization_id, due.id LIMIT ?
            """,
            *which.values,
            limit,
        )
        return [(OrganizationId(row["organization_id"]), make(row["id"])) for row in rows]

    # What a clock that was ahead left behind. Each finds nothing where clocks are right.

    async def rung_away(self, now: datetime, limit: int) -> list[tuple[OrganizationId, ThreadId]]:
        # threads_rung_away
        rows = await self._selects.select(
            f"""
            SELECT thread.organization_id, thread.id
            FROM organizations AS organization {self._across} threads AS thread USING (organization_id)
            WHERE thread.alarm_at IS NULL AND thread.session_expires_at > ?
            LIMIT ?
            """,
            now + CLOCKS_DIFFER,
            limit,
        )
        return [(OrganizationId(row["organization_id"]), ThreadId(row["id"])) for row in rows]

    async def given_up_ahead(self, now: datetime, limit: int) -> list[tuple[OrganizationId, MessageId]]:
        # message_marks_given_up
        rows = await self._selects.select(
            f"""
            SELECT DISTINCT mark.organization_id, mark.message_id AS id
            FROM organizations AS organization {self._across} message_marks AS mark USING (organization_id)
            WHERE mark.status = 'FAILED' AND mark.delivery_id IS NULL AND mark.reported_at > ?
            LIMIT ?
            """,
            now + CLOCKS_DIFFER,
            limit,
        )
        return [(OrganizationId(row["organization_id"]), MessageId(row["id"])) for row in rows]

    async def held_too_far(self, now: datetime, limit: int) -> list[tuple[OrganizationId, MessageId]]:
        # outbox_by_due
        rows = await self._selects.select(
            f"""
            SELECT item.organization_id, item.id
            FROM organizations AS organization {self._across} outbox AS item USING (organization_id)
            WHERE item.due_at > ? AND item.leased_until IS NULL AND (item.due_at > ? OR item.queued_at > ?)
            LIMIT ?
            """,
            now,
            now + LONGEST_WAIT,
            now + CLOCKS_DIFFER,
            limit,
        )
        return [(OrganizationId(row["organization_id"]), MessageId(row["id"])) for row in rows]

    async def next_due(self, now: datetime) -> datetime | None:
        # outbox_by_due, one step in each organization
        (row,) = await self._selects.select(
            """
            SELECT min((
                SELECT item.due_at FROM outbox AS item
                WHERE item.organization_id = organization.organization_id AND item.due_at > ?
                  AND item.leased_until IS NULL
                ORDER BY item.due_at LIMIT 1
            )) AS at FROM organizations AS organization
            """,
            now,
        )
        return None if row["at"] is None else instant_of(row["at"])


DUE_ALARMS = {
    "sqlite": """
        SELECT thread.organization_id, thread.id
        FROM organizations AS organization CROSS JOIN threads AS thread USING (organization_id)
        WHERE thread.alarm_at <= ?1
        ORDER BY thread.alarm_at, thread.organization_id, thread.id LIMIT ?2
    """,
    # Asked for all that is due at once, PostgreSQL takes a third of all threads for due.
    "postgres": """
        SELECT thread.organization_id, thread.id
        FROM organizations AS organization CROSS JOIN LATERAL (
            SELECT * FROM threads
            WHERE threads.organization_id = organization.organization_id AND threads.alarm_at <= ?1
            ORDER BY threads.alarm_at LIMIT ?2
        ) AS thread
        ORDER BY thread.alarm_at, thread.organization_id, thread.id LIMIT ?2
    """,
}

FIRST_OF_ITS_THREAD = """
    NOT EXISTS (
        SELECT 1 FROM outbox AS ahead
        WHERE ahead.organization_id = item.organization_id AND ahead.thread_id = item.thread_id
          AND (ahead.queued_at, ahead.id) < (item.queued_at, item.id)
    )
"""
