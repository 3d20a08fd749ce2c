"""How instants and days are written on SQLite: one form for models, raw SQL and JSON, so that text sorts as time.

An instant is `2026-11-21T14:47:57.115371Z`, always 27 characters, always UTC; a day is `2026-11-21`.
"""

from datetime import UTC, date, datetime

WIDTH = len("2026-11-21T14:47:57.115371Z")


def instant_text(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError(f"an instant without a time zone can't be stored: {at.isoformat()}")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def instant_of(text: str) -> datetime:
    if len(text) != WIDTH or text[-1] != "Z":
        raise ValueError(f"not an instant as stored here: {text!r}")
    return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)


def day_text(day: date) -> str:
    return day.isoformat()


def day_of(text: str) -> date:
    return date.fromisoformat(text)
