"""Files over HTTP: `GET /media/{token}` gives one out, `PUT /media/{token}` takes one in. The link is the right to it.

What a browser would execute is never shown by it: such types come as downloads, in a sandbox, and no type is guessed.
"""

import asyncio
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from api.http.errors import again_in, error_answer
from api.http.guard.bodies import told_length
from api.http.guard.places import NoPlace, Places, Share
from domain.conversations.messages import Message, shows
from domain.error_codes import ErrorCode
from domain.errors import MediaRejected, Refusal, Refused, Unavailable, code_of
from domain.files.media import Media, MediaState
from domain.files.types import SHOWN_INLINE
from domain.ports.bundle import Ports
from domain.use_cases.files.fetch_again import fetch_again
from domain.use_cases.files.intake import unspoilt
from domain.use_cases.files.prepare import take_upload
from schema.engine.values.media_links import LinkInvalid, MediaLinks, Named, Purpose

BODY_WITHIN_S: Final = 600.0
RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
SANDBOX: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src 'self'; sandbox"
STATUS: Final = {
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.CONFLICT: 409,
    ErrorCode.MEDIA_REJECTED: 415,
}

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Uploads:
    """How many may be coming at a time. Each holds a few megabytes at most."""

    of_process: int = 16
    of_organization: int = 8
    of_caller: int = 4


class MediaFiles:
    def __init__(self, ports: Ports, links: MediaLinks, uploads: Uploads | None = None) -> None:
        self._ports = ports
        self._links = links
        self._most = uploads or Uploads()
        self._uploads = Places()

    def routes(self) -> list[Route]:
        return [
            Route("/media/{token}", self.give, methods=["GET"]),
            Route("/media/{token}", self.take, methods=["PUT"]),
        ]

    # Out

    async def give(self, request: Request) -> Response:
        try:
            return await self._given(request, self._named(request, Purpose.GET))
        except LinkInvalid as error:
            return error_answer("FORBIDDEN", str(error), 403)
        except Unavailable as error:
            return _away(error)

    async def _given(self, request: Request, named: Named) -> Response:
        media = await self._shown(named)
        kept = _kept(media, named.rendition) if media is not None else None
        if kept is None:
            return error_answer("NOT_FOUND", "There is no such file, or it is not to be had.", 404)
        headers = _headers(kept)
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        if await self._ports.media.size(kept.stored_as) != kept.size:
            log.error("a kept file is missing or cut", media=named.media)
            if kept.is_whole and await self._asked_for_again(named):
                return error_answer("NOT_FOUND", "The file was lost here; it is being fetched again.", 404)
            return error_answer("NOT_FOUND", "The file is not in the store any more.", 404)
        span = _span(request.headers.get("range"), request.headers.get("if-range"), headers["ETag"], kept.size)
        if span is None:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{kept.size}"})
        headers["Content-Length"] = str(span.stop - span.start)
        if span.is_whole:
            chunks = unspoilt(self._ports.media.read(kept.stored_as), kept.sha256)
            return _streamed(request, chunks, 200, headers, kept.mime_type)
        headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{kept.size}"
        chunks = self._ports.media.read(kept.stored_as, span.start, span.stop)
        return _streamed(request, chunks, 206, headers, kept.mime_type)

    async def _asked_for_again(self, named: Named) -> bool:
        """Who reads need not wait for a database that can't be written: the next one to read asks again."""
        try:
            return await fetch_again(self._ports, named.organization, named.media)
        except Unavailable:
            log.warning("a lost file can't be asked for again now", media=named.media)
            return False

    async def _shown(self, named: Named) -> Media | None:
        """The file, while it is READY and its message still says so: what was removed or withheld is not given out."""
        media = (await self._ports.reader.by_ids(Media, named.organization, [named.media])).get(named.media)
        if media is None or media.state is not MediaState.READY:
            return None
        if media.message is None:
            return media
        found = await self._ports.reader.by_ids(Message, named.organization, [media.message])
        return media if shows(found.get(media.message), media.id) else None

    # In

    async def take(self, request: Request) -> Response:
        try:
            named = self._named(request, Purpose.PUT)
        except LinkInvalid as error:
            return error_answer("FORBIDDEN", str(error), 403)
        try:
            with self._uploads.taken(*self._shares(named)):
                async with asyncio.timeout(BODY_WITHIN_S):
                    taken = await take_upload(
                        self._ports, named.organization, named.media, request.stream(), told_length(request)
                    )
        except NoPlace as error:
            return _crowded(error.share)
        except TimeoutError:
            return error_answer("SLOW", "The bytes did not come in time.", 408)
        except ClientDisconnect:
            return error_answer("GONE", "The bytes stopped coming.", 400)
        except Unavailable as error:
            return _away(error)
        if isinstance(taken, Media):
            file = {"bytes": taken.size, "mimeType": taken.mime_type, "sha256": taken.sha256}
            # 202: it is kept, and can be sent once the virus scanner has answered.
            return JSONResponse(file, 201 if taken.state is MediaState.READY else 202)
        return _refused(taken)

    def _shares(self, named: Named) -> list[Share]:
        """A link that names nobody is nobody's but its file's."""
        uploader = named.uploader or named.media
        return [
            Share(("This user or key", named.organization, uploader), self._most.of_caller),
            Share(("This organization", named.organization), self._most.of_organization),
            Share(("This server",), self._most.of_process),
        ]

    def _named(self, request: Request, purpose: Purpose) -> Named:
        return self._links.read(request.path_params["token"], purpose, self._ports.clock.now())


@dataclass(frozen=True, slots=True)
class _Kept:
    """Bytes in the store: a file, or another form of it."""

    stored_as: str
    mime_type: str
    size: int
    sha256: str | None
    file_name: str | None
    is_whole: bool = True  # the file as it came


def _kept(media: Media, rendition: str | None) -> _Kept | None:
    if rendition is not None:
        form = media.rendition(rendition)
        if form is None:
            return None
        return _Kept(form.stored_as, form.mime_type, form.size, form.sha256, None, is_whole=False)
    if media.stored_as is None or media.size is None:
        return None
    return _Kept(media.stored_as, media.mime_type, media.size, media.sha256, media.file_name)


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    stop: int
    is_whole: bool


def _span(header: str | None, only_if: str | None, tag: str, size: int) -> _Span | None:
    """The bytes asked for; all of them where no range, several, or nonsense is asked. None where there are no such."""
    whole = _Span(0, size, is_whole=True)
    found = RANGE.fullmatch(header.strip()) if header is not None and only_if in (None, tag) else None
    if found is None or found[1] == found[2] == "":
        return whole
    if found[1] == "":
        last = int(found[2])
        return _Span(max(0, size - last), size, is_whole=False) if last > 0 and size > 0 else None
    start = int(found[1])
    stop = size if found[2] == "" else min(int(found[2]) + 1, size)
    if found[2] != "" and int(found[2]) < start:
        return whole
    return _Span(start, stop, is_whole=False) if start < size else None


def _headers(kept: _Kept) -> dict[str, str]:
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",  # asked each time: what is withheld is withheld at once
        "Content-Security-Policy": SANDBOX,
        "ETag": f'"{kept.sha256}"',
    }
    shown = "inline" if kept.mime_type in SHOWN_INLINE else "attachment"
    named = f"; filename*=UTF-8''{quote(kept.file_name, safe='')}" if kept.file_name else ""
    headers["Content-Disposition"] = shown + named
    return headers


def _streamed(
    request: Request, chunks: AsyncGenerator[bytes], status: int, headers: dict[str, str], mime_type: str
) -> Response:
    if request.method == "HEAD":
        return Response(status_code=status, headers={**headers, "Content-Type": mime_type})
    # As a header and not as a media type, to which Starlette would add a character set.
    return StreamingResponse(chunks, status, {**headers, "Content-Type": mime_type})


def _refused(refusal: Refusal) -> Response:
    code = code_of(refusal)
    match refusal:
        case Refused(message=message) | MediaRejected(message=message):
            return error_answer(code.value, message, STATUS.get(code, 400))
        case _:
            raise AssertionError(refusal)


def _away(error: Unavailable) -> Response:
    log.warning("a file can't be given or taken: what keeps it does not answer")
    headers = again_in(error.retry_after_s)
    return error_answer(
        "UNAVAILABLE", "Files can't be given or taken right now; try again shortly.", 503, headers=headers
    )


def _crowded(share: Share) -> Response:
    whose = share.of[0]
    message = f"{whose} has {share.most} uploads coming, and may have no more; wait until one has ended."
    # Where it is nobody's own doing, it is the server that is not to be had.
    status = 503 if whose == "This server" else 429
    return error_answer("THROTTLED", message, status, headers=again_in(1), limit=share.most)
