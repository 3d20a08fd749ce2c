"""The table of what WhatsApp takes, names and types as they are told, and types as the bytes tell them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.conversations.messages import Direction
from domain.error_codes import ErrorCode
from domain.errors import MediaRejected, code_of
from domain.files.fit import OfferedFile, refusal_of
from domain.files.media import MediaState, Upload, with_upload, without_bytes, without_upload
from domain.files.names import plain_type, safe_name
from domain.files.rules import RULES, MediaKind, MediaRule
from domain.files.types import HEAD_BYTES, judged
from tests.builders import DAY, NOON, NUMBER, a_media

OUT = [rule for rule in RULES if rule.direction is Direction.OUTBOUND]
IN = [rule for rule in RULES if rule.direction is Direction.INBOUND]
NAMES = [f"{rule.direction} {rule.kind}" for rule in RULES]


# The table


def test_every_kind_has_one_rule_each_way() -> None:
    assert {(rule.kind, rule.direction) for rule in RULES} == {
        (kind, direction) for kind in MediaKind for direction in (Direction.INBOUND, Direction.OUTBOUND)
    }
    assert len(RULES) == 10


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_the_largest_file_of_a_rule_passes_and_one_byte_more_is_refused_by_it(rule: MediaRule) -> None:
    mime_type = rule.mime_types[0] if rule.mime_types else "application/x-anything"

    assert refusal_of(OfferedFile(rule.kind, rule.direction, mime_type, rule.max_bytes)) is None
    refusal = refusal_of(OfferedFile(rule.kind, rule.direction, mime_type, rule.max_bytes + 1), field=("bytes",))

    assert isinstance(refusal, MediaRejected)
    assert (refusal.rule, refusal.mime_type, refusal.size) == (rule, mime_type, rule.max_bytes + 1)
    assert (refusal.field, code_of(refusal)) == (("bytes",), ErrorCode.MEDIA_REJECTED)
    assert str(rule.max_bytes) in refusal.message


@pytest.mark.parametrize("rule", OUT)
def test_every_type_of_a_rule_can_be_sent_and_no_other(rule: MediaRule) -> None:
    assert all(
        refusal_of(OfferedFile(rule.kind, rule.direction, mime_type, 1)) is None for mime_type in rule.mime_types
    )

    for mime_type in ("image/heic", "image/svg+xml", "text/html", "application/zip"):
        refusal = refusal_of(OfferedFile(rule.kind, rule.direction, mime_type, 1))
        assert refusal is not None
        assert refusal.rule is rule
        assert all(each in refusal.message for each in (mime_type, *rule.mime_types))


@pytest.mark.parametrize("rule", IN)
def test_what_comes_in_is_kept_whatever_its_type(rule: MediaRule) -> None:
    assert refusal_of(OfferedFile(rule.kind, rule.direction, "image/svg+xml", 0)) is None


def test_nothing_at_all_can_not_be_sent() -> None:
    refusal = refusal_of(OfferedFile(MediaKind.IMAGE, Direction.OUTBOUND, "image/png", 0))

    assert refusal is not None
    assert refusal.message == "An empty file can't be sent."


@pytest.mark.parametrize(
    ("kind", "mime_type", "passes"),
    [
        (MediaKind.AUDIO, "audio/ogg", True),
        (MediaKind.AUDIO, "audio/mpeg", False),
        (MediaKind.IMAGE, "image/png", False),
    ],
)
def test_a_voice_note_is_ogg_and_nothing_else(kind: MediaKind, mime_type: str, passes: bool) -> None:
    assert (refusal_of(OfferedFile(kind, Direction.OUTBOUND, mime_type, 100, voice=True)) is None) is passes


# A file and how the network knows it


def test_an_upload_is_used_again_until_a_day_before_the_network_forgets_it() -> None:
    media = with_upload(a_media(), Upload(NUMBER, "1", NOON))

    assert media.upload_for(NUMBER, NOON + 29 * DAY - timedelta(seconds=1)) == Upload(NUMBER, "1", NOON)
    assert media.upload_for(NUMBER, NOON + 29 * DAY) is None


def test_a_newer_upload_takes_the_place_of_the_older_one_of_its_number() -> None:
    first, second = Upload(NUMBER, "1", NOON), Upload(NUMBER, "2", NOON)

    media = with_upload(with_upload(a_media(), first), second)

    assert media.uploads == (second,)
    assert without_upload(media, NUMBER).uploads == ()


def test_what_could_not_be_had_says_why_and_is_not_tried_again() -> None:
    media = without_bytes(replace(a_media(), due_at=NOON), MediaState.EXPIRED, "Gone.")

    assert (media.state, media.failure, media.due_at) == (MediaState.EXPIRED, "Gone.", None)


# Names and types as they are told


@pytest.mark.parametrize(
    ("told", "plain"),
    [
        ("image/png", "image/png"),
        ("Audio/OGG; codecs=opus", "audio/ogg"),
        ("application/vnd.ms-excel", "application/vnd.ms-excel"),
        ("", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
        ("text/html\r\nX-Evil: 1", "application/octet-stream"),
        ("a/" + "b" * 200, "application/octet-stream"),
    ],
)
def test_a_type_is_told_without_its_parameters_or_not_at_all(told: str, plain: str) -> None:
    assert plain_type(told) == plain


@pytest.mark.parametrize(
    ("told", "safe"),
    [
        ("Rechnung 7.pdf", "Rechnung 7.pdf"),
        ("Счёт № 7.pdf", "Счёт № 7.pdf"),
        ("見積書.xlsx", "見積書.xlsx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\system32\\calc.exe", "calc.exe"),
        ("/etc/shadow", "shadow"),
        ("invoice\u202egpj.exe", "invoice_gpj.exe"),
        ("a\r\nSet-Cookie: b", "a__Set-Cookie_ b"),
        ("..", None),
        ("/", None),
        ("", None),
        ("\x00", None),
        (None, None),
        ("a" * 4000, "a" * 200),
        ("a" * 4000 + ".pdf", "a" * 196 + ".pdf"),
        ("a." + "b" * 4000, "a." + "b" * 198),
    ],
)
def test_a_name_keeps_its_words_and_loses_what_could_mislead(told: str | None, safe: str | None) -> None:
    assert safe_name(told) == safe


# Types as the bytes tell them

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


@pytest.mark.parametrize(
    ("head", "told", "real"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/png", "image/jpeg"),
        (PNG, "application/pdf", "image/png"),
        (b"GIF89a", "image/png", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "", "audio/wav"),
        (b"\x00\x00\x00\x18ftypmp42", "video/mp4", "video/mp4"),
        (b"\x00\x00\x00\x18ftypisom", "audio/mp4", "audio/mp4"),
        (b"\x00\x00\x00\x18ftypisom", "image/png", "video/mp4"),
        (b"\x00\x00\x00\x18ftyp3gp4", "video/3gpp", "video/3gpp"),
        (b"\x00\x00\x00\x18ftypM4A ", "audio/mpeg", "audio/mp4"),
        (b"\x00\x00\x00\x18ftypheic", "image/jpeg", "image/heic"),
        (b"\x00\x00\x00\x18ftypavif", "image/jpeg", "image/avif"),
        (b"\x00\x00\x00\x18ftypqt  ", "video/mp4", "video/quicktime"),
        (b"OggS\x00", "audio/ogg", "audio/ogg"),
        (b"#!AMR\n", "", "audio/amr"),
        (b"ID3\x03", "", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "", "audio/aac"),
        (b"\xff\x00\x00", "", "application/octet-stream"),
        (b"\x1aE\xdf\xa3", "audio/webm", "audio/webm"),
        (b"%PDF-1.7", "image/png", "application/pdf"),
        (b"PK\x03\x04", "image/png", "application/zip"),
        (
            b"PK\x03\x04",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword", "application/msword"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "text/plain", "application/x-ole-storage"),
        (b"MZ\x90", "application/pdf", "application/vnd.microsoft.portable-executable"),
        (b"\n <!DOCTYPE html>", "text/plain", "text/html"),
        (b"\xef\xbb\xbf<SCRIPT>", "text/plain", "text/html"),
        (b"<svg onload=alert(1)>", "image/png", "image/svg+xml"),
        (b'<?xml version="1.0"?><!-- a --><svg>', "image/png", "image/svg+xml"),
        (b'<?xml version="1.0"?><html>', "text/plain", "text/html"),
        (b'<?xml version="1.0"?><note>', "text/plain", "text/xml"),
        (b"Dear Sir", "text/plain", "text/plain"),
        ("Grüße".encode(), "image/png", "text/plain"),
        (b"a;b\n1;2", "text/csv", "text/csv"),
        (("a" + "ä" * HEAD_BYTES).encode(), "text/plain", "text/plain"),
        (b"\x80" * HEAD_BYTES, "text/plain", "application/octet-stream"),
        (b"\x00\x01\x02", "text/plain", "application/octet-stream"),
        (b"\xfe\xdc", "text/plain", "application/octet-stream"),
        (b"", "text/plain", "text/plain"),
    ],
)
def test_a_type_is_judged_from_the_bytes(head: bytes, told: str, real: str) -> None:
    assert judged(head[:HEAD_BYTES], told) == real
