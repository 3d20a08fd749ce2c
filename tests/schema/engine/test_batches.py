"""Values asked for in batches, by many parts of one answer."""

import asyncio

import pytest

from schema.engine.batches import Loader
from schema.engine.turns import Pace, Turns


async def doubled(keys: list[int]) -> list[int]:
    return [2 * key for key in keys]


async def asked(loader: Loader[int, int], key: int) -> int:
    return await loader.load(key)


@pytest.mark.parametrize("given_up", [0, 1], ids=["who asked first", "who asked last"])
async def test_one_who_is_given_up_takes_the_value_from_nobody_who_asked_for_the_same(given_up: int) -> None:
    """A part of an answer that can't be null ends its siblings; what else stands in the answer goes on."""
    loader = Loader(doubled, Pace(Turns(), "acme"))
    asking = [asyncio.create_task(asked(loader, 21)) for _ in range(2)]
    await asyncio.sleep(0)  # both have asked

    asking[given_up].cancel()

    assert await asking[1 - given_up] == 42
    with pytest.raises(asyncio.CancelledError):
        await asking[given_up]
    assert await loader.load(21) == 42
