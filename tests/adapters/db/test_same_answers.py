"""One story told to a desk in memory, to one on SQLite and to one on PostgreSQL: all three answer and end the same."""

import random
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from adapters.db.database import Database, open_database
from adapters.memory import MemoryBus, MemoryDatabase
from domain.conversations.messages import Message
from domain.conversations.status import Failure, MessageStatus
from domain.ids import MessageId, Wamid
from domain.ports.network import NotSent, Rejected, Unanswered
from domain.updates import Update
from domain.use_cases.conversations.session_timers import fire_timers
from domain.use_cases.conversations.threads import MarkRead, close_thread, mark_read, reopen_thread
from domain.use_cases.desk.tickets import AssignTicket, assign_ticket, close_ticket
from domain.use_cases.marks import callback_of
from domain.use_cases.outbound.leaving.dispatch import give_up
from domain.use_cases.outbound.react import React, react
from domain.use_cases.outbound.sending.send import SendTemplate, SendText, send_template, send_text
from tests.builders import ACME, DAY, HOUR, MINUTE, TEMPLATE, USER, CountingIds, FixedClock, a_person
from tests.domain.one_desk import ADMIN, AGENT, ANA, HELLO, READER, Desk, desk_over
from tests.domain.standins import wamid_number
from tests.due import due_sends
from tests.peers.servers import Databases

STEPS: Final = 60
PEOPLE: Final = (ANA, a_person("5511987654321", profile_name="Bia"), a_person(None, business_scoped_id="BR.1"))
ACTORS: Final = (AGENT, AGENT, ADMIN, READER)
REPORTED: Final = (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ, MessageStatus.FAILED)
UNREACHABLE: Final = Failure("It can't be delivered to this number", "Reach the contact another way.", retryable=False)


@pytest.mark.parametrize("seed", range(4))
async def test_a_desk_answers_and_ends_the_same_wherever_it_is_kept(
    seed: int, migrated: Path, postgres: Databases, migrated_postgres: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        shutil.copy(migrated, tmp_path / "desk.db")
        on_server = await postgres.create(migrated_postgres)
        stack.push_async_callback(postgres.drop, on_server)
        desks = [
            await in_memory(),
            await stack.enter_async_context(kept_at(f"sqlite:///{tmp_path / 'desk.db'}")),
            await stack.enter_async_context(kept_at(on_server)),
        ]

        memory, sqlite, server = [await Story(desk, random.Random(seed)).told() for desk in desks]

    assert sqlite == memory
    assert server == memory


async def in_memory() -> Desk:
    clock, bus = FixedClock(), MemoryBus()
    return await desk_over(MemoryDatabase(clock, CountingIds(), bus), clock, CountingIds(), bus)


@asynccontextmanager
async def kept_at(url: str) -> AsyncGenerator[Desk]:
    clock, bus = FixedClock(), MemoryBus()
    database: Database = await open_database(url, clock, CountingIds(), bus)
    try:
        await database.start()
        yield await desk_over(database, clock, CountingIds(), bus)
    finally:
        await database.close()


class Story:
    """What happens is drawn from the chance alone and from what the desk shows: equal desks hear equal stories."""

    def __init__(self, desk: Desk, chance: random.Random) -> None:
        self._desk = desk
        self._chance = chance
        self._told: list[Update] = []
        self._heard: list[object] = []

    async def told(self) -> object:
        """Every answer, and all that can be seen at the end."""
        steps: tuple[Callable[[], Awaitable[object]], ...] = (
            *[self._written] * 4,
            *[self._answered] * 4,
            *[self._sent] * 3,
            *[self._reported] * 3,
            self._template,
            self._repeated,
            self._changed,
            self._echoed,
            self._reacted,
            self._read,
            self._closed,
            self._assigned,
            self._rung,
            self._time_passes,
        )
        for _ in range(STEPS):
            self._heard.append(await self._chance.choice(steps)())
        state = await self._desk.state()
        contacts = await self._desk.contacts()
        identities = await self._desk.ports.reader.identities_of(ACME, [each.id for each in contacts])
        due = await due_sends(self._desk.ports.store, self._desk.clock.now() + DAY, 100)
        histories = [await self._desk.history(ticket) for ticket in await self._desk.tickets()]
        unordered = {id: sorted(each, key=lambda one: one.key) for id, each in identities.items()}
        return self._heard, state, contacts, unordered, due, histories

    # What the network tells

    async def _written(self) -> object:
        late = self._chance.choice((timedelta(), timedelta(), MINUTE, 20 * HOUR, 3 * DAY, -HOUR))
        person = self._chance.choice(PEOPLE)
        quoted = self._chance.choice((None, None, Wamid("wamid.in-3"), Wamid("wamid.in-30")))
        at = self._desk.clock.now() - late
        return await self._receive(self._desk.message(by=person, at=at, reply_to=quoted))

    async def _echoed(self) -> object:
        return await self._receive(self._desk.echo(to=self._chance.choice(PEOPLE)))

    async def _changed(self) -> object:
        target = Wamid(f"wamid.in-{self._chance.randint(1, STEPS)}")
        change = self._chance.choice((self._desk.edit, self._desk.deletion, self._desk.reaction))
        return await self._receive(change(target))

    async def _reported(self) -> object:
        status = self._chance.choice(REPORTED)
        failure = UNREACHABLE if status is MessageStatus.FAILED else None
        at_all = 1 + len(self._desk.network.sent)
        wamid, callback = wamid_number(self._chance.randint(1, at_all)), None
        if (ours := await self._ours()) and self._chance.random() < 0.5:
            message = self._chance.choice(ours)
            wamid, callback = message.wamid or Wamid(f"wamid.late-{message.id}"), callback_of(message)
        return await self._receive(self._desk.status(status, wamid=wamid, callback=callback, failure=failure))

    async def _repeated(self) -> object:
        if not self._told:
            return None
        return await self._desk.receive(*self._chance.sample(self._told, min(3, len(self._told))))

    async def _receive(self, update: Update) -> object:
        self._told.append(update)
        return await self._desk.receive(update)

    # What people do

    async def _answered(self) -> object:
        if not (threads := await self._desk.threads()):
            return None
        asked = SendText(self._chance.choice(threads).id, "Good day", idempotency_key=self._chance.choice((None, "k")))
        return await send_text(self._desk.ports, self._chance.choice(ACTORS), asked)

    async def _template(self) -> object:
        if not (threads := await self._desk.threads()):
            return None
        asked = SendTemplate(self._chance.choice(threads).id, TEMPLATE, HELLO)
        return await send_template(self._desk.ports, AGENT, asked)

    async def _reacted(self) -> object:
        if not (messages := await self._all()):
            return None
        emoji = self._chance.choice(("👍", ""))
        return await react(self._desk.ports, AGENT, React(self._chance.choice(messages).id, emoji))

    async def _read(self) -> object:
        if not (threads := await self._desk.threads()):
            return None
        return await mark_read(self._desk.ports, AGENT, MarkRead(self._chance.choice(threads).id))

    async def _closed(self) -> object:
        if not (threads := await self._desk.threads()):
            return None
        thread = self._chance.choice(threads)
        if thread.ticket is not None and self._chance.random() < 0.5:
            return await close_ticket(self._desk.ports, AGENT, thread.ticket)
        change = self._chance.choice((close_thread, reopen_thread))
        return await change(self._desk.ports, AGENT, thread.id)

    async def _assigned(self) -> object:
        if not (tickets := await self._desk.tickets()):
            return None
        asked = AssignTicket(self._chance.choice(tickets).id, owner=self._chance.choice((USER, None)))
        return await assign_ticket(self._desk.ports, AGENT, asked)

    # What the worker does, and what the network answers

    async def _sent(self) -> object:
        answers = (NotSent("no way out"), Unanswered("silence"), Rejected(130429, "too fast"), Rejected(131026, "no"))
        if self._chance.random() < 0.4:
            self._desk.network.answers.append(self._chance.choice(answers))
        return await self._desk.dispatch_due()

    async def _rung(self) -> object:
        now = self._desk.clock.now()
        due = await self._desk.ports.store.due_alarms(now, 100)
        lost = await self._desk.ports.store.lost_sends(now, 100)
        for organization, thread in due:
            await fire_timers(self._desk.ports, organization, thread)
        for organization, message in lost:
            await give_up(self._desk.ports, organization, message)
        return due, lost, await self._desk.ports.store.next_due(now)

    async def _time_passes(self) -> object:
        return self._desk.later(self._chance.choice((MINUTE, HOUR, 7 * HOUR, DAY, 3 * DAY)))

    async def _all(self) -> list[Message]:
        found: dict[MessageId, Message] = (await self._desk.state()).messages
        return [found[id] for id in sorted(found)]

    async def _ours(self) -> list[Message]:
        return [each for each in await self._all() if each.attempts]
