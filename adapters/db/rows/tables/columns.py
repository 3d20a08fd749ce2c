"""What columns hold, in both databases' types."""

from datetime import date, datetime
from typing import Any

from tortoise import fields
from tortoise.models import ModelMeta

from adapters.db.rows.times import day_of, day_text, instant_of, instant_text


class Uncommented(ModelMeta):
    """Tortoise reads the source of every model for comments in a form of its own, and there are none."""

    def __new__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> ModelMeta:
        return super().__new__(cls, name, bases, {**attrs, "_no_comments": True})


class Words(fields.Field[str], str):
    """Text of any length: ids, names of enum members, what people wrote, nested values as JSON."""

    SQL_TYPE = "TEXT"


class Whole(fields.Field[int], int):
    SQL_TYPE = "BIGINT"

    class _db_sqlite:
        SQL_TYPE = "INTEGER"


class Flag(fields.Field[bool], int):
    """Truth; 0 and 1 on SQLite."""

    SQL_TYPE = "BOOLEAN"

    class _db_sqlite:
        SQL_TYPE = "INTEGER"

    def to_db_value(self, value: bool | None, instance: Any) -> bool | None:
        return value

    def to_python_value(self, value: Any) -> bool | None:
        return None if value is None else bool(value)


class Instant(fields.Field[datetime], datetime):
    """An instant in UTC, on SQLite in the one form that `times` writes."""

    SQL_TYPE = "TIMESTAMPTZ"

    class _db_sqlite:
        SQL_TYPE = "TEXT"

    def to_db_value(self, value: Any, instance: Any) -> Any:
        return instant_text(value) if isinstance(value, datetime) else value

    def to_python_value(self, value: Any) -> datetime | None:
        return instant_of(value) if isinstance(value, str) else value


class Day(fields.Field[date], date):
    SQL_TYPE = "DATE"

    class _db_sqlite:
        SQL_TYPE = "TEXT"

    def to_db_value(self, value: Any, instance: Any) -> Any:
        return day_text(value) if isinstance(value, date) else value

    def to_python_value(self, value: Any) -> date | None:
        return day_of(value) if isinstance(value, str) else value


def key() -> Words:
    return Words(primary_key=True)
