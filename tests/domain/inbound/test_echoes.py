"""What people of the business write in the phone's own app."""

from dataclasses import replace

import pytest

from domain.channels.channels import Destination
from domain.conversations.contents import MediaMessage, Removed, Text
from domain.conversations.messages import Direction
from domain.conversations.sessions import SessionState
from domain.conversations.status import MessageStatus
from domain.conversations.threads import ThreadStatus
from domain.events import MessageAdded, TicketChanged
from domain.files.media import Media
from domain.files.rules import MediaKind
from domain.ids import Wamid
from domain.people.actors import ByPhoneApp
from domain.tickets import TicketStatus
from domain.updates import IncomingMedia, Outcome
from domain.use_cases.desk.tickets import close_ticket
from tests.builders import HOUR, MINUTE
from tests.domain.one_desk import AGENT, Desk, granted, open_desk


@pytest.fixture
async def desk() -> Desk:
    return await open_desk()


async def test_an_echo_stands_in_the_thread_as_sent_by_the_phones_app(desk: Desk) -> None:
    question = await desk.wrote("Are you open?")
    update = desk.echo("Until six", reply_to=question.wamid)

    await desk.receive(update)

    echo = (await desk.messages())[-1]
    number = (await desk.channel()).phone_number
    assert (echo.direction, echo.author) == (Direction.OUTBOUND, ByPhoneApp(number))
    assert (echo.content, echo.status) == (Text("Until six"), MessageStatus.SENT)
    assert (echo.reply_to, echo.wamid, echo.original) == (question.id, update.wamid, "{}")
    assert (echo.from_number, echo.to_number) == (number, question.from_number)
    assert [mark.status for mark in await desk.marks(echo)] == [MessageStatus.SENT]


async def test_an_echo_is_never_sent_again_and_counts_nowhere(desk: Desk) -> None:
    await desk.wrote()
    desk.later(25 * HOUR)

    await desk.wrote_from_the_phone()

    assert await desk.dispatch_due() == []
    assert desk.network.sent == []
    assert await desk.entries() == []
    assert await desk.session_state() is SessionState.CLOSED


async def test_an_echo_to_a_stranger_makes_a_thread_without_session_or_ticket(desk: Desk) -> None:
    await desk.wrote_from_the_phone("Your bike is ready")

    thread = await desk.thread()
    assert (thread.session, thread.ticket, thread.unread_count) == (None, None, 0)
    assert thread.wa_id == (await desk.contact()).wa_id
    assert await desk.events() == [MessageAdded(thread.id, (await desk.messages())[0].id)]


async def test_the_answer_to_an_echo_opens_session_and_ticket_in_the_same_thread(desk: Desk) -> None:
    await desk.wrote_from_the_phone("Your bike is ready")
    desk.later(MINUTE)

    await desk.wrote("Thanks, coming")

    assert await desk.session_state() is SessionState.OPEN
    assert (await desk.ticket()).subject == "Thanks, coming"
    assert await desk.texts() == ["Your bike is ready", "Thanks, coming"]


async def test_an_echo_ends_the_contacts_wait(desk: Desk) -> None:
    await desk.wrote()
    head = await desk.head()

    echo = await desk.wrote_from_the_phone()

    ticket = await desk.ticket()
    assert ticket.status is TicketStatus.WAITING_ON_CONTACT
    assert await desk.events(head) == [
        TicketChanged(echo.thread, ticket.id, ("status",)),
        MessageAdded(echo.thread, echo.id),
    ]
    assert (await desk.history(ticket))[-1].by == echo.author
    assert (await desk.thread()).last_direction is Direction.OUTBOUND


async def test_an_echo_never_reopens(desk: Desk) -> None:
    await desk.wrote()
    granted(await close_ticket(desk.ports, AGENT, (await desk.ticket()).id))

    await desk.wrote_from_the_phone()

    assert (await desk.ticket()).status is TicketStatus.CLOSED
    assert (await desk.thread()).status is ThreadStatus.CLOSED


async def test_on_an_inbox_number_an_echo_stands_in_the_thread_too(desk: Desk) -> None:
    await desk.given(replace(await desk.channel(), destination=Destination.INBOX))
    await desk.wrote()

    await desk.wrote_from_the_phone("Hello back")

    assert await desk.texts() == ["Hello", "Hello back"]


async def test_an_echo_told_twice_stands_there_once(desk: Desk) -> None:
    records = await desk.receive(desk.echo(wamid="wamid.e1"), desk.echo(wamid="wamid.e1"))

    assert [record.outcome for record in records] == [Outcome.APPLIED, Outcome.DUPLICATE]
    assert len(await desk.messages()) == 1


async def test_an_echo_from_before_the_number_was_connected_is_ignored(desk: Desk) -> None:
    connected_at = (await desk.channel()).connected_at
    assert connected_at is not None

    [record] = await desk.receive(desk.echo(at=connected_at - HOUR))

    assert (record.outcome, record.reason) == (Outcome.IGNORED, "written before the number was connected")
    assert await desk.threads() == []


@pytest.mark.parametrize("mark_first", [True, False])
async def test_marks_apply_to_an_echo_whichever_comes_first(desk: Desk, mark_first: bool) -> None:
    echo = desk.echo(wamid="wamid.e1")
    mark = desk.status(MessageStatus.READ, wamid=Wamid("wamid.e1"))

    await desk.receive(*([mark, echo] if mark_first else [echo, mark]))

    message = await desk.message_of(echo.wamid)
    assert message.status is MessageStatus.READ
    assert sorted(each.status for each in await desk.marks(message)) == ["READ", "SENT"]


async def test_an_echo_can_be_changed_and_deleted_on_the_phone(desk: Desk) -> None:
    echo = await desk.wrote_from_the_phone("Until sicks")
    assert echo.wamid is not None
    desk.later(MINUTE)

    await desk.receive(desk.edit(echo.wamid, "Until six", echoed=True))
    assert (await desk.message_by_id(echo.id)).content == Text("Until six")
    desk.later(MINUTE)
    await desk.receive(desk.deletion(echo.wamid, echoed=True))

    gone = await desk.message_by_id(echo.id)
    assert isinstance(gone.content, Removed)
    assert [version.content for version in gone.versions] == [Text("Until sicks"), Text("Until six")]


async def test_a_file_sent_from_the_phone_is_fetched_as_one_that_came_in(desk: Desk) -> None:
    update = desk.echo(content=IncomingMedia(MediaKind.IMAGE, "610001", "image/jpeg", caption="Ready"))

    await desk.receive(update)

    content = (await desk.message_of(update.wamid)).content
    assert isinstance(content, MediaMessage)
    media = (await desk.ports.reader.by_ids(Media, (await desk.channel()).organization, [content.media]))[content.media]
    assert (media.network_id, content.caption) == ("610001", "Ready")
