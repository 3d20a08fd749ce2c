"""Words as they are looked for: without case and without accents, so that a search finds what is written otherwise."""

import unicodedata

from domain.text.normal import normal

_STROKED = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "ħ": "h", "ŧ": "t"})  # letters of their own to Unicode


def plain(text: str) -> str:
    """Łódź is lodz, STRASSE and Straße are strasse."""
    parts = normal("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold().translate(_STROKED)


def plain_words(query: str | None) -> tuple[str, ...]:
    """The words of a query, each once, in their order."""
    return tuple(dict.fromkeys(plain(query or "").split()))
