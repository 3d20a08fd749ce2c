"""One emoji is one, of every make; a text never is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.text.emoji import is_emoji


@pytest.mark.parametrize(
    "text",
    [
        "🤣", "❤️‍🔥", "1️⃣", "🇧🇷", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "ℹ️", "©️", "™️", "㊗️", "Ⓜ️", "🅰️", "👩🏽‍❤️‍💋‍👨🏿", "⁉️",  # noqa: RUF001
        "❤", "👍🏽", "👨‍👩‍👧‍👦", "#️⃣", "*⃣", "🏳️‍🌈", "🏳️‍⚧️", "🧑‍🦽‍➡️", "🏽", "🫩", "🐦‍🔥", "‼️", "〰️",
    ],
)  # fmt: skip
def test_every_make_of_emoji_is_one(text: str) -> None:
    assert is_emoji(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "ok", "👍👍", "👍 👍", "👍a", "a👍", "1", "#", "\ufe0f", "\u200d", "\u20e3", "é", "!", "🇧", "🇧🇰", "🇧🇷🇧🇷",
        "👍\u200d", "👍\n", "🏴󠁸󠁸󠁿", "🏴\U000e0068\U000e0069\U000e007f", "👍\u200dok", "👨" + "\u200d👨" * 4,
        "\ud83d", "Ⓐ", "字", "文️",
    ],
)  # fmt: skip
def test_words_signs_and_rows_of_emoji_are_none(text: str) -> None:
    assert not is_emoji(text)


@given(st.text(st.characters(categories=["L", "N", "P", "Z", "M"]), min_size=2, max_size=8))
def test_no_word_is_an_emoji(text: str) -> None:
    assert not is_emoji(text) or not any(sign.isascii() and sign.isalpha() for sign in text)
