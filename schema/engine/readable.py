"""Text that can be kept: what a caller writes is read whole, or named by where it stands."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import cast

from strawberry import Some
from strawberry.utils.str_converters import to_camel_case

from domain.errors import invalid
from schema.engine.api_error import bad_request


class WrongInput(Exception):
    """A field of a mutation's input cannot be read; answered as a refusal with the code INVALID."""

    def __init__(self, message: str, *field: str) -> None:
        super().__init__(message)
        self.refusal = invalid(message, *field)


def check_readable(input: object) -> None:
    """Raises `WrongInput` for an input with a text that no store could hold."""
    if path := unreadable_text(input):
        raise WrongInput("A text holds no NUL character and no half of a surrogate pair.", *path)


def readable(text: str | None, argument: str) -> str | None:
    """A query's text argument; BAD_REQUEST where no store could hold it."""
    if text is not None and unreadable_text(text) is not None:
        raise bad_request(f"`{argument}` holds a NUL character or half of a surrogate pair.")
    return text


def unreadable_text(value: object, path: tuple[str, ...] = ()) -> tuple[str, ...] | None:
    """Where in an input the first text stands that cannot be kept, in the API's spelling; None where all can."""
    if isinstance(value, str):
        return None if _can_be_kept(value) else path
    found = (unreadable_text(item, (*path, *name)) for name, item in parts(value))
    return next((at for at in found if at is not None), None)


def parts(value: object) -> Iterator[tuple[tuple[str, ...], object]]:
    """What an input holds, each with its step on the path."""
    if isinstance(value, Some):
        yield (), cast("Some[object]", value).value
    elif isinstance(value, list):
        yield from (((str(index),), item) for index, item in enumerate(cast("list[object]", value)))
    elif is_dataclass(value) and not isinstance(value, type):
        yield from (((to_camel_case(field.name),), getattr(value, field.name)) for field in fields(value))


def _can_be_kept(text: str) -> bool:
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
