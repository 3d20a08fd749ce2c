"""One compiled operation, run: through graphql-core with a context of its own, bounded in time, errors masked."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from inspect import isawaitable
from typing import Any

from graphql import GraphQLSchema, OperationType
from graphql import execute as execute_document  # pyright: ignore[reportUnknownVariableType]  # types of arguments unused here

from domain.errors import Unavailable
from domain.people.actors import Actor
from domain.people.callers import NOWHERE, Caller
from domain.ports.bundle import Ports
from schema.context import Context, new_context
from schema.engine import limits
from schema.engine.answers import Answer, answered, failed, refused
from schema.engine.api_error import Code
from schema.engine.documents import Compiled
from schema.engine.executor import InTurns
from schema.engine.turns import Turns
from schema.engine.values.cursors import Cursors


async def run(
    schema: GraphQLSchema, compiled: Compiled, variables: Mapping[str, Any], context: Context, root: object = None
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


@asynccontextmanager
async def context_for(
    compiled: Compiled, ports: Ports, actor: Actor | None, cursors: Cursors, caller: Caller, turns: Turns
) -> AsyncGenerator[Context]:
    """A context that reads as the operation needs it: all of one instant where it selects the place it reflects.

    A mutation reads anew after each commit, so its snapshots begin there. Raises `Unavailable`.
    """
    if actor is None or not compiled.reads_its_place:
        yield new_context(ports, actor, cursors, caller, turns)
        return
    async with AsyncExitStack() as stack:
        if compiled.kind is OperationType.MUTATION:
            context = new_context(ports, actor, cursors, caller, turns)
            context.snapshots = stack
        else:
            reads = await stack.enter_async_context(ports.reader.snapshot(actor.organization, actor.key))
            context = new_context(ports, actor, cursors, caller, turns, reads)
        yield context


async def run_alone(
    schema: GraphQLSchema,
    compiled: Compiled,
    variables: Mapping[str, Any],
    ports: Ports,
    actor: Actor | None,
    cursors: Cursors,
    turns: Turns,
    caller: Caller = NOWHERE,
    root: object = None,
) -> Answer:
    """`run` in a context made for it."""
    try:
        async with context_for(compiled, ports, actor, cursors, caller, turns) as context:
            return await run(schema, compiled, variables, context, root)
    except Unavailable as error:
        return failed(error, ports.ids)
