"""The library: what may be kept, who may change it, and what a contact gets of it."""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.conversations.contents import CAPTION_LIMIT, TEXT_LIMIT, MediaMessage, Text
from domain.conversations.library import (
    TITLE_LIMIT,
    URL_LIMIT,
    LibraryItem,
    LibraryItemKind,
    as_sent,
    fault_of,
    file_refusal,
)
from domain.conversations.messages import Direction
from domain.error_codes import ErrorCode
from domain.errors import MediaRejected, Refusal, Refused, TextTooLong
from domain.files.media import Media, MediaState
from domain.files.rules import MediaKind
from domain.ids import LibraryItemId, MediaId, MessageId
from domain.people.actors import Actor, Role, Scope
from domain.use_cases.conversations.library import CreateItem, UpdateItem, create_item, delete_item, update_item
from domain.use_cases.outbound.sending.send_item import SendItem, send_item
from tests.builders import (
    ACME,
    DAY,
    GLOBEX,
    HOUR,
    LIBRARY_ITEM,
    MEDIA,
    NOON,
    a_library_item,
    a_media,
    an_id,
    an_organization,
)
from tests.domain.one_desk import AGENT, READER, Desk, a_key_for, a_user_as, granted, open_desk, refusal_of, refused_as
from tests.due import due_sends

SNIPPET, DOCUMENT, VIDEO = LibraryItemKind.SNIPPET, LibraryItemKind.DOCUMENT, LibraryItemKind.VIDEO
MEETING, QUOTE, ARTICLE = LibraryItemKind.MEETING_LINK, LibraryItemKind.QUOTE, LibraryItemKind.KNOWLEDGE_ARTICLE
SUPERVISOR = a_user_as(Role.SUPERVISOR)
MAY_KEEP = [a_user_as(role) for role in (Role.ADMIN, Role.SUPERVISOR, Role.INTEGRATOR)]
LINK = "https://acme.example/hours?day=1#top"
FILM = MediaId(an_id(70))
NOWHERE = an_id(99)
LAST_OCTOBER = datetime(2024, 10, 30, 12, tzinfo=UTC)

PDF = a_media(
    kind=MediaKind.DOCUMENT, mime_type="application/pdf", state=MediaState.READY, direction=Direction.OUTBOUND, size=10
)
A_FILM = a_media(FILM, kind=MediaKind.VIDEO, mime_type="video/mp4", state=MediaState.READY, size=10)


@pytest.fixture
async def desk() -> Desk:
    """A contact wrote at noon; a document and a film are at hand."""
    desk = await open_desk()
    await desk.wrote()
    await desk.given(PDF, A_FILM)
    return desk


async def item_of(desk: Desk, id: LibraryItemId) -> LibraryItem | None:
    return (await desk.ports.reader.by_ids(LibraryItem, ACME, [id])).get(id)


async def kept(desk: Desk, asked: CreateItem, by: Actor = SUPERVISOR) -> LibraryItem:
    return granted(await create_item(desk.ports, by, asked))


async def refused(answer: Awaitable[object]) -> tuple[ErrorCode, tuple[str, ...]]:
    refusal = refusal_of(await answer)
    assert isinstance(refusal, Refused)
    return refusal.code, refusal.field


# What may be kept


def an_item(
    kind: LibraryItemKind, body: str | None = None, url: str | None = None, media: MediaId | None = None
) -> LibraryItem:
    return a_library_item(kind=kind, body=body, url=url, media=media)


@pytest.mark.parametrize(
    ("item", "file"),
    [
        (an_item(SNIPPET, "x" * TEXT_LIMIT), None),
        (an_item(MEETING, url=LINK), None),
        (an_item(QUOTE, "Your offer", "http://a.example:8080/1"), None),
        (an_item(ARTICLE, "x" * (TEXT_LIMIT - len(LINK) - 1), LINK), None),
        (an_item(ARTICLE, url="https://żółw.example/ścieżka"), None),
        (an_item(DOCUMENT, media=MEDIA), PDF),
        (an_item(DOCUMENT, "x" * CAPTION_LIMIT, media=MEDIA), PDF),
        (an_item(DOCUMENT, media=MEDIA), replace(PDF, kind=MediaKind.IMAGE, mime_type="image/png")),
        (an_item(VIDEO, media=FILM), A_FILM),
        (replace(an_item(SNIPPET, "x"), title="x" * TITLE_LIMIT), None),
    ],
)
def test_what_could_be_sent_may_be_kept(item: LibraryItem, file: Media | None) -> None:
    assert fault_of(item, file) is None


@pytest.mark.parametrize(
    ("item", "file", "field"),
    [
        (replace(an_item(SNIPPET, "x"), title=" "), None, "title"),
        (an_item(SNIPPET), None, "body"),
        (an_item(SNIPPET, " \n"), None, "body"),
        (an_item(SNIPPET, "x", url=LINK), None, "url"),
        (an_item(SNIPPET, "x", media=MEDIA), PDF, "mediaId"),
        (an_item(MEETING, "x"), None, "url"),
        (an_item(QUOTE, "x", LINK, MEDIA), PDF, "mediaId"),
        (an_item(DOCUMENT, "x"), None, "mediaId"),
        (an_item(DOCUMENT, url=LINK, media=MEDIA), PDF, "url"),
        (an_item(DOCUMENT, media=FILM), A_FILM, "mediaId"),
        (an_item(VIDEO, media=MEDIA), PDF, "mediaId"),
        (an_item(DOCUMENT, media=MEDIA), replace(PDF, message=MessageId(NOWHERE)), "mediaId"),
        (an_item(VIDEO, media=FILM), replace(A_FILM, state=MediaState.PENDING), "mediaId"),
        (an_item(VIDEO, media=FILM), replace(A_FILM, size=None), "mediaId"),
    ],
)
def test_what_could_not_be_sent_is_refused_by_its_field(item: LibraryItem, file: Media | None, field: str) -> None:
    refusal = fault_of(item, file)

    assert isinstance(refusal, Refused)
    assert (refusal.code, refusal.field) == (ErrorCode.INVALID, (field,))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "acme.example",
        "//acme.example",
        "ftp://acme.example",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "https://:443/",
        "https://acme.example:0/",
        "https://acme.example:port/",
        "https://acme.example:99999/",
        "https://bank.example@evil.example/",
        "https://acme.example/with a blank",
        "https://acme.example\\evil",
        "https://acme.example/\n",
        "https://acme.example/\u202egnp.exe",
        "https://[::1",
    ],
)
def test_a_link_is_a_plain_web_address(url: str) -> None:
    assert getattr(fault_of(an_item(MEETING, url=url), None), "field", None) == ("url",)


@pytest.mark.parametrize(
    ("item", "file", "refusal"),
    [
        (
            replace(an_item(SNIPPET, "x"), title="x" * (TITLE_LIMIT + 1)),
            None,
            TextTooLong(TITLE_LIMIT, TITLE_LIMIT + 1, ("title",)),
        ),
        (an_item(SNIPPET, "x" * (TEXT_LIMIT + 1)), None, TextTooLong(TEXT_LIMIT, TEXT_LIMIT + 1, ("body",))),
        (
            an_item(QUOTE, "x" * TEXT_LIMIT, LINK),
            None,
            TextTooLong(TEXT_LIMIT - len(LINK) - 1, TEXT_LIMIT, ("body",)),
        ),
        (
            an_item(DOCUMENT, "x" * (CAPTION_LIMIT + 1), media=MEDIA),
            PDF,
            TextTooLong(CAPTION_LIMIT, CAPTION_LIMIT + 1, ("body",)),
        ),
        (
            an_item(QUOTE, url="https://a.example/" + "x" * URL_LIMIT),
            None,
            TextTooLong(URL_LIMIT, URL_LIMIT + 18, ("url",)),
        ),
    ],
)
def test_what_is_too_long_is_refused_with_the_limit(item: LibraryItem, file: Media | None, refusal: Refusal) -> None:
    assert fault_of(item, file) == refusal


def test_a_file_that_whatsapp_would_not_take_is_refused_by_the_rule() -> None:
    refusal = fault_of(an_item(VIDEO, media=FILM), replace(A_FILM, size=17 * 1024 * 1024))

    assert isinstance(refusal, MediaRejected)
    assert (refusal.rule.kind, refusal.field) == (MediaKind.VIDEO, ("mediaId",))


# What a contact gets


@pytest.mark.parametrize(
    ("item", "content"),
    [
        (an_item(SNIPPET, "Nine to *five*"), Text("Nine to *five*")),
        (an_item(MEETING, "Book here:", LINK), Text(f"Book here:\n{LINK}", preview_url=True)),
        (an_item(QUOTE, url=LINK), Text(f"Opening hours\n{LINK}", preview_url=True)),
        (an_item(ARTICLE, "Read on", LINK), Text(f"Read on\n{LINK}", preview_url=True)),
        (an_item(DOCUMENT, "The list", media=MEDIA), MediaMessage(MEDIA, "The list")),
        (an_item(VIDEO, media=FILM), MediaMessage(FILM)),
    ],
)
async def test_a_file_goes_as_that_file_a_link_as_words_with_it_and_a_snippet_as_plain_words(
    desk: Desk, item: LibraryItem, content: Text | MediaMessage
) -> None:
    await desk.given(item)

    message = granted(await send_item(desk.ports, AGENT, SendItem((await desk.thread()).id, item.id)))

    assert as_sent(item) == content
    assert (message.content, (await desk.messages())[-1].id) == (content, message.id)
    assert [id for _, id in await due_sends(desk.ports.store, desk.clock.now(), 9)] == [message.id]


async def test_what_was_sent_stays_when_the_item_changes_and_when_it_goes(desk: Desk) -> None:
    item = await kept(desk, CreateItem(SNIPPET, "Hours", "Nine to five"))
    asked = SendItem((await desk.thread()).id, item.id, idempotency_key="once")
    message = granted(await send_item(desk.ports, AGENT, asked))

    granted(await update_item(desk.ports, SUPERVISOR, UpdateItem(item.id, body="Ten to four")))
    again = granted(await send_item(desk.ports, AGENT, asked))
    second = granted(await send_item(desk.ports, AGENT, replace(asked, idempotency_key=None)))
    granted(await delete_item(desk.ports, SUPERVISOR, item.id))

    assert (again.id, second.content) == (message.id, Text("Ten to four"))
    assert (await desk.message_by_id(message.id)).content == Text("Nine to five")
    assert granted(await send_item(desk.ports, AGENT, asked)).id == message.id
    assert await refused(send_item(desk.ports, AGENT, replace(asked, idempotency_key="new"))) == (
        ErrorCode.NOT_FOUND,
        ("content", "libraryItemId"),
    )


async def test_an_item_answers_a_message(desk: Desk) -> None:
    await desk.given(a_library_item())
    [question] = await desk.messages()

    message = granted(await send_item(desk.ports, AGENT, SendItem(question.thread, LIBRARY_ITEM, question.id)))

    assert message.reply_to == question.id


async def test_an_item_goes_where_any_reply_goes_and_nowhere_else(desk: Desk) -> None:
    document = replace(an_item(DOCUMENT, media=MEDIA), id=LibraryItemId(an_id(6)))
    await desk.given(a_library_item(), document)
    asked = SendItem((await desk.thread()).id, LIBRARY_ITEM)

    async def code(asked: SendItem, by: Actor = AGENT) -> ErrorCode:
        before = await desk.state()
        answer = refused_as(await send_item(desk.ports, by, asked))
        assert await desk.state() == before
        return answer

    assert await code(asked, READER) is ErrorCode.FORBIDDEN
    assert await code(replace(asked, idempotency_key="")) is ErrorCode.INVALID
    assert await code(replace(asked, reply_to=MessageId(NOWHERE))) is ErrorCode.NOT_FOUND
    await desk.given(replace(PDF, state=MediaState.EXPIRED))
    assert await code(replace(asked, item=document.id)) is ErrorCode.INVALID
    desk.later(DAY)
    assert await code(asked) is ErrorCode.SESSION_CLOSED


async def test_where_replies_counted_an_item_took_a_conversation_too() -> None:
    desk = await open_desk(LAST_OCTOBER)
    await desk.given(
        replace(an_organization(), quota_limit=0, subscribed_on=LAST_OCTOBER.date()),
        replace(await desk.channel(), connected_at=LAST_OCTOBER - DAY),
        a_library_item(),
    )
    await desk.wrote()

    assert refused_as(await send_item(desk.ports, AGENT, SendItem((await desk.thread()).id, LIBRARY_ITEM))) is (
        ErrorCode.QUOTA_EXCEEDED
    )


# Made, changed, thrown away


@pytest.mark.parametrize("actor", [*MAY_KEEP, a_key_for(Scope.MESSAGES)])
async def test_who_keeps_the_library_makes_changes_and_deletes(desk: Desk, actor: Actor) -> None:
    item = await kept(desk, CreateItem(MEETING, "  Book  ", "", LINK), actor)
    assert await item_of(desk, item.id) == item
    assert (item.title, item.body, item.url, item.created_at, item.updated_at) == ("Book", None, LINK, NOON, NOON)

    desk.later(HOUR)
    changed = granted(await update_item(desk.ports, actor, UpdateItem(item.id, title="Meet us ", body="Choose a day")))

    assert changed == replace(item, title="Meet us", body="Choose a day", updated_at=NOON + HOUR)
    assert await item_of(desk, item.id) == changed
    assert granted(await delete_item(desk.ports, actor, item.id)) == changed
    assert await item_of(desk, item.id) is None


@pytest.mark.parametrize("actor", [AGENT, READER, a_key_for(Scope.TICKETS)])
async def test_others_may_not(desk: Desk, actor: Actor) -> None:
    await desk.given(a_library_item())

    answers = [
        await create_item(desk.ports, actor, CreateItem(SNIPPET, "Hours", "x")),
        await update_item(desk.ports, actor, UpdateItem(LIBRARY_ITEM, title="x")),
        await delete_item(desk.ports, actor, LIBRARY_ITEM),
    ]

    assert [refused_as(answer) for answer in answers] == [ErrorCode.FORBIDDEN] * 3
    assert await item_of(desk, LIBRARY_ITEM) == a_library_item()


async def test_what_is_left_out_stays_and_what_is_null_goes(desk: Desk) -> None:
    item = await kept(desk, CreateItem(DOCUMENT, "Prices", "As of today", media=MEDIA))

    desk.later(HOUR)
    assert granted(await update_item(desk.ports, SUPERVISOR, UpdateItem(item.id))) == item
    assert granted(await update_item(desk.ports, SUPERVISOR, UpdateItem(item.id, title="Prices"))) == item
    bare = granted(await update_item(desk.ports, SUPERVISOR, UpdateItem(item.id, body=None, url=None)))

    assert (bare.body, bare.media) == (None, MEDIA)
    refusals = [
        await refused(update_item(desk.ports, SUPERVISOR, asked))
        for asked in (
            UpdateItem(item.id, title=None),
            UpdateItem(item.id, title=" "),
            UpdateItem(item.id, media=None),
            UpdateItem(item.id, media=FILM),
            UpdateItem(item.id, media=MediaId(NOWHERE)),
            UpdateItem(item.id, url=LINK),
            UpdateItem(LibraryItemId(NOWHERE), title="x"),
        )
    ]
    invalid = ErrorCode.INVALID
    assert refusals == [
        (invalid, ("title",)),
        (invalid, ("title",)),
        (invalid, ("mediaId",)),
        (invalid, ("mediaId",)),
        (ErrorCode.NOT_FOUND, ("mediaId",)),
        (invalid, ("url",)),
        (ErrorCode.NOT_FOUND, ("libraryItemId",)),
    ]
    assert await item_of(desk, item.id) == bare


async def test_another_organizations_items_and_files_are_unknown(desk: Desk) -> None:
    await desk.given(an_organization(GLOBEX))
    await desk.given(a_library_item(organization=GLOBEX))

    assert await refused(delete_item(desk.ports, SUPERVISOR, LIBRARY_ITEM)) == (ErrorCode.NOT_FOUND, ("libraryItemId",))
    asked = SendItem((await desk.thread()).id, LIBRARY_ITEM)
    assert (await refused(send_item(desk.ports, AGENT, asked)))[0] is ErrorCode.NOT_FOUND


def test_an_item_whose_file_is_gone_can_not_be_sent() -> None:
    refusal = file_refusal(None, "content", "libraryItemId")

    assert isinstance(refusal, Refused)
    assert (refusal.code, refusal.field) == (ErrorCode.INVALID, ("content", "libraryItemId"))
