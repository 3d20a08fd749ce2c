"""Values asked for in batches, by many parts of one answer."""

import asyncio
import gc

import pytest

from domain.errors import Unavailable
from schema.engine.batches import Loader
from schema.engine.turns import Turns, TurnTaker


async def doubled(keys: list[int]) -> list[int]:
    return [2 * key for key in keys]


async def asked(loader: Loader[int, int], key: int) -> int:
    return await loader.load(key)


@pytest.mark.parametrize("given_up", [0, 1], ids=["who asked first", "who asked last"])
async def test_one_who_is_given_up_takes_the_value_from_nobody_who_asked_for_the_same(given_up: int) -> None:
    """A part of an answer that can't be null ends its siblings; what else stands in the answer goes on."""
    loader = Loader(doubled, TurnTaker(Turns(), "acme"))
    asking = [asyncio.create_task(asked(loader, 21)) for _ in range(2)]
    await asyncio.sleep(0)  # both have asked

    asking[given_up].cancel()

    assert await asking[1 - given_up] == 42
    with pytest.raises(asyncio.CancelledError):
        await asking[given_up]
    assert await loader.load(21) == 42


async def test_an_error_is_told_to_who_still_waits_and_to_nobody_else() -> None:
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["message"]))

    one_left = asyncio.Event()

    async def failing(keys: list[int]) -> list[int]:
        await one_left.wait()
        raise Unavailable

    async def ask_and_give_up() -> None:
        loader = Loader(failing, TurnTaker(Turns(), "acme"))
        given_up, waiting = (asyncio.create_task(asked(loader, key)) for key in (1, 2))
        for _ in range(5):
            await asyncio.sleep(0)  # both have asked, and are being answered
        given_up.cancel()
        await asyncio.wait([given_up])
        await asyncio.sleep(0)  # its place is taken off the line
        one_left.set()
        with pytest.raises(Unavailable):
            await waiting

    await ask_and_give_up()
    for _ in range(3):
        await asyncio.sleep(0)  # the loop lets go of what it did last
    gc.collect()  # what was left unheard would be told now

    assert told == []
