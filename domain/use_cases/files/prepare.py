"""Files of our own: a place is reserved, then the bytes come, and are refused while they come where they don't fit."""

from collections.abc import AsyncIterable
from dataclasses import dataclass, replace

from domain.conversations.messages import Direction
from domain.error_codes import ErrorCode
from domain.errors import MediaRejected, Refusal, Refused, forbidden, invalid, not_found
from domain.files.fit import OfferedFile, refusal_of, unfit
from domain.files.media import (
    UPLOADED_WITHIN,
    VOICE_TYPE,
    Media,
    MediaState,
    awaiting_scan,
    new_name,
    shown,
    with_bytes,
)
from domain.files.names import misnamed, plain_type, renamed, safe_name, titled, truly
from domain.files.rules import MediaKind, rule_for
from domain.ids import MediaId, OrganizationId
from domain.people.actors import Actor, Right
from domain.ports.bundle import Ports
from domain.ports.files import Infected, NotMade, NotScanned, SoundForm
from domain.use_cases.again import again_on_collision
from domain.use_cases.files.intake import BytesRefused, Intake, untold
from domain.use_cases.files.scan import infected, verdict_on


@dataclass(frozen=True, slots=True)
class PrepareMedia:
    kind: MediaKind
    mime_type: str
    size: int  # bytes
    file_name: str | None = None
    voice: bool = False


@again_on_collision
async def prepare_media(ports: Ports, actor: Actor, command: PrepareMedia) -> Media | Refusal:
    """Reserve a place for a file to be sent. Refuses FORBIDDEN and MEDIA_REJECTED, before a byte of it moved."""
    if not actor.may(Right.SEND):
        return forbidden("send messages")
    mime_type = truly(plain_type(command.mime_type), command.file_name)
    can_convert = ports.sounds is not None
    offered = OfferedFile(command.kind, Direction.OUTBOUND, mime_type, command.size, command.voice)
    if refusal := refusal_of(offered, can_convert=can_convert):
        return refusal
    if why := misnamed(safe_name(command.file_name), mime_type):
        return MediaRejected(rule_for(command.kind, Direction.OUTBOUND), mime_type, command.size, why)
    now = ports.clock.now()
    media = Media(
        organization=actor.organization,
        id=MediaId(ports.ids.new()),
        kind=command.kind,
        state=MediaState.PENDING,
        mime_type=mime_type,
        created_at=now,
        direction=Direction.OUTBOUND,
        file_name=titled(command.kind, command.file_name, mime_type),
        size=command.size,
        voice=command.voice,
        due_at=now + UPLOADED_WITHIN,
        cause=ports.ids.cause(),
    )
    async with ports.store.transaction(actor.organization) as tx:
        tx.save(media)
    return media


async def take_upload(
    ports: Ports, organization: OrganizationId, id: MediaId, chunks: AsyncIterable[bytes], told_size: int | None
) -> Media | Refusal:
    """The bytes of a prepared file. The first that do not fit end it, and nothing is kept.

    PENDING afterwards where the virus scanner does not answer: it is READY once it does. Refuses NOT_FOUND, CONFLICT
    (they are here already), INVALID (another size than told), MEDIA_REJECTED.
    """
    media = (await ports.reader.by_ids(Media, organization, [id])).get(id)
    if media is None or media.direction is not Direction.OUTBOUND or media.size is None:
        return not_found("file to be uploaded")
    if not _is_awaited(media):
        return _here_already()
    if told_size is not None and told_size != media.size:
        return _other_size(media.size, f"{told_size} are announced")
    size = media.size

    def grown(so_far: int) -> None:
        if so_far > size:
            raise BytesRefused(_other_size(size, "more came"))

    def begun(intake: Intake) -> None:
        if refusal := _type_fault(media, intake, can_convert=ports.sounds is not None):
            raise BytesRefused(refusal)

    def ended(intake: Intake) -> None:
        if intake.size != size:
            raise BytesRefused(_other_size(size, f"{intake.size} came"))
        if _is_to_be_converted(media, intake):
            return
        if refusal := unfit(media.kind, intake.mime_type, size, intake.looks):
            raise BytesRefused(refusal)

    intake = Intake(media.mime_type)
    name = new_name(media, ports.ids.new())
    try:
        await ports.media.put(name, intake.through(chunks, grown=grown, begun=begun, ended=ended))
    except BytesRefused as stop:
        return stop.refusal
    if _is_to_be_converted(media, intake):
        note = await _as_voice_note(ports, media, name, intake)
        if not isinstance(note, tuple):
            return note
        name, intake = note
    verdict = await verdict_on(ports, name)
    if isinstance(verdict, (Infected, NotScanned)):
        await ports.media.remove(name)
        why = infected(verdict.virus) if isinstance(verdict, Infected) else verdict.reason
        return MediaRejected(rule_for(media.kind, Direction.OUTBOUND), intake.mime_type, intake.size, why)
    kept = await _keep(ports, media, name, intake, is_clean=verdict is not None)
    if not isinstance(kept, Media):
        await ports.media.remove(name)
    return kept


@again_on_collision
async def _keep(ports: Ports, prepared: Media, name: str, intake: Intake, *, is_clean: bool) -> Media | Refusal:
    now = ports.clock.now()
    async with ports.store.transaction(prepared.organization) as tx:
        media = (await tx.media([prepared.id])).get(prepared.id)
        if media is None or not _is_awaited(media):
            return _here_already()
        ready = with_bytes(
            media if intake.mime_type == media.mime_type else replace(media, file_name=renamed(media.file_name, "ogg")),
            stored_as=name,
            mime_type=intake.mime_type,
            size=intake.size,
            sha256=intake.sha256,
            animated=intake.looks.animated,
        )
        kept = shown(ready, now, can_render=False) if is_clean else awaiting_scan(ready, now)
        tx.save(kept)
    return kept


def _is_awaited(media: Media) -> bool:
    """Whether its bytes have yet to come."""
    return media.state is MediaState.PENDING and media.stored_as is None


def _is_to_be_converted(media: Media, intake: Intake) -> bool:
    """Whether it was recorded as something else than phones play as a voice note."""
    return media.voice and (intake.mime_type != VOICE_TYPE or intake.looks.fault is not None)


async def _as_voice_note(ports: Ports, media: Media, name: str, recorded: Intake) -> tuple[str, Intake] | Refusal:
    """The recording as a voice note, kept under a name of its own; the recording itself goes."""

    def refused(why: str) -> MediaRejected:
        return MediaRejected(rule_for(media.kind, Direction.OUTBOUND), recorded.mime_type, recorded.size, why)

    def ended(note: Intake) -> None:
        if refusal := _type_fault(replace(media, mime_type=VOICE_TYPE, size=note.size), note) or unfit(
            media.kind, note.mime_type, note.size, note.looks
        ):
            raise BytesRefused(refusal)

    if ports.sounds is None:
        await ports.media.remove(name)
        return refused(recorded.looks.fault or "This server has no codecs to convert it.")
    note, note_name = Intake(VOICE_TYPE), new_name(media, ports.ids.new())
    try:
        chunks = ports.media.read(name)
        async with ports.sounds.made(chunks, recorded.mime_type, SoundForm.VOICE_NOTE) as made:
            if isinstance(made, NotMade):
                return refused(made.reason)
            await ports.media.put(note_name, note.through(made, grown=untold, begun=untold, ended=ended))
    except BytesRefused as stop:
        return stop.refusal
    finally:
        await ports.media.remove(name)
    return note_name, note


def _type_fault(media: Media, intake: Intake, *, can_convert: bool = False) -> MediaRejected | None:
    """Why these bytes are not what was prepared."""
    assert media.size is not None
    rule, mime_type = rule_for(media.kind, Direction.OUTBOUND), intake.mime_type
    offered = OfferedFile(media.kind, Direction.OUTBOUND, mime_type, media.size, media.voice)
    if refusal := refusal_of(offered, can_convert=can_convert):
        return refusal
    if mime_type != media.mime_type:
        why = f"Its bytes are {mime_type}, though it was called {media.mime_type}."
        return MediaRejected(rule, mime_type, media.size, why)
    return None


def _here_already() -> Refused:
    return Refused(ErrorCode.CONFLICT, "The bytes of this file are here already.")


def _other_size(size: int, instead: str) -> Refused:
    return invalid(f"The file was prepared with {size} bytes; {instead}.")
