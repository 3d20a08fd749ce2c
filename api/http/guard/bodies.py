"""Bodies that strangers send: whole or refused, and never waited for longer than they are worth."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.types import Message, Receive

from api.http.guard.addresses import shared_by
from api.http.guard.crowd import Crowd

LONGEST_LENGTH: Final = 18  # digits of a Content-Length that is believed


class TooLarge(Exception):
    """More bytes than are taken."""


class TooSlow(TimeoutError):
    """The bytes came, if at all, below the least rate."""


def told_length(request: Request) -> int | None:
    """What Content-Length says, where it says something."""
    header = request.headers.get("content-length", "")
    return int(header) if header.isascii() and header.isdigit() and len(header) <= LONGEST_LENGTH else None


async def read_body(request: Request, crowd: Crowd, *, most_bytes: int, within_s: float) -> bytes:
    """Raises TooLarge, TimeoutError, MadeRoom where others needed what it held, and Starlette's ClientDisconnect."""
    if (told_length(request) or 0) > most_bytes:
        raise TooLarge
    body = bytearray()
    async with crowd.with_guest(shared_by(request.scope), within_s) as guest:
        async for chunk in request.stream():
            if len(body) + len(chunk) > most_bytes:
                raise TooLarge
            crowd.hold(guest, len(chunk))
            body += chunk
    return bytes(body)


@dataclass(frozen=True, slots=True)
class LeastRate:
    """How a body has to come: at `bytes_per_s` or faster, but for pauses of `patience_s` in all."""

    bytes_per_s: float
    patience_s: float


LEAST_RATE: Final = LeastRate(bytes_per_s=2 * 1024, patience_s=10.0)


class Paced:
    """An ASGI `receive` that raises TooSlow. Only what is waited for counts, not what we take to work on it.

    Patience is used up by waiting and won back by what comes, never beyond what it was: who was fast may not stop.
    """

    def __init__(self, receive: Receive, pace: LeastRate, now: Callable[[], float] | None = None) -> None:
        self._receive = receive
        self._pace = pace
        self._patience_s = pace.patience_s
        self._now = now or asyncio.get_running_loop().time
        self._is_whole = False

    async def __call__(self) -> Message:
        if self._is_whole:
            return await self._receive()
        begun = self._now()
        try:
            async with asyncio.timeout(self._patience_s):
                message = await self._receive()
        except TimeoutError:
            raise TooSlow from None
        self._is_whole = message["type"] != "http.request" or not message.get("more_body", False)
        left_s = self._patience_s - (self._now() - begun)
        if left_s <= 0:
            raise TooSlow
        won_s = len(message.get("body", b"")) / self._pace.bytes_per_s
        self._patience_s = min(self._pace.patience_s, left_s + won_s)
        return message
