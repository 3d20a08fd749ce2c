"""Files in an object store: what goes over the wire, and what is left where something goes wrong."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from adapters.media.objects import PART_BYTES, READ_BYTES, Health, ObjectMedia
from adapters.media.place import ObjectPlace, read_place
from domain.errors import Unavailable
from domain.ports.files import BytesMissing
from tests.peers.object_server import BUCKET, KEY, SECRET, Objects, object_server

NAME = "019ab000-0000-7000-8000-00000000000a"
NOBODY_LISTENS = "http://127.0.0.1:9"


class DeskOnFire(Exception):
    """Something goes wrong while the bytes come."""


@pytest.fixture
async def objects(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Objects]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    async with object_server() as objects:
        yield objects


@pytest.fixture
def store(objects: Objects) -> ObjectMedia:
    return ObjectMedia(ObjectPlace(BUCKET, "desk", "eu-central-1", objects.url))


async def in_pieces(data: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def test_a_large_file_goes_in_parts_one_at_a_time_and_comes_back_in_pieces(
    store: ObjectMedia, objects: Objects
) -> None:
    data = os.urandom(2 * PART_BYTES + 1)

    await store.put(NAME, in_pieces(data))
    sizes = [len(piece) async for piece in store.read(NAME)]

    assert objects.kept == {f"desk/{NAME}": data}
    assert (objects.largest_body, objects.most_at_a_time, objects.unsigned) == (PART_BYTES, 1, 0)
    assert (sum(sizes), max(sizes) <= READ_BYTES) == (len(data), True)


async def test_where_the_bytes_break_off_the_parts_that_went_are_taken_back(
    store: ObjectMedia, objects: Objects
) -> None:
    async def breaking_off() -> AsyncIterator[bytes]:
        yield bytes(PART_BYTES + 1)
        raise DeskOnFire

    with pytest.raises(DeskOnFire):
        await store.put(NAME, breaking_off())

    assert (objects.kept, objects.uploads) == ({}, {})
    assert objects.asked[-1] == f"DELETE desk/{NAME}"


async def test_where_whoever_puts_is_cancelled_the_parts_that_went_are_taken_back(
    store: ObjectMedia, objects: Objects
) -> None:
    stalled = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        yield bytes(PART_BYTES + 1)
        stalled.set()
        await asyncio.Event().wait()

    putting = asyncio.create_task(store.put(NAME, stalling()))
    await stalled.wait()
    putting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await putting
    assert (objects.kept, objects.uploads) == ({}, {})


async def test_a_store_that_fails_while_the_bytes_come_ends_them_at_once(store: ObjectMedia, objects: Objects) -> None:
    given = 0

    async def many() -> AsyncIterator[bytes]:
        nonlocal given
        for _ in range(100):
            given += 1
            yield bytes(PART_BYTES)

    objects.failing["PUT"] = 403
    with pytest.raises(Unavailable):
        await store.put(NAME, many())

    assert given < 10
    assert objects.kept == {}


@pytest.mark.parametrize(("method", "status"), [("HEAD", 403), ("GET", 403)])
async def test_a_store_that_refuses_is_not_taken_for_a_missing_file(
    store: ObjectMedia, objects: Objects, method: str, status: int
) -> None:
    await store.put(NAME, in_pieces(b"here"))
    objects.failing[method] = status

    with pytest.raises(Unavailable):
        [piece async for piece in store.read(NAME)]
    objects.failing = {"HEAD": status, "DELETE": status}
    with pytest.raises(Unavailable):
        await store.size(NAME)
    with pytest.raises(Unavailable):
        await store.remove(NAME)


async def test_a_missing_file_is_missing(store: ObjectMedia) -> None:
    with pytest.raises(BytesMissing):
        [piece async for piece in store.read(NAME, 0, 10)]


@pytest.mark.parametrize("name", ["../../other", "a/b", "", "a" * 4000, "ab\n"])
async def test_a_name_that_is_not_ours_is_never_a_key(store: ObjectMedia, objects: Objects, name: str) -> None:
    for use in (store.put(name, in_pieces(b"x")), store.size(name), store.remove(name)):
        with pytest.raises(ValueError, match="not a name of ours"):
            await use

    assert objects.asked == []


# How it stands


async def test_a_store_that_is_there_is_told_so(store: ObjectMedia) -> None:
    state = await store.look()

    assert (state.health, "desk-files/desk" in state.message) == (Health.READY, True)


async def test_wrong_credentials_are_told_by_the_settings_name(
    store: ObjectMedia, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFSOMEBODYELSE")
    state = await ObjectMedia(ObjectPlace(BUCKET, endpoint=objects.url)).look()

    assert state.health is Health.REFUSED
    assert state.message.startswith("DESKLINE_MEDIA_STORE: the object store refuses the AWS credentials")
    assert SECRET not in state.message


async def test_a_bucket_that_is_not_there_is_told(objects: Objects) -> None:
    state = await ObjectMedia(ObjectPlace("another-bucket", endpoint=objects.url)).look()

    assert state.health is Health.REFUSED
    assert "there is no bucket another-bucket" in state.message


async def test_a_store_that_does_not_answer_is_away(objects: Objects) -> None:
    store = ObjectMedia(ObjectPlace(BUCKET, endpoint=NOBODY_LISTENS), tries=0)
    state = await store.look()

    assert state.health is Health.AWAY
    assert state.message == f"DESKLINE_MEDIA_STORE: the object store for {BUCKET} at {NOBODY_LISTENS} does not answer"
    with pytest.raises(Unavailable):
        await store.put(NAME, in_pieces(b"x"))


# What the setting may say


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("s3://desk-files", ObjectPlace("desk-files")),
        ("s3://desk-files/a/b/", ObjectPlace("desk-files", "a/b")),
        ("s3://desk-files?region=eu-west-1", ObjectPlace("desk-files", "", "eu-west-1")),
        (
            "s3://desk.files/a?endpoint=http://127.0.0.1:9000/&region=x",
            ObjectPlace("desk.files", "a", "x", "http://127.0.0.1:9000"),
        ),
    ],
)
def test_a_place_is_read(text: str, place: ObjectPlace) -> None:
    assert read_place(text) == place


@pytest.mark.parametrize(
    "text",
    [
        "s3://",
        "s3://Not_A_Bucket",
        "s3://user:word@desk-files",
        "s3://desk-files#x",
        "s3://desk-files?reigon=x",
        "s3://desk-files?region=",
        "s3://desk-files?endpoint=objects.example.com",
        "s3://desk-files?endpoint=https://user:word@objects.example.com",
        "gs://desk-files",
    ],
)
def test_what_is_no_place_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="s3://bucket/prefix"):
        read_place(text)
