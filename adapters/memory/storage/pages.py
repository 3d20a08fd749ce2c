"""Keyset pages over rows in memory.

A place is what a row is sorted by, as texts that sort as their values do: instants in one fixed form, numbers with
leading zeros, where it is not unique an id last. A place that is not of that form raises ValueError.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar

from domain.ports.reads import Page, PageAsk

T = TypeVar("T")

Place: TypeAlias = tuple[str, ...]
Part: TypeAlias = Callable[[str], bool]
"""Whether a text can stand at this part of a place."""


def instant_text(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def number_text(number: int) -> str:
    return f"{number:010d}"


def is_instant(text: str) -> bool:
    try:
        return instant_text(datetime.fromisoformat(text)) == text
    except (ValueError, OverflowError):
        return False


def is_instant_or_empty(text: str) -> bool:
    return text == "" or is_instant(text)


def is_number(text: str) -> bool:
    return len(text) == 10 and text.isascii() and text.isdigit()


def is_text(text: str) -> bool:
    return "\0" not in text


def page_of(
    rows: Iterable[T],
    place_of: Callable[[T], Place],
    form: tuple[Part, ...],
    ask: PageAsk,
    *,
    descending: bool = False,
) -> Page[T]:
    """`form` says what each part of a place has to be. An empty first part comes last in either direction."""

    def standing(place: Place) -> tuple[bool, Place]:
        empty = place[0] == ""
        return (not empty if descending else empty), place

    def is_beyond(place: Place, other: Place) -> bool:
        return standing(place) < standing(other) if descending else standing(place) > standing(other)

    after, before = _checked(ask.after, form), _checked(ask.before, form)
    placed = sorted(((place_of(row), row) for row in rows), key=lambda pair: standing(pair[0]), reverse=descending)
    within = [
        (place, row)
        for place, row in placed
        if (after is None or is_beyond(place, after)) and (before is None or is_beyond(before, place))
    ]
    more = len(within) > ask.size
    chosen = within[max(0, len(within) - ask.size) :] if ask.from_end else within[: ask.size]
    return Page(
        rows=[row for _, row in chosen],
        places=[place for place, _ in chosen],
        has_next=(more and not ask.from_end) or before is not None,
        has_previous=(more and ask.from_end) or after is not None,
    )


def _checked(place: Place | None, form: tuple[Part, ...]) -> Place | None:
    if place is None:
        return None
    if len(place) != len(form) or not all(fits(part) for fits, part in zip(form, place, strict=True)):
        raise ValueError("not a place on this page")
    return place
