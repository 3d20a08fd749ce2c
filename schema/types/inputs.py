"""The way into every mutation: what the input may hold, and how nonsense in it is answered."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast

import strawberry
from strawberry import Info
from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField

from domain.errors import REFUSALS, Refusal
from schema.engine import limits
from schema.engine.api_error import bad_request
from schema.engine.readable import WrongInput, check_readable, parts, unreadable_text
from schema.types.errors import UserError, to_user_errors

NEW_OWNER: Final = "Its new owner. An explicit null takes the owner away."
EXPECTED_OWNER: Final = (
    "Refuse CONFLICT if someone else got there first: an explicit null expects nobody, left out checks nothing."
)

T = TypeVar("T")


class NotDone(Exception):
    """What a use case refused, on its way to the payload's `userErrors`."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def done(outcome: T | Refusal) -> T:
    """What a use case did. Where it refused, the mutation answers why, and what follows is left out."""
    if isinstance(outcome, REFUSALS):
        raise NotDone(outcome)
    return outcome


class CarriedOut(FieldExtension):
    """Around a mutation: unreadable texts and ids become `userErrors` before anything was done, and refusals after."""

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
        except (WrongInput, NotDone) as wrong:
            return self._payload(to_user_errors(wrong.refusal))


def check_filter(filter: object) -> None:
    """BAD_REQUEST for a filter with a text that no store could hold, or with more values than one may ask for."""
    if path := unreadable_text(filter, ("filter",)):
        raise bad_request(f"`{'.'.join(path)}` holds a NUL character or half of a surrogate pair.")
    for name, part in parts(filter):
        if isinstance(part, list) and (count := len(cast("list[object]", part))) > limits.FILTER_VALUES:
            raise bad_request(
                f"`filter.{name[0]}` names {count:,} values; at most {limits.FILTER_VALUES} may be named."
            )


def writing(payload: Callable[..., object], resolver: Callable[..., Awaitable[object]], description: str) -> Any:
    """A field of Mutation. `payload` takes `user_errors`."""
    return strawberry.mutation(
        resolver=resolver,
        description=description,
        extensions=[CarriedOut(lambda refused: payload(user_errors=refused))],
    )
