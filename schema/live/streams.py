"""One listener's stream: the log from its place to the head, then live. Every wanted event once, in order."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from domain.errors import Unavailable
from domain.events import LoggedEvent
from domain.people.actors import Actor
from schema.engine import limits
from schema.engine.api_error import ApiError, Code
from schema.live.frames import Frame
from schema.live.questions import Asked

if TYPE_CHECKING:
    from schema.live.groups import Group
    from schema.live.log import Log


class SlowConsumer(Exception):
    """More waits for this reader than is kept for one; it goes on from its last cursor."""


class TooSlowToShow(Exception):
    """One event took too long to be shown, again and again; it goes on from its last cursor, with that event."""


class HubStopped(Exception):
    """The hub stops; another one goes on from the last cursor."""


def expired() -> ApiError:
    return ApiError(
        Code.CURSOR_EXPIRED, "The log no longer reaches back to this cursor. Read again, then subscribe from there."
    )


class Stream:
    """An async iterator of frames. It ends by raising `ApiError`, `SlowConsumer`, `TooSlowToShow` or `HubStopped`, or
    by `aclose`.

    While it catches up, it reads pages of the log at its reader's own pace and nothing piles up. Once it stands where
    the log stands, it joins its group, and what its reader has not taken yet waits here, bounded.
    """

    def __init__(
        self, log: "Log", asked: Asked, actor: Actor, position: int, on_slow: Callable[[], None] | None = None
    ) -> None:
        self.handed = position  # the last position its reader was given
        self._log = log
        self._asked = asked
        self._actor = actor
        self._on_slow = on_slow
        self._group: Group | None = None
        self._live = False
        self._position = position  # everything up to here was passed, handed over or not
        self._page: deque[LoggedEvent] = deque()
        self._page_end = position
        self._waiting: deque[Frame] = deque()
        self._waiting_bytes = 0
        self._awake = asyncio.Event()
        self._end: Exception | None = None

    def __aiter__(self) -> "Stream":
        return self

    async def __anext__(self) -> Frame:
        while True:
            if self._end is not None:
                raise self._end
            if self._waiting:
                return self._taken()
            if self._live:
                self._awake.clear()
                await self._awake.wait()
            elif self._page:
                frame = await self._next_of_page()
                if frame is not None:
                    return frame
            else:
                await self._come_closer()

    def deliver(self, frame: Frame) -> None:
        """A live frame. One that lies behind was handed over while catching up."""
        if frame.position <= self._position or self._end is not None:
            return
        self._position = frame.position
        self._waiting.append(frame)
        self._waiting_bytes += len(frame.payload)
        if len(self._waiting) > limits.WAITING_FRAMES or self._waiting_bytes > limits.WAITING_BYTES:
            self.end(SlowConsumer())
            if self._on_slow is not None:
                self._on_slow()
        self._awake.set()

    def act_as(self, actor: Actor) -> None:
        """Go on with these rights, from the last frame handed over; what waits was made with the old ones."""
        same = self._group is not None and self._asked.group_key(actor) == self._group.group_key
        self._actor = actor
        if not same:
            self.fall_behind()

    def fall_behind(self) -> None:
        """Read the log by itself again, from the last frame handed over."""
        self._leave()
        self._position = self._page_end = self.handed
        self._awake.set()

    def cannot_have(self, position: int) -> None:
        """The live event there could not be shown."""
        if position > self._position:
            self.end(TooSlowToShow())

    def end(self, error: Exception) -> None:
        """Hand over nothing more; whoever waits for the next frame gets the error."""
        if self._end is None:
            self._end = error
        self._leave()
        self._awake.set()

    async def aclose(self) -> None:
        self.end(HubStopped())
        self._log.forget(self)

    def _taken(self) -> Frame:
        frame = self._waiting.popleft()
        self._waiting_bytes -= len(frame.payload)
        self.handed = frame.position
        return frame

    async def _next_of_page(self) -> Frame | None:
        group, logged = self._joined_group(), self._page[0]
        frame = await group.frame(logged)
        if group is not self._group or self._end is not None:
            return None  # the rights changed meanwhile: this frame is not for these eyes
        self._page.popleft()
        self._position = self.handed = logged.position
        return frame

    async def _come_closer(self) -> None:
        """Join the group where the log stands, or read the next page of it."""
        self._position = max(self._position, self._page_end)
        group = self._joined_group()
        if self._position >= self._log.started:
            group.members.add(self)  # and no await since the line before: no event can fall between
            self._live = True
            return
        try:
            await self._read_page(group)
        except Unavailable as error:
            await asyncio.sleep(error.retry_after_s)

    async def _read_page(self, group: "Group") -> None:
        began_at, target = self._position, self._log.started
        page = await self._log.page(began_at, self._asked.question.thread)
        whole = bool(page) and page[0].position == began_at + 1
        if not whole and await self._log.first_position() > began_at + 1:
            self.end(expired())
            return
        wanted = await group.wanted(page)
        if group is not self._group:
            return
        self._page.extend(wanted)
        self._page_end = page[-1].position if len(page) == limits.LOG_PAGE else max(target, began_at, *_last(page))

    def _joined_group(self) -> "Group":
        if self._group is None:
            self._group = self._log.group(self._asked, self._actor)
            self._group.borrowers += 1
        return self._group

    def _leave(self) -> None:
        self._live = False
        self._page.clear()
        self._waiting.clear()
        self._waiting_bytes = 0
        if self._group is not None:
            self._group.members.discard(self)
            self._group.borrowers -= 1
            self._log.tidy(self._group)
            self._group = None


def _last(page: list[LoggedEvent]) -> list[int]:
    return [page[-1].position] if page else []
