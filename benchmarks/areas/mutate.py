"""`mutate`: 16 people assign tickets of one organization at once, beside the same transactions in SQL.

The limit's events get their positions from a sequence: it does all that the product's transaction does except keeping
the log gapless. Between both stands the same SQL with the log's counter, so that what the counter costs and what the
rules cost can be told apart. On SQLite all of them have one writer.
"""

import asyncio
import cProfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - what is used of it is typed in `raw`

from api.wiring import wired
from benchmarks.desks import Desk, make_desk, settings_of
from benchmarks.figures import Figure, Sample, Way, in_turns, percentile
from benchmarks.places import Place
from benchmarks.plan import Plan, Size
from benchmarks.raw import SqliteRaw, connect_raw, numbered
from benchmarks.seeding import seed, thread_id, ticket_id
from domain.ports.bundle import Ports
from domain.tickets import Ticket
from domain.use_cases.desk.tickets import AssignTicket, assign_ticket

AGENTS: Final = 16
EVENTS: Final = 2  # of the ticket and of its thread

Assign: TypeAlias = Callable[[int, int], Awaitable[None]]
"""Give the ticket of a number to the user of a number."""


async def measure(plan: Plan, place: Place) -> list[Figure]:
    desks: list[Desk] = []
    for _ in range(3):
        desk = await make_desk(await place.new_database(), users=AGENTS)
        await seed(desk, _small(plan))
        desks.append(desk)
    ours, with_counter, without = desks
    async with (
        wired(settings_of(ours.url)) as desk,
        _by_sql(with_counter, counter=True) as assign_with_counter,
        _by_sql(without, counter=False) as assign_without,
    ):
        product = _Assigning(_by_use_case(desk.ports, ours), plan, ours)
        counted = _Assigning(assign_with_counter, plan, with_counter)
        bare = _Assigning(assign_without, plan, without)
        figure = await in_turns(
            f"assigning ({AGENTS} agents, one organization)",
            "tickets assigned",
            plan.rounds,
            Way("SQL, positions from a sequence", bare.measure),
            Way("SQL, the log's counter", counted.measure),
            Way("deskline", product.measure),
        )
        if plan.profile:
            await product.profile(plan)
        for each in (product, counted, bare):
            await each.check(gapless=each is not bare)
    return [figure]


class _Assigning:
    """A desk where every agent gives tickets of their own from one to the other."""

    def __init__(self, assign: Assign, plan: Plan, desk: Desk) -> None:
        self._assign = assign
        self._plan = plan
        self._desk = desk
        self._done = 0
        self._turns = [0] * AGENTS
        self._latencies: list[float] = []

    async def measure(self) -> Sample:
        self._latencies.clear()
        before = self._done
        cpu, began = time.process_time(), time.perf_counter()
        until = began + self._plan.size.seconds
        await asyncio.gather(*(self._one_agent(agent, until) for agent in range(AGENTS)))
        took, used = time.perf_counter() - began, time.process_time() - cpu
        p99 = percentile(self._latencies, 0.99) * 1000
        return Sample((self._done - before) / took, {"p99 ms": p99, "CPU": used / took})

    async def profile(self, plan: Plan) -> None:
        assert plan.profile is not None
        profiled = cProfile.Profile()
        profiled.enable()
        await self.measure()
        profiled.disable()
        profiled.dump_stats(plan.profile)

    async def check(self, *, gapless: bool) -> None:
        """Every assignment has its entry of history and its events, and no position is missing."""
        raw = await connect_raw(self._desk.url)
        ((changes,),) = await raw.rows("SELECT count(*) FROM ticket_changes")
        ((events, last),) = await raw.rows("SELECT count(*), max(position) FROM events")
        ((counter,),) = await raw.rows("SELECT position FROM event_counters")
        await raw.close()
        assert changes == self._done, (changes, self._done)
        assert events == self._done * EVENTS, (events, self._done)
        assert not gapless or events == last == counter, (events, last, counter)

    async def _one_agent(self, agent: int, until: float) -> None:
        """Tickets 1, 2, 3, 4, 6, …: every fifth thread has none. A ticket gets another owner each time it comes by."""
        tickets = [number for number in range(agent, _small(self._plan).threads, AGENTS) if number % 5]
        while (began := time.perf_counter()) < until:
            turn = self._turns[agent]
            self._turns[agent] += 1
            ticket = tickets[turn % len(tickets)]
            await self._assign(ticket, (ticket + 1 + turn // len(tickets)) % AGENTS)
            self._latencies.append(time.perf_counter() - began)
            self._done += 1
            await asyncio.sleep(0)


def _small(plan: Plan) -> Size:
    return replace(plan.size, contacts=min(400, plan.size.contacts), threads=1_000, messages=10_000)


# The product


def _by_use_case(ports: Ports, desk: Desk) -> Assign:
    async def assign(ticket: int, user: int) -> None:
        asked = AssignTicket(ticket_id(ticket), owner=desk.users[user].id)
        done = await assign_ticket(ports, desk.agent(user), asked)
        assert isinstance(done, Ticket), done

    return assign


# The same in SQL

TICKET: Final = "SELECT * FROM tickets WHERE organization_id = ? AND id = ?"
THREAD: Final = "SELECT * FROM threads WHERE organization_id = ? AND id = ?"
USER: Final = "SELECT * FROM users WHERE organization_id = ? AND id = ?"
GIVE_TICKET: Final = "UPDATE tickets SET owner_id = ? WHERE organization_id = ? AND id = ?"
GIVE_THREAD: Final = "UPDATE threads SET owner_id = ? WHERE organization_id = ? AND id = ?"
CHANGE: Final = (
    'INSERT INTO ticket_changes (organization_id, id, ticket_id, at, "by", field, before, after)'
    " VALUES (?, ?, ?, ?, '{}', 'ownerId', NULL, ?)"
)
COUNT: Final = "UPDATE event_counters SET position = position + 2 WHERE organization_id = ? RETURNING position"
EVENTS_AT: Final = (
    "INSERT INTO events (organization_id, position, at, kind, version, thread_id, refs)"
    " VALUES (?1, ?2 - 1, ?3, 'TicketChanged', 1, ?4, ?5), (?1, ?2, ?3, 'ThreadChanged', 1, ?4, ?6)"
)
# On PostgreSQL in one statement, so that the counter is held as shortly as can be.
COUNTED: Final = f"WITH taken AS ({COUNT.replace('?', '$1::text')})"
DRAWN: Final = "WITH taken AS (SELECT nextval('positions') AS position)"
EVENTS_TAKEN: Final = (
    " INSERT INTO events (organization_id, position, at, kind, version, thread_id, refs)"
    " SELECT $1::text, position - 1, $2::timestamptz, 'TicketChanged', 1, $3, $4 FROM taken"
    " UNION ALL SELECT $1::text, position, $2::timestamptz, 'ThreadChanged', 1, $3, $5 FROM taken"
)


@asynccontextmanager
async def _by_sql(desk: Desk, *, counter: bool) -> AsyncGenerator[Assign]:
    if desk.url.startswith("sqlite:"):
        raw = SqliteRaw(desk.url)
        yield _by_sqlite(raw, desk, counter=counter)
        await raw.close()
        return
    async with cast(Any, asyncpg).create_pool(desk.url, min_size=AGENTS, max_size=AGENTS) as pool:
        await pool.execute("CREATE SEQUENCE positions INCREMENT 2 START 2")
        yield _by_postgres(pool, desk, counter=counter)


def _by_sqlite(raw: SqliteRaw, desk: Desk, *, counter: bool) -> Assign:
    sequence = iter(range(1, 1 << 60))

    async def assign(ticket: int, user: int) -> None:
        id, thread, owner = ticket_id(ticket), thread_id(ticket), desk.users[user].id
        at = raw.native(datetime.now(UTC))
        one = desk.organization
        with raw.transaction() as connection:
            for statement, key in ((TICKET, id), (THREAD, thread), (USER, owner)):
                connection.execute(statement, (one, key)).fetchone()
            connection.execute(GIVE_TICKET, (owner, one, id))
            connection.execute(CHANGE, (one, f"{id}-{time.time_ns()}", id, at, owner))
            connection.execute(GIVE_THREAD, (owner, one, thread))
            last = connection.execute(COUNT, (one,)).fetchone()[0] if counter else EVENTS * next(sequence)
            connection.execute(EVENTS_AT, (one, last, at, thread, *_refs(thread, id)))

    return assign


def _by_postgres(pool: Any, desk: Desk, *, counter: bool) -> Assign:
    change, events = numbered(CHANGE), (COUNTED if counter else DRAWN) + EVENTS_TAKEN
    give_ticket, give_thread = numbered(GIVE_TICKET), numbered(GIVE_THREAD)
    ask_ticket, ask_thread = numbered(TICKET) + " FOR UPDATE", numbered(THREAD) + " FOR UPDATE"
    ask_user = numbered(USER)

    async def assign(ticket: int, user: int) -> None:
        id, thread, owner = ticket_id(ticket), thread_id(ticket), desk.users[user].id
        at = datetime.now(UTC)
        one = desk.organization
        async with pool.acquire() as connection, connection.transaction():
            await connection.fetchrow(ask_ticket, one, id)
            await connection.fetchrow(ask_thread, one, thread)
            await connection.fetchrow(ask_user, one, owner)
            await connection.execute(give_ticket, owner, one, id)
            await connection.execute(change, one, f"{id}-{time.time_ns()}", id, at, owner)
            await connection.execute(give_thread, owner, one, thread)
            await connection.execute(events, one, at, thread, *_refs(thread, id))

    return assign


def _refs(thread: str, ticket: str) -> tuple[str, str]:
    """Of the ticket's event and of its thread's, about as the product words them."""
    return f'{{"thread":"{thread}","ticket":"{ticket}","changed":["ownerId"]}}', f'{{"thread":"{thread}"}}'
