"""Hints between processes, over Redis: publish and subscribe, and nothing that anybody relies on.

Within the process a hint arrives at once and without Redis. Others hear it as long as Redis is there; while it is not,
they find out by looking, as they do every half second. So nothing here blocks, and nothing here fails: what could not
be said is counted and forgotten.

A process proves its two connections, the one it speaks on and the one it hears on, by hearing itself once a second.
When it does not, both are opened anew. Whoever begins to hear a topic, also after an outage, is told to look.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from adapters.bus import MemoryBus
from adapters.redis.address import RedisAddress
from adapters.redis.link import Command, Denied, Link, RedisAway, RedisRefused, Reply, connected, keep_open

BEAT_EVERY_S: Final = 1.0
SILENCE_S: Final = 3.0  # three beats
TOPICS_WAITING_MAX: Final = 10_000
TOGETHER_MAX: Final = 500
OPENED_WITHIN_S: Final = 1.5
POSITION_DIGITS_MAX: Final = 18

log = structlog.stdlib.get_logger()


@dataclass(slots=True)
class BusTally:
    """Since the start."""

    published: int = 0
    dropped: int = 0  # too many topics waited
    failed: int = 0  # Redis went away over them, or would not take them
    heard: int = 0  # from other processes
    strange: int = 0  # not ours, or not whole
    connected: int = 0


class RedisBus:
    """`namespace` keeps desks on one Redis apart. Hints have to come from the event loop's own thread."""

    def __init__(self, address: RedisAddress, namespace: str = "deskline") -> None:
        self.tally = BusTally()
        self._address = address
        self._local = MemoryBus()
        self._me = secrets.token_hex(8)
        # Redis's numbered databases share their channels. The topic is the hash tag of its channel.
        self._prefix = f"{namespace}:{address.database}:"
        self._beat = self._channel(f"beat-{self._me}")
        self._listeners: Counter[str] = Counter()
        self._heard_topics: dict[bytes, str] = {}  # by channel, as Redis was last asked for
        self._waiting: dict[str, int] = {}
        self._spoken = asyncio.Event()
        self._listened = asyncio.Event()
        self._settled = asyncio.Event()
        self._fault: Exception | None = None
        self._heard_itself = False
        self._heard_at = 0.0

    @property
    def healthy(self) -> bool:
        """Whether hints pass through Redis now, both ways."""
        return self._heard_itself

    def hint(self, topic: str, position: int = 0) -> None:
        self._local.hint(topic, position)
        if topic not in self._waiting and len(self._waiting) >= TOPICS_WAITING_MAX:
            self.tally.dropped += 1
            return
        self._waiting[topic] = max(position, self._waiting.get(topic, 0))
        self._spoken.set()

    @asynccontextmanager
    async def listen(self, topic: str) -> AsyncGenerator[AsyncIterator[int], None]:
        async with self._local.listen(topic) as hints:
            self._listeners[topic] += 1
            self._listened.set()
            try:
                yield hints
            finally:
                self._listeners[topic] -= 1
                if not self._listeners[topic]:
                    del self._listeners[topic]
                    self._listened.set()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["RedisBus"]:
        """Hints pass through Redis while this is open and Redis is there.

        Raises RedisRefused where Redis answers that it will not have us. One that is away is no reason not to start.
        """
        task = asyncio.create_task(keep_open(self._serve, self._failed), name="redis bus")
        try:
            try:
                async with asyncio.timeout(OPENED_WITHIN_S):
                    await self._settled.wait()
            except TimeoutError:
                self._failed(RedisAway("no answer in time"))
            if isinstance(self._fault, RedisRefused):
                raise self._fault
            yield self
        finally:
            task.cancel()
            await asyncio.wait([task])
            self._heard_itself = False

    # ---------------------------------------------------------------- two connections

    async def _serve(self, turn: int) -> None:
        async with connected(self._address, turn) as mouth, connected(self._address, turn) as ear:
            await self._begin(ear)
            tasks = [
                asyncio.create_task(self._speak(mouth)),
                asyncio.create_task(self._hear(ear)),
                asyncio.create_task(self._attend(ear)),
            ]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            finally:
                for task in tasks:
                    task.cancel()
                faults = await asyncio.gather(*tasks, return_exceptions=True)
        raise next(fault for fault in faults if isinstance(fault, Exception))

    def _failed(self, fault: Exception) -> None:
        known, self._fault = self._fault, fault
        self._heard_itself = False
        self._settled.set()
        if known is None:
            log.warning("redis.away", reason=str(fault), effect="hints stay within the process")

    def _proven(self) -> None:
        known, self._fault = self._fault, None
        self._heard_itself = True
        self._heard_at = asyncio.get_running_loop().time()
        self._settled.set()
        if known is not None:
            log.info("redis.back")

    # ---------------------------------------------------------------- speaking

    async def _speak(self, mouth: Link) -> None:
        clock = asyncio.get_running_loop().time
        next_beat = clock()
        while True:
            said = self._take()
            commands = [self._publication(topic, position) for topic, position in said]
            if clock() >= next_beat:
                commands.append(("PUBLISH", self._beat, f"{self._me} 0"))
                next_beat = clock() + BEAT_EVERY_S
            if commands:
                await self._publish(mouth, commands, len(said))
            if not self._waiting:
                await _set_within(self._spoken, next_beat - clock())

    def _take(self) -> list[tuple[str, int]]:
        self._spoken.clear()
        if len(self._waiting) <= TOGETHER_MAX:
            said, self._waiting = list(self._waiting.items()), {}
            return said
        return [(topic, self._waiting.pop(topic)) for topic in list(self._waiting)[:TOGETHER_MAX]]

    async def _publish(self, mouth: Link, commands: list[Command], hints: int) -> None:
        try:
            replies = await mouth.ask(*commands)
        except (RedisAway, RedisRefused):
            self.tally.failed += hints
            raise
        refused = [reply for reply in replies[:hints] if isinstance(reply, Denied)]
        self.tally.failed += len(refused)
        self.tally.published += hints - len(refused)
        for reply in replies:
            if isinstance(reply, Denied):
                raise RedisAway(f"Redis does not publish: {reply.reason}")

    def _publication(self, topic: str, position: int) -> Command:
        return ("PUBLISH", self._channel(topic), f"{self._me} {position}")

    def _channel(self, topic: str) -> bytes:
        return f"{self._prefix}{{{topic}}}".encode()

    # ---------------------------------------------------------------- hearing

    async def _begin(self, ear: Link) -> None:
        """Returns when what this process says would come back to it."""
        self._heard_topics = self._wanted()
        await ear.tell("SUBSCRIBE", self._beat, *self._heard_topics)
        self._take_in(await ear.hear(SILENCE_S))
        self._heard_at = asyncio.get_running_loop().time()
        self.tally.connected += 1

    async def _hear(self, ear: Link) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            self._take_in(await ear.hear(SILENCE_S))
            # Others may be heard while we are not: then the two connections lead to different places.
            if clock() - self._heard_at > SILENCE_S:
                raise RedisAway("what this process says does not come back to it")

    async def _attend(self, ear: Link) -> None:
        """Ask Redis for what is listened to, and for no more."""
        while True:
            await self._listened.wait()
            self._listened.clear()
            before, self._heard_topics = self._heard_topics, self._wanted()
            await _tell_each(ear, "SUBSCRIBE", self._heard_topics.keys() - before.keys())
            await _tell_each(ear, "UNSUBSCRIBE", before.keys() - self._heard_topics.keys())

    def _wanted(self) -> dict[bytes, str]:
        return {self._channel(topic): topic for topic in self._listeners}

    def _take_in(self, reply: Reply) -> None:
        match reply:
            case [b"message", self._beat, _]:
                self._proven()
            case [b"message", bytes(channel), bytes(words)]:
                self._take_in_hint(channel, words)
            case [b"subscribe", bytes(channel), _]:
                # What was said before this moment nobody heard.
                if topic := self._heard_topics.get(channel):
                    self._local.hint(topic)
            case [b"unsubscribe", *_]:
                pass
            case Denied(reason=reason):
                raise RedisAway(f"Redis lets us hear nothing: {reason}")
            case _:
                self.tally.strange += 1

    def _take_in_hint(self, channel: bytes, words: bytes) -> None:
        topic = self._heard_topics.get(channel)
        match words.split(b" "):
            case [sender, position] if position.isdigit() and len(position) <= POSITION_DIGITS_MAX:
                if topic is not None and sender != self._me.encode():
                    self.tally.heard += 1
                    self._local.hint(topic, int(position))
            case _:
                self.tally.strange += 1


async def _tell_each(ear: Link, word: str, channels: Iterable[bytes]) -> None:
    if names := list(channels):
        await ear.tell(word, *names)


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(seconds, 0)):
            await event.wait()
    except TimeoutError:
        pass
