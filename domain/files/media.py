"""Media: files that came with a message or go with one, and the one table of what WhatsApp takes.

The query that shows the rules and the check that refuses a file read the same rows.
Source: WhatsApp Business Platform, "Media" (supported types and sizes), "Sticker messages", "Audio messages".
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.conversations.messages import Direction
from domain.errors import Field, MediaRejected, Refusal, invalid
from domain.files.recognition import Looks
from domain.ids import ChannelId, MediaId, MessageId, OrganizationId, PhoneNumberId

MIB = 1024 * 1024
NETWORK_LIMIT = 100 * MIB  # the largest file the network passes on
STATIC_STICKER_LIMIT = 100 * 1024
STICKER_SIDE = 512  # pixels
PIXEL_LIMIT = 100_000_000  # of a picture that is sent; phones give up on more
H264 = frozenset({"avc1", "avc3"})
AAC = frozenset({"mp4a"})
UPLOAD_LIVES = timedelta(days=30)  # an id the network gave for what we uploaded
UPLOAD_MARGIN = timedelta(days=1)
WEBHOOK_ID_LIVES = timedelta(days=7)  # an id that came with a message
FILE_NAME_LIMIT = 200  # characters
UPLOADED_WITHIN = timedelta(days=1)  # a place that is reserved for bytes that don't come
UNUSED_KEPT = timedelta(days=30)  # bytes that came and were never sent
UNKNOWN_TYPE = "application/octet-stream"
VOICE_TYPE = "audio/ogg"
RECORDED_TYPES = frozenset({"audio/webm", "audio/ogg", "audio/mp4", "audio/mpeg", "audio/aac", "audio/wav"})
"""What browsers and phones record, and voice notes can be made of."""
LARGEST_RENDERED = 16 * MIB  # nothing larger was recorded by hand


class MediaKind(StrEnum):
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    AUDIO = "AUDIO"
    DOCUMENT = "DOCUMENT"
    STICKER = "STICKER"


class MediaState(StrEnum):
    """PENDING ends in one of the others. FAILED and EXPIRED stay: what could not be had is not tried for ever."""

    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


# ---------------------------------------------------------------- the table


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


def refusal_of(
    kind: MediaKind,
    direction: Direction,
    mime_type: str,
    size: int,
    *,
    voice: bool = False,
    can_convert: bool = False,
    field: Field = (),
) -> MediaRejected | None:
    """Why a file of this type and size is not taken; None where it is. What comes in is refused for its size only.

    A voice note may be of any type that is recorded where it can be converted.
    """
    rule = rule_for(kind, direction)

    def refused(why: str) -> MediaRejected:
        return MediaRejected(rule, mime_type, size, why, field)

    named = kind.value.lower()
    if size > rule.max_bytes:
        return refused(f"It has {size} bytes; {rule.max_bytes} are allowed for {_a(named)}.")
    if direction is Direction.INBOUND:
        return None
    if size < 1:
        return refused("An empty file can't be sent.")
    if voice and can_convert and kind is MediaKind.AUDIO and mime_type in RECORDED_TYPES:
        return None
    if not rule.takes(mime_type):
        return refused(f"{mime_type} can't be sent as {_a(named)}; allowed are {', '.join(rule.mime_types)}.")
    if voice and (kind is not MediaKind.AUDIO or mime_type != VOICE_TYPE):
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


_EXTENSIONS: dict[str, tuple[str, ...]] = {
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/png": ("png",),
    "image/webp": ("webp",),
    "video/mp4": ("mp4", "m4v"),
    "video/3gpp": ("3gp", "3gpp", "3g2"),
    "audio/aac": ("aac",),
    "audio/amr": ("amr",),
    "audio/mpeg": ("mp3", "mpga"),
    "audio/mp4": ("m4a", "m4b", "mp4"),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/webm": ("webm", "weba"),
    "application/pdf": ("pdf",),
    "application/msword": ("doc", "dot"),
    "application/vnd.ms-excel": ("xls", "xlt"),
    "application/vnd.ms-powerpoint": ("ppt", "pps", "pot"),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ("pptx",),
}
_OF_OTHERS = (  # types that can't be sent
    *(
        "apk",
        "avi",
        "avif",
        "bat",
        "bmp",
        "cmd",
        "com",
        "dll",
        "exe",
        "flac",
        "gif",
        "gz",
        "heic",
        "heif",
        "htm",
        "html",
    ),
    *("jar", "js", "lnk", "mkv", "mov", "msi", "ps1", "rar", "scr", "sh", "svg", "tar", "tif", "tiff", "vbs", "wav"),
    *("wma", "wmv", "xhtml", "zip", "7z"),
)
_ENDS_NAMES = frozenset({"com"})  # "Offer for shop.com" is a name, and gets the extension of its type
_IS_EXTENSION = re.compile(r"[A-Za-z0-9]{1,5}").fullmatch
_KNOWN = frozenset(_OF_OTHERS).union(*_EXTENSIONS.values())


def renamed(file_name: str | None, extension: str) -> str | None:
    """The name of a file that became another type's."""
    if file_name is None:
        return None
    stem, dot, told = file_name.rpartition(".")
    return f"{stem if dot and stem and told.lower() in _KNOWN else file_name}.{extension}"


def titled(kind: MediaKind, file_name: str | None, mime_type: str) -> str | None:
    """The safe name of a file as people have it on their disks: a document ends with what its type implies.

    Without that a phone, or a computer, does not know what to open it with. Only documents are shown by a name.
    """
    name = safe_name(file_name)
    if kind is not MediaKind.DOCUMENT:
        return name
    name = name or "document"
    implied = _EXTENSIONS.get(mime_type, ("txt",) if mime_type.startswith("text/") else ())
    stem, dot, told = name.rpartition(".")
    is_text = mime_type == "text/plain" and _IS_EXTENSION(told) is not None and told.lower() not in _KNOWN
    has_one = bool(dot and stem) and (told.lower() in implied or is_text)
    return safe_name(name if has_one or not implied else f"{name}.{implied[0]}")


def truly(mime_type: str, file_name: str | None) -> str:
    """The type of a file by its name, where the type told is a known mistake: Windows calls each .csv a spreadsheet."""
    is_csv = (file_name or "").lower().endswith(".csv")
    return "text/plain" if is_csv and mime_type == "application/vnd.ms-excel" else mime_type


def misnamed(file_name: str | None, mime_type: str) -> str | None:
    """Why a file of this type should not have this name: its extension is that of another. None where it may."""
    stem, dot, extension = (file_name or "").rpartition(".")
    told = extension.lower()
    if not (stem and dot) or told not in _KNOWN - _ENDS_NAMES or told in _EXTENSIONS.get(mime_type, ()):
        return None
    return f"A file with the name {stem[:40]}.{told} is not {mime_type}."


def outbound_refusal(media: "Media", *field: str) -> Refusal | None:
    """Why a prepared file can't go with a message; None where it can."""
    if media.state is MediaState.PENDING and media.stored_as is not None:
        return invalid("This file waits for the virus scanner; try again in a moment.", *field)
    if media.state is not MediaState.READY or media.size is None:
        return invalid("The bytes of this file are not here; PUT them at its uploadUrl first.", *field)
    return refusal_of(media.kind, Direction.OUTBOUND, media.mime_type, media.size, voice=media.voice, field=field)


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


# ---------------------------------------------------------------- a file


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as one of our numbers has it at the network: sent by this id until it expires."""

    number: PhoneNumberId
    network_id: str
    uploaded_at: datetime

    def is_usable(self, now: datetime) -> bool:
        return now < self.uploaded_at + UPLOAD_LIVES - UPLOAD_MARGIN


@dataclass(frozen=True, slots=True)
class Rendition:
    """The same content in another form, made here."""

    name: str
    mime_type: str
    size: int  # bytes
    sha256: str  # in hex
    stored_as: str


PLAYABLE = "playable"  # a voice note as everything plays it


class Step(StrEnum):
    """What is to be done for a file when its time comes."""

    FETCH = "FETCH"  # from the network
    SCAN = "SCAN"  # for viruses: its bytes are here, and shown to nobody yet
    RENDER = "RENDER"  # into other forms
    FORGET = "FORGET"  # it was made to be sent, and nobody sent it


@dataclass(frozen=True, slots=True)
class Media:
    """A file. Inbound ones have a channel, a network id and a message; those to be sent have none of the three."""

    organization: OrganizationId
    id: MediaId
    kind: MediaKind
    state: MediaState
    mime_type: str  # as told, until the bytes are ours; then what they are
    created_at: datetime
    direction: Direction = Direction.INBOUND
    channel: ChannelId | None = None
    message: MessageId | None = None  # the one it came with
    network_id: str | None = None  # lives 7 days where it came by webhook
    file_name: str | None = None
    size: int | None = None  # bytes
    sha256: str | None = None  # as the network told it, until the bytes are ours; then theirs, in hex
    voice: bool = False
    animated: bool = False
    failure: str | None = None
    stored_as: str | None = None  # the name in the store; None where the bytes are not ours
    due_at: datetime | None = None  # when its next step is to be taken, or tried again
    tries: int = 0  # of the step that is due
    cause: str | None = None  # the delivery or request that brought it, as the log names it
    uploads: tuple[Upload, ...] = ()
    renditions: tuple[Rendition, ...] = ()

    @property
    def step(self) -> Step | None:
        """What is due at `due_at`; None for nothing."""
        if self.due_at is None:
            return None
        if self.state is MediaState.PENDING and self.stored_as is not None:
            return Step.SCAN
        if self.direction is Direction.OUTBOUND:
            return Step.FORGET
        return Step.FETCH if self.state is MediaState.PENDING else Step.RENDER

    def rendition(self, name: str) -> Rendition | None:
        return next((each for each in self.renditions if each.name == name), None)

    def upload_for(self, number: PhoneNumberId, now: datetime) -> Upload | None:
        """How the network knows it for a number, while that may still be used."""
        return next((each for each in self.uploads if each.number == number and each.is_usable(now)), None)


def with_bytes(media: Media, *, stored_as: str, mime_type: str, size: int, sha256: str, animated: bool) -> Media:
    """READY: the bytes are ours, and what they say of themselves holds from here on."""
    return replace(
        media,
        state=MediaState.READY,
        stored_as=stored_as,
        mime_type=mime_type,
        size=size,
        sha256=sha256,
        animated=media.animated or (animated and media.kind in MOVING),
        failure=None,
        due_at=None,
    )


def without_bytes(media: Media, state: MediaState, failure: str) -> Media:
    """FAILED or EXPIRED, with the reason for a person."""
    return replace(media, state=state, failure=failure, due_at=None)


def held_back(media: Media, now: datetime) -> Media:
    """A READY file shown to nobody until it was scanned."""
    return replace(media, state=MediaState.PENDING, due_at=now, tries=0)


def shown(media: Media, now: datetime, *, can_render: bool) -> Media:
    """A file whose bytes are here and known to be harmless, with what is to be done for it next."""
    ready = replace(media, state=MediaState.READY, due_at=None, tries=0)
    if media.direction is Direction.OUTBOUND:
        return replace(ready, due_at=now + UNUSED_KEPT)
    return replace(ready, due_at=now) if can_render and is_to_be_rendered(ready) else ready


def used(media: Media) -> Media:
    """A file that something names from now on: it is kept."""
    return replace(media, due_at=None) if media.step is Step.FORGET else media


def forgotten(media: Media, state: MediaState, failure: str) -> Media:
    """Without its bytes, which whoever asks for this removes."""
    return replace(without_bytes(media, state, failure), stored_as=None, renditions=())


GONE_AT_THE_NETWORK = "The network keeps a file for seven days, and it was not here any more when somebody asked."


def asked_again(media: Media, now: datetime) -> Media:
    """A file that came with a message, to be fetched anew while the network has it; EXPIRED where it has not."""
    if now >= media.created_at + WEBHOOK_ID_LIVES:
        return forgotten(media, MediaState.EXPIRED, GONE_AT_THE_NETWORK)
    cleared = forgotten(media, MediaState.PENDING, "")
    return replace(cleared, failure=None, due_at=now, tries=0)


def is_to_be_rendered(media: Media) -> bool:
    """Whether browsers could do with another form of it: not all of them play the Opus of voice notes."""
    return media.kind is MediaKind.AUDIO and media.mime_type == VOICE_TYPE and (media.size or 0) <= LARGEST_RENDERED


def with_rendition(media: Media, rendition: Rendition | None) -> Media:
    """With another form, or without one, and nothing more to be done."""
    made = (rendition,) if rendition is not None else ()
    return replace(media, renditions=(*media.renditions, *made), due_at=None)


def new_name(media: Media, unique: str) -> str:
    """A name for bytes of a file in the store, which tells whose they are."""
    return f"{media.organization}_{media.id}_{unique}"


def named_by(name: str) -> tuple[OrganizationId, MediaId] | None:
    """Whose bytes have this name; None where it tells nobody's."""
    parts = name.split("_")
    return (OrganizationId(parts[0]), MediaId(parts[1])) if len(parts) == 3 else None


def names_of(media: Media) -> set[str]:
    """All that a file keeps in the store."""
    return {*(form.stored_as for form in media.renditions), *((media.stored_as,) if media.stored_as else ())}


def with_upload(media: Media, upload: Upload) -> Media:
    return replace(media, uploads=(*_others(media, upload.number), upload))


def without_upload(media: Media, number: PhoneNumberId) -> Media:
    return replace(media, uploads=_others(media, number))


def _others(media: Media, number: PhoneNumberId) -> tuple[Upload, ...]:
    return tuple(each for each in media.uploads if each.number != number)


# ---------------------------------------------------------------- names and types as they are told

_NOT_IN_A_NAME = re.compile(
    '[\x00-\x1f\x7f-\x9f/\\\\:*?"<>|\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]'
)


def plain_type(told: str) -> str:
    """`Audio/OGG; codecs=opus` is `audio/ogg`; what is no MIME type at all is unknown."""
    plain = told.split(";", 1)[0].strip().lower()
    return plain if re.fullmatch(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}", plain) else UNKNOWN_TYPE


def safe_name(told: str | None) -> str | None:
    """A file's name without folders, control characters and marks that turn its reading around; None for no name.

    Cut to `FILE_NAME_LIMIT` characters before the extension, so that it still says what it is.
    """
    if told is None:
        return None
    name = _NOT_IN_A_NAME.sub("_", re.split(r"[/\\]", told)[-1]).strip(" .")
    if not name.strip("_"):
        return None
    if len(name) <= FILE_NAME_LIMIT:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 16:
        return name[:FILE_NAME_LIMIT]
    return stem[: FILE_NAME_LIMIT - len(extension) - 1] + dot + extension
