"""Ids in the network's own shapes. One seed gives one sequence, so that a test can be run again."""

import base64
import hashlib
import random
from typing import Final

HEX: Final = "0123456789ABCDEF"
WORD: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Ids:
    def __init__(self, seed: int | None) -> None:
        self._random = random.Random(seed)
        self._traces = random.Random(seed)  # of their own, so that a refused call does not shift the message ids

    def message(self, peer: str) -> str:
        """A `wamid.…`, which carries the peer's number as the real ones do."""
        unique = "".join(self._random.choices(HEX, k=20)).encode()
        packed = b"\x1c\x18" + bytes([len(peer) & 0xFF]) + peer.encode() + b"\x15\x02\x00\x11\x18\x14" + unique + b"\0"
        return "wamid." + base64.b64encode(packed).decode()

    def number(self) -> str:
        """A decimal id, too big for a float, as media and templates have."""
        return str(self._random.randrange(10**15, 10**16))

    def user(self) -> str:
        return f"US.{self._random.randrange(10**19, 10**20)}"

    def challenge(self) -> str:
        return str(self._random.randrange(10**8, 10**10))

    def trace(self) -> str:
        return "A" + "".join(self._traces.choices(WORD, k=22))


def user_id_of(wa_id: str) -> str:
    """The business-scoped id of a number's owner: the same at every start."""
    number = int.from_bytes(hashlib.sha256(wa_id.encode()).digest()[:8])
    return f"US.{10**19 + number}"
