"""Who has to go when too many have begun and not finished."""

import asyncio

import pytest

from api.http.guard.addresses import share_of
from api.http.guard.crowd import Crowd, Guest, MadeRoom
from api.http.guard.places import NoPlace, Places, Share


class Hall:
    """A crowd, and who was sent away, by name."""

    def __init__(self, most: int, most_of_one: int, most_bytes: int = 100) -> None:
        self.crowd = Crowd(most, most_of_one, most_bytes)
        self.sent_away: list[str] = []

    def enter(self, name: str, address: str = "a") -> Guest:
        return self.crowd.enter(address, lambda: self.sent_away.append(name))


def test_the_one_that_has_been_there_longest_makes_room_for_the_newest() -> None:
    hall = Hall(most=2, most_of_one=2)

    for name, address in (("first", "a"), ("second", "b"), ("third", "c")):
        hall.enter(name, address)

    assert hall.sent_away == ["first"]
    assert len(hall.crowd) == 2


def test_an_address_over_its_share_makes_room_itself() -> None:
    hall = Hall(most=10, most_of_one=2)

    hall.enter("neighbour", "b")
    for name in ("first", "second", "third"):
        hall.enter(name)

    assert hall.sent_away == ["first"]


def test_who_has_left_takes_no_room_and_is_not_sent_away() -> None:
    hall = Hall(most=1, most_of_one=1)

    first = hall.enter("first")
    hall.crowd.left(first)
    hall.crowd.left(first)
    hall.enter("second")

    assert hall.sent_away == []
    assert len(hall.crowd) == 1


def test_bytes_are_given_up_by_the_address_that_holds_most() -> None:
    hall = Hall(most=10, most_of_one=10, most_bytes=100)
    neighbour, greedy, late = hall.enter("neighbour", "b"), hall.enter("greedy"), hall.enter("late")

    hall.crowd.hold(neighbour, 40)
    hall.crowd.hold(greedy, 30)
    hall.crowd.hold(late, 30)
    hall.crowd.hold(neighbour, 10)

    assert hall.sent_away == ["greedy"]
    assert hall.crowd.bytes == 80
    with pytest.raises(MadeRoom):
        hall.crowd.hold(greedy, 1)


async def test_a_task_that_waits_learns_that_it_has_to_go() -> None:
    crowd = Crowd(1, 1)

    async def wait_for_ever() -> None:
        async with crowd.with_guest("a", within_s=60):
            begun.set()
            await asyncio.Event().wait()

    begun = asyncio.Event()
    waiting = asyncio.create_task(wait_for_ever())
    await begun.wait()
    async with crowd.with_guest("b", within_s=60):
        with pytest.raises(MadeRoom):
            await waiting
        assert len(crowd) == 1


async def test_a_task_has_no_longer_than_it_was_told() -> None:
    crowd = Crowd(1, 1)

    with pytest.raises(TimeoutError):
        async with crowd.with_guest("a", within_s=0):
            await asyncio.Event().wait()

    assert len(crowd) == 0


def test_a_place_is_taken_of_every_share_or_of_none() -> None:
    places = Places()

    with places.taken(Share(("all",), 2), Share(("acme",), 1)):
        with pytest.raises(NoPlace) as refused, places.taken(Share(("all",), 2), Share(("acme",), 1)):
            pass
        assert refused.value.share == Share(("acme",), 1)
        with places.taken(Share(("all",), 2), Share(("globex",), 1)):
            assert places.of(("all",)) == 2

    assert places.of(("all",)) == places.of(("acme",)) == 0


@pytest.mark.parametrize(
    ("address", "share"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("not:an:address", "not:an:address"),
        ("", ""),
    ],
)
def test_a_subscriber_of_ipv6_has_one_share(address: str, share: str) -> None:
    assert share_of(address) == share
