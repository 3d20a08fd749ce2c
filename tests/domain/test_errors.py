"""Refusals: each has a code a client can switch on, and words for a person."""

from typing import get_args

import pytest

from domain.error_codes import ErrorCode
from domain.errors import (
    REFUSALS,
    QuotaExceeded,
    Refusal,
    Refused,
    SessionClosed,
    TemplateParameterWrong,
    TextTooLong,
    Throttled,
    TookTooLong,
    Unavailable,
    code_of,
    forbidden,
    invalid,
    not_found,
)
from tests.builders import NOON


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (Refused(ErrorCode.CONFLICT, "Too late."), ErrorCode.CONFLICT),
        (SessionClosed(NOON), ErrorCode.SESSION_CLOSED),
        (QuotaExceeded(1000, NOON), ErrorCode.QUOTA_EXCEEDED),
        (QuotaExceeded(50, NOON, ErrorCode.DAILY_ALLOWANCE_EXCEEDED), ErrorCode.DAILY_ALLOWANCE_EXCEEDED),
        (TextTooLong(4096, 4097, ("content",)), ErrorCode.TEXT_TOO_LONG),
        (TemplateParameterWrong("body", "1", "A value is missing."), ErrorCode.TEMPLATE_PARAMETERS),
        (not_found("thread", "threadId"), ErrorCode.NOT_FOUND),
        (forbidden("send messages"), ErrorCode.FORBIDDEN),
        (invalid("A text is not empty.", "content", "text"), ErrorCode.INVALID),
    ],
)
def test_every_refusal_has_its_code(refusal: Refusal, code: ErrorCode) -> None:
    assert code_of(refusal) is code
    assert isinstance(refusal, REFUSALS)


def test_every_kind_of_refusal_is_known_as_one() -> None:
    assert set(REFUSALS) == set(get_args(Refusal))


def test_a_refusal_names_what_is_at_fault_in_words_and_in_place() -> None:
    assert not_found("thread", "threadId") == Refused(ErrorCode.NOT_FOUND, "There is no such thread.", ("threadId",))
    assert forbidden("send messages").message == "This needs the right to send messages."
    assert invalid("A text is not empty.", "content", "text").field == ("content", "text")


def test_who_comes_too_often_is_told_when_to_come_again() -> None:
    assert (str(Throttled(90.4)), Throttled(90.4).retry_after_s) == ("too many tries; again in 90 s", 90.4)
    assert Unavailable().retry_after_s == 1.0
    assert Unavailable(2.5).retry_after_s == 2.5


def test_who_asked_for_too_much_is_told_how_long_it_may_take() -> None:
    assert (TookTooLong(3.0).within_s, TookTooLong(3.0).retry_after_s) == (3.0, 1.0)
