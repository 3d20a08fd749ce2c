"""Every question and every write, over a filled database: what each of them goes through stays small.

What is counted is work, not time: on SQLite the steps of its machine, on PostgreSQL the rows that a plan looked at. Who
adds a question to a port adds it here: a test fails until then.
"""

import inspect
import json
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain, product
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias, cast

import pytest

from adapters.db.postgres import database as postgres_database
from adapters.db.postgres.database import PostgresDatabase, open_postgres
from adapters.db.postgres.pool import Raw
from adapters.db.rows.mapping import Record
from adapters.db.sqlite.connections import Connection
from adapters.db.sqlite.database import open_sqlite
from adapters.memory import MemoryBus
from domain.channels.channels import Channel
from domain.channels.templates import Template
from domain.contacts import Contact, IdentityKey, IdentityKind
from domain.conversations.library import LibraryItem
from domain.conversations.messages import Direction, Message, Source
from domain.conversations.sessions import SessionState
from domain.conversations.threads import Thread, ThreadStatus
from domain.events import QuotaChanged
from domain.files.media import Media
from domain.ids import (
    ContactId,
    DeliveryId,
    MediaId,
    MessageId,
    SignInId,
    ThreadId,
    TicketId,
    UserId,
    Wamid,
)
from domain.outbound.outbox import OutboxItem
from domain.people.organizations import ApiKey, SignIn, User
from domain.people.teams import Team
from domain.ports.deliveries import DeliveryResult, DeliveryState, WebhookInbox
from domain.ports.directory import Directory, DirectoryEntry
from domain.ports.reads import (
    LibraryAsk,
    PageAsk,
    Reads,
    TemplateAsk,
    ThreadAsk,
    ThreadFilter,
    ThreadOrder,
    TicketAsk,
    TicketFilter,
    TicketOrder,
)
from domain.ports.store import Store, Transaction
from domain.quota import Entry
from domain.tickets import Property, Ticket, TicketPriority, TicketStatus
from tests.adapters.db.filled import MANY, fill, run
from tests.adapters.shared_database import OnDisk
from tests.builders import (
    ACCOUNT,
    ACME,
    API_KEY,
    CHANNEL,
    CONTACT,
    DAY,
    DELIVERY,
    ENTRY,
    LIBRARY_ITEM,
    MEDIA,
    NOON,
    NUMBER,
    SIGN_IN,
    TEAM,
    TEMPLATE,
    THREAD,
    USER,
    CountingIds,
    FixedClock,
    a_contact,
    a_delivery,
    a_parked,
    an_entry,
    an_inbound,
    an_outbox_item,
    an_update_record,
)

STEPS_MOST: Final = MANY // 2  # of SQLite's machine: a scan of a table takes several a row
STEPS_EACH: Final = 50
ROWS_MOST: Final = 3_000  # looked at by PostgreSQL

LEFT_ALONE: Final = """
    DO $$ DECLARE ours text; BEGIN
        FOR ours IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
            EXECUTE format('ALTER TABLE %I SET (autovacuum_enabled = off)', ours);
        END LOOP;
    END $$
"""
"""Nobody else counts again, or thins out, in between: plans would be another's from one moment to the next."""

OF_EVERY_ROW: Final = "SET default_statistics_target = 1000"
"""Of a sample they would differ from run to run, and with them now and then a plan."""

SPRING = datetime(2026, 4, 8, tzinfo=UTC)
"""In the middle of what the tables hold."""

THREAD_7, TICKET_7, MESSAGE_7 = ThreadId("t-7"), TicketId("k-7"), MessageId("m-7")


# ---------------------------------------------------------------- what is asked


Question: TypeAlias = Callable[[], Awaitable[object]]


@dataclass(slots=True)
class Asking:
    """Whatever a port can be asked, by name; each under the words that tell which."""

    questions: dict[str, Question] = field(default_factory=dict[str, Question])
    asked: dict[str, set[str]] = field(default_factory=lambda: defaultdict[str, set[str]](set))

    def add(self, port: str, name: str, ask: Callable[..., Awaitable[object]], *args: object, of: str = "") -> None:
        self.asked[port].add(name)
        self.questions[f"{port}.{name} {of}".strip()] = partial(ask, *args)


def everything(database: OnDisk) -> Asking:
    asking = Asking()
    _reads(asking, database.reader)
    _lists(asking, database.reader)
    _store(asking, database.store)
    _webhook_inbox(asking, database.webhook_inbox)
    _directory(asking, database.directory)
    _transactions(asking, database.store)
    return asking


def _reads(asking: Asking, reads: Reads) -> None:
    page = PageAsk(50)
    add = partial(asking.add, "Reads")
    add("head", reads.head, ACME)
    add("organization", reads.organization, ACME)
    add("events", reads.events, ACME, 20_000, 256)
    add("events", reads.events, ACME, 0, 256, THREAD_7, of="of a thread, from the beginning")
    add("events", reads.events, ACME, 20_000, 256, THREAD_7, of="of a thread, from the middle")
    add("events", reads.events, ACME, 20_000, 256, ThreadId("?"), of="of a thread without any")
    add("first_position", reads.first_position, ACME)
    add("heads", reads.heads, [ACME])
    add("by_ids", reads.by_ids, Thread, ACME, [THREAD_7], of="Thread")
    add("by_ids", reads.by_ids, Ticket, ACME, [TICKET_7], of="Ticket")
    add("ticket_changes", reads.ticket_changes, ACME, TICKET_7, page)
    add("contacts", reads.contacts, ACME, page, None)
    add("contacts", reads.contacts, ACME, page, "ana", of="with a word")
    add("by_ids", reads.by_ids, Contact, ACME, [CONTACT], of="Contact")
    add("identities_of", reads.identities_of, ACME, [CONTACT])
    add("messages", reads.messages, ACME, THREAD_7, page)
    add("messages", reads.messages, ACME, THREAD_7, PageAsk(50, from_end=True), of="from the end")
    add("by_ids", reads.by_ids, Message, ACME, [MESSAGE_7], of="Message")
    add("marks_of", reads.marks_of, ACME, [MESSAGE_7])
    add("by_ids", reads.by_ids, Media, ACME, [MEDIA], of="Media")
    add("all_of", reads.all_of, Channel, ACME, "created_at")
    add("all_of", reads.all_of, Team, ACME, "folded_name", of="Team")
    add("by_ids", reads.by_ids, Team, ACME, [TEAM], of="Team")
    add("by_ids", reads.by_ids, Channel, ACME, [CHANNEL], of="Channel")
    add("templates", reads.templates, ACME, TemplateAsk(page))
    add("templates", reads.templates, ACME, TemplateAsk(page, account=ACCOUNT), of="of an account")
    add("by_ids", reads.by_ids, Template, ACME, [TEMPLATE], of="Template")
    add("library", reads.library, ACME, LibraryAsk(page))
    add("by_ids", reads.by_ids, LibraryItem, ACME, [LIBRARY_ITEM], of="LibraryItem")
    add("users", reads.users, ACME, page, None)
    add("by_ids", reads.by_ids, User, ACME, [USER], of="User")
    add("open_tickets_of", reads.open_tickets_of, ACME, [UserId("u-1")])
    add("by_ids", reads.by_ids, ApiKey, ACME, [API_KEY], of="ApiKey")
    add("by_ids", reads.by_ids, SignIn, ACME, [SIGN_IN], of="SignIn")
    add("period_at", reads.period_at, ACME, NOON)
    add("entries", reads.entries, ACME, SPRING - DAY, SPRING, page)
    add("units_by_hour", reads.units_by_hour, ACME, SPRING - DAY, SPRING)
    add("by_ids", reads.by_ids, Entry, ACME, [ENTRY], of="Entry")
    add("allowance_taken", reads.allowance_taken, ACME, [ACCOUNT], NOON - DAY)


THREAD_FILTERS: Final = {
    "all": ThreadFilter(),
    "of a status": ThreadFilter(statuses=(ThreadStatus.OPEN,)),
    "of a channel": ThreadFilter(channels=(CHANNEL,)),
    "of an owner": ThreadFilter(owners=(UserId("u-1"),)),
    "of nobody": ThreadFilter(unassigned=True),
    "of a ticket's status": ThreadFilter(ticket_statuses=(TicketStatus.NEW,)),
    "of open tickets": ThreadFilter(ticket_statuses=tuple(set(TicketStatus) - {TicketStatus.CLOSED})),
    "of any ticket": ThreadFilter(ticket_statuses=tuple(TicketStatus)),
    "of closed tickets": ThreadFilter(ticket_statuses=(TicketStatus.CLOSED,)),
    "of a contact": ThreadFilter(contact=ContactId("c-7")),
    "of a source": ThreadFilter(sources=(Source.WHATSAPP,)),
    "not from us": ThreadFilter(last_direction=Direction.INBOUND),
    "unread": ThreadFilter(unread=True),
    "with a session": ThreadFilter(session=SessionState.OPEN),
    "active": ThreadFilter(active_since=SPRING),
}

TICKET_FILTERS: Final = {
    "all": TicketFilter(),
    "of a status": TicketFilter(statuses=(TicketStatus.NEW,)),
    "of a priority": TicketFilter(priorities=(TicketPriority.URGENT,)),
    "of an owner": TicketFilter(owners=(UserId("u-1"),)),
    "of nobody": TicketFilter(unassigned=True),
    "of a channel": TicketFilter(channels=(CHANNEL,)),
    "of a source": TicketFilter(sources=(Source.WHATSAPP,)),
    "of a thread": TicketFilter(thread=THREAD_7),
    "of a contact": TicketFilter(contact=ContactId("c-7")),
    "of a property": TicketFilter(properties=(Property("vip", "yes"),)),
    "of a time": TicketFilter(created_since=SPRING, created_until=SPRING + DAY),
}

MIDDLE: Final = {
    ThreadOrder.LAST_ACTIVITY: ("2026-04-08T00:00:00.000000Z", "t-1"),
    ThreadOrder.CREATED_AT: ("2026-04-08T00:00:00.000000Z", "t-1"),
    ThreadOrder.SESSION_EXPIRY: ("2026-04-08T00:00:00.000000Z", "t-1"),
    TicketOrder.CREATED_AT: ("2026-04-08T00:00:00.000000Z", "k-1"),
    TicketOrder.PRIORITY: ("2", "k-5"),
    TicketOrder.NUMBER: ("0000010000",),
}


def _lists(asking: Asking, reads: Reads) -> None:
    first, last = PageAsk(50), PageAsk(50, from_end=True)
    for words, threads in THREAD_FILTERS.items():
        asking.add("Reads", "thread_count", reads.thread_count, ACME, threads, SPRING, of=words)
        ask = ThreadAsk(first, threads)
        asking.add("Reads", "threads", reads.threads, ACME, ask, SPRING, of=words)
    for words, tickets in TICKET_FILTERS.items():
        asking.add("Reads", "ticket_count", reads.ticket_count, ACME, tickets, of=words)
        asking.add("Reads", "tickets", reads.tickets, ACME, TicketAsk(first, tickets), of=words)
    for order, page in product(ThreadOrder, (first, last, PageAsk(50, after=("",)))):
        page = page if page.after is None else PageAsk(50, after=MIDDLE[order])
        words = f"by {order}{', from the end' * page.from_end}{', from the middle' * (page.after is not None)}"
        asking.add("Reads", "threads", reads.threads, ACME, ThreadAsk(page, order=order), SPRING, of=words)
    for order, page in product(TicketOrder, (first, last, PageAsk(50, after=("",)))):
        page = page if page.after is None else PageAsk(50, after=MIDDLE[order])
        words = f"by {order}{', from the end' * page.from_end}{', from the middle' * (page.after is not None)}"
        asking.add("Reads", "tickets", reads.tickets, ACME, TicketAsk(page, order=order), of=words)


def _store(asking: Asking, store: Store) -> None:
    add = partial(asking.add, "Store")
    add("due_numbers", store.due_numbers, NOON)
    add("due_sends_of", store.due_sends_of, ACME, CHANNEL, 0, NOON, 100)
    add("old_sends", store.old_sends, NOON - DAY, 100)
    add("lost_sends", store.lost_sends, NOON, 100)
    add("due_alarms", store.due_alarms, SPRING - timedelta(days=6, hours=22), 100)
    add("rung_away", store.rung_away, SPRING, 100)
    add("given_up_ahead", store.given_up_ahead, SPRING, 100)
    add("held_too_far", store.held_too_far, NOON, 100)
    add("due_media", store.due_media, NOON, 8)
    add("due_checks", store.due_checks, NOON, 10)
    add("due_template_syncs", store.due_template_syncs, NOON, 10)
    add("due_parked", store.due_parked, NOON, 10)
    add("failed_media", store.failed_media, SPRING, 100)
    add("next_due", store.next_due, NOON)
    add("figures", store.figures, NOON)


def _webhook_inbox(asking: Asking, webhook_inbox: WebhookInbox) -> None:
    add = partial(asking.add, "WebhookInbox")
    later = a_delivery(DeliveryId("later"))
    add("append", webhook_inbox.append, later)
    add("waiting", webhook_inbox.waiting, 64)
    add("claim", webhook_inbox.claim, 64, NOON + timedelta(seconds=15))
    add("renew", webhook_inbox.renew, [DELIVERY], NOON + timedelta(seconds=30))
    add("delivery", webhook_inbox.delivery, DELIVERY)
    add("finish", webhook_inbox.finish, [DeliveryResult(later.id, DeliveryState.INTERPRETED)])
    add("again", webhook_inbox.again, (), (later.id,))
    add("forget", webhook_inbox.forget, DeliveryState.INTERPRETED, SPRING, 50)
    add("forget", webhook_inbox.forget, DeliveryState.FAILED, SPRING, 50, of="that failed")
    add("counts", webhook_inbox.counts)
    add("waiting_since", webhook_inbox.waiting_since)
    add("named_in", webhook_inbox.named_in, DeliveryState.FAILED, SPRING)


def _directory(asking: Asking, directory: Directory) -> None:
    asking.add("Directory", "organizations", directory.organizations)
    asking.add("Directory", "find", directory.find, DirectoryEntry.KEY, ["v-7", "secret"])


def _transactions(asking: Asking, store: Store) -> None:
    def add(name: str, *args: object, of: str = "") -> None:
        async def ask() -> None:
            async with store.transaction(ACME) as tx:
                answer = getattr(tx, name)(*args)
                if inspect.isawaitable(answer):
                    await answer

        asking.add("Transaction", name, ask, of=of)

    add("take_turns", ["somebody"])
    add("settings")
    add("row", Channel, CHANNEL, of="Channel")
    add("row", Template, TEMPLATE, of="Template")
    add("channels_of", "?")
    add("templates_of", "?")
    add("identities", [IdentityKey(IdentityKind.WA_ID, "497"), IdentityKey(IdentityKind.WA_ID, "?")])
    add("contacts", [CONTACT, ContactId("c-7")])
    add("threads", [THREAD, THREAD_7])
    add("threads_of", [ContactId("c-7")])
    add("messages", [MESSAGE_7])
    add("media", [MEDIA, MediaId("f-7")])
    add("row", LibraryItem, LIBRARY_ITEM, of="LibraryItem")
    add("period_at", NOON)
    add("entries_since", THREAD_7, SPRING)
    add("allowance_taken", ACCOUNT, NOON - DAY)
    add("pace", CHANNEL)
    add("remembered", "key-7")
    add("row", User, USER, of="User")
    add("user_by_email", "u-7")
    add("all_of", Team, of="Team")
    add("row", Team, TEAM, of="Team")
    add("row", ApiKey, API_KEY, of="ApiKey")
    add("row", SignIn, SignInId("s-7"), of="SignIn")
    add("all_of", Channel)
    add("by_ids", User, [USER], of="User")
    add("template_of", ACCOUNT, "x-7")
    add("template_sync", ACCOUNT)
    add("identities_of", [ContactId("c-7")])
    add("tickets", [TICKET_7])
    add("tickets_of", [ContactId("c-7")])
    add("ticket_changes_of", [TICKET_7])
    add("next_ticket_numbers", 1)
    add("messages_by_wamid", [(CHANNEL, Wamid("w-7")), (CHANNEL, Wamid("?"))])
    add("unread", THREAD_7, (SPRING, MESSAGE_7))
    add("unread", THREAD_7, None, of="of all")
    add("session_instants", THREAD_7, NOON, 10)
    add("recorded", ["up-7", "?"])
    add("parked", [(NUMBER, Wamid("pw-7"))])
    add("parked_before", SPRING, 100)
    add("updates_before", SPRING - timedelta(days=6, hours=22), 100)
    add("sign_ins_before", SPRING, 100)
    add("drafts_before", SPRING, 100)
    add("forget_events", SPRING, 100)
    add("period_of", an_entry())
    add("entry_of", MESSAGE_7)
    add("row", OutboxItem, MESSAGE_7, of="OutboxItem")
    add("outbox_items", [MESSAGE_7])
    add("outbox", 100)
    add("begin_epoch", "another")
    add("outbox_ahead", an_outbox_item(MESSAGE_7, thread=THREAD_7, queued_at=NOON))
    add("enlist", DirectoryEntry.NUMBER, "another", "another")
    add("delist", DirectoryEntry.NUMBER, "another")
    add("save", an_inbound(MessageId("new"), wamid=Wamid("new")), an_update_record(index=9), a_contact())
    add("save", an_outbox_item(), of="what leaves")
    add("remove", a_parked(), of="of what waited")
    add("remove", an_outbox_item(), of="of what left")
    add("record", QuotaChanged())


WALKED: Final = {
    "Reads.contacts with a word": "a word is looked for in all names, newest first; 3 s at most, and others go first",
    "Reads.threads by SESSION_EXPIRY, from the middle": "walks from the beginning: what has no session comes last",
    "Reads.threads of a source": "walks its order until the page is full; sources are few and each is common",
    "Reads.threads of nobody": "threads_of_owner leads to those without one, of which here are none",
    "Reads.threads not from us": "walks its order until the page is full: half of all are",
    "Reads.threads unread": "walks its order: what is unread is new, and stands at its beginning",
    "Reads.threads with a session": "walks its order: open sessions are new, and stand at its beginning",
    "Reads.tickets of a channel": "walks its order until the page is full: channels are few",
    "Reads.tickets of a source": "walks its order until the page is full; sources are few and each is common",
    "Reads.tickets of nobody": "walks its order until the page is full",
    "Reads.tickets of a property": "properties are free words; 3 s at most, and others go first",
    "Reads.units_by_hour": "a month's units, for its forecast: has the price of a count",
    "WebhookInbox.counts": "an exact count of all, for the operator's figures; of an index alone",
    "WebhookInbox.named_in": "a week's deliveries, for doctor alone",
    "Store.figures": "an exact count of what is due, for the operator's figures",
    "Store.held_too_far": "what waits for a later instant, once a minute: what a pause put off, an hour of it at most",
    "Store.old_sends": "all that waits, once a minute",
    "Store.failed_media": "asked by an operator's replay alone",
}
"""What goes through more than it answers, and why it may. Exact counts go through what they count."""


def may_walk(words: str) -> bool:
    return words in WALKED or words.startswith(("Reads.thread_count", "Reads.ticket_count"))


# ---------------------------------------------------------------- what it takes


class Watch(Protocol):
    """What a question costs: the statements that cost too much, with what each did."""

    def dear(self, words: str) -> AbstractAsyncContextManager[list[str]]: ...


@dataclass(slots=True)
class SqliteWatch:
    """Counts the steps of each statement on each of the connections."""

    path: Path
    connections: tuple[Connection, ...]
    counted: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])

    async def begin(self) -> None:
        for connection in self.connections:
            await connection.run(self._watch)

    def _watch(self, connection: sqlite3.Connection) -> None:
        def begins(statement: str) -> None:
            self.counted.append((statement, 0))

        def goes_on() -> int:
            if self.counted:
                statement, steps = self.counted[-1]
                self.counted[-1] = (statement, steps + STEPS_EACH)
            return 0

        connection.set_trace_callback(begins)
        connection.set_progress_handler(goes_on, STEPS_EACH)

    @asynccontextmanager
    async def dear(self, words: str) -> AsyncGenerator[list[str]]:
        self.counted.clear()
        found: list[str] = []
        yield found
        for statement, steps in self.counted:
            if steps > STEPS_MOST:
                found.append(f"{words}: {steps} steps\n{statement}\n{self._plan(statement)}")

    def _plan(self, statement: str) -> str:
        with closing(sqlite3.connect(self.path)) as connection:
            try:
                steps = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            except sqlite3.Error:  # BEGIN, COMMIT, a value that can't be written out
                return ""
        return "\n".join(str(step[3]) for step in steps)


@dataclass(slots=True)
class PostgresWatch:
    """Keeps what is asked, and has PostgreSQL explain it by the plan that serves any values."""

    database: PostgresDatabase
    asked: list[tuple[str, tuple[object, ...]]]

    @asynccontextmanager
    async def dear(self, words: str) -> AsyncGenerator[list[str]]:
        self.asked.clear()
        found: list[str] = []
        yield found
        asked = [each for each in self.asked if each[0].split()[0] in ("SELECT", "UPDATE", "DELETE", "WITH")]
        for statement, values in asked:
            plan = await self._plan(statement, values)
            if (rows := _looked_at(plan)) > ROWS_MOST:
                found.append(f"{words}: {rows} rows\n{statement}\n{json.dumps(_short(plan))}")

    async def _plan(self, statement: str, values: tuple[object, ...]) -> Mapping[str, Any]:
        async with self.database.writers.transaction() as connection:
            await connection.run("SET LOCAL plan_cache_mode = force_generic_plan")
            await connection.run("SET LOCAL session_replication_role = replica")  # what it points at may be gone by now
            await connection.run(f"PREPARE question AS {statement.replace('?', '$')}")
            given = f"({', '.join(_written(value) for value in values)})" if values else ""
            (row,) = await connection.rows(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE question{given}")
            await connection.run("DEALLOCATE question")
            await connection.run("ROLLBACK")
        return json.loads(row["QUERY PLAN"])[0]["Plan"]


def _written(value: object) -> str:
    match value:
        case None:
            return "NULL"
        case bool() | int():
            return str(value).upper()
        case datetime():
            return f"'{value.isoformat()}'"
        case bytes():
            return f"'\\x{value.hex()}'"
        case list():
            return _written("{" + ", ".join(_element(each) for each in cast("list[object]", value)) + "}")
        case _:
            return "'" + str(value).replace("'", "''") + "'"


def _element(value: object) -> str:
    return "NULL" if value is None else json.dumps(str(value), ensure_ascii=False)


def _nodes(plan: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return chain([plan], *(_nodes(each) for each in plan.get("Plans", ())))


def _looked_at(plan: Mapping[str, Any]) -> int:
    def rows(node: Mapping[str, Any]) -> float:
        removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        return (node["Actual Rows"] + removed) * node["Actual Loops"]

    return round(sum(rows(node) for node in _nodes(plan) if "Scan" in node["Node Type"]))


def _short(plan: Mapping[str, Any]) -> list[str]:
    names = ("Node Type", "Index Name", "Relation Name", "Index Cond", "Filter", "Actual Rows", "Actual Loops")
    return [", ".join(str(node[name]) for name in names if name in node) for node in _nodes(plan)]


class Recording:
    """A connection that keeps what it is asked."""

    def __init__(self, raw: Raw, asked: list[tuple[str, tuple[object, ...]]]) -> None:
        self._raw = raw
        self._asked = asked

    def __getattr__(self, name: str) -> object:
        return getattr(self._raw, name)

    async def fetch(self, query: str, *values: object, **options: float | None) -> list[Record]:
        self._asked.append((query, values))
        return await self._raw.fetch(query, *values, **options)

    async def execute(self, query: str, *values: object, **options: float | None) -> str:
        self._asked.append((query, values))
        return await self._raw.execute(query, *values, **options)


@dataclass(frozen=True, slots=True)
class Filled:
    database: OnDisk
    watch: Watch


@pytest.fixture(params=["sqlite", "sqlite that was analyzed", "postgres"])
def empty(request: pytest.FixtureRequest) -> tuple[str, str | Path]:
    return request.param, request.getfixturevalue("desk_url" if request.param == "postgres" else "migrated")


@pytest.fixture
async def filled(
    empty: tuple[str, str | Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Filled]:
    kind, place = empty
    if isinstance(place, str):
        asked: list[tuple[str, tuple[object, ...]]] = []
        connect = postgres_database._connect  # pyright: ignore[reportPrivateUsage]

        async def recorded(*args: object, **options: object) -> Any:
            return Recording(await connect(*args, **options), asked)

        monkeypatch.setattr(postgres_database, "_connect", recorded)
        database = await open_postgres(place, FixedClock(), CountingIds(), MemoryBus())
        await database.start()
        await run(database, [LEFT_ALONE])
        await fill(database)
        await run(database, [OF_EVERY_ROW, "ANALYZE"])
        yield Filled(database, PostgresWatch(database, asked))
        await database.close()
        return
    path = tmp_path / "desk.db"
    shutil.copy(place, path)
    database = await open_sqlite(path, FixedClock(), CountingIds(), MemoryBus())
    await database.start()
    await fill(database)
    if kind != "sqlite":
        await run(database, ["ANALYZE"])
    opened = database._opened  # pyright: ignore[reportPrivateUsage]
    watch = SqliteWatch(path, (opened.writing, *opened.readers._connections))  # pyright: ignore[reportPrivateUsage]
    await watch.begin()
    yield Filled(database, watch)
    await database.close()


async def test_what_is_asked_or_written_goes_through_little_of_what_there_is(filled: Filled) -> None:
    asking = everything(filled.database)
    dear: list[str] = []
    for words, ask in asking.questions.items():
        async with filled.watch.dear(words) as found:
            await ask()
        if not may_walk(words):
            dear += found

    assert not dear, "\n\n".join(dear)


def test_whatever_a_port_can_be_asked_is_asked_here() -> None:
    asking = everything(_Nothing())  # pyright: ignore[reportArgumentType]

    for port in (Reads, Store, WebhookInbox, Directory, Transaction):
        methods = {name for name, _ in inspect.getmembers(port, callable) if not name.startswith("_")}
        assert methods - {"transaction", "pause"} <= asking.asked[port.__name__], port


class _Nothing:
    """A database that only has names."""

    def __getattr__(self, name: str) -> "_Nothing":
        return self

    def __call__(self) -> None: ...
