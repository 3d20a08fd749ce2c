"""The command line: as a process of its own where that says something, and in this one for what is told or refused."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import httpx
import pytest
import structlog

from api.cli import run_command

ROOT = Path(__file__).parents[3]
COMMANDS = [
    *("demo", "serve", "worker", "migrate", "copy", "backup", "restore", "restored"),
    *("bootstrap", "simulate", "schema", "doctor", "replay", "quota"),
]


class Command(Protocol):
    def __call__(self, *arguments: str, at: Path, **settings: str) -> subprocess.CompletedProcess[str]: ...


def in_a_process(*arguments: str, at: Path, **settings: str) -> subprocess.CompletedProcess[str]:
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


@pytest.fixture
def deskline(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """As `in_a_process`, without the half second of processor that a process takes to load what it needs."""
    root, logs = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    for name in [name for name in os.environ if name.startswith("DESKLINE_")]:
        monkeypatch.delenv(name)

    def deskline(*arguments: str, at: Path, **settings: str) -> subprocess.CompletedProcess[str]:
        with pytest.MonkeyPatch.context() as here:
            here.chdir(at)
            for name, value in settings.items():
                here.setenv(f"DESKLINE_{name}", value)
            code = run_command(arguments)
        told = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, told.out, told.err)

    yield deskline
    root.handlers[:], root.level = handlers, level
    structlog.configure(**logs)


BOOTSTRAP = ("bootstrap", "--organization", "Acme", "--email", "ada@acme.example")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself_with_an_example(command: str, tmp_path: Path, deskline: Command) -> None:
    told = deskline(command, "--help", at=tmp_path)

    assert told.returncode == 0
    assert "Example: " in told.stdout
    assert f"deskline {command}" in told.stdout.partition("Example: ")[2]


def test_without_a_command_they_are_listed(tmp_path: Path) -> None:
    told = in_a_process(at=tmp_path)

    assert told.returncode == 0
    assert all(f"│ {command} " in told.stdout for command in COMMANDS)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["serve", "--port", "many"],
        ["serve", "--port", "70000"],
        ["serve", "--port", "-1"],
        ["worker", "--port", "65536"],
        ["demo", "--port", "70000"],
        ["simulate", "--port", "99999999999999999999"],
        ["serve", "--colour"],
        ["bootstrap", "--organization", "Acme"],
        ["replay", "--state", "LOST"],
        ["quota", "explain", "--month", "2024-13"],
    ],
)
def test_wrong_use_is_2(arguments: list[str], tmp_path: Path, deskline: Command) -> None:
    told = deskline(*arguments, at=tmp_path)

    assert told.returncode == 2
    assert "Traceback" not in told.stderr
    assert told.stderr.strip()


def test_bootstrap_prints_one_line_for_scripts(tmp_path: Path) -> None:
    begun = in_a_process(
        *BOOTSTRAP,
        "--time-zone",
        "Europe/Warsaw",
        "--subscribed-on",
        "2026-01-31",
        "--quota",
        "5",
        "--json",
        at=tmp_path,
    )

    assert (begun.returncode, begun.stdout.count("\n")) == (0, 1)
    told = json.loads(begun.stdout)
    assert list(told) == ["organizationId", "userId", "apiKey", "password"]
    assert told["apiKey"].startswith("dk_")
    assert len(told["password"]) >= 16, "made, and shown nowhere else"


def test_bootstrap_does_not_repeat_a_password_it_was_given(tmp_path: Path, deskline: Command) -> None:
    begun = deskline(*BOOTSTRAP, "--password", "correct horse", "--json", at=tmp_path)

    assert list(json.loads(begun.stdout)) == ["organizationId", "userId", "apiKey"]
    assert "correct horse" not in begun.stdout + begun.stderr


def test_bootstrap_for_people_shows_the_password_it_made(tmp_path: Path, deskline: Command) -> None:
    begun = deskline(*BOOTSTRAP, at=tmp_path)

    assert begun.returncode == 0
    assert "Password, shown this once: " in begun.stdout
    assert "API key, shown this once: dk_" in begun.stdout


def test_an_organization_of_the_same_name_is_refused(tmp_path: Path, deskline: Command) -> None:
    deskline(*BOOTSTRAP, "--json", at=tmp_path)

    again = deskline("bootstrap", "--organization", "ACME", "--email", "eve@acme.example", "--json", at=tmp_path)

    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "There is an organization named 'ACME' already.\n"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--time-zone", "Mars/Olympus"], "Mars/Olympus"),
        (["--subscribed-on", "31.1.2026"], "2026-01-31"),
        (["--password", "short"], "at least 8 characters"),
        (["--password", "Password1"], "one of the most common ones"),
        (["--password", "acme2026"], "no name or address"),
        (["--quota", "-1"], "0 or more"),
    ],
)
def test_bootstrap_says_in_one_line_what_it_refuses(
    more: list[str], said: str, tmp_path: Path, deskline: Command
) -> None:
    refused = deskline(*BOOTSTRAP, "--json", *more, at=tmp_path)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_backup_in_a_folder_without_a_desk_leaves_nothing_there(tmp_path: Path) -> None:
    """A key that was made for nothing would keep a desk from being restored there."""
    told = in_a_process("backup", "desk.backup", at=tmp_path)

    assert (told.returncode, told.stderr) == (1, "There is no database deskline.db to back up.\n")
    assert list(tmp_path.iterdir()) == []


def test_migrate_names_what_it_ran_and_then_has_nothing_to_do(tmp_path: Path) -> None:
    first, again = in_a_process("migrate", at=tmp_path), in_a_process("migrate", at=tmp_path)

    assert (first.returncode, again.returncode) == (0, 0)
    assert first.stdout.startswith("m0001")
    assert again.stdout == "The database is up to date.\n"


def test_somebody_elses_database_is_refused_and_left_as_it_was(tmp_path: Path, deskline: Command) -> None:
    theirs = tmp_path / "deskline.db"
    theirs.write_bytes(b"something else entirely, not a database")

    refused = deskline("migrate", at=tmp_path)

    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert theirs.read_bytes() == b"something else entirely, not a database"


@pytest.mark.parametrize("command", ["serve", "worker", "migrate", "bootstrap", "doctor", "replay"])
def test_a_wrong_setting_is_one_line_without_its_value(command: str, tmp_path: Path, deskline: Command) -> None:
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
        refused = in_a_process("serve", "--port", str(taken.getsockname()[1]), at=tmp_path)

    assert refused.returncode == 1
    assert "can't be listened on" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_the_schema_is_printed(tmp_path: Path) -> None:
    assert "type Query {" in in_a_process("schema", at=tmp_path).stdout


@contextmanager
def running(*arguments: str, at: Path, **settings: str) -> Generator["subprocess.Popen[str]"]:
    """A command that goes on until it is told to stop."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DESKLINE_")}
    with subprocess.Popen(
        [sys.executable, "-m", "api.cli", *arguments],
        cwd=at,
        env={**clean, "PYTHONPATH": str(ROOT), **{f"DESKLINE_{name}": value for name, value in settings.items()}},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def log_after_the_end(process: "subprocess.Popen[str]") -> list[dict[str, object]]:
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert process.stderr is not None
    return [json.loads(line) for line in process.stderr.read().splitlines()]


def test_the_worker_alone_stops_politely(tmp_path: Path) -> None:
    with running("worker", at=tmp_path) as process:
        assert first_line(process) == "The worker is running.\n"
        process.send_signal(signal.SIGTERM)

        assert process.wait(20) == 0


def test_the_worker_alone_tells_how_it_fares_where_it_is_given_a_port(tmp_path: Path) -> None:
    with running("worker", "--port", "0", at=tmp_path) as process:
        told = first_line(process)
        address = told.removeprefix("The worker is running; how it fares is told at ").strip()
        answers = {path: httpx.get(f"{address}{path}") for path in ("/healthz", "/readyz", "/metrics", "/graphql")}
        log_after_the_end(process)

    assert {path: answer.status_code for path, answer in answers.items()} == {
        "/healthz": 200,
        "/readyz": 200,
        "/metrics": 200,
        "/graphql": 404,
    }
    assert "deskline_updates_interpreted_total 0.0" in answers["/metrics"].text


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["worker"]])
def test_an_operator_reads_what_started_with_which_settings_and_that_it_stopped(
    command: list[str], tmp_path: Path
) -> None:
    with running(*command, at=tmp_path, PUBLIC_URL="https://desk.example", VERIFY_TOKEN="canary-1") as process:
        first_line(process)
        log = log_after_the_end(process)

    first, last = log[0], log[-1]
    assert (first["event"], first["command"], first["version"]) == ("starting", command[0], version("deskline"))
    assert (first["DESKLINE_PUBLIC_URL"], first["DESKLINE_VERIFY_TOKEN"]) == ("https://desk.example", "•••")
    assert "DESKLINE_LOG_FORMAT" not in first
    assert (last["event"], last["command"]) == ("stopped", command[0])


def test_a_misspelt_variable_is_said_at_the_start(tmp_path: Path) -> None:
    told = in_a_process("migrate", at=tmp_path, PUBLIC_ULR="https://desk.example")

    assert told.returncode == 0
    (line,) = [json.loads(line) for line in told.stderr.splitlines()]
    assert (line["level"], line["variable"], line["meant"]) == (
        "warning",
        "DESKLINE_PUBLIC_ULR",
        "DESKLINE_PUBLIC_URL",
    )


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 300, "bad..name"])
def test_a_host_that_is_none_is_said_so(host: str, tmp_path: Path, deskline: Command) -> None:
    refused = deskline("serve", "--host", host, "--port", "0", at=tmp_path)

    assert refused.returncode == 1
    assert "can't be listened on" in refused.stderr
    assert refused.stderr.count("\n") == 1
