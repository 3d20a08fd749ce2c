"""The library through the schema: found, kept, changed, thrown away, sent."""

import pytest

from domain.conversations.library import LibraryItemKind
from domain.conversations.sessions import Session
from domain.files.media import MediaState
from domain.files.rules import MediaKind
from domain.ids import LibraryItemId, MediaId
from domain.people.actors import Actor, Role, Scope
from schema.engine.values import ids
from tests.builders import (
    HOUR,
    LIBRARY_ITEM,
    MESSAGE,
    NOON,
    THREAD,
    a_library_item,
    a_media,
    a_thread,
    an_id,
    an_inbound,
)
from tests.schema.desk import AGENT, JSON, SchemaDesk, as_role, open_desk, with_key

SUPERVISOR = as_role(Role.SUPERVISOR)
FILE = MediaId(an_id(60))
FILE_ID = ids.MEDIA.encode(FILE)
ITEM_ID = ids.LIBRARY_ITEM.encode(LIBRARY_ITEM)
SNIPPET: JSON = {"kind": "SNIPPET", "title": "x"}
ITEM = "libraryItem { id kind title body url media { id fileName } updatedAt }"
ERRORS = "userErrors { __typename code field }"


async def a_desk_with_a_library() -> SchemaDesk:
    desk = await open_desk()
    await desk.given(
        a_media(
            FILE,
            kind=MediaKind.DOCUMENT,
            mime_type="application/pdf",
            state=MediaState.READY,
            size=10,
            file_name="prices.pdf",
        ),
        a_library_item(),
        an_inbound(),
        a_thread(session=Session(NOON, NOON, MESSAGE)),
    )
    return desk


async def do(desk: SchemaDesk, what: str, input: JSON, fields: str = ITEM, actor: Actor = SUPERVISOR) -> JSON:
    name = f"libraryItem{what}"
    document = f"mutation($input: LibraryItem{what}Input!) {{ {name}(input: $input) {{ {fields} {ERRORS} }} }}"
    return (await desk.ask(document, {"input": input}, actor))[name]


async def found(desk: SchemaDesk, arguments: str = "", actor: Actor = AGENT) -> list[str]:
    answer = await desk.ask(f"{{ library{arguments} {{ nodes {{ title }} }} }}", actor=actor)
    return [node["title"] for node in answer["library"]["nodes"]]


async def test_an_item_is_kept_found_changed_and_thrown_away() -> None:
    desk = await a_desk_with_a_library()
    made = await do(desk, "Create", {"kind": "DOCUMENT", "title": "Żółta lista", "mediaId": FILE_ID})
    assert made["userErrors"] == []
    item = made["libraryItem"]
    assert item == {
        "id": item["id"],
        "kind": "DOCUMENT",
        "title": "Żółta lista",
        "body": None,
        "url": None,
        "media": {"id": FILE_ID, "fileName": "prices.pdf"},
        "updatedAt": "2026-11-20T12:00:00Z",
    }
    assert await found(desk) == ["Opening hours", "Żółta lista"]
    assert await found(desk, '(query: "ZOLTA", kinds: [DOCUMENT, VIDEO])') == ["Żółta lista"]
    assert await found(desk, '(query: "nine", kinds: [])') == ["Opening hours"]

    desk.clock.advance(HOUR)
    changed = await do(desk, "Update", {"libraryItemId": item["id"], "title": "Prices", "body": "As of today"})
    read = await desk.ask(f'{{ node(id: "{item["id"]}") {{ ... on LibraryItem {{ title updatedAt }} }} }}')
    bare = await do(desk, "Update", {"libraryItemId": item["id"], "body": None})
    gone = await do(desk, "Delete", {"libraryItemId": item["id"]}, "deletedLibraryItemId")

    assert changed["libraryItem"] | {"updatedAt": "?"} == item | {
        "title": "Prices",
        "body": "As of today",
        "updatedAt": "?",
    }
    assert read["node"] == {"title": "Prices", "updatedAt": "2026-11-20T13:00:00Z"}
    assert (bare["libraryItem"]["title"], bare["libraryItem"]["body"]) == ("Prices", None)
    assert gone == {"deletedLibraryItemId": item["id"], "userErrors": []}
    assert await found(desk) == ["Opening hours"]


async def test_items_come_in_pages() -> None:
    desk = await a_desk_with_a_library()
    await do(desk, "Create", {"kind": "QUOTE", "title": "Offer", "url": "https://acme.example/1"})

    page = (await desk.ask("{ library(first: 1) { nodes { title url } pageInfo { hasNextPage endCursor } } }"))[
        "library"
    ]

    assert page["nodes"] == [{"title": "Offer", "url": "https://acme.example/1"}]
    assert page["pageInfo"]["hasNextPage"]
    assert await found(desk, f'(first: 5, after: "{page["pageInfo"]["endCursor"]}")') == ["Opening hours"]


@pytest.mark.parametrize(
    ("what", "input", "error"),
    [
        ("Create", {"kind": "SNIPPET", "title": " ", "body": "x"}, ("RefusedError", "INVALID", ["title"])),
        ("Create", SNIPPET, ("RefusedError", "INVALID", ["body"])),
        (
            "Create",
            {"kind": "SNIPPET", "title": "x", "body": "x" * 4097},
            ("TextTooLongError", "TEXT_TOO_LONG", ["body"]),
        ),
        ("Create", {"kind": "QUOTE", "title": "x", "url": "file:///etc"}, ("RefusedError", "INVALID", ["url"])),
        ("Create", {"kind": "VIDEO", "title": "x", "mediaId": FILE_ID}, ("RefusedError", "INVALID", ["mediaId"])),
        ("Create", {"kind": "VIDEO", "title": "x", "mediaId": ITEM_ID}, ("RefusedError", "INVALID", ["mediaId"])),
        ("Create", {"kind": "SNIPPET", "title": "a \0", "body": "x"}, ("RefusedError", "INVALID", ["title"])),
        ("Update", {"libraryItemId": ITEM_ID, "title": None}, ("RefusedError", "INVALID", ["title"])),
        ("Update", {"libraryItemId": ITEM_ID, "mediaId": ITEM_ID}, ("RefusedError", "INVALID", ["mediaId"])),
        ("Update", {"libraryItemId": FILE_ID, "title": "x"}, ("RefusedError", "INVALID", ["libraryItemId"])),
        ("Delete", {"libraryItemId": FILE_ID}, ("RefusedError", "INVALID", ["libraryItemId"])),
    ],
)
async def test_what_is_refused_names_its_field(what: str, input: JSON, error: tuple[str, str, list[str]]) -> None:
    desk = await a_desk_with_a_library()

    payload = await do(desk, what, input, "__typename")

    assert [tuple(each.values()) for each in payload["userErrors"]] == [error]


@pytest.mark.parametrize("actor", [AGENT, as_role(Role.READER), with_key(Scope.CONTACTS)])
async def test_everybody_reads_the_library_and_few_change_it(actor: Actor) -> None:
    desk = await a_desk_with_a_library()

    answers = [
        await do(desk, "Create", SNIPPET | {"body": "x"}, actor=actor),
        await do(desk, "Update", {"libraryItemId": ITEM_ID, "title": "x"}, actor=actor),
        await do(desk, "Delete", {"libraryItemId": ITEM_ID}, "deletedLibraryItemId", actor),
    ]

    assert [answer["userErrors"][0]["code"] for answer in answers] == ["FORBIDDEN"] * 3
    assert await found(desk, actor=actor) == ["Opening hours"]


async def test_an_item_is_sent_as_what_it_is() -> None:
    desk = await a_desk_with_a_library()
    document = (await do(desk, "Create", {"kind": "DOCUMENT", "title": "Prices", "mediaId": FILE_ID}))["libraryItem"][
        "id"
    ]
    await desk.given(a_library_item(kind=LibraryItemKind.QUOTE, body="Your offer", url="https://acme.example/1"))
    send = """mutation($input: MessageSendInput!) { messageSend(input: $input) { userErrors { code field }
        message { content { ... on TextContent { body previewUrl } ... on MediaContent { media { id } } } } } }"""

    async def sent(item: str) -> JSON:
        input = {"threadId": ids.THREAD.encode(THREAD), "content": {"libraryItemId": item}}
        return (await desk.ask(send, {"input": input}))["messageSend"]

    assert (await sent(document))["message"]["content"] == {"media": {"id": FILE_ID}}
    assert (await sent(ITEM_ID))["message"]["content"] == {
        "body": "Your offer\nhttps://acme.example/1",
        "previewUrl": True,
    }
    assert (await sent(FILE_ID))["userErrors"] == [{"code": "INVALID", "field": ["content", "libraryItemId"]}]
    nowhere = ids.LIBRARY_ITEM.encode(LibraryItemId(an_id(9)))
    assert (await sent(nowhere))["userErrors"] == [{"code": "NOT_FOUND", "field": ["content", "libraryItemId"]}]


async def test_a_query_of_nonsense_is_told_so() -> None:
    desk = await a_desk_with_a_library()

    words = " ".join(f"w{number}" for number in range(17))
    assert "17 words" in str(await desk.refusal(f'{{ library(query: "{words}") {{ nodes {{ id }} }} }}'))
    assert "NUL" in str(await desk.refusal('{ library(query: "\\u0000") { nodes { id } } }'))
