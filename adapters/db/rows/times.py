"""Instants and days: as PostgreSQL takes and gives them, and as the texts that stand for them on SQLite and in JSON.

An instant's text is `2026-11-21T14:47:57.115371Z`, always 27 characters, always UTC, so that text sorts as time; a
day's is `2026-11-21`.
"""

from datetime import UTC, date, datetime

WIDTH = len("2026-11-21T14:47:57.115371Z")


def aware(at: datetime) -> datetime:
    """The instant itself; ValueError for one that is none."""
    if at.tzinfo is None:
        raise ValueError(f"an instant without a time zone can't be stored: {at.isoformat()}")
    return at


def instant_text(at: datetime) -> str:
    return aware(at).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def instant_of(stored: str | datetime) -> datetime:
    """An instant from either form."""
    if isinstance(stored, datetime):
        return stored
    if len(stored) != WIDTH or stored[-1] != "Z":
        raise ValueError(f"not an instant as stored here: {stored!r}")
    return datetime.fromisoformat(stored[:-1]).replace(tzinfo=UTC)


def day_text(day: date) -> str:
    return day.isoformat()


def day_of(stored: str | date) -> date:
    """A day from either form."""
    return stored if isinstance(stored, date) else date.fromisoformat(stored)
