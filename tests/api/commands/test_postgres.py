"""The commands on PostgreSQL and beside Redis: what they refuse, in one line, and what they do."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from adapters.db.migrating.history import known_migrations
from api.cli import run_command
from api.http.app import serving
from api.operating.examination import Report, examine
from api.settings import Settings, read_settings
from api.wiring import wired
from tests.peers.servers import Postgres, Redis, connect, free_port, own_redis

NEWEST = known_migrations("migrations")[-1]
CANARY = "canary-7f3a91"
BOOTSTRAP = ["bootstrap", "--organization", "Acme", "--email", "ada@acme.example", "--json"]

Set = Callable[..., None]


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Set:
    """Sets variables, in an environment that has no others of ours, in a folder of its own."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"DESKLINE_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)

    def set_variables(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"DESKLINE_{name}", value)

    set_variables(SECRET_KEY="a-secret-key-for-the-tests")
    return set_variables


@pytest.fixture
def on_postgres(setting: Set, postgres_url: str) -> Set:
    setting(DATABASE_URL=postgres_url)
    return setting


@pytest.fixture(scope="module")
def redis_with_password() -> Iterator[Redis]:
    with own_redis(password=CANARY) as server:
        yield server


def run_sql(url: str, statement: str) -> None:
    async def run() -> None:
        session = await connect(url)
        try:
            await session.execute(statement)
        finally:
            await session.close()

    asyncio.run(run())


def refusal(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    """What a command that is refused says."""
    capsys.readouterr()
    assert run_command(command) == 1
    told = capsys.readouterr()
    (line,) = [line for line in told.err.splitlines() if not line.startswith("{")]
    assert told.out == ""
    return line


def other_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.username}:{CANARY}@{parts.hostname}:{parts.port}").geturl()


# The database


def test_migrate_bootstrap_replay_and_doctor_do_their_work(
    on_postgres: Set, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["migrate"]) == 0
    assert capsys.readouterr().out.startswith("m0001")
    assert run_command(["migrate"]) == 0
    assert capsys.readouterr().out == "The database is up to date.\n"
    assert run_command(BOOTSTRAP) == 0
    assert '"apiKey": "dk_' in capsys.readouterr().out
    assert run_command(["replay"]) == 0
    assert capsys.readouterr().out.startswith("Put back: 0.")
    assert run_command(["quota", "explain", "--month", "2026-10"]) == 0
    assert "Counted 0, given back 0: 0 used" in capsys.readouterr().out
    assert "ok     database: up to date" in asyncio.run(examine(read_settings())).lines


def test_a_database_that_was_put_back_is_made_ready_and_a_file_has_its_own_way(
    on_postgres: Set, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command(["migrate"])
    run_command(BOOTSTRAP)
    capsys.readouterr()

    assert run_command(["restored"]) == 0
    told = capsys.readouterr().out
    on_postgres(DATABASE_URL=f"sqlite:///{tmp_path / 'desk.db'}")

    assert told.startswith("Organizations restored: 1.\nMessages that waited to leave: 0.")
    assert refusal(capsys, "restored") == "On SQLite, deskline restore has done this already."


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["worker"], BOOTSTRAP, ["replay"]])
def test_an_empty_database_is_refused_by_all_but_migrate(
    command: list[str], on_postgres: Set, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refusal(capsys, *command)

    assert line.startswith("DESKLINE_DATABASE_URL: The database lacks m0001")
    assert line.endswith("Run: deskline migrate")


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["worker"]])
def test_a_database_that_is_behind_ahead_or_somebody_elses_is_not_served(
    command: list[str], on_postgres: Set, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command(["migrate"])
    run_sql(postgres_url, f"DELETE FROM tortoise_migrations WHERE name = '{NEWEST}'")
    behind = refusal(capsys, *command)
    run_sql(postgres_url, "UPDATE tortoise_migrations SET name = 'm9999_later' WHERE name LIKE 'm0001%'")
    ahead = refusal(capsys, *command)
    run_sql(postgres_url, "DELETE FROM tortoise_migrations")
    foreign = refusal(capsys, *command)

    assert behind == f"DESKLINE_DATABASE_URL: The database lacks {NEWEST}. Run: deskline migrate"
    assert "migrated by a newer Deskline (m9999_later" in ahead
    assert "belongs to something else" in foreign
    assert all(line.startswith("DESKLINE_DATABASE_URL: ") for line in (ahead, foreign))


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["worker"], ["migrate"]])
def test_a_server_that_cannot_be_used_is_one_line_without_the_password(
    command: list[str], on_postgres: Set, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    on_postgres(DATABASE_URL=other_password(postgres_url))
    wrong_word = refusal(capsys, *command)
    on_postgres(DATABASE_URL=f"postgresql://desk:{CANARY}@nowhere.invalid/desk")
    unknown_host = refusal(capsys, *command)
    on_postgres(DATABASE_URL=f"postgresql://desk:{CANARY}@127.0.0.1:{free_port()}/desk")
    nobody = refusal(capsys, *command)

    assert "refuses the password" in wrong_word
    assert "nowhere.invalid" in unknown_host
    assert "does not answer" in nobody
    for line in (wrong_word, unknown_host, nobody):
        assert "DESKLINE_DATABASE_URL" in line
        assert CANARY not in line


def test_a_secret_key_has_to_be_set(
    on_postgres: Set, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.delenv("DESKLINE_SECRET_KEY")

    line = refusal(capsys, "serve", "--port", "0")

    assert line.startswith("DESKLINE_SECRET_KEY: expected at least 16 random characters, the same for every process")
    assert list(tmp_path.iterdir()) == []


async def test_while_the_server_is_away_requests_are_told_to_come_again_and_then_served(
    setting: Set, postgres_server: Postgres
) -> None:
    setting(DATABASE_URL=postgres_server.url())
    settings = read_settings()
    assert await asyncio.to_thread(run_command, ["migrate"]) == 0
    async with wired(settings) as desk:
        app = serving(settings, desk, with_worker=False).app
        transport = httpx.ASGITransport(app)
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://d") as web:
            assert (await web.get("/readyz")).status_code == 200
            postgres_server.kill()
            ready, query = await web.get("/readyz"), await ask(web)
            alive, figures = await web.get("/healthz"), await web.get("/metrics")
            postgres_server.start()
            again, served = await web.get("/readyz"), await ask(web)

    assert [(each.status_code, each.headers["retry-after"]) for each in (ready, query)] == [(503, "1"), (503, "1")]
    assert (alive.status_code, figures.status_code) == (200, 200)
    assert "\ndeskline_database_up 0.0\n" in figures.text
    assert (again.status_code, served.status_code) == (200, 401)


async def ask(web: httpx.AsyncClient) -> httpx.Response:
    query = {"query": "{ viewer { role } }"}
    return await web.post("/graphql", json=query, headers={"Authorization": "Bearer dk_nobody"})


# Redis


def test_a_redis_that_refuses_us_is_one_line(
    on_postgres: Set, redis_with_password: Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command(["migrate"])
    on_postgres(REDIS_URL=f"redis://:{CANARY}-wrong@127.0.0.1:{redis_with_password.port}/0")

    for command in (["serve", "--port", "0"], ["worker"], BOOTSTRAP):
        line = refusal(capsys, *command)
        assert line.startswith("DESKLINE_REDIS_URL: ")
        assert CANARY not in line


def test_a_redis_that_is_away_is_no_reason_not_to_work(on_postgres: Set, capsys: pytest.CaptureFixture[str]) -> None:
    run_command(["migrate"])
    on_postgres(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")

    assert run_command(BOOTSTRAP) == 0


# The doctor


def wrong(report: Report) -> list[str]:
    return [line for line in report.lines if line.startswith("WRONG")]


async def test_the_doctor_says_what_to_do_and_shows_no_password(
    on_postgres: Set, postgres_url: str, redis_with_password: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_postgres(REDIS_URL=redis_with_password.url, DATABASE_URL=postgres_url)
    good = await examine(read_settings())
    on_postgres(REDIS_URL=f"redis://:wrong@127.0.0.1:{redis_with_password.port}/0")
    refused = await examine(read_settings())
    on_postgres(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0", DATABASE_URL=other_password(postgres_url))
    monkeypatch.delenv("DESKLINE_SECRET_KEY")
    away = await examine(read_settings())

    assert any("ok     redis: " in line for line in good.lines)
    assert any("database: empty; run deskline migrate" in line for line in wrong(good))
    assert any("redis: DESKLINE_REDIS_URL" in line for line in wrong(refused))
    assert any("redis: DESKLINE_REDIS_URL" in line for line in wrong(away))
    assert any("DESKLINE_SECRET_KEY: expected" in line for line in wrong(away))
    assert any("database: DESKLINE_DATABASE_URL" in line for line in wrong(away))
    everything = "\n".join((*good.lines, *refused.lines, *away.lines))
    assert CANARY not in everything
    assert f":{urlsplit(postgres_url).password}@" not in everything
