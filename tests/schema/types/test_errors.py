"""Refusals of the rules, as a caller reads them."""

from domain.error_codes import ErrorCode
from domain.errors import QuotaExceeded, Refusal, SessionClosed, TemplateParameterWrong, TextTooLong, invalid
from schema.types.errors import (
    QuotaExceededError,
    RefusedError,
    SessionClosedError,
    TemplateParameterError,
    TextTooLongError,
    to_user_error,
)
from tests.builders import NOON, TEMPLATE


def test_a_plain_refusal_keeps_its_words_and_its_field() -> None:
    error = to_user_error(invalid("This is no name.", "name"))

    assert error == RefusedError(code=ErrorCode.INVALID, message="This is no name.", field=["name"])


def test_a_refusal_of_no_one_field_names_none() -> None:
    assert to_user_error(invalid("No.")).field is None


def test_a_closed_session_says_since_when_and_what_would_go() -> None:
    error = to_user_error(SessionClosed(NOON, (TEMPLATE,)))

    assert isinstance(error, SessionClosedError)
    assert (error.code, error.closed_at, error.sendable) == (ErrorCode.SESSION_CLOSED, NOON, (TEMPLATE,))


def test_a_contact_who_never_wrote_has_no_closed_session() -> None:
    error = to_user_error(SessionClosed(None))

    assert isinstance(error, SessionClosedError)
    assert error.closed_at is None
    assert "never" in error.message


def test_what_is_used_up_says_how_much_and_until_when() -> None:
    for code in (ErrorCode.QUOTA_EXCEEDED, ErrorCode.DAILY_ALLOWANCE_EXCEEDED):
        error = to_user_error(QuotaExceeded(50, NOON, code))

        assert isinstance(error, QuotaExceededError)
        assert (error.code, error.limit, error.resets_at) == (code, 50, NOON)


def test_a_long_text_says_how_long_it_may_be() -> None:
    error = to_user_error(TextTooLong(4096, 4097, ("content", "text", "body")))

    assert isinstance(error, TextTooLongError)
    assert (error.limit, error.length, error.field) == (4096, 4097, ["content", "text", "body"])


def test_a_wrong_blank_is_named() -> None:
    error = to_user_error(TemplateParameterWrong("body", "1", "The value is empty."))

    assert isinstance(error, TemplateParameterError)
    assert error.parameter is not None
    assert (error.parameter.component, error.parameter.name) == ("body", "1")
    assert "The value is empty." in error.message


def test_every_refusal_has_a_sentence() -> None:
    refusals: list[Refusal] = [
        invalid("No."),
        SessionClosed(None),
        QuotaExceeded(1, NOON),
        TextTooLong(1, 2, ()),
        TemplateParameterWrong("body", "1", "No."),
    ]

    assert all(to_user_error(refusal).message.endswith(".") for refusal in refusals)
