"""What a business profile may hold, and when its name differs from the legal one."""

from dataclasses import replace

import pytest

from domain.channels.profiles import LENGTHS, WEBSITE_LENGTH, ProfileChange, differs, profile_fault
from domain.error_codes import ErrorCode

SITE = "https://acme.example/"


@pytest.mark.parametrize(
    "change",
    [
        ProfileChange(),
        ProfileChange(
            display_name="Acme",
            about="a" * LENGTHS["about"],
            description="d" * LENGTHS["description"],
            address="a" * LENGTHS["address"],
            email="desk@" + "e" * (LENGTHS["email"] - 5),
            category="RETAIL",
            websites=(SITE, SITE + "x" * (WEBSITE_LENGTH - len(SITE))),
        ),
        ProfileChange(description="", address="", email="", websites=()),
        ProfileChange(category="SOMETHING_NEW"),
    ],
)
def test_what_the_network_takes(change: ProfileChange) -> None:
    assert profile_fault(change) is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        *[(replace(ProfileChange(), **{name: "x" * (limit + 1)}), name) for name, limit in LENGTHS.items()],
        (ProfileChange(about=" "), "about"),
        (ProfileChange(email="desk"), "email"),
        (ProfileChange(category="retail"), "category"),
        (ProfileChange(display_name=" "), "displayName"),
        (ProfileChange(display_name="x" * 201), "displayName"),
        (ProfileChange(websites=(SITE, SITE, SITE)), "websites"),
        (ProfileChange(websites=("acme.example",)), "websites"),
        (ProfileChange(websites=(SITE + "x" * WEBSITE_LENGTH,)), "websites"),
    ],
)
def test_what_it_does_not_is_named(change: ProfileChange, field: str) -> None:
    fault = profile_fault(change, "profile")

    assert fault is not None
    assert (fault.code, fault.field) == (ErrorCode.INVALID, ("profile", field))


def test_a_name_alone_is_not_of_the_profile() -> None:
    assert not ProfileChange(display_name="Acme").is_of_profile
    assert ProfileChange(websites=()).is_of_profile


@pytest.mark.parametrize(
    ("display_name", "legal_name", "told"),
    [
        ("Acme", None, False),
        ("Acme", "ACME", False),
        ("Acme-Shop", "Acme Shop", False),
        ("Acme Shop", "Acme Shop Ltd.", True),
        ("Łódź Rowery", "ŁÓDŹ ROWERY", False),
    ],
)
def test_a_name_that_differs_from_the_legal_one_is_a_mark(
    display_name: str, legal_name: str | None, told: bool
) -> None:
    assert differs(display_name, legal_name) is told
