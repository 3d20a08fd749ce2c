"""What changed a message that never came is shown once, however many workers find it due in the same instant."""

from domain.conversations.contents import Text
from domain.conversations.status import MessageStatus
from domain.ids import Wamid
from domain.ports.bundle import Ports
from domain.ports.network import Accepted, Outgoing
from domain.updates import EditReceived, ParkedUpdate
from domain.use_cases.inbound.receive import receive
from domain.use_cases.inbound.unmatched import DELETED, show_unmatched
from domain.use_cases.marks import callback_of
from tests.adapters.contracts.races.races import CALLERS, ROUNDS, Course
from tests.builders import ACME, MINUTE


async def test_each_is_shown_once_also_where_all_workers_meet_it(course: Course) -> None:
    desk, store = course.desk, course.processes[0].store
    await receive(course.processes[0], ACME, [desk.message("Hello", wamid="wamid.hello")])
    words = [Text("Hello")]
    for number in range(ROUNDS):
        never, gone = Wamid(f"wamid.never-{number}"), Wamid(f"wamid.gone-{number}")
        edits = [desk.edit(never, f"Cancel {number}.{place}") for place in range(2)]
        await receive(course.processes[0], ACME, [*edits, desk.deletion(gone)])
        desk.clock.advance(MINUTE)
        due = await store.due_parked(desk.clock.now(), 10)
        assert len(due) == 3
        told_again = [desk.edit(never, f"Cancel {number}.1", at=edits[1].sent_at) for _ in range(CALLERS // 4)]

        async def call(
            ports: Ports, caller: int, due: list[ParkedUpdate] = due, told_again: list[EditReceived] = told_again
        ) -> None:
            if caller % 4 == 3:
                await receive(ports, ACME, [told_again[caller]])
            else:
                await show_unmatched(ports, due[caller % 3])

        await course.run(call, CALLERS // 4)

        words.append(Text(f"Cancel {number}.1"))
        shown = [message.content for message in await desk.messages()]
        assert [each for each in shown if isinstance(each, Text)] == words
        assert shown.count(DELETED) == number + 1
        assert await store.due_parked(desk.clock.now(), 10) == []
    assert (await desk.thread()).unread_count == 1 + 2 * ROUNDS


async def test_an_edit_that_takes_the_id_of_a_send_on_its_way_stops_neither_its_answer_nor_its_marks(
    course: Course,
) -> None:
    """One id is one message's, wherever the desk is kept: who has it keeps it, and the send goes by its callback."""
    desk, taken = course.desk, Wamid("wamid.taken")
    await desk.wrote("Hello")
    desk.network.answers.append(Accepted(taken))

    async def meanwhile(_: Outgoing) -> None:
        await desk.receive(desk.edit(taken, "Cancel"))
        desk.clock.advance(MINUTE)
        (waiting,) = await desk.ports.store.due_parked(desk.clock.now(), 10)
        assert await show_unmatched(desk.ports, waiting)

    desk.network.meanwhile = meanwhile
    reply = await desk.dispatch(await desk.reply("Good day"))

    assert (reply.status, reply.wamid, reply.attempts[0].wamid) == (MessageStatus.SENT, None, taken)
    delivered = desk.status(MessageStatus.DELIVERED, wamid=taken, callback=callback_of(reply))
    await desk.receive(delivered)
    assert (await desk.message_by_id(reply.id)).status is MessageStatus.DELIVERED
    assert (await desk.message_of(taken)).content == Text("Cancel")
