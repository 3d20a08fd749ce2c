"""Every change has its event, and every event its change: checked after each transaction of every story.

The store is watched from outside: what stands before a transaction and after it is compared, and the events it logged
must tell the difference, no less and no more.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol, cast

from domain.channels.channels import Channel
from domain.channels.template_sync import is_alike
from domain.channels.templates import Template
from domain.conversations.messages import Message
from domain.conversations.status import Mark, MessageStatus, arrived, higher
from domain.conversations.threads import Thread
from domain.errors import Unavailable, WriteConflict
from domain.events import (
    ChannelChanged,
    Event,
    LoggedEvent,
    MessageAdded,
    MessageChanged,
    MessageStatusChanged,
    QuotaChanged,
    SessionChange,
    SessionChanged,
    TemplateChanged,
    ThreadChanged,
    TicketChanged,
)
from domain.ids import ChannelId, EntryId, MessageId, OrganizationId, TemplateId, ThreadId, TicketId
from domain.ports.deliveries import WebhookInbox
from domain.ports.directory import Directory
from domain.ports.reads import PageAsk, Reader, Reads, TemplateAsk, ThreadAsk, TicketAsk
from domain.ports.store import Store, Transaction
from domain.quota import WARN_AT, Entry
from domain.tickets import Ticket, changed_fields
from tests.domain.lock_check import LocksInOrder

TRIES = 4
EVERYTHING = PageAsk(1_000_000)
BEGINNING, END = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


class Database(Protocol):
    """What keeps a desk, whichever adapter that is."""

    @property
    def store(self) -> Store: ...

    @property
    def webhook_inbox(self) -> WebhookInbox: ...

    @property
    def directory(self) -> Directory: ...

    @property
    def reader(self) -> Reader: ...


@dataclass(frozen=True, slots=True)
class Photograph:
    """All that a listener may see of an organization, at one instant."""

    threads: dict[ThreadId, Thread]
    tickets: dict[TicketId, Ticket]
    messages: dict[MessageId, Message]
    marks: dict[MessageId, list[Mark]]
    channels: dict[ChannelId, Channel]
    templates: dict[TemplateId, Template]
    quota_limit: int | None
    entries: dict[EntryId, Entry]
    log: list[LoggedEvent]


class WatchedStore:
    """A store, with each transaction's log held against what it changed.

    Other than the memory store alone, it can collide as stores with several writers do: `collisions` says how many of
    the next transactions are rolled back for it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.collisions = 0
        self.away = 0  # how many of the next transactions find nobody
        self.transactions = 0
        self.pauses: list[int] = []
        self.due_numbers = database.store.due_numbers
        self.due_sends_of = database.store.due_sends_of
        self.old_sends = database.store.old_sends
        self.lost_sends = database.store.lost_sends
        self.due_alarms = database.store.due_alarms
        self.due_media = database.store.due_media
        self.due_template_syncs = database.store.due_template_syncs
        self.due_checks = database.store.due_checks
        self.due_parked = database.store.due_parked
        self.failed_media = database.store.failed_media
        self.rung_away = database.store.rung_away
        self.given_up_ahead = database.store.given_up_ahead
        self.held_too_far = database.store.held_too_far
        self.next_due = database.store.next_due
        self.figures = database.store.figures

    @asynccontextmanager
    async def transaction(
        self, organization: OrganizationId, *, background: bool = False
    ) -> AsyncGenerator[Transaction, None]:
        self.transactions += 1
        if self.away:
            self.away -= 1
            raise Unavailable
        reader = self._database.reader
        async with self._database.store.transaction(organization, background=background) as tx:
            before = await snapshot(reader, organization)
            yield cast("Transaction", LocksInOrder(tx))
            if self.collisions:
                self.collisions -= 1
                raise WriteConflict
        after = await snapshot(reader, organization)
        assert_log_tells(before, after)
        await assert_ledger_adds_up(reader, organization, after)

    async def pause(self, tries: int) -> bool:
        self.pauses.append(tries)
        return tries < TRIES


async def snapshot(reader: Reads, organization: OrganizationId) -> Photograph:
    known = organization in await reader.heads([organization])
    threads = (await reader.threads(organization, ThreadAsk(EVERYTHING), END)).rows if known else []
    messages = [
        each for thread in threads for each in (await reader.messages(organization, thread.id, EVERYTHING)).rows
    ]
    return Photograph(
        threads={each.id: each for each in threads},
        tickets={each.id: each for each in (await reader.tickets(organization, TicketAsk(EVERYTHING))).rows},
        messages={each.id: each for each in messages},
        marks=await reader.marks_of(organization, [each.id for each in messages]),
        channels={each.id: each for each in await reader.all_of(Channel, organization, "created_at")},
        templates={each.id: each for each in (await reader.templates(organization, TemplateAsk(EVERYTHING))).rows},
        quota_limit=await _limit(reader, organization),
        entries={each.id: each for each in (await reader.entries(organization, BEGINNING, END, EVERYTHING)).rows},
        log=await reader.events(organization, 0, 1_000_000) if known else [],
    )


async def _limit(reader: Reads, organization: OrganizationId) -> int | None:
    try:
        return (await reader.organization(organization)).quota_limit
    except LookupError:
        return None


def assert_log_tells(before: Photograph, after: Photograph) -> None:
    assert [logged.position for logged in after.log] == list(range(1, len(after.log) + 1)), "positions have gaps"
    assert after.log[: len(before.log)] == before.log, "what was logged has changed"
    events = [logged.event for logged in after.log[len(before.log) :]]
    _assert_messages(before, after, events)
    _assert_threads(before, after, events)
    _assert_tickets(before, after, events)
    _assert_the_rest(before, after, events)


async def assert_ledger_adds_up(reader: Reads, organization: OrganizationId, state: Photograph) -> None:
    used: dict[str, int] = {}
    for entry in state.entries.values():
        used[entry.period] = used.get(entry.period, 0) + (entry.refunded_at is None)
        period = await reader.period_at(organization, entry.at)
        assert period is not None
        assert period.id == entry.period
    for entry in state.entries.values():
        period = await reader.period_at(organization, entry.at)
        assert period is not None
        assert period.used == used[period.id], "used is not the sum of the entries"


def _assert_messages(before: Photograph, after: Photograph, events: list[Event]) -> None:
    new = [MessageAdded(each.thread, each.id) for each in after.messages.values() if each.id not in before.messages]
    assert _same([each for each in events if isinstance(each, MessageAdded)], new)

    changed = [each for each in after.messages.values() if each != before.messages.get(each.id, each)]
    moved = {each.id for each in changed if _seen(each) != _seen(before.messages[each.id])}
    told = [each for each in events if isinstance(each, MessageStatusChanged)]
    known = {each.message for each in told if each.message in before.messages}  # a new one may have moved at once
    assert known == moved, "a status moved untold, or one was told that did not move"
    for id in moved:
        assert [each for each in told if each.message == id][-1].status is after.messages[id].status

    touched = {
        each.id
        for each in after.messages.values()
        if _said(each) != (_said(before.messages[each.id]) if each.id in before.messages else _said_at_first(each))
    }
    assert {each.message for each in events if isinstance(each, MessageChanged)} >= touched
    for message in after.messages.values():
        _assert_status_is_the_highest_mark(message, after.marks[message.id])


def _assert_status_is_the_highest_mark(message: Message, marks: list[Mark]) -> None:
    reached = MessageStatus.RECEIVED
    for mark in marks:
        # An attempt that was refused at once or never left has no lattice of its own: the message waits on.
        if mark.attempt == message.attempt or arrived(mark.status) or mark.status is MessageStatus.QUEUED:
            reached = higher(reached, mark.status)
    assert not marks or message.status is reached, "the status is not the highest of the marks"


def _assert_threads(before: Photograph, after: Photograph, events: list[Event]) -> None:
    with_news = {each.thread for each in events if isinstance(each, MessageAdded)}
    # One of which only a change came is shown already when it comes.
    edited = {each.thread for each in events if isinstance(each, MessageChanged)}
    with_words = with_news | edited
    told = {each.thread for each in events if isinstance(each, ThreadChanged)}
    session_told = [each for each in events if isinstance(each, SessionChanged)]
    for thread in after.threads.values():
        old = before.threads.get(thread.id)
        if old is None:
            assert thread.id in with_news, "a thread without the message that made it"
            continue
        if _standing(thread) != _standing(old):
            assert thread.id in told, "a thread changed hands or state untold"
        elif _content_of(thread) != _content_of(old):
            assert thread.id in told | with_news, "a thread changed untold"
        else:
            assert thread.id not in told, "a thread was told to have changed and has not"
        if thread.session != old.session and (thread.session is None or thread.session.expires_at <= END):
            assert thread.id in with_words, "a session moved without a message"
        if thread.alarm != old.alarm and thread.id not in with_words:
            kinds = {each.change for each in session_told if each.thread == thread.id}
            assert kinds - {SessionChange.EXTENDED}, "an alarm went off unheard"


def _assert_tickets(before: Photograph, after: Photograph, events: list[Event]) -> None:
    told = [each for each in events if isinstance(each, TicketChanged)]
    for ticket in after.tickets.values():
        mine = [each for each in told if each.ticket == ticket.id]
        old = before.tickets.get(ticket.id)
        if old is None:
            assert mine, "a new ticket untold"
            continue
        changed = {name for name, _, _ in changed_fields(old, ticket)}
        assert changed <= {name for each in mine for name in each.changed}, "a ticket changed untold"
        assert all(each.changed for each in mine)
    assert {each.ticket for each in told} <= after.tickets.keys()


def _assert_the_rest(before: Photograph, after: Photograph, events: list[Event]) -> None:
    channels = {each.id for each in after.channels.values() if _shown(each) != _shown(before.channels.get(each.id))}
    assert {each.channel for each in events if isinstance(each, ChannelChanged)} == channels
    templates = {each.id for each in after.templates.values() if not _alike(each, before.templates.get(each.id))}
    assert {each.template for each in events if isinstance(each, TemplateChanged)} == templates
    moved = before.entries != after.entries or before.quota_limit not in (None, after.quota_limit)
    told = [each for each in events if isinstance(each, QuotaChanged)]
    assert bool(told) is moved, "the quota moved untold, or was told still"
    assert all(each.warning in (None, *WARN_AT) for each in told)


def _seen(message: Message) -> tuple[object, ...]:
    return message.status, message.delivered_at, message.read_at, message.failure


def _said(message: Message) -> tuple[object, ...]:
    return message.shown_reactions, message.content, message.versions, message.reply_to


def _said_at_first(message: Message) -> tuple[object, ...]:
    return (), message.content if not message.versions else message.versions[0].content, (), message.reply_to


def _content_of(thread: Thread) -> Thread:
    """Whom it answers is the contact's news and not the thread's, and its pace is nobody's."""
    return replace(thread, alarm=None, wa_id=None, business_scoped_id=None, pair_next_at=None)


def _standing(thread: Thread) -> tuple[object, ...]:
    return thread.status, thread.owner, thread.team, thread.ticket


def _shown(channel: Channel | None) -> Channel | None:
    if channel is None:
        return None
    problems = tuple(replace(each, told_at=None) for each in channel.problems)
    kept = replace(channel, heard=(), check_due_at=None, read_at=None, token_expires_at=None)
    return replace(kept, last_inbound_at=None, problems=problems)


def _alike(template: Template, before: Template | None) -> bool:
    """That a template was read again and is as it was is no news."""
    return before is not None and is_alike(template, before)


def _same(one: list[MessageAdded], other: list[MessageAdded]) -> bool:
    return sorted(one, key=str) == sorted(other, key=str)
