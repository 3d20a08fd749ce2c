"""Passwords and sealed secrets."""

import base64

import pytest
from argon2 import PasswordHasher
from structlog.testing import capture_logs

from adapters.secrets import AesVault, Argon2Passwords
from domain.ids import ChannelId, OrganizationId

ACME = OrganizationId("acme")
RIVAL = OrganizationId("rival")
CHANNEL, OTHER = ChannelId("channel"), ChannelId("other")
OLD, NEW = b"o" * 32, b"n" * 32


@pytest.fixture
def passwords() -> Argon2Passwords:
    return Argon2Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


async def test_a_password_fits_its_own_hash_and_no_other(passwords: Argon2Passwords) -> None:
    hashed = await passwords.hash("correct horse")

    assert "correct horse" not in hashed
    assert await passwords.fits("correct horse", hashed)
    assert not await passwords.fits("Correct horse", hashed)


async def test_one_password_has_a_new_hash_each_time(passwords: Argon2Passwords) -> None:
    assert await passwords.hash("correct horse") != await passwords.hash("correct horse")


async def test_nobodys_hash_fits_nothing(passwords: Argon2Passwords) -> None:
    assert not await passwords.fits("correct horse", None)


async def test_a_hash_that_is_none_fits_nothing(passwords: Argon2Passwords) -> None:
    assert not await passwords.fits("correct horse", "not a hash")


async def test_a_password_with_a_lone_surrogate_is_a_password_like_any_other(passwords: Argon2Passwords) -> None:
    hashed = await passwords.hash("odd \ud800 word")

    assert await passwords.fits("odd \ud800 word", hashed)


def test_what_was_sealed_opens_for_its_organization_and_purpose() -> None:
    vault = AesVault([NEW])

    sealed = vault.seal(ACME, "access_token", "EAAG…")

    assert "EAAG" not in sealed
    assert b"EAAG" not in base64.urlsafe_b64decode(sealed)
    assert vault.open(ACME, "access_token", sealed, channel=CHANNEL) == "EAAG…"


@pytest.mark.parametrize(("organization", "purpose"), [(RIVAL, "access_token"), (ACME, "app_secret")])
def test_what_was_sealed_opens_for_no_other(organization: OrganizationId, purpose: str) -> None:
    vault = AesVault([NEW])
    sealed = vault.seal(ACME, "access_token", "EAAG…")

    assert vault.open(organization, purpose, sealed, channel=CHANNEL) is None


def test_a_changed_seal_does_not_open() -> None:
    vault = AesVault([NEW])
    raw = bytearray(base64.urlsafe_b64decode(vault.seal(ACME, "access_token", "EAAG…")))
    raw[-1] ^= 1

    assert vault.open(ACME, "access_token", base64.urlsafe_b64encode(raw).decode(), channel=CHANNEL) is None


@pytest.mark.parametrize("sealed", ["", "x", "not base64 at all", "AAAA"])
def test_what_is_no_seal_does_not_open(sealed: str) -> None:
    assert AesVault([NEW]).open(ACME, "access_token", sealed, channel=CHANNEL) is None


def test_after_a_change_of_keys_the_old_ones_still_open_and_the_newest_seals() -> None:
    sealed_before = AesVault([OLD]).seal(ACME, "access_token", "EAAG…")

    rotated = AesVault([NEW, OLD])

    assert rotated.open(ACME, "access_token", sealed_before, channel=CHANNEL) == "EAAG…"
    sealed_after = rotated.seal(ACME, "access_token", "next")
    assert AesVault([NEW]).open(ACME, "access_token", sealed_after, channel=CHANNEL) == "next"


def test_a_key_that_was_removed_is_told_once_a_minute_with_the_channel_and_nothing_of_the_secret() -> None:
    sealed = AesVault([OLD]).seal(ACME, "access_token", "EAAG…")
    vault = AesVault([NEW])

    with capture_logs() as lines:
        answers = [vault.open(ACME, "access_token", sealed, channel=channel) for channel in (CHANNEL, CHANNEL, OTHER)]

    assert answers == [None] * 3
    assert [(line["log_level"], line["organization"], line["channel"]) for line in lines] == [
        ("error", ACME, CHANNEL),
        ("error", ACME, OTHER),
    ]
    assert sealed not in str(lines)


def test_equal_secrets_have_equal_fingerprints_also_after_a_change_of_keys() -> None:
    before, after = AesVault([OLD], print_key=b"p" * 32), AesVault([NEW, OLD], print_key=b"p" * 32)

    assert before.print("app secret") == after.print("app secret")
    assert before.print("app secret") != before.print("app secret 2")
    assert before.print("app secret") != AesVault([OLD], print_key=b"q" * 32).print("app secret")


@pytest.mark.parametrize("keys", [[], [b"short"]])
def test_a_vault_without_a_full_key_is_refused(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        AesVault(keys)
