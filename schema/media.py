"""Files that came with messages."""

from datetime import datetime
from typing import Self

import strawberry

from domain import media
from domain.ids import MediaId
from domain.media import MediaKind, MediaState
from schema import ids
from schema.context import Context
from schema.enums import describe
from schema.ids import Node

describe(
    MediaKind,
    "What a file is to WhatsApp, which shows each kind in its own way.",
    {
        "IMAGE": "A picture.",
        "VIDEO": "A film.",
        "AUDIO": "Sound: a voice note or a recording.",
        "DOCUMENT": "Any other file, shown by its name.",
        "STICKER": "A small picture without a frame, animated or not.",
    },
)
describe(
    MediaState,
    "Whether the bytes of a file are here.",
    {
        "PENDING": "Known, not fetched yet.",
        "READY": "Here, to be had at `url`.",
        "FAILED": "Could not be fetched; `failure` says why.",
        "EXPIRED": "The network no longer has it and it was not fetched in time.",
    },
)


@strawberry.type(description="The same content in another form.")
class MediaRendition:
    name: str = strawberry.field(description="What it is for, such as thumbnail.")
    mime_type: str = strawberry.field(description="The form's MIME type.")
    bytes: int = strawberry.field(description="Its size.")
    url: str = strawberry.field(description="Where it is had: signed and short-lived.")


@strawberry.type(description="A file that came with a message or goes with one.")
class Media(Node):
    kind: MediaKind = strawberry.field(description="How WhatsApp shows it.")
    state: MediaState = strawberry.field(description="Whether its bytes are here.")
    mime_type: str = strawberry.field(description="As the network told it.")
    file_name: str | None = strawberry.field(description="As its sender named it; null where it has no name.")
    bytes: int | None = strawberry.field(description="Its size; null until it is known.")
    sha256: str | None = strawberry.field(
        description="The SHA-256 of its bytes as the network told it; null where it did not."
    )
    voice: bool = strawberry.field(description="Recorded in the chat as a voice note.")
    animated: bool = strawberry.field(description="A sticker that moves.")
    url: str | None = strawberry.field(description="Where it is had: signed and short-lived; null until it is READY.")
    url_expires_at: datetime | None = strawberry.field(
        description="When `url` stops working; read it again then. Null where there is no `url`."
    )
    renditions: list[MediaRendition] = strawberry.field(
        description="The same content in other forms: a thumbnail, a voice note a browser can play. Empty where none."
    )
    failure: str | None = strawberry.field(description="Why it could not be fetched; null unless FAILED.")

    @classmethod
    def of(cls, file: media.Media) -> Self:
        """Bytes are not served yet: no addresses, no other forms."""
        return cls(
            id=ids.MEDIA.encode(file.id),
            kind=file.kind,
            state=file.state,
            mime_type=file.mime_type,
            file_name=file.file_name,
            bytes=file.size,
            sha256=file.sha256,
            voice=file.voice,
            animated=file.animated,
            url=None,
            url_expires_at=None,
            renditions=[],
            failure=file.failure,
        )


async def loaded(context: Context, id: MediaId) -> Media | None:
    file = await context.loaders.media.load(id)
    return Media.of(file) if file else None
