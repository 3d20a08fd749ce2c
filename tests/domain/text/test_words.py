"""What is looked for is found however it is written."""

import pytest

from domain.text.words import plain, plain_words


@pytest.mark.parametrize(
    ("written", "found_by"),
    [("Łódź", "lodz"), ("STRASSE", "straße"), ("Crème brûlée", "creme BRULEE"), ("Ñandú", "nandu"), ("ﬁle", "file")],
)
def test_case_and_accents_do_not_matter(written: str, found_by: str) -> None:
    assert plain(written) == plain(found_by)


def test_other_scripts_stay_what_they_are() -> None:
    assert plain("日本語 Шалом") == "日本語 шалом"


def test_a_query_is_its_words_each_once() -> None:
    assert plain_words("  Opening\thours OPENING ") == ("opening", "hours")
    assert plain_words(None) == plain_words(" ") == ()
