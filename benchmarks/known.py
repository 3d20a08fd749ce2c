"""What a desk and those who write to it both know; light, so that a client starts at once."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
APP_SECRET: Final = "secret-of-the-benchmarks"
ACCOUNT: Final = "102290129340398"


def number_id(number: int) -> str:
    """The network's id of one of the desk's phone numbers."""
    return f"10654035224{number:04}"
