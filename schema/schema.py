"""The schema: everything the API can be asked."""

from collections.abc import Iterable

import strawberry
from graphql import GraphQLArgument, GraphQLInputField, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType
from graphql.pyutils import Undefined
from strawberry.schema.config import StrawberryConfig

from schema.engine.values.scalars import SCALARS
from schema.mutation import Mutation
from schema.query import Query
from schema.subscription import Subscription
from schema.types.conversations.senders import SENDER_TYPES
from schema.types.errors import (
    MediaRejectedError,
    QuotaExceededError,
    RefusedError,
    SessionClosedError,
    TemplateParameterError,
    TextTooLongError,
)
from schema.types.events import EVENT_TYPES

ERROR_TYPES = (
    RefusedError,
    SessionClosedError,
    QuotaExceededError,
    TextTooLongError,
    TemplateParameterError,
    MediaRejectedError,
)


def _left_out_is_not_null(made: strawberry.Schema) -> strawberry.Schema:
    """Python's `None` for what was left out is nobody's business: what has no other default has none."""
    types = made._schema.type_map.values()  # pyright: ignore[reportPrivateUsage]  # there is no public way to it
    for kind in types:
        match kind:
            case GraphQLInputObjectType():
                _drop_null_defaults(kind.fields.values())
            case GraphQLObjectType() | GraphQLInterfaceType():
                for field in kind.fields.values():
                    _drop_null_defaults(field.args.values())
            case _:
                pass
    return made


def _drop_null_defaults(inputs: Iterable[GraphQLArgument | GraphQLInputField]) -> None:
    for each in inputs:
        if each.default_value is None:
            each.default_value = Undefined


schema = _left_out_is_not_null(
    strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[*EVENT_TYPES, *ERROR_TYPES, *SENDER_TYPES],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
)
