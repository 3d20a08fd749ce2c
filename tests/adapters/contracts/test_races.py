"""What must be one is one, however many ask for it at the same instant; each race over every store."""

from collections import Counter

from domain.errors import ErrorCode, Refused
from domain.messages import Message
from domain.ports import Ports
from domain.use_cases.dispatch import dispatch
from domain.use_cases.send import SendTemplate, SendText, send_template, send_text
from tests.adapters.contracts.races import CALLERS, ROUNDS, Course
from tests.builders import ACME, DAY, TEMPLATE
from tests.domain.desk import AGENT, HELLO

KEYS = 12


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
    due = await course.desk.ports.store.due_sends(course.desk.clock.now(), 1000)
    assert len(due) == 1  # the first of its thread
    for each in sent:
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
