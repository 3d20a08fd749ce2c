"""Media: files that came with a message or go with one, and the one table of what WhatsApp takes.

The query that shows the rules and the check that refuses a file read the same rows.
Source: WhatsApp Business Platform, "Media" (supported types and sizes), "Sticker messages", "Audio messages".
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.conversations.messages import Direction
from domain.files.rules import MIB, MOVING, MediaKind
from domain.ids import ChannelId, MediaId, MessageId, OrganizationId, PhoneNumberId

H264 = frozenset({"avc1", "avc3"})
UPLOAD_LIVES = timedelta(days=30)  # an id the network gave for what we uploaded
UPLOAD_MARGIN = timedelta(days=1)
WEBHOOK_ID_LIVES = timedelta(days=7)  # an id that came with a message
UPLOADED_WITHIN = timedelta(days=1)  # a place that is reserved for bytes that don't come
UNUSED_KEPT = timedelta(days=30)  # bytes that came and were never sent
VOICE_TYPE = "audio/ogg"
RECORDED_TYPES = frozenset({"audio/webm", "audio/ogg", "audio/mp4", "audio/mpeg", "audio/aac", "audio/wav"})
"""What browsers and phones record, and voice notes can be made of."""
LARGEST_RENDERED = 16 * MIB  # nothing larger was recorded by hand


class MediaState(StrEnum):
    """PENDING ends in one of the others. FAILED and EXPIRED stay: what could not be had is not tried for ever."""

    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


# ---------------------------------------------------------------- the table


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


def awaiting_scan(media: Media, now: datetime) -> Media:
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
