"""One compiled operation, run: through graphql-core with a context of its own, bounded in time, errors masked."""

import asyncio
from collections.abc import Mapping
from inspect import isawaitable
from typing import Any, Protocol

from graphql import GraphQLSchema, OperationType
from graphql import execute as execute_document  # pyright: ignore[reportUnknownVariableType]  # types of arguments unused here

from domain.ports.bundle import Ports
from schema.engine import limits
from schema.engine.answers import Answer, answered, failed, refused
from schema.engine.api_error import Code
from schema.engine.documents import Compiled
from schema.engine.executor import InTurns
from schema.engine.turns import TurnTaker


class RunContext(Protocol):
    """What of a context is the engine's business; the rest is for the fields."""

    @property
    def ports(self) -> Ports: ...

    @property
    def turn_taker(self) -> TurnTaker: ...


async def run(
    schema: GraphQLSchema, compiled: Compiled, variables: Mapping[str, Any], context: RunContext, root: object = None
) -> Answer:
    """Raises nothing but cancellation. A query has `limits.QUERY_S` seconds; a mutation ends when it ends."""
    in_time = asyncio.timeout(None if compiled.kind is OperationType.MUTATION else limits.QUERY_S)
    try:
        async with in_time:
            running = execute_document(
                schema,
                compiled.document,
                root_value=root,
                context_value=context,
                variable_values=dict(variables),
                max_coercion_errors=1,
                hide_suggestions=True,
                executor_class=InTurns,
            )
            result = await running if isawaitable(running) else running
    except TimeoutError:
        return refused(Code.TOO_COMPLEX, f"The answer took longer than {limits.QUERY_S:.0f} s; ask for less at once.")
    except Exception as error:  # whatever it is, it is ours and must not reach the caller
        return failed(error, context.ports.ids)
    return answered(result.data, result.errors, context.ports.ids)
