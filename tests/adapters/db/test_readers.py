"""The readers' SQL: the indexes it uses, the statements it costs, and that it answers as the memory twin does."""

import random
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import TypeAlias, TypeVar, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  (what is used of it is typed here)
import pytest

from adapters.db.dialect import Dialect
from adapters.db.postgres.database import PostgresDatabase, open_postgres
from adapters.db.postgres.pool import Pool, Raw
from adapters.db.reading.readers import SqlReads
from adapters.db.reading.source import Reading
from adapters.db.rows.mapping import Record, Value
from adapters.db.sqlite.database import SqliteDatabase, open_sqlite
from adapters.memory import MemoryBus, MemoryDatabase
from domain.channels.channels import Channel
from domain.channels.templates import Template
from domain.contacts import Contact
from domain.conversations.library import LibraryItem
from domain.conversations.messages import Direction, Message, Source
from domain.conversations.sessions import WINDOW, SessionState
from domain.conversations.threads import Thread, ThreadStatus
from domain.files.media import Media
from domain.ids import ChannelId, ContactId, MessageId, PhoneNumberId, ThreadId, TicketId, UserId
from domain.people.organizations import ApiKey, SignIn, User
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
from domain.quota import Entry
from domain.rows import Row
from domain.tickets import Property, Ticket, TicketPriority, TicketStatus
from tests.builders import (
    ACME,
    CHANNEL,
    CONTACT,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    THREAD,
    USER,
    CountingIds,
    FixedClock,
    a_channel,
    a_contact,
    a_session,
    a_thread,
    a_ticket,
    a_user,
    an_id,
    an_inbound,
    an_organization,
)

T = TypeVar("T")

OnDisk: TypeAlias = SqliteDatabase | PostgresDatabase

connect_with = cast("Callable[..., Awaitable[Raw]]", asyncpg.connect)  # pyright: ignore[reportUnknownMemberType]

SEED = 20261121
CHANNELS = (CHANNEL, ChannelId(an_id(901)))
CONTACTS = (CONTACT, ContactId(an_id(902)))
OWNERS = (USER, UserId(an_id(903)))
BASE: tuple[Row, ...] = (
    an_organization(),
    a_user(),
    a_channel(),
    a_channel(CHANNELS[1], phone_number_id=PhoneNumberId("2")),
    a_contact(),
    a_contact(CONTACTS[1], wa_id="2"),
)


@dataclass(slots=True)
class Explained:
    """Runs each statement, and keeps how the database would go about it."""

    reading: Reading
    plans: list[str] = field(default_factory=list[str])

    @property
    def dialect(self) -> Dialect:
        return self.reading.dialect

    async def select(self, sql: str, *values: Value) -> Sequence[Record]:
        word, column = EXPLAIN[self.dialect.name]
        steps = await self.reading.select(f"{word} {sql}", *values)
        self.plans.append("\n".join(step[column] for step in steps))
        return await self.reading.select(sql, *values)


EXPLAIN = {"sqlite": ("EXPLAIN QUERY PLAN", "detail"), "postgres": ("EXPLAIN", "QUERY PLAN")}


@pytest.fixture
async def sqlite_desk(migrated: Path, tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    path = tmp_path / "desk.db"
    shutil.copy(migrated, path)
    async with given(await open_sqlite(path, FixedClock(), CountingIds(), MemoryBus())) as database:
        yield database


@pytest.fixture
async def postgres_desk(desk_url: str) -> AsyncIterator[PostgresDatabase]:
    async with given(await open_postgres(desk_url, FixedClock(), CountingIds(), MemoryBus())) as database:
        yield database


@pytest.fixture(params=["sqlite_desk", "postgres_desk"])
def database(request: pytest.FixtureRequest) -> OnDisk:
    return request.getfixturevalue(request.param)


D = TypeVar("D", SqliteDatabase, PostgresDatabase)


@asynccontextmanager
async def given(database: D) -> AsyncGenerator[D]:
    await database.start()
    try:
        async with database.store.transaction(ACME) as tx:
            tx.save(*BASE)
        yield database
    finally:
        await database.close()


@pytest.fixture
def explained(sqlite_desk: SqliteDatabase) -> Explained:
    return Explained(sqlite_desk.readers)


# Indexes

OPEN = ThreadFilter(statuses=(ThreadStatus.OPEN,))
INBOX_INDEXES = {
    "the inbox": (ThreadFilter(), ThreadOrder.LAST_ACTIVITY, "threads_by_activity"),
    "what is open": (OPEN, ThreadOrder.LAST_ACTIVITY, "threads_by_status"),
    "one channel": (ThreadFilter(channels=(CHANNEL,)), ThreadOrder.LAST_ACTIVITY, "threads_of_channel"),
    "one's own": (ThreadFilter(owners=(USER,)), ThreadOrder.LAST_ACTIVITY, "threads_of_owner"),
    "nobody's": (ThreadFilter(unassigned=True), ThreadOrder.LAST_ACTIVITY, "threads_of_owner"),
    "several channels": (ThreadFilter(channels=CHANNELS), ThreadOrder.LAST_ACTIVITY, "threads_by_activity"),
    "unread": (ThreadFilter(unread=True), ThreadOrder.LAST_ACTIVITY, "threads_by_activity"),
    "open sessions": (ThreadFilter(session=SessionState.OPEN), ThreadOrder.LAST_ACTIVITY, "threads_by_activity"),
    "closed tickets and new ones": (
        ThreadFilter(ticket_statuses=(TicketStatus.NEW, TicketStatus.CLOSED)),
        ThreadOrder.LAST_ACTIVITY,
        "threads_by_activity",
    ),
    "by age": (ThreadFilter(), ThreadOrder.CREATED_AT, "threads_by_age"),
    "by session": (ThreadFilter(), ThreadOrder.SESSION_EXPIRY, "threads_by_session"),
}


@pytest.mark.parametrize("name", INBOX_INDEXES)
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("from_end", [True, False])
async def test_a_page_of_the_inbox_is_read_off_an_index_unsorted(
    sqlite_desk: SqliteDatabase, explained: Explained, name: str, descending: bool, from_end: bool
) -> None:
    filter, order, index = INBOX_INDEXES[name]
    reads = SqlReads(explained)
    async with sqlite_desk.store.transaction(ACME) as tx:
        tx.save(*(a_thread(ThreadId(an_id(number)), owner=None) for number in range(3)))

    first = await reads.threads(ACME, ThreadAsk(PageAsk(1), ThreadFilter(), order, descending), NOON)
    for ask in (
        PageAsk(50, from_end=from_end),
        PageAsk(50, after=first.places[0], from_end=from_end),
        PageAsk(50, before=first.places[0], from_end=from_end),
    ):
        explained.plans.clear()
        await reads.threads(ACME, ThreadAsk(ask, filter, order, descending), NOON)
        assert f"USING INDEX {index} (organization_id=?" in explained.plans[0]
        assert "TEMP B-TREE" not in explained.plans[0]


@pytest.mark.parametrize("from_end", [True, False])
async def test_a_page_of_a_thread_is_read_off_its_index_unsorted(explained: Explained, from_end: bool) -> None:
    place = ("2026-11-20T12:00:00.000000Z", an_id(1))

    for ask in (PageAsk(50, from_end=from_end), PageAsk(50, after=place), PageAsk(50, before=place, from_end=True)):
        await SqlReads(explained).messages(ACME, THREAD, ask)

    assert len(explained.plans) == 3
    for plan in explained.plans:
        assert "USING INDEX messages_of_thread (organization_id=? AND thread_id=?" in plan
        assert "TEMP B-TREE" not in plan


async def test_a_place_deep_in_the_inbox_is_gone_to_at_once(explained: Explained) -> None:
    place = ("2026-11-20T12:00:00.000000Z", an_id(1))

    await SqlReads(explained).threads(ACME, ThreadAsk(PageAsk(50, after=place)), NOON)
    await SqlReads(explained).messages(ACME, THREAD, PageAsk(50, after=place))

    inbox, thread = explained.plans
    assert "threads_by_activity (organization_id=? AND (last_activity_at,id)<(?,?))" in inbox
    assert "messages_of_thread (organization_id=? AND thread_id=? AND (at,id)>(?,?))" in thread


@pytest.mark.parametrize("name", INBOX_INDEXES)
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("from_end", [True, False])
async def test_a_page_of_the_inbox_is_read_off_an_index_on_postgresql_too(
    planning: Explained, name: str, descending: bool, from_end: bool
) -> None:
    filter, order, _ = INBOX_INDEXES[name]
    place = ("2026-11-20T12:00:00.000000Z", an_id(1))

    for ask in (
        PageAsk(50, from_end=from_end),
        PageAsk(50, after=place, from_end=from_end),
        PageAsk(50, before=place, from_end=from_end),
    ):
        planning.plans.clear()
        await SqlReads(planning).threads(ACME, ThreadAsk(ask, filter, order, descending), NOON)
        assert "using threads_" in planning.plans[0]
        assert "Index Cond: (" in planning.plans[0]
        assert "Sort" not in planning.plans[0]


@pytest.fixture
async def planning(postgres_desk: PostgresDatabase, desk_url: str) -> AsyncIterator[Explained]:
    """Plans as they would be over many rows: whatever reads a whole table or sorts one is a last resort."""

    async def connect() -> Raw:
        settings = {"plan_cache_mode": "force_generic_plan", "enable_sort": "off", "enable_bitmapscan": "off"}
        return await connect_with(desk_url, server_settings={**settings, "enable_seqscan": "off"})

    pool = Pool(connect, 1)
    yield Explained(pool)
    await pool.close()


async def test_no_question_is_answered_by_reading_a_whole_table(explained: Explained) -> None:
    await ask_everything(SqlReads(explained))

    for plan in explained.plans:
        scans = [step for step in plan.splitlines() if step.startswith("SCAN")]
        assert all("json_each" in step or "CONSTANT ROW" in step for step in scans), plan


# Statements


async def test_each_question_costs_one_statement(database: OnDisk) -> None:
    before = database.readers.statements

    asked = await ask_everything(database.reader)

    assert database.readers.statements - before == asked


async def test_a_snapshot_costs_no_more_statements_than_its_questions(
    database: OnDisk,
) -> None:
    before = database.readers.statements

    async with database.reader.snapshot(ACME) as reads:
        asked = await ask_everything(reads)

    assert database.readers.statements - before == asked


async def ask_everything(reads: Reads) -> int:
    """Every question there is, once; how many those are."""
    page, none = PageAsk(10), list[str]()
    questions = (
        reads.head(ACME),
        reads.organization(ACME),
        reads.events(ACME, 0, 10),
        reads.events(ACME, 0, 10, THREAD),
        reads.first_position(ACME),
        reads.heads([ACME]),
        reads.threads(ACME, ThreadAsk(page), NOON),
        reads.thread_count(ACME, ThreadFilter(), NOON),
        reads.by_ids(Thread, ACME, [ThreadId(id) for id in none]),
        reads.tickets(ACME, TicketAsk(page)),
        reads.ticket_count(ACME, TicketFilter()),
        reads.by_ids(Ticket, ACME, [TicketId(id) for id in none]),
        reads.ticket_changes(ACME, TicketId("?"), page),
        reads.contacts(ACME, page, "ana"),
        reads.by_ids(Contact, ACME, [CONTACT]),
        reads.identities_of(ACME, [CONTACT]),
        reads.messages(ACME, THREAD, page),
        reads.by_ids(Message, ACME, [MessageId(id) for id in none]),
        reads.marks_of(ACME, [MessageId("?")]),
        reads.by_ids(Media, ACME, list[str]()),
        reads.all_of(Channel, ACME, "created_at"),
        reads.by_ids(Channel, ACME, [CHANNEL]),
        reads.templates(ACME, TemplateAsk(page)),
        reads.by_ids(Template, ACME, list[str]()),
        reads.library(ACME, LibraryAsk(page, words=("price", "list"))),
        reads.by_ids(LibraryItem, ACME, list[str]()),
        reads.users(ACME, page, "ada"),
        reads.by_ids(User, ACME, [USER]),
        reads.open_tickets_of(ACME, [USER]),
        reads.by_ids(ApiKey, ACME, list[str]()),
        reads.by_ids(SignIn, ACME, list[str]()),
        reads.period_at(ACME, NOON),
        reads.entries(ACME, NOON - DAY, NOON, page),
        reads.units_by_hour(ACME, NOON - DAY, NOON),
        reads.by_ids(Entry, ACME, list[str]()),
        reads.allowance_taken(ACME, [a_channel().account], NOON - DAY),
    )
    for question in questions:
        await question
    return len(questions)


# The same answers


async def test_any_inbox_is_answered_as_the_memory_twin_answers_it(database: OnDisk) -> None:
    chance = random.Random(SEED)
    memory = MemoryDatabase(FixedClock(), CountingIds(), MemoryBus())
    threads = [a_random_thread(chance, number) for number in range(60)]
    tickets = [a_random_ticket(chance, number, threads) for number in range(60)]
    for store in (memory.store, database.store):
        async with store.transaction(ACME) as tx:
            tx.save(*BASE, *threads, *tickets)

    for order, descending, from_end in product(ThreadOrder, (True, False), (True, False)):
        whole = await memory.reader.threads(ACME, ThreadAsk(PageAsk(100), order=order, descending=descending), NOON)
        for _ in range(40):
            page = a_random_page(chance, whole.places, from_end=from_end)
            ask = ThreadAsk(page, a_random_filter(chance), order, descending)
            expected = await memory.reader.threads(ACME, ask, NOON)
            assert await database.reader.threads(ACME, ask, NOON) == expected, ask
            count = await memory.reader.thread_count(ACME, ask.filter, NOON)
            assert await database.reader.thread_count(ACME, ask.filter, NOON) == count, ask


async def test_any_list_of_tickets_is_answered_as_the_memory_twin_answers_it(
    database: OnDisk,
) -> None:
    chance = random.Random(SEED)
    memory = MemoryDatabase(FixedClock(), CountingIds(), MemoryBus())
    threads = [a_random_thread(chance, number) for number in range(5)]
    tickets = [a_random_ticket(chance, number, threads) for number in range(60)]
    for store in (memory.store, database.store):
        async with store.transaction(ACME) as tx:
            tx.save(*BASE, *threads, *tickets)

    for order, descending, from_end in product(TicketOrder, (True, False), (True, False)):
        whole = await memory.reader.tickets(ACME, TicketAsk(PageAsk(100), order=order, descending=descending))
        for _ in range(40):
            page = a_random_page(chance, whole.places, from_end=from_end)
            ask = TicketAsk(page, a_random_ticket_filter(chance, threads), order, descending)
            expected = await memory.reader.tickets(ACME, ask)
            assert await database.reader.tickets(ACME, ask) == expected, ask
            count = await memory.reader.ticket_count(ACME, ask.filter)
            assert await database.reader.ticket_count(ACME, ask.filter) == count, ask


async def test_any_page_of_a_thread_is_answered_as_the_memory_twin_answers_it(
    database: OnDisk,
) -> None:
    chance = random.Random(SEED)
    memory = MemoryDatabase(FixedClock(), CountingIds(), MemoryBus())
    messages = [
        an_inbound(MessageId(an_id(number)), at=NOON + chance.randrange(20) * MINUTE, wamid=None)
        for number in chance.sample(range(40), 40)
    ]
    for store in (memory.store, database.store):
        async with store.transaction(ACME) as tx:
            tx.save(*BASE, a_thread(), *messages)

    whole = await memory.reader.messages(ACME, THREAD, PageAsk(100))
    for from_end in (True, False) * 50:
        ask = a_random_page(chance, whole.places, from_end=from_end)
        assert await database.reader.messages(ACME, THREAD, ask) == await memory.reader.messages(ACME, THREAD, ask)


def a_random_thread(chance: random.Random, number: int) -> Thread:
    opened_at = NOON - WINDOW + chance.choice([-DAY, -HOUR, timedelta(0), HOUR, DAY - HOUR, DAY, DAY + HOUR])
    return a_thread(
        ThreadId(an_id(number)),
        channel=chance.choice(CHANNELS),
        contact=chance.choice(CONTACTS),
        created_at=NOON + chance.randrange(10) * MINUTE,
        last_activity_at=NOON + chance.randrange(10) * MINUTE,
        status=chance.choice(list(ThreadStatus)),
        owner=chance.choice([None, *OWNERS]),
        ticket=chance.choice([None, TicketId(an_id(1000 + number))]),
        last_direction=chance.choice([None, *Direction]),
        last_source=chance.choice(list(Source)),
        unread_count=chance.randrange(3),
        session=chance.choice([None, a_session(opened_at)]),
    )


def a_random_ticket(chance: random.Random, number: int, threads: Sequence[Thread]) -> Ticket:
    return a_ticket(
        TicketId(an_id(1000 + number)),
        number=number + 1,
        status=chance.choice(list(TicketStatus)),
        thread=chance.choice(threads).id,
        contact=chance.choice(CONTACTS),
        channel=chance.choice(CHANNELS),
        created_at=NOON + chance.randrange(10) * MINUTE,
        priority=chance.choice(list(TicketPriority)),
        source=chance.choice(list(Source)),
        owner=chance.choice([None, *OWNERS]),
        properties=chance.choice([(), (Property("vip", "yes"),), (Property("vip", "no"), Property("größe", "ß"))]),
    )


def a_random_filter(chance: random.Random) -> ThreadFilter:
    return some_of(
        chance,
        ThreadFilter(
            channels=any_of(chance, CHANNELS),
            statuses=any_of(chance, list(ThreadStatus)),
            ticket_statuses=any_of(chance, list(TicketStatus)),
            sources=any_of(chance, list(Source)),
            owners=any_of(chance, OWNERS),
            contact=chance.choice(CONTACTS),
            last_direction=chance.choice(list(Direction)),
            unassigned=chance.choice([True, False]),
            unread=chance.choice([True, False]),
            session=chance.choice(list(SessionState)),
            active_since=NOON + chance.randrange(10) * MINUTE,
        ),
        ThreadFilter(),
    )


def a_random_ticket_filter(chance: random.Random, threads: Sequence[Thread]) -> TicketFilter:
    return some_of(
        chance,
        TicketFilter(
            channels=any_of(chance, CHANNELS),
            statuses=any_of(chance, list(TicketStatus)),
            priorities=any_of(chance, list(TicketPriority)),
            owners=any_of(chance, OWNERS),
            sources=any_of(chance, list(Source)),
            properties=(Property("vip", chance.choice(["yes", "no", None])),),
            unassigned=chance.choice([True, False]),
            created_since=NOON + chance.randrange(5) * MINUTE,
            created_until=NOON + (5 + chance.randrange(5)) * MINUTE,
            thread=chance.choice(threads).id,
            contact=chance.choice(CONTACTS),
        ),
        TicketFilter(),
    )


FILTER = TypeVar("FILTER", ThreadFilter, TicketFilter)


def some_of(chance: random.Random, full: FILTER, empty: FILTER) -> FILTER:
    """The filter with at most three of its conditions."""
    names = chance.sample(sorted(full.__dataclass_fields__), chance.randrange(4))
    return replace(empty, **{name: getattr(full, name) for name in names})


def any_of(chance: random.Random, values: Sequence[T]) -> tuple[T, ...]:
    return tuple(chance.sample(values, chance.randrange(1, len(values) + 1)))


def a_random_page(chance: random.Random, places: Sequence[tuple[str, ...]], *, from_end: bool) -> PageAsk:
    return PageAsk(
        chance.randrange(1, 12),
        after=chance.choice([None, chance.choice(places)]),
        before=chance.choice([None, chance.choice(places)]),
        from_end=from_end,
    )
