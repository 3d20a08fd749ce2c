"""Scalars beyond GraphQL's own: instants, days, phone numbers and places in the event log."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from schema.engine.api_error import bad_request

PhoneNumber = NewType("PhoneNumber", str)
EventCursor = NewType("EventCursor", str)

# RFC 3339, section 5.6; Python reads far more than that.
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
DECIMAL = re.compile(r"-?\d{1,30}(\.\d{1,30})?", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def instant_text(at: object) -> str:
    """An aware instant as RFC 3339 in UTC, with Z: 2026-01-31T09:30:00Z, or .123456Z where it has a fraction."""
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise TypeError(f"not an aware instant: {at!r}")
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_instant(value: object) -> datetime:
    """The instant a caller wrote, in UTC; BAD_REQUEST where it is none or says no zone."""
    if not isinstance(value, str) or not RFC_3339.fullmatch(value):
        raise bad_request("A DateTime is RFC 3339 text with a zone, such as 2026-01-31T09:30:00Z.")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise bad_request("This DateTime does not exist in the calendar.") from None


def read_day(value: object) -> date:
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise bad_request("A Date is a day such as 2026-01-31.")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise bad_request("This day does not exist in the calendar.") from None


def read_decimal(value: object) -> Decimal:
    if not isinstance(value, str) or not DECIMAL.fullmatch(value):
        raise bad_request("A Decimal is a number as text, such as 12.90.")
    return Decimal(value)


def _decimal_text(number: object) -> str:
    if not isinstance(number, Decimal):
        raise TypeError(f"not a decimal number: {number!r}")
    return f"{number:f}"


def _day_text(day: object) -> str:
    if not isinstance(day, date) or isinstance(day, datetime):
        raise TypeError(f"not a day: {day!r}")
    return day.isoformat()


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise bad_request("A text is expected here.")
    return value


SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant in UTC, RFC 3339 with Z, such as 2026-01-31T09:30:00Z. Given with another offset, it is"
        " converted; without any it is refused.",
        serialize=instant_text,
        parse_value=read_instant,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day of the calendar without a time or zone, as 2026-01-31.",
        serialize=_day_text,
        parse_value=read_day,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="A decimal number as text, exact: 12.90.",
        serialize=_decimal_text,
        parse_value=read_decimal,
    ),
    PhoneNumber: strawberry.scalar(
        name="PhoneNumber",
        description="A phone number in E.164 form, with the leading +, such as +48221234567.",
        serialize=str,
        parse_value=_text,
    ),
    EventCursor: strawberry.scalar(
        name="EventCursor",
        description="A place in the organization's event log: opaque and signed. Hand it back as `after` to continue"
        " without a gap. It survives restarts, and fits every field that takes one.",
        serialize=str,
        parse_value=_text,
    ),
}
