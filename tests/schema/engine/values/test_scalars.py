"""Times and days as callers write and read them."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from schema.engine.api_error import ApiError
from schema.engine.values.scalars import SCALARS, instant_text, read_day, read_decimal, read_instant


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 1, 31, 9, 30, tzinfo=UTC), "2026-01-31T09:30:00Z"),
        (datetime(2026, 1, 31, 9, 30, 0, 120_000, tzinfo=UTC), "2026-01-31T09:30:00.120000Z"),
        (datetime(2026, 1, 31, 9, 30, tzinfo=timezone(timedelta(hours=2))), "2026-01-31T07:30:00Z"),
    ],
)
def test_times_are_told_in_utc_with_a_z(at: datetime, text: str) -> None:
    assert instant_text(at) == text


def test_a_time_without_a_zone_never_leaves() -> None:
    with pytest.raises(TypeError):
        instant_text(datetime(2026, 1, 31))  # noqa: DTZ001  # that is the point


@pytest.mark.parametrize(
    "text",
    ["2026-01-31T09:30:00Z", "2026-01-31t09:30:00z", "2026-01-31T11:30:00+02:00", "2026-01-31T09:30:00.000000000Z"],
)
def test_a_time_is_read_with_any_offset(text: str) -> None:
    assert read_instant(text) == datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-31T09:30:00",
        "2026-01-31",
        "2026-01-31 09:30:00Z",
        "2026-02-30T09:30:00Z",
        "0001-01-01T00:00:00+23:00",
        "2026-W05-6T09:30:00Z",
        "٢٠٢٦-01-31T09:30:00Z",
        "",
        1_770_000_000,
        None,
    ],
)
def test_what_is_no_time_is_a_bad_request(value: object) -> None:
    with pytest.raises(ApiError) as refused:
        read_instant(value)

    assert refused.value.code == "BAD_REQUEST"


def test_a_day_is_read() -> None:
    assert read_day("2026-01-31") == date(2026, 1, 31)


@pytest.mark.parametrize("value", ["2026-02-30", "20260131", "2026-W05-6", "31.01.2026", "", 20260131])
def test_what_is_no_day_is_a_bad_request(value: object) -> None:
    with pytest.raises(ApiError) as refused:
        read_day(value)

    assert refused.value.code == "BAD_REQUEST"


@pytest.mark.parametrize("text", ["12.90", "-0.005", "0", "30"])
def test_a_decimal_comes_and_goes_as_it_is_written(text: str) -> None:
    serialize = SCALARS[Decimal].serialize

    assert serialize is not None
    assert serialize(read_decimal(text)) == text


def test_a_decimal_is_never_written_with_an_exponent() -> None:
    serialize = SCALARS[Decimal].serialize

    assert serialize is not None
    assert (serialize(Decimal("1e3")), serialize(Decimal("1e-9"))) == ("1000", "0.000000001")
    with pytest.raises(TypeError, match="not a decimal"):
        serialize(12.9)


@pytest.mark.parametrize("value", [12.9, 12, True, None, "", "1e3", "NaN", "12,90", "٣", "1" * 31])
def test_what_is_no_decimal_is_refused(value: object) -> None:
    with pytest.raises(ApiError, match="A Decimal is"):
        read_decimal(value)
