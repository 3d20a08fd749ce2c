"""Files in an object store that speaks S3: sent in parts while they come, there whole or not at all.

Credentials are those that AWS's own tools find: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, a role of the machine
or of the container. Parts of an upload that a crash cut off stay in the bucket, out of sight, until its own rules
(`AbortIncompleteMultipartUpload`) clear them away.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import obstore
import structlog
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from adapters.media.gathering import gathered
from adapters.media.names import ours
from adapters.media.place import SETTING, ObjectPlace
from domain.errors import Unavailable
from domain.ports.files import BytesMissing

if TYPE_CHECKING:
    from obstore.store import S3Config  # a type only, which is not there at run time

PART_BYTES: Final = 5 * 1024 * 1024  # the least that S3 takes as a part of a whole; one is in memory at a time
PIECE_BYTES: Final = 256 * 1024
READ_BYTES: Final = 2 * 1024 * 1024  # asked for at a time: no answer lasts as long as whoever reads slowly
REQUEST_WITHIN: Final = timedelta(seconds=60)
CONNECT_WITHIN: Final = timedelta(seconds=5)
TRIES: Final = 3
ABORT_WITHIN_S: Final = 5.0
AGAIN_AFTER_S: Final = 10.0
DEFAULT_REGION: Final = "us-east-1"

log = structlog.stdlib.get_logger()


class Health(StrEnum):
    READY = "READY"
    AWAY = "AWAY"
    REFUSED = "REFUSED"  # the setting or the credentials are wrong: a desk does not start with them


@dataclass(frozen=True, slots=True)
class ObjectsState:
    health: Health
    message: str  # one line, nothing secret in it; names the setting where something is to be done


class ObjectMedia:
    """A media store in a part of a bucket."""

    def __init__(self, place: ObjectPlace, *, tries: int = TRIES) -> None:
        self._place = place
        self._store = S3Store(
            place.bucket,
            prefix=place.prefix or None,
            config=_config(place),
            client_options={
                "allow_http": place.endpoint is not None and place.endpoint.startswith("http:"),
                "timeout": REQUEST_WITHIN,
                "connect_timeout": CONNECT_WITHIN,
                "user_agent": "Deskline",
            },
            retry_config={"max_retries": tries, "retry_timeout": REQUEST_WITHIN},
        )

    async def put(self, name: str, chunks: AsyncIterable[bytes]) -> None:
        handed = _Handed()
        putting = asyncio.create_task(self._take(ours(name), handed))
        try:
            async for piece in gathered(chunks, PIECE_BYTES):
                # A copy: what was handed over is still read when the next piece comes.
                await _unless_ended(handed.give(bytes(piece)), putting)
        except BaseException:
            await _broken_off(handed, putting)
            raise
        await _unless_ended(handed.end(), putting)
        await putting

    async def _take(self, name: str, pieces: AsyncIterable[bytes]) -> None:
        try:
            await obstore.put_async(self._store, name, pieces, chunk_size=PART_BYTES, max_concurrency=1)
        except (BaseError, FileNotFoundError) as error:  # the bucket is not found, not the file
            raise self._unavailable(error) from error

    async def read(self, name: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes]:
        place = start
        end = await self._known_size(name) if stop is None else stop
        while place < end:
            begun = place
            async for piece in self._pieces(name, place, min(place + READ_BYTES, end)):
                place += len(piece)
                yield piece
            if place == begun:  # behind its end
                return

    async def _pieces(self, name: str, start: int, stop: int) -> AsyncGenerator[bytes]:
        """The bytes there are in [start, stop), by one request. Raises `BytesMissing`."""
        try:
            found = await obstore.get_async(self._store, ours(name), options={"range": (start, stop)})
            async for piece in found.stream(min_chunk_size=PIECE_BYTES):
                yield bytes(piece)
        except FileNotFoundError:
            raise BytesMissing(name) from None
        except BaseError as error:
            # A range behind the end is refused in the words of each store.
            if start < await self._known_size(name):
                raise self._unavailable(error) from error

    async def _known_size(self, name: str) -> int:
        size = await self.size(name)
        if size is None:
            raise BytesMissing(name)
        return size

    async def size(self, name: str) -> int | None:
        try:
            return (await obstore.head_async(self._store, ours(name)))["size"]
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise self._unavailable(error) from error

    async def remove(self, name: str) -> None:
        try:
            await obstore.delete_async(self._store, ours(name))
        except FileNotFoundError:
            return
        except BaseError as error:
            raise self._unavailable(error) from error

    async def names(self, before: datetime) -> AsyncGenerator[str]:
        pages = obstore.list(self._store, chunk_size=1000)  # pyright: ignore[reportUnknownMemberType]  (as below)
        try:
            async for page in pages:
                for each in page:
                    if each["last_modified"] < before:
                        yield each["path"]
        except (BaseError, FileNotFoundError) as error:
            raise self._unavailable(error) from error

    async def tidy(self, before: datetime) -> int:
        return 0  # the bucket's own rules do

    async def look(self) -> ObjectsState:
        """Asks once whether the bucket is there and ours to use; leaves nothing behind."""
        pages = obstore.list(self._store, chunk_size=1)  # pyright: ignore[reportUnknownMemberType]  (other overloads)
        try:
            await anext(aiter(pages), None)
        except (BaseError, FileNotFoundError) as error:
            return _state_of(error, self._place)
        return ObjectsState(Health.READY, f"the object store answers for {self._place}")

    def _unavailable(self, error: Exception) -> Unavailable:
        state = _state_of(error, self._place)
        log.warning("the object store can't be used", why=state.message)
        return Unavailable(AGAIN_AFTER_S)


def _config(place: ObjectPlace) -> "S3Config":
    # Removing many at once is what stores that only speak most of S3 leave out.
    config: S3Config = {"disable_bulk_delete": True}
    if place.endpoint is not None:
        config["endpoint"] = place.endpoint
    if place.region is not None:
        config["region"] = place.region
    else:
        config["default_region"] = DEFAULT_REGION
    return config


def _state_of(error: Exception, place: ObjectPlace) -> ObjectsState:
    """What a failure means. The library's own words hold addresses and answers, and nothing secret."""
    said = str(error)
    if "169.254." in said:
        why = "there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        return ObjectsState(Health.REFUSED, f"{SETTING}: {why}")
    if isinstance(error, (PermissionDeniedError, UnauthenticatedError)) or "status code: 403" in said:
        return ObjectsState(
            Health.REFUSED, f"{SETTING}: the object store refuses the AWS credentials for the bucket {place}"
        )
    if isinstance(error, FileNotFoundError) or "NoSuchBucket" in said:
        return ObjectsState(Health.REFUSED, f"{SETTING}: there is no bucket {place}")
    return ObjectsState(Health.AWAY, f"{SETTING}: the object store for {place} does not answer")


# ---------------------------------------------------------------- from a task of ours to the library's


class _BrokenOff(Exception):
    """No more will come: what came is to be forgotten."""


class _Handed:
    """Pieces handed over one at a time. The library asks for them in tasks of its own, where `chunks` don't belong."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes | _BrokenOff | None] = asyncio.Queue(maxsize=1)

    async def give(self, piece: bytes) -> None:
        await self._pieces.put(piece)

    async def end(self) -> None:
        await self._pieces.put(None)

    def break_off(self) -> None:
        while not self._pieces.empty():
            self._pieces.get_nowait()
        self._pieces.put_nowait(_BrokenOff())

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            if isinstance(piece, _BrokenOff):
                raise piece
            yield piece


async def _unless_ended(step: Awaitable[None], putting: "asyncio.Task[None]") -> None:
    """One step; or what ended the upload before it, raised."""
    stepping = asyncio.ensure_future(step)
    try:
        await asyncio.wait({stepping, putting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not stepping.done():
            stepping.cancel()
    if putting.done():
        putting.result()


async def _broken_off(handed: _Handed, putting: "asyncio.Task[None]") -> None:
    """Let the library take back what it has sent, also while whoever called is being cancelled."""
    handed.break_off()
    with suppress(Exception):
        await asyncio.wait_for(asyncio.shield(putting), ABORT_WITHIN_S)
    putting.cancel()
