"""Who a person is: the names the network uses, and the numbers that are one person's in two spellings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.contacts import (
    IdentityKey,
    IdentityKind,
    Person,
    Phone,
    PhoneLabel,
    answers_to,
    digits_looked_for,
    keys_of,
    names_told,
    number_variants,
)
from domain.text.numbers import typed_number
from tests.builders import WA_ID, a_contact, a_person

WA, SCOPED, PHONE = IdentityKind.WA_ID, IdentityKind.BUSINESS_SCOPED_ID, IdentityKind.PHONE

SAME_PERSON = [
    # Brazil: mobile numbers with and without the ninth digit
    ("5511987654321", "551187654321"),
    ("5521999998888", "552199998888"),
    ("5585961234567", "558561234567"),
    ("5547971234567", "554771234567"),
    # Argentina: with and without the 9 after the country code
    ("5491123456789", "541123456789"),
    ("5493514567890", "543514567890"),
    ("5492966123456", "542966123456"),
    # Mexico: with and without the 1 after the country code
    ("5215512345678", "525512345678"),
    ("5213312345678", "523312345678"),
    ("5219981234567", "529981234567"),
]

NOBODY_ELSE = [
    "16505551234",  # United States
    "447700900123",  # United Kingdom
    "4915112345678",  # Germany
    "919876543210",  # India
    "8613812345678",  # China
    "598991234567",  # Uruguay begins with 59, not with 54 or 55
    "51987654321",  # Peru
    "521",  # a fragment
    "55",
    "54",
    "52",
    # Brazil: landlines begin with 2 to 5 and never had a ninth digit
    "551123456789",
    "551151234567",
    "5511951234567",
    # Brazil: too short, too long
    "55118765432",
    "55119876543210",
    # Argentina and Mexico: too short, too long
    "54112345678",
    "54911234567890",
    "52551234567",
    "52155123456789",
]


@pytest.mark.parametrize(("one", "other"), SAME_PERSON)
def test_two_spellings_of_a_brazilian_argentine_or_mexican_number_are_one_person_both_ways(
    one: str, other: str
) -> None:
    assert number_variants(one) == (one, other)
    assert number_variants(other) == (other, one)


@pytest.mark.parametrize("number", NOBODY_ELSE)
def test_other_numbers_are_never_taken_for_somebody_elses(number: str) -> None:
    assert number_variants(number) == (number,)


@given(st.from_regex(r"[1-9][0-9]{0,14}", fullmatch=True))
def test_spellings_always_agree_on_who_else_it_is(digits: str) -> None:
    variants = number_variants(digits)

    assert variants[0] == digits
    assert all(set(number_variants(each)) == set(variants) for each in variants)
    if not digits.startswith(("52", "54", "55")):
        assert len(variants) == 1


def test_a_person_is_looked_for_by_network_id_then_scoped_id_then_phone() -> None:
    person = a_person("5511987654321", business_scoped_id="BR.1234", username="ana")

    assert keys_of(person) == (
        IdentityKey(WA, "5511987654321"),
        IdentityKey(WA, "551187654321"),
        IdentityKey(SCOPED, "BR.1234"),
        IdentityKey(PHONE, "+5511987654321"),
        IdentityKey(PHONE, "+551187654321"),
    )


def test_somebody_without_a_visible_number_is_looked_for_by_scoped_id_alone() -> None:
    assert keys_of(a_person(None, business_scoped_id="US.1")) == (IdentityKey(SCOPED, "US.1"),)


def test_an_update_proves_only_the_names_it_tells_and_no_other_spelling() -> None:
    assert names_told(a_person("5511987654321")) == (IdentityKey(WA, "5511987654321"),)
    assert names_told(a_person(None, business_scoped_id="US.1")) == (IdentityKey(SCOPED, "US.1"),)
    assert names_told(a_person(business_scoped_id="US.1")) == (IdentityKey(WA, WA_ID), IdentityKey(SCOPED, "US.1"))


@pytest.mark.parametrize(
    ("person", "lane"),
    [
        (Person(wa_id=WA_ID, business_scoped_id="US.1"), WA_ID),
        (Person(business_scoped_id="US.1"), "US.1"),
        (Person(), ""),
    ],
)
def test_a_persons_updates_stay_in_order_by_the_name_they_come_under(person: Person, lane: str) -> None:
    assert person.lane == lane


# Numbers as people type them


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("+16505551234", "16505551234"),
        (" +1 (650) 555-1234 ", "16505551234"),
        ("+48\u00a0600.700\u2011800", "48600700800"),
        ("+49 30/1234567", "49301234567"),
        ("+2901234", "2901234"),
        ("\u202a+1 415-555-0151\u202c", "14155550151"),
        ("\u200e+14155550152", "14155550152"),
        ("+14155550153\u200b", "14155550153"),
        ("+33\u202f6\u202f39\u202f98\u202f01\u202f54", "33639980154"),
        ("+44 (0)7700 900155", "447700900155"),
        ("+49 01515 5500129", "4915155500129"),
        ("+36 06 1 234 5678", "3612345678"),
        ("+7 8 (912) 345-67-89", "79123456789"),
        ("+39 06 698 12345", "390669812345"),
        ("+1\u00a0415\u00a0555\u00a00156", "14155550156"),
        ("\uff0b14155550157", "14155550157"),
        ("+\u0661 \u0664\u0661\u0665 555 0158", "14155550158"),
        ("+1 415\u2212555\u20130159", "14155550159"),
        ("0048600700800", "48600700800"),
        ("tel:+48600700800", "48600700800"),
        ("(+48) 600 700 800", "48600700800"),
    ],
)
def test_a_number_is_read_with_its_country_code_whatever_stands_between(typed: str, digits: str) -> None:
    assert typed_number(typed) == digits


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "+",
        "16505551234",
        "0",
        "00",
        "+0600700800",
        "+1234567",
        "+123456789012345",
        "+1 (0) 415 555 0151",
        "+999 1234567",
        "+210 1234567",
        "600 700 800",
        "+48 600 700 800 ext. 5",
        "+48 600 700 800 / +48 600 700 801",
        "\u202a\u202c",
        "+48 600 700 800" + " " * 64,
        "+123456",
        "+1234567890123456",
        "+1650555CALL",
        "++1650555",
    ],
)
def test_what_is_no_number_with_a_country_code_is_refused(typed: str) -> None:
    assert typed_number(typed) is None


@pytest.mark.parametrize(
    ("typed", "country", "digits"),
    [
        ("600 700 800", "PL", "48600700800"),
        ("600 700 800", " poland ", "48600700800"),
        ("48 600 700 800", "PL", "48600700800"),
        ("+1 415 555 0151", "PL", "14155550151"),
        ("07700 900155", "GB", "447700900155"),
        ("(07700) 900-155", "United Kingdom", "447700900155"),
        ("030/1234567", "DE", "49301234567"),
        ("06 698 12345", "IT", "390669812345"),
        ("(415) 555-0151", "US", "14155550151"),
        ("1 415 555 0151", "CA", "14155550151"),
        ("06 1 234 5678", "HU", "3612345678"),
        ("8 912 345 67 89", "RU", "79123456789"),
        ("(011) 98765-4321", "BR", "5511987654321"),
        ("16505551234", "PL", None),
        ("600 700 80", "PL", None),
        ("600 700 800", "Middle-earth", None),
        ("600 700 800", "", None),
    ],
)
def test_a_number_in_local_form_is_one_of_the_organizations_country(
    typed: str, country: str, digits: str | None
) -> None:
    assert typed_number(typed, country) == digits


@given(st.text(max_size=20))
def test_whatever_is_typed_is_a_number_that_can_be_dialled_or_none(text: str) -> None:
    number = typed_number(text, "GB")

    assert number is None or (number.isascii() and number.isdigit() and len(number) <= 15 and number[0] != "0")
    assert number is None or typed_number(f"+{number}") == number


def test_a_contact_is_written_to_by_the_names_the_network_told() -> None:
    assert answers_to(a_contact(business_scoped_id="US.1")) == Person(WA_ID, "US.1")
    assert answers_to(a_contact(wa_id=None, business_scoped_id="US.1")) == Person(None, "US.1")


def test_a_contact_the_network_never_told_of_is_written_to_at_their_likeliest_number() -> None:
    landline, mobile = Phone("+48 22 111 22 33", PhoneLabel.PHONE), Phone("+48 600 700 800", PhoneLabel.MOBILE)

    assert answers_to(a_contact(wa_id=None, phones=(landline, mobile))) == Person("48600700800")
    assert answers_to(a_contact(wa_id=None, phones=(landline,))) == Person("48221112233")
    assert answers_to(a_contact(wa_id=None, phones=(Phone("extension 5", PhoneLabel.PHONE),))) is None


@pytest.mark.parametrize(
    ("query", "digits"),
    [
        ("48600", ("48600",)),
        ("0600 100", ("0600100", "600100")),
        ("0", ("0",)),
        ("00", ("00",)),
        ("0044", ("44",)),
        ("+44 (0) 7400 123456", ("4407400123456", "447400123456")),
        ("+55 11 98765-4321", ("5511987654321", "551187654321")),
        ("\u0661\u0662\u0663", ("123",)),
        ("", ()),
        ("+", ()),
        ("Ana 12", ()),
        ("1" * 65, ()),
    ],
)
def test_a_number_is_looked_for_in_every_form_in_which_it_may_be_stored(query: str, digits: tuple[str, ...]) -> None:
    assert digits_looked_for(query) == digits
