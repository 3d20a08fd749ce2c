"""Two servers and two workers are one desk: whoever dies, whatever goes away, nothing is lost, doubled or mixed up."""

import asyncio
import signal
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.journeys.desk import DEADLINE_S, Program, Storage, eventually, missing
from tests.journeys.several_processes import (
    Conversation,
    SeveralProcesses,
    check_events,
    check_messages,
    conversations,
    listening,
    messages,
    reply,
    settled,
    several_processes,
    talking,
    unsure,
    write,
)
from tests.peers.servers import NoServer, Postgres, Redis, own_postgres, own_redis

REFUSED = 'deliveries_refused_total{cause="unavailable"}'


@pytest.fixture(scope="module")
def postgres_of_several() -> Generator[Postgres]:
    try:
        with own_postgres() as server:
            yield server
    except NoServer as absent:
        missing(str(absent))


@pytest.fixture(scope="module")
def redis_of_several() -> Generator[Redis]:
    try:
        with own_redis() as server:
            yield server
    except NoServer as absent:
        missing(str(absent))


@pytest.fixture(scope="module")
def several(
    postgres_of_several: Postgres,
    redis_of_several: Redis,
    tmp_path_factory: pytest.TempPathFactory,
    http: httpx.Client,
) -> Generator[SeveralProcesses]:
    storage = Storage(postgres_of_several.url(), redis_of_several.url)
    with several_processes(Path(tmp_path_factory.mktemp("several")), http, storage) as several:
        yield several


async def test_a_socket_on_one_server_sees_what_a_webhook_on_the_other_brought(several: SeveralProcesses) -> None:
    async with listening(several) as (one, other):
        (asking,) = await conversations(several, 1)
        await other.hears("hello 0")

        await write(several, asking, "Is anybody there?")

        await one.hears("Is anybody there?")
        await other.hears("Is anybody there?")
        await check_events((one, other), check_messages(several, asking))
    heard = 'redis_hints_total{fate="heard"}'
    assert eventually(lambda: all(several.figure(server, heard) > 0 for server in several.servers))


async def test_killing_each_process_in_turn_loses_doubles_and_mixes_up_nothing(several: SeveralProcesses) -> None:
    async with listening(several) as heard:
        people = await conversations(several, 3)
        for program in several.programs:
            async with talking(several, people):
                before = said(people)
                program.kill()
                assert await seen(lambda before=before: said(people) >= before + 2 * len(people))
                program.start()
            await asyncio.to_thread(program.opened)
        await settled(several, people)

        expected = [id for each in people for id in check_messages(several, each)]
        await check_events(heard, expected)
    assert unsure(several, people) <= len(several.workers) * len(people)


async def test_what_waits_for_a_network_that_died_leaves_in_order_when_it_is_back(several: SeveralProcesses) -> None:
    async with listening(several) as heard:
        (asking,) = await conversations(several, 1)
        several.network.kill()
        async with httpx.AsyncClient(trust_env=False, timeout=DEADLINE_S) as http:
            for number in range(3):
                await reply(several, asking, f"answer {number}", http)
        assert await seen(lambda: refused_connections(several, asking) >= 1)

        with asleep(several.workers):  # the new network has to hear of the person's hello before it takes an answer
            await asyncio.to_thread(several.network_back)
            several.phones.add_person(asking.person)
            await write(several, asking, "Are you still there?")
        await settled(several, [asking])

        await check_events(heard, check_messages(several, asking))
    assert unsure(several, [asking]) == 0


def refused_connections(several: SeveralProcesses, conversation: Conversation) -> int:
    """Attempts of which it is known that nothing left."""
    attempts = [attempt for message in messages(several, conversation) for attempt in message["attempts"]]
    return sum(attempt["outcome"] == "NOT_SENT" for attempt in attempts)


@contextmanager
def asleep(programs: Sequence[Program]) -> Generator[None]:
    for program in programs:
        program.running.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for program in programs:
            program.running.signal(signal.SIGCONT)


async def test_without_redis_messages_still_arrive_and_its_return_is_noticed(
    several: SeveralProcesses, redis_of_several: Redis
) -> None:
    async with listening(several) as heard:
        people = await conversations(several, 1)
        for away, back in (
            (redis_of_several.stop, redis_of_several.start),
            (redis_of_several.freeze, redis_of_several.thaw),
            (redis_of_several.kill, redis_of_several.start),
        ):
            away()
            async with talking(several, people):
                before = said(people)
                assert await seen(lambda before=before: said(people) >= before + 2)
            for listener in heard:
                await listener.hears(people[0].written[-1])
            back()
            assert await seen(lambda: all(hints_pass(several, server) for server in several.servers))
        await settled(several, people)

        await check_events(heard, check_messages(several, people[0]))
    assert unsure(several, people) == 0


def hints_pass(several: SeveralProcesses, server: Program) -> bool:
    return several.figure(server, "redis_hints_up") == 1.0


async def test_while_postgresql_is_away_webhooks_are_told_to_come_again_and_nothing_is_lost(
    several: SeveralProcesses, postgres_of_several: Postgres
) -> None:
    server = several.servers[0]
    async with listening(several) as heard:
        people = await conversations(several, 3)
        refused = several.figure(server, REFUSED)
        async with talking(several, people):
            postgres_of_several.kill()
            assert await seen(lambda: several.figure(server, REFUSED) >= refused + 3)
            ready = several.http.get(f"{server.url}/readyz")
            before = said(people)
            postgres_of_several.start()
            assert await seen(lambda: said(people) >= before + 2 * len(people))
        await settled(several, people)

        expected = [id for each in people for id in check_messages(several, each)]
        await check_events(heard, expected)
    assert (ready.status_code, ready.headers["retry-after"]) == (503, "1")


async def test_a_stop_finishes_what_is_in_hand_and_the_others_go_on(several: SeveralProcesses) -> None:
    async with listening(several) as heard:
        people = await conversations(several, 3)
        for program in (several.workers[0], several.servers[1]):
            async with talking(several, people):
                before = said(people)
                assert await seen(lambda before=before: said(people) > before)
                assert await asyncio.to_thread(program.stop) == 0
                program.start()
            await asyncio.to_thread(program.opened)
        await settled(several, people)

        expected = [id for each in people for id in check_messages(several, each)]
        await check_events(heard, expected)
    assert unsure(several, people) == 0


def said(people: list[Conversation]) -> int:
    return sum(len(each.written) + len(each.replied) for each in people)


async def seen(question: Callable[[], bool]) -> bool:
    """`eventually`, while everybody goes on talking."""
    return await asyncio.to_thread(eventually, question)
