"""How the network rates a number or a template, by what people do with its messages."""

from enum import StrEnum


class QualityRating(StrEnum):
    GREEN = "GREEN"
    YELLOW = "YELLOW"
    RED = "RED"
    UNKNOWN = "UNKNOWN"


def rating(word: str | None) -> QualityRating:
    """What the network's word means; UNKNOWN for every other word, as for none."""
    return QualityRating(word) if word in tuple(QualityRating) else QualityRating.UNKNOWN
