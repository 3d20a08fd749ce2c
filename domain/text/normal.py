"""Unicode's normal forms, in time that grows with the text and no faster.

Putting the marks after a letter into their order takes as many steps as their number squared. No writing has more than
thirty in a row; longer runs are therefore read in parts.
Source: Unicode Standard Annex 15, "Normalization Forms", 13 "Stream-Safe Text Format".
"""

import unicodedata
from collections.abc import Iterator
from typing import Literal, TypeAlias

Form: TypeAlias = Literal["NFC", "NFD", "NFKC", "NFKD"]

MARKS_IN_A_ROW = 30
BECOME_MARKS = frozenset("\u0f73\u0f75\u0f81\uff9e\uff9f")  # which are none before they are taken apart


def normal(form: Form, text: str) -> str:
    """The text in a normal form; of more marks in a row than any writing has, those that follow stay as they stand."""
    if text.isascii():
        return text
    return "".join(unicodedata.normalize(form, part) for part in _parts(text))


def _parts(text: str) -> Iterator[str]:
    begins = marks = 0
    for at, each in enumerate(text):
        marks = marks + 1 if unicodedata.combining(each) or each in BECOME_MARKS else 0
        if marks > MARKS_IN_A_ROW:
            yield text[begins:at]
            begins, marks = at, 1
    yield text[begins:]
