"""Words that are withheld come out nowhere: a canary is looked for in every field there is and in every event.

What is asked is made from the schema, so that a new field, type or event is looked at with no one's help. Over each
adapter that keeps a desk.
"""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cache

import pytest
from graphql import DocumentNode, ExecutionResult, execute  # pyright: ignore[reportUnknownVariableType]

from domain.conversations.contents import QuarantineReason, Text, file_of
from domain.conversations.messages import Message
from domain.files.rules import MediaKind
from domain.ids import Wamid
from domain.moderation.personal_data import PersonalDataPattern
from domain.people.actors import Actor, Role
from domain.people.callers import Caller
from domain.tickets import Property
from domain.updates import IncomingContent, IncomingMedia
from domain.use_cases.desk.tickets import UpdateTicket, update_ticket
from domain.use_cases.moderation.quarantine import withhold
from schema.context import Context, new_context
from schema.engine.turns import Turns
from schema.engine.values import ids
from schema.engine.values.cursors import Cursors
from schema.schema import schema
from tests.adapters.contracts.races.races import Course
from tests.builders import ACME, MINUTE, TEMPLATE, an_organization
from tests.domain.one_desk import AGENT, Desk, a_user_as, granted
from tests.schema.everything import Questions

CANARY = "yellow canary sings 7731"
BAIT = f"{CANARY} at evil.example"
CARD = f"{CANARY} 4111 1111 1111 1111"
TEXT = Text(CANARY)
FILE = IncomingMedia(MediaKind.DOCUMENT, "610001", "application/pdf", caption=CANARY, file_name=f"{CANARY}.pdf")
BUILT = schema._schema  # pyright: ignore[reportPrivateUsage]  # documents this large need not be validated
READER = a_user_as(Role.READER)
SUPERVISOR = a_user_as(Role.SUPERVISOR)

ANYWHERE = Caller("203.0.113.7", "203.0.113.7")
PLACES = ("Ticket_subject", "TicketChange_from", "TicketChange_to", "TicketProperty_value")
PLACES_OF: dict[type, tuple[str, ...]] = {
    Text: ("TextContent_body", "TextContent_html", *PLACES),
    IncomingMedia: ("MediaContent_caption", "Media_fileName", *PLACES),
}

Way = Callable[[Desk, Message], Awaitable[object]]


def wamid_of(message: Message) -> Wamid:
    assert message.wamid is not None
    return message.wamid


async def edited_away(desk: Desk, message: Message) -> None:
    await desk.receive(desk.edit(wamid_of(message), "Good morning"))


async def taken_back(desk: Desk, message: Message) -> None:
    await desk.receive(desk.deletion(wamid_of(message)))


async def edited_and_taken_back(desk: Desk, message: Message) -> None:
    await edited_away(desk, message)
    desk.later(MINUTE)
    await taken_back(desk, message)


def edited_to(words: str) -> Way:
    async def edited(desk: Desk, message: Message) -> None:
        await desk.receive(desk.edit(wamid_of(message), words))

    return edited


def hidden_as(reason: QuarantineReason) -> Way:
    async def hidden(desk: Desk, message: Message) -> None:
        async with desk.ports.store.transaction(ACME) as tx:
            await withhold(tx, message.id, reason, desk.clock.now())

    return hidden


WAYS: dict[str, tuple[IncomingContent, Way]] = {
    "edited away": (TEXT, edited_away),
    "taken back": (TEXT, taken_back),
    "taken back with its file": (FILE, taken_back),
    "edited and taken back": (TEXT, edited_and_taken_back),
    "edited to a blocked link": (TEXT, edited_to(BAIT)),
    "edited to a card's number": (TEXT, edited_to(CARD)),
    "a virus in its file": (FILE, hidden_as(QuarantineReason.MALWARE)),
    "against the network's rules": (TEXT, hidden_as(QuarantineReason.NETWORK_POLICY)),
}


@pytest.fixture
async def desk(course: Course) -> Desk:
    desk = course.desk
    cards = (PersonalDataPattern.PAYMENT_CARD,)
    await desk.given(replace(an_organization(), blocked_links=("evil.example",), personal_data_patterns=cards))
    return desk


async def shown_to(desk: Desk, actor: Actor, message: Message) -> str:
    """Everything that the schema tells of all there is, and every event. `message`: as it was, with its file."""
    thread, ticket, contact = await desk.thread(), await desk.ticket(), await desk.contact()
    file = file_of(message.content)
    known = [
        ids.THREAD.encode(thread.id),
        ids.TICKET.encode(ticket.id),
        ids.CONTACT.encode(contact.id),
        ids.CHANNEL.encode((await desk.channel()).id),
        ids.TEMPLATE.encode(TEMPLATE),
        *(ids.MESSAGE.encode(each.id) for each in await desk.messages()),
        *([ids.MEDIA.encode(file)] if file is not None else []),
    ]
    variables: dict[str, object] = {
        "nodes_ids": known,
        "node_id": ids.MESSAGE.encode(message.id),
        "thread_id": known[0],
        "ticket_id": known[1],
        "contact_id": known[2],
        "messagePreflight_input": {"send": {"threadId": known[0], "content": {"text": {"body": "Hi"}}}},
    }
    documents, needed = everything()
    assert needed <= variables.keys(), "these have to be given, too"
    told: list[object] = []
    for document in documents:
        # All of an answer over one connection: a loaded machine's limits on waiting for them are not asked about here.
        async with desk.ports.reader.snapshot(ACME, actor.key) as reads:
            context = new_context(desk.ports, actor, Cursors(b"a secret for tests"), ANYWHERE, Turns(), reads)
            answer = await _executed(document, variables, context)
        told += [answer.data, [error.message for error in answer.errors or ()]]
    return json.dumps(told, default=str)


@cache
def everything() -> tuple[list[DocumentNode], set[str]]:
    questions = Questions(BUILT)
    return questions.documents(), set(questions.variables)


async def _executed(document: DocumentNode, variables: dict[str, object], context: Context) -> ExecutionResult:
    answer = execute(BUILT, document, context_value=context, variable_values=variables)  # pyright: ignore[reportUnknownVariableType]
    return answer if isinstance(answer, ExecutionResult) else await answer


async def copied(desk: Desk, content: IncomingContent) -> Message:
    """A message that was shown, and copied wherever somebody may have copied it."""
    update = desk.message(content=content)
    await desk.receive(replace(update, original=json.dumps({"text": CANARY})))
    message = await desk.message_of(update.wamid)
    ticket = await desk.ticket()
    assert ticket.subject == CANARY
    for subject in ("Another matter", CANARY, f"Urgent: {CANARY}"):
        desk.later(MINUTE)
        note = (Property("said", f"They wrote: {subject}"),)
        granted(await update_ticket(desk.ports, AGENT, UpdateTicket(ticket.id, subject=subject, properties=note)))
    desk.later(MINUTE)
    await desk.receive(desk.reaction(update.wamid), desk.message("And this?", reply_to=update.wamid))
    await desk.reply("Good day")
    desk.later(MINUTE)
    return message


@pytest.mark.parametrize("way", WAYS)
async def test_words_that_are_shown_no_more_are_in_no_field_and_no_event(desk: Desk, way: str) -> None:
    content, withheld = WAYS[way]
    message = await copied(desk, content)
    before = await shown_to(desk, AGENT, message)
    missing = [field for field in PLACES_OF[type(content)] if not re.search(rf'"{field}": "[^"]*{CANARY}', before)]
    assert not missing, "what is looked for is there to be found"

    await withheld(desk, message)

    for actor in (AGENT, READER):
        assert CANARY not in await shown_to(desk, actor, message)
    assert CANARY in str((await desk.message_by_id(message.id)).original), "supervisors look it up there"


@pytest.mark.parametrize("reason", ["a link", "a card's number", "the network's rules"])
async def test_words_that_were_never_shown_are_in_no_field_and_no_event(desk: Desk, reason: str) -> None:
    words = {"a link": BAIT, "a card's number": CARD, "the network's rules": CANARY}[reason]
    update = replace(desk.message(words), original=json.dumps({"text": words}))
    await desk.receive(replace(update, breaks_rules=reason == "the network's rules"))
    message = await desk.message_of(update.wamid)
    await desk.receive(desk.message("And this?", reply_to=update.wamid))

    for actor in (AGENT, READER):
        assert CANARY not in await shown_to(desk, actor, message)
    assert CANARY in await shown_to(desk, SUPERVISOR, message), "in `original` and `versions`"


@pytest.mark.parametrize("parked", [False, True])
async def test_words_in_place_of_an_emoji_are_in_no_field_and_no_event(desk: Desk, *, parked: bool) -> None:
    """As rows of earlier versions have them; what comes now is told apart before."""
    update = desk.message("Hello")
    reaction = desk.reaction(update.wamid, CANARY)
    await desk.receive(*((reaction, update) if parked else (update, reaction)))

    assert CANARY not in await shown_to(desk, AGENT, await desk.message_of(update.wamid))
