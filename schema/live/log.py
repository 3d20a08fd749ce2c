"""One organization's log as the hub follows it: read on when somebody says it moved, shared by all who listen."""

import asyncio
from collections.abc import Callable
from contextvars import Context

import structlog

from domain.errors import Unavailable
from domain.events import LoggedEvent, hides
from domain.ids import OrganizationId, ThreadId
from domain.people.actors import Actor
from domain.ports.reads import Head
from schema.engine import limits
from schema.live.groups import FrameBuilder, Group
from schema.live.questions import Asked, GroupKey
from schema.live.streams import Stream, expired

log = structlog.stdlib.get_logger()


class Log:
    """Followed from its first listener to its last."""

    def __init__(
        self, builder: FrameBuilder, organization: OrganizationId, head: Head, on_end: "Callable[[Log], None]"
    ) -> None:
        self.organization = organization
        self.epoch = head.epoch
        self.started = head.position  # the last position whose delivery has begun
        self._builder = builder
        self._on_end = on_end
        self._ended = False
        self._streams: set[Stream] = set()
        self._groups: dict[GroupKey, Group] = {}
        self._moved = asyncio.Event()
        self._tasks = (
            # In a context of their own: whoever listens first causes nothing of what they do later.
            asyncio.create_task(self._hear(), name=f"hints of {organization}", context=Context()),
            asyncio.create_task(self._follow(), name=f"log of {organization}", context=Context()),
        )

    # ---------------------------------------------------------------- for the hub

    def remember(self, stream: Stream) -> None:
        self._streams.add(stream)

    def notice(self, head: Head) -> None:
        """What a look at the counters found."""
        if head.epoch != self.epoch:
            self.end(expired())  # restored from a backup: positions mean something else now
        elif head.position > self.started:
            self._moved.set()

    def end(self, error: Exception) -> None:
        for stream in tuple(self._streams):
            stream.end(error)
        self._stop()

    # ---------------------------------------------------------------- for streams

    async def page(self, after: int, thread: ThreadId | None) -> list[LoggedEvent]:
        """The next events after a position, of one thread or of all. Raises `Unavailable`."""
        self._builder.tally.log_reads += 1
        return await self._builder.ports.reader.events(self.organization, after, limits.LOG_PAGE, thread)

    async def first_position(self) -> int:
        return await self._builder.ports.reader.first_position(self.organization)

    def group(self, asked: Asked, actor: Actor) -> Group:
        group_key = asked.group_key(actor)
        if group_key not in self._groups:
            self._groups[group_key] = Group(self._builder, self.organization, self.epoch, asked, actor)
        return self._groups[group_key]

    def tidy(self, group: Group) -> None:
        """Drop a group that nobody needs any more."""
        if not group.borrowers and self._groups.get(group.group_key) is group:
            del self._groups[group.group_key]

    def forget(self, stream: Stream) -> None:
        self._streams.discard(stream)
        if not self._streams:
            self._stop()

    # ---------------------------------------------------------------- following

    async def _hear(self) -> None:
        """Hints only say when to look, so losing them all costs half a second an event and nothing else."""
        while True:
            try:
                async with self._builder.ports.bus.listen(self.organization) as hints:
                    self._moved.set()  # for what was hinted before anybody listened
                    async for position in hints:
                        if not position or position > self.started:
                            self._moved.set()
            except Exception:
                log.exception("live.bus_failed", organization=self.organization)
            await asyncio.sleep(limits.POLL_S)

    async def _follow(self) -> None:
        while not self._ended:
            await self._moved.wait()
            self._moved.clear()
            try:
                await self._read_on()
            except Unavailable as error:
                await asyncio.sleep(error.retry_after_s)
                self._moved.set()
            except Exception:
                log.exception("live.log_failed", organization=self.organization)
                await asyncio.sleep(limits.POLL_S)
                self._moved.set()

    async def _read_on(self) -> None:
        while page := await self.page(self.started, None):
            if page[0].position != self.started + 1:
                self.end(expired())
                return
            self.started = page[-1].position
            if any(hides(logged.event) for logged in page):
                self._builder.forget_frames(self.organization)
            await self._push(page)
            if len(page) < limits.LOG_PAGE:
                return

    async def _push(self, page: list[LoggedEvent]) -> None:
        """To every group. One for which an event takes long holds up the others for a moment, and once."""
        busy = {group for group in self._groups.values() if group.is_pushing}
        pushes = {group: group.push(page) for group in tuple(self._groups.values()) if group.members}
        if waited_for := [push for group, push in pushes.items() if group not in busy]:
            await asyncio.wait(waited_for, timeout=limits.PUSH_S)

    def _stop(self) -> None:
        if self._ended:
            return
        self._ended = True
        self._builder.forget_frames(self.organization)  # from here on nobody notices what is hidden
        self._moved.set()  # the follower may be the one who found out: it ends by itself
        self._on_end(self)
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
