"""What a file's headers tell, read as it passes: sizes, tracks, whether it moves, and why no phone would show it."""

import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.files.fit import unfit
from domain.files.names import FILE_NAME_LIMIT, misnamed, titled, truly
from domain.files.recognition import Glance, Looks
from domain.files.rules import STATIC_STICKER_LIMIT, MediaKind
from tests.files import (
    a_film,
    a_jpeg,
    a_lossless_webp,
    a_lossy_webp,
    a_png,
    a_sticker,
    an_opus,
)

SILENT = (("vide", "avc1"),)


def looks(data: bytes, mime_type: str, pieces: Iterable[int] = ()) -> Looks:
    """What is seen of a file that comes in pieces of such sizes, and the rest at once."""
    glance, place = Glance(mime_type), 0
    for size in pieces:
        glance.feed(data[place : place + size])
        place += size
    glance.feed(data[place:])
    return glance.looks


@pytest.mark.parametrize(
    ("data", "mime_type", "width", "height"),
    [
        (a_png(640, 480), "image/png", 640, 480),
        (a_jpeg(640, 480), "image/jpeg", 640, 480),
        (a_jpeg(640, 480, before=bytes(60_000)), "image/jpeg", 640, 480),
        (a_jpeg(65_535, 65_535), "image/jpeg", 65_535, 65_535),
        (b"\xff\xd8\xff\xd0\xff\x01" + a_jpeg(3, 4)[2:], "image/jpeg", 3, 4),
        (b"\xff\xd8\xff\xc4\x00\x02" + a_jpeg(3, 4)[2:], "image/jpeg", 3, 4),
        (b"\xff\xd8\xff\xff\xff" + a_jpeg(3, 4)[2:], "image/jpeg", 3, 4),
        (a_sticker(512), "image/webp", 512, 512),
        (a_lossless_webp(300, 200), "image/webp", 300, 200),
        (a_lossy_webp(300, 200), "image/webp", 300, 200),
    ],
)
def test_the_size_of_a_picture_is_seen(data: bytes, mime_type: str, width: int, height: int) -> None:
    seen = looks(data, mime_type)

    assert (seen.width, seen.height, seen.fault) == (width, height, None)


@pytest.mark.parametrize(
    ("data", "mime_type", "fault"),
    [
        (a_png(depth=16), "image/png", "8 bits a channel"),
        (a_png(colour=0), "image/png", "RGB or RGBA"),
        (a_png()[:20], "image/png", "no whole PNG"),
        (a_png()[:8] + bytes(100), "image/png", "no whole PNG"),
        (a_jpeg()[:10], "image/jpeg", "no whole JPEG"),
        (b"\xff\xd8\xff\xd9", "image/jpeg", "no whole JPEG"),
        (b"\xff\xd8\x00\x00", "image/jpeg", "no whole JPEG"),
        (b"\xff\xd8\xff\xe0\x00\x01", "image/jpeg", "no whole JPEG"),
        (b"\xff\xd8" + b"\xff\x01" * 20_000, "image/jpeg", "no whole JPEG"),
        (b"\xff\xd8" + b"\xff" * 20_000, "image/jpeg", "no whole JPEG"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(50), "image/webp", "no whole WebP"),
        (b"RIFF\x00\x00\x00\x00WEBP", "image/webp", "no whole WebP"),
        (an_opus(2), "audio/ogg", "one channel"),
        (an_opus(coding=b"\x01vorbis "), "audio/ogg", "has to hold Opus"),
        (b"OggS" + bytes(60), "audio/ogg", "has to hold Opus"),
        (b"OggS", "audio/ogg", "has to hold Opus"),
        (b"\x00\x00\x00\x08ftypmp42", "video/mp4", "no whole film"),
        (a_film(index_last=True)[:300], "video/mp4", "no whole film"),
        (b"\x00\x00\x00\x08free" * 20_000, "video/mp4", "no whole film"),
        (b"\x00\x00\x00\x00mdat" + bytes(100), "video/mp4", "no whole film"),
        (b"\x00\x00\x00\x03mdat" + bytes(100), "video/mp4", "no whole film"),
    ],
)
def test_what_no_phone_shows_is_seen_in_the_headers(data: bytes, mime_type: str, fault: str) -> None:
    seen = looks(data, mime_type).fault

    assert seen is not None
    assert fault in seen


def test_of_other_types_nothing_is_asked() -> None:
    assert looks(b"%PDF-1.4", "application/pdf") == Looks()
    assert looks(an_opus(), "audio/ogg") == Looks()


def test_a_sticker_that_moves_says_so() -> None:
    assert looks(a_sticker(animated=True), "image/webp").animated
    assert not looks(a_sticker(), "image/webp").animated
    assert not looks(a_lossy_webp(512, 512), "image/webp").animated


@pytest.mark.parametrize("index_last", [False, True])
@pytest.mark.parametrize("wide", [False, True])
def test_the_tracks_of_a_film_are_seen_wherever_its_index_stands(index_last: bool, wide: bool) -> None:
    seen = looks(a_film(index_last=index_last, wide=wide), "video/mp4")

    assert (seen.pictures, seen.sounds, seen.fault) == (("avc1",), ("mp4a",), None)


@pytest.mark.parametrize(
    ("film", "animated"),
    [
        (a_film(*SILENT), True),
        (a_film(*SILENT, seconds=60), True),
        (a_film(*SILENT, seconds=61), False),
        (a_film(), False),
        (a_film(("soun", "mp4a")), False),
    ],
)
def test_a_short_film_without_sound_is_what_the_network_makes_of_a_gif(film: bytes, animated: bool) -> None:
    assert looks(film, "video/mp4").animated is animated


def test_a_film_that_tells_its_length_in_the_long_form_or_not_at_all_is_read() -> None:
    short = a_film(*SILENT)
    at = short.index(b"mvhd") + 4
    long_form = (
        short[:at] + b"\x01" + bytes(19) + (1000).to_bytes(4, "big") + (5000).to_bytes(8, "big") + short[at + 32 :]
    )

    assert looks(long_form, "video/mp4").animated
    assert not looks(short[: at + 12] + bytes(4) + short[at + 16 :], "video/mp4").animated


@given(
    st.sampled_from([(a_film(index_last=True), "video/mp4"), (a_jpeg(7, 9, before=bytes(50)), "image/jpeg")]),
    st.randoms(),
)
def test_how_the_bytes_are_cut_into_pieces_changes_nothing(file: tuple[bytes, str], chance: random.Random) -> None:
    data, mime_type = file
    pieces = [chance.randint(0, 9) for _ in range(len(data) // 4)]

    assert looks(data, mime_type, pieces) == looks(data, mime_type)


@given(st.sampled_from(["image/png", "image/jpeg", "image/webp", "audio/ogg", "video/mp4"]), st.binary(max_size=300))
def test_nonsense_is_read_to_its_end(mime_type: str, data: bytes) -> None:
    looks(b"\xff\xd8" + data, mime_type)
    looks(data, mime_type)


# What can't be sent, and by which rule


@pytest.mark.parametrize(
    ("kind", "data", "mime_type"),
    [
        (MediaKind.IMAGE, a_png(10_000, 10_000), "image/png"),
        (MediaKind.IMAGE, a_jpeg(), "image/jpeg"),
        (MediaKind.STICKER, a_sticker(size=STATIC_STICKER_LIMIT), "image/webp"),
        (MediaKind.STICKER, a_sticker(animated=True, size=STATIC_STICKER_LIMIT + 1), "image/webp"),
        (MediaKind.VIDEO, a_film(), "video/mp4"),
        (MediaKind.VIDEO, a_film(*SILENT, brand=b"3gp4"), "video/3gpp"),
        (MediaKind.AUDIO, an_opus(), "audio/ogg"),
        (MediaKind.DOCUMENT, a_png(depth=16), "image/png"),
    ],
)
def test_what_fits_can_be_sent(kind: MediaKind, data: bytes, mime_type: str) -> None:
    assert unfit(kind, mime_type, len(data), looks(data, mime_type)) is None


@pytest.mark.parametrize(
    ("kind", "data", "mime_type", "why"),
    [
        (MediaKind.IMAGE, a_png(50_000, 50_000), "image/png", "50000 by 50000 pixels"),
        (MediaKind.IMAGE, a_jpeg(60_000, 60_000), "image/jpeg", "60000 by 60000 pixels"),
        (MediaKind.STICKER, a_sticker(511), "image/webp", "512 by 512 pixels; this one has 511 by 511"),
        (MediaKind.STICKER, a_lossy_webp(512, 256), "image/webp", "this one has 512 by 256"),
        (
            MediaKind.STICKER,
            a_sticker(size=STATIC_STICKER_LIMIT + 1),
            "image/webp",
            "102400 bytes at most; it has 102401",
        ),
        (MediaKind.VIDEO, a_film(("soun", "mp4a")), "video/mp4", "without pictures"),
        (MediaKind.VIDEO, a_film(("vide", "hvc1")), "video/mp4", "hvc1; phones show H.264"),
        (MediaKind.VIDEO, a_film(("vide", "avc1"), ("soun", "samr")), "video/3gpp", "samr; phones play AAC"),
        (MediaKind.VIDEO, a_film(*SILENT, ("soun", "mp4a"), ("soun", "mp4a")), "video/mp4", "2 tracks of sound"),
        (MediaKind.AUDIO, an_opus(2), "audio/ogg", "one channel"),
    ],
)
def test_what_no_phone_shows_is_refused_by_the_rule_of_its_kind(
    kind: MediaKind, data: bytes, mime_type: str, why: str
) -> None:
    refusal = unfit(kind, mime_type, len(data), looks(data, mime_type))

    assert refusal is not None
    assert (refusal.rule.kind, refusal.mime_type, refusal.size) == (kind, mime_type, len(data))
    assert why in refusal.message


@pytest.mark.parametrize(
    ("name", "mime_type", "fits"),
    [
        ("photo.jpg", "image/jpeg", True),
        ("PHOTO.JPEG", "image/jpeg", True),
        ("photo.heic", "image/jpeg", False),
        ("photo.png", "image/jpeg", False),
        ("invoice.exe", "application/pdf", False),
        ("invoice.pdf.exe", "application/pdf", False),
        ("notes.csv", "text/plain", True),
        ("notes.html", "text/plain", False),
        ("report v1.2", "application/pdf", True),
        ("Offer for shop.com", "application/pdf", True),
        ("pdf", "application/pdf", True),
        (".exe", "application/pdf", True),
        (None, "application/pdf", True),
    ],
)
def test_a_name_whose_extension_is_of_another_type_is_told(name: str | None, mime_type: str, fits: bool) -> None:
    why = misnamed(name, mime_type)

    assert why is None if fits else why is not None and mime_type in why


SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.parametrize(
    ("name", "mime_type", "shown"),
    [
        (None, "application/pdf", "document.pdf"),
        ("Rechnung", "application/pdf", "Rechnung.pdf"),
        ("Rechnung.PDF", "application/pdf", "Rechnung.PDF"),
        ("Offer for shop.com", "application/pdf", "Offer for shop.com.pdf"),
        ("report v1.2", SHEET, "report v1.2.xlsx"),
        ("rows.csv", "text/plain", "rows.csv"),
        ("notes", "text/plain", "notes.txt"),
        ("shop.com", "text/plain", "shop.com.txt"),
        (".pdf", "application/pdf", "pdf.pdf"),
        ("x" * 500, "application/pdf", "x" * (FILE_NAME_LIMIT - 4) + ".pdf"),
        ("what is it", "application/x-unheard-of", "what is it"),
    ],
)
def test_a_document_goes_by_a_name_that_says_what_opens_it(name: str | None, mime_type: str, shown: str) -> None:
    assert titled(MediaKind.DOCUMENT, name, mime_type) == shown


@pytest.mark.parametrize("name", [None, "holiday", "a.jpg"])
def test_what_is_no_document_keeps_the_name_it_has(name: str | None) -> None:
    assert titled(MediaKind.IMAGE, name, "image/jpeg") == name


@pytest.mark.parametrize(
    ("told", "name", "real"),
    [
        ("application/vnd.ms-excel", "Rows.CSV", "text/plain"),
        ("application/vnd.ms-excel", "rows.xls", "application/vnd.ms-excel"),
        ("application/vnd.ms-excel", None, "application/vnd.ms-excel"),
        ("application/pdf", "rows.csv", "application/pdf"),
    ],
)
def test_rows_of_text_are_no_spreadsheet_whatever_windows_calls_them(told: str, name: str | None, real: str) -> None:
    assert truly(told, name) == real
