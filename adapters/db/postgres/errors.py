"""What goes wrong at PostgreSQL, in the domain's words.

`WriteConflict`: the transaction was rolled back because of another one, and may be tried again as a whole.
`Unavailable`: the server can't answer now, or went away. Where a connection is cut during a COMMIT, nobody here knows
whether it took place; that is `Unavailable` too. Whoever tries again finds what was done: updates are known by their
place, sends by their idempotency key and their lease, deliveries by what they made.
"""

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  (what is used of it is typed here and in `pool`)

from domain.errors import Unavailable, WriteConflict

COLLIDED = frozenset(
    {
        "40001",  # serialization_failure
        "40P01",  # deadlock_detected
        "23505",  # unique_violation: somebody was faster with the same key
    }
)
PASSING_CLASSES = frozenset(
    {
        "08",  # connection exceptions
        "53",  # out of disk, memory or connections
        "57",  # shutting down, starting up, cancelled after its statement_timeout
        "58",  # the disk's own faults
    }
)
OF_THE_DISK = frozenset(
    {
        "53100",  # disk_full
        "58030",  # io_error
    }
)
PASSING = frozenset(
    {
        "25006",  # read_only_sql_transaction: another server leads now
        "25P03",  # idle_in_transaction_session_timeout
        "55P03",  # lock_not_available, after lock_timeout
    }
)


def as_domain(error: Exception, *, is_closed: bool) -> WriteConflict | Unavailable | None:
    """What an error at a connection means, which is closed now or not; None for what is nobody's fault but ours."""
    if isinstance(error, (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)):
        return WriteConflict("the schema changed meanwhile")
    if isinstance(error, asyncpg.PostgresError):
        return _by_code(error)
    if isinstance(error, OSError) or (isinstance(error, asyncpg.InterfaceError) and is_closed):
        return Unavailable()
    return None


def is_confused(error: Exception) -> bool:
    """Whether the connection is of no use any more: a server that goes says so between question and answer."""
    return isinstance(error, asyncpg.InternalClientError)


def is_of_the_disk(error: Exception) -> bool:
    """Whether the next one to write most likely meets it too."""
    return code_of(error) in OF_THE_DISK


class Races:
    """Tells a lost race for a unique key from a key that is simply wrong: whoever lost a race finds the winner's row
    when it tries again, so the same task does not collide over the same key time after time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lost: WeakKeyDictionary[asyncio.Task[Any], tuple[str, int]] = WeakKeyDictionary()

    def fault_behind(self, collision: WriteConflict) -> Exception | None:
        """PostgreSQL's own error, where this collision is no race."""
        error, task = collision.__cause__, asyncio.current_task()
        if not isinstance(error, asyncpg.UniqueViolationError) or task is None:
            return None
        key = str(getattr(error, "detail", None))
        lost, times = self._lost.get(task, ("", 0))
        times = times + 1 if lost == key else 1
        self._lost[task] = (key, times)
        return error if times > self._most else None

    def over(self) -> None:
        """The current task's transaction was committed."""
        if task := asyncio.current_task():
            self._lost.pop(task, None)


def was_stopped(error: Unavailable) -> bool:
    """Whether the server is well, and only gave up on a statement that took longer than its `statement_timeout`."""
    return isinstance(error.__cause__, asyncpg.QueryCanceledError)


def code_of(error: Exception) -> str:
    """PostgreSQL's five characters; empty where it gave none."""
    return getattr(error, "sqlstate", None) or ""


def _by_code(error: Exception) -> WriteConflict | Unavailable | None:
    code = code_of(error)
    if code in COLLIDED:
        return WriteConflict(f"{type(error).__name__}: {error}")
    if code in PASSING or code[:2] in PASSING_CLASSES:
        return Unavailable()
    return None
