"""What a statement's rows have to pass, said of any table."""

from collections.abc import Iterable

from adapters.db.dialect import Dialect
from adapters.db.reading.pages import Condition
from adapters.db.rows.mapping import SEARCHED_END, Value, folded
from domain.ids import OrganizationId


def within(organization: OrganizationId) -> Condition:
    return Condition("organization_id = ?", (organization,))


def among(dialect: Dialect, column: str, values: tuple[str, ...]) -> list[Condition]:
    """One value can lead an index; among several the page stays with the index of its order."""
    if not values:
        return []
    if len(values) == 1:
        return [Condition(f"{column} = ?", (values[0],))]
    return [Condition(f"{aside(column)} {dialect.listed}", (list(values),))]


def aside(column: str) -> str:
    """A column's value in a form that leads no index."""
    return f"coalesce({column}, {column})"


def absent_or_not(column: str, absent: bool | None) -> list[Condition]:
    if absent is None:
        return []
    return [Condition(f"{column} IS NULL" if absent else f"{column} IS NOT NULL")]


def holding(dialect: Dialect, query: str | None) -> list[Condition]:
    """Rows with the query somewhere in one of their searched texts, case left out."""
    wanted = folded((query or "").strip())
    if not wanted:
        return []
    if SEARCHED_END in wanted:
        return [Condition("1 = 0")]
    return [Condition(f"{dialect.place}(searched, ?) > 0", (wanted,))]


def all_of(conditions: Iterable[Condition]) -> tuple[str, tuple[Value, ...]]:
    chosen = list(conditions)
    sql = " AND ".join(condition.sql for condition in chosen)
    return sql, tuple(value for condition in chosen for value in condition.values)
