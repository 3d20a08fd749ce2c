"""Passwords as slow hashes, and other people's secrets sealed at rest."""

import asyncio
import base64
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from typing import Final

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.line import FairLine
from domain.ids import OrganizationId

KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 4
NONCE_BYTES: Final = 12
HASHING_THREADS: Final = 2  # a hash takes a core and 64 MiB for a moment; sign-ins beyond this wait their turn
WAITING_MOST: Final = 128  # some three seconds of hashing
TOLD_EVERY_S: Final = 60.0

log = structlog.stdlib.get_logger()


class Argon2Passwords:
    """Argon2id by the library's own parameters (RFC 9106), in threads of its own."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._line = FairLine(HASHING_THREADS, WAITING_MOST)
        self._pool = ThreadPoolExecutor(HASHING_THREADS, thread_name_prefix="password")
        # Nobody's password: an address that is unknown costs as much as a wrong word.
        self._nobody = self._pool.submit(self._hasher.hash, secrets.token_bytes(16))

    def place(self, asker: str) -> AbstractAsyncContextManager[None]:
        return self._line.place(asker)

    async def hash(self, password: str) -> str:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._hasher.hash, _bytes(password))

    async def fits(self, password: str, hashed: str | None) -> bool:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._fits, password, hashed)

    def _fits(self, password: str, hashed: str | None) -> bool:
        try:
            self._hasher.verify(hashed or self._nobody.result(), _bytes(password))
        except (VerificationError, InvalidHashError):
            return False
        return hashed is not None


class AesVault:
    """AES-256-GCM; the text's organization and purpose are part of what is authenticated.

    `keys` (32 bytes each) come newest first: the first seals, each opens what it sealed. `print_key` keys the
    fingerprints and outlives a change of keys; without it the oldest key does that.
    """

    def __init__(self, keys: Sequence[bytes], print_key: bytes | None = None) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ValueError(f"a vault needs keys of {KEY_BYTES} bytes")
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._newest = _key_id(keys[0])
        self._print_key = print_key or hmac.digest(keys[-1], b"deskline fingerprint", "sha256")
        self._told_at: dict[tuple[str, str], float] = {}

    def seal(self, organization: OrganizationId, purpose: str, text: str) -> str:
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self._newest].encrypt(nonce, _bytes(text), _bound_to(organization, purpose))
        return base64.urlsafe_b64encode(self._newest + nonce + sealed).decode()

    def open(self, organization: OrganizationId, purpose: str, sealed: str, *, channel: str) -> str | None:
        try:
            raw = base64.urlsafe_b64decode(sealed)
            key_id, rest = raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:]
            nonce, body = rest[:NONCE_BYTES], rest[NONCE_BYTES:]
            opened = self._ciphers[key_id].decrypt(nonce, body, _bound_to(organization, purpose))
        except (KeyError, ValueError, InvalidTag):
            self._tell(organization, purpose, channel)
            return None
        return opened.decode("utf-8", "surrogatepass")

    def _tell(self, organization: OrganizationId, purpose: str, channel: str) -> None:
        """The error is not told of: it says nothing more, and its text may hold what was sealed."""
        now = time.monotonic()
        if now - self._told_at.get((channel, purpose), -TOLD_EVERY_S) < TOLD_EVERY_S:
            return
        self._told_at[channel, purpose] = now
        log.error(
            "no key opens what is sealed; was an encryption key removed?",
            organization=organization,
            channel=channel,
            purpose=purpose,
        )

    def print(self, text: str) -> str:
        return hmac.new(self._print_key, _bytes(text), hashlib.sha256).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"deskline key" + key).digest()[:KEY_ID_BYTES]


def _bound_to(organization: OrganizationId, purpose: str) -> bytes:
    return f"{organization}\0{purpose}".encode()
