"""A database on a PostgreSQL server, 15 or newer."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from urllib.parse import unquote, urlsplit

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  (typed in `pool`)
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.exceptions import OperationalError

from adapters.db.condition import Condition
from adapters.db.deliveries.webhook_inbox import SqlWebhookInbox
from adapters.db.directory import SqlDirectory
from adapters.db.migrating.history import DatabaseRefused, History, SchemaState
from adapters.db.postgres.deliveries import PostgresDeliveries
from adapters.db.postgres.errors import code_of
from adapters.db.postgres.pool import Pool, Raw
from adapters.db.postgres.transactions import PostgresTransactions
from adapters.db.reading.readers import SqlReader
from adapters.db.reading.source import READ_WITHIN_S
from adapters.db.store import Hears, SqlStore
from domain.errors import Unavailable
from domain.ports.hints import Bus
from domain.ports.system import Clock, Ids

SETTING = "DESKLINE_DATABASE_URL"
CONNECTED_WITHIN_S = 5.0
OLDEST_VERSION = 15
STATEMENTS_KEPT = 512  # prepared, a connection; there are fewer, but for pages filtered in odd ways

MIGRATING = 0x6465736B00  # the advisory lock of whoever migrates
LOCK_TRIED_FOR_S = 60

SESSION = {"application_name": "deskline", "jit": "off"}
WRITING = {
    **SESSION,
    "lock_timeout": "4s",
    "statement_timeout": "6s",
    "idle_in_transaction_session_timeout": "10s",  # a process that was stopped lets go of what it locked
}
READING = {
    **SESSION,
    "default_transaction_read_only": "on",
    "statement_timeout": f"{READ_WITHIN_S:.0f}s",
    "idle_in_transaction_session_timeout": "10s",
    # Planned once, not with each set of values: these statements have one good plan.
    "plan_cache_mode": "force_generic_plan",
}
STORING = {**SESSION, "statement_timeout": "5s"}
# Whoever waits to change a table makes everybody after it wait too: it gives up soon and tries again.
MOVING_ON = {**SESSION, "application_name": "deskline migrate", "lock_timeout": "1s"}


@dataclass(frozen=True, slots=True)
class Connections:
    """How many one process may hold at most."""

    transactions: int = 8
    reads: int = 6
    deliveries: int = 2


class Opened:
    """A server's database and its history, before anything is promised about its tables."""

    def __init__(self, server: "_Server", migrations: str, reads: int) -> None:
        self.server = server
        self.readers = Pool(server.connecting(READING), reads)
        self._history = History(self.readers, migrations)

    async def state(self) -> SchemaState:
        try:
            return await self._history.state()
        except asyncpg.InsufficientPrivilegeError as error:
            raise self.server.refused(f"does not let us read this database: {error}") from error

    async def migrate(self, to: str | None = None) -> list[str]:
        """One at a time, whoever else tries; serving goes on meanwhile."""
        async with self.server.migrating() as client:
            before = set((await self.state()).names)
            await self._migrate_when_tables_are_free(client, to)
            return sorted(before - set((await self.state()).names))

    async def _migrate_when_tables_are_free(self, client: AsyncpgDBClient, to: str | None) -> None:
        for _ in range(LOCK_TRIED_FOR_S):
            try:
                await self._history.migrate(client, to)
            except asyncpg.LockNotAvailableError:
                await asyncio.sleep(1)
            except OperationalError as error:
                if isinstance(error.__cause__, asyncpg.InsufficientPrivilegeError):
                    raise self.server.refused(f"does not let us change this database: {error}") from error
                raise
            else:
                return
        raise DatabaseRefused("Somebody keeps a table locked that has to be changed. Try again when it is quiet.")

    async def close(self) -> None:
        await self.readers.close()


class PostgresDatabase:
    """See `adapters.db.database.Database`. Several processes share it, so somebody migrates it by hand."""

    migrates_itself = False

    def __init__(self, opened: Opened, clock: Clock, ids: Ids, bus: Bus, connections: Connections) -> None:
        self._opened = opened
        self.readers = opened.readers
        self.writers = Pool(opened.server.connecting(WRITING), connections.transactions)
        self._storing = Pool(opened.server.connecting(STORING), connections.deliveries)
        self.deliveries = PostgresDeliveries(self._storing, self.writers, clock, ids, bus)
        self.store = SqlStore(self.readers, PostgresTransactions(self.writers, clock, ids, bus))
        self.webhook_inbox = SqlWebhookInbox(self.readers, self.deliveries)
        self.directory = SqlDirectory(self.readers)
        self.reader = SqlReader(self.readers)

    def tell(self, hears: Hears) -> None:
        self.store.hears = hears

    async def now(self) -> datetime:
        (row,) = await self.readers.select("SELECT clock_timestamp() AS now")
        return row["now"]

    async def others(self) -> int:
        """How many connections of Deskline's there are besides this process's."""
        found = await self.readers.select(
            "SELECT count(*) AS held FROM pg_stat_activity"
            " WHERE application_name = 'deskline' AND datname = current_database()"
        )
        return max(0, found[0]["held"] - sum(pool.held for pool in (self.readers, self.writers, self._storing)))

    async def condition(self) -> Condition:
        async with self._storing.lent() as connection:
            (state,) = await connection.rows(_MAY_IT_WRITE)
        if state["follows"]:
            return Condition("the database's server follows another")
        if state["only_reads"]:
            return Condition("the database is read-only")
        return Condition(await self._refusal())

    async def _refusal(self) -> str | None:
        """Why the disk refused the last write that it refused, where it refuses another too."""
        pools = (self.writers, self._storing)
        refused = next((pool.refused for pool in pools if pool.refused is not None), None)
        if refused is None:
            return None
        try:
            async with self._storing.transaction() as connection:
                await connection.run(_TAKE_SOME_ROOM)
                await connection.run("ROLLBACK")
        except Unavailable:
            return f"the database can't be written: {refused}"
        except asyncpg.InsufficientPrivilegeError:
            pass  # nobody but the next one to write can tell
        for pool in pools:
            pool.refused = None
        return None

    async def state(self) -> SchemaState:
        return await self._opened.state()

    async def migrate(self, to: str | None = None) -> list[str]:
        return await self._opened.migrate(to)

    async def start(self) -> None:
        self.deliveries.start()

    async def close(self) -> None:
        await self.deliveries.close()
        for pool in (self.writers, self._storing):
            await pool.close()
        await self._opened.close()


async def open_postgres(
    url: str,
    clock: Clock,
    ids: Ids,
    bus: Bus,
    *,
    migrations: str = "migrations",
    connections: Connections | None = None,
) -> PostgresDatabase:
    """Raises `DatabaseRefused` where nobody answers, lets us in, or can keep what we promise."""
    connections = connections or Connections()
    opened = await open_server(url, migrations, connections.reads)
    return PostgresDatabase(opened, clock, ids, bus, connections)


async def open_server(url: str, migrations: str = "migrations", reads: int = 1) -> Opened:
    server = _Server(url)
    await server.check()
    return Opened(server, migrations, reads)


class _Server:
    """Where the database is. What it says never holds the password."""

    def __init__(self, url: str) -> None:
        self._url = url
        try:
            parts = urlsplit(url)
            self._place = parts.netloc.rpartition("@")[2]
            self._user = unquote(parts.username or "") or "nobody in particular"
            self._database = unquote(parts.path.removeprefix("/"))
        except ValueError as error:
            raise DatabaseRefused(f"{SETTING} is not an address: {error}.") from None
        if not self._place or not self._database:
            raise DatabaseRefused(f"{SETTING} names no database; it looks like postgresql://user:password@host/name.")

    def connecting(self, settings: dict[str, str]) -> Callable[[], Awaitable[Raw]]:
        async def connect() -> Raw:
            return await self._connect(settings)

        return connect

    async def _connect(self, settings: dict[str, str]) -> Raw:
        return await _connect(
            self._url,
            timeout=CONNECTED_WITHIN_S,
            statement_cache_size=STATEMENTS_KEPT,
            max_cached_statement_lifetime=0,
            server_settings=settings,
        )

    async def check(self) -> None:
        """Connects once, and sees whether this is a server that promises can be built on."""
        raw = await self._first_connection()
        try:
            (server,) = await raw.fetch(_WHO_ARE_YOU)
        finally:
            await raw.close(timeout=1.0)
        if server["version"] < OLDEST_VERSION * 10_000:
            raise self.refused(f"is older than PostgreSQL {OLDEST_VERSION}")
        if server["encoding"] != "UTF8":
            raise self.refused(f"keeps this database in {server['encoding']}, not in UTF8")
        if server["follows"]:
            raise self.refused("is a replica; name the server that it follows")
        if server["commits"] == "off":
            raise self.refused("has synchronous_commit off, so that what it acknowledged may be lost")

    async def _first_connection(self) -> Raw:
        try:
            return await self._connect(SESSION)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, ValueError) as error:
            raise self.refused(self._why_not(error)) from None

    def _why_not(self, error: Exception) -> str:
        code = code_of(error)
        if code == "28P01":
            return f"refuses the password of {self._user}"
        if code.startswith("28"):
            return f"does not let {self._user} in: {error}"
        if code == "3D000":
            return f"has no database {self._database!r}"
        if code:
            return f"can't be used now: {error}"
        if isinstance(error, socket.gaierror):
            return "is not known: there is no such host"
        if isinstance(error, (OSError, TimeoutError)):
            return "does not answer"
        return "can't be reached by this address: an option in it is wrong"

    def refused(self, why: str) -> DatabaseRefused:
        return DatabaseRefused(f"{SETTING}: PostgreSQL at {self._place} {why}.")

    @asynccontextmanager
    async def migrating(self) -> AsyncGenerator[AsyncpgDBClient]:
        """A client for Tortoise's runner, for one process at a time. The lock goes with its connection."""
        lock = await self._first_connection()
        try:
            await lock.execute("SELECT pg_advisory_lock($1)", MIGRATING)
            pool = await _create_pool(
                self._url, min_size=1, max_size=1, statement_cache_size=0, server_settings=MOVING_ON
            )
            try:
                client = AsyncpgDBClient(connection_name="default")
                client._pool = pool  # pyright: ignore[reportPrivateUsage]  (made from the whole address)
                yield client
            finally:
                await pool.close()
        finally:
            await lock.close(timeout=1.0)


_WHO_ARE_YOU = """
    SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding,
           pg_is_in_recovery() AS follows, current_setting('synchronous_commit') AS commits
"""

_MAY_IT_WRITE = "SELECT pg_is_in_recovery() AS follows, current_setting('transaction_read_only')::boolean AS only_reads"
_TAKE_SOME_ROOM = """
    CREATE TEMPORARY TABLE deskline_room ON COMMIT DROP AS SELECT repeat('x', 1000) FROM generate_series(1, 64)
"""

_connect = cast(Callable[..., Awaitable[Raw]], asyncpg.connect)  # pyright: ignore[reportUnknownMemberType]
_create_pool = cast(Callable[..., Awaitable[asyncpg.Pool]], asyncpg.create_pool)  # pyright: ignore[reportUnknownMemberType, reportMissingTypeArgument, reportUnknownVariableType]
