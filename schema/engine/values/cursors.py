"""Cursors of the event log: opaque and signed text for a place in one organization's log.

The same place always has the same text, on every server that holds the same secret and after every restart. What
was forged, cut or made for another organization raises `CursorInvalid`, in the same words whatever was wrong.

Inside: a version byte, the position in eight bytes, the log's epoch, and the first sixteen bytes of an HMAC-SHA256
over all of that and the organization, which itself is not in the text. Base64 for URLs, without padding.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from domain.ids import OrganizationId
from schema.engine.values.media_links import MediaLinks

VERSION = b"\x01"
POSITION_BYTES = 8
MAC_BYTES = 16
SHORTEST = len(VERSION) + POSITION_BYTES + MAC_BYTES
LONGEST_TEXT = 400


class CursorInvalid(Exception):
    """Not a cursor of this organization's log."""

    def __init__(self) -> None:
        super().__init__("This is not a cursor of this log.")


@dataclass(frozen=True, slots=True)
class LogPosition:
    """Everything up to and including `position` was seen, in the log's life called `epoch`."""

    epoch: str
    position: int


class Cursors:
    """Makes and reads cursors with a key derived from the installation's secret."""

    def __init__(self, secret: bytes, public_url: str | None = None) -> None:
        self.links = MediaLinks(secret, public_url)  # the other thing that is signed, each with a key of its own
        self._key = hmac.digest(secret, b"deskline event cursor", hashlib.sha256)

    def encode(self, organization: OrganizationId, epoch: str, position: int) -> str:
        said = VERSION + position.to_bytes(POSITION_BYTES, "big") + epoch.encode()
        return base64.urlsafe_b64encode(said + self._mac(organization, said)).rstrip(b"=").decode("ascii")

    def decode(self, text: str, organization: OrganizationId) -> LogPosition:
        """Raises `CursorInvalid`."""
        raw = _raw(text)
        said, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
        if len(raw) < SHORTEST or not hmac.compare_digest(mac, self._mac(organization, said)):
            raise CursorInvalid
        at = len(VERSION) + POSITION_BYTES
        return LogPosition(epoch=said[at:].decode(), position=int.from_bytes(said[len(VERSION) : at], "big"))

    def _mac(self, organization: OrganizationId, said: bytes) -> bytes:
        owner = organization.encode()
        return hmac.digest(self._key, len(owner).to_bytes(4, "big") + owner + said, hashlib.sha256)[:MAC_BYTES]


def _raw(text: str) -> bytes:
    if len(text) > LONGEST_TEXT:
        raise CursorInvalid
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise CursorInvalid from error
    # Bits that base64 leaves over would give one place several spellings.
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != text.encode("ascii"):
        raise CursorInvalid
    return raw
