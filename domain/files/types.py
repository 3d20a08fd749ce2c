"""What a file is, judged from its first bytes and not from what anybody calls it.

Nothing is unpacked: only signatures are read; what stands behind them is for `media_looks`.
Source: WHATWG "MIME Sniffing", sections 6 and 7.
"""

import codecs

from domain.files.rules import UNKNOWN_TYPE

HEAD_BYTES = 4096  # enough to judge by

SHOWN_INLINE = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/webp",
        "video/mp4",
        "video/3gpp",
        "video/webm",
        "audio/aac",
        "audio/amr",
        "audio/mpeg",
        "audio/mp4",
        "audio/ogg",
        "audio/wav",
        "audio/webm",
    }
)
"""What a browser shows without executing anything in it. All else is a download."""

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"OggS", "audio/ogg"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF", "application/x-executable"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_MARKUP = (
    (b"<!doctype html", "text/html"),
    (b"<html", "text/html"),
    (b"<head", "text/html"),
    (b"<body", "text/html"),
    (b"<script", "text/html"),
    (b"<iframe", "text/html"),
    (b"<!--", "text/html"),
    (b"<svg", "image/svg+xml"),
    (b"<!doctype svg", "image/svg+xml"),
)
_OFFICE_IN_ZIP = "application/vnd.openxmlformats-officedocument."
_OFFICE_IN_OLE = frozenset({"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"})
_IN_CONTAINER = {  # what a container may be told to be, beside what it looks like
    "video/mp4": frozenset({"audio/mp4", "video/3gpp"}),
    "video/3gpp": frozenset({"video/mp4", "audio/mp4"}),
    "video/webm": frozenset({"audio/webm", "video/x-matroska"}),
}


def judged(head: bytes, claimed: str) -> str:
    """The type of a file that begins with `head` (`HEAD_BYTES` where it has as many) and was said to be `claimed`.

    A container may be what it is told to be where that fits. Without a signature plain text is `text/plain`, or what
    it was called where that is text too and executes nothing; all else is unknown.
    """
    found = _by_signature(head)
    if found is None:
        return _text_or_unknown(head, claimed)
    if claimed in _IN_CONTAINER.get(found, ()):
        return claimed
    if found == "application/zip" and claimed.startswith(_OFFICE_IN_ZIP):
        return claimed
    if found == "application/x-ole-storage" and claimed in _OFFICE_IN_OLE:
        return claimed
    return found


def _by_signature(head: bytes) -> str | None:
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _by_brand(head[8:12])
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        # Frames without a header of the file: layer bits 00 are ADTS, which carries AAC.
        return "audio/aac" if head[1] & 0xF6 == 0xF0 else "audio/mpeg"
    return _markup(head)


def _by_brand(brand: bytes) -> str:
    if brand.startswith(b"3g"):
        return "video/3gpp"
    if brand in (b"M4A ", b"M4B "):
        return "audio/mp4"
    if brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"):
        return "image/heic"
    if brand in (b"avif", b"avis"):
        return "image/avif"
    if brand == b"qt  ":
        return "video/quicktime"
    return "video/mp4"


def _markup(head: bytes) -> str | None:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n\x0c").lower()
    for start, kind in _MARKUP:
        if text.startswith(start):
            return kind
    if text.startswith(b"<?xml"):
        return "image/svg+xml" if b"<svg" in text else "text/html" if b"<html" in text else "text/xml"
    return None


def _text_or_unknown(head: bytes, claimed: str) -> str:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)  # the last character may be cut
    except UnicodeDecodeError:
        return UNKNOWN_TYPE
    if "\0" in text:
        return UNKNOWN_TYPE
    return claimed if claimed in ("text/csv", "text/calendar", "text/vcard", "application/json") else "text/plain"
