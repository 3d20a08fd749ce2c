"""Which deliveries a worker claims next: the oldest of each number, a few bytes at a time, and a suspect alone."""

from datetime import timedelta

from domain.claims import CLAIMED_FOR, Waiting, chosen, is_over
from domain.ids import DeliveryId, PhoneNumberId
from tests.builders import NOON

INSTANT = timedelta(microseconds=1)
A, B = PhoneNumberId("a"), PhoneNumberId("b")


def waiting(id: str, *numbers: PhoneNumberId, size: int = 1, claims: int = 0, held: bool = False) -> Waiting:
    return Waiting(DeliveryId(id), frozenset(numbers), size, claims, held)


def test_the_oldest_are_taken_as_many_as_asked_for() -> None:
    assert chosen([waiting("1"), waiting("2"), waiting("3")], (), 2, 100) == ["1", "2"]


def test_bodies_have_a_limit_together_and_the_first_has_none() -> None:
    assert chosen([waiting("1", size=99), waiting("2")], (), 10, 5) == ["1"]
    assert chosen([waiting("1", size=2), waiting("2", size=3), waiting("3")], (), 10, 5) == ["1", "2"]


def test_what_stays_because_of_one_of_its_numbers_holds_up_its_others_too() -> None:
    row = [waiting("1", A), waiting("2", A, B), waiting("3", B), waiting("4")]

    assert chosen(row, {A}, 10, 100) == ["4"]
    assert chosen([waiting("1", B, held=True), *row], (), 10, 100) == ["1", "4"]


def test_one_that_was_taken_up_before_is_taken_alone() -> None:
    suspect = waiting("2", A, claims=1)

    assert chosen([suspect, waiting("3")], (), 10, 100) == ["2"]
    assert chosen([waiting("1"), suspect, waiting("3", A), waiting("4")], (), 10, 100) == ["1", "4"]


def test_a_claim_is_over_at_its_end_and_where_no_right_clock_can_have_given_it() -> None:
    assert is_over(NOON, NOON)
    assert not is_over(NOON + INSTANT, NOON)
    assert not is_over(NOON + 2 * CLAIMED_FOR, NOON)
    assert is_over(NOON + 2 * CLAIMED_FOR + INSTANT, NOON)
