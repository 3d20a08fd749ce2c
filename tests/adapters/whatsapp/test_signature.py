"""Who signed a webhook body."""

import hashlib
import hmac

import pytest

from adapters.whatsapp.inbound.signature import matches, sign

BODY = '{"text": "caf\\u00e9 \\/ \U0001f44d"}'.encode()
HEADER = sign(BODY, "our-secret")


def test_a_body_is_signed_with_hmac_sha256_over_its_exact_bytes() -> None:
    assert "sha256=" + hmac.new(b"our-secret", BODY, hashlib.sha256).hexdigest() == HEADER
    assert matches(BODY + b" ", HEADER, ["our-secret"]) is None


@pytest.mark.parametrize(("secrets", "place"), [(["our-secret"], 0), (["old", "our-secret"], 1), (["a", "b"], None)])
def test_the_secret_that_fits_is_named_by_its_place(secrets: list[str], place: int | None) -> None:
    assert matches(BODY, HEADER, secrets) == place


def test_of_two_equal_secrets_the_first_is_named() -> None:
    assert matches(BODY, HEADER, ["our-secret", "our-secret"]) == 0


def test_a_header_changed_at_any_place_is_refused() -> None:
    changed = [HEADER[:at] + other + HEADER[at + 1 :] for at in range(len(HEADER)) for other in "0fFx= ,é"]

    accepted = [header for header in changed if header != HEADER and matches(BODY, header, ["our-secret"]) is not None]

    assert accepted == []


def test_a_body_changed_at_any_place_is_refused() -> None:
    changed = [BODY[:at] + bytes([BODY[at] ^ 1]) + BODY[at + 1 :] for at in range(len(BODY))]

    assert [body for body in changed if matches(body, HEADER, ["our-secret"]) is not None] == []


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        HEADER.removeprefix("sha256="),
        HEADER[:-1],
        HEADER + "0",
        HEADER + "\n",
        f"{HEADER},{HEADER}",
        f"{HEADER}, {HEADER}",
        f" {HEADER}",
        HEADER.upper(),
        "sha1=" + hmac.new(b"our-secret", BODY, hashlib.sha1).hexdigest(),
    ],
)
def test_anything_but_one_whole_sha256_header_is_refused(header: str | None) -> None:
    assert matches(BODY, header, ["our-secret"]) is None


def test_an_empty_secret_signs_nothing() -> None:
    assert matches(BODY, sign(BODY, ""), [""]) is None


def test_without_a_secret_nothing_is_signed() -> None:
    assert matches(BODY, HEADER, []) is None
