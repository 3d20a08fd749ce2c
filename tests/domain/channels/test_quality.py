"""Ratings: the network's words, and what is made of others."""

import pytest

from domain.channels.quality import QualityRating, rating


@pytest.mark.parametrize("word", list(QualityRating))
def test_a_rating_is_shown_as_the_network_tells_it(word: QualityRating) -> None:
    assert rating(str(word)) is word


@pytest.mark.parametrize("word", [None, "", "NA", "green", "PENDING"])
def test_a_word_we_do_not_know_is_no_rating(word: str | None) -> None:
    assert rating(word) is QualityRating.UNKNOWN
