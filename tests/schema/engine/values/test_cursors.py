"""Cursors: the same place has the same text, and nothing else passes for one."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import OrganizationId
from schema.engine.values.cursors import CursorInvalid, Cursors, LogPosition

ACME = OrganizationId("01930000-0000-7000-8000-0000000000a1")
OTHER = OrganizationId("01930000-0000-7000-8000-0000000000b2")
EPOCH = "01930000-0000-7000-8000-00000000e0c1"

cursors = Cursors(b"a secret of the installation")


@given(position=st.integers(min_value=0, max_value=2**63 - 1), epoch=st.text(st.characters(codec="ascii"), max_size=40))
def test_a_cursor_leads_back_to_its_place(position: int, epoch: str) -> None:
    assert cursors.decode(cursors.encode(ACME, epoch, position), ACME) == LogPosition(epoch, position)


def test_the_same_place_has_the_same_text_after_a_restart() -> None:
    again = Cursors(b"a secret of the installation")

    assert again.encode(ACME, EPOCH, 41) == cursors.encode(ACME, EPOCH, 41)


def test_places_have_different_texts() -> None:
    texts = {
        cursors.encode(organization, epoch, position)
        for organization in (ACME, OTHER)
        for epoch in (EPOCH, "another")
        for position in range(50)
    }

    assert len(texts) == 200


def test_a_cursor_does_not_carry_the_organization() -> None:
    text = cursors.encode(ACME, EPOCH, 7)

    assert ACME.encode() not in base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_cursor_with_any_bit_flipped_is_refused() -> None:
    good = cursors.encode(ACME, EPOCH, 123_456).encode()

    for byte in range(len(good)):
        for bit in range(8):
            forged = bytearray(good)
            forged[byte] ^= 1 << bit
            with pytest.raises(CursorInvalid):
                cursors.decode(forged.decode("latin-1"), ACME)


def test_a_cursor_cut_anywhere_or_drawn_out_is_refused() -> None:
    good = cursors.encode(ACME, EPOCH, 123_456)

    for forged in [good[:end] for end in range(len(good))] + [
        good + "A",
        good + "=",
        good + "\n",
        " " + good,
        good * 2,
    ]:
        with pytest.raises(CursorInvalid):
            cursors.decode(forged, ACME)


@pytest.mark.parametrize("text", ["", "=", "ü", "\ud800", "\x00", "A" * 100_000, "null", "eyJwIjoxfQ"])
def test_text_that_was_never_a_cursor_is_refused(text: str) -> None:
    with pytest.raises(CursorInvalid):
        cursors.decode(text, ACME)


def test_every_refusal_says_the_same() -> None:
    good = cursors.encode(ACME, EPOCH, 5)
    refusals: set[str] = set()

    for text, organization, reader in [
        (good[:-2], ACME, cursors),
        (good, OTHER, cursors),
        (good, ACME, Cursors(b"another secret")),
        ("nonsense", ACME, cursors),
    ]:
        with pytest.raises(CursorInvalid) as refused:
            reader.decode(text, organization)
        refusals.add(str(refused.value))

    assert len(refusals) == 1
