"""Bytes on their way into the store: counted, hashed and judged as they pass, never held."""

import base64
import binascii
import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterable, Callable

from domain.errors import Refusal
from domain.files.recognition import Glance, Looks
from domain.files.types import HEAD_BYTES, judged


class BytesRefused(Exception):
    """The bytes are not taken; what came of them is not kept."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__("the bytes are not taken")
        self.refusal = refusal


class NotTheFile(Exception):
    """What came is not what was told: cut short, or of another hash. The message is for a person."""


class Intake:
    """One file coming in. After `through` has ended, size, hash, type and looks are known."""

    def __init__(self, told_type: str) -> None:
        self._told_type = told_type
        self._hash = hashlib.sha256()
        self._head = b""
        self._early: list[bytes] = []  # what came until the head was there
        self._glance: Glance | None = None  # from then on
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    @property
    def mime_type(self) -> str:
        return judged(self._head, self._told_type)

    @property
    def looks(self) -> Looks:
        return self._glance.looks if self._glance is not None else Looks()

    async def through(
        self,
        chunks: AsyncIterable[bytes],
        *,
        grown: Callable[[int], None],
        begun: Callable[["Intake"], None],
        ended: Callable[["Intake"], None],
    ) -> AsyncGenerator[bytes]:
        """The chunks as they are. `grown` is asked about the size, `begun` once the head is there, `ended` at the end.

        Each may raise, and then nothing more is passed on.
        """
        async for chunk in chunks:
            self.size += len(chunk)
            grown(self.size)
            self._hash.update(chunk)
            if self._glance is not None:
                self._glance.feed(chunk)
            else:
                self._head += chunk[: HEAD_BYTES - len(self._head)]
                self._early.append(chunk)
                if len(self._head) == HEAD_BYTES:
                    self._look()
                    begun(self)
            yield chunk
        if self._glance is None:
            self._look()
            begun(self)
        ended(self)

    def _look(self) -> None:
        """The type is known now, and with it where to look."""
        self._glance = Glance(self.mime_type)
        for chunk in self._early:
            self._glance.feed(chunk)
        self._early.clear()


def untold(_: object) -> None:
    """Nothing is asked of it."""


def hash_of(text: str | None) -> str | None:
    """A SHA-256 in hex, from hex or base64; None for what is neither."""
    if text is None:
        return None
    if re.fullmatch(r"[0-9a-fA-F]{64}", text):
        return text.lower()
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw.hex() if len(raw) == hashlib.sha256().digest_size else None


async def unspoilt(chunks: AsyncIterable[bytes], sha256: str | None) -> AsyncGenerator[bytes]:
    """The chunks of a kept file; the last is held back until all of them have the hash that was kept.

    Raises `NotTheFile` instead of the last chunk where the store gave back something else.
    """
    hashed = hashlib.sha256()
    held = b""
    async for chunk in chunks:
        if held:
            yield held
        held = chunk
        hashed.update(chunk)
    if sha256 is not None and hashed.hexdigest() != sha256:
        raise NotTheFile("The file in the store was damaged.")
    if held:
        yield held
