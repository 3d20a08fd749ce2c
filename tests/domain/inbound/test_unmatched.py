"""What changes a message that never came: after a minute somebody reads of it, once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.channels.channels import ChannelState, Destination
from domain.conversations.contents import Removed, Text, Unsupported
from domain.conversations.messages import Direction, Message, Version
from domain.conversations.sessions import SessionState
from domain.conversations.status import MessageStatus
from domain.conversations.versions import WORDS_BEFORE
from domain.events import MessageAdded, MessageChange, MessageChanged
from domain.ids import Wamid
from domain.ports.network import Accepted, Outgoing, Unanswered
from domain.tickets import TicketStatus
from domain.updates import SHOWN_AFTER, Outcome
from domain.use_cases.inbound.receive import receive
from domain.use_cases.inbound.unmatched import DELETED, REACTED, UNREACTED, show_unmatched
from domain.use_cases.marks import callback_of
from domain.use_cases.moderation.retention import forget_parked
from tests.builders import ACME, HOUR, MINUTE, NUMBER
from tests.domain.one_desk import Desk, open_desk

BEFORE_US = Wamid("wamid.before-us")
TICK = timedelta(seconds=1)


@pytest.fixture
async def desk() -> Desk:
    return await open_desk()


async def show_due(desk: Desk) -> int:
    """One turn of the worker; how many of what was due left something to see."""
    due = await desk.ports.store.due_parked(desk.clock.now(), 100)
    return sum([await show_unmatched(desk.ports, each) for each in due])


async def contents(desk: Desk) -> list[object]:
    return [message.content for message in await desk.messages()]


# Edits


async def test_an_edit_of_a_message_that_never_came_is_read_as_a_message_with_the_new_words(desk: Desk) -> None:
    edit = desk.edit(BEFORE_US, "Please cancel my order")
    [record] = await desk.receive(edit)
    assert record.outcome is Outcome.PARKED
    desk.later(SHOWN_AFTER - TICK)
    assert await show_due(desk) == 0
    assert await desk.threads() == []

    desk.later(TICK)
    assert await show_due(desk) == 1

    [message] = await desk.messages()
    assert message.content == Text("Please cancel my order")
    assert (message.wamid, message.direction, message.status) == (
        BEFORE_US,
        Direction.INBOUND,
        MessageStatus.RECEIVED,
    )
    assert (message.at, message.edited_at) == (edit.sent_at, edit.sent_at)
    assert message.versions == (Version(WORDS_BEFORE, message.at),)
    thread, ticket = await desk.thread(), await desk.ticket()
    assert (thread.unread_count, thread.last_message, thread.session) == (1, message.id, None)
    assert await desk.session_state() is SessionState.NEVER_OPENED
    assert (ticket.subject, ticket.status) == ("Please cancel my order", TicketStatus.NEW)
    assert MessageAdded(thread.id, message.id) in await desk.events()
    [again] = await desk.receive(edit)
    assert again.outcome is Outcome.PARKED


async def test_nothing_is_shown_twice(desk: Desk) -> None:
    edit = desk.edit(BEFORE_US, "Cancel")
    await desk.receive(edit)
    desk.later(MINUTE)
    [waiting] = await desk.ports.store.due_parked(desk.clock.now(), 10)

    assert await show_unmatched(desk.ports, waiting)
    assert not await show_unmatched(desk.ports, waiting)  # another worker found it, too

    await receive(desk.ports, ACME, [edit, replace(edit, place=desk.place())])
    assert await show_due(desk) == 0
    assert await desk.texts() == ["Cancel"]


async def test_an_edit_that_only_overtook_its_message_is_no_message_of_its_own(desk: Desk) -> None:
    await desk.receive(desk.edit(BEFORE_US, "Better"))
    await desk.receive(desk.message("Wrong", wamid=BEFORE_US))
    desk.later(HOUR)

    assert await show_due(desk) == 0
    assert await desk.texts() == ["Better"]


async def test_an_edit_joins_the_thread_and_the_ticket_that_are_here(desk: Desk) -> None:
    hello = await desk.wrote("Hello")
    before = await desk.thread()
    desk.later(HOUR)
    await desk.receive(desk.edit(BEFORE_US, "Cancel"))
    desk.later(MINUTE)

    assert await show_due(desk) == 1

    thread, ticket = await desk.thread(), await desk.ticket()
    assert thread.unread_count == 2
    assert thread.session == before.session  # an edit neither opens nor extends one
    assert (ticket.subject, ticket.status) == ("Hello", TicketStatus.NEW)
    assert [message.content for message in await desk.messages(hello.thread)] == [Text("Hello"), Text("Cancel")]


async def test_on_an_inbox_number_an_edit_makes_a_thread_and_no_ticket(desk: Desk) -> None:
    await desk.given(replace(await desk.channel(), destination=Destination.INBOX))
    await desk.receive(desk.edit(BEFORE_US, "Cancel"))
    desk.later(MINUTE)

    assert await show_due(desk) == 1
    assert (await desk.texts(), await desk.tickets()) == (["Cancel"], [])


@pytest.mark.parametrize("turned", [False, True])
async def test_several_edits_become_one_message_that_says_the_last(desk: Desk, turned: bool) -> None:
    now = desk.clock.now()
    desk.later(MINUTE)
    edits = [desk.edit(BEFORE_US, "First", at=now), desk.edit(BEFORE_US, "Second", at=now + TICK)]
    await desk.receive(*(reversed(edits) if turned else edits))
    desk.later(MINUTE)
    await show_due(desk)
    assert await desk.texts() == ["Second"]

    await desk.receive(desk.edit(BEFORE_US, "Third"))
    await desk.receive(desk.edit(BEFORE_US, "Between", at=now + TICK / 2))

    [message] = await desk.messages()
    said = [version.content for version in message.versions]
    assert message.content == Text("Third")
    assert {Text("First"), Text("Between"), Text("Second")} < set(said)
    assert said[0] == WORDS_BEFORE


async def test_reactions_replies_and_deletions_find_the_message_that_an_edit_made(desk: Desk) -> None:
    await desk.receive(desk.edit(BEFORE_US, "Cancel"), desk.reaction(BEFORE_US, "👍"))
    reply = desk.message("As I said", reply_to=BEFORE_US)
    await desk.receive(reply)
    desk.later(MINUTE)
    await show_due(desk)

    shown = await desk.message_of(BEFORE_US)
    assert [each.emoji for each in shown.shown_reactions] == ["👍"]
    assert (await desk.message_of(reply.wamid)).reply_to == shown.id

    await desk.receive(desk.deletion(BEFORE_US))
    gone = await desk.message_of(BEFORE_US)
    assert (gone.id, type(gone.content)) == (shown.id, Removed)


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_message_that_comes_late_after_all_fills_in_what_was_said_before(desk: Desk, deleted: bool) -> None:
    written_at = desk.clock.now()
    desk.later(MINUTE)
    edit = desk.edit(BEFORE_US, "Two, please")
    await desk.receive(edit)
    desk.later(MINUTE)
    await show_due(desk)
    if deleted:
        await desk.receive(desk.deletion(BEFORE_US))
    shown, head = await desk.message_of(BEFORE_US), await desk.head()

    late = desk.message("One, please", wamid=BEFORE_US, at=written_at)
    [record] = await desk.receive(late)
    [again] = await desk.receive(replace(late, place=desk.place()))

    message, thread = await desk.message_of(BEFORE_US), await desk.thread()
    assert (record.outcome, again.outcome) == (Outcome.APPLIED, Outcome.DUPLICATE)
    assert (message.id, message.content, message.deleted_at) == (shown.id, shown.content, shown.deleted_at)
    assert message.versions[0] == Version(Text("One, please"), edit.sent_at or written_at)
    assert (message.at, thread.unread_count) == (written_at, 1)
    assert thread.session is not None
    assert thread.session.opened_at == written_at
    assert MessageChanged(thread.id, message.id, MessageChange.EDIT) in await desk.events(head)
    assert len(await desk.tickets()) == 1


async def test_an_edit_is_judged_by_the_content_policy(desk: Desk) -> None:
    await desk.given(replace(await desk.organization(), blocked_links=("evil.example",)))
    await desk.receive(desk.edit(BEFORE_US, "see https://evil.example/now"))
    desk.later(MINUTE)
    await show_due(desk)

    message, ticket = await desk.message_of(BEFORE_US), await desk.ticket()
    assert message.is_quarantined
    assert "evil" not in ticket.subject


# Deletions and reactions


@pytest.mark.parametrize(("kind", "seen"), [("deletion", DELETED), ("reaction", REACTED), ("taken back", UNREACTED)])
async def test_a_deletion_or_reaction_leaves_a_line_in_the_thread_that_is_here(
    desk: Desk, kind: str, seen: Unsupported
) -> None:
    await desk.wrote("Hello")
    update = {
        "deletion": desk.deletion(BEFORE_US),
        "reaction": desk.reaction(BEFORE_US, "👍"),
        "taken back": desk.reaction(BEFORE_US, None),
    }[kind]
    await desk.receive(update)
    desk.later(MINUTE)

    assert await show_due(desk) == 1
    assert await show_due(desk) == 0

    trace = await desk.message_of(update.wamid)
    assert trace.content == seen
    assert await contents(desk) == [Text("Hello"), seen]
    assert (await desk.thread()).session is not None


async def test_where_nobody_ever_wrote_a_deletion_or_reaction_makes_no_thread(desk: Desk) -> None:
    await desk.receive(desk.deletion(BEFORE_US), desk.reaction(BEFORE_US), desk.edit(BEFORE_US, "secret"))
    desk.later(MINUTE)

    assert await show_due(desk) == 0
    assert await desk.threads() == []
    assert await desk.ports.store.due_parked(desk.clock.now(), 10) == []


async def test_of_a_message_that_was_deleted_nobody_reads_what_an_edit_said(desk: Desk) -> None:
    await desk.wrote("Hello")
    await desk.receive(desk.deletion(BEFORE_US))
    desk.later(MINUTE)
    await show_due(desk)
    await desk.receive(desk.edit(BEFORE_US, "secret"))
    desk.later(MINUTE)

    assert await show_due(desk) == 0
    assert await contents(desk) == [Text("Hello"), DELETED]


@pytest.mark.parametrize("kind", ["deletion", "reaction"])
async def test_a_message_that_comes_late_is_shown_as_what_waited_made_it(desk: Desk, kind: str) -> None:
    await desk.wrote("Hello")
    await desk.receive(desk.deletion(BEFORE_US) if kind == "deletion" else desk.reaction(BEFORE_US, "👍"))
    desk.later(MINUTE)
    await show_due(desk)

    await desk.receive(desk.message("Late", wamid=BEFORE_US))

    message: Message = await desk.message_of(BEFORE_US)
    if kind == "deletion":
        assert isinstance(message.content, Removed)
    else:
        assert [each.emoji for each in message.shown_reactions] == ["👍"]


# What is not shown


async def test_what_the_business_changed_in_its_phone_leaves_no_message(desk: Desk) -> None:
    await desk.wrote("Hello")
    await desk.receive(desk.edit(BEFORE_US, echoed=True), desk.reaction(BEFORE_US, echoed=True))
    await desk.receive(desk.status(MessageStatus.READ, wamid=BEFORE_US))
    desk.later(HOUR)

    assert await show_due(desk) == 0
    async with desk.ports.store.transaction(ACME) as tx:
        status = (await tx.parked([(NUMBER, BEFORE_US)]))[-1]
    assert not await show_unmatched(desk.ports, status)
    assert await desk.texts() == ["Hello"]


async def test_a_number_that_was_disconnected_or_removed_shows_nothing_more(desk: Desk) -> None:
    await desk.receive(desk.edit(BEFORE_US, "Cancel"), desk.edit(Wamid("wamid.other"), "Cancel"))
    channel = await desk.channel()
    desk.later(MINUTE)
    first, second = await desk.ports.store.due_parked(desk.clock.now(), 10)
    await desk.given(replace(channel, state=ChannelState.DISCONNECTED))
    assert not await show_unmatched(desk.ports, first)
    await desk.given(replace(second, number=type(NUMBER)("elsewhere")))

    assert await show_due(desk) == 0
    assert await desk.ports.store.due_parked(desk.clock.now(), 10) == []
    assert await desk.threads() == []


async def test_what_was_shown_waits_no_longer_than_the_rest(desk: Desk) -> None:
    await desk.wrote("Hello")
    await desk.receive(desk.reaction(BEFORE_US))
    desk.later(MINUTE)
    await show_due(desk)
    desk.later(timedelta(days=30))
    assert await forget_parked(desk.ports, ACME) == 1


# Whose id it is


async def test_a_change_that_names_a_send_of_ours_that_nobody_answered_for_stops_none_of_its_marks(desk: Desk) -> None:
    await desk.wrote("Hello")
    desk.network.answers.append(Unanswered("the line broke"))
    reply = await desk.dispatch(await desk.reply("Good day"))
    assert (reply.status, reply.wamid) == (MessageStatus.UNKNOWN, None)
    await desk.receive(desk.edit(BEFORE_US, "Cancel"))
    desk.later(MINUTE)
    assert await show_due(desk) == 1

    [record] = await desk.receive(desk.status(MessageStatus.DELIVERED, wamid=BEFORE_US, callback=callback_of(reply)))

    assert record.outcome is Outcome.APPLIED
    assert (await desk.message_by_id(reply.id)).status is MessageStatus.DELIVERED
    assert (await desk.message_of(BEFORE_US)).content == Text("Cancel")
    await desk.receive(desk.status(MessageStatus.READ, wamid=BEFORE_US, callback=callback_of(reply)))
    assert (await desk.message_by_id(reply.id)).status is MessageStatus.READ


async def test_a_change_that_names_a_send_of_ours_that_is_on_its_way_does_not_lose_its_answer(desk: Desk) -> None:
    await desk.wrote("Hello")
    desk.network.answers.append(Accepted(BEFORE_US))

    async def meanwhile(_: Outgoing) -> None:
        await desk.receive(desk.edit(BEFORE_US, "Cancel"))
        desk.later(MINUTE)
        assert await show_due(desk) == 1

    desk.network.meanwhile = meanwhile
    reply = await desk.dispatch(await desk.reply("Good day"))

    assert (reply.status, reply.wamid, reply.attempts[0].wamid) == (MessageStatus.SENT, None, BEFORE_US)
    assert (await desk.message_of(BEFORE_US)).content == Text("Cancel")
