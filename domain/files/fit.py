"""Whether a file may be sent, and what is wrong with one that may not."""

from dataclasses import dataclass

from domain.conversations.messages import Direction
from domain.errors import Field, MediaRejected, Refusal, invalid
from domain.files.media import H264, RECORDED_TYPES, VOICE_TYPE, Media, MediaState
from domain.files.recognition import Looks
from domain.files.rules import STATIC_STICKER_LIMIT, MediaKind, rule_for

STICKER_SIDE = 512  # pixels
PIXEL_LIMIT = 100_000_000  # of a picture that is sent; phones give up on more
AAC = frozenset({"mp4a"})


@dataclass(frozen=True, slots=True)
class OfferedFile:
    """What is known of a file before its bytes are looked at."""

    kind: MediaKind
    direction: Direction
    mime_type: str
    size: int  # bytes
    voice: bool = False  # to be heard as a voice note


def refusal_of(file: OfferedFile, *, can_convert: bool = False, field: Field = ()) -> MediaRejected | None:
    """Why a file of this type and size is not taken; None where it is. What comes in is refused for its size only.

    A voice note may be of any type that is recorded where it can be converted.
    """
    rule, mime_type = rule_for(file.kind, file.direction), file.mime_type

    def refused(why: str) -> MediaRejected:
        return MediaRejected(rule, mime_type, file.size, why, field)

    named = file.kind.value.lower()
    if file.size > rule.max_bytes:
        return refused(f"It has {file.size} bytes; {rule.max_bytes} are allowed for {_a(named)}.")
    if file.direction is Direction.INBOUND:
        return None
    if file.size < 1:
        return refused("An empty file can't be sent.")
    if file.voice and can_convert and file.kind is MediaKind.AUDIO and mime_type in RECORDED_TYPES:
        return None
    if not rule.takes(mime_type):
        return refused(f"{mime_type} can't be sent as {_a(named)}; allowed are {', '.join(rule.mime_types)}.")
    if file.voice and (file.kind is not MediaKind.AUDIO or mime_type != VOICE_TYPE):
        lack = "" if can_convert else ": this server has no codecs to convert others"
        return refused(f"A voice note has to be AUDIO of the type {VOICE_TYPE} with Opus in it{lack}.")
    return None


def unfit(kind: MediaKind, mime_type: str, size: int, looks: Looks) -> MediaRejected | None:
    """Why no phone would show a file that is to be sent, though its type and size are taken; None where one would."""
    why = _fault(kind, size, looks)
    return MediaRejected(rule_for(kind, Direction.OUTBOUND), mime_type, size, why) if why else None


def _fault(kind: MediaKind, size: int, looks: Looks) -> str | None:
    if kind is MediaKind.DOCUMENT:
        return None
    if looks.fault is not None:
        return looks.fault
    if looks.width is not None and looks.height is not None:
        if looks.width * looks.height > PIXEL_LIMIT:
            return f"It has {looks.width} by {looks.height} pixels, more than {PIXEL_LIMIT} in all."
        if kind is MediaKind.STICKER and (looks.width, looks.height) != (STICKER_SIDE, STICKER_SIDE):
            return (
                f"A sticker has {STICKER_SIDE} by {STICKER_SIDE} pixels; this one has {looks.width} by {looks.height}."
            )
    if kind is MediaKind.STICKER and not looks.animated and size > STATIC_STICKER_LIMIT:
        return f"A sticker that does not move has {STATIC_STICKER_LIMIT} bytes at most; it has {size}."
    if kind is MediaKind.VIDEO:
        return _film_fault(looks)
    return None


def _film_fault(looks: Looks) -> str | None:
    if not looks.pictures:
        return "It is a film without pictures."
    if not H264.issuperset(looks.pictures):
        return f"Its pictures are coded as {', '.join(looks.pictures)}; phones show H.264."
    if len(looks.sounds) > 1:
        return f"It has {len(looks.sounds)} tracks of sound; one is allowed, or none."
    if not AAC.issuperset(looks.sounds):
        return f"Its sound is coded as {', '.join(looks.sounds)}; phones play AAC."
    return None


def outbound_refusal(media: "Media", *field: str) -> Refusal | None:
    """Why a prepared file can't go with a message; None where it can."""
    if media.state is MediaState.PENDING and media.stored_as is not None:
        return invalid("This file waits for the virus scanner; try again in a moment.", *field)
    if media.state is not MediaState.READY or media.size is None:
        return invalid("The bytes of this file are not here; PUT them at its uploadUrl first.", *field)
    offered = OfferedFile(media.kind, Direction.OUTBOUND, media.mime_type, media.size, media.voice)
    return refusal_of(offered, field=field)


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
