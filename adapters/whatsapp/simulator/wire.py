"""JSON as it goes over the wire: its type, reading it without trust, writing it the way Meta does.

Meta's encoder escapes `/` as `\\/` and everything outside ASCII as `\\uXXXX`. A receiver that checks a signature
over re-encoded JSON instead of the received bytes fails on exactly these, so the simulator writes them as well.
"""

import json
import math
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = dict[str, Json]

LATEST_INSTANT: Final = 4_102_444_800.0  # 2100-01-01; keeps every instant writable as a date


def encode(value: Json) -> bytes:
    """Compact JSON with Meta's escapes; lone surrogates survive as escapes."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def decode(data: bytes) -> Json:
    """Any JSON document; ValueError for everything else, absurd nesting included."""
    try:
        value: Any = json.loads(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def instant(seconds: float) -> str:
    """Seconds since 1970 as RFC 3339 in UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(value: Json) -> float:
    """Seconds since 1970 from a number or an RFC 3339 text; ValueError when it is neither or beyond 2100."""
    if isinstance(value, str):
        read = datetime.fromisoformat(value)
        value = (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("expected seconds since 1970 or an RFC 3339 time")
    if not 0 <= value <= LATEST_INSTANT:
        raise ValueError("expected a time between 1970 and 2100")
    return float(value)


def digits(phone: str) -> str:
    return "".join(character for character in phone if character.isascii() and character.isdigit())
