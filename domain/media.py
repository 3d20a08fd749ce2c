"""Media: files that came with a message. Their bytes are fetched after the message is in."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.ids import ChannelId, MediaId, OrganizationId


class MediaKind(StrEnum):
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    AUDIO = "AUDIO"
    DOCUMENT = "DOCUMENT"
    STICKER = "STICKER"


class MediaState(StrEnum):
    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Media:
    organization: OrganizationId
    id: MediaId
    channel: ChannelId
    kind: MediaKind
    state: MediaState
    mime_type: str
    created_at: datetime
    network_id: str | None = None  # lives 7 days where it came by webhook
    file_name: str | None = None
    size: int | None = None  # bytes
    sha256: str | None = None  # as the network told it, until the bytes are ours
    voice: bool = False
    animated: bool = False
    failure: str | None = None
