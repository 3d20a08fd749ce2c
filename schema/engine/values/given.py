"""Fields of an input that tell "left out" and "null" apart, as the rules have them."""

from collections.abc import Callable
from typing import TypeVar

import strawberry
from strawberry import Some

from domain.given import UNSET, Left
from domain.ids import UserId
from schema.engine.values import ids

A = TypeVar("A")
B = TypeVar("B")


def left_or(value: Some[A | None] | None, read: Callable[[A], B]) -> B | Left | None:
    """UNSET where the field was left out, None for an explicit null, else what `read` makes of it."""
    if value is None:
        return UNSET
    return None if value.value is None else read(value.value)


def as_is(value: Some[A | None] | None) -> A | Left | None:
    return UNSET if value is None else value.value


def user_or_left(value: Some[strawberry.ID | None] | None, *field: str) -> UserId | Left | None:
    return left_or(value, lambda id: ids.USER.given(id, *field))
