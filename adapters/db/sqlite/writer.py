"""The one task that writes to SQLite, and who goes when.

In each round the deliveries that wait are stored together, one commit for all of them; then somebody who waits for an
answer has a turn, then background work. Background work goes after every append, and where nobody else waits, so that a
stream of posts cannot keep it from interpreting them.

A turn is a transaction: BEGIN and COMMIT are this task's, so that a cancelled caller leaves neither open.
"""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias, TypeVar

from adapters.db.deliveries.appends import Appends, store
from adapters.db.rows.mapping import Value, columns, quoted, table
from adapters.db.sqlite.connections import BUSY_TIMEOUT_MS, Connection, bound
from adapters.db.sqlite.file import DatabaseFile
from domain.errors import Unavailable
from domain.ports.deliveries import Delivery
from domain.ports.hints import WEBHOOK_INBOX, Bus

T = TypeVar("T")

_log = logging.getLogger(__name__)

Hint: TypeAlias = tuple[str, int]
"""A topic of the bus and a position."""

TURNS_PASSED_OVER = 8  # turns of people after which background work has one, whatever waits
CLOSING_S = 5.0
READERS_AWAITED_MS = 200


@dataclass(slots=True, eq=False)
class Turn:
    """One transaction: asked for, begun, and ended by its caller's word."""

    connection: Connection
    begun: asyncio.Future[None]
    ending: "asyncio.Future[Callable[[sqlite3.Connection], Sequence[Hint]] | None]"
    """What to do last, before the commit; None rolls back."""
    settled: asyncio.Future[None]
    failed: bool = False

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Work on the connection's thread, inside the transaction."""
        assert not self.ending.done(), "a transaction is used outside its block"
        try:
            return await self.connection.run(work)
        except BaseException:
            self.failed = True
            raise

    def end(self, last: Callable[[sqlite3.Connection], Sequence[Hint]]) -> None:
        """Have the transaction committed after `last`, which answers what to hint then."""
        self.ending.set_result(last)

    def leave(self) -> None:
        """Have it rolled back, or never begun; has no effect once it was ended."""
        if not self.ending.done():
            self.ending.set_result(None)


@dataclass(slots=True)
class _Waiting:
    appends: Appends = field(default_factory=Appends)
    people: deque[Turn] = field(default_factory=deque[Turn])
    background: deque[Turn] = field(default_factory=deque[Turn])

    def __bool__(self) -> bool:
        return bool(self.appends or self.people or self.background)


class Writer:
    def __init__(self, connection: Connection, file: DatabaseFile, bus: Bus) -> None:
        self._connection = connection
        self._file = file
        self._bus = bus
        self._waiting = _Waiting()
        self._wanted = asyncio.Event()
        self._passed_over = 0
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self.commits = 0
        """How many transactions were committed so far."""

    def start(self) -> None:
        assert self._task is None
        self._task = asyncio.create_task(self._rounds(), name="sqlite writer")

    async def close(self) -> None:
        """Ends what was begun and stores what was appended; whoever comes later gets `Unavailable`."""
        self._closing = True
        self._wanted.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=CLOSING_S)
            self._task.cancel()
            await asyncio.wait({self._task})
        self._refuse_waiting()

    # ------------------------------------------------------------ asking

    async def append(self, delivery: Delivery) -> None:
        """Returns once the delivery is committed, together with others that came meanwhile."""
        assert self._task is not None, "the database was not started"
        if self._closing:
            raise Unavailable
        append = self._waiting.appends.add(delivery)
        self._wanted.set()
        await append.stored

    @asynccontextmanager
    async def turn(self, *, background: bool = False) -> AsyncGenerator[Turn]:
        """A transaction of one's own. Who does not `end` it before leaving the block has it rolled back."""
        assert self._task is not None, "the database was not started"
        if self._closing:
            raise Unavailable
        new = asyncio.get_running_loop().create_future
        turn = Turn(self._connection, new(), new(), new())
        (self._waiting.background if background else self._waiting.people).append(turn)
        self._wanted.set()
        try:
            await turn.begun
            yield turn
        finally:
            turn.leave()
        if turn.ending.result() is not None:
            await turn.settled

    async def write(self, work: Callable[[sqlite3.Connection], T], *hints: Hint, background: bool = False) -> T:
        """A whole transaction in one go: `work`, commit, hints."""
        answers: list[T] = []

        def last(connection: sqlite3.Connection) -> Sequence[Hint]:
            answers.append(work(connection))
            return hints

        async with self.turn(background=background) as turn:
            turn.end(last)
        return answers[0]

    async def cut_log(self) -> bool:
        """Carries the write-ahead log into the database and cuts it to nothing; False while a reader stands in the way.

        Readers of ours are waited for a moment, in which nobody writes.
        """
        async with self._connection.lock:
            return await self._connection.run(_cut_log)

    async def refusal(self) -> str | None:
        """Why the last write was refused, where another is refused too; None where nothing was, or it is mended."""
        refused = self._connection.refused
        if refused is None:
            return None
        try:
            await self.write(_try)
        except (Unavailable, sqlite3.Error):
            return self._connection.refused or refused
        return None

    # ------------------------------------------------------------ the task

    async def _rounds(self) -> None:
        while True:
            while self._waiting:
                try:
                    await self._round()
                except Exception:  # the task must outlive any bug: nothing else can write
                    _log.exception("a round of the SQLite writer failed")
            if self._closing:
                return
            self._wanted.clear()
            await self._wanted.wait()

    async def _round(self) -> None:
        async with self._connection.lock:
            appended = await self._append_waiting()
            served = await self._serve(self._waiting.people)
            self._passed_over = self._passed_over + 1 if served else 0
            if appended or not served or self._passed_over >= TURNS_PASSED_OVER:
                self._passed_over = 0
                await self._serve(self._waiting.background)

    async def _serve(self, queue: deque[Turn]) -> bool:
        """Give the next turn of a queue, if anybody there still wants one."""
        while queue:
            turn = queue.popleft()
            if not turn.ending.done() or turn.ending.result() is not None:
                await self._give(turn)
                return True
        return False

    async def _give(self, turn: Turn) -> None:
        try:
            changes = await self._connection.run(self._begin)
            _succeed(turn.begun)
            last = await turn.ending
            if last is None:
                self._connection.post(_roll_back)
            elif turn.failed:
                self._connection.post(_roll_back)
                raise RuntimeError("a statement of this transaction had failed: nothing was committed")
            else:
                hints, changes_now = await self._connection.run(partial(_finish, last))
                self._committed(something=changes_now > changes)
                _succeed(turn.settled)
                self._hint(hints)
        except Exception as error:
            _fail(turn.begun, error)
            _fail(turn.settled, error)
        finally:  # this task may be cancelled as well: whoever waits must not wait for ever
            _fail(turn.begun, Unavailable())
            _fail(turn.settled, Unavailable())

    def _hint(self, hints: Sequence[Hint]) -> None:
        for topic, position in hints:
            self._bus.hint(topic, position)

    async def _append_waiting(self) -> bool:
        batch = self._waiting.appends.take()
        if not batch:
            return False
        await store(batch, self._append_together)
        self._hint([(WEBHOOK_INBOX, 0)])
        return True

    async def _append_together(self, deliveries: Sequence[tuple[Value, ...]]) -> None:
        def append(connection: sqlite3.Connection) -> None:
            self._begin(connection)
            _finish(partial(_insert, deliveries), connection)

        await self._connection.run(append)
        self._committed(something=True)

    def _begin(self, connection: sqlite3.Connection) -> int:
        """On the connection's thread; how many rows it has changed since it was opened."""
        self._file.refuse_if_moved()
        _begin(connection)
        return connection.total_changes

    def _committed(self, *, something: bool) -> None:
        self.commits += 1
        if something:
            self._connection.refused = None

    def _refuse_waiting(self) -> None:
        waiting, self._waiting = self._waiting, _Waiting()
        waiting.appends.refuse()
        for turn in (*waiting.people, *waiting.background):
            _fail(turn.begun, Unavailable())


def _succeed(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _fail(future: "asyncio.Future[Any]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()  # seen: whoever asked may have been cancelled


# ---------------------------------------------------------------- on the connection's thread

_DELIVERY_COLUMNS = columns(Delivery)
_INSERT_DELIVERY = (
    f"INSERT INTO {table(Delivery)} ({quoted(_DELIVERY_COLUMNS)}) VALUES ({', '.join('?' * len(_DELIVERY_COLUMNS))})"
)


def _begin(connection: sqlite3.Connection) -> None:
    """IMMEDIATE: a transaction that reads first and then writes would fail where another process wrote between."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    connection.execute("BEGIN IMMEDIATE")


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:  # SQLite rolls back by itself after some errors
        connection.execute("ROLLBACK")


def _finish(
    last: Callable[[sqlite3.Connection], Sequence[Hint]], connection: sqlite3.Connection
) -> tuple[Sequence[Hint], int]:
    """The hints, and how many rows the connection has changed since it was opened."""
    try:
        hints = last(connection)
        connection.execute("COMMIT")
    except BaseException:
        _roll_back(connection)
        raise
    return hints, connection.total_changes


def _insert(deliveries: Sequence[tuple[Value, ...]], connection: sqlite3.Connection) -> Sequence[Hint]:
    connection.executemany(_INSERT_DELIVERY, [bound(each) for each in deliveries])
    return ()


def _cut_log(connection: sqlite3.Connection) -> bool:
    if connection.in_transaction:  # left by a turn that was given up
        connection.execute("ROLLBACK")
    connection.execute(f"PRAGMA busy_timeout = {READERS_AWAITED_MS}")
    try:
        return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


def _try(connection: sqlite3.Connection) -> None:
    """Takes room for some pages and gives it back, and writes the first page as it is: that much has to be possible."""
    connection.execute("SAVEPOINT trying")
    connection.execute("CREATE TABLE deskline_room (bytes BLOB)")
    connection.execute("INSERT INTO deskline_room VALUES (zeroblob(65536))")
    connection.execute("ROLLBACK TO trying")
    connection.execute("RELEASE trying")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.execute(f"PRAGMA user_version = {version}")
