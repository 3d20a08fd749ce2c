"""Answers as gzip, where the client takes it and it is worth it. Events and frames are never held back for it."""

import asyncio
import gzip
from typing import Final

from starlette.responses import Response

SMALLEST: Final = 1_024  # bytes; less travels in one packet anyhow
AT_ONCE: Final = 32 * 1_024  # compressed on the event loop, in less than a millisecond; more in a thread beside it
LEVEL: Final = 5  # nearly as small as the best, in a third of its time


async def compress(response: Response, accepted: str) -> None:
    """`accepted` is the request's Accept-Encoding. An answer that may differ by it says so, compressed or not."""
    if len(response.body) < SMALLEST:
        return
    response.headers.add_vary_header("Accept-Encoding")
    if not takes_gzip(accepted):
        return
    body = bytes(response.body)
    response.body = _packed(body) if len(body) <= AT_ONCE else await asyncio.to_thread(_packed, body)
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Content-Length"] = str(len(response.body))


def takes_gzip(accepted: str) -> bool:
    """After RFC 9110: gzip by name, else any coding, where its weight is not nought."""
    weights: dict[str, bool] = {}
    for part in accepted.lower().split(","):
        coding, *parameters = (each.strip() for each in part.split(";"))
        weights.setdefault(coding, not any(_is_nought(each) for each in parameters))
    return weights.get("gzip", weights.get("*", False))


def _is_nought(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and not value.strip().strip("0.")


def _packed(body: bytes) -> bytes:
    return gzip.compress(body, LEVEL, mtime=0)
