"""The servers that the tests bring along."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.peers.servers import Databases, Postgres, Redis, connect

ROOT = Path(__file__).parents[2]
GONE_WITHIN_S = 20.0

A_RUN = """
import signal
from tests.peers.servers import own_postgres, own_redis

# A shell starts what runs in its background deaf to Ctrl+C, and so would this one be, as a child of such tests.
signal.signal(signal.SIGINT, signal.default_int_handler)
with own_redis() as redis, own_postgres() as postgres:
    print(redis.pid, redis.folder, postgres.pid, postgres.folder, flush=True)
    signal.pause()
"""


async def test_a_database_made_from_a_template_has_its_rows(postgres: Databases) -> None:
    template = await postgres.create()
    session = await connect(template)
    await session.execute("CREATE TABLE kept (word text)")
    await session.execute("INSERT INTO kept VALUES ('hello')")
    await session.close()

    copy = await postgres.create(template)

    session = await connect(copy)
    assert await session.fetchval("SELECT word FROM kept") == "hello"
    await session.close()
    await postgres.drop(copy)
    await postgres.drop(template)


async def test_a_database_that_is_given_back_is_lent_again_without_its_rows_or_its_users(postgres: Databases) -> None:
    template = await postgres.create()
    session = await connect(template)
    await session.execute("CREATE TABLE parents (id int PRIMARY KEY)")
    await session.execute("CREATE TABLE children (parent int REFERENCES parents)")
    await session.close()
    lent = await postgres.lend(template)
    forgotten = await connect(lent)
    await forgotten.execute("INSERT INTO parents VALUES (1)")
    await forgotten.execute("INSERT INTO children VALUES (1)")

    await postgres.give_back(lent, template)

    assert await postgres.lend(template) == lent
    session = await connect(lent)
    assert await session.fetchval("SELECT (SELECT count(*) FROM parents) + (SELECT count(*) FROM children)") == 0
    assert await session.fetchval("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()") == 1
    await session.close()
    await postgres.drop(lent)
    await postgres.drop(template)


async def test_a_killed_postgres_comes_back_at_its_address_with_what_was_committed(postgres_server: Postgres) -> None:
    session = await connect(postgres_server.url())
    await session.execute("CREATE TABLE kept (word text)")
    await session.execute("INSERT INTO kept VALUES ('hello')")

    postgres_server.kill()
    with pytest.raises((OSError, ConnectionError)):
        await connect(postgres_server.url())
    postgres_server.start()

    session = await connect(postgres_server.url())
    assert await session.fetchval("SELECT word FROM kept") == "hello"
    await session.close()


async def test_a_frozen_postgres_answers_once_it_is_thawed(postgres_server: Postgres) -> None:
    session = await connect(postgres_server.url())

    postgres_server.freeze()
    asking = asyncio.ensure_future(session.fetchval("SELECT 1"))
    done, _ = await asyncio.wait([asking], timeout=0.2)
    assert not done
    postgres_server.thaw()

    assert await asking == 1
    await session.close()


def test_a_redis_is_started_again_at_its_address(redis_server: Redis) -> None:
    before = redis_server.url

    redis_server.kill()
    redis_server.start()
    redis_server.restart()

    assert redis_server.url == before


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_servers_do_not_outlive_their_run(death: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", A_RUN], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as run:
        try:
            assert run.stdout is not None
            redis, redis_folder, postgres, postgres_folder = run.stdout.readline().decode().split()
            assert psutil.pid_exists(int(redis))
            assert psutil.pid_exists(int(postgres))

            run.send_signal(death)
            run.wait(GONE_WITHIN_S)
        finally:
            run.kill()  # what it waits for never comes

    eventually(lambda: not is_alive(int(redis)) and not is_alive(int(postgres)))
    eventually(lambda: not Path(redis_folder).exists() and not Path(postgres_folder).exists())


def is_alive(pid: int) -> bool:
    """One that ended, and that nobody asked how, is dead too."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def eventually(question: Callable[[], bool]) -> None:
    deadline = time.monotonic() + GONE_WITHIN_S
    while not question():
        assert time.monotonic() < deadline
        time.sleep(0.01)
