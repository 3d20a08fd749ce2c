"""What must be one is one, however many ask for it at the same instant; each race over every store."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from domain.conversations.messages import Message
from domain.conversations.status import MessageStatus
from domain.error_codes import ErrorCode
from domain.errors import Refused
from domain.ids import Wamid
from domain.outbound.pace import PAIR_EVERY
from domain.ports.bundle import Ports
from domain.use_cases.conversations.threads import MarkRead, close_thread, mark_read
from domain.use_cases.inbound.receive import receive
from domain.use_cases.marks import callback_of
from domain.use_cases.outbound.cancel import cancel
from domain.use_cases.outbound.leaving.dispatch import dispatch
from domain.use_cases.outbound.react import React, react
from domain.use_cases.outbound.sending.send import SendTemplate, SendText, send_template, send_text
from tests.adapters.contracts.races.races import CALLERS, ROUNDS, Course
from tests.builders import ACME, DAY, TEMPLATE
from tests.domain.one_desk import AGENT, HELLO
from tests.domain.standins import wamid_number
from tests.due import due_sends

KEYS = 12
TOLD = (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ)


# One idempotency key


async def test_one_key_of_many_callers_queues_one_message(course: Course) -> None:
    await course.desk.wrote()
    thread = (await course.desk.thread()).id

    for number in range(ROUNDS):

        async def send(ports: Ports, _: int, key: str = f"key-{number}") -> object:
            return await send_text(ports, AGENT, SendText(thread, "Good day", idempotency_key=key))

        answers = await course.run(send)
        assert len({answer.id for answer in answers if isinstance(answer, Message)}) == 1, answers

    sent = [each for each in await course.desk.messages() if each.direction == "OUTBOUND"]
    assert len(sent) == ROUNDS
    due = await due_sends(course.desk.ports.store, course.desk.clock.now(), 1000)
    assert len(due) == 1  # the first of its thread
    for each in sent:
        course.desk.later(PAIR_EVERY)  # the pace lets only so many leave at one instant
        await dispatch(course.processes[0], ACME, each.id)
    assert len(course.desk.network.sent) == ROUNDS
    log = await course.desk.events()
    assert Counter(type(event).__name__ for event in log)["MessageAdded"] == ROUNDS + 1


async def test_many_keys_of_two_callers_each_queue_one_message_each(course: Course) -> None:
    await course.desk.wrote()
    thread = (await course.desk.thread()).id

    async def send(ports: Ports, caller: int) -> object:
        return await send_text(ports, AGENT, SendText(thread, "Good day", idempotency_key=f"key-{caller // 2}"))

    answers = await course.run(send, 2 * KEYS)

    messages = [answer.id for answer in answers if isinstance(answer, Message)]
    assert messages[::2] == messages[1::2]
    assert len(set(messages)) == KEYS
    assert len(await course.desk.messages()) == 1 + KEYS


async def test_a_template_under_one_key_takes_one_conversation(course: Course) -> None:
    await course.desk.wrote()
    thread = (await course.desk.thread()).id
    course.desk.later(2 * DAY)

    for number in range(ROUNDS):

        async def send(ports: Ports, _: int, key: str = f"key-{number}") -> object:
            return await send_template(ports, AGENT, SendTemplate(thread, TEMPLATE, HELLO, idempotency_key=key))

        assert len({answer.id for answer in await course.run(send) if isinstance(answer, Message)}) == 1

    assert (await course.desk.period()).used == len(await course.desk.entries()) == ROUNDS


async def test_one_key_with_other_words_is_a_mismatch_for_all_but_those_who_said_what_was_said_first(
    course: Course,
) -> None:
    await course.desk.wrote()
    thread = (await course.desk.thread()).id

    for number in range(ROUNDS):

        async def send(ports: Ports, caller: int, key: str = f"key-{number}") -> object:
            return await send_text(ports, AGENT, SendText(thread, f"I am {caller % 2}", idempotency_key=key))

        answers = await course.run(send)

        sent = [answer for answer in answers if isinstance(answer, Message)]
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        assert len({message.id for message in sent}) == 1
        assert len(sent) == len(refused) == CALLERS // 2
        assert {refusal.code for refusal in refused} == {ErrorCode.IDEMPOTENCY_MISMATCH}


# One order of locks


async def test_those_who_touch_one_message_in_every_way_never_wait_for_each_other_both(course: Course) -> None:
    """Deadlocks end: PostgreSQL rolls one of them back after a second. In one order of locks there are none."""
    desk = course.desk
    for number in range(ROUNDS):
        written = await desk.wrote(f"Hello {number}")
        reply = await desk.reply("Good day")
        told = [desk.status(status, wamid=wamid_number(number + 1), callback=callback_of(reply)) for status in TOLD]
        ways: list[Callable[[Ports], Awaitable[object]]] = [
            lambda ports, id=written.id: react(ports, AGENT, React(id, "👍")),
            lambda ports, thread=written.thread: mark_read(ports, AGENT, MarkRead(thread)),
            lambda ports, id=reply.id: dispatch(ports, ACME, id),
            lambda ports, id=reply.id: cancel(ports, AGENT, id),
            lambda ports, updates=told: receive(ports, ACME, updates),
            lambda ports, wamid=written.wamid or "": receive(ports, ACME, [desk.reaction(Wamid(wamid))]),
            lambda ports, thread=written.thread: send_template(ports, AGENT, SendTemplate(thread, TEMPLATE, HELLO)),
            lambda ports, thread=written.thread: close_thread(ports, AGENT, thread),
        ]

        async def touch(
            ports: Ports, caller: int, ways: Sequence[Callable[[Ports], Awaitable[object]]] = ways
        ) -> object:
            return await ways[caller % len(ways)](ports)

        await course.run(touch)
    assert await course.deadlocks() == 0
