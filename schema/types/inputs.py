"""The way into every mutation: what the input may hold, and how nonsense in it is answered."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any, cast

import strawberry
from strawberry import Info, Some
from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from domain.errors import invalid
from schema.engine import limits
from schema.types.errors import UserError, bad_request, to_user_error


class WrongInput(Exception):
    """A field of a mutation's input cannot be read; answered as a refusal with the code INVALID."""

    def __init__(self, message: str, *field: str) -> None:
        super().__init__(message)
        self.refusal = invalid(message, *field)


class CarriedOut(FieldExtension):
    """Around a mutation: unreadable texts and ids become `userErrors` before anything was done."""

    def __init__(self, payload: Callable[[list[UserError]], object]) -> None:
        self._payload = payload

    def apply(self, field: StrawberryField) -> None:
        for argument in field.arguments:
            argument.description = "Everything this needs, in one object."

    async def resolve_async(
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info[Any, Any], **kwargs: Any
    ) -> Any:
        try:
            check_readable(kwargs.get("input"))
            return await next_(source, info, **kwargs)
        except WrongInput as wrong:
            return self._payload([to_user_error(wrong.refusal)])


def check_readable(input: object) -> None:
    """Raises `WrongInput` for an input with a text that no store could hold."""
    if path := unreadable_text(input):
        raise WrongInput("A text holds no NUL character and no half of a surrogate pair.", *path)


def readable(text: str | None, argument: str) -> str | None:
    """A query's text argument; BAD_REQUEST where no store could hold it."""
    if text is not None and unreadable_text(text) is not None:
        raise bad_request(f"`{argument}` holds a NUL character or half of a surrogate pair.")
    return text


def check_filter(filter: object) -> None:
    """BAD_REQUEST for a filter with a text that no store could hold, or with more values than one may ask for."""
    if path := unreadable_text(filter, ("filter",)):
        raise bad_request(f"`{'.'.join(path)}` holds a NUL character or half of a surrogate pair.")
    for name, part in _parts(filter):
        if isinstance(part, list) and (count := len(cast("list[object]", part))) > limits.FILTER_VALUES:
            raise bad_request(
                f"`filter.{name[0]}` names {count:,} values; at most {limits.FILTER_VALUES} may be named."
            )


def unreadable_text(value: object, path: tuple[str, ...] = ()) -> tuple[str, ...] | None:
    """Where in an input the first text stands that cannot be kept, in the API's spelling; None where all can."""
    if isinstance(value, str):
        return None if _can_be_kept(value) else path
    found = (unreadable_text(item, (*path, *name)) for name, item in _parts(value))
    return next((at for at in found if at is not None), None)


def _parts(value: object) -> Iterator[tuple[tuple[str, ...], object]]:
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


def writing(payload: Callable[..., object], resolver: Callable[..., Awaitable[object]], description: str) -> Any:
    """A field of Mutation. `payload` takes `user_errors`."""
    return strawberry.mutation(
        resolver=resolver,
        description=description,
        extensions=[CarriedOut(lambda refused: payload(user_errors=refused))],
    )
