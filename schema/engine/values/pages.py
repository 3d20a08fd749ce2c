"""Relay connections: pages by place and not by number, so that what comes in meanwhile moves nothing.

A connection's cursor holds the place of a row in one list and order. It is opaque, and one of another list or order is
BAD_REQUEST.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeAlias, TypeVar

import strawberry

from domain.ports.reads import Page, PageAsk
from schema.engine import limits
from schema.engine.api_error import bad_request

T = TypeVar("T")
R = TypeVar("R")

First: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description=f"How many, from the start or behind `after`: {limits.PAGE_DEFAULT} unless said otherwise, at most"
        f" {limits.PAGE_MOST}. More is an error."
    ),
]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="Go on behind this row: its `cursor`, or the page's `endCursor`. Goes with `first`."
    ),
]
Last: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description=f"How many, counted from the end or from `before` backward, at most {limits.PAGE_MOST}. Rows keep"
        " their order. Goes without `first`."
    ),
]
Before: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="Stop before this row: its `cursor`, or the page's `startCursor`. Goes with `last`."
    ),
]

MARK_BYTES = 9
LONGEST_CURSOR = 2000  # characters


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="More follows: ask with `after: endCursor`.")
    has_previous_page: bool = strawberry.field(
        description="There is more before: ask with `before: startCursor` where the field takes it."
    )
    start_cursor: str | None = strawberry.field(description="The first row's cursor; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The last row's cursor; null on an empty page.")


@strawberry.type(description="One row of a page together with its place.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(
        description="The row's place in this list and order; opaque, good for `after` and `before` of the same field."
    )
    node: T = strawberry.field(description="The row itself.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The rows with their places.")
    nodes: list[T] = strawberry.field(description="The rows alone, in the same order.")
    page_info: PageInfo = strawberry.field(description="Whether there is more, and how to ask for it.")


@dataclass(frozen=True, slots=True)
class PageArguments:
    """Which page of a connection somebody asks for, as its arguments say."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    def ask(self, order: str) -> PageAsk:
        return page_ask(order, self.first, self.after, self.last, self.before)


def page_ask(
    order: str, first: int | None, after: str | None, last: int | None = None, before: str | None = None
) -> PageAsk:
    """What the reader is to fetch. `order` names list and order: a cursor is good for one of them only."""
    if first is not None and last is not None:
        raise bad_request("Page forward with `first` and `after`, or backward with `last` and `before`: not both.")
    if last is None and before is not None:
        raise bad_request("`before` goes with `last`; page forward with `first` and `after`.")
    if last is not None and after is not None:
        raise bad_request("`after` goes with `first`; page backward with `last` and `before`.")
    if last is not None:
        return PageAsk(_size(last, "last"), before=_place(before, order, "before"), from_end=True)
    return PageAsk(page_size(first), after=_place(after, order, "after"))


def page_size(first: int | None) -> int:
    return limits.PAGE_DEFAULT if first is None else _size(first, "first")


async def read(ask: PageAsk, page: Awaitable[Page[R]]) -> Page[R]:
    """The reader's page; BAD_REQUEST where a cursor was put together by hand and leads to no place."""
    try:
        return await page
    except ValueError:
        if ask.after is None and ask.before is None:
            raise
        raise bad_request("This cursor leads nowhere: pass one that the same field gave, unchanged.") from None


def connection(page: Page[R], order: str, show: Callable[[R], T]) -> Connection[T]:
    """A reader's page as the API shows it; `show` makes the type of a row."""
    rows = edges(page, order, show)
    return Connection(edges=rows, nodes=[row.node for row in rows], page_info=page_info(page, rows))


def edges(page: Page[R], order: str, show: Callable[[R], T]) -> list[Edge[T]]:
    return [
        Edge(cursor=cursor_of(order, place), node=show(row)) for row, place in zip(page.rows, page.places, strict=True)
    ]


def page_info(page: Page[R], rows: Sequence[Edge[T]]) -> PageInfo:
    return PageInfo(
        has_next_page=page.has_next,
        has_previous_page=page.has_previous,
        start_cursor=rows[0].cursor if rows else None,
        end_cursor=rows[-1].cursor if rows else None,
    )


def cursor_of(order: str, place: tuple[str, ...]) -> str:
    raw = json.dumps(place, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mark(order, raw) + raw).rstrip(b"=").decode()


def _place(cursor: str | None, order: str, argument: str) -> tuple[str, ...] | None:
    if cursor is None:
        return None
    raw = _opened(cursor, order)
    if raw is None:
        raise bad_request(
            f"`{argument}` is not a cursor of this list in this order: pass one that the same field gave, unchanged."
        )
    return tuple(json.loads(raw))


def _opened(cursor: str, order: str) -> bytes | None:
    if len(cursor) > LONGEST_CURSOR:
        return None
    try:
        plain = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    mark, raw = plain[:MARK_BYTES], plain[MARK_BYTES:]
    return raw if mark == _mark(order, raw) else None


def _mark(order: str, raw: bytes) -> bytes:
    """Ties a place to its list, and makes a cut or mistyped cursor known before a store has to read it."""
    return hashlib.blake2b(raw, digest_size=MARK_BYTES, key=hashlib.sha256(order.encode()).digest()).digest()


def _size(size: int, argument: str) -> int:
    if not 0 <= size <= limits.PAGE_MOST:
        raise bad_request(f"`{argument}` is {size}; it may be 0 to {limits.PAGE_MOST}.")
    return size
