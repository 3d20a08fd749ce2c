"""The hub: one in a process, from the organizations' logs to everybody who listens.

Each log is read once per hint however many listen, and twice a second the counters of all logs with listeners are
looked at in one statement, whatever the bus says. An event is fetched, executed and encoded once for all who asked the
same with the same rights. Order, completeness and resuming come from the log alone.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import structlog
from graphql import GraphQLSchema

from domain.conversations.threads import Thread
from domain.errors import Unavailable
from domain.ids import OrganizationId, ThreadId
from domain.people.actors import Actor
from domain.ports.bundle import Ports
from domain.ports.reads import Head
from schema.engine import limits
from schema.engine.api_error import ApiError, Code
from schema.engine.documents import Compiled
from schema.engine.turns import Turns
from schema.engine.values.cursors import CursorInvalid, Cursors
from schema.live.groups import Counters, FrameBuilder
from schema.live.log import Log
from schema.live.questions import read_question
from schema.live.streams import HubStopped, Stream, expired

log = structlog.stdlib.get_logger()


class Hub:
    def __init__(
        self,
        schema: GraphQLSchema,
        ports: Ports,
        cursors: Cursors,
        *,
        turns: Turns,
        poll_s: float = limits.POLL_S,
    ) -> None:
        self._builder = FrameBuilder(schema, ports, cursors, turns)
        self._poll_s = poll_s
        self._logs: dict[OrganizationId, Log] = {}

    @property
    def tally(self) -> Counters:
        """What was done since the start, for metrics and for tests that count."""
        return self._builder.tally

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        polling = asyncio.create_task(self._poll(), name="log counters")
        try:
            yield
        finally:
            polling.cancel()
            await asyncio.wait([polling])
            for followed in tuple(self._logs.values()):
                followed.end(HubStopped())
            await self._builder.kept.close()

    async def subscribe(
        self,
        actor: Actor,
        compiled: Compiled,
        variables: Mapping[str, Any],
        *,
        after: str | None = None,
        on_slow: Callable[[], None] | None = None,
    ) -> Stream:
        """The stream a subscription asks for; close it with `aclose`.

        `after` is a cursor that wins over the document's own; without either the stream begins at the head it finds.
        `on_slow` is called once, should its reader stay behind. Raises `BadDocument`, `Unavailable`, and `ApiError` for
        a thread that is not there and for a cursor that is none, or older than the log.
        """
        asked = read_question(self._builder.schema, compiled, variables)
        if asked.question.thread is not None:
            await self._expect_thread(actor.organization, asked.question.thread)
        first = await self._builder.ports.reader.first_position(actor.organization)
        head = await self._builder.ports.reader.head(actor.organization)
        position = self._position(actor.organization, after or asked.after, first, head)
        # From here on no await: the log has to know its stream before it may decide that nobody listens.
        followed = self._log(actor.organization, head)
        stream = Stream(followed, asked, actor, position, on_slow)
        followed.remember(stream)
        return stream

    async def _expect_thread(self, organization: OrganizationId, id: ThreadId) -> None:
        if not await self._builder.ports.reader.by_ids(Thread, organization, [id]):
            raise ApiError(Code.NOT_FOUND, "There is no such thread.")

    def _position(self, organization: OrganizationId, after: str | None, first: int, head: Head) -> int:
        if after is None:
            return head.position
        try:
            place = self._builder.cursors.decode(after, organization)
        except CursorInvalid as error:
            raise ApiError(Code.CURSOR_INVALID, str(error)) from None
        if place.epoch != head.epoch or place.position + 1 < first:
            raise expired()
        if place.position > head.position:
            raise ApiError(Code.CURSOR_INVALID, str(CursorInvalid()))
        return place.position

    def _log(self, organization: OrganizationId, head: Head) -> Log:
        known = self._logs.get(organization)
        if known is not None and known.epoch != head.epoch:
            known.end(expired())
        if organization not in self._logs:
            self._logs[organization] = Log(self._builder, organization, head, self._drop)
        return self._logs[organization]

    def _drop(self, ended: Log) -> None:
        if self._logs.get(ended.organization) is ended:
            del self._logs[ended.organization]

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self._poll_s)
            try:
                await self._look()
            except Unavailable:
                continue
            except Exception:
                log.exception("live.poll_failed")

    async def _look(self) -> None:
        if not self._logs:
            return
        heads = await self._builder.ports.reader.heads(tuple(self._logs))
        for organization, head in heads.items():
            if organization in self._logs:
                self._logs[organization].notice(head)
