"""Passwords that are too easily guessed."""

import pytest

from domain.people.passwords import PASSWORD_MAX, PASSWORD_MIN, password_fault

KNOWN = ("Acme Tools", "ada.lovelace@acme-tools.example", "Ada Lovelace")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "at least 8 characters"),
        ("s3ven-c", "at least 8 characters"),
        ("ab1d" * 256 + "x", "at most 1024 characters"),
        ("xxxxxxxx", "different characters"),
        ("abababababab", "different characters"),
        ("12345678", "no row"),
        ("1234567890", "no row"),
        ("9876543210", "no row"),
        ("abcdefgh", "no row"),
        ("password", "most common"),
        ("Password1", "most common"),
        ("PASSWORD123!", "most common"),
        ("P@ssw0rd!", "most common"),
        ("pa55word", "most common"),
        ("pass word", "most common"),
        ("  password  ", "most common"),
        ("qwertyuiop", "most common"),
        ("1qaz2wsx", "most common"),
        ("letmein!!", "most common"),
        ("Summer2026!", "most common"),
        ("Welcome-1", "most common"),
        ("admin12345", "most common"),
        ("Acme Tools", "no name or address"),
        ("acmetools", "no name or address"),
        ("acme-tools.example", "no name or address"),
        ("ACME2026!", "no name or address"),
        ("4cm3-T00l5", "no name or address"),
        ("ada.lovelace@acme-tools.example", "no name or address"),
        ("ada.lovelace", "no name or address"),
        ("Lovelace1", "no name or address"),
        ("AdaLovelace!", "no name or address"),
    ],
)
def test_what_anybody_would_try_first_is_refused_and_the_rule_told(password: str, why: str) -> None:
    fault = password_fault(password, KNOWN)

    assert fault is not None
    assert why in fault


@pytest.mark.parametrize(
    "password",
    [
        "correct horse",
        "deskline-demo",
        "a word that nobody guesses",
        "dragon 4821 8837",
        "Kx7#qPz2",
        "13579ace",
        "my acme tools password",
        "пароль длинный",
        "   the sea   ",
        "🐎🔋📎✅🐎🔋📎✅",
        "ab1d" * (PASSWORD_MAX // 4),
        "ab1d" * (PASSWORD_MIN // 4),
    ],
)
def test_words_of_ones_own_are_taken(password: str) -> None:
    assert password_fault(password, KNOWN) is None


def test_a_short_name_does_not_forbid_what_it_is_part_of() -> None:
    assert password_fault("bo1234567x", ("Bo", "b@x.example")) is None
