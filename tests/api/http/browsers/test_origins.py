"""Which pages may use the API, what their browsers ask beforehand, and what the log says of those that may not."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.types import Scope
from structlog.testing import capture_logs

from api.http.app import create_app
from api.http.browsers import origins
from api.http.browsers.origins import may_connect, origins_of, tell_refused
from api.http.graphql import http as graphql_http
from api.seldom import Seldom
from api.settings import Settings
from api.wiring import wired

PUBLIC = "https://desk.example"
ELSEWHERE = "https://crm.example"


@pytest.fixture(autouse=True)
def a_log_that_said_nothing_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origins, "refusals", Seldom("origin.refused"))
    monkeypatch.setattr(graphql_http, "lost_upgrades", Seldom("socket.upgrade_missing"))


def asked(origin: str | None, host: str | None = "inner:8000", *, scheme: str = "http", **headers: str) -> Scope:
    told = {"origin": origin, "host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    raw = [(name.encode(), value.encode()) for name, value in told.items() if value is not None]
    return {"type": "http", "method": "POST", "path": "/graphql", "scheme": scheme, "headers": raw}


@pytest.mark.parametrize(
    ("scope", "may"),
    [
        (asked(None), True),
        (asked(PUBLIC), True),
        (asked(f"{PUBLIC}:443"), True),
        (asked(f"{PUBLIC}:8443"), False),
        (asked("http://desk.example"), False),
        (asked(ELSEWHERE), True),
        (asked("https://crm.example.evil.example"), False),
        (asked("http://inner:8000"), True),
        (asked("http://INNER:8000"), True),
        (asked("https://inner:8000"), True),
        (asked("https://inner:8000", scheme="https"), True),
        (asked("http://inner:8000", scheme="https"), False),
        (asked("http://inner:8000", scheme="wss"), False),
        (asked("http://inner"), False),
        (asked("http://inner", host=None), False),
        (asked("null"), False),
        (asked(""), False),
        (asked("http://inner:8000/path"), False),
        (asked("http://[::1"), False),
        (asked("http://inner:port"), False),
        (asked("http://user@inner:8000"), False),
    ],
)
def test_the_servers_own_page_the_public_one_and_those_named_may(scope: Scope, may: bool) -> None:
    assert may_connect(scope, origins_of((ELSEWHERE,), f"{PUBLIC}/base")) is may


@pytest.mark.parametrize(
    ("scope", "hint"),
    [
        (asked("https://desk.example:8443", "desk.example"), "differs in its port"),
        (asked(PUBLIC, "127.0.0.1:8000"), "a proxy hides the Host header"),
        (asked(PUBLIC, "127.0.0.1:8000", x_forwarded_host="desk.example"), "DESKLINE_TRUSTED_PROXIES"),
        (asked(PUBLIC, None), "The Host header is missing"),
        (asked("null"), "names no page's server"),
        (asked(PUBLIC, "[::1"), "a proxy hides the Host header"),
    ],
)
def test_the_log_says_what_was_compared_and_what_to_do(scope: Scope, hint: str) -> None:
    with capture_logs() as logs:
        tell_refused(scope, ("https://crm.example",))

    told = dict(scope["headers"])
    (entry,) = logs
    assert hint in entry["hint"]
    assert entry["origin"] == told[b"origin"].decode()
    assert entry["host"] == (told[b"host"].decode() if b"host" in told else None)
    assert entry["allowed"] == "https://crm.example"


# What browsers ask beforehand


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(
        database_url=f"sqlite:///{tmp_path / 'desk.db'}",
        graph_api_url="http://127.0.0.1:9",
        public_url=PUBLIC,
        allowed_origins=(ELSEWHERE,),
    )
    async with wired(settings) as opened:
        transport = httpx.ASGITransport(create_app(settings, opened))
        async with httpx.AsyncClient(transport=transport, base_url="http://inner:8000") as client:
            yield client


def preflight(origin: str, method: str = "POST") -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type,last-event-id,deskline-cost",
    }


@pytest.mark.parametrize("origin", [ELSEWHERE, PUBLIC, "http://inner:8000"])
@pytest.mark.parametrize(("path", "methods"), [("/graphql", "POST"), ("/media/token", "GET, PUT")])
async def test_a_page_that_may_is_told_so(desk: httpx.AsyncClient, origin: str, path: str, methods: str) -> None:
    said = await desk.options(path, headers=preflight(origin, methods.rpartition(" ")[2]))

    assert said.status_code == 204
    assert said.headers["access-control-allow-origin"] == origin
    assert said.headers["access-control-allow-methods"] == methods
    granted = {name.strip().lower() for name in said.headers["access-control-allow-headers"].split(",")}
    assert granted == {"authorization", "content-type", "last-event-id", "deskline-cost"}
    assert "origin" in said.headers["vary"].lower()
    assert "access-control-allow-credentials" not in said.headers


@pytest.mark.parametrize("path", ["/graphql", "/media/token"])
async def test_a_page_that_may_not_is_told_nothing(desk: httpx.AsyncClient, path: str) -> None:
    with capture_logs() as logs:
        said = await desk.options(path, headers=preflight("https://evil.example"))
    answer = await desk.post(
        "/graphql", json={"query": "{ viewer { cursor } }"}, headers={"Origin": "https://evil.example"}
    )

    assert said.status_code == 403
    assert [entry["origin"] for entry in logs] == ["https://evil.example"]
    for each in (said, answer):
        assert not [name for name in each.headers if name.startswith("access-control-")]
        assert "origin" in each.headers["vary"].lower()


async def test_answers_and_errors_can_be_read_by_a_page_that_may(desk: httpx.AsyncClient) -> None:
    told = {"Origin": ELSEWHERE}
    refused = await desk.post("/graphql", json={"query": "{ viewer { cursor } }"}, headers=told)
    file = await desk.get("/media/no-such-link", headers=told)

    assert (refused.json()["errors"][0]["extensions"]["code"], file.status_code) == ("UNAUTHENTICATED", 403)
    for each in (refused, file):
        assert each.headers["access-control-allow-origin"] == ELSEWHERE
        assert "Retry-After" in each.headers["access-control-expose-headers"]


@pytest.mark.parametrize("path", ["/metrics", "/webhooks/whatsapp", "/healthz"])
async def test_what_is_not_for_pages_is_not_opened_to_them(desk: httpx.AsyncClient, path: str) -> None:
    said = await desk.get(path, headers={"Origin": ELSEWHERE})
    before = await desk.options(path, headers=preflight(ELSEWHERE, "GET"))

    assert not [name for each in (said, before) for name in each.headers if name.startswith("access-control-")]


async def test_a_handshake_that_lost_its_upgrade_says_which_header_is_missing(desk: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        said = await desk.get("/graphql", headers={"Sec-WebSocket-Key": "a2V5", "Connection": "close"})

    assert said.status_code == 426
    assert "upgrade and connection" in said.text
    assert [(entry["event"], entry["missing"]) for entry in logs] == [("socket.upgrade_missing", "upgrade, connection")]
