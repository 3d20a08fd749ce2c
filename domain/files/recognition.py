"""What stands behind a file's signature: how large a picture is, what tracks a film has, whether it moves.

Only header fields are read, as the bytes pass; of a file nothing is unpacked, and no more of it is held than a field.
Source: PNG (11.2.1), JPEG (ITU-T T.81, B.2), RFC 9649 (WebP), RFC 7845 (Opus in Ogg), ISO/IEC 14496-12 (MP4, 3GPP).
"""

import struct
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TypeAlias

STEPS = 10_000  # fields read of one file: a file of nothing but headers is given up on
GIF_LASTS_S = 60.0


@dataclass(frozen=True, slots=True)
class Looks:
    """What a file's headers told. What is None was not to be found, or is not asked of its type."""

    width: int | None = None  # pixels
    height: int | None = None
    animated: bool = False  # of a film: short and without sound, as the network makes them of GIFs
    fault: str | None = None  # why no phone shows or plays it
    pictures: tuple[str, ...] = ()  # the codings of a film's tracks, such as avc1
    sounds: tuple[str, ...] = ()


class Glance:
    """Reads a file's headers while it passes; `looks` is what they told, once all of it has passed or they ended."""

    def __init__(self, mime_type: str) -> None:
        self.looks = Looks(fault=_UNFINISHED.get(mime_type))
        self._reading = _READINGS[mime_type]() if mime_type in _READINGS else None
        self._held = bytearray()
        self._wanted = 0  # bytes to hold; negative: to pass over
        if self._reading is not None:
            self._step(None)

    def feed(self, chunk: bytes) -> None:
        rest = memoryview(chunk)
        while self._reading is not None and rest:
            if self._wanted < 0:
                passed = min(-self._wanted, len(rest))
                self._wanted += passed
                rest = rest[passed:]
                if self._wanted == 0:
                    self._step(b"")
                continue
            taken = rest[: self._wanted - len(self._held)]
            self._held += taken
            rest = rest[len(taken) :]
            if len(self._held) == self._wanted:
                held = bytes(self._held)
                self._held.clear()
                self._step(held)

    def _step(self, held: bytes | None) -> None:
        """On to the next field that there is to be read."""
        assert self._reading is not None
        try:
            self._wanted = next(self._reading) if held is None else self._reading.send(held)
        except StopIteration as ended:
            self.looks = ended.value
            self._reading = None


Reading: TypeAlias = Generator[int, bytes, Looks]
"""Asks for so many bytes and gets them, or passes over as many where the number is negative; 0 is not asked for."""


# ---------------------------------------------------------------- pictures


def _png() -> Reading:
    head = yield 26
    if head[12:16] != b"IHDR":
        return Looks(fault=_NO_WHOLE_PNG)
    width, height, depth, colour = struct.unpack(">IIBB", head[16:26])
    fault = None if depth == 8 and colour in (2, 6) else "A PNG has to have 8 bits a channel, RGB or RGBA."
    return Looks(width, height, fault=fault)


_NO_SIZE = frozenset({0xC4, 0xC8, 0xCC})  # markers among those of frames that are none


def _jpeg() -> Reading:
    yield -2
    marker = 0
    for _ in range(STEPS):
        if marker == 0xFF:  # padding
            (marker,) = yield 1
        else:
            lead, marker = yield 2
            if lead != 0xFF:
                break
        if marker == 0xFF:
            continue
        if marker in (0xD9, 0xDA):
            break
        if 0xD0 <= marker <= 0xD7 or marker == 0x01:  # stands alone
            continue
        (length,) = struct.unpack(">H", (yield 2))
        if length < 2:
            break
        if 0xC0 <= marker <= 0xCF and marker not in _NO_SIZE:
            _, height, width = struct.unpack(">BHH", (yield 5))
            return Looks(width, height)
        if length > 2:
            yield 2 - length
    return Looks(fault=_NO_WHOLE_JPEG)


def _webp() -> Reading:
    head = yield 30
    match head[12:16]:
        case b"VP8X":
            width = int.from_bytes(head[24:27], "little") + 1
            height = int.from_bytes(head[27:30], "little") + 1
            return Looks(width, height, animated=bool(head[20] & 0x02))
        case b"VP8L" if head[20] == 0x2F:
            packed = int.from_bytes(head[21:25], "little")
            return Looks((packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1)
        case b"VP8 " if head[23:26] == b"\x9d\x01\x2a":
            width, height = struct.unpack("<HH", head[26:30])
            return Looks(width & 0x3FFF, height & 0x3FFF)
        case _:
            return Looks(fault=_NO_WHOLE_WEBP)


# ---------------------------------------------------------------- sounds


def _ogg() -> Reading:
    """The first page holds the first packet alone; of Opus it tells the number of channels (RFC 7845, 3 and 5.1)."""
    head = yield 27
    if head[26]:
        yield -head[26]
    begun = yield 10
    if begun[:8] != b"OpusHead":
        return Looks(fault=_NOT_OPUS)
    return Looks(fault=None if begun[9] == 1 else "Opus has to have one channel.")


# ---------------------------------------------------------------- films


_HOLDERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})


@dataclass(slots=True)
class _Track:
    handler: bytes = b""  # vide, soun, or what else there may be
    coding: str = ""


@dataclass(slots=True)
class _Film:
    seconds: float | None = None
    tracks: list[_Track] = field(default_factory=list[_Track])

    def looks(self) -> Looks:
        pictures, sounds = self._codings(b"vide"), self._codings(b"soun")
        is_short = self.seconds is not None and self.seconds <= GIF_LASTS_S
        return Looks(animated=bool(pictures) and not sounds and is_short, pictures=pictures, sounds=sounds)

    def _codings(self, handler: bytes) -> tuple[str, ...]:
        return tuple(track.coding for track in self.tracks if track.handler == handler)


def _film() -> Reading:
    """Boxes within boxes, up to the end of the one that tells of all tracks."""
    film = _Film()
    index_ends: int | None = None
    place = 0
    for _ in range(STEPS):
        if index_ends is not None and place >= index_ends:
            return film.looks()
        size, kind = struct.unpack(">I4s", (yield 8))
        inside = size - 8
        if size == 1:
            inside = int.from_bytes((yield 8), "big") - 16
            place += 8
        place += 8
        if inside < 0:  # 0 is a box up to the end of the file; all else less than a head is nonsense
            break
        if kind == b"moov":
            index_ends = place + inside
        if kind == b"trak":
            film.tracks.append(_Track())
        if kind in _HOLDERS or inside == 0:
            continue
        read = yield from _box(kind, inside, film)
        if inside > read:
            yield read - inside
        place += inside
    return Looks(fault=_NO_WHOLE_FILM)


def _box(kind: bytes, inside: int, film: _Film) -> Generator[int, bytes, int]:
    """Read what is to be known of a box; how much of it that was."""
    if kind == b"mvhd" and inside >= 32:
        head = yield 32
        scale, lasts = struct.unpack(">IQ", head[20:32]) if head[0] == 1 else struct.unpack(">II", head[12:20])
        film.seconds = lasts / scale if scale else None
        return 32
    if kind == b"hdlr" and inside >= 12 and film.tracks and not film.tracks[-1].handler:
        film.tracks[-1].handler = (yield 12)[8:12]
        return 12
    if kind == b"stsd" and inside >= 16 and film.tracks:
        film.tracks[-1].coding = (yield 16)[12:16].decode("latin-1")
        return 16
    return 0


# ---------------------------------------------------------------- by type


_NO_WHOLE_PNG = "It is no whole PNG."
_NO_WHOLE_JPEG = "It is no whole JPEG."
_NO_WHOLE_WEBP = "It is no whole WebP."
_NO_WHOLE_FILM = "It is no whole film: it does not tell what tracks it has."
_NOT_OPUS = "audio/ogg has to hold Opus."

_READINGS: dict[str, Callable[[], Reading]] = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/webp": _webp,
    "audio/ogg": _ogg,
    "video/mp4": _film,
    "video/3gpp": _film,
}
_UNFINISHED = {  # what is wrong where a file ends before its headers do
    "image/png": _NO_WHOLE_PNG,
    "image/jpeg": _NO_WHOLE_JPEG,
    "image/webp": _NO_WHOLE_WEBP,
    "audio/ogg": _NOT_OPUS,
    "video/mp4": _NO_WHOLE_FILM,
    "video/3gpp": _NO_WHOLE_FILM,
}
