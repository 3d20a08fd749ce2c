"""Instants as webhooks tell them: seconds or milliseconds, as numbers or as text."""

import re
from datetime import UTC, datetime, timedelta

from adapters.whatsapp.inbound.reading import (
    as_text,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECONDS_FROM = 100_000_000_000  # a number of seconds that high would be the year 5138
_INSTANT = re.compile(r"-?[0-9]{1,20}(\.[0-9]+)?")


def instant_of(value: object) -> datetime | None:
    """Seconds since 1970, or milliseconds; None where that is no instant."""
    text = as_text(value)
    if text is None or not _INSTANT.fullmatch(text):
        return None
    seconds = float(text)
    if abs(seconds) >= MILLISECONDS_FROM:
        seconds /= 1000
    try:
        return EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None
