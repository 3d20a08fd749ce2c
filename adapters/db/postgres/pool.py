"""PostgreSQL connections, lent one at a time. With `errors` the one place that reaches into asyncpg.

Giving one back awaits nothing, so no cancellation can lose it: what was left in the middle of something is put right,
or replaced, behind everybody's back. Who waits longer than the deadline for one gets `Unavailable`.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Protocol, TypeVar

from adapters.db.dialect import POSTGRES, Dialect
from adapters.db.postgres.errors import as_domain, is_confused, is_of_the_disk, was_stopped
from adapters.db.postgres.slots import Slots
from adapters.db.reading.lending import HOUSE, Asker, Line
from adapters.db.reading.source import READ_WITHIN_S, Reading, Selects
from adapters.db.rows.mapping import Record, Value
from domain.errors import TookTooLong, Unavailable, WriteConflict

T = TypeVar("T")

LENT_WITHIN_S = 2.0
ANSWERED_WITHIN_S = 8.0  # above the server's own statement_timeout: for a server that does not answer at all
BEGUN_WITHIN_S = 2.0
MENDED_WITHIN_S = 2.0
CLOSING_S = 5.0


class Raw(Protocol):
    """As much of asyncpg's connection as is used; its `timeout` is what it is called there."""

    async def execute(self, query: str, *values: object, timeout: float | None = None) -> str: ...  # noqa: ASYNC109

    async def fetch(self, query: str, *values: object, timeout: float | None = None) -> list[Record]: ...  # noqa: ASYNC109

    def is_closed(self) -> bool: ...

    def is_in_transaction(self) -> bool: ...

    def terminate(self) -> None: ...

    async def close(self, *, timeout: float | None = None) -> None: ...  # noqa: ASYNC109


class Connection:
    """A connection that is lent, speaking the domain's errors. It answers one question at a time, in their order."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.is_given_back = False
        """Whoever asks now was forgotten by those who had it: an answer of several parts ended without all of them."""
        self._turn = asyncio.Lock()
        self._is_asking = False
        self.failed = False
        """Whether a statement failed; a transaction it belonged to can only be rolled back."""
        self.refused: str | None = None
        """What the server's disk said when it refused something."""

    async def rows(self, sql: str, values: Sequence[Value] = (), within_s: float | None = None) -> list[Record]:
        """The rows of a statement whose values stand as `?`."""
        within_s = within_s or ANSWERED_WITHIN_S
        return await self._answer(lambda: self.raw.fetch(numbered(sql), *values, timeout=within_s))

    async def run(self, sql: str, values: Sequence[Value] = (), within_s: float | None = None) -> str:
        """Run a statement; what PostgreSQL calls what it did, such as `INSERT 0 3`."""
        within_s = within_s or ANSWERED_WITHIN_S
        return await self._answer(lambda: self.raw.execute(numbered(sql), *values, timeout=within_s))

    async def roll_back(self) -> None:
        """Ends the transaction, or where that can't be done, the connection."""
        try:
            async with self._turn:
                await self._answer_now(lambda: self.raw.execute("ROLLBACK", timeout=MENDED_WITHIN_S))
        except Exception:
            self.raw.terminate()

    async def _answer(self, ask: Callable[[], Awaitable[T]]) -> T:
        async with self._turn:
            if self.is_given_back:
                raise Unavailable
            return await self._answer_now(ask)

    async def _answer_now(self, ask: Callable[[], Awaitable[T]]) -> T:
        self._is_asking = True
        try:
            answered = await ask()
        except TimeoutError as error:
            self.raw.terminate()  # it does not answer: nor would it take back its question
            raise Unavailable from error
        except Exception as error:
            self.failed = True
            self._is_asking = False
            if is_of_the_disk(error):
                self.refused = str(error)
            if is_confused(error):
                self.raw.terminate()
                raise Unavailable from error
            meant = as_domain(error, is_closed=self.raw.is_closed())
            if meant is None:
                raise
            raise meant from error
        self._is_asking = False
        return answered

    def is_closed(self) -> bool:
        return self.raw.is_closed()

    def is_settled(self) -> bool:
        """Whether the next one may have it as it is."""
        return not self._is_asking and not self.raw.is_in_transaction()

    def terminate(self) -> None:
        self.raw.terminate()

    async def close(self) -> None:
        try:
            await self.raw.close(timeout=1.0)
        except Exception:
            self.raw.terminate()


class Pool:
    """At most `size` connections, made when they are wanted."""

    dialect = POSTGRES

    def __init__(self, connect: Callable[[], Awaitable[Raw]], size: int, lent_within_s: float | None = None) -> None:
        self._connect = connect
        self._size = size
        self._lent_within_s = LENT_WITHIN_S if lent_within_s is None else lent_within_s
        self._slots = Slots(size)
        self._line = Line(size)
        self._house = _Asked(self, HOUSE)
        self._idle: list[Raw] = []
        self._lent = 0
        self._all_back = asyncio.Event()
        self._all_back.set()
        self._mending: set[asyncio.Task[None]] = set()
        self._closed = False
        self.statements = 0
        """How many SELECTs ran so far."""
        self.refused: str | None = None
        """What the server's disk said when it last refused something; whoever sees it mended takes it away."""

    # ------------------------------------------------------------ using

    @asynccontextmanager
    async def lent(self, *, background: bool = False) -> AsyncGenerator[Connection]:
        """A connection to oneself. Background work waits behind people."""
        connection = await self._lend(background)
        try:
            yield connection
        finally:
            self._take_back(connection)

    @asynccontextmanager
    async def transaction(self, begin: str = "BEGIN", *, background: bool = False) -> AsyncGenerator[Connection]:
        """A transaction that is rolled back unless the block ran COMMIT last."""
        async with self.lent(background=background) as connection:
            await connection.run(begin, within_s=BEGUN_WITHIN_S)
            try:
                yield connection
            except Exception:
                await connection.roll_back()
                raise

    def asked_by(self, asker: Asker) -> Reading:
        return _Asked(self, asker)

    async def select(self, sql: str, *values: Value) -> Sequence[Record]:
        return await self._house.select(sql, *values)

    def snapshot(self) -> AbstractAsyncContextManager[Selects]:
        return self._house.snapshot()

    @asynccontextmanager
    async def turn(self, asker: Asker) -> AsyncGenerator[None]:
        """A reader's turn for one of the connections, in the order of `adapters.db.reading.lending`."""
        await self._line.take(asker, self._lent_within_s)
        try:
            yield
        finally:
            self._line.give(asker)

    @property
    def held(self) -> int:
        """How many connections there are now."""
        return self._lent + len(self._idle)

    async def close(self) -> None:
        """What is lent may be given back for some seconds; whoever comes later gets `Unavailable`."""
        self._closed = True
        self._line.close()
        self._slots.close()
        try:
            async with asyncio.timeout(CLOSING_S):
                await self._all_back.wait()
        except TimeoutError:
            pass  # each is terminated when it comes back
        idle, self._idle = self._idle, []
        for raw in idle:
            await Connection(raw).close()

    # ------------------------------------------------------------ lending

    async def _lend(self, background: bool) -> Connection:
        try:
            async with asyncio.timeout(self._lent_within_s):
                await self._slots.take(background=background)
                raw = self._idle_one() or await self._connected()
        except TimeoutError as error:
            raise Unavailable from error
        self._lent += 1
        self._all_back.clear()
        return Connection(raw)

    def _idle_one(self) -> Raw | None:
        while self._idle:
            raw = self._idle.pop()
            if not raw.is_closed():
                return raw
        return None

    async def _connected(self) -> Raw:
        """A new connection in the slot just taken. Once begun it is made, for whoever comes next if need be."""
        connecting = asyncio.ensure_future(self._connect())
        try:
            return await asyncio.shield(connecting)
        except asyncio.CancelledError:
            connecting.add_done_callback(self._keep_for_another)
            raise
        except Exception as error:  # also a password that was changed meanwhile: the old one may come back
            self._slots.give()
            raise Unavailable from error

    def _keep_for_another(self, connecting: asyncio.Future[Raw]) -> None:
        if not connecting.cancelled() and connecting.exception() is None:
            if self._closed:
                connecting.result().terminate()
            else:
                self._idle.append(connecting.result())
        self._slots.give()

    def _take_back(self, connection: Connection) -> None:
        self.refused = connection.refused or self.refused
        connection.is_given_back = True
        if connection.is_closed() or self._closed:
            self._discard(connection)
        elif connection.is_settled():
            self._keep(connection)
        else:
            task = asyncio.get_running_loop().create_task(self._mend(connection), name="mending a connection")
            self._mending.add(task)
            task.add_done_callback(self._mending.discard)

    async def _mend(self, connection: Connection) -> None:
        """Somebody left in the middle of a statement or a transaction."""
        try:
            async with asyncio.timeout(MENDED_WITHIN_S):
                await connection.roll_back()
        except TimeoutError:
            connection.terminate()
        finally:
            if connection.is_closed() or self._closed or not connection.is_settled():
                self._discard(connection)
            else:
                self._keep(connection)

    def _keep(self, connection: Connection) -> None:
        self._idle.append(connection.raw)
        self._given_back()

    def _discard(self, connection: Connection) -> None:
        """What happened to this one may have happened to all: those that wait are not trusted either."""
        for raw in (connection.raw, *self._idle):
            raw.terminate()
        self._idle.clear()
        self._given_back()

    def _given_back(self) -> None:
        self._lent -= 1
        if not self._lent:
            self._all_back.set()
        self._slots.give()


@dataclass(frozen=True, slots=True)
class _Asked:
    """The pool as one asker has it."""

    pool: Pool
    asker: Asker
    dialect: Dialect = POSTGRES

    async def select(self, sql: str, *values: Value) -> Sequence[Record]:
        """What is committed by now."""
        async with self.pool.turn(self.asker), self.pool.lent() as connection:
            return await _asked(self.pool, connection, sql, values)

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[Selects]:
        """Everything selected inside is of the instant of the first SELECT."""
        begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        async with self.pool.turn(self.asker), self.pool.transaction(begin) as connection:
            yield _Snapshot(self.pool, connection)
            await connection.run("COMMIT")

    def asked_by(self, asker: Asker) -> Reading:
        return self.pool.asked_by(asker)


@dataclass(slots=True)
class _Snapshot:
    pool: Pool
    connection: Connection
    dialect: Dialect = POSTGRES

    async def select(self, sql: str, *values: Value) -> Sequence[Record]:
        return await _asked(self.pool, self.connection, sql, values)


async def _asked(pool: Pool, connection: Connection, sql: str, values: Sequence[Value]) -> list[Record]:
    pool.statements += 1
    try:
        return await connection.rows(sql, askable(values))
    except WriteConflict as error:  # nothing was changed, so there is no transaction to try again
        raise Unavailable(0.1) from error
    except Unavailable as error:
        if was_stopped(error):
            raise TookTooLong(READ_WITHIN_S) from error
        raise


# ---------------------------------------------------------------- statements and their values


@lru_cache(maxsize=4096)
def numbered(sql: str) -> str:
    """PostgreSQL's `$1` for each `?`; `?2` is the second one again."""
    following = count(1)
    return re.sub(r"\?(\d*)", lambda mark: f"${mark[1] or next(following)}", sql)


def askable(values: Iterable[Value]) -> list[Value]:
    """Values to look for. A text that PostgreSQL can't hold is held nowhere: asked as NULL, it meets nothing."""
    return [_askable(value) for value in values]


def _askable(value: Value) -> Value:
    if isinstance(value, str):
        return value if _can_be_held(value) else None
    if isinstance(value, list):
        return [each if isinstance(each, str) and _can_be_held(each) else None for each in value]
    return value


def _can_be_held(text: str) -> bool:
    if text.isascii():
        return "\0" not in text
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
