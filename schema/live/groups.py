"""A group: listeners who asked the same with the same rights. An event is fetched, executed and encoded once for it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import structlog
from graphql import GraphQLSchema

from domain.conversations.threads import Thread
from domain.errors import Unavailable
from domain.events import LoggedEvent, thread_of
from domain.ids import OrganizationId
from domain.people.actors import Actor
from domain.ports.bundle import Ports
from schema.engine import limits
from schema.engine.answers import Answer, encoded
from schema.engine.api_error import Code
from schema.engine.turns import Turns
from schema.engine.values.cursors import Cursors
from schema.live.frames import Frame, FrameCache
from schema.live.questions import Asked, GroupKey
from schema.live.streams import TooSlowToShow
from schema.operations import Operation, run_alone
from schema.types.events import event_object

if TYPE_CHECKING:
    from schema.live.streams import Stream

log = structlog.stdlib.get_logger()


@dataclass(slots=True)
class Counters:
    """What a hub has done since it began."""

    log_reads: int = 0
    executions: int = 0
    encodings: int = 0


@dataclass(frozen=True, slots=True)
class FrameBuilder:
    """What all groups of a hub make frames with."""

    schema: GraphQLSchema
    ports: Ports
    cursors: Cursors
    turns: Turns
    kept: FrameCache = field(default_factory=FrameCache)
    tally: Counters = field(default_factory=Counters)

    def forget_frames(self, organization: OrganizationId) -> None:
        """Nobody who comes back is shown again what was hidden since."""
        self.kept.forget(lambda key: isinstance(key, _Key) and key.organization == organization)


class _Key(NamedTuple):
    """Whose frame it is, and which event it shows."""

    organization: OrganizationId
    epoch: str
    group_key: GroupKey
    position: int


class Group:
    def __init__(
        self, builder: FrameBuilder, organization: OrganizationId, epoch: str, asked: Asked, actor: Actor
    ) -> None:
        self.group_key: GroupKey = asked.group_key(actor)
        self.members: set[Stream] = set()  # those who are live; who still catches up only borrows frames
        self.borrowers = 0
        self._builder = builder
        self._organization = organization
        self._epoch = epoch
        self._asked = asked
        self._actor = actor  # any of the group would do: nothing reachable from an event depends on who looks
        self._pushing: asyncio.Task[None] | None = None  # the last page, which waits for those before it
        self._to_push = 0  # events

    @property
    def is_pushing(self) -> bool:
        return self._pushing is not None and not self._pushing.done()

    def push(self, page: Sequence[LoggedEvent]) -> asyncio.Task[None]:
        """Give the members what of the page they asked for, each only what lies ahead of it, after earlier pages."""
        self._to_push += len(page)
        self._pushing = asyncio.create_task(self._push(page, self._pushing))
        if self._to_push > limits.PUSHED_EVENTS:
            for member in tuple(self.members):
                member.fall_behind()
        return self._pushing

    async def _push(self, page: Sequence[LoggedEvent], before: asyncio.Task[None] | None) -> None:
        try:
            if before is not None:
                await asyncio.wait([before])
            for logged in await self._wanted_whatever(page):
                await self._push_one(logged)
        finally:
            self._to_push -= len(page)

    async def _push_one(self, logged: LoggedEvent) -> None:
        if not self.members:
            return
        try:
            frame = await self.frame(logged)
        except TooSlowToShow:
            for member in tuple(self.members):
                member.cannot_have(logged.position)
        else:
            for member in tuple(self.members):
                member.deliver(frame)

    async def wanted(self, page: Sequence[LoggedEvent]) -> list[LoggedEvent]:
        """The events of a page the group asked for. Raises `Unavailable`."""
        question = self._asked.question
        maybe = [logged for logged in page if question.may_want(logged.event)]
        if not maybe or not question.looks_at_threads:
            return maybe
        ids = {id for logged in maybe if (id := thread_of(logged.event)) is not None}
        threads = await self._builder.ports.reader.by_ids(Thread, self._organization, ids) if ids else {}
        return [logged for logged in maybe if question.wants_of(logged.event, threads)]

    async def frame(self, logged: LoggedEvent) -> Frame:
        """The event as this group sees it; made once, however many ask. Raises `TooSlowToShow`."""
        key = _Key(self._organization, self._epoch, self.group_key, logged.position)
        return await self._builder.kept.frame(key, lambda: self._make(logged))

    async def _wanted_whatever(self, page: Sequence[LoggedEvent]) -> list[LoggedEvent]:
        """`wanted`, however long the store cannot answer: a page that was begun is not given up."""
        while self.members:
            try:
                return await self.wanted(page)
            except Unavailable as error:
                await asyncio.sleep(error.retry_after_s)
            except Exception:
                log.exception("live.filter_failed", position=page[0].position)
                await asyncio.sleep(limits.POLL_S)
        return []

    async def _make(self, logged: LoggedEvent) -> Frame:
        builder = self._builder
        cursor = builder.cursors.encode(self._organization, self._epoch, logged.position)
        answer = await self._answer(logged)
        for error in answer.errors:  # whoever reads it can tell which event it is about
            error["extensions"]["cursor"] = cursor
        builder.tally.encodings += 1
        return Frame(logged.position, cursor, encoded(answer, builder.ports.ids), whole=not answer.errors)

    async def _answer(self, logged: LoggedEvent) -> Answer:
        """The event, however long the store is away: that is waited for, and told to nobody.

        One event is not much, so where it takes too long the store is slow: that is waited for a minute or two. Raises
        `TooSlowToShow` then.
        """
        pauses = iter(limits.RENDER_PAUSES_S)
        while True:
            answer = await self._execute(logged)
            if answer.unavailable:
                await asyncio.sleep(answer.retry_after_s or limits.POLL_S)
            elif _took_too_long(answer):
                pause_s = next(pauses, None)
                if pause_s is None:
                    log.error("live.too_slow_to_show", organization=self._organization, position=logged.position)
                    raise TooSlowToShow
                await asyncio.sleep(pause_s)
            else:
                return answer

    async def _execute(self, logged: LoggedEvent) -> Answer:
        builder = self._builder
        builder.tally.executions += 1
        root = event_object(logged, self._organization, self._epoch)
        operation = Operation(self._asked.compiled, self._asked.variables, self._actor, root=root)
        return await run_alone(builder.schema, operation, builder.ports, builder.cursors, builder.turns)


def _took_too_long(answer: Answer) -> bool:
    return any(error["extensions"]["code"] == Code.TOO_COMPLEX for error in answer.errors)
