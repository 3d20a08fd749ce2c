"""A store of bytes, over each adapter that keeps them."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.media.disk import DiskMedia
from adapters.media.objects import ObjectMedia
from adapters.media.place import ObjectPlace
from adapters.memory.media import MemoryMedia
from domain.ports.files import BytesMissing, MediaStore
from tests.peers.object_server import BUCKET, KEY, SECRET, object_server

NAME = "019ab000-0000-7000-8000-00000000000a"
OTHER = "019ab000-0000-7000-8000-00000000000b"


class DeskOnFire(Exception):
    """Something goes wrong while the bytes come."""


@pytest.fixture(params=["memory", "disk", "objects"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MediaStore]:
    match request.param:
        case "memory":
            yield MemoryMedia()
        case "disk":
            yield DiskMedia(tmp_path / "files" / "of the desk")
        case _:
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
            async with object_server() as objects:
                yield ObjectMedia(ObjectPlace(BUCKET, "files/of the desk", endpoint=objects.url))
                assert objects.unsigned == 0


async def in_pieces(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def read(store: MediaStore, name: str, start: int = 0, stop: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in store.read(name, start, stop)])


async def test_what_is_put_is_read_back(store: MediaStore) -> None:
    data = os.urandom(3_000_001)

    await store.put(NAME, in_pieces(data, 65_536))
    await store.put(OTHER, in_pieces(b""))

    assert await read(store, NAME) == data
    assert await store.size(NAME) == len(data)
    assert (await read(store, OTHER), await store.size(OTHER)) == (b"", 0)


@pytest.mark.parametrize(
    ("start", "stop", "piece"),
    [(0, 3, b"abc"), (2, 4, b"cd"), (4, None, b"efghij"), (8, 100, b"ij"), (10, None, b""), (3, 3, b"")],
)
async def test_a_piece_is_read_without_the_rest(store: MediaStore, start: int, stop: int | None, piece: bytes) -> None:
    await store.put(NAME, in_pieces(b"abcdefghij", 3))

    assert await read(store, NAME, start, stop) == piece


async def test_what_is_put_again_takes_the_place_of_the_old(store: MediaStore) -> None:
    await store.put(NAME, in_pieces(b"old and longer"))
    await store.put(NAME, in_pieces(b"new"))

    assert await read(store, NAME) == b"new"


async def test_where_the_bytes_break_off_nothing_is_kept(store: MediaStore) -> None:
    async def breaking_off() -> AsyncIterator[bytes]:
        yield bytes(2_000_000)
        raise DeskOnFire

    await store.put(OTHER, in_pieces(b"before"))
    for name in (NAME, OTHER):
        with pytest.raises(DeskOnFire):
            await store.put(name, breaking_off())

    assert await store.size(NAME) is None
    assert await read(store, OTHER) == b"before"


async def test_what_is_not_there_is_missing_and_can_be_removed(store: MediaStore) -> None:
    with pytest.raises(BytesMissing):
        await read(store, NAME)
    assert await store.size(NAME) is None
    await store.remove(NAME)

    await store.put(NAME, in_pieces(b"here"))
    await store.remove(NAME)

    assert await store.size(NAME) is None


async def test_many_at_once_do_not_mix(store: MediaStore) -> None:
    names = [f"{NAME[:-2]}{number:02d}" for number in range(20)]

    await asyncio.gather(*(store.put(name, in_pieces(name.encode() * 1000)) for name in names))

    assert [await read(store, name) for name in names] == [name.encode() * 1000 for name in names]


async def test_what_was_kept_before_an_instant_is_listed(store: MediaStore) -> None:
    names = {f"{NAME[:-2]}{number:02d}" for number in range(5)}
    for name in names:
        await store.put(name, in_pieces(b"x"))
    now = datetime.now(UTC)

    assert {name async for name in store.names(now + timedelta(minutes=1))} == names
    assert [name async for name in store.names(now - timedelta(minutes=1))] == []
    assert await store.tidy(now + timedelta(minutes=1)) == 0


async def test_a_store_without_files_lists_none(store: MediaStore) -> None:
    assert [name async for name in store.names(datetime.now(UTC))] == []
    assert await store.tidy(datetime.now(UTC)) == 0
