"""Hints for a page of simulated phones: "look at this conversation again". Server-sent events, one stream for all."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

KEEP_ALIVE_S: Final = 15.0
MAX_WAITING: Final = 1_000
MAX_LISTENERS: Final = 1_000
HintKind: TypeAlias = Literal["message", "status", "read", "typing"]


@dataclass(frozen=True, slots=True)
class Hint:
    """`person` is their number or user id, `number` the phone number id."""

    kind: HintKind
    person: str
    number: str
    message: str | None

    def frame(self) -> bytes:
        body = {"type": self.kind, "personId": self.person, "number": self.number, "messageId": self.message}
        return f"data: {json.dumps(body)}\n\n".encode()


class Hints:
    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Hint | None]] = set()

    def tell(self, hint: Hint) -> None:
        for listener in list(self._listeners):
            if listener.full():
                self._end(listener)  # too slow; it comes back and reads afresh
            else:
                listener.put_nowait(hint)

    def end(self) -> None:
        """Ends all streams, so that a server can stop."""
        for listener in list(self._listeners):
            self._end(listener)

    async def stream(self) -> AsyncIterator[bytes]:
        if len(self._listeners) >= MAX_LISTENERS:
            return
        listener: asyncio.Queue[Hint | None] = asyncio.Queue(MAX_WAITING)
        self._listeners.add(listener)
        try:
            yield b": listening\n\n"
            while True:
                try:
                    hint = await asyncio.wait_for(listener.get(), KEEP_ALIVE_S)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if hint is None:
                    return
                yield hint.frame()
        finally:
            self._listeners.discard(listener)

    def _end(self, listener: asyncio.Queue[Hint | None]) -> None:
        self._listeners.discard(listener)
        while not listener.empty():
            listener.get_nowait()
        listener.put_nowait(None)
