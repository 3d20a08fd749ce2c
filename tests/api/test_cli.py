"""The command line, as a process of its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMANDS = ["demo", "serve", "worker", "migrate", "copy", "bootstrap", "simulate", "schema", "doctor", "replay"]


def deskline(*arguments: str, at: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DESKLINE_")}
    return subprocess.run(
        [sys.executable, "-m", "api.cli", *arguments],
        cwd=at,
        env={**clean, "PYTHONPATH": str(ROOT), **{f"DESKLINE_{name}": value for name, value in settings.items()}},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def bootstrap(at: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return deskline("bootstrap", "--organization", "Acme", "--email", "ada@acme.example", *more, at=at)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself_with_an_example(command: str, tmp_path: Path) -> None:
    told = deskline(command, "--help", at=tmp_path)

    assert told.returncode == 0
    assert f"Example: deskline {command}" in told.stdout


def test_without_a_command_they_are_listed(tmp_path: Path) -> None:
    told = deskline(at=tmp_path)

    assert told.returncode == 0
    assert all(f"│ {command} " in told.stdout for command in COMMANDS)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["serve", "--port", "many"],
        ["serve", "--colour"],
        ["bootstrap", "--organization", "Acme"],
        ["replay", "--state", "LOST"],
    ],
)
def test_wrong_use_is_2(arguments: list[str], tmp_path: Path) -> None:
    told = deskline(*arguments, at=tmp_path)

    assert told.returncode == 2
    assert "Traceback" not in told.stderr
    assert told.stderr.strip()


def test_bootstrap_prints_one_line_for_scripts(tmp_path: Path) -> None:
    begun = bootstrap(
        tmp_path, "--time-zone", "Europe/Warsaw", "--subscribed-on", "2026-01-31", "--quota", "5", "--json"
    )

    assert (begun.returncode, begun.stdout.count("\n")) == (0, 1)
    told = json.loads(begun.stdout)
    assert list(told) == ["organizationId", "userId", "apiKey"]
    assert told["apiKey"].startswith("dk_")


def test_bootstrap_for_people_shows_the_password_it_made(tmp_path: Path) -> None:
    begun = bootstrap(tmp_path)

    assert begun.returncode == 0
    assert "Password, shown this once: " in begun.stdout
    assert "API key, shown this once: dk_" in begun.stdout


def test_an_organization_of_the_same_name_is_refused(tmp_path: Path) -> None:
    bootstrap(tmp_path, "--json")

    again = deskline("bootstrap", "--organization", "ACME", "--email", "eve@acme.example", "--json", at=tmp_path)

    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "There is an organization named 'ACME' already.\n"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--time-zone", "Mars/Olympus"], "Mars/Olympus"),
        (["--subscribed-on", "31.1.2026"], "2026-01-31"),
        (["--password", "short"], "at least 8 characters"),
        (["--quota", "-1"], "0 or more"),
    ],
)
def test_bootstrap_says_in_one_line_what_it_refuses(more: list[str], said: str, tmp_path: Path) -> None:
    refused = bootstrap(tmp_path, "--json", *more)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_migrate_names_what_it_ran_and_then_has_nothing_to_do(tmp_path: Path) -> None:
    first, again = deskline("migrate", at=tmp_path), deskline("migrate", at=tmp_path)

    assert (first.returncode, again.returncode) == (0, 0)
    assert first.stdout.startswith("m0001")
    assert again.stdout == "The database is up to date.\n"


def test_somebody_elses_database_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    theirs = tmp_path / "deskline.db"
    theirs.write_bytes(b"something else entirely, not a database")

    refused = deskline("migrate", at=tmp_path)

    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert theirs.read_bytes() == b"something else entirely, not a database"


@pytest.mark.parametrize("command", ["serve", "worker", "migrate", "bootstrap", "doctor", "replay"])
def test_a_wrong_setting_is_one_line_without_its_value(command: str, tmp_path: Path) -> None:
    more = ["--organization", "Acme", "--email", "a@b.example"] if command == "bootstrap" else []

    refused = deskline(command, *more, at=tmp_path, DATABASE_URL="mysql://user:canary@host/db")

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("DESKLINE_DATABASE_URL: expected sqlite:///")
    assert "canary" not in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_said_so(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = deskline("serve", "--port", str(taken.getsockname()[1]), at=tmp_path)

    assert refused.returncode == 1
    assert "can't be listened on" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_the_schema_is_printed(tmp_path: Path) -> None:
    assert "type Query {" in deskline("schema", at=tmp_path).stdout


def test_the_worker_alone_stops_politely(tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DESKLINE_")}
    with subprocess.Popen(
        [sys.executable, "-m", "api.cli", "worker"],
        cwd=tmp_path,
        env={**clean, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "The worker is running.\n"
        process.send_signal(signal.SIGTERM)

        assert process.wait(20) == 0
