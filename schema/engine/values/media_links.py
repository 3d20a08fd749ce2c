"""Links to files: signed, short-lived, bound to the organization and the file and to nobody who looks.

Inside: a version byte, what it is good for, the second it ends, the file and its organization, the name of another form
of the file where it leads to one, or whose share an upload counts towards, and the first sixteen bytes of an
HMAC-SHA256 over all of that. Base64 for URLs, without padding. Whatever is wrong with a link, it is `LinkInvalid` in
the same words.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final

from domain.ids import MediaId, OrganizationId

LIFETIME: Final = timedelta(minutes=10)
PATH: Final = "/media/"
VERSION: Final = 1
HEAD: Final = struct.Struct(">BBQ")
MAC_BYTES: Final = 16
LONGEST: Final = 400


class Purpose(IntEnum):
    GET = 1
    PUT = 2


class LinkInvalid(Exception):
    """Not a link of ours, or one that has ended."""

    def __init__(self) -> None:
        super().__init__("This link is not valid, or not any more.")


@dataclass(frozen=True, slots=True)
class Named:
    """The file that a link names."""

    organization: OrganizationId
    media: MediaId
    rendition: str | None = None  # the name of another form of it
    uploader: str | None = None  # `Actor.key` of who may bring the bytes


class MediaLinks:
    """Makes and reads links with a key derived from the installation's secret."""

    def __init__(self, secret: bytes, public_url: str | None = None) -> None:
        self._key = hmac.digest(secret, b"deskline media link", hashlib.sha256)
        self._base = (public_url or "").rstrip("/") + PATH

    def url(
        self,
        purpose: Purpose,
        organization: OrganizationId,
        media: MediaId,
        expires_at: datetime,
        rendition: str | None = None,
        *,
        uploader: str | None = None,
    ) -> str:
        """Absolute where the public address is known, else a path on this server."""
        ends = int(expires_at.timestamp())
        third = rendition if purpose is Purpose.GET else uploader
        names = (organization, media) if third is None else (organization, media, third)
        said = HEAD.pack(VERSION, purpose, ends) + " ".join(names).encode()
        return self._base + base64.urlsafe_b64encode(said + self._mac(said)).rstrip(b"=").decode("ascii")

    def read(self, token: str, purpose: Purpose, now: datetime) -> Named:
        """The file behind the last part of a link's path. Raises `LinkInvalid`."""
        raw = _raw(token)
        said, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
        if len(said) <= HEAD.size or not hmac.compare_digest(mac, self._mac(said)):
            raise LinkInvalid
        version, good_for, ends = HEAD.unpack_from(said)
        if version != VERSION or good_for != purpose or now >= datetime.fromtimestamp(ends, UTC):
            raise LinkInvalid
        organization, media, *rest = said[HEAD.size :].decode().split(" ")
        third = rest[0] if rest else None
        rendition, uploader = (third, None) if purpose is Purpose.GET else (None, third)
        return Named(OrganizationId(organization), MediaId(media), rendition, uploader)

    def _mac(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, hashlib.sha256)[:MAC_BYTES]


def _raw(token: str) -> bytes:
    if len(token) > LONGEST:
        raise LinkInvalid
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise LinkInvalid from error
    # Bits that base64 leaves over would give one link several spellings.
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != token.encode("ascii"):
        raise LinkInvalid
    return raw
