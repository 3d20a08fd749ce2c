"""What whoever runs the desk asks of it, the page it brings, and how it answers for its own faults."""

import json
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.system import SystemIds
from api.http.app import create_app, serving
from api.http.browsers.bundle import Bundle, Explorer
from api.http.edge import Edge
from api.logs import set_up_logs
from api.metrics import Meters
from api.settings import Settings
from api.wiring import wired
from domain.errors import Throttled, Unavailable


def settings_in(folder: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{folder / 'desk.db'}", graph_api_url="http://127.0.0.1:9")


def asking(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[httpx.AsyncClient, None]:
    """A desk on SQLite, running."""
    settings = settings_in(tmp_path)
    async with wired(settings) as opened:
        app = create_app(settings, opened)
        async with app.router.lifespan_context(app), asking(app) as client:
            yield client


# Health


async def test_it_is_alive_and_ready_once_it_runs(desk: httpx.AsyncClient) -> None:
    assert (await desk.get("/healthz")).status_code == 200
    assert (await desk.get("/readyz")).status_code == 200


async def test_it_is_not_ready_before_its_worker_runs(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    async with wired(settings) as opened, asking(create_app(settings, opened)) as client:
        answer = await client.get("/readyz")

    assert (answer.status_code, answer.text) == (503, "the worker is not running\n")


async def test_without_a_worker_of_its_own_it_is_ready_with_the_database(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    async with wired(settings) as opened:
        app = serving(settings, opened, with_worker=False).app
        async with app.router.lifespan_context(app), asking(app) as client:
            assert (await client.get("/readyz")).status_code == 200


async def test_it_stays_ready_while_a_newer_one_migrates_the_database_and_not_when_it_lost_its_history(
    tmp_path: Path,
) -> None:
    settings = settings_in(tmp_path)
    async with wired(settings) as opened:
        app = serving(settings, opened, with_worker=False).app
        with closing(sqlite3.connect(tmp_path / "desk.db", isolation_level=None)) as file:
            async with app.router.lifespan_context(app), asking(app) as client:
                file.execute(
                    "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('desk', 'm9999_later', '')"
                )
                newer = await client.get("/readyz")
                file.execute("DELETE FROM tortoise_migrations WHERE name LIKE 'm9999%' OR name LIKE 'm0001%'")
                behind = await client.get("/readyz")

    assert newer.status_code == 200
    assert (behind.status_code, behind.text) == (503, "the database is not up to date\n")


async def test_its_figures_are_there_for_prometheus(desk: httpx.AsyncClient) -> None:
    figures = (await desk.get("/metrics")).text

    for name in (
        "deskline_deliveries_acknowledged_total",
        'deskline_deliveries{state="WAITING"}',
        "deskline_updates_failed_total",
        "deskline_unknown_number_updates_total",
        "deskline_outbox_due",
        "deskline_sockets",
    ):
        assert f"\n{name} 0.0\n" in figures, name


async def test_its_figures_tell_what_waits_how_numbers_stand_and_what_runs(desk: httpx.AsyncClient) -> None:
    figures = (await desk.get("/metrics")).text

    assert "\ndeskline_delivery_oldest_waiting_seconds 0.0\n" in figures
    assert "\ndeskline_outbox_oldest_due_seconds 0.0\n" in figures
    assert '\ndeskline_channels{state="DEGRADED"} 0.0\n' in figures
    assert '\ndeskline_channel_problems{code="TOKEN_INVALID"} 0.0\n' in figures
    assert f'\ndeskline_build_info{{version="{version("deskline")}"}} 1.0\n' in figures
    assert "\nprocess_resident_memory_bytes " in figures


async def test_how_long_answers_took_is_told_by_route_and_nonsense_makes_no_new_one(desk: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/nothing/1", "/nothing/2", "/media/abc"):
        await desk.get(path)

    figures = (await desk.get("/metrics")).text
    counts = {
        line.partition(" ")[0]: line.partition(" ")[2]
        for line in figures.splitlines()
        if line.startswith("deskline_request_seconds_count")
    }
    assert counts == {
        'deskline_request_seconds_count{route="/healthz",status="200"}': "1.0",
        'deskline_request_seconds_count{route="other",status="404"}': "2.0",
        'deskline_request_seconds_count{route="/media",status="403"}': "1.0",
    }


async def test_its_parts_are_where_they_belong(desk: httpx.AsyncClient) -> None:
    assert (await desk.get("/graphql")).status_code == 405
    assert (await desk.get("/webhooks/whatsapp")).status_code == 403
    assert (await desk.get("/nothing")).status_code == 404


# The page


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Deskline</title>")
    (tmp_path / "assets" / "index-abc.js").write_text("/* page */" * 1000)
    return tmp_path


async def test_the_page_is_asked_for_anew_each_time_and_may_load_only_its_own(built: Path) -> None:
    async with asking(Starlette(routes=Bundle(built).routes())) as browser:
        page = await browser.get("/")
        again = await browser.get("/", headers={"If-None-Match": page.headers["etag"]})

    assert page.text == "<!doctype html><title>Deskline</title>"
    assert page.headers["cache-control"] == "no-cache"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "connect-src 'self' ws://desk wss://desk;" in policy
    assert "frame-ancestors 'none'" in policy
    assert again.status_code == 304


async def test_a_host_that_is_none_does_not_come_into_the_policy(built: Path) -> None:
    async with asking(Starlette(routes=Bundle(built).routes())) as browser:
        page = await browser.get("/", headers={"Host": "x; script-src *"})

    assert "connect-src 'self';" in page.headers["content-security-policy"]
    assert "script-src *" not in page.headers["content-security-policy"]


async def test_assets_are_kept_for_ever_and_come_compressed(built: Path) -> None:
    async with asking(Starlette(routes=Bundle(built).routes())) as browser:
        script = await browser.get("/assets/index-abc.js", headers={"Accept-Encoding": "gzip"})
        plain = await browser.get("/assets/index-abc.js", headers={"Accept-Encoding": "identity"})
        unwanted = await browser.get("/assets/index-abc.js", headers={"Accept-Encoding": "gzip;q=0"})
        other = await browser.get("/assets/../index.html")

    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["content-encoding"] == "gzip"
    assert int(script.headers["content-length"]) < len(plain.content)
    assert script.text == plain.text == unwanted.text
    assert "content-encoding" not in unwanted.headers
    assert other.status_code == 404


async def test_the_explorer_may_load_only_its_own_too_but_for_the_styles_it_makes(built: Path) -> None:
    async with asking(Starlette(routes=Explorer(built).routes())) as browser:
        page = await browser.get("/graphiql")
        script = await browser.get("/graphiql/assets/index-abc.js")
        missing = await browser.get("/graphiql/assets/nope.js")

    policy = page.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " in policy
    assert "connect-src 'self' ws://desk wss://desk; " in policy
    assert (script.status_code, missing.status_code) == (200, 404)


@pytest.mark.parametrize("introspection", [True, False])
async def test_the_explorer_is_served_only_where_introspection_is_on(tmp_path: Path, introspection: bool) -> None:
    settings = settings_in(tmp_path).model_copy(update={"introspection": introspection})
    async with wired(settings) as opened, asking(create_app(settings, opened)) as browser:
        page = await browser.get("/graphiql")

    assert (page.status_code == 404) is not introspection


async def test_a_page_that_was_not_built_is_said_so(tmp_path: Path) -> None:
    async with asking(Starlette(routes=Bundle(tmp_path).routes())) as browser:
        answer = await browser.get("/")
    async with asking(Starlette(routes=Explorer(tmp_path).routes())) as browser:
        explorer = await browser.get("/graphiql")

    assert answer.status_code == explorer.status_code == 503
    assert "./dev web" in answer.text


# Faults


@asynccontextmanager
async def a_desk_that_raises(error: Exception) -> AsyncGenerator[httpx.AsyncClient, None]:
    async def broken(request: Request) -> Response:
        raise error

    meters = Meters()
    app = Starlette(routes=[Route("/", broken)], middleware=[Middleware(Edge, ids=SystemIds(), meters=meters)])
    async with asking(app) as client:
        yield client


async def test_an_error_nobody_foresaw_is_told_by_a_reference_that_stands_in_the_log(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logs("json")
    async with a_desk_that_raises(ZeroDivisionError("inside information")) as desk:
        answer = await desk.get("/")

    told, logged = answer.json(), json.loads(capsys.readouterr().err)
    assert answer.status_code == 500
    assert "inside information" not in answer.text
    assert told["error"] == {
        "code": "INTERNAL",
        "message": "Something went wrong here.",
        "reference": logged["reference"],
    }
    assert logged["request"] == answer.headers["x-request-id"]
    assert "ZeroDivisionError: inside information" in logged["exception"]


@pytest.mark.parametrize(
    ("error", "status", "again_in"),
    [(Unavailable(2.4), 503, "3"), (Throttled(30), 429, "30"), (Unavailable(0), 503, "1")],
)
async def test_what_may_be_tried_again_is_told_when(error: Exception, status: int, again_in: str) -> None:
    async with a_desk_that_raises(error) as desk:
        answer = await desk.get("/")

    assert (answer.status_code, answer.headers["retry-after"]) == (status, again_in)
    assert answer.json()["error"]["code"] == ("UNAVAILABLE" if status == 503 else "THROTTLED")


async def test_no_answer_is_sniffed_or_framed(desk: httpx.AsyncClient) -> None:
    for path in ("/", "/healthz", "/graphql", "/nothing"):
        answer = await desk.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["x-frame-options"] == "DENY", path
