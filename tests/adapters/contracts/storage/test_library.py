"""The library's rows: kept, found by kind and words, thrown away."""

from datetime import timedelta

import pytest

from domain.conversations.library import LibraryItem, LibraryItemKind
from domain.files.media import Media
from domain.ids import LibraryItemId, MediaId
from domain.ports.reads import LibraryAsk, PageAsk
from domain.text.words import plain_words
from tests.adapters.contracts.desks import Desk, walked
from tests.builders import ACME, GLOBEX, LIBRARY_ITEM, MEDIA, NOON, a_library_item, a_media, an_id

ANY_TONGUE = 'Zażółć "gęślą" \\ jaźń\n日本語 שלום e\u0301 \u200f%_\''


def number(number: int) -> LibraryItemId:
    return LibraryItemId(an_id(number))


async def given_items(desk: Desk) -> None:
    await desk.given(
        a_media(),
        a_library_item(number(3), title="Łódź office", body="Where we are"),
        a_library_item(number(1), title="Prices", kind=LibraryItemKind.DOCUMENT, body=None, media=MEDIA),
        a_library_item(
            number(2), title="Prices", kind=LibraryItemKind.QUOTE, body="100%", url="https://acme.example/offer"
        ),
        a_library_item(number(4), title="Crème brûlée", body="A recipe, OFFERED by the office"),
    )


async def test_an_item_comes_back_with_everything_set_and_bare(desk: Desk) -> None:
    file = a_media()
    full = a_library_item(
        kind=LibraryItemKind.VIDEO,
        title=ANY_TONGUE,
        body=ANY_TONGUE,
        url="https://acme.example/?q=1",
        media=MEDIA,
        updated_at=NOON + timedelta(microseconds=1),
    )
    bare = a_library_item(number(1), body=None)

    await desk.given(file, full, bare)

    assert await desk.reader.by_ids(LibraryItem, ACME, [LIBRARY_ITEM, number(1), number(9)]) == {
        LIBRARY_ITEM: full,
        number(1): bare,
    }
    async with desk.store.transaction(ACME) as tx:
        assert (await tx.row(LibraryItem, LIBRARY_ITEM), await tx.row(LibraryItem, number(9))) == (full, None)
    async with desk.reader.look(ACME) as look:
        assert await look.row(LibraryItem, number(1)) == bare
    async with desk.reader.look(GLOBEX) as look:
        assert await look.row(LibraryItem, LIBRARY_ITEM) is None


async def test_an_item_thrown_away_is_gone_and_its_file_stays(desk: Desk) -> None:
    await desk.given(a_media(), a_library_item(media=MEDIA))

    async with desk.store.transaction(ACME) as tx:
        item = await tx.row(LibraryItem, LIBRARY_ITEM)
        assert item is not None
        tx.remove(item)
        assert await tx.row(LibraryItem, LIBRARY_ITEM) is None

    assert await desk.reader.by_ids(LibraryItem, ACME, [LIBRARY_ITEM]) == {}
    assert await desk.reader.by_ids(Media, ACME, [MEDIA]) == {MEDIA: a_media()}


async def test_an_item_without_its_file_is_not_kept(desk: Desk) -> None:
    with pytest.raises(desk.conflict):
        await desk.given(a_library_item(media=MediaId(an_id(9))))

    assert await desk.reader.by_ids(LibraryItem, ACME, [LIBRARY_ITEM]) == {}


async def test_items_come_by_title_in_pages_of_every_size(desk: Desk) -> None:
    await given_items(desk)
    expected = [number(4), number(1), number(2), number(3)]

    for size in range(1, 6):
        for backward in (False, True):
            rows = await walked(lambda page: desk.reader.library(ACME, LibraryAsk(page)), size, backward=backward)
            assert [row.id for row in rows] == expected


@pytest.mark.parametrize(
    ("kinds", "query", "found"),
    [
        ((), None, [4, 1, 2, 3]),
        ((LibraryItemKind.QUOTE,), None, [2]),
        ((LibraryItemKind.QUOTE, LibraryItemKind.DOCUMENT), None, [1, 2]),
        ((LibraryItemKind.VIDEO,), None, []),
        ((), "LODZ", [3]),
        ((), "łódź", [3]),
        ((), "creme brulee", [4]),
        ((), "Brûlée Crème", [4]),
        ((), "office", [4, 3]),
        ((), "office recipe", [4]),
        ((), "office prices", []),
        ((), "offer", [4, 2]),
        ((), "100%", [2]),
        ((), "_", []),
        ((LibraryItemKind.QUOTE,), "price", [2]),
        ((), "pricesnone", []),
    ],
)
async def test_items_are_found_by_kind_and_all_of_their_words(
    desk: Desk, kinds: tuple[LibraryItemKind, ...], query: str | None, found: list[int]
) -> None:
    await given_items(desk)

    page = await desk.reader.library(ACME, LibraryAsk(PageAsk(10), kinds, plain_words(query)))

    assert [row.id for row in page.rows] == [number(each) for each in found]
    assert (await desk.reader.library(GLOBEX, LibraryAsk(PageAsk(10)))).rows == []
