"""Numbers that say too much of a person: found as people write them, and hardly ever where there are none.

All numbers are the issuers' own examples, or made up here with their check digits right.
"""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.moderation.personal_data import PersonalDataPattern, found_in

CARD, ID, ACCOUNT = (
    PersonalDataPattern.PAYMENT_CARD,
    PersonalDataPattern.NATIONAL_ID,
    PersonalDataPattern.BANK_ACCOUNT,
)
ALL = tuple(PersonalDataPattern)
EASTERN = {ord("0") + digit: 0x0660 + digit for digit in range(10)}


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4111\u00a01111\u00a01111\u00a01111",
        "4111\u20111111\u20111111\u20111111",
        "4111 1111 1111 1111".translate(EASTERN),
        "4111\u200b111111111111",
        "my card is 4111111111111111, thanks",
        "card:4111111111111111.",
        "(4111 1111 1111 1111)",
        "12/26 4111 1111 1111 1111 123",
        "5555 5555 5555 4444",
        "2223003122003222",
        "378282246310005",
        "3782 822463 10005",
        "3056 930902 5904",
        "36148900647913",
        "3530111333300000",
        "6011 1111 1111 1117",
        "6200000000000005",
        "6759649826438453",
        "2200 0000 0000 0004",
        "4000 0000 0000 0000 006",
    ],
)
def test_a_card_is_found_as_its_issuer_groups_it(text: str) -> None:
    assert found_in(text, [CARD])
    assert not found_in(text, [ACCOUNT])


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",
        "4111 11111111 1111",
        "41 11 11 11 11 11 11 11",
        "4111 1111-1111 1111",
        "+4111111111111111",
        "#4111111111111111",
        "№4111111111111111",
        "ORD4111111111111111",
        "4111111111111111x",
        "1.4111111111111111",
        "4111111111111111.50",
        "https://shop.example/4111111111111111",
        "https://shop.example/?id=4111111111111111",
        "1234567890123452",
        "0000000000000000",
        "4111111111111",
        "42222222222222222222222",
        "2026-11-21 18:26:00",
        "",
    ],
)
def test_what_only_looks_like_a_card_is_none(text: str) -> None:
    assert not found_in(text, [CARD])


@given(st.integers(0, 10**17 - 1))
def test_a_phone_number_with_a_plus_is_never_a_card(number: int) -> None:
    assert not found_in(f"call +{number:015}", [CARD])


def test_random_numbers_are_taken_for_cards_no_oftener_than_one_in_ten_of_those_an_issuer_could_have_given() -> None:
    numbers = random.Random(20261121)
    falsely = sum(found_in(str(numbers.randrange(10**15, 10**16)), [CARD]) for _ in range(5000))
    assert falsely <= 5000 * 0.05, "a third of first digits are issuers', and one in ten of these passes"

    grouped_otherwise = (f"{n[:5]} {n[5:10]} {n[10:]}" for n in (str(numbers.randrange(10**15, 10**16)),) * 1000)
    assert not any(found_in(text, [CARD]) for text in grouped_otherwise)


@given(st.integers(0, 10**14 - 1), st.sampled_from([" ", "-", ""]))
def test_every_number_of_an_issuer_with_its_check_digit_right_is_found(middle: int, separator: str) -> None:
    number = f"4{middle:014}"
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(number))
    number += str(-total % 10)
    assert found_in(separator.join(number[at : at + 4] for at in range(0, 16, 4)), [CARD])


def test_a_number_that_is_known_as_somebodys_phone_is_left_alone() -> None:
    assert found_in("378282246310005", [CARD])
    assert not found_in("378282246310005", [CARD], {"378282246310005"})
    assert found_in("378282246310005 and 4111111111111111", [CARD], {"378282246310005"})


@pytest.mark.parametrize(
    "text",
    [
        "DE89 3704 0044 0532 0130 00",
        "DE89370400440532013000",
        "de89370400440532013000",
        "DE89-3704-0044-0532-0130-00",
        "IBAN: PL61 1090 1014 0000 0712 1981 2874 thanks",
        "GB82 WEST 1234 5698 7654 32.",
        "NO93 8601 1117 947",
        "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
        "BR18 0036 0305 0000 1000 9795 493C 1",
    ],
)
def test_an_account_is_found_in_its_countrys_length(text: str) -> None:
    assert found_in(text, [ACCOUNT])


@pytest.mark.parametrize(
    "text",
    [
        "DE88 3704 0044 0532 0130 00",
        "DE89 3704 0044 0532 0130 0",
        "DE89 3704 0044 0532 0130 001",
        "DE89 370400 440532 0130 00",
        "DE89  3704 0044 0532 0130 00",
        "DE89 3704-0044 0532 0130 00",
        "XX89 3704 0044 0532 0130 00",
        "ADE89370400440532013000",
        "DE89",
    ],
)
def test_what_only_looks_like_an_account_is_none(text: str) -> None:
    assert not found_in(text, [ACCOUNT])


@pytest.mark.parametrize(
    "text",
    [
        "529.982.247-25",
        "CPF 52998224725",
        "HEGG560427MVZRRL04",
        "hegg560427mvzrrl04",
        "12345678Z",
        "12345678-Z",
        "X1234567L",
        "X-1234567-L",
        "RSSMRA85T10A562S",
        "PESEL: 44051401359",
        "02070803628",
        "11010519491231002X",
    ],
)
def test_the_ids_of_six_countries_are_found(text: str) -> None:
    assert found_in(text, [ID])


@pytest.mark.parametrize(
    "text",
    [
        "529.982.247-24",
        "111.111.111-11",
        "HEGG560427MVZRRL05",
        "HEGG561427MVZRRL04",
        "12345678A",
        "X1234567A",
        "RSSMRA85T10A562T",
        "44051401358",
        "44991401350",
        "44053201359",
        "110105194912310021",
        "110105194913310026",
        "110105184912310026",
        "+52998224725",
        "A12345678Z",
        "order 12345678ZZ",
        "44051401359-1",
    ],
)
def test_a_wrong_check_digit_or_day_makes_no_id(text: str) -> None:
    assert not found_in(text, [ID])


def test_born_on_a_leap_day_is_born() -> None:
    """The year 00 is a leap year in the century 20 and none in the 19; an id is not asked that closely."""
    some_day = [f"002229{serial:04}{check}" for serial in range(3) for check in range(10)]
    assert sum(found_in(text, [ID]) for text in some_day) >= 3


def test_what_nobody_asked_for_is_not_looked_for() -> None:
    everything = "4111111111111111 DE89370400440532013000 529.982.247-25"
    assert not found_in(everything, [])
    assert all(found_in(everything, [each]) for each in ALL)


@given(st.text(max_size=300))
def test_no_text_breaks_the_search(text: str) -> None:
    found_in(text, ALL)


def test_the_longest_text_of_digits_takes_no_time() -> None:
    for text in ("4" * 4096, "4111 " * 819, "DE89 " * 819, "1.1-" * 1024):
        found_in(text, ALL)
