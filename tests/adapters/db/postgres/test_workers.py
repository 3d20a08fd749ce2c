"""Several workers at one database on a server: each delivery applied once, each message sent once, order kept."""

import asyncio
import json
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from adapters.db.postgres.database import PostgresDatabase
from adapters.memory import MemoryMedia, MemoryThrottle
from adapters.system import FollowingClock, SystemClock
from domain.claims import CLAIMED_FOR
from domain.conversations.messages import Message
from domain.conversations.status import MessageStatus
from domain.errors import Unavailable
from domain.events import MessageAdded
from domain.ids import MessageId, OrganizationId, PhoneNumberId, ThreadId, Wamid
from domain.outbound.outbox import LEASE
from domain.ports.bundle import Ports
from domain.ports.deliveries import Delivery, DeliveryResult, DeliveryState
from domain.ports.directory import Directory, DirectoryEntry
from domain.ports.reads import PageAsk
from domain.updates import Update
from domain.use_cases.inbound.interpret import Interpreted, interpret
from domain.use_cases.outbound.leaving.dispatch import dispatch
from domain.use_cases.outbound.leaving.schedule import Leaving, NextSends, next_sends
from tests.adapters.shared_database import SharedDatabase, count, delivery
from tests.builders import (
    ACCOUNT,
    ACME,
    MINUTE,
    NOON,
    FixedClock,
    a_channel,
    a_message_received,
    a_pace,
    a_person,
    a_session,
    a_status_reported,
    a_thread,
    an_id,
    an_outbound,
    an_outbox_item,
)
from tests.domain.standins import Interpreter, Network, Passwords, Vault

NUMBERS = [PhoneNumberId(f"number-{number}") for number in range(7)]
SECOND = timedelta(seconds=1)


# Claiming


def named(number: int, *numbers: PhoneNumberId) -> Delivery:
    return replace(delivery(number), numbers=numbers, received_at=NOON + number * SECOND)


async def claimed(shared: SharedDatabase, database: PostgresDatabase, limit: int = 100) -> list[int]:
    deliveries = await database.webhook_inbox.claim(limit, shared.clock.now() + CLAIMED_FOR)
    return [int(each.id[-12:], 16) for each in deliveries]


async def finished(database: PostgresDatabase, *numbers: int, state: DeliveryState = DeliveryState.INTERPRETED) -> None:
    await database.webhook_inbox.finish([DeliveryResult(delivery(number).id, state, None) for number in numbers])


async def given_waiting(database: PostgresDatabase, *deliveries: Delivery) -> None:
    await asyncio.gather(*(database.webhook_inbox.append(each) for each in deliveries))


async def test_two_workers_never_have_the_same_delivery(shared: SharedDatabase) -> None:
    one, other = shared.opened[0], await shared.process()
    await given_waiting(one, *(named(number) for number in range(10)))

    assert await claimed(shared, one, 4) == [0, 1, 2, 3]
    assert await claimed(shared, other, 4) == [4, 5, 6, 7]
    assert await claimed(shared, one) == [8, 9]
    assert await claimed(shared, other) == []


async def test_two_workers_never_have_the_same_number(shared: SharedDatabase) -> None:
    one, other = shared.opened[0], await shared.process()
    a, b, c = NUMBERS[:3]
    await given_waiting(one, named(1, a), named(2, a), named(3, b), named(4), named(5, a, c), named(6, c), named(7, b))

    assert await claimed(shared, one, 1) == [1]
    assert await claimed(shared, other) == [3, 4, 7]
    assert await claimed(shared, one) == []  # 6 shares a number with 5, which shares one with 1

    await finished(one, 1)
    assert await claimed(shared, one) == [2, 5, 6]


async def test_a_later_delivery_of_a_number_that_somebody_has_stays_too(shared: SharedDatabase) -> None:
    one, other = shared.opened[0], await shared.process()
    await given_waiting(one, named(2, NUMBERS[0]))
    assert await claimed(shared, one) == [2]
    await given_waiting(one, named(1, NUMBERS[0]), named(3, NUMBERS[1]))

    assert await claimed(shared, other) == [3]


async def test_what_a_dead_worker_had_is_free_once_its_lease_ran_out(shared: SharedDatabase) -> None:
    one, other = shared.opened[0], await shared.process()
    await given_waiting(one, named(1, NUMBERS[0]), named(2, NUMBERS[0]))
    assert await claimed(shared, one) == [1, 2]

    shared.clock.advance(CLAIMED_FOR - timedelta(microseconds=1))
    assert await claimed(shared, other) == []
    shared.clock.advance(timedelta(microseconds=1))
    assert await claimed(shared, other) == [1]  # alone: it may be what the worker died of
    await finished(other, 1)
    assert await claimed(shared, other) == [2]


async def test_a_worker_given_up_for_lost_has_no_word_any_more(shared: SharedDatabase) -> None:
    late, heir = shared.opened[0], await shared.process()
    await given_waiting(late, named(1), named(2))
    await claimed(shared, late)
    shared.clock.advance(CLAIMED_FOR)
    assert [await claimed(shared, heir) for _ in range(2)] == [[1], [2]]

    await finished(late, 1, 2)
    assert (await late.webhook_inbox.counts())[DeliveryState.WAITING] == 2
    await finished(heir, 1, state=DeliveryState.FAILED)
    await finished(late, 1)

    assert await late.webhook_inbox.counts() == {DeliveryState.FAILED: 1, DeliveryState.WAITING: 1}


async def test_what_is_put_back_is_free_at_once(shared: SharedDatabase) -> None:
    one, other = shared.opened[0], await shared.process()
    await given_waiting(one, named(1), named(2))
    await claimed(shared, one)

    assert await one.webhook_inbox.again((), [delivery(1).id]) == 1

    assert await claimed(shared, other) == [1]


async def test_a_crowd_of_workers_shares_what_waits_without_anybody_getting_it_twice(shared: SharedDatabase) -> None:
    workers = [await shared.process() for _ in range(4)]
    await given_waiting(workers[0], *(named(number, NUMBERS[number % 7]) for number in range(100)))

    shares = await asyncio.gather(*(claimed(shared, worker, 5) for worker in workers))

    everything = [number for share in shares for number in share]
    assert len(everything) == len(set(everything)) > 0
    for number in range(7):
        assert sum(any(each % 7 == number for each in share) for share in shares) <= 1


# Interpreting


async def interpreted(ports: Ports, limit: int) -> Interpreted:
    return await interpret(ports, await ports.webhook_inbox.claim(limit, ports.clock.now() + CLAIMED_FOR))


class ReadsThem(Interpreter):
    """A delivery here says who wrote the how manieth message on which number."""

    async def updates(self, delivery: Delivery) -> list[Update]:
        told = json.loads(delivery.body)
        place = replace(
            a_message_received().place, delivery=delivery.id, number=PhoneNumberId(told["number"]), account=ACCOUNT
        )
        person = a_person(f"4860010{told['number'][-1]}")
        received = a_message_received(place=place, person=person, wamid=Wamid(told["wamid"]))
        return [received, a_status_reported(MessageStatus.READ, place=replace(place, index=1), wamid=Wamid("early"))]


class HeldUp:
    """A directory that keeps whoever asks waiting, as a worker that was stopped is."""

    def __init__(self, directory: Directory, held: asyncio.Event) -> None:
        self._directory = directory
        self._held = held
        self.reached = asyncio.Event()

    async def organizations(self) -> list[OrganizationId]:
        return await self._directory.organizations()

    async def find(self, kind: DirectoryEntry, values: Collection[str]) -> list[tuple[str, OrganizationId, str]]:
        found = await self._directory.find(kind, values)
        self.reached.set()
        await self._held.wait()
        return found


def ports_at(shared: SharedDatabase, database: PostgresDatabase, network: Network | None = None) -> Ports:
    return Ports(
        clock=shared.clock,
        ids=shared.ids,
        store=database.store,
        webhook_inbox=database.webhook_inbox,
        directory=database.directory,
        reader=database.reader,
        bus=shared.bus,
        network=network or Network(),
        interpreter=ReadsThem(),
        vault=Vault(),
        passwords=Passwords(),
        throttle=MemoryThrottle(shared.clock),
        media=MemoryMedia(),
    )


async def given_numbers(database: PostgresDatabase) -> None:
    async with database.store.transaction(ACME) as tx:
        for number in NUMBERS:
            tx.save(a_channel(id=type(a_channel().id)(f"channel-{number}"), phone_number_id=number))
            await tx.enlist(DirectoryEntry.NUMBER, number, number)
        await tx.enlist(DirectoryEntry.ACCOUNT, ACCOUNT, ACCOUNT)


def posted(index: int) -> Delivery:
    """The `index`th delivery, on one number after the other."""
    number = NUMBERS[index % len(NUMBERS)]
    body = json.dumps({"number": number, "wamid": f"{number}/{index:04}"}).encode()
    return replace(named(index, number), body=body)


async def until_all_is_interpreted(ports: Ports, limit: int) -> None:
    while (await ports.webhook_inbox.counts()).get(DeliveryState.WAITING):
        await interpreted(ports, limit)


async def everything_was_applied_once_and_in_order(database: PostgresDatabase, deliveries: int) -> None:
    log = [each.event for each in await database.reader.events(ACME, 0, 10_000)]
    ids = [event.message for event in log if isinstance(event, MessageAdded)]
    messages = await database.reader.by_ids(Message, ACME, ids)
    wamids = [messages[id].wamid or "" for id in ids]
    assert len(wamids) == len(set(wamids)) == deliveries
    for number in NUMBERS:
        of_number = [wamid for wamid in wamids if wamid.startswith(f"{number}/")]
        assert of_number == sorted(of_number)
    assert await count(database, "updates") == 2 * deliveries
    assert await count(database, "parked") == deliveries
    assert await database.webhook_inbox.counts() == {DeliveryState.INTERPRETED: deliveries}


async def test_four_workers_apply_each_delivery_once_and_each_number_in_order(shared: SharedDatabase) -> None:
    workers = [await shared.process() for _ in range(4)]
    await given_numbers(workers[0])
    await given_waiting(workers[0], *(posted(index) for index in range(200)))

    async with asyncio.timeout(60):
        await asyncio.gather(*(until_all_is_interpreted(ports_at(shared, worker), 5) for worker in workers))

    await everything_was_applied_once_and_in_order(workers[0], 200)


async def test_what_a_worker_left_when_it_died_is_taken_up_by_the_others(shared: SharedDatabase) -> None:
    doomed, *workers = [await shared.process() for _ in range(3)]
    await given_numbers(doomed)
    await given_waiting(doomed, *(posted(index) for index in range(40)))
    never = asyncio.Event()
    held_up = HeldUp(doomed.directory, never)

    dying = asyncio.create_task(interpreted(replace(ports_at(shared, doomed), directory=held_up), 10))
    await held_up.reached.wait()
    dying.cancel()
    await asyncio.wait([dying])
    assert await interpreted(ports_at(shared, workers[0]), 100)
    shared.clock.advance(CLAIMED_FOR)

    async with asyncio.timeout(60):
        await asyncio.gather(*(until_all_is_interpreted(ports_at(shared, worker), 5) for worker in workers))
    await everything_was_applied_once_and_in_order(doomed, 40)


@pytest.mark.parametrize("heir_is_done", [True, False])
async def test_a_worker_that_was_stopped_past_its_lease_and_woken_doubles_nothing(
    shared: SharedDatabase, heir_is_done: bool
) -> None:
    sleeper, heir = await shared.process(), await shared.process()
    await given_numbers(sleeper)
    await given_waiting(sleeper, *(posted(index) for index in range(40)))
    woken = asyncio.Event()
    held_up = HeldUp(sleeper.directory, woken)

    sleeping = asyncio.create_task(interpreted(replace(ports_at(shared, sleeper), directory=held_up), 40))
    await held_up.reached.wait()
    shared.clock.advance(CLAIMED_FOR)
    async with asyncio.timeout(60):
        if heir_is_done:
            await until_all_is_interpreted(ports_at(shared, heir), 5)
            woken.set()
            await sleeping
        else:
            woken.set()  # both are at the same deliveries now
            await asyncio.gather(sleeping, until_all_is_interpreted(ports_at(shared, heir), 40))

    await everything_was_applied_once_and_in_order(sleeper, 40)


# Dispatching


@dataclass(slots=True)
class Sender:
    ports: Ports
    shared: SharedDatabase

    async def until_all_has_left(self) -> None:
        """The clock goes on where the pace says so. What a busy machine could not answer is asked again."""
        while (turn := await self._next_sends()).leaving or turn.again_at is not None:
            await asyncio.gather(*(self._dispatch(each) for each in turn.leaving))
            if turn.again_at is not None:
                self.shared.clock.at = max(self.shared.clock.at, turn.again_at)

    async def _next_sends(self) -> NextSends:
        while True:
            with suppress(Unavailable):
                return await next_sends(self.ports, ())

    async def _dispatch(self, each: Leaving) -> None:
        with suppress(Unavailable):  # it was not claimed, and stays due
            await dispatch(self.ports, each.organization, each.message)


async def test_sixteen_workers_send_each_message_once_each_thread_in_order_and_all_at_one_pace(
    shared: SharedDatabase,
) -> None:
    processes = [await shared.process() for _ in range(4)]
    network = Network()
    threads = [ThreadId(an_id(1000 + number)) for number in range(12)]
    token = Vault().seal(ACME, "access_token", "the-token")
    ours = a_channel(access_token=token, throughput_per_second=20)
    queued: list[Message] = []
    async with processes[0].store.transaction(ACME) as tx:
        tx.save(ours, a_pace(), *(a_thread(thread, session=a_session()) for thread in threads))
        for number in range(96):
            message = an_outbound(
                MessageId(an_id(number)), thread=threads[number % 12], text=f"{number % 12}/{number:03}"
            )
            item = an_outbox_item(
                message.id, thread=message.thread, queued_at=NOON + number * timedelta(microseconds=1)
            )
            tx.save(message, item)
            queued.append(message)
    shared.clock.advance(MINUTE)
    begun_at = shared.clock.now()
    senders = [Sender(ports_at(shared, process, network), shared) for process in processes for _ in range(4)]

    async with asyncio.timeout(120):
        await asyncio.gather(*(sender.until_all_has_left() for sender in senders))
        while await count(processes[0], "outbox"):
            await senders[0].until_all_has_left()

    fifteen_a_second = timedelta(seconds=(96 - 4) / 15)
    assert shared.clock.now() - begun_at >= fifteen_a_second, "they share one pace"
    texts = [getattr(each.content, "body", "") for each in network.sent]
    assert Counter(texts) == Counter(getattr(each.content, "body", "") for each in queued)
    for thread in range(12):
        of_thread = [text for text in texts if text.startswith(f"{thread}/")]
        assert of_thread == sorted(of_thread)
    for thread in threads:
        sent = (await processes[0].reader.messages(ACME, thread, PageAsk(100))).rows
        assert {(message.status, message.attempt) for message in sent} == {(MessageStatus.SENT, 1)}


async def test_a_worker_whose_machine_is_twenty_seconds_ahead_gives_up_no_send_that_is_in_flight(
    shared: SharedDatabase,
) -> None:
    database = shared.opened[0]
    right = FollowingClock(SystemClock())
    ahead = FollowingClock(FixedClock(SystemClock().now() + 20 * SECOND))
    for clock in (right, ahead):
        await clock.ask(database.now)
    leased_until = right.now() + LEASE
    async with database.store.transaction(ACME) as tx:
        tx.save(
            a_thread(),
            an_outbound(),
            replace(an_outbox_item(), leased_until=leased_until, lease="in flight"),
        )

    assert await database.store.lost_sends(ahead.now(), 10) == []
    assert await database.store.lost_sends(leased_until, 10) == [(ACME, an_outbound().id)]
