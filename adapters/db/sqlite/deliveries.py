"""Deliveries on SQLite: stored by the one task that writes, and shared out among the processes of one machine."""

import os
import secrets
import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from adapters.db.deliveries.leases import (
    Leases,
    groups_to_ask,
    heads,
    heads_of,
    in_turn,
    leased,
    numbers_of,
    of_a_group,
)
from adapters.db.deliveries.webhook_inbox import FORGET
from adapters.db.dialect import SQLITE
from adapters.db.rows.mapping import from_record, selected
from adapters.db.rows.times import instant_of, instant_text
from adapters.db.sqlite.connections import bound
from adapters.db.sqlite.writer import Writer
from domain.claims import chosen, is_over
from domain.ids import DeliveryId
from domain.ports.deliveries import Delivery, DeliveryResult, DeliveryState
from domain.ports.hints import WEBHOOK_INBOX
from domain.ports.system import Clock, Ids

PROCESS: Final = f"{os.getpid()}-{secrets.token_hex(4)}"
"""Stands in every lease: the next process, whatever its number, sees whether the one that took it is still there."""


class SqliteDeliveries:
    def __init__(self, writer: Writer, clock: Clock, ids: Ids) -> None:
        self._writer = writer
        self._clock = clock
        self._ids = ids
        self._leases = Leases()

    async def append(self, delivery: Delivery) -> None:
        await self._writer.append(delivery)

    async def claim(self, limit: int, until: datetime, max_bytes: int) -> list[Delivery]:
        lease = f"{PROCESS}/{self._ids.new()}"
        claiming = partial(_claim, lease, self._clock.now(), until, limit, max_bytes)
        deliveries = await self._writer.write(claiming, background=True)
        self._leases.take([delivery.id for delivery in deliveries], lease)
        return deliveries

    async def renew(self, ids: Collection[DeliveryId], until: datetime) -> set[DeliveryId]:
        mine = [(instant_text(until), id, self._leases.of(id)) for id in ids]
        return await self._writer.write(partial(_renew, mine), background=True)

    async def finish(self, results: Sequence[DeliveryResult]) -> None:
        said = [
            (DeliveryState(result.state).value, result.reason, result.id, self._leases.of(result.id))
            for result in results
        ]
        self._leases.forget(await self._writer.write(partial(_finish, said), background=True))

    async def again(self, column: str, chosen: Sequence[str]) -> int:
        def put_back(connection: sqlite3.Connection) -> int:
            return connection.execute(
                "UPDATE deliveries SET state = ?, reason = NULL, claims = 0, lease = NULL, leased_until = NULL"
                f" WHERE {column} {SQLITE.listed}",
                bound([DeliveryState.WAITING.value, list(chosen)]),
            ).rowcount

        return await self._writer.write(put_back, (WEBHOOK_INBOX, 0))

    async def forget(self, state: DeliveryState, ids: Sequence[str]) -> int:
        def delete(connection: sqlite3.Connection) -> int:
            return connection.execute(FORGET.format(SQLITE.listed), bound([state.value, list(ids)])).rowcount

        return await self._writer.write(delete, background=True)


# ---------------------------------------------------------------- on the connection's thread


def _claim(
    lease: str, now: datetime, until: datetime, limit: int, max_bytes: int, connection: sqlite3.Connection
) -> list[Delivery]:
    claims = connection.execute(_LEASED).fetchall()
    over = [each for each in claims if is_over(instant_of(each["leased_until"]), now) or _is_gone(each["lease"])]
    connection.executemany(
        "UPDATE deliveries SET lease = NULL, leased_until = NULL WHERE id = ?", [(each["id"],) for each in over]
    )
    busy = {number for each in claims if each not in over for number in numbers_of(each)}
    oldest = heads_of(connection.execute(_HEADS))
    groups = groups_to_ask(oldest, busy, limit)
    rows = [row for group in groups for row in connection.execute(_OF_A_GROUP, (group, limit))]
    claimed = chosen(in_turn(oldest, groups, rows), busy, limit, max_bytes)
    deliveries: list[Delivery] = []
    for id in claimed:
        rows = connection.execute(_LEASE, (lease, instant_text(until), id)).fetchall()
        deliveries += [from_record(Delivery, row) for row in rows]
    return deliveries


def _is_gone(lease: str) -> bool:
    """Whether the process that took it has ended. Where that can't be told, the lease's own time says it."""
    process = lease.partition("/")[0]
    number = process.partition("-")[0]
    if process == PROCESS or not number.isdecimal():
        return False
    if int(number) == os.getpid():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:  # somebody else's
        return False
    return False


def _renew(mine: Sequence[tuple[str, DeliveryId, str | None]], connection: sqlite3.Connection) -> set[DeliveryId]:
    kept: set[DeliveryId] = set()
    for each in mine:
        rows = connection.execute(
            "UPDATE deliveries SET leased_until = ? WHERE id = ? AND lease = ? AND state = 'WAITING' RETURNING id", each
        ).fetchall()
        kept |= {row["id"] for row in rows}
    return kept


def _finish(
    said: Sequence[tuple[str, str | None, DeliveryId, str | None]], connection: sqlite3.Connection
) -> set[DeliveryId]:
    """Of which ones it was taken. Who was given up for lost has no word any more, and remembers its lost claim."""
    taken: set[DeliveryId] = set()
    for each in said:
        rows = connection.execute(
            "UPDATE deliveries SET state = ?, reason = ?, lease = NULL, leased_until = NULL"
            " WHERE id = ? AND lease IS ? RETURNING id",
            each,
        ).fetchall()
        taken |= {row["id"] for row in rows}
    return taken


_LEASED = leased(SQLITE)

_HEADS = heads(SQLITE)

_OF_A_GROUP = of_a_group(SQLITE, size="length", numbers="?")

_LEASE = (
    "UPDATE deliveries SET lease = ?, leased_until = ?, claims = claims + 1 WHERE id = ?"
    f" RETURNING {selected(Delivery)}"
)
