"""A value left out, which is not the same as an explicit nothing."""

from enum import Enum
from typing import Literal, TypeAlias


class Unset(Enum):
    UNSET = "unset"


UNSET: Literal[Unset.UNSET] = Unset.UNSET
Left: TypeAlias = Literal[Unset.UNSET]
