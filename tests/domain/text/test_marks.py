"""Marks: WhatsApp's way to make words bold, taken off again."""

import pytest

from domain.text.marks import unmarked


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("*Bold*, _italic_, ~gone~ and `code`", "Bold, italic, gone and code"),
        ("*_both_*", "both"),
        ("```a *block*```", "a *block*"),
        ("`*code*`", "*code*"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("snake_case_name", "snake_case_name"),
        ("*over\ntwo*", "*over\ntwo*"),
        ("https://acme.example/_a_/*b*", "https://acme.example/_a_/*b*"),
        ("*left open", "*left open"),
        ("", ""),
    ],
)
def test_words_stand_without_their_marks(text: str, words: str) -> None:
    assert unmarked(text) == words
