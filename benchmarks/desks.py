"""A desk to measure: its organization, people and numbers, and the product's processes that serve it."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from pydantic import SecretStr

from adapters.bus import MemoryBus
from adapters.db.database import open_database
from adapters.system import SystemClock, SystemIds
from api.settings import Settings
from api.wiring import wired
from benchmarks.known import ACCOUNT, APP_SECRET, ROOT, number_id
from domain.channels.channels import Channel, ChannelState, Destination
from domain.ids import BusinessAccountId, ChannelId, OrganizationId, PhoneNumberId, UserId
from domain.people.actors import Actor, Role, user_actor
from domain.people.organizations import User
from domain.ports.directory import DirectoryEntry
from domain.use_cases.people.bootstrap import Bootstrap, Bootstrapped, bootstrap

SECRET_KEY: Final = "key-of-the-benchmarks-0123456789"
STARTS_WITHIN_S: Final = 60.0
BORN: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Desk:
    url: str  # of its database
    organization: OrganizationId
    admin: Actor
    api_key: str
    channels: tuple[Channel, ...]
    users: tuple[User, ...]

    def agent(self, number: int) -> Actor:
        user = self.users[number % len(self.users)]
        return user_actor(self.organization, user.id, user.role, None)


def settings_of(url: str) -> Settings:
    return Settings(
        database_url=url,
        secret_key=SecretStr(SECRET_KEY),
        app_secrets=(SecretStr(APP_SECRET),),
        max_deliveries_in_flight=1_000,
    )


async def make_desk(url: str, *, channels: int = 1, users: int = 16) -> Desk:
    """In an empty database, which gets the product's tables."""
    database = await open_database(url, SystemClock(), SystemIds(), MemoryBus())
    try:
        await database.migrate()
    finally:
        await database.close()
    async with wired(settings_of(url)) as desk:
        begun = await bootstrap(desk.ports, Bootstrap("Acme", "ada@acme.example", quota_limit=100_000_000))
        assert isinstance(begun, Bootstrapped), begun
        made = [_channel(begun.organization, ChannelId(desk.ports.ids.new()), number) for number in range(channels)]
        agents = [_user(begun.organization, UserId(desk.ports.ids.new()), number) for number in range(users)]
        async with desk.ports.store.transaction(begun.organization) as tx:
            tx.save(*made, *agents)
            await tx.enlist(DirectoryEntry.ACCOUNT, ACCOUNT, ACCOUNT)
            for channel in made:
                await tx.enlist(DirectoryEntry.NUMBER, channel.phone_number_id, channel.phone_number_id)
        admin = user_actor(begun.organization, begun.user, Role.ADMIN, None)
    return Desk(url, begun.organization, admin, begun.secret, tuple(made), tuple(agents))


def _channel(organization: OrganizationId, id: ChannelId, number: int) -> Channel:
    return Channel(
        organization=organization,
        id=id,
        name=f"Support {number + 1}",
        phone_number=f"+1555010{number:04}",
        phone_number_id=PhoneNumberId(number_id(number)),
        account=BusinessAccountId(ACCOUNT),
        destination=Destination.HELP_DESK,
        state=ChannelState.CONNECTED,
        created_at=BORN,
        connected_at=BORN,
        access_token="sealed",
        token_valid=True,
        webhook_subscribed=True,
        business_verified=True,
    )


def _user(organization: OrganizationId, id: UserId, number: int) -> User:
    email = f"agent{number + 1}@acme.example"
    return User(organization, id, f"Agent {number + 1}", email, Role.AGENT, None, BORN)


# Processes


class Process:
    """One of ours, that prints a line when it is ready, and can be made to hold still while others are measured."""

    def __init__(self, process: subprocess.Popen[str], line: str, log: Path) -> None:
        self.line = line
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        return self._process.pid

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")


@asynccontextmanager
async def running(
    folder: Path,
    *module: str,
    url: str | None = None,
    profile: Path | None = None,
    more: Mapping[str, str] | None = None,
) -> AsyncGenerator[Process]:
    """`python -m MODULE ARGUMENTS…`, for the database at `url`; its profile goes to `profile` when it ends.

    `more` are further variables of its environment.
    """
    process, log = _start(folder, module, _environment(url) | dict(more or {}), profile)
    assert process.stdout is not None
    drained = threading.Thread(target=_drain, args=(process.stdout,), daemon=True)
    try:
        line = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), STARTS_WITHIN_S)
        drained.start()
        assert line, log.read_text(errors="replace")
        yield Process(process, line.strip(), log)
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, 20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        await asyncio.to_thread(drained.join)
        process.stdout.close()


def _start(
    folder: Path, module: tuple[str, ...], environment: dict[str, str], profile: Path | None
) -> tuple[subprocess.Popen[str], Path]:
    log = folder / f"{module[0]}-{time.monotonic_ns()}.log"
    profiled = ("-m", "cProfile", "-o", str(profile)) if profile else ()
    with log.open("w") as written:
        process = subprocess.Popen(
            [sys.executable, *profiled, "-m", *module],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=written,
            text=True,
        )
    return process, log


def _drain(stream: IO[str]) -> None:
    for _ in stream:
        pass


def _environment(url: str | None) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DESKLINE_")}
    ours = {
        "DESKLINE_DATABASE_URL": url,
        "DESKLINE_SECRET_KEY": SECRET_KEY,
        "DESKLINE_APP_SECRETS": APP_SECRET,
        "DESKLINE_MAX_DELIVERIES_IN_FLIGHT": "1000",
    }
    given = {name: value for name, value in ours.items() if value is not None} if url else {}
    return {**clean, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **given}


def port_of(line: str) -> int:
    """The last number of a line such as `Deskline is at http://127.0.0.1:8000`."""
    return int(line.rpartition(":")[2])
