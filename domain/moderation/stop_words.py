"""Stop words: a message that is one of them, and nothing else, says that its sender wants to be left alone."""

import re
import unicodedata
from collections.abc import Sequence

from domain.text.normal import normal

STOP_WORD_LIMIT = 100  # characters


def says_stop(text: str, stop_words: Sequence[str]) -> bool:
    """Whether a text is a stop word: the exact words, whatever their case, accents, spaces and punctuation around."""
    said = folded(text) if stop_words and len(text) <= 2 * STOP_WORD_LIMIT else ""
    return bool(said) and any(said == folded(word) for word in stop_words)


def folded(text: str) -> str:
    """Without case, accents, and what stands around the words; empty where there are none."""
    plain = normal("NFKC", re.sub("[\u0300-\u036f]", "", normal("NFKD", text.casefold())))
    words = " ".join(plain.split())
    begins, ends = 0, len(words)
    while begins < ends and _stands_around(words[begins]):
        begins += 1
    while begins < ends and _stands_around(words[ends - 1]):
        ends -= 1
    return words[begins:ends]


def _stands_around(sign: str) -> bool:
    return sign == " " or unicodedata.category(sign)[0] == "P"
