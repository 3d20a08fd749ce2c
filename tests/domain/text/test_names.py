"""Names to show: whoever it is, there is one line for them, and something stands in it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.contacts import Contact, Phone, PhoneLabel
from domain.ids import ContactId
from domain.text.names import NAME_SHOWN, UNKNOWN, contact_name, first_shown, shows_something, user_name
from tests.builders import a_contact, a_user

NOBODY = replace(a_contact(ContactId("c")), name=None, profile_name=None, username=None, wa_id=None, phones=())
FULL = replace(
    NOBODY,
    name="Ana",
    profile_name="ana 🌸",
    username="ana.b",
    phones=(Phone("+15550102001", PhoneLabel.WHATSAPP),),
    wa_id="15550102002",
)
INVISIBLE = ["", " ", "\u200b\u200d", "\u3164", "\u2800 \u115f", "\u202e\u2066", "\u0301", "\n\t", "\x00", "\ufffd"]


@pytest.mark.parametrize(
    ("contact", "shown"),
    [
        (FULL, "Ana"),
        (replace(FULL, name=None), "ana 🌸"),
        (replace(FULL, name=None, profile_name=None), "ana.b"),
        (replace(FULL, name=None, profile_name=None, username=None), "+15550102001"),
        (replace(NOBODY, wa_id="15550102002"), "+15550102002"),
        (NOBODY, UNKNOWN),
    ],
)
def test_a_contact_is_called_as_people_here_do_else_as_they_call_themselves(contact: Contact, shown: str) -> None:
    assert contact_name(contact) == shown


@pytest.mark.parametrize("name", INVISIBLE)
def test_a_name_that_shows_nothing_is_none(name: str) -> None:
    assert contact_name(replace(FULL, name=name, profile_name=name)) == "ana.b"
    assert contact_name(replace(NOBODY, name=name, profile_name=name, username=name)) == UNKNOWN
    assert user_name(replace(a_user(), name=name, email="ana@acme.example")) == "ana@acme.example"


def test_a_user_of_whom_nothing_shows_is_unknown() -> None:
    assert user_name(replace(a_user(), name="Ana")) == "Ana"
    assert user_name(replace(a_user(), name="\u3164", email="\u200b")) == UNKNOWN


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Ana\nBanana", "Ana Banana"),
        ("  Ana \t B ", "Ana B"),
        ("Ana\u2028B", "Ana B"),
        ("A\x00n\x1fa", "An a"),
        ("\u202eevil\u202c \u2067name\u2069", "evil name"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("e\u0301", "e\u0301"),
        ("x" * (NAME_SHOWN + 1), "x" * (NAME_SHOWN - 1) + "…"),
    ],
)
def test_a_name_stands_on_one_line(name: str, line: str) -> None:
    assert first_shown(None, name) == line


@given(st.lists(st.none() | st.text(max_size=300), max_size=4))
def test_what_is_shown_is_one_line_with_something_in_it_and_no_longer_than_it_may_be(names: list[str | None]) -> None:
    shown = first_shown(*names)

    if shown is None:
        assert not any(name and shows_something(name) for name in names)
    else:
        assert shows_something(shown)
        assert shown.splitlines() == [shown]
        assert len(shown) <= NAME_SHOWN
