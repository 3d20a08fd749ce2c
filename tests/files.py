"""Small files that are what they say: headers as their formats have them, and no more of the rest than is looked at."""

import struct
import zlib

OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)
NEW_OFFICE = b"PK\x03\x04" + bytes(100)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
AMR = b"#!AMR\n" + bytes(40)
MP3 = b"\xff\xfb\x90\x00" + bytes(400)
ADTS = b"\xff\xf1\x50\x80" + bytes(40)


def a_png(width: int = 1, height: int = 1, *, depth: int = 8, colour: int = 2) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(bytes(4))) + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def a_jpeg(width: int = 1, height: int = 1, *, before: bytes = b"") -> bytes:
    """`before` stands in a comment ahead of the frame, as a camera's preview does."""
    comment = _segment(0xE1, before) if before else b""
    frame = _segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")
    start = _segment(0xE0, b"JFIF\x00" + bytes(9))
    return b"\xff\xd8" + start + comment + b"\xff" + frame + _segment(0xDA, bytes(6)) + b"picture\xff\xd9"


def _segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def a_sticker(side: int = 512, *, animated: bool = False, size: int = 100) -> bytes:
    """A WebP of `size` bytes in all."""
    edge = (side - 1).to_bytes(3, "little")
    head = b"VP8X\x0a\x00\x00\x00" + bytes([0x12 if animated else 0x10, 0, 0, 0]) + edge + edge
    return (b"RIFF" + struct.pack("<I", size - 8) + b"WEBP" + head).ljust(size, b"\0")


def a_lossless_webp(width: int, height: int) -> bytes:
    packed = (width - 1) | (height - 1) << 14
    return b"RIFF\x20\0\0\0WEBPVP8L\x10\0\0\0\x2f" + packed.to_bytes(4, "little") + bytes(10)


def a_lossy_webp(width: int, height: int) -> bytes:
    return b"RIFF\x20\0\0\0WEBPVP8 \x10\0\0\0\x30\x01\0\x9d\x01\x2a" + struct.pack("<HH", width, height) + bytes(10)


def an_opus(channels: int = 1, *, coding: bytes = b"OpusHead") -> bytes:
    """The first page of an Ogg file, and a little of the next."""
    packet = coding + bytes([1, channels, 0x38, 1, 0x80, 0xBB, 0, 0, 0, 0, 0])
    return b"OggS\x00\x02" + bytes(20) + bytes([1, len(packet)]) + packet + b"OggS" + bytes(30)


def a_film(
    *tracks: tuple[str, str], seconds: float = 3, brand: bytes = b"mp42", index_last: bool = False, wide: bool = False
) -> bytes:
    """An MP4 of such tracks, each (`vide` or `soun`, its coding); H.264 with AAC where none are given."""
    head = _box(b"ftyp", brand + bytes(4) + b"isom")
    told = b"".join(_track(*each) for each in tracks or (("vide", "avc1"), ("soun", "mp4a")))
    index = _box(b"moov", _lasting(seconds) + told)
    data = _box(b"mdat", bytes(300), wide=wide)
    return head + (data + index if index_last else index + data)


def _lasting(seconds: float) -> bytes:
    return _box(b"mvhd", bytes(12) + struct.pack(">II", 1000, int(seconds * 1000)) + bytes(80))


def _track(handler: str, coding: str) -> bytes:
    told = _box(b"hdlr", bytes(8) + handler.encode())  # some write nothing more in it
    # QuickTime's own habit: a second one, of the data, which is no track's.
    of_data = _box(b"hdlr", bytes(4) + b"dhlralis" + bytes(13))
    entry = _box(b"stsd", struct.pack(">II", 0, 1) + _box(coding.encode(), bytes(70)))
    inside = _box(b"minf", of_data + _box(b"stbl", entry + _box(b"stts", bytes(8))))
    return _box(b"trak", _box(b"tkhd", bytes(84)) + _box(b"mdia", told + inside))


def _box(kind: bytes, data: bytes, *, wide: bool = False) -> bytes:
    if wide:
        return struct.pack(">I", 1) + kind + struct.pack(">Q", len(data) + 16) + data
    return struct.pack(">I", len(data) + 8) + kind + data


_OF_TYPE: dict[str, bytes] = {
    "image/jpeg": a_jpeg(),
    "image/png": a_png(),
    "image/webp": a_sticker(),
    "video/mp4": a_film(),
    "video/3gpp": a_film(("vide", "avc1"), brand=b"3gp4"),
    "audio/aac": ADTS,
    "audio/amr": AMR,
    "audio/mpeg": MP3,
    "audio/mp4": a_film(("soun", "mp4a"), brand=b"M4A "),
    "audio/ogg": an_opus(),
    "text/plain": b"Dear Sir",
    "application/pdf": PDF,
    "application/msword": OLD_OFFICE,
    "application/vnd.ms-excel": OLD_OFFICE,
    "application/vnd.ms-powerpoint": OLD_OFFICE,
}


def of_type(mime_type: str) -> bytes:
    """A file that is of such a type and can be sent."""
    return _OF_TYPE.get(mime_type, NEW_OFFICE)
