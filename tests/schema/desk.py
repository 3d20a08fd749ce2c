"""A desk in memory behind the schema, for tests that ask as a caller would."""

from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any, cast

import httpx
from graphql import ExecutionResult

from domain.events import Event
from domain.ids import OrganizationId
from domain.people.actors import Actor, Role, Scope, key_actor, user_actor
from domain.people.callers import Caller
from domain.ports.bundle import Ports
from domain.ports.directory import DirectoryEntry
from domain.ports.reads import Reader
from domain.rows import Row
from schema.context import new_context
from schema.engine.api_error import ApiError
from schema.engine.turns import Turns
from schema.engine.values.cursors import Cursors
from schema.schema import schema
from tests.api.memory_desk import memory_ports, nobody_answers
from tests.builders import (
    ACCOUNT,
    ACME,
    API_KEY,
    NUMBER,
    USER,
    FixedClock,
    a_channel,
    a_contact,
    a_user,
    an_organization,
)

JSON = dict[str, Any]

AGENT = user_actor(ACME, USER, Role.AGENT, None)


def as_role(role: Role) -> Actor:
    """The default user in another role."""
    return user_actor(ACME, USER, role, None)


def with_key(*scopes: Scope, organization: OrganizationId = ACME) -> Actor:
    return key_actor(organization, API_KEY, scopes)


@dataclass(slots=True)
class SchemaDesk:
    ports: Ports
    clock: FixedClock
    cursors: Cursors = field(default_factory=lambda: Cursors(b"a secret for tests"))

    async def given(self, *rows: Row, organization: OrganizationId = ACME) -> None:
        async with self.ports.store.transaction(organization) as tx:
            tx.save(*rows)

    async def happened(self, *events: Event, organization: OrganizationId = ACME) -> None:
        async with self.ports.store.transaction(organization) as tx:
            tx.record(*events)

    async def run(self, document: str, variables: JSON | None = None, actor: Actor | None = AGENT) -> ExecutionResult:
        context = new_context(self.ports, actor, self.cursors, Caller("203.0.113.7", "203.0.113.7"), Turns())
        return cast("ExecutionResult", await schema.execute(document, variable_values=variables, context_value=context))

    async def run_in_snapshots(self, document: str, variables: JSON | None = None, actor: Actor = AGENT) -> JSON:
        """A mutation as the door runs one that selects the place its payload reflects."""
        async with AsyncExitStack() as stack:
            context = new_context(self.ports, actor, self.cursors, Caller("203.0.113.7", "203.0.113.7"), Turns())
            context.snapshots = stack
            result = await schema.execute(document, variable_values=variables, context_value=context)
        assert result.errors is None, result.errors
        return cast("JSON", result.data)

    async def ask(self, document: str, variables: JSON | None = None, actor: Actor | None = AGENT) -> JSON:
        """The answer's data, where nothing may go wrong."""
        result = await self.run(document, variables, actor)
        assert result.errors is None, [error.original_error or error for error in result.errors]
        return cast("JSON", result.data)

    async def refusal(self, document: str, variables: JSON | None = None, actor: Actor | None = AGENT) -> ApiError:
        """The top-level error that is the whole answer."""
        result = await self.run(document, variables, actor)
        assert result.errors is not None, f"answered {result.data}"
        error = result.errors[0].original_error
        assert isinstance(error, ApiError), f"{error!r} is not meant for the caller"
        return error


async def open_desk(network: Callable[[httpx.Request], httpx.Response] = nobody_answers) -> SchemaDesk:
    """ACME with Ada, a help desk number and a contact."""
    clock = FixedClock()
    desk = SchemaDesk(memory_ports(network, clock), clock)
    async with desk.ports.store.transaction(ACME) as tx:
        token = desk.ports.vault.seal(ACME, "access_token", "token")
        tx.save(an_organization(), a_user(), a_channel(access_token=token), a_contact())
        await tx.enlist(DirectoryEntry.NUMBER, NUMBER, NUMBER)
        await tx.enlist(DirectoryEntry.ACCOUNT, ACCOUNT, ACCOUNT)
    return desk


class CountedReader:
    """A reader that counts what it is asked."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.calls: Counter[str] = Counter()

    def asked_by(self, organization: OrganizationId, who: str) -> "CountedReader":
        return self

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._reader, name)

        def counted(*args: object) -> object:
            kind = f" {args[0].__name__}" if isinstance(args[0], type) else ""
            self.calls[name + kind] += 1
            return method(*args)

        return counted


def counted(desk: SchemaDesk) -> tuple[SchemaDesk, CountedReader]:
    reader = CountedReader(desk.ports.reader)
    return replace(desk, ports=replace(desk.ports, reader=cast("Reader", reader))), reader
