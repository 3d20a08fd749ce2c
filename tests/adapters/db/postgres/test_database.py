"""PostgreSQL as the desk relies on it: what was acknowledged stays, whoever is cancelled, late or in the way."""

import asyncio
import random
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  (its errors)
import pytest

from adapters.db.database import open_database
from adapters.db.migrating.history import DatabaseRefused
from adapters.db.postgres import pool as postgres_pool
from adapters.db.postgres.database import Connections, PostgresDatabase
from adapters.db.postgres.errors import as_domain
from adapters.memory import MemoryBus
from domain.channels.channels import Channel
from domain.conversations.threads import Thread
from domain.errors import Unavailable, WriteConflict
from domain.events import QuotaChanged, ThreadChanged
from domain.ids import ContactId, MessageId, ThreadId, UserId, Wamid
from domain.people.organizations import User
from domain.ports.directory import DirectoryEntry
from domain.ports.reads import PageAsk
from tests.adapters.patience import PATIENCE_S
from tests.adapters.shared_database import (
    SharedDatabase,
    background_work_gets_its_turns,
    count,
    delivery,
    positions,
    works,
)
from tests.builders import (
    ACME,
    CHANNEL,
    CONTACT,
    THREAD,
    CountingIds,
    FixedClock,
    a_contact,
    a_thread,
    an_id,
    an_inbound,
)
from tests.peers.servers import PASSWORD, USER, Postgres, connect

ROOT = Path(__file__).parents[4]
HERE = "datname = current_database()"  # the server may be everybody's


class Fire(Exception):
    pass


@pytest.fixture
async def database(shared: SharedDatabase) -> PostgresDatabase:
    return shared.opened[0]


# The address


REFUSED = {
    "a wrong password": ("postgresql://deskline:hush-hush@{place}/postgres", "refuses the password of deskline"),
    "an unknown user": ("postgresql://nobody-here:hush-hush@{place}/postgres", "refuses the password of nobody-here"),
    "no such database": ("postgresql://deskline:a-word-for-tests@{place}/desk", "has no database 'desk'"),
    "an unknown host": ("postgresql://deskline:hush-hush@nowhere.invalid/desk", "there is no such host"),
    "nobody listening": ("postgresql://deskline:hush-hush@127.0.0.1:1/desk", "at 127.0.0.1:1 does not answer"),
    "no database named": ("postgresql://deskline:hush-hush@{place}", "names no database"),
    "a port that is none": ("postgresql://deskline:hush-hush@127.0.0.1:hush/desk", "wrong"),
    "an unknown option": ("postgresql://deskline:hush-hush@{place}/desk?sslmode=perhaps", "an option in it is wrong"),
    "another scheme": ("mysql://deskline:hush-hush@{place}/desk", "not mysql"),
    "half an address": ("postgresql://deskline:hush-hush@[::1/desk", "is not an address"),
}


async def test_an_address_that_leads_nowhere_is_refused_with_the_setting_and_without_the_password(
    postgres_server: Postgres,
) -> None:
    for what, (url, why) in REFUSED.items():
        with pytest.raises(DatabaseRefused) as refused:
            await open_database(
                url.format(place=f"127.0.0.1:{postgres_server.port}"), FixedClock(), CountingIds(), MemoryBus()
            )
        said = str(refused.value)
        assert "DESKLINE_DATABASE_URL" in said, what
        assert why in said, what
        assert "hush" not in said.replace("127.0.0.1:hush", ""), what
        assert "\n" not in said, what


async def test_a_server_that_is_full_is_refused_with_the_reason(guest_url: str, postgres_server: Postgres) -> None:
    session = await connect(postgres_server.url())
    await session.execute(f"ALTER DATABASE {guest_url.rpartition('/')[2]} CONNECTION LIMIT 0")
    await session.close()

    with pytest.raises(DatabaseRefused, match="can't be used now: too many connections"):
        await open_database(guest_url, FixedClock(), CountingIds(), MemoryBus())


async def test_a_user_who_may_not_make_tables_is_told_so(guest_url: str) -> None:
    database = await open_database(guest_url, FixedClock(), CountingIds(), MemoryBus())

    with pytest.raises(DatabaseRefused, match="does not let us change this database: permission denied"):
        await database.migrate()
    await database.close()


@pytest.fixture
async def guest_url(postgres_server: Postgres) -> str:
    """An empty database, as somebody sees it whose it is not."""
    url = await postgres_server.databases.create()
    session = await connect(url)
    await session.execute("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    await session.close()
    return url.replace(f"{USER}:{PASSWORD}", "guest:guest")


async def test_a_database_that_forgets_what_it_acknowledged_is_refused(desk_url: str) -> None:
    session = await connect(desk_url)
    await session.execute(f"ALTER DATABASE {desk_url.rpartition('/')[2]} SET synchronous_commit = off")
    await session.close()

    with pytest.raises(DatabaseRefused, match="synchronous_commit off"):
        await open_database(desk_url, FixedClock(), CountingIds(), MemoryBus())


# What is asked and kept


@pytest.mark.parametrize("odd", ["a\0b", "\ud83d", "\0"])
async def test_a_text_that_can_not_be_held_is_found_nowhere(database: PostgresDatabase, odd: str) -> None:
    async with database.store.transaction(ACME) as tx:
        tx.save(a_thread())
        assert await tx.user_by_email(odd) is None
        assert await tx.threads([ThreadId(odd), THREAD]) == {THREAD: a_thread()}
        assert await tx.messages_by_wamid([(CHANNEL, Wamid(odd))]) == {}
        assert await tx.remembered(odd) is None

    assert await database.reader.by_ids(User, ACME, [UserId(odd)]) == {}
    assert await database.directory.find(DirectoryEntry.NUMBER, [odd]) == []
    assert (await database.reader.contacts(ACME, PageAsk(5), f"x{odd}x")).rows == []


async def test_a_connection_says_whose_it_is(database: PostgresDatabase) -> None:
    names = await database.readers.select("SELECT DISTINCT application_name FROM pg_stat_activity WHERE pid <> 0")

    assert "deskline" in {row["application_name"] for row in names}


async def test_readers_can_not_write(database: PostgresDatabase) -> None:
    with pytest.raises(Unavailable):
        await database.readers.select("DELETE FROM contacts RETURNING id")

    assert await count(database, "contacts") == 1


async def test_a_question_that_takes_too_long_is_given_up(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_pool, "ANSWERED_WITHIN_S", 0.1)

    with pytest.raises(Unavailable):
        await database.readers.select("SELECT pg_sleep(30)")

    assert await count(database, "contacts") == 1


# One after another, and at once


WRITE_AND_ROLL_BACK = """
import asyncio, sys
from contextlib import suppress
from adapters.db.database import open_database
from adapters.memory import MemoryBus
from adapters.system import SystemClock, SystemIds
from domain.events import QuotaChanged
from pytest import MonkeyPatch
from tests.adapters.patience import be_patient
from tests.builders import ACME

async def main():
    be_patient(MonkeyPatch())
    database = await open_database(sys.argv[1], SystemClock(), SystemIds(), MemoryBus())
    await database.start()
    kept = 0

    async def write(writer):
        nonlocal kept
        for number in range(25):
            with suppress(ZeroDivisionError):
                async with database.store.transaction(ACME) as tx:
                    tx.record(*[QuotaChanged()] * (1 + number % 3))
                    await tx.settings()
                    1 // ((number + writer) % 4)
                kept += 1 + number % 3

    await asyncio.gather(*(write(writer) for writer in range(4)))
    await database.close()
    print(kept)

asyncio.run(main())
"""


async def test_positions_have_no_gap_under_sixteen_writers_in_four_processes(shared: SharedDatabase) -> None:
    async def process() -> int:
        running = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            WRITE_AND_ROLL_BACK,
            shared.url,
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        )
        said, _ = await asyncio.wait_for(running.communicate(), PATIENCE_S)
        assert running.returncode == 0
        return int(said)

    kept = await asyncio.gather(*(process() for _ in range(4)))

    assert await positions(shared.opened[0]) == list(range(1, sum(kept) + 1))


@pytest.mark.usefixtures("patient")
async def test_transactions_that_take_rows_in_opposite_orders_are_all_done(shared_by_us: SharedDatabase) -> None:
    session = await connect(shared_by_us.url)
    await session.execute(f"ALTER DATABASE {shared_by_us.url.rpartition('/')[2]} SET deadlock_timeout = '20ms'")
    await session.close()
    hasty = await shared_by_us.process()
    one, other = ThreadId(an_id(1)), ThreadId(an_id(2))
    async with hasty.store.transaction(ACME) as tx:
        tx.save(a_thread(one), a_thread(other))
    collisions = 0

    async def both(first: ThreadId, second: ThreadId) -> None:
        async with hasty.store.transaction(ACME) as tx:
            for id in (first, second):
                thread = (await tx.threads([id]))[id]
                tx.save(replace(thread, unread_count=thread.unread_count + 1))
            tx.record(ThreadChanged(first))

    async def until_done(number: int) -> None:
        nonlocal collisions
        tries = 0
        while True:
            try:
                await both(*((one, other) if number % 2 else (other, one)))
                return
            except WriteConflict:
                collisions += 1
                tries += 1
                assert await hasty.store.pause(tries)

    await asyncio.gather(*(until_done(number) for number in range(16)))

    threads = await hasty.reader.by_ids(Thread, ACME, [one, other])
    assert [thread.unread_count for thread in threads.values()] == [16, 16]
    assert await positions(hasty) == list(range(1, 17))
    assert collisions > 0


async def test_trying_again_takes_longer_each_time_and_has_an_end(database: PostgresDatabase) -> None:
    assert [await database.store.pause(tries) for tries in (1, 2, 3, 5, 6)] == [True, True, True, True, False]


async def test_a_key_that_stays_taken_is_no_race_and_comes_out_as_the_fault_it_is(shared: SharedDatabase) -> None:
    database = shared.opened[0]
    await database.webhook_inbox.append(delivery(1))
    async with database.store.transaction(ACME) as tx:
        tx.save(a_thread(), an_inbound())

    async def bring_a_second() -> None:
        async with database.store.transaction(ACME) as tx:
            tx.save(an_inbound(MessageId(an_id(1))))

    async def until_it_is_told() -> int:
        for tries in range(1, 100):
            try:
                await bring_a_second()
            except WriteConflict:
                assert await database.store.pause(tries)
            except asyncpg.UniqueViolationError:
                return tries
        return 0

    assert await until_it_is_told() == 6
    assert await asyncio.create_task(until_it_is_told()) == 6
    await works(database)


FAULTS: list[tuple[Exception, type[Exception] | None]] = [
    (asyncpg.DeadlockDetectedError("x"), WriteConflict),
    (asyncpg.SerializationError("x"), WriteConflict),
    (asyncpg.UniqueViolationError("x"), WriteConflict),
    (asyncpg.InvalidCachedStatementError("x"), WriteConflict),
    (asyncpg.DiskFullError("x"), Unavailable),
    (asyncpg.OutOfMemoryError("x"), Unavailable),
    (asyncpg.TooManyConnectionsError("x"), Unavailable),
    (asyncpg.AdminShutdownError("x"), Unavailable),
    (asyncpg.CrashShutdownError("x"), Unavailable),
    (asyncpg.CannotConnectNowError("x"), Unavailable),
    (asyncpg.QueryCanceledError("x"), Unavailable),
    (asyncpg.LockNotAvailableError("x"), Unavailable),
    (asyncpg.ReadOnlySQLTransactionError("x"), Unavailable),
    (asyncpg.ConnectionDoesNotExistError("x"), Unavailable),
    (ConnectionResetError(), Unavailable),
    (asyncpg.ForeignKeyViolationError("x"), None),
    (asyncpg.UndefinedColumnError("x"), None),
    (asyncpg.DataError("x"), None),
    (ValueError("x"), None),
]


@pytest.mark.parametrize(("error", "meant"), FAULTS, ids=lambda each: type(each).__name__)
def test_what_goes_wrong_there_is_said_in_the_desks_words(error: Exception, meant: type[Exception] | None) -> None:
    said = as_domain(error, is_closed=False)

    assert (type(said) if said is not None else None) is meant


async def test_a_transaction_that_went_on_after_a_failed_statement_commits_nothing(database: PostgresDatabase) -> None:
    async def go_on() -> None:
        async with database.store.transaction(ACME) as tx:
            tx.save(a_thread(contact=ContactId("nobody")))
            with suppress(Exception):
                await tx.threads([THREAD])

    with pytest.raises(RuntimeError, match="nothing was committed"):
        await go_on()

    await works(database)


async def test_who_opens_a_ticket_keeps_nobody_from_the_log(shared: SharedDatabase, database: PostgresDatabase) -> None:
    async with database.store.transaction(ACME) as opening:
        assert await opening.next_ticket_numbers(1) == 1

        async with asyncio.timeout(2), database.store.transaction(ACME) as tx:
            tx.record(QuotaChanged())

    assert await positions(database) == [1]


async def test_a_number_that_somebody_looks_at_is_free_to_others(database: PostgresDatabase) -> None:
    async with database.store.transaction(ACME) as looking:
        channel = await looking.row(Channel, CHANNEL)
        assert channel is not None

        async with asyncio.timeout(2), database.store.transaction(ACME) as tx:
            tx.save(replace(await tx.settings(), website="https://acme.example"), a_thread(), an_inbound())
            await tx.row(Channel, CHANNEL)

        looking.save(replace(channel, quality_rating="GREEN"))

    assert (await database.reader.all_of(Channel, ACME, "created_at"))[0].quality_rating == "GREEN"


async def test_of_two_who_change_a_number_after_both_looked_the_later_collides(database: PostgresDatabase) -> None:
    async def change() -> None:
        async with database.store.transaction(ACME) as late:
            seen = await late.row(Channel, CHANNEL)
            assert seen is not None
            async with database.store.transaction(ACME) as early:
                early.save(replace(seen, quality_rating="RED"))
            late.save(replace(seen, messaging_limit=5))

    with pytest.raises(WriteConflict):
        await change()

    (channel,) = await database.reader.all_of(Channel, ACME, "created_at")
    assert (channel.quality_rating, channel.messaging_limit) == ("RED", None)


# Cancelled


@pytest.mark.usefixtures("patient")
async def test_hundreds_of_cancelled_transactions_lose_no_connection(shared: SharedDatabase) -> None:
    narrow = await shared.process(Connections(transactions=2, reads=2))
    chance = random.Random(7)
    loop = asyncio.get_running_loop()

    async def work(number: int) -> None:
        async with narrow.store.transaction(ACME, background=chance.random() < 0.5) as tx:
            tx.save(a_contact(ContactId(an_id(number))))
            await tx.contacts([CONTACT])
            tx.record(QuotaChanged())

    async def read() -> None:
        async with narrow.reader.snapshot(ACME) as reads:
            await reads.head(ACME)
            await reads.all_of(Channel, ACME, "created_at")

    await asyncio.gather(*(narrow.webhook_inbox.append(delivery(number)) for number in (20_000, 20_001)))
    await asyncio.gather(read(), read(), *(works(narrow) for _ in range(2)))
    for batch in range(25):
        tasks = [asyncio.create_task(work(batch * 20 + number)) for number in range(20)]
        tasks += [
            asyncio.create_task(narrow.webhook_inbox.append(delivery(batch * 20 + number))) for number in range(5)
        ]
        tasks += [asyncio.create_task(read()) for _ in range(10)]
        for task in tasks[1:]:  # one is let through, however slow the machine is
            loop.call_later(chance.random() * 0.05, task.cancel)
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(answer) for answer in answers} <= {type(None), asyncio.CancelledError}

    both = asyncio.Barrier(2)

    async def meet(number: int) -> None:
        async with narrow.store.transaction(ACME) as tx:
            await tx.contacts([ContactId(an_id(number))])
            await both.wait()

    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(meet(1), meet(2))
        await asyncio.gather(*(read() for _ in range(5)))
        await narrow.webhook_inbox.append(delivery(10_000))
    kept = await count(narrow, "contacts") - 2
    assert 1 <= kept <= 500
    assert await positions(narrow) == list(range(1, kept + 1))
    assert await count(narrow, "pg_stat_activity", f"{HERE} AND state LIKE 'idle in transaction%'") == 0


async def test_who_waits_too_long_for_a_connection_is_told_so(
    shared: SharedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert postgres_pool.LENT_WITHIN_S == 2.0
    monkeypatch.setattr(postgres_pool, "LENT_WITHIN_S", 0.3)
    narrow = await shared.process(Connections(transactions=1))

    async with narrow.store.transaction(ACME), asyncio.timeout(60):
        began = time.monotonic()
        with pytest.raises(Unavailable):
            async with narrow.store.transaction(ACME):
                pytest.fail("the transaction began")
        assert time.monotonic() - began > 0.29
        assert await count(narrow, "contacts") == 1
        await narrow.webhook_inbox.append(delivery(1))
    await works(narrow)


async def test_people_do_not_keep_background_work_from_its_turns(shared: SharedDatabase) -> None:
    narrow = await shared.process(Connections(transactions=1))

    await background_work_gets_its_turns(narrow.store)


# Deliveries


async def test_many_deliveries_at_a_time_share_commits(database: PostgresDatabase) -> None:
    before = database.deliveries.commits

    await asyncio.gather(*(database.webhook_inbox.append(delivery(number)) for number in range(200)))

    assert len(await database.webhook_inbox.waiting(1000)) == 200
    assert 1 <= database.deliveries.commits - before < 20


async def test_a_closed_database_ends_what_was_begun_and_takes_nothing_more(shared: SharedDatabase) -> None:
    database = await shared.process()

    async def slow() -> None:
        async with database.store.transaction(ACME) as tx:
            tx.save(a_contact(ContactId(an_id(1))))
            await tx.contacts([CONTACT])

    asked = [asyncio.create_task(slow()), asyncio.create_task(database.webhook_inbox.append(delivery(1)))]
    while not await count(shared.opened[0], "pg_stat_activity", f"{HERE} AND state = 'idle in transaction'"):
        await asyncio.sleep(0)
        if asked[0].done():
            break
    await database.close()

    await asyncio.gather(*asked)
    with pytest.raises(Unavailable):
        await database.webhook_inbox.append(delivery(2))
    with pytest.raises(Unavailable):
        async with database.store.transaction(ACME):
            pytest.fail("the transaction began")
    with pytest.raises(Unavailable):
        await database.webhook_inbox.counts()
    assert await count(shared.opened[0], "contacts") == 2
    assert await count(shared.opened[0], "deliveries") == 1
