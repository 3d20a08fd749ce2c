"""Where an object store is, as `DESKLINE_MEDIA_STORE` says it."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

SETTING: Final = "DESKLINE_MEDIA_STORE"
EXAMPLE: Final = "s3://bucket/prefix?region=eu-central-1&endpoint=https://objects.example.com"
BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
KNOWN: Final = frozenset({"region", "endpoint"})


@dataclass(frozen=True, slots=True)
class ObjectPlace:
    """A part of a bucket. Without an endpoint it is Amazon's."""

    bucket: str
    prefix: str = ""
    region: str | None = None
    endpoint: str | None = None

    def __str__(self) -> str:
        at = f" at {self.endpoint}" if self.endpoint else ""
        return f"{self.bucket}{f'/{self.prefix}' if self.prefix else ''}{at}"


def read_place(url: str) -> ObjectPlace:
    """Of `s3://bucket/prefix?region=…&endpoint=…`. Raises ValueError with what was expected."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    endpoint, region = options.get("endpoint"), options.get("region")
    is_ours = (
        parts.scheme == "s3" and BUCKET.fullmatch(parts.netloc) and not parts.fragment and KNOWN.issuperset(options)
    )
    if not is_ours or (region is not None and not re.fullmatch(r"[a-z0-9-]{1,40}", region)):
        raise ValueError(EXAMPLE)
    if endpoint is not None and not re.fullmatch(r"https?://[^/?#\s@]+/?", endpoint):
        raise ValueError(f"{EXAMPLE}; the endpoint is an address without a path")
    return ObjectPlace(parts.netloc, unquote(parts.path).strip("/"), region, endpoint and endpoint.rstrip("/"))
