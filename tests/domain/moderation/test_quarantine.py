"""What breaks the content policy is kept from everybody, until a supervisor shows it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.conversations.contents import (
    ContactCard,
    ContactCards,
    InteractiveReply,
    Location,
    MediaMessage,
    Notice,
    Order,
    OrderItem,
    Quarantined,
    QuarantineReason,
    Removed,
    Text,
    Unsupported,
)
from domain.conversations.messages import Message, Release, Version, shows
from domain.conversations.previews import preview
from domain.conversations.versions import changed, taken_back, told_so_far
from domain.error_codes import ErrorCode
from domain.events import MessageAdded, MessageChange, MessageChanged, TicketChanged, hides
from domain.files.media import Media, with_bytes
from domain.files.rules import MediaKind
from domain.ids import MediaId, MessageId, ThreadId, TicketId, Wamid
from domain.moderation.personal_data import PersonalDataPattern
from domain.moderation.quarantine import Policy, quarantined, screened, texts_of
from domain.people.actors import Actor, Role
from domain.updates import IncomingContent, IncomingMedia
from domain.use_cases.moderation.quarantine import release_message, withhold
from domain.use_cases.outbound.sending.send_media import SendMedia, send_media
from tests.builders import ACME, MINUTE, NOON, an_id, an_inbound, an_organization, an_outbound
from tests.domain.one_desk import ADMIN, AGENT, Desk, a_key_for, a_user_as, granted, open_desk, refused_as

PHISHING, PERSONAL_DATA, MALWARE = (
    QuarantineReason.PHISHING,
    QuarantineReason.PERSONAL_DATA,
    QuarantineReason.MALWARE,
)
SUPERVISOR = a_user_as(Role.SUPERVISOR)
BAIT = "Win at evil.example"
CARD = "4111 1111 1111 1111"
POLICY = Policy(("evil.example",), (PersonalDataPattern.PAYMENT_CARD,))
PHOTO = IncomingMedia(MediaKind.IMAGE, "610001", "image/jpeg", caption="Look")


@pytest.fixture
async def desk() -> Desk:
    """A desk that keeps out links to evil.example and payment cards."""
    desk = await open_desk()
    blocked = replace(an_organization(), blocked_links=POLICY.blocked_links, personal_data_patterns=POLICY.patterns)
    await desk.given(blocked)
    return desk


async def wrote(desk: Desk, content: IncomingContent) -> Message:
    update = desk.message(content=content)
    await desk.receive(update)
    return await desk.message_of(update.wamid)


def wamid_of(message: Message) -> Wamid:
    assert message.wamid is not None
    return message.wamid


# What is judged


@pytest.mark.parametrize(
    "content",
    [
        Text("evil.example"),
        replace(PHOTO, caption="evil.example"),
        replace(PHOTO, file_name="see evil.example first.pdf"),
        Location(1.0, 2.0, name="evil.example"),
        Location(1.0, 2.0, address="evil.example"),
        ContactCards((ContactCard("Bo"), ContactCard("evil.example"))),
        ContactCards((ContactCard("Bo", phones=("evil.example",)),)),
        ContactCards((ContactCard("Bo", emails=("http://x@evil.example",)),)),
        ContactCards((ContactCard("Bo", organization="evil.example"),)),
        InteractiveReply("1", "evil.example"),
        InteractiveReply("1", "Form", "site: evil.example"),
        Order((OrderItem("evil.example", 1, Decimal("1.0"), "EUR"),)),
        Order((OrderItem("BELL", 1, Decimal("1.0"), "EUR"),), "evil.example"),
    ],
)
async def test_a_blocked_link_hides_a_message_of_any_kind_wherever_it_stands(
    desk: Desk, content: IncomingContent
) -> None:
    message = await wrote(desk, content)

    assert message.content == Quarantined(PHISHING, NOON)
    assert message.quarantined is not None
    assert message.spoken == message.quarantined


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (Text(CARD), PERSONAL_DATA),
        (Text(f"{CARD} at evil.example"), PHISHING),
        (replace(PHOTO, file_name=f"{CARD}.jpg"), PERSONAL_DATA),
        (Order((OrderItem("4111111111111111", 1, Decimal("1.0"), "EUR"),)), None),
        (Order((OrderItem("BELL", 1, Decimal("1.0"), "EUR"),), CARD), PERSONAL_DATA),
        (Text("Good morning"), None),
        (PHOTO, None),
        (ContactCards((ContactCard("Bo", ("+1 650 555 1234",), ("bo@evil.example",), "Bells"),)), None),
        (Notice("evil.example"), None),
        (Unsupported("poll", "evil.example"), None),
    ],
)
async def test_a_message_is_hidden_for_what_it_says_and_for_nothing_else(
    desk: Desk, content: IncomingContent, reason: QuarantineReason | None
) -> None:
    message = await wrote(desk, content)

    hidden = message.content.reason if isinstance(message.content, Quarantined) else None
    assert hidden is reason
    assert (message.quarantined is not None) is message.is_quarantined


def test_a_notice_has_no_text_of_its_sender() -> None:
    assert list(texts_of(Notice("Ana changed her number."))) == []


async def test_an_organization_that_blocks_nothing_sees_everything() -> None:
    desk = await open_desk()

    assert (await desk.wrote(f"{CARD} {BAIT}")).content == Text(f"{CARD} {BAIT}")


def test_the_numbers_that_talk_are_no_personal_data() -> None:
    """An American Express card and a phone number may have the same fifteen digits."""
    spoken = an_inbound(content=Text("378282246310005"))
    assert screened(spoken, Text("378282246310005"), POLICY).is_quarantined

    own = replace(spoken, from_number="+378282246310005")
    assert screened(own, Text("378282246310005"), POLICY) == own

    ids = Policy(patterns=(PersonalDataPattern.NATIONAL_ID,))
    brazilian = replace(spoken, from_number="+5552998224725")
    assert screened(brazilian, Text("52998224725"), ids) == brazilian
    assert screened(replace(spoken, from_number=None, to_number=None), Text("52998224725"), ids).is_quarantined


async def test_what_we_write_ourselves_is_not_judged(desk: Desk) -> None:
    echo = await desk.wrote_from_the_phone(BAIT)
    await desk.receive(desk.edit(wamid_of(echo), f"{BAIT}!", echoed=True))
    await desk.wrote()
    reply = await desk.reply(BAIT)

    assert (await desk.message_of(wamid_of(echo))).content == Text(f"{BAIT}!")
    assert reply.content == Text(BAIT)


# What is kept from everybody


async def test_a_quarantined_message_counts_as_one_and_its_words_are_nowhere(desk: Desk) -> None:
    head = await desk.head()

    message = await desk.wrote(BAIT)

    thread, ticket = await desk.thread(), await desk.ticket()
    assert (thread.unread_count, thread.last_message) == (1, message.id)
    assert thread.session is not None
    assert ticket.subject == "Hidden: it has a blocked link"
    assert preview(message.content) == ticket.subject
    assert MessageAdded(thread.id, message.id) in await desk.events(head)
    assert (message.quarantined, message.versions) == (Text(BAIT), ())
    assert told_so_far(message) == (Version(Text(BAIT), NOON),)


def test_an_event_that_hides_is_known_as_one() -> None:
    thread, message = ThreadId("t"), MessageId("m")
    assert [change for change in MessageChange if hides(MessageChanged(thread, message, change))] == [
        MessageChange.EDIT,
        MessageChange.DELETION,
        MessageChange.QUARANTINE,
    ]
    assert not hides(MessageAdded(thread, message))


def test_a_file_is_shown_by_a_message_that_says_so_now() -> None:
    file = MediaId("f")
    message = an_inbound(content=MediaMessage(file))
    assert shows(message, file)
    assert not shows(message, MediaId("g"))
    assert not shows(quarantined(message, MALWARE, NOON), file)
    assert not shows(None, file)


# Edits and deletions


async def test_an_edit_that_breaks_the_policy_hides_the_message(desk: Desk) -> None:
    message = await desk.wrote("Good morning")
    head, at = await desk.head(), desk.later(MINUTE)

    await desk.receive(desk.edit(wamid_of(message), BAIT))

    hidden = await desk.message_of(wamid_of(message))
    assert (hidden.content, hidden.quarantined) == (Quarantined(PHISHING, at), Text(BAIT))
    assert hidden.versions == (Version(Text("Good morning"), at),)
    ticket = await desk.ticket()
    assert ticket.subject == "Hidden: it has a blocked link"
    assert await desk.events(head) == [
        MessageChanged(hidden.thread, hidden.id, MessageChange.QUARANTINE),
        MessageChanged(hidden.thread, hidden.id, MessageChange.EDIT),
        TicketChanged(ticket.thread, ticket.id, ("subject",)),
    ]


async def test_an_edit_that_takes_it_out_shows_the_message(desk: Desk) -> None:
    message = await desk.wrote(BAIT)
    head, at = await desk.head(), desk.later(MINUTE)

    await desk.receive(desk.edit(wamid_of(message), "Good morning"))

    shown = await desk.message_of(wamid_of(message))
    assert (shown.content, shown.quarantined) == (Text("Good morning"), None)
    assert told_so_far(shown) == (Version(Text(BAIT), at),)
    assert MessageChanged(shown.thread, shown.id, MessageChange.QUARANTINE) in await desk.events(head)


async def test_an_edit_from_bad_to_worse_stays_hidden_with_its_new_reason(desk: Desk) -> None:
    message = await desk.wrote(BAIT)
    head, at = await desk.head(), desk.later(MINUTE)

    await desk.receive(desk.edit(wamid_of(message), CARD))

    hidden = await desk.message_of(wamid_of(message))
    assert (hidden.content, hidden.quarantined) == (Quarantined(PERSONAL_DATA, at), Text(CARD))
    ticket = await desk.ticket()
    assert ticket.subject == "Hidden: it has personal data"
    assert await desk.events(head) == [
        MessageChanged(hidden.thread, hidden.id, MessageChange.EDIT),
        TicketChanged(hidden.thread, ticket.id, ("subject",)),
    ]


async def test_an_edit_told_late_changes_nothing_of_what_may_be_shown(desk: Desk) -> None:
    message = await desk.wrote("Good morning")
    late, now = desk.later(MINUTE), desk.later(MINUTE)
    await desk.receive(desk.edit(wamid_of(message), "Good day", at=now))

    await desk.receive(desk.edit(wamid_of(message), BAIT, at=late))

    shown = await desk.message_of(wamid_of(message))
    assert shown.content == Text("Good day")
    assert [version.content for version in shown.versions] == [Text("Good morning"), Text(BAIT)]


@pytest.mark.parametrize("edit_first", [False, True])
async def test_an_edit_that_comes_before_its_message_is_judged_as_well(desk: Desk, *, edit_first: bool) -> None:
    update = desk.message("Good morning", wamid="wamid.late")
    edit = desk.edit(Wamid("wamid.late"), BAIT, at=NOON + MINUTE)
    desk.later(MINUTE)

    for each in (edit, update) if edit_first else (update, edit):
        await desk.receive(each)

    assert (await desk.message_of(Wamid("wamid.late"))).quarantined == Text(BAIT)


async def test_new_words_under_a_hidden_file_do_not_show_the_file(desk: Desk) -> None:
    message = await wrote(desk, replace(PHOTO, file_name=f"{CARD}.jpg"))
    desk.later(MINUTE)

    await desk.receive(desk.edit(wamid_of(message), content=replace(PHOTO, caption="Nothing here")))

    hidden = await desk.message_of(wamid_of(message))
    assert hidden.content == Quarantined(PERSONAL_DATA, NOON)
    assert isinstance(hidden.quarantined, MediaMessage)
    assert hidden.quarantined.caption == "Nothing here"


async def test_words_instead_of_an_infected_file_stay_hidden(desk: Desk) -> None:
    message = await wrote(desk, PHOTO)
    await hide(desk, message)
    desk.later(MINUTE)

    await desk.receive(desk.edit(wamid_of(message), "Nothing here"))

    hidden = await desk.message_of(wamid_of(message))
    assert hidden.content == Quarantined(MALWARE, NOON)
    assert hidden.quarantined == Text("Nothing here")


async def test_a_hidden_message_that_is_deleted_is_gone_with_what_it_held(desk: Desk) -> None:
    message = await desk.wrote(BAIT)
    at = desk.later(MINUTE)

    await desk.receive(desk.deletion(wamid_of(message)))
    await desk.receive(desk.edit(wamid_of(message), CARD, at=at + MINUTE))

    gone = await desk.message_of(wamid_of(message))
    assert isinstance(gone.content, Removed)
    assert (gone.quarantined, gone.versions) == (None, (Version(Text(BAIT), at),))
    assert refused_as(await release_message(desk.ports, SUPERVISOR, message.id)) is ErrorCode.CONFLICT


def test_a_message_that_is_gone_is_not_quarantined() -> None:
    gone = taken_back(an_inbound(), NOON)
    assert quarantined(gone, MALWARE, NOON) == gone


def test_what_was_said_before_it_was_hidden_is_still_told_apart_from_what_is_new() -> None:
    hidden = quarantined(an_inbound(content=Text("One")), MALWARE, NOON)
    after = changed(hidden, Text("Two"), NOON + MINUTE)
    assert (after.content, after.quarantined) == (Quarantined(MALWARE, NOON), Text("Two"))
    assert changed(after, Text("Two"), NOON + MINUTE) == after


# Hidden later


async def hide(desk: Desk, message: Message, reason: QuarantineReason = MALWARE) -> Message | None:
    async with desk.store.transaction(ACME) as tx:
        return await withhold(tx, message.id, reason, desk.clock.now())


async def test_a_message_hidden_later_takes_its_words_from_the_ticket_and_tells_so(desk: Desk) -> None:
    message = await wrote(desk, PHOTO)
    head, at = await desk.head(), desk.later(MINUTE)
    assert (await desk.ticket()).subject == "Look"

    await hide(desk, message)

    hidden, ticket = await desk.message_of(wamid_of(message)), await desk.ticket()
    assert hidden.content == Quarantined(MALWARE, at)
    assert ticket.subject == "Hidden: its file has a virus"
    assert await desk.history(ticket) == [], "an entry would tell what the subject was"
    assert await desk.events(head) == [
        MessageChanged(hidden.thread, hidden.id, MessageChange.QUARANTINE),
        TicketChanged(hidden.thread, ticket.id, ("subject",)),
    ]


async def test_an_older_ticket_named_after_it_loses_the_words_as_well(desk: Desk) -> None:
    message = await wrote(desk, PHOTO)
    older = await desk.ticket()
    newer = replace(older, id=TicketId(an_id(5)), number=older.number + 1, subject="Look again")
    await desk.given(newer, replace(await desk.thread(), ticket=newer.id))

    await hide(desk, message)

    assert [ticket.subject for ticket in await desk.tickets()] == ["Hidden: its file has a virus", "Look again"]


async def test_a_subject_that_is_not_its_words_stays(desk: Desk) -> None:
    message = await wrote(desk, PHOTO)
    await desk.given(replace(await desk.ticket(), subject="Broken bell"))

    await hide(desk, message)

    assert (await desk.ticket()).subject == "Broken bell"


async def test_hiding_it_twice_changes_nothing_and_the_first_reason_stays(desk: Desk) -> None:
    message = await desk.wrote(BAIT)
    head = await desk.head()

    assert await hide(desk, message) == message

    assert await desk.events(head) == []
    assert await hide(desk, an_outbound(MessageId("nobody"))) is None


# Shown again


async def test_a_supervisor_shows_it_again_and_the_history_says_who(desk: Desk) -> None:
    message = await desk.wrote(BAIT)
    head, at = await desk.head(), desk.later(MINUTE)

    shown = granted(await release_message(desk.ports, SUPERVISOR, message.id))

    ticket = await desk.ticket()
    assert (shown.content, shown.quarantined) == (Text(BAIT), None)
    assert shown == await desk.message_of(wamid_of(message))
    assert shown.releases == (Release(SUPERVISOR.author, at, PHISHING),)
    assert ticket.subject == BAIT
    history = [(each.field, each.before, each.after, each.by, each.at) for each in await desk.history(ticket)]
    assert history == [
        ("quarantine", "PHISHING", "RELEASED", SUPERVISOR.author, at),
        ("subject", "Hidden: it has a blocked link", BAIT, SUPERVISOR.author, at),
    ]
    assert await desk.events(head) == [
        MessageChanged(shown.thread, shown.id, MessageChange.QUARANTINE),
        TicketChanged(shown.thread, ticket.id, ("quarantine",)),
        TicketChanged(shown.thread, ticket.id, ("subject",)),
    ]


async def test_a_ticket_that_was_renamed_meanwhile_keeps_its_name(desk: Desk) -> None:
    message = await desk.wrote(BAIT)
    await desk.given(replace(await desk.ticket(), subject="The parcel"))

    granted(await release_message(desk.ports, SUPERVISOR, message.id))

    assert (await desk.ticket()).subject == "The parcel"


async def test_releasing_it_twice_changes_nothing(desk: Desk) -> None:
    message = await desk.wrote(BAIT)
    shown = granted(await release_message(desk.ports, SUPERVISOR, message.id))
    head = await desk.head()

    again = granted(await release_message(desk.ports, ADMIN, message.id))

    assert again == shown
    assert await desk.events(head) == []


async def test_where_there_is_no_ticket_the_message_alone_knows_who_released_it(desk: Desk) -> None:
    message = await desk.wrote(BAIT)
    await desk.given(replace(await desk.thread(), ticket=None))

    shown = granted(await release_message(desk.ports, SUPERVISOR, message.id))

    assert [release.by for release in shown.releases] == [SUPERVISOR.author]


@pytest.mark.parametrize(
    "actor", [AGENT, a_user_as(Role.INTEGRATOR), a_user_as(Role.READER), a_key_for()], ids=lambda actor: actor.role
)
async def test_only_supervisors_and_administrators_release(desk: Desk, actor: Actor) -> None:
    message = await desk.wrote(BAIT)

    assert refused_as(await release_message(desk.ports, actor, message.id)) is ErrorCode.FORBIDDEN

    assert (await desk.message_of(wamid_of(message))).is_quarantined


async def test_what_is_not_quarantined_or_not_here_is_not_released(desk: Desk) -> None:
    message = await desk.wrote("Good morning")

    assert refused_as(await release_message(desk.ports, SUPERVISOR, message.id)) is ErrorCode.CONFLICT
    assert refused_as(await release_message(desk.ports, SUPERVISOR, MessageId("nobody"))) is ErrorCode.NOT_FOUND


async def test_a_released_message_is_judged_again_only_when_it_says_something_else(desk: Desk) -> None:
    message = await desk.wrote(BAIT)
    await release_message(desk.ports, SUPERVISOR, message.id)
    desk.later(MINUTE)

    edit = desk.edit(wamid_of(message), f"{BAIT}!")
    await desk.receive(edit)
    assert (await desk.message_of(wamid_of(message))).is_quarantined

    await release_message(desk.ports, SUPERVISOR, message.id)
    await desk.receive(replace(edit, place=desk.place()))
    shown = await desk.message_of(wamid_of(message))
    assert shown.content == Text(f"{BAIT}!"), "a repeat says nothing new"
    assert len(shown.releases) == 2


async def test_a_hidden_file_is_not_sent_on(desk: Desk) -> None:
    message = await wrote(desk, PHOTO)
    assert isinstance(message.content, MediaMessage)
    file = (await desk.ports.reader.by_ids(Media, ACME, [message.content.media]))[message.content.media]
    ready = with_bytes(file, stored_as="f", mime_type="image/jpeg", size=9, sha256="0" * 64, animated=False)
    await desk.given(ready)
    ask = SendMedia(message.thread, (ready.id,))
    assert isinstance(await send_media(desk.ports, AGENT, ask), list | tuple)

    await hide(desk, message)

    assert refused_as(await send_media(desk.ports, AGENT, ask)) is ErrorCode.NOT_FOUND
