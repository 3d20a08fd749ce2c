"""Which deliveries this process claimed, and the statements by which both databases share deliveries out.

A claim writes its lease and counts itself with it. Whoever claims first puts back what claims left that are over; then
it asks each number for its oldest, so that what one number has waiting never stands before another's.
"""

from collections.abc import Iterable, Sequence

import orjson

from adapters.db.dialect import Dialect
from adapters.db.rows.mapping import Record
from adapters.db.rows.times import instant_of
from domain.claims import Waiting
from domain.ids import DeliveryId, PhoneNumberId

REMEMBERED = 10_000


class Leases:
    """The deliveries this process claimed. Forgotten once it said what became of them."""

    def __init__(self) -> None:
        self._leases: dict[DeliveryId, str] = {}

    def take(self, deliveries: Iterable[DeliveryId], lease: str) -> None:
        for delivery in deliveries:
            self._leases.pop(delivery, None)
            self._leases[delivery] = lease
        while len(self._leases) > REMEMBERED:
            del self._leases[next(iter(self._leases))]

    def of(self, delivery: DeliveryId) -> str | None:
        return self._leases.get(delivery)

    def forget(self, deliveries: Iterable[DeliveryId]) -> None:
        for delivery in deliveries:
            self._leases.pop(delivery, None)


def numbers_of(record: Record) -> frozenset[PhoneNumberId]:
    return frozenset(orjson.loads(record["numbers"]))


def heads_of(rows: Iterable[Record]) -> list[Record]:
    """What `heads` found. Where all of a group's is leased, nothing stands first."""
    return [row for row in rows if row["id"] is not None]


def in_turn(heads: Sequence[Record], groups: Sequence[str], rows: Iterable[Record]) -> list[Waiting]:
    """What waits, oldest first. Of the groups that were not asked for theirs the head stands for all."""
    named = set(groups)
    waiting = [(_place(row), Waiting(row["id"], numbers_of(row), row["size"], row["claims"])) for row in rows]
    waiting += [
        (_place(head), Waiting(head["id"], numbers_of(head), 0, held=True))
        for head in heads
        if head["numbers"] not in named
    ]
    return [each for _, each in sorted(waiting, key=lambda each: each[0])]


def groups_to_ask(heads: Iterable[Record], busy: set[PhoneNumberId], limit: int) -> list[str]:
    """The groups of numbers whose oldest deliveries have waited longest, of those that nobody else is busy with."""
    free = [head for head in heads if busy.isdisjoint(numbers_of(head))]
    return [head["numbers"] for head in sorted(free, key=_place)[:limit]]


def _place(record: Record) -> tuple[object, str]:
    return (instant_of(record["received_at"]), record["id"])


# ---------------------------------------------------------------- statements

# Each names its index: SQLite, which does not count what it holds, would go through all that waits instead.


def leased(dialect: Dialect) -> str:
    return f"""
        SELECT id, numbers, lease, leased_until FROM deliveries{dialect.led_by.format("deliveries_by_lease")}
        WHERE leased_until IS NOT NULL AND state = 'WAITING'
    """


def heads(dialect: Dialect) -> str:
    """From each group of numbers to the next: as DISTINCT, all that waits would be gone through.

    Each head is two scalar questions: of a join PostgreSQL does not know how little it gives, and reads every delivery.
    """
    by_number = dialect.led_by.format("deliveries_by_number")
    oldest = f"""
        SELECT oldest.{{}} FROM deliveries AS oldest{by_number}
        WHERE oldest.state = 'WAITING' AND oldest.leased_until IS NULL AND oldest.numbers = named.numbers
        ORDER BY oldest.received_at, oldest.id LIMIT 1
    """
    return f"""
        WITH RECURSIVE named (numbers) AS (
            SELECT (SELECT numbers FROM deliveries{by_number} WHERE state = 'WAITING' ORDER BY numbers LIMIT 1)
            UNION ALL
            SELECT (
                SELECT later.numbers FROM deliveries AS later{by_number}
                WHERE later.state = 'WAITING' AND later.numbers > named.numbers ORDER BY later.numbers LIMIT 1
            ) FROM named WHERE named.numbers IS NOT NULL
        )
        SELECT named.numbers, ({oldest.format("id")}) AS id, ({oldest.format("received_at")}) AS received_at
        FROM named WHERE named.numbers IS NOT NULL
    """


def of_a_group(dialect: Dialect, *, size: str, numbers: str) -> str:
    """The oldest, a given number of them."""
    return f"""
        SELECT id, numbers, received_at, {size}(body) AS size, claims
        FROM deliveries{dialect.led_by.format("deliveries_by_number")}
        WHERE state = 'WAITING' AND leased_until IS NULL AND numbers = {numbers}
        ORDER BY received_at, id LIMIT ?
    """
