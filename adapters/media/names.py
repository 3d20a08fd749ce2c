"""Names of files in a store: only ever such as Deskline made."""

import re
from typing import Final

NAME: Final = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z_-]{2,127}")


def ours(name: str) -> str:
    """The name, where it may be part of a path or a key. Raises ValueError."""
    if not NAME.fullmatch(name):
        raise ValueError(f"not a name of ours: {name!r}")
    return name
