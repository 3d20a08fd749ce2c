"""News of a message that come in the instant in which the network's answer makes it known: none waits for ever."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from domain.conversations.messages import Message
from domain.conversations.status import MessageStatus
from domain.ids import MessageId, ThreadId, Wamid
from domain.ports.bundle import Ports
from domain.ports.network import Accepted, Outgoing, SendResult
from domain.ports.reads import PageAsk
from domain.updates import Update
from domain.use_cases.inbound.receive import receive
from domain.use_cases.marks import read_callback
from domain.use_cases.outbound.leaving.dispatch import dispatch
from domain.use_cases.outbound.sending.send import SendText, send_text
from tests.adapters.contracts.races.races import CALLERS, ROUNDS, Course
from tests.builders import ACME, DAY, a_person
from tests.domain.one_desk import AGENT, Desk, granted
from tests.domain.standins import Network

SECOND = timedelta(seconds=1)
PEOPLE = [a_person(f"48600100{number:03}") for number in range(CALLERS)]


@dataclass(slots=True)
class Answering(Network):
    """A network whose ids can be told beforehand, and that says when it has answered."""

    answered: dict[MessageId, asyncio.Event] = field(default_factory=dict[MessageId, asyncio.Event])

    async def send(self, token: str, outgoing: Outgoing) -> SendResult:
        named = read_callback(outgoing.callback)
        assert named is not None
        self.answered[named[0]].set()
        return Accepted(wamid_of(named[0]))


def wamid_of(message: MessageId) -> Wamid:
    return Wamid(f"wamid.of-{message}")


async def test_what_meets_the_networks_answer_is_seen_on_the_message(course: Course) -> None:
    desk, chance, network = course.desk, random.Random(4), Answering()
    processes = [replace(ports, network=network) for ports in course.processes]
    here = replace(course, processes=processes)
    await receive(processes[0], ACME, [desk.message(by=person, wamid=f"hello-{person.wa_id}") for person in PEOPLE])
    threads = [each.id for each in await desk.threads()]

    for _ in range(ROUNDS):
        queued = [await _queued(processes[0], thread) for thread in threads]
        network.answered = {message.id: asyncio.Event() for message in queued}
        news = [KINDS[number % len(KINDS)][0](desk, message) for number, message in enumerate(queued)]

        async def call(ports: Ports, caller: int, queued: list[Message] = queued, news: list[Update] = news) -> None:
            message, left = queued[caller // 2].id, network.answered[queued[caller // 2].id]
            if caller % 2:
                await left.wait()
                for _ in range(chance.randrange(60)):
                    await asyncio.sleep(0)
                await receive(ports, ACME, [news[caller // 2]])
            while not left.is_set():
                await dispatch(ports, ACME, message)
                desk.clock.advance(SECOND)

        await here.run(call, 2 * CALLERS)

        async with processes[0].store.transaction(ACME) as tx:
            assert await tx.parked_before(desk.clock.now() + DAY, 1000) == []
            found = await tx.messages([message.id for message in queued])
        replies = {each.reply_to for thread in threads for each in await _shown(processes[0], thread)}
        for number, message in enumerate(queued):
            assert KINDS[number % len(KINDS)][1](found[message.id], replies), (number % len(KINDS), found[message.id])


async def _queued(ports: Ports, thread: ThreadId) -> Message:
    return granted(await send_text(ports, AGENT, SendText(thread, "Good day")))


async def _shown(ports: Ports, thread: ThreadId) -> list[Message]:
    return (await ports.reader.messages(ACME, thread, PageAsk(20, from_end=True))).rows


def _reply(desk: Desk, message: Message) -> Update:
    person = next(person for person in PEOPLE if f"+{person.wa_id}" == message.to_number)
    return desk.message("As you said", by=person, reply_to=wamid_of(message.id), wamid=f"reply-{message.id}")


KINDS: list[tuple[Callable[[Desk, Message], Update], Callable[[Message, set[MessageId | None]], bool]]] = [
    (lambda desk, message: desk.reaction(wamid_of(message.id)), lambda seen, _: bool(seen.shown_reactions)),
    (
        lambda desk, message: desk.status(MessageStatus.DELIVERED, wamid=wamid_of(message.id)),
        lambda seen, _: seen.status is MessageStatus.DELIVERED,
    ),
    (
        lambda desk, message: desk.deletion(wamid_of(message.id), echoed=True),
        lambda seen, _: seen.deleted_at is not None,
    ),
    (lambda desk, message: desk.edit(wamid_of(message.id), echoed=True), lambda seen, _: len(seen.versions) > 0),
    (_reply, lambda seen, replies: seen.id in replies),
]
"""What may be told of a message of ours, and how one sees that it was."""
