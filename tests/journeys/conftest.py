"""Desks for the journeys: the demo as anybody starts it, and an installation whose desk can die and its network not."""

import asyncio
import signal
from collections.abc import AsyncIterator, Generator
from pathlib import Path

import httpx
import pytest

from tests.journeys.desk import (
    EMBEDDED,
    SQLITE,
    STORAGES,
    Desk,
    Installation,
    Phones,
    Storage,
    a_message_body,
    address_in,
    an_installation,
    bootstrapped,
    deliver,
    deskline,
    eventually,
    http_client,
    running,
)
from tests.peers.servers import Databases


@pytest.fixture(scope="module")
def http() -> Generator[httpx.Client, None, None]:
    with http_client() as client:
        yield client


@pytest.fixture
def demo(tmp_path: Path, http: httpx.Client) -> Generator[tuple[Desk, Phones], None, None]:
    """The demo on a free port, and whoever sits before its page."""
    with running(*deskline("demo", "--no-open", "--port", "0"), directory=tmp_path) as process:
        url = address_in(process.line())
        told = http.get(f"{url}/demo.json").raise_for_status().json()
        yield Desk(url, told["token"], http), Phones(url + told["simulator"], told["number"], http)
        process.signal(signal.SIGTERM)
        assert process.wait() == 0, process.log


@pytest.fixture
def installation(
    request: pytest.FixtureRequest, tmp_path: Path, http: httpx.Client
) -> Generator[Installation, None, None]:
    """A desk and a network, each a process of its own, and a number connected through the API.

    On SQLite, unless the test's parameter (`on_either_storage`) says otherwise.
    """
    with an_installation(tmp_path, http, _storage(request)) as installation:
        yield installation


@pytest.fixture(params=STORAGES)
def any_desk(request: pytest.FixtureRequest, tmp_path: Path, http: httpx.Client) -> Generator[tuple[Desk, Phones]]:
    """A desk in which somebody has written before: the demo, or an installation on PostgreSQL and Redis."""
    if request.param == SQLITE:
        yield request.getfixturevalue("demo")
        return
    with an_installation(tmp_path, http, _storage(request)) as installation:
        written = deliver(installation, a_message_body("Hello", "wamid.first"))
        assert written.status_code == 200
        assert eventually(lambda: installation.desk.ask("{ threads { totalCount } }")["threads"]["totalCount"] == 1)
        yield installation.desk, installation.phones


def _storage(request: pytest.FixtureRequest) -> Storage:
    if getattr(request, "param", SQLITE) == SQLITE:
        return EMBEDDED
    redis: str = request.getfixturevalue("redis_url")
    url, api_key = request.getfixturevalue("begun_postgres")
    return Storage(url, redis, begun=api_key)


@pytest.fixture(scope="session")
def first_begun(postgres: Databases, tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[str, str]]:
    """A desk on the server with an organization in it, to be copied, and its API key."""
    url = asyncio.run(postgres.create())
    yield url, bootstrapped(tmp_path_factory.mktemp("begun"), Storage(url, "redis://127.0.0.1:1/0"))
    asyncio.run(postgres.drop(url))


@pytest.fixture
async def begun_postgres(postgres: Databases, first_begun: tuple[str, str]) -> AsyncIterator[tuple[str, str]]:
    template, api_key = first_begun
    url = await postgres.create(template)
    yield url, api_key
    await postgres.drop(url)


@pytest.fixture(scope="module")
def quiet_installation(
    tmp_path_factory: pytest.TempPathFactory, http: httpx.Client
) -> Generator[Installation, None, None]:
    """One installation for tests that are all refused and so leave nothing behind."""
    with an_installation(tmp_path_factory.mktemp("installation"), http) as installation:
        yield installation
