"""Stop words: a message that is one of them, and nothing else, says that its sender wants to be left alone."""

import re
import unicodedata
from collections.abc import Sequence

STOP_WORD_LIMIT = 100  # characters


def says_stop(text: str, stop_words: Sequence[str]) -> bool:
    """Whether a text is a stop word: the exact words, whatever their case, accents, spaces and punctuation around."""
    said = folded(text) if stop_words and len(text) <= 2 * STOP_WORD_LIMIT else ""
    return bool(said) and any(said == folded(word) for word in stop_words)


def folded(text: str) -> str:
    """Without case, accents, and what stands around the words; empty where there are none."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = unicodedata.normalize("NFKC", re.sub("[\u0300-\u036f]", "", plain))
    words = " ".join(plain.split())
    while words and _is_punctuation(words[0]):
        words = words[1:].lstrip()
    while words and _is_punctuation(words[-1]):
        words = words[:-1].rstrip()
    return words


def _is_punctuation(sign: str) -> bool:
    return unicodedata.category(sign)[0] == "P"
