"""Where the SQL of the two databases differs in a word.

Statements are written once, with `?` for a value, and have these words filled in; each database's connections make of
the values what it takes (`sqlite.connections`, `postgres.pool`). Where PostgreSQL has something better than another
word, the statement is its own (`postgres.transactions`, `postgres.deliveries`).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    name: str
    listed: str
    """Follows a column whose value is to be one of a list, which is one value of the statement."""
    place: str
    """The function that says where in a text, from 1, another one begins; 0 where it does not."""
    each: str
    """The elements of a column of JSON, as rows with a `value`."""
    member: str
    """What such a `value` has under a name."""
    seconds: str
    """Whole seconds of an instant since 1970."""
    across: str
    """Joins a table to `organizations`, one organization after the other."""
    led_by: str
    """Follows a table's name: the index to go by, where the database would take another one."""
    tables: str
    """The names of the tables that are there."""


SQLITE = Dialect(
    name="sqlite",
    listed="IN (SELECT value FROM json_each(?))",
    place="instr",
    each="json_each({})",
    member="json_extract(value, '$.{}')",
    seconds="CAST(strftime('%s', substr({}, 1, 19)) AS INTEGER)",
    across="CROSS JOIN",
    led_by=" INDEXED BY {}",
    tables="SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
)
POSTGRES = Dialect(
    name="postgres",
    listed="= ANY(?)",
    place="strpos",
    each="json_array_elements({}::json) AS each(value)",
    member="value ->> '{}'",
    seconds="floor(extract(epoch FROM {}))::bigint",
    across="JOIN",
    led_by="{:.0}",
    tables=(
        "SELECT relname::text AS name FROM pg_class"
        " WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') ORDER BY relname"
    ),
)
