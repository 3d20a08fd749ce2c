"""A server that goes away: nobody waits for long, nothing acknowledged is lost, and all is well when it is back."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

import pytest

from adapters.db.postgres.database import WRITING, PostgresDatabase
from domain.channels.channels import Channel
from domain.conversations.messages import Message
from domain.conversations.status import MessageStatus
from domain.errors import Unavailable
from domain.events import QuotaChanged
from domain.ids import ContactId, DeliveryId, MessageId, ThreadId, Wamid
from domain.ports.network import Accepted, Outgoing, Rejected, SendResult, Unanswered
from domain.use_cases.outbound.leaving.dispatch import dispatch
from tests.adapters.db.dying import store_and_die
from tests.adapters.db.postgres.test_workers import ports_at
from tests.adapters.shared_database import SharedDatabase, count, delivery, positions, works
from tests.builders import (
    ACME,
    MINUTE,
    FixedClock,
    a_channel,
    a_contact,
    a_pace,
    a_session,
    a_thread,
    an_id,
    an_outbound,
    an_outbox_item,
)
from tests.domain.standins import Network, Vault
from tests.peers.proxy import Fault, Proxy, proxy_before
from tests.peers.servers import Postgres

LONGEST_S = 6.0  # two, and what a busy machine adds
POSTERS = 20


@dataclass(slots=True)
class Burst:
    """Posters that never stop, and a person who works, while something happens to the server."""

    database: PostgresDatabase
    stored: set[str] = field(default_factory=set[str])
    refused: int = 0
    transactions: int = 0
    longest_s: float = 0.0
    stopping: bool = False
    goal: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def around(self, happening: Callable[[], None], seconds_after: float) -> None:
        """`happening` takes place in a thread while the burst goes on."""
        tasks = [asyncio.create_task(self._post(poster)) for poster in range(POSTERS)]
        tasks.append(asyncio.create_task(self._work()))
        async with asyncio.timeout(60):
            await self._more()
        await asyncio.to_thread(happening)
        async with asyncio.timeout(seconds_after):
            await self._more()
        self.stopping = True
        async with asyncio.timeout(60):
            await asyncio.gather(*tasks)

    async def _more(self) -> None:
        """Until a hundred more deliveries are stored, and the person gets on as well."""
        self.goal = len(self.stored) + 100
        self.transactions = 0
        self.reached.clear()
        await self.reached.wait()

    def _count(self) -> None:
        if len(self.stored) >= self.goal and self.transactions:
            self.reached.set()

    async def _post(self, poster: int) -> None:
        number = poster
        while not self.stopping:
            number += POSTERS
            began = time.monotonic()
            try:
                await self.database.webhook_inbox.append(delivery(number))
                self.stored.add(an_id(number))
                self._count()
            except Unavailable:
                self.refused += 1
                await asyncio.sleep(0.02)
            self.longest_s = max(self.longest_s, time.monotonic() - began)

    async def _work(self) -> None:
        number = 0
        while not self.stopping:
            number += 1
            try:
                async with self.database.store.transaction(ACME) as tx:
                    tx.save(a_contact(ContactId(an_id(number))))
                    tx.record(QuotaChanged())
                self.transactions += 1
                self._count()
            except Unavailable:
                await asyncio.sleep(0.02)


async def nothing_was_lost(burst: Burst) -> None:
    kept = {each.id for each in await burst.database.webhook_inbox.waiting(1_000_000)}
    assert {DeliveryId(id) for id in burst.stored} <= kept
    contacts = await count(burst.database, "contacts") - 1
    assert await positions(burst.database) == list(range(1, contacts + 1))


def stands_still(server: Postgres) -> None:
    server.freeze()
    time.sleep(8)  # longer than anybody may wait
    server.thaw()


def is_down(server: Postgres) -> None:
    server.stop()
    time.sleep(2)
    server.start()


def loses_its_power(server: Postgres) -> None:
    server.kill()
    time.sleep(1)
    server.start()


@pytest.mark.parametrize("what_happens", [stands_still, is_down, loses_its_power])
async def test_a_server_that_goes_in_the_middle_of_a_burst(
    shared_by_us: SharedDatabase, postgres_server: Postgres, what_happens: Callable[[Postgres], None]
) -> None:
    burst = Burst(shared_by_us.opened[0])

    await burst.around(partial(what_happens, postgres_server), seconds_after=60)

    assert burst.refused > 0
    assert burst.longest_s < LONGEST_S
    await nothing_was_lost(burst)
    await works(burst.database)


async def test_readers_and_writers_are_told_soon_that_nobody_is_there(
    shared_by_us: SharedDatabase, postgres_server: Postgres
) -> None:
    database = shared_by_us.opened[0]
    await works(database)
    postgres_server.stop()

    async def transaction() -> None:
        async with database.store.transaction(ACME) as tx:
            await tx.all_of(Channel)

    async def snapshot() -> None:
        async with database.reader.snapshot(ACME) as reads:
            await reads.all_of(Channel, ACME, "created_at")

    questions = (
        transaction,
        snapshot,
        lambda: database.reader.all_of(Channel, ACME, "created_at"),
        lambda: database.directory.organizations(),
        lambda: database.webhook_inbox.claim(10, shared_by_us.clock.now()),
        lambda: database.webhook_inbox.append(delivery(1)),
        lambda: database.store.due_numbers(shared_by_us.clock.now()),
        lambda: database.state(),
    )
    for ask in questions:
        async with asyncio.timeout(LONGEST_S):
            with pytest.raises(Unavailable):
                await ask()

    postgres_server.start()
    await works(database)


# The line between


@pytest.fixture
async def proxy(postgres_server: Postgres) -> AsyncIterator[Proxy]:
    async with proxy_before(postgres_server.port) as proxy:
        yield proxy


@pytest.fixture
async def far(shared_by_us: SharedDatabase, postgres_server: Postgres, proxy: Proxy) -> PostgresDatabase:
    """The same database, at the other end of the proxy."""
    url = shared_by_us.url.replace(f":{postgres_server.port}/", f":{proxy.port}/")
    return await shared_by_us.process(url=url)


@pytest.mark.parametrize(
    ("fault", "took_place"),
    [pytest.param(Fault.DEAF, True, id="its answer is lost"), pytest.param(Fault.HOLE, False, id="it never arrives")],
)
async def test_a_commit_that_nobody_hears_of_took_place_whole_or_not_at_all(
    shared_by_us: SharedDatabase, far: PostgresDatabase, proxy: Proxy, fault: Fault, took_place: bool
) -> None:
    async def commit_unheard() -> None:
        async with far.store.transaction(ACME) as tx:
            tx.save(a_contact(ContactId(an_id(1))))
            await tx.contacts([])  # so that nothing but the COMMIT is left
            proxy.fail(fault)
            asyncio.get_running_loop().call_later(0.5, proxy.cut)

    with pytest.raises(Unavailable):
        await commit_unheard()

    proxy.heal()
    near = shared_by_us.opened[0]
    assert await count(near, "contacts") == (2 if took_place else 1)
    await works(far)


@dataclass(slots=True)
class Patient(FixedClock):
    """Whoever waits by it finds the database back at the third time."""

    proxy: Proxy | None = None
    waits: int = 0

    async def wait(self, seconds: float) -> None:
        self.waits += 1
        if self.proxy is not None and self.waits == 3:
            self.proxy.heal()
        self.advance(timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("answer", "status", "left"),
    [
        (Accepted(Wamid("wamid.ours")), MessageStatus.SENT, 0),
        (Rejected(131026, "not on WhatsApp"), MessageStatus.FAILED, 0),
        (Rejected(130429, "too fast"), MessageStatus.QUEUED, 1),
        (Unanswered("no answer came"), MessageStatus.UNKNOWN, 0),
    ],
)
async def test_what_the_network_said_while_it_was_away_is_written_when_it_is_back(
    shared_by_us: SharedDatabase,
    far: PostgresDatabase,
    proxy: Proxy,
    answer: SendResult,
    status: MessageStatus,
    left: int,
) -> None:
    shared, network = shared_by_us, Network()
    token = Vault().seal(ACME, "access_token", "the-token")
    message = an_outbound(MessageId(an_id(1)), thread=ThreadId(an_id(2)))
    async with far.store.transaction(ACME) as tx:
        thread = a_thread(message.thread, session=a_session())
        tx.save(a_channel(access_token=token), a_pace(), thread, message)
        tx.save(an_outbox_item(message.id, thread=message.thread))
    network.answers.append(answer)
    shared.clock.advance(MINUTE)
    clock = Patient(shared.clock.now(), proxy)

    async def the_database_goes(_: Outgoing) -> None:
        proxy.fail(Fault.SHUT)

    network.meanwhile = the_database_goes
    await dispatch(replace(ports_at(shared, far, network), clock=clock), ACME, message.id)

    near = shared.opened[0]
    kept = (await near.reader.by_ids(Message, ACME, [message.id]))[message.id]
    assert (kept.status, len(network.sent), await count(near, "outbox")) == (status, 1, left)
    assert clock.waits >= 3


async def test_lines_that_were_cut_while_nobody_used_them_cost_one_question_at_most(
    far: PostgresDatabase, proxy: Proxy
) -> None:
    await works(far)
    await far.reader.all_of(Channel, ACME, "created_at")

    proxy.cut()
    with suppress(Unavailable):
        await far.reader.all_of(Channel, ACME, "created_at")

    await works(far)
    assert len(await far.reader.all_of(Channel, ACME, "created_at")) == 1


# The process


async def test_an_acknowledged_delivery_outlives_the_process(shared: SharedDatabase) -> None:
    died_of, told = await asyncio.to_thread(store_and_die, shared.url)

    assert died_of == signal.SIGKILL
    assert 29 in told
    kept = {each.id for each in await shared.opened[0].webhook_inbox.waiting(100)}
    assert {an_id(number) for number in told} <= kept


async def test_what_a_stopped_process_locked_is_free_again(
    shared: SharedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(WRITING, "idle_in_transaction_session_timeout", "200ms")
    stopped = await shared.process()

    async def stop_midway() -> None:
        async with stopped.store.transaction(ACME) as held:
            await held.contacts([a_contact().id])
            async with shared.opened[0].store.transaction(ACME) as tx:
                assert await tx.contacts([a_contact().id])
            await held.contacts([a_contact().id])

    async with asyncio.timeout(10):
        with pytest.raises(Unavailable):
            await stop_midway()
    await works(stopped)
