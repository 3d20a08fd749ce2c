"""Desks for the journeys: the demo as anybody starts it, and a town with a network of its own whose desk can die."""

import signal
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from tests.journeys.desk import Desk, Phones, Town, a_town, address_in, deskline, http_client, running


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
def town(tmp_path: Path, http: httpx.Client) -> Generator[Town, None, None]:
    """A desk and a network, each a process of its own, and a number connected through the API."""
    with a_town(tmp_path, http) as town:
        yield town


@pytest.fixture(scope="module")
def quiet_town(tmp_path_factory: pytest.TempPathFactory, http: httpx.Client) -> Generator[Town, None, None]:
    """One town for tests that are all refused and so leave nothing behind."""
    with a_town(tmp_path_factory.mktemp("town"), http) as town:
        yield town
