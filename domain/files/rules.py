"""The one table of what WhatsApp takes: kinds, types and sizes, both ways."""

from dataclasses import dataclass
from enum import StrEnum

from domain.conversations.messages import Direction

MIB = 1024 * 1024
NETWORK_LIMIT = 100 * MIB  # the largest file the network passes on
UNKNOWN_TYPE = "application/octet-stream"
STATIC_STICKER_LIMIT = 100 * 1024


class MediaKind(StrEnum):
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    AUDIO = "AUDIO"
    DOCUMENT = "DOCUMENT"
    STICKER = "STICKER"


@dataclass(frozen=True, slots=True)
class MediaRule:
    """What one kind of file may be, one way."""

    kind: MediaKind
    direction: Direction
    mime_types: tuple[str, ...]
    max_bytes: int
    notes: str | None = None

    def takes(self, mime_type: str) -> bool:
        return mime_type in self.mime_types


_IMAGES = ("image/jpeg", "image/png")
_VIDEOS = ("video/mp4", "video/3gpp")
_SOUNDS = ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg")
_DOCUMENTS = (
    "text/plain",
    "application/pdf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
)


_RECEIVED_DOCUMENTS = (
    *_DOCUMENTS,
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
    "application/rtf",
    "text/rtf",
    "text/csv",
    "text/html",
    "text/markdown",
    "text/calendar",
    "text/vcard",
    "text/x-vcard",
    "text/xml",
    "application/xml",
    "application/json",
    "application/epub+zip",
    "application/zip",
    "application/x-zip-compressed",
    "application/gzip",
    "application/vnd.rar",
    "application/x-rar-compressed",
    "application/x-7z-compressed",
    *_IMAGES,
    "image/gif",
    "image/webp",
    "image/heic",
    "image/heif",
    "image/tiff",
    "image/bmp",
    "image/svg+xml",
    *_SOUNDS,
    "audio/wav",
    "audio/x-wav",
    *_VIDEOS,
    "video/quicktime",
    "video/webm",
    UNKNOWN_TYPE,
)
"""What people pass on. What a computer would run is not among it."""


_KEPT = "Whatever the network passes on is kept; types that are not listed are offered as downloads."
RULES: tuple[MediaRule, ...] = (
    MediaRule(MediaKind.IMAGE, Direction.INBOUND, _IMAGES, NETWORK_LIMIT, _KEPT),
    MediaRule(MediaKind.VIDEO, Direction.INBOUND, _VIDEOS, NETWORK_LIMIT, "GIFs come as video/mp4. " + _KEPT),
    MediaRule(MediaKind.AUDIO, Direction.INBOUND, _SOUNDS, NETWORK_LIMIT, _KEPT),
    MediaRule(
        MediaKind.DOCUMENT,
        Direction.INBOUND,
        _RECEIVED_DOCUMENTS,
        NETWORK_LIMIT,
        "Another type stands as UnsupportedContent of the kind document:<type>.",
    ),
    MediaRule(MediaKind.STICKER, Direction.INBOUND, ("image/webp",), NETWORK_LIMIT, _KEPT),
    MediaRule(MediaKind.IMAGE, Direction.OUTBOUND, _IMAGES, 5 * MIB, "PNG: 8 bits a channel, RGB or RGBA."),
    MediaRule(MediaKind.VIDEO, Direction.OUTBOUND, _VIDEOS, 16 * MIB, "H.264 with AAC sound, or none."),
    MediaRule(
        MediaKind.AUDIO,
        Direction.OUTBOUND,
        _SOUNDS,
        16 * MIB,
        "audio/ogg: Opus with one channel only. A voice note has to be that; what a browser recorded in another form"
        " (audio/webm, audio/mp4) is made into it where the server has the codecs. No caption.",
    ),
    MediaRule(MediaKind.DOCUMENT, Direction.OUTBOUND, _DOCUMENTS, NETWORK_LIMIT),
    MediaRule(
        MediaKind.STICKER,
        Direction.OUTBOUND,
        ("image/webp",),
        500 * 1024,
        f"512 by 512 pixels. One that does not move: {STATIC_STICKER_LIMIT} bytes at most. No caption.",
    ),
)
"""One row for each kind and direction."""


MOVING = frozenset({MediaKind.VIDEO, MediaKind.STICKER})
CAPTIONED = frozenset({MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.DOCUMENT})


def rule_for(kind: MediaKind, direction: Direction) -> MediaRule:
    return next(rule for rule in RULES if (rule.kind, rule.direction) == (kind, direction))
