"""What a message says no more is taken out of the tickets of its thread, and nothing else is."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.conversations.contents import (
    ContactCard,
    ContactCards,
    Content,
    Interactive,
    InteractiveReply,
    Location,
    MediaMessage,
    Notice,
    Option,
    Order,
    OrderItem,
    TemplateMessage,
    Text,
    Unsupported,
)
from domain.conversations.versions import changed, taken_back
from domain.events import TicketChanged
from domain.files.rules import MediaKind
from domain.moderation.copies import Gone, change_without, gone, texts_in, ticket_without
from domain.people.actors import BySystem
from domain.tickets import Property, TicketChange
from domain.updates import IncomingMedia
from domain.use_cases.desk.tickets import UpdateTicket, update_ticket
from domain.use_cases.moderation.copies import take_out_copies
from tests.builders import ACME, MEDIA, MINUTE, NOON, TEMPLATE, TICKET, a_ticket, an_inbound
from tests.domain.one_desk import AGENT, Desk, granted, open_desk

LONG = "my number is 555 010 2001"


def words_gone(said: str = LONG) -> Gone:
    message = an_inbound(content=Text(said))
    found = gone(message, taken_back(message, NOON))
    assert found is not None
    return found


@pytest.fixture
async def desk() -> Desk:
    return await open_desk()


@pytest.mark.parametrize(
    ("said", "text", "left"),
    [
        (LONG, LONG, "This message was deleted"),
        (LONG, f"  {LONG}\n", "This message was deleted"),
        (LONG, f"Urgent: {LONG}!", "Urgent: This message was deleted!"),
        ("12345678901", "12345678901", "This message was deleted"),
        ("12345678901", "id 12345678901", "id 12345678901"),
        ("Berlin", "Berlin", "Berlin"),
        ("  ", "", ""),
    ],
)
def test_words_are_known_again_where_they_are_long_enough_to_be_nobody_elses(said: str, text: str, left: str) -> None:
    assert words_gone(said).from_text(text) == left


def test_a_subject_goes_however_short_it_is_and_however_long_the_message_was() -> None:
    assert words_gone("Hi").from_subject("Hi") == "This message was deleted"
    assert words_gone("x" * 500).from_subject("x" * 199 + "…") == "This message was deleted"
    assert words_gone("Hi").from_subject("High time") == "High time"


def test_what_a_message_said_ever_goes_and_what_it_still_says_stays() -> None:
    first = an_inbound(content=Text("my first words to you"))
    second = changed(first, Text("my second words to you"), NOON)
    third = changed(second, Text("my first words to you"), NOON + MINUTE)

    words = gone(second, third)

    assert words is not None
    assert words.from_text("my second words to you") == "my first words to you"
    assert words.from_text("my first words to you") == "my first words to you"
    assert gone(first, replace(first, forwarded=True)) is None


def test_subject_properties_and_history_lose_the_words() -> None:
    properties = (Property("note", f"They said: {LONG}"), Property("empty", None), Property("city", "Berlin"))
    ticket = replace(a_ticket(subject=LONG), properties=properties)

    after = ticket_without(ticket, words_gone())

    assert after.subject == "This message was deleted"
    assert [each.value for each in after.properties] == ["They said: This message was deleted", None, "Berlin"]
    renamed = TicketChange(ACME, "c", TICKET, NOON, BySystem(), "subject", LONG, None)
    assert change_without(renamed, words_gone()) == replace(renamed, before="This message was deleted")
    noted = replace(renamed, field="note", before=None, after=LONG)
    assert change_without(noted, words_gone()) == replace(noted, after="This message was deleted")


def test_what_fields_of_fixed_values_were_is_nobodys_words() -> None:
    waits = TicketChange(ACME, "c", TICKET, NOON, BySystem(), "status", "NEW", "WAITING_ON_CONTACT")

    assert change_without(waits, words_gone("WAITING_ON_CONTACT")) == waits


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (Text("a"), ["a"]),
        (MediaMessage(MEDIA, "a"), ["a"]),
        (MediaMessage(MEDIA), [""]),
        (TemplateMessage(TEMPLATE, "n", "en", "a", "b"), ["a", "b"]),
        (Location(1, 2, "a", "b"), ["a", "b"]),
        (ContactCards((ContactCard("a", ("b",), ("c",), "d"),)), ["a", "b", "c", "d"]),
        (Interactive("a", (Option("1", "x"),)), ["a"]),
        (InteractiveReply("1", "a", "b"), ["a", "b"]),
        (Order((OrderItem("1", 1, Decimal(1), "EUR"),), "a"), ["a"]),
        (Notice("the network's"), []),
        (Unsupported("kind", "reason"), []),
    ],
)
def test_every_text_of_a_content_may_have_been_copied(content: Content, texts: list[str]) -> None:
    assert list(texts_in(content)) == texts


async def test_a_listener_is_told_to_read_the_history_again(desk: Desk) -> None:
    message = await desk.wrote(LONG)
    ticket = await desk.ticket()
    granted(await update_ticket(desk.ports, AGENT, UpdateTicket(ticket.id, subject="Another matter")))
    head = await desk.head()
    desk.later(MINUTE)

    assert message.wamid is not None
    await desk.receive(desk.deletion(message.wamid))

    assert TicketChanged(ticket.thread, ticket.id, ("history",)) in await desk.events(head)
    assert (await desk.ticket()).subject == "Another matter"
    assert [each.before for each in await desk.history(ticket)] == ["This message was deleted"]


async def test_where_no_ticket_holds_a_copy_nothing_is_changed(desk: Desk) -> None:
    message = an_inbound(content=Text(LONG))

    async with desk.ports.store.transaction(ACME) as tx:
        assert await take_out_copies(tx, [], message, taken_back(message, NOON)) == ()


async def test_a_file_that_is_taken_back_after_it_was_told_of_by_the_phone_leaves_no_words(desk: Desk) -> None:
    """What waits for a message is applied as it comes: its words never become a subject that stays."""
    update = desk.message(content=IncomingMedia(MediaKind.IMAGE, "610001", "image/jpeg", caption=LONG))
    await desk.receive(desk.deletion(update.wamid, at=desk.clock.now() + MINUTE))

    await desk.receive(update)

    assert (await desk.ticket()).subject == "This message was deleted"
