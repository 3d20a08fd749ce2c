"""Connections: how many, from where, and cursors that fit one list in one order."""

import pytest

from domain.ports.reads import PageAsk
from schema.engine.api_error import ApiError
from schema.engine.values.pages import cursor_of, page_ask

ORDER = "threads by LAST_ACTIVITY down"
PLACE = ("2026-11-20T12:00:00.000000Z", "019aa000-0000-7000-8000-000000000001")
HERE = cursor_of(ORDER, PLACE)


def test_fifty_are_asked_for_unless_said_otherwise() -> None:
    assert page_ask(ORDER, None, None) == PageAsk(50)


def test_a_page_goes_on_behind_a_cursor() -> None:
    assert page_ask(ORDER, 10, HERE) == PageAsk(10, after=PLACE)


def test_a_page_goes_back_before_a_cursor() -> None:
    assert page_ask(ORDER, None, None, 10, HERE) == PageAsk(10, before=PLACE, from_end=True)
    assert page_ask(ORDER, None, None, 10) == PageAsk(10, from_end=True)


@pytest.mark.parametrize("size", [0, 1, 100])
def test_sizes_at_the_bounds_are_taken(size: int) -> None:
    assert page_ask(ORDER, size, None).size == size
    assert page_ask(ORDER, None, None, size).size == size


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((-1, None, None, None), "0 to 100"),
        ((101, None, None, None), "0 to 100"),
        ((None, None, 101, None), "0 to 100"),
        ((None, None, -1, None), "0 to 100"),
        ((10, None, 10, None), "not both"),
        ((None, HERE, 10, None), "`after` goes with `first`"),
        ((10, None, None, HERE), "`before` goes with `last`"),
        ((None, HERE, None, HERE), "`before` goes with `last`"),
        ((10, "", None, None), "not a cursor"),
        ((10, HERE[:-1], None, None), "not a cursor"),
        ((10, HERE + "AA", None, None), "not a cursor"),
        ((10, HERE[:-4] + "AAAA", None, None), "not a cursor"),
        ((10, "ä", None, None), "not a cursor"),
        ((10, "A" * 100_000, None, None), "not a cursor"),
        ((10, cursor_of("threads by CREATED_AT down", PLACE), None, None), "not a cursor"),
        ((None, None, 10, cursor_of("contacts", PLACE)), "not a cursor"),
    ],
)
def test_what_cannot_be_a_page_is_a_bad_request_that_says_what_is_allowed(
    arguments: tuple[int | None, str | None, int | None, str | None], words: str
) -> None:
    with pytest.raises(ApiError, match=words) as refused:
        page_ask(ORDER, *arguments)

    assert refused.value.code == "BAD_REQUEST"
