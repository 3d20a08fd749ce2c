"""The library: what is sent again and again, and who may change it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

import strawberry
from strawberry import Info

import schema.types.files.media
from domain.conversations import library
from domain.conversations.contents import CAPTION_LIMIT, TEXT_LIMIT
from domain.conversations.library import SCHEMES, TITLE_LIMIT, URL_LIMIT, LibraryItemKind
from domain.ids import LibraryItemId
from domain.ports.reads import LibraryAsk
from domain.text.words import plain_words
from domain.use_cases.conversations.library import CreateItem, UpdateItem, create_item, delete_item, update_item
from schema.context import Context
from schema.engine.api_error import bad_request
from schema.engine.readable import readable
from schema.engine.values import ids
from schema.engine.values.enums import describe
from schema.engine.values.given import left_or
from schema.engine.values.ids import Node
from schema.engine.values.pages import Connection, connection, page_ask, read
from schema.types.errors import UserError, user_errors
from schema.types.files.media import Media
from schema.types.inputs import done

ORDER = "library"
MOST_WORDS = 16  # of a query: each is looked for in every item

describe(
    LibraryItemKind,
    "What an item of the library is, and so how it is sent.",
    {
        "SNIPPET": "Words, sent as a plain text.",
        "DOCUMENT": "A file, a document or a picture, with words under it or none.",
        "MEETING_LINK": "Where a meeting can be booked or joined: words with the link below.",
        "QUOTE": "Where an offer can be read: words with the link below.",
        "KNOWLEDGE_ARTICLE": "Where something is explained: words with the link below.",
        "VIDEO": "A film, with words under it or none.",
    },
)

_BODY = (
    f"The words. At most {TEXT_LIMIT} characters, of a link together with it; {CAPTION_LIMIT} under a file. A snippet"
    " has to have some; a link without is sent with its title."
)
_URL = f"Where a link leads: {' or '.join(SCHEMES)}, at most {URL_LIMIT} characters. For the three kinds of links only."
_MEDIA = "The file of a DOCUMENT or VIDEO: one you uploaded, its bytes here, READY. For these two kinds only."


@strawberry.type(description="Something that is sent again and again, kept ready for everybody here.")
class LibraryItem(Node):
    kind: LibraryItemKind = strawberry.field(description="What it is, and so how it is sent.")
    title: str = strawberry.field(description="What the people here find it by.")
    body: str | None = strawberry.field(description="Its words; null where it has none.")
    url: str | None = strawberry.field(description="Where it leads; null for what is no link.")
    updated_at: datetime = strawberry.field(description="When it was last changed, or made.")
    item: strawberry.Private[library.LibraryItem]

    @strawberry.field(description="Its file; null for what is none.")
    async def media(self, info: Info[Context, None]) -> Media | None:
        return (
            await schema.types.files.media.loaded(info.context, self.item.media)
            if self.item.media is not None
            else None
        )

    @classmethod
    def of(cls, item: library.LibraryItem) -> Self:
        return cls(
            id=ids.LIBRARY_ITEM.encode(item.id),
            kind=item.kind,
            title=item.title,
            body=item.body,
            url=item.url,
            updated_at=item.updated_at,
            item=item,
        )


async def loaded(context: Context, id: LibraryItemId) -> LibraryItem | None:
    item = await context.loaders.library_items.load(id)
    return LibraryItem.of(item) if item else None


async def page(
    context: Context,
    *,
    first: int | None,
    after: str | None,
    kinds: Sequence[LibraryItemKind] | None,
    query: str | None,
) -> Connection[LibraryItem]:
    words = plain_words(readable(query, "query"))
    if len(words) > MOST_WORDS:
        raise bad_request(f"`query` has {len(words)} words; at most {MOST_WORDS} are looked for.")
    ask = LibraryAsk(page_ask(ORDER, first, after), tuple(dict.fromkeys(kinds or ())), words)
    return connection(await read(ask.page, context.reads.library(context.organization, ask)), ORDER, LibraryItem.of)


# ---------------------------------------------------------------- made, changed, thrown away


@strawberry.input(description="Something to keep ready.")
class LibraryItemCreateInput:
    kind: LibraryItemKind = strawberry.field(description="What it is; it stays that.")
    title: str = strawberry.field(description=f"What the people here shall find it by, 1 to {TITLE_LIMIT} characters.")
    body: str | None = strawberry.field(default=None, description=_BODY)
    url: str | None = strawberry.field(default=None, description=_URL)
    media_id: strawberry.ID | None = strawberry.field(default=None, description=_MEDIA)


@strawberry.type(description="The new item, or why there is none.")
class LibraryItemCreatePayload:
    library_item: LibraryItem | None = strawberry.field(
        default=None, description="The item; null where it was refused."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.input(
    description="What to change of an item. What is left out stays. Messages it was sent with stay as they are."
)
class LibraryItemUpdateInput:
    library_item_id: strawberry.ID = strawberry.field(description="Which item.")
    title: strawberry.Maybe[str | None] = strawberry.field(
        description=f"1 to {TITLE_LIMIT} characters; there always is one."
    )
    body: strawberry.Maybe[str | None] = strawberry.field(description=f"{_BODY} Null takes them away.")
    url: strawberry.Maybe[str | None] = strawberry.field(description=f"{_URL} There they can't be taken away.")
    media_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description=f"{_MEDIA} There it can't be taken away."
    )


@strawberry.type(description="The item as it is now, or why it was not changed.")
class LibraryItemUpdatePayload:
    library_item: LibraryItem | None = strawberry.field(
        default=None, description="The item; null where it was refused."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="An item to throw away. Messages it was sent with stay as they are.")
class LibraryItemDeleteInput:
    library_item_id: strawberry.ID = strawberry.field(description="Which item.")


@strawberry.type(description="Which item is gone, or why it stays.")
class LibraryItemDeletePayload:
    deleted_library_item_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id it had; null where it was refused."
    )
    user_errors: list[UserError] = user_errors()


async def create(info: Info[Context, None], input: LibraryItemCreateInput) -> LibraryItemCreatePayload:
    context = info.context
    media = ids.MEDIA.given_or_none(input.media_id, "mediaId")
    command = CreateItem(input.kind, input.title, input.body, input.url, media)
    library_item = done(await create_item(context.ports, context.acting, command))
    await context.read_on(library_item.organization, library_item)
    return LibraryItemCreatePayload(library_item=await loaded(context, library_item.id))


async def update(info: Info[Context, None], input: LibraryItemUpdateInput) -> LibraryItemUpdatePayload:
    context = info.context
    command = UpdateItem(
        item=ids.LIBRARY_ITEM.given(input.library_item_id, "libraryItemId"),
        title=left_or(input.title, str),
        body=left_or(input.body, str),
        url=left_or(input.url, str),
        media=left_or(input.media_id, lambda id: ids.MEDIA.given(id, "mediaId")),
    )
    library_item = done(await update_item(context.ports, context.acting, command))
    await context.read_on(library_item.organization, library_item)
    return LibraryItemUpdatePayload(library_item=await loaded(context, library_item.id))


async def delete(info: Info[Context, None], input: LibraryItemDeleteInput) -> LibraryItemDeletePayload:
    context = info.context
    library_item = done(
        await delete_item(context.ports, context.acting, ids.LIBRARY_ITEM.given(input.library_item_id, "libraryItemId"))
    )
    await context.read_on(library_item.organization)
    return LibraryItemDeletePayload(deleted_library_item_id=ids.LIBRARY_ITEM.encode(library_item.id))
