"""The line before a few places, in which everybody has an equal share."""

import asyncio
from collections.abc import Sequence

import pytest

from adapters.line import FairLine
from domain.errors import Throttled


class Places:
    """One place, and who was let in, in order."""

    def __init__(self, longest: int = 100, places: int = 1) -> None:
        self.line = FairLine(places, longest)
        self.let_in: list[str] = []
        self.crowded_out: list[str] = []
        self.most_inside = 0
        self._inside = 0

    async def come(self, asker: str) -> None:
        try:
            async with self.line.place(asker):
                self._inside += 1
                self.most_inside = max(self.most_inside, self._inside)
                self.let_in.append(asker)
                await asyncio.sleep(0)
                self._inside -= 1
        except Throttled:
            self.crowded_out.append(asker)

    async def all_come(self, askers: Sequence[str]) -> None:
        await asyncio.gather(*map(self.come, askers))


@pytest.mark.parametrize("places", [1, 2])
async def test_no_more_are_inside_than_there_are_places(places: int) -> None:
    office = Places(places=places)

    await office.all_come(["ann"] * 20)

    assert (len(office.let_in), office.most_inside) == (20, places)


async def test_one_who_asks_many_times_does_not_stop_who_asks_once() -> None:
    office = Places()

    await office.all_come([*["mallory"] * 50, "ann", "ben"])

    assert office.let_in[:4] == ["mallory", "mallory", "ann", "ben"]
    assert len(office.let_in) == 52


async def test_in_a_full_line_who_waits_the_most_times_gives_up() -> None:
    office = Places(longest=10)

    await office.all_come([*["mallory"] * 11, "ann", "ben"])

    assert set(office.crowded_out) == {"mallory"}
    assert office.let_in.count("ann") == office.let_in.count("ben") == 1


async def test_who_has_no_less_than_others_in_a_full_line_gives_up() -> None:
    office = Places(longest=10)

    await office.all_come(["first", *(f"asker {number}" for number in range(12)), *["mallory"] * 3])

    assert office.crowded_out == ["asker 10", "asker 11", "mallory", "mallory", "mallory"]


async def test_who_goes_away_leaves_the_line() -> None:
    office = Places(longest=2)
    async with office.line.place("first"):
        waiting = [asyncio.create_task(office.come(name)) for name in ("ann", "ben")]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.wait([waiting[0]])
        later = asyncio.create_task(office.come("cleo"))
        await asyncio.sleep(0)
    await asyncio.wait([waiting[1], later])

    assert (office.let_in, office.crowded_out) == (["ben", "cleo"], [])


async def test_a_place_is_not_lost_on_who_went_away_when_let_in() -> None:
    office = Places()
    async with office.line.place("first"):
        gone = asyncio.create_task(office.come("gone"))
        await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])

    await asyncio.wait_for(office.come("ann"), 5)

    assert office.let_in == ["ann"]


async def test_who_is_crowded_out_and_goes_away_gives_no_place_back() -> None:
    office = Places(longest=2)
    async with office.line.place("first"):
        waiting = [asyncio.create_task(office.come("mallory")) for _ in range(2)]
        await asyncio.sleep(0)
        later = asyncio.create_task(office.come("ann"))
        await asyncio.sleep(0)
        waiting[1].cancel()
    await asyncio.wait([*waiting, later])

    await office.all_come(["ben"] * 5)

    assert office.most_inside == 1


async def test_a_place_is_not_lost_on_who_goes_away_the_moment_it_is_given_back() -> None:
    office = Places()
    async with office.line.place("first"):
        gone = asyncio.create_task(office.come("gone"))
        await asyncio.sleep(0)
        gone.cancel()  # and has not left the line yet
    await asyncio.wait([gone])

    await asyncio.wait_for(office.come("ann"), 5)

    assert office.let_in == ["ann"]


async def test_who_goes_away_the_moment_they_are_crowded_out_makes_room() -> None:
    office = Places(longest=2)
    async with office.line.place("first"):
        waiting = [asyncio.create_task(office.come("mallory")) for _ in range(2)]
        await asyncio.sleep(0)
        later = asyncio.create_task(office.come("ann"))
        waiting[1].cancel()
        await asyncio.wait([waiting[1]])
    await asyncio.wait([waiting[0], later])

    assert sorted(office.let_in) == ["ann", "mallory"]
