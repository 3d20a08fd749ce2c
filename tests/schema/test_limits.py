"""The bounds on documents, as whoever writes one reads of them."""

import re
from pathlib import Path

from schema import limits

LIMITS = (Path(__file__).parents[2] / "docs" / "limits.md").read_text()


def test_every_bound_of_a_document_is_told() -> None:
    _, _, after = LIMITS.partition("## What a document may hold\n")
    section, _, _ = after.partition("\n## ")
    told = sorted(int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", section.replace("400 `", "`")))

    bounds = [
        limits.DOCUMENT_BYTES // 1024,
        limits.TOKENS,
        limits.NESTING,
        limits.DEPTH,
        limits.ALIASES,
        limits.DIRECTIVES,
        limits.FRAGMENTS,
        limits.SPREADS,
        limits.FIELDS,
        limits.EQUAL_NAMES,
        limits.EQUAL_TYPENAMES,
        limits.SIGN_INS,
        limits.JSON_DEPTH,
        limits.PAGE_MOST,
        limits.PAGE_DEFAULT,
        limits.IDS,
        limits.FILTER_VALUES,
    ]
    assert told == sorted([*bounds, 4400])  # a close code
