"""Normal forms are Unicode's, for every text that somebody may have meant."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.text.normal import BECOME_MARKS, MARKS_IN_A_ROW, Form, normal

FORMS: tuple[Form, ...] = ("NFC", "NFD", "NFKC", "NFKD")


@given(st.text(max_size=20))
def test_it_is_unicodes_own(text: str) -> None:
    assert [normal(form, text) for form in FORMS] == [unicodedata.normalize(form, text) for form in FORMS]


@pytest.mark.parametrize("form", FORMS)
def test_as_many_marks_as_any_writing_has_are_put_into_their_order(form: Form) -> None:
    text = "a" + "\u0315" * (MARKS_IN_A_ROW // 2) + "\u0300" * (MARKS_IN_A_ROW // 2)

    assert normal(form, text) == unicodedata.normalize(form, text)


def test_of_more_marks_none_is_lost() -> None:
    text = "a" + "\u0315\u0300" * 100 + "b"

    assert sorted(normal("NFD", text)) == sorted(text)


def test_what_becomes_a_mark_is_what_unicode_says() -> None:
    """Of another version of Python's tables, too."""
    whole = (chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF)
    found = {each for each in whole if not unicodedata.combining(each) and _begins_with_a_mark(each)}

    assert found == BECOME_MARKS


def _begins_with_a_mark(sign: str) -> bool:
    return bool(unicodedata.combining(unicodedata.normalize("NFKD", sign)[0]))
