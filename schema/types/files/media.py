"""Files that came with messages."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry import Info

from domain.conversations.messages import shows
from domain.files import media
from domain.files.media import MediaState
from domain.files.rules import MediaKind
from domain.ids import MediaId
from domain.use_cases.files.prepare import PrepareMedia, prepare_media
from schema.context import Context
from schema.engine.values import ids
from schema.engine.values.enums import describe
from schema.engine.values.ids import Node
from schema.engine.values.media_links import LIFETIME, Purpose
from schema.types.errors import UserError, user_errors
from schema.types.inputs import done

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
        "PENDING": "Known; its bytes are not here yet, or wait for the virus scanner.",
        "READY": "Here, to be had at `url`.",
        "FAILED": "Could not be fetched; `failure` says why.",
        "EXPIRED": "The network no longer has it and it was not fetched in time; or it was to be sent, and nobody did.",
    },
)


@strawberry.type(description="The same content in another form.")
class MediaRendition:
    name: str = strawberry.field(
        description="What it is for: `playable`, a voice note as MP3, which every browser plays."
    )
    mime_type: str = strawberry.field(description="The form's MIME type.")
    bytes: int = strawberry.field(description="Its size.")
    url: str = strawberry.field(description="Where it is had: signed and short-lived.")


@strawberry.type(description="A file that came with a message or goes with one.")
class Media(Node):
    kind: MediaKind = strawberry.field(description="How WhatsApp shows it.")
    state: MediaState = strawberry.field(description="Whether its bytes are here.")
    mime_type: str = strawberry.field(description="As it was told; once it is READY as its bytes say.")
    file_name: str | None = strawberry.field(
        description="As its sender named it, without folders and control characters; null where it has no name."
    )
    bytes: int | None = strawberry.field(description="Its size; null until it is known.")
    sha256: str | None = strawberry.field(
        description="The SHA-256 of its bytes in hex once it is READY; before, as the network told it. Null for none."
    )
    voice: bool = strawberry.field(description="Recorded in the chat as a voice note.")
    animated: bool = strawberry.field(
        description="A sticker that moves, or a short film without sound, as GIFs arrive."
    )
    failure: str | None = strawberry.field(description="Why it could not be fetched; null unless FAILED or EXPIRED.")
    file: strawberry.Private[media.Media]

    @strawberry.field(
        description="Where it is had: signed, good until `urlExpiresAt`, null until it is READY. A path on this server"
        " where its public address is not set. What a browser would execute comes as a download."
    )
    def url(self, info: Info[Context, None]) -> str | None:
        if self.file.state is not MediaState.READY:
            return None
        return self._link(info.context)

    @strawberry.field(description="When `url` stops working; read it again then. Null where there is no `url`.")
    def url_expires_at(self, info: Info[Context, None]) -> datetime | None:
        return info.context.now + LIFETIME if self.file.state is MediaState.READY else None

    @strawberry.field(
        description="The same content in other forms, made a moment after it is READY: a voice note that every browser"
        " plays. Empty where there is none."
    )
    def renditions(self, info: Info[Context, None]) -> list[MediaRendition]:
        if self.file.state is not MediaState.READY:
            return []
        return [
            MediaRendition(
                name=rendition.name,
                mime_type=rendition.mime_type,
                bytes=rendition.size,
                url=self._link(info.context, rendition.name),
            )
            for rendition in self.file.renditions
        ]

    @classmethod
    def of(cls, file: media.Media) -> Self:
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
            failure=file.failure,
            file=file,
        )

    def _link(self, context: Context, rendition: str | None = None) -> str:
        links = context.cursors.links
        return links.url(Purpose.GET, self.file.organization, self.file.id, context.now + LIFETIME, rendition)


async def loaded(context: Context, id: MediaId) -> Media | None:
    """A file that something shown names."""
    file = await context.loaders.media.load(id)
    return Media.of(file) if file else None


async def asked_for(context: Context, id: MediaId) -> Media | None:
    """A file by its id alone: of one that came with a message nothing is told once the message no longer shows it."""
    file = await context.loaders.media.load(id)
    if file is None or (file.message is not None and not shows(await context.loaders.messages.load(file.message), id)):
        return None
    return Media.of(file)


# ---------------------------------------------------------------- sending


@strawberry.input(description="A file that is to be sent. `mediaRules` says what is taken.")
class MediaPrepareInput:
    kind: MediaKind = strawberry.field(description="How WhatsApp shall show it.")
    mime_type: str = strawberry.field(description="Its type; the bytes have to be of it.")
    bytes: int = strawberry.field(description="Its exact size.")
    file_name: str | None = strawberry.field(
        default=None, description="What a document is called on the phone; left out or null for no name."
    )
    voice: bool | None = strawberry.field(
        default=False,
        description="Whether it is a voice note: AUDIO of the type audio/ogg, Opus with one channel. What a browser"
        " recorded in another form, such as audio/webm, is made into that where the server has the codecs.",
    )


@strawberry.type(description="Where to upload to, or why not.")
class MediaPreparePayload:
    media: Media | None = strawberry.field(
        default=None, description="The file, PENDING until its bytes are here. Null where it was refused."
    )
    upload_url: str | None = strawberry.field(
        default=None,
        description="PUT the bytes here within ten minutes: 201 when they are taken, 202 when the virus scanner has yet"
        " to look at them (the media is READY then), else JSON that says why not. A path on this server where its"
        " public address is not set. Null where it was refused.",
    )
    user_errors: list[UserError] = user_errors()


async def prepare(info: Info[Context, None], input: MediaPrepareInput) -> MediaPreparePayload:
    context = info.context
    command = PrepareMedia(input.kind, input.mime_type, input.bytes, input.file_name, bool(input.voice))
    file = done(await prepare_media(context.ports, context.acting, command))
    expires_at = context.now + LIFETIME
    uploader = context.acting.key
    upload_url = context.cursors.links.url(Purpose.PUT, file.organization, file.id, expires_at, uploader=uploader)
    return MediaPreparePayload(media=Media.of(file), upload_url=upload_url)
