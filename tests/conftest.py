"""What every test may ask for: a PostgreSQL and a Redis, ours or the ones that the environment names."""

import asyncio
import gc
import os
import secrets
import sys
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from xdist.remote import Producer  # pyright: ignore[reportMissingTypeStubs]
from xdist.scheduler import LoadGroupScheduling  # pyright: ignore[reportMissingTypeStubs]

from tests.peers.servers import Databases, NoServer, Postgres, Redis, own_postgres, own_redis

# Its own way of showing a traceback draws every local variable, which takes seconds.
structlog.configure(processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)])

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
OF_THE_RULES = Path(__file__).parent / "domain"
CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")

TOGETHER = (
    *("journeys/test_bad_input.py", "journeys/test_several.py", "journeys/test_media.py"),
    *("operating/test_proxies.py", "operating/test_trail.py", "operating/test_walks.py", "commands/test_postgres.py"),
)
"""One worker runs all of such a file, whose tests share processes that take long to start, and which may die."""


class FilesTogether(LoadGroupScheduling):
    """In place of xdist's groups, which this pytest does not hear of: a mark changes nothing of a test's id there."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file.endswith(TOGETHER) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """One more than processors: a sixth of the tests' time is waiting, for leases to end and servers to start."""
    return None if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else processors() + 1


def processors() -> int:
    """How many of the machine's this process may use; a container is often given less than it sees."""
    seen = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    try:
        quota, period = CPU_QUOTA.read_text().split()
        return min(seen, max(1, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no such file, or "max"
        return seen


def pytest_configure(config: pytest.Config) -> None:
    """Workers iterate sets alike: a test whose parameters come from one has the same name in each, and no value is
    left out. The order is another in the next run.
    """
    if not hasattr(config, "workerinput"):
        os.environ.setdefault("PYTHONHASHSEED", str(secrets.randbelow(2**32)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FilesTogether | None:
    return FilesTogether(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """While modules are loaded nothing is thrown away, and what is loaded stays: no use in looking through it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What the rules are covered by are their own tests. To trace the others takes them twice their time."""
    for item in items:
        if OF_THE_RULES not in item.path.parents:
            item.add_marker("no_cover")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Databases]:
    """A server to make databases on; the same for all tests of a worker."""
    if url := os.environ.get("DESKLINE_TEST_DATABASE_URL"):
        databases = Databases(url)
        yield databases
        asyncio.run(databases.drop_used())
        return
    with _skipped_where_missing(), own_postgres() as server:
        yield server.databases


@pytest.fixture
async def postgres_url(postgres: Databases) -> AsyncIterator[str]:
    """An empty database of the test's own."""
    url = await postgres.create()
    yield url
    await postgres.drop(url)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis; the same for all tests of a worker, so a `redis_namespace` tells their words apart."""
    if url := os.environ.get("DESKLINE_TEST_REDIS_URL"):
        yield url
        return
    with _skipped_where_missing(), own_redis() as server:
        yield server.url


@pytest.fixture
def redis_namespace() -> str:
    return f"test-{secrets.token_hex(6)}"


@pytest.fixture
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL for this test alone, which it may stop, kill, freeze and start again."""
    with _skipped_where_missing(), own_postgres() as server:
        yield server


@pytest.fixture
def redis_server() -> Iterator[Redis]:
    """A Redis for this test alone, which it may stop, kill, freeze and start again."""
    with _skipped_where_missing(), own_redis() as server:
        yield server


@contextmanager
def _skipped_where_missing() -> Generator[None]:
    """Some machines have no wheel of a server. Where a green run is a promise, that is a failure."""
    try:
        yield
    except NoServer as missing:
        if IN_CI:
            pytest.fail(str(missing))
        pytest.skip(str(missing))
