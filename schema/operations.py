"""An operation run in a context made for it, which reads all of one instant where its answer has to."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLSchema, OperationType

from domain.errors import Unavailable
from domain.people.actors import Actor
from domain.people.callers import NOWHERE, Caller
from domain.ports.bundle import Ports
from schema.context import Context, new_context
from schema.engine.answers import Answer, failed
from schema.engine.documents import Compiled
from schema.engine.running import run
from schema.engine.turns import Turns
from schema.engine.values.cursors import Cursors


@dataclass(frozen=True, slots=True)
class Operation:
    """What is to run, and for whom."""

    compiled: Compiled
    variables: Mapping[str, Any]
    actor: Actor | None
    caller: Caller = NOWHERE
    root: object = None  # the event, where a subscription shows one


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
    schema: GraphQLSchema, operation: Operation, ports: Ports, cursors: Cursors, turns: Turns
) -> Answer:
    """`run` in a context made for it."""
    compiled = operation.compiled
    try:
        async with context_for(compiled, ports, operation.actor, cursors, operation.caller, turns) as context:
            return await run(schema, compiled, operation.variables, context, operation.root)
    except Unavailable as error:
        return failed(error, ports.ids)
