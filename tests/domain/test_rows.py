"""The table of the stored nouns agrees with their types, and with the unions that type checkers read."""

from dataclasses import fields
from typing import Any, cast, get_args, get_type_hints

import pytest

from domain.conversations.status import Mark
from domain.rows import LOCK_ORDER, NOUN_OF, NOUNS, ROW_TYPES, WATCHED, Noun, Removable, Row

EACH = pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.kind.__name__)


def test_every_row_that_can_be_saved_stands_in_the_table_once() -> None:
    assert len(NOUN_OF) == len(NOUNS)
    assert set(NOUN_OF) == set(get_args(Row))


def test_what_can_be_removed_is_what_the_table_says() -> None:
    assert {noun.kind for noun in NOUNS if noun.removable} == set(get_args(Removable))


def test_whatever_is_read_to_be_changed_has_its_place_in_the_order_of_locks() -> None:
    """A mark is only ever written."""
    assert set(ROW_TYPES) - WATCHED - set(LOCK_ORDER) == {Mark}


@EACH
def test_parents_are_written_before_their_children(noun: Noun) -> None:
    before = ROW_TYPES[: ROW_TYPES.index(noun.kind)]
    assert [parent for _, parent in noun.parents if parent not in before] == []


@EACH
def test_what_is_said_of_a_noun_is_said_of_fields_it_has(noun: Noun) -> None:
    named = {*noun.unique, *noun.searched, *(field for field, _ in noun.parents)}
    assert named <= {field.name for field in fields(cast(Any, noun.kind))}


@EACH
def test_a_parent_is_named_by_its_own_id(noun: Noun) -> None:
    hints = get_type_hints(noun.kind)
    for field, parent in noun.parents:
        ids = get_args(hints[field]) or (hints[field],)
        assert get_type_hints(parent)["id"] in ids
