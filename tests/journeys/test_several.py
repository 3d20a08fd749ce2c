"""Two servers and two workers are one desk: whoever dies, whatever goes away, nothing is lost, doubled or mixed up."""

import asyncio
import signal
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.journeys.company import (
    Company,
    Conversation,
    a_company,
    check_events,
    check_messages,
    conversations,
    listening,
    messages,
    reply,
    settled,
    talking,
    unsure,
    write,
)
from tests.journeys.desk import DEADLINE_S, Program, Storage, eventually, missing
from tests.servers import NoServer, Postgres, Redis, own_postgres, own_redis

REFUSED = 'deliveries_refused_total{cause="unavailable"}'


@pytest.fixture(scope="module")
def postgres_of_company() -> Generator[Postgres]:
    try:
        with own_postgres() as server:
            yield server
    except NoServer as absent:
        missing(str(absent))


@pytest.fixture(scope="module")
def redis_of_company() -> Generator[Redis]:
    try:
        with own_redis() as server:
            yield server
    except NoServer as absent:
        missing(str(absent))


@pytest.fixture(scope="module")
def company(
    postgres_of_company: Postgres,
    redis_of_company: Redis,
    tmp_path_factory: pytest.TempPathFactory,
    http: httpx.Client,
) -> Generator[Company]:
    storage = Storage(postgres_of_company.url(), redis_of_company.url)
    with a_company(Path(tmp_path_factory.mktemp("company")), http, storage) as company:
        yield company


async def test_a_socket_on_one_server_sees_what_a_webhook_on_the_other_brought(company: Company) -> None:
    async with listening(company) as (one, other):
        (asking,) = await conversations(company, 1)
        await other.hears("hello 0")

        await write(company, asking, "Is anybody there?")

        await one.hears("Is anybody there?")
        await other.hears("Is anybody there?")
        await check_events((one, other), check_messages(company, asking))
    heard = 'redis_hints_total{fate="heard"}'
    assert eventually(lambda: all(company.figure(server, heard) > 0 for server in company.servers))


async def test_killing_each_process_in_turn_loses_doubles_and_mixes_up_nothing(company: Company) -> None:
    async with listening(company) as heard:
        people = await conversations(company, 3)
        for program in company.programs:
            async with talking(company, people):
                before = said(people)
                program.kill()
                assert await seen(lambda before=before: said(people) >= before + 2 * len(people))
                program.start()
            await asyncio.to_thread(program.opened)
        await settled(company, people)

        expected = [id for each in people for id in check_messages(company, each)]
        await check_events(heard, expected)
    assert unsure(company, people) <= len(company.workers) * len(people)


async def test_what_waits_for_a_network_that_died_leaves_in_order_when_it_is_back(company: Company) -> None:
    async with listening(company) as heard:
        (asking,) = await conversations(company, 1)
        company.network.kill()
        async with httpx.AsyncClient(trust_env=False, timeout=DEADLINE_S) as http:
            for number in range(3):
                await reply(company, asking, f"answer {number}", http)
        assert await seen(lambda: refused_connections(company, asking) >= 1)

        with asleep(company.workers):  # the new network has to hear of the person's hello before it takes an answer
            await asyncio.to_thread(company.network_back)
            company.phones.add_person(asking.person)
            await write(company, asking, "Are you still there?")
        await settled(company, [asking])

        await check_events(heard, check_messages(company, asking))
    assert unsure(company, [asking]) == 0


def refused_connections(company: Company, conversation: Conversation) -> int:
    """Attempts of which it is known that nothing left."""
    attempts = [attempt for message in messages(company, conversation) for attempt in message["attempts"]]
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
    company: Company, redis_of_company: Redis
) -> None:
    async with listening(company) as heard:
        people = await conversations(company, 1)
        for away, back in (
            (redis_of_company.stop, redis_of_company.start),
            (redis_of_company.freeze, redis_of_company.thaw),
            (redis_of_company.kill, redis_of_company.start),
        ):
            away()
            async with talking(company, people):
                before = said(people)
                assert await seen(lambda before=before: said(people) >= before + 2)
            for listener in heard:
                await listener.hears(people[0].written[-1])
            back()
            assert await seen(lambda: all(hints_pass(company, server) for server in company.servers))
        await settled(company, people)

        await check_events(heard, check_messages(company, people[0]))
    assert unsure(company, people) == 0


def hints_pass(company: Company, server: Program) -> bool:
    return company.figure(server, "redis_hints_up") == 1.0


async def test_while_postgresql_is_away_webhooks_are_told_to_come_again_and_nothing_is_lost(
    company: Company, postgres_of_company: Postgres
) -> None:
    server = company.servers[0]
    async with listening(company) as heard:
        people = await conversations(company, 3)
        refused = company.figure(server, REFUSED)
        async with talking(company, people):
            postgres_of_company.kill()
            assert await seen(lambda: company.figure(server, REFUSED) >= refused + 3)
            ready = company.http.get(f"{server.url}/readyz")
            before = said(people)
            postgres_of_company.start()
            assert await seen(lambda: said(people) >= before + 2 * len(people))
        await settled(company, people)

        expected = [id for each in people for id in check_messages(company, each)]
        await check_events(heard, expected)
    assert (ready.status_code, ready.headers["retry-after"]) == (503, "1")


async def test_a_stop_finishes_what_is_in_hand_and_the_others_go_on(company: Company) -> None:
    async with listening(company) as heard:
        people = await conversations(company, 3)
        for program in (company.workers[0], company.servers[1]):
            async with talking(company, people):
                before = said(people)
                assert await seen(lambda before=before: said(people) > before)
                assert await asyncio.to_thread(program.stop) == 0
                program.start()
            await asyncio.to_thread(program.opened)
        await settled(company, people)

        expected = [id for each in people for id in check_messages(company, each)]
        await check_events(heard, expected)
    assert unsure(company, people) == 0


def said(people: list[Conversation]) -> int:
    return sum(len(each.written) + len(each.replied) for each in people)


async def seen(question: Callable[[], bool]) -> bool:
    """`eventually`, while everybody goes on talking."""
    return await asyncio.to_thread(eventually, question)
