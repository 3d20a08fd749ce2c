"""What happens to a message after it was sent, in whichever order it is told: edits, deletions, replies."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from domain.conversations.contents import MediaMessage, Removed, Text
from domain.conversations.messages import Message, Version
from domain.conversations.status import MessageStatus
from domain.events import MessageChange, MessageChanged, TicketChanged
from domain.files.rules import MediaKind
from domain.ids import Wamid
from domain.people.actors import ByContact, ByPhoneApp
from domain.updates import IncomingMedia, Outcome
from domain.use_cases.moderation.retention import forget_parked
from tests.builders import ACME, HOUR, MINUTE, NOON, NUMBER
from tests.domain.one_desk import ANA, Desk, open_desk

MONTH = timedelta(days=30)
LATER = Wamid("wamid.later")
PHOTO = IncomingMedia(MediaKind.IMAGE, "610001", "image/jpeg", caption="Look")


@pytest.fixture
async def desk() -> Desk:
    return await open_desk()


async def wamid_of(desk: Desk, text: str = "Fool") -> Wamid:
    message = await desk.wrote(text)
    assert message.wamid is not None
    return message.wamid


def said(message: Message) -> list[object]:
    return [*(version.content for version in message.versions), message.content]


# Edits


async def test_an_edit_shows_the_new_words_keeps_the_old_and_is_told(desk: Desk) -> None:
    wamid = await wamid_of(desk)
    head, edited_at = await desk.head(), desk.later(MINUTE)

    [record] = await desk.receive(desk.edit(wamid, "Friend"))

    message = await desk.message_of(wamid)
    assert record.outcome is Outcome.APPLIED
    assert (message.content, message.edited_at) == (Text("Friend"), edited_at)
    assert message.versions == (Version(Text("Fool"), edited_at),)
    ticket = await desk.ticket()
    assert ticket.subject == "Friend"
    assert await desk.events(head) == [
        MessageChanged(message.thread, message.id, MessageChange.EDIT),
        TicketChanged(message.thread, ticket.id, ("subject",)),
    ]


async def test_an_edit_opens_no_session_and_makes_no_message(desk: Desk) -> None:
    wamid = await wamid_of(desk)
    before = (await desk.thread()).session
    desk.later(MINUTE)

    await desk.receive(desk.edit(wamid))

    assert (await desk.thread()).session == before
    assert len(await desk.messages()) == 1


async def test_an_edit_told_twice_changes_nothing_the_second_time(desk: Desk) -> None:
    wamid = await wamid_of(desk)
    at = desk.later(MINUTE)
    await desk.receive(desk.edit(wamid, "Friend", at=at))
    head = await desk.head()

    await desk.receive(desk.edit(wamid, "Friend", at=at))

    assert said(await desk.message_of(wamid)) == [Text("Fool"), Text("Friend")]
    assert await desk.events(head) == []


async def test_an_edited_caption_leaves_the_file_what_it_is(desk: Desk) -> None:
    update = desk.message(content=PHOTO)
    await desk.receive(update)
    before = (await desk.message_of(update.wamid)).content
    assert isinstance(before, MediaMessage)
    desk.later(MINUTE)

    await desk.receive(desk.edit(update.wamid, content=replace(PHOTO, network_id="610002", caption="Look here")))

    assert (await desk.message_of(update.wamid)).content == MediaMessage(before.media, "Look here")


# Deletions


async def test_a_deletion_leaves_nothing_to_see_but_for_supervisors_and_is_told(desk: Desk) -> None:
    wamid = await wamid_of(desk)
    head, deleted_at = await desk.head(), desk.later(MINUTE)

    await desk.receive(desk.deletion(wamid))

    message = await desk.message_of(wamid)
    assert isinstance(message.content, Removed)
    assert message.deleted_at == deleted_at
    assert message.versions == (Version(Text("Fool"), deleted_at),)
    assert await desk.events(head) == [
        MessageChanged(message.thread, message.id, MessageChange.DELETION),
        TicketChanged(message.thread, (await desk.ticket()).id, ("subject",)),
    ]


@pytest.mark.parametrize("first", ["the message", "its deletion"])
async def test_a_ticket_named_after_what_was_deleted_tells_it_no_more(desk: Desk, first: str) -> None:
    message = desk.message("My card is 4111 1111", wamid="wamid.1")
    deletion = desk.deletion(message.wamid, at=NOON + MINUTE)
    updates = (message, deletion) if first == "the message" else (deletion, message)
    desk.later(HOUR)
    for update in updates:
        await desk.receive(update)

    ticket = await desk.ticket()
    assert ticket.subject == "This message was deleted"
    assert [change.field for change in await desk.history(ticket)] == []
    assert TicketChanged(ticket.thread, ticket.id, ("subject",)) in await desk.events()


async def test_a_ticket_named_after_what_was_changed_and_then_deleted_tells_neither(desk: Desk) -> None:
    wamid = await wamid_of(desk)
    await desk.receive(desk.edit(wamid, "Friend"), desk.deletion(wamid))

    assert (await desk.ticket()).subject == "This message was deleted"


async def test_a_ticket_keeps_a_name_that_it_was_given(desk: Desk) -> None:
    wamid = await wamid_of(desk)
    await desk.given(replace(await desk.ticket(), subject="The parcel"))

    await desk.receive(desk.deletion(wamid))

    assert (await desk.ticket()).subject == "The parcel"


async def test_nobody_changes_or_deletes_what_somebody_else_wrote(desk: Desk) -> None:
    wamid = await wamid_of(desk)
    ours = (await desk.wrote_from_the_phone()).wamid
    assert ours is not None
    head = await desk.head()

    records = await desk.receive(
        desk.edit(ours), desk.deletion(ours), desk.edit(wamid, echoed=True), desk.deletion(wamid, echoed=True)
    )

    assert {record.outcome for record in records} == {Outcome.IGNORED}
    assert await desk.events(head) == []
    assert await desk.texts() == ["Fool", "From the shop"]


# Told before the message


async def test_a_message_changed_before_it_came_is_shown_changed_from_the_start(desk: Desk) -> None:
    written = desk.message("Fool", wamid=LATER)
    desk.later(MINUTE)
    edit = desk.edit(LATER, "Friend")

    [record] = await desk.receive(edit)
    assert record.outcome is Outcome.PARKED
    await desk.receive(written)

    message = await desk.message_of(LATER)
    assert said(message) == [Text("Fool"), Text("Friend")]
    assert MessageChanged(message.thread, message.id, MessageChange.EDIT) in await desk.events()


async def test_every_order_of_a_message_its_edits_and_its_deletion_ends_the_same(desk: Desk) -> None:
    ends: list[tuple[object, ...]] = []
    for number, order in enumerate(permutations(range(4))):
        wamid = Wamid(f"wamid.{number}")
        told = [
            desk.message("Fool", wamid=wamid, at=NOON),
            desk.edit(wamid, "Foal", at=NOON + MINUTE),
            desk.edit(wamid, "Friend", at=NOON + 2 * MINUTE),
            desk.deletion(wamid, at=NOON + 3 * MINUTE),
        ]
        desk.clock.at = NOON + 5 * MINUTE
        told = [replace(each, place=replace(each.place, received_at=desk.clock.now())) for each in told]
        for index in order:
            await desk.receive(told[index])
        message = await desk.message_of(wamid)
        ends.append((message.content, message.versions, message.edited_at, message.deleted_at))

    assert len(set(ends)) == 1
    assert [version.content for version in (await desk.messages())[0].versions] == [
        Text("Fool"),
        Text("Foal"),
        Text("Friend"),
    ]


async def test_what_waited_for_more_than_30_days_is_not_applied_any_more(desk: Desk) -> None:
    await desk.receive(desk.edit(LATER), desk.reaction(LATER), desk.deletion(LATER))
    desk.later(MONTH)

    await desk.receive(desk.message("Fool", wamid=LATER))

    message = await desk.message_of(LATER)
    assert (message.content, message.reactions, message.versions) == (Text("Fool"), (), ())


async def test_what_waited_until_the_30th_day_is_applied(desk: Desk) -> None:
    await desk.receive(desk.reaction(LATER))
    desk.later(MONTH - MINUTE)

    await desk.receive(desk.message("Fool", wamid=LATER))

    assert [each.emoji for each in (await desk.message_of(LATER)).reactions] == ["👍"]


async def test_what_waited_for_more_than_30_days_is_forgotten(desk: Desk) -> None:
    await desk.receive(desk.reaction(LATER))
    desk.later(MINUTE)
    await desk.receive(desk.reaction(Wamid("wamid.other")))
    desk.later(MONTH - MINUTE + timedelta(seconds=1))

    assert await forget_parked(desk.ports, ACME) == 1
    assert await forget_parked(desk.ports, ACME) == 0

    async with desk.ports.store.transaction(ACME) as tx:
        assert await tx.parked([(NUMBER, LATER)]) == []
        assert len(await tx.parked([(NUMBER, Wamid("wamid.other"))])) == 1


# Replies before what they answer


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_reply_that_comes_first_is_told_what_it_answers_once_that_is_here(desk: Desk, at_once: bool) -> None:
    reply = desk.message("Yes", reply_to=LATER)
    question = desk.message("Are you open?", wamid=LATER)
    batches = [[reply, question]] if at_once else [[reply], [question]]

    for batch in batches:
        await desk.receive(*batch)

    answered, asked = await desk.message_of(reply.wamid), await desk.message_of(LATER)
    assert answered.reply_to == asked.id
    assert MessageChanged(answered.thread, answered.id, MessageChange.EDIT) in await desk.events()


async def test_a_reply_to_our_message_may_overtake_the_answer_to_our_send(desk: Desk) -> None:
    await desk.wrote()
    ours = await desk.reply()

    async def answered_at_once(_: object) -> None:
        await desk.receive(desk.message("Thanks", wamid="wamid.thanks", reply_to=Wamid("wamid.sent-1")))

    desk.network.meanwhile = answered_at_once
    await desk.dispatch(ours)

    assert (await desk.message_of(Wamid("wamid.thanks"))).reply_to == ours.id


async def test_a_reply_may_come_before_the_status_that_first_names_our_message(desk: Desk) -> None:
    await desk.wrote()
    ours = await desk.reply()
    sent = Wamid("wamid.sent-9")
    reply = desk.message("Thanks", reply_to=sent)
    callback = f"dk1:{ours.id}:1"

    await desk.receive(
        reply, desk.status(MessageStatus.SENT, wamid=sent, callback=callback), desk.reaction(reply.wamid)
    )

    answered = await desk.message_of(reply.wamid)
    assert answered.reply_to == ours.id
    assert len(answered.reactions) == 1


async def test_a_reply_to_a_message_of_another_conversation_answers_nothing(desk: Desk) -> None:
    reply = desk.message("Yes", reply_to=LATER)
    other = replace(ANA, wa_id="15550102002", profile_name="Bo")

    await desk.receive(reply, desk.message("Are you open?", wamid=LATER, by=other))

    assert (await desk.message_of(reply.wamid)).reply_to is None


# Reactions of both sides


async def test_each_side_has_one_reaction(desk: Desk) -> None:
    wamid = await wamid_of(desk)

    await desk.receive(desk.reaction(wamid, "👍"), desk.reaction(wamid, "🎉", echoed=True), desk.reaction(wamid, "❤️"))

    reactions = {each.emoji: type(each.by) for each in (await desk.message_of(wamid)).shown_reactions}
    assert reactions == {"🎉": ByPhoneApp, "❤️": ByContact}


async def test_our_side_takes_its_own_reaction_away_only(desk: Desk) -> None:
    wamid = await wamid_of(desk)
    await desk.receive(desk.reaction(wamid, "👍"), desk.reaction(wamid, "🎉", echoed=True))

    await desk.receive(desk.reaction(wamid, None, echoed=True))

    assert [each.emoji for each in (await desk.message_of(wamid)).shown_reactions] == ["👍"]
