"""Files on the network: what people attach, what the business uploads, and the links by which they are fetched."""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from adapters.whatsapp.simulator.graph.errors import GraphError
from adapters.whatsapp.simulator.ids import Ids

MIB: Final = 1024 * 1024
UPLOAD_LIVES_S: Final = 30 * 24 * 3600.0
RECEIVED_LIVES_S: Final = 7 * 24 * 3600.0
LINK_LIVES_S: Final = 300.0
MAX_FILE_BYTES: Final = 100 * MIB
MAX_KEPT_BYTES: Final = 400 * MIB  # then the oldest go
MAX_KEPT_LINKS: Final = 10_000

# Types and sizes by kind. Source: WhatsApp Business Platform, "Media".
TAKEN: Final[dict[str, tuple[frozenset[str], int]]] = {
    "image": (frozenset({"image/jpeg", "image/png"}), 5 * MIB),
    "video": (frozenset({"video/mp4", "video/3gpp"}), 16 * MIB),
    "audio": (frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}), 16 * MIB),
    "sticker": (frozenset({"image/webp"}), 500 * 1024),
    "document": (frozenset(), MAX_FILE_BYTES),
}

# What a phone attaches where nothing was given: small, and what it says it is.
_PNG: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAACAAAAAYCAIAAAAUMWhjAAAAJElEQVR42mPQq42iKWIYtWDUglELRi0YtWDUglEL"
    "Ri0YGhYAAImwDy6sw7p2AAAAAElFTkSuQmCC"
)
_WEBP: Final = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="
SAMPLES: Final[dict[str, tuple[str, bytes]]] = {
    "image": ("image/png", base64.b64decode(_PNG)),
    "video": ("video/mp4", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom\x00\x00\x00\x08free"),
    "audio": (
        "audio/ogg; codecs=opus",
        b"OggS\x00\x02" + b"\x00" * 20 + b"\x01\x13OpusHead\x01\x01\x38\x01\x80\xbb\x00\x00\x00\x00\x00",
    ),
    "document": ("application/pdf", b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"),
    "sticker": ("image/webp", base64.b64decode(_WEBP)),
}


@dataclass(frozen=True, slots=True)
class File:
    """`number` is the phone number id that uploaded or received it; None for one still on a phone."""

    id: str
    mime_type: str
    data: bytes
    expires_at: float
    number: str | None = None
    name: str | None = None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


class Files:
    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._files: dict[str, File] = {}
        self._links: dict[str, tuple[str, float]] = {}

    def add(
        self, mime_type: str, data: bytes, *, expires_at: float, number: str | None = None, name: str | None = None
    ) -> File:
        file = File(self._ids.number(), mime_type, data, expires_at, number, name)
        self._files[file.id] = file
        while len(self._files) > 1 and sum(len(each.data) for each in self._files.values()) > MAX_KEPT_BYTES:
            del self._files[next(iter(self._files))]
        return file

    def put(self, file: File) -> None:
        self._files[file.id] = file

    def find(self, id: str, now: float) -> File | None:
        file = self._files.get(id)
        return file if file is not None and now < file.expires_at else None

    def remove(self, id: str) -> None:
        self._files.pop(id, None)

    def link(self, file: File, now: float) -> str:
        """A key that leads to the file for five minutes."""
        key = self._ids.number()
        self._links[key] = (file.id, now + LINK_LIVES_S)
        while len(self._links) > MAX_KEPT_LINKS:
            del self._links[next(iter(self._links))]
        return key

    def behind(self, key: str, now: float) -> File | None:
        id, ends = self._links.get(key, ("", 0.0))
        return self.find(id, now) if now < ends else None


def check_fits(kind: str, file: File) -> None:
    """GraphError where the network would not send such a file as this kind."""
    types, limit = TAKEN[kind]
    mime_type = file.mime_type.split(";", 1)[0].strip()
    if types and mime_type not in types:
        raise GraphError(131053, f"Media of type {mime_type} can't be sent as {kind}")
    if len(file.data) > limit:
        raise GraphError(131053, f"Media has {len(file.data)} bytes; {limit} are allowed for {kind}")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body. `mime_type` is None where it tells none."""

    mime_type: str | None
    data: bytes


def parts_of(body: bytes, content_type: str) -> dict[str, Part]:
    """The parts of a `multipart/form-data` body by name; GraphError where it is none. Source: RFC 7578."""
    found = re.search(r'boundary="?([^";]{1,70})"?', content_type)
    if not content_type.lower().startswith("multipart/form-data") or found is None:
        raise GraphError(100, "The body must be multipart/form-data")
    parts: dict[str, Part] = {}
    for piece in (b"\r\n" + body).split(b"\r\n--" + found[1].encode("latin-1"))[1:]:
        if piece.startswith(b"--"):
            return parts
        head, separator, data = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(rb'(?i)^content-disposition:[^\r\n]*[; ]name="([^"]*)"', head, re.MULTILINE)
        if not separator or name is None:
            break
        kind = re.search(rb"(?i)^content-type: *([^\r\n]+)", head, re.MULTILINE)
        parts[name[1].decode()] = Part(kind[1].decode("latin-1").strip() if kind else None, data)
    raise GraphError(100, "The multipart body is cut short")
