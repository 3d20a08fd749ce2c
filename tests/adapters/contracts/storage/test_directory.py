"""The directory: which organization a name belongs to."""

import asyncio
from contextlib import suppress
from functools import partial

import pytest

from domain.ids import OrganizationId
from domain.ports.directory import UNIQUE_ENTRIES, DirectoryEntry
from tests.adapters.contracts.desks import Desk, DeskOnFire
from tests.builders import ACME, GLOBEX


async def enlisted(
    desk: Desk, organization: OrganizationId, kind: DirectoryEntry, value: str, ref: str = "ref"
) -> bool:
    async with desk.store.transaction(organization) as tx:
        return await tx.enlist(kind, value, ref)


@pytest.mark.parametrize("kind", DirectoryEntry)
async def test_a_listed_name_is_found_with_what_it_refers_to(desk: Desk, kind: DirectoryEntry) -> None:
    assert await enlisted(desk, ACME, kind, "żółw 🐢", "the ref")

    assert await desk.directory.find(kind, ["żółw 🐢"]) == [("żółw 🐢", ACME, "the ref")]


async def test_an_unknown_name_of_another_kind_or_in_another_case_is_not_found(desk: Desk) -> None:
    await enlisted(desk, ACME, DirectoryEntry.NUMBER, "abc")

    assert await desk.directory.find(DirectoryEntry.NUMBER, ["unknown"]) == []
    assert await desk.directory.find(DirectoryEntry.ACCOUNT, ["abc"]) == []
    assert await desk.directory.find(DirectoryEntry.NUMBER, ["ABC"]) == []
    assert await desk.directory.find(DirectoryEntry.NUMBER, []) == []


async def test_many_names_are_found_at_once(desk: Desk) -> None:
    await enlisted(desk, ACME, DirectoryEntry.NUMBER, "1", "one")
    await enlisted(desk, GLOBEX, DirectoryEntry.NUMBER, "2", "two")

    found = await desk.directory.find(DirectoryEntry.NUMBER, ["1", "2", "3", "1"])

    assert sorted(found) == [("1", ACME, "one"), ("2", GLOBEX, "two")]


@pytest.mark.parametrize("kind", sorted(UNIQUE_ENTRIES))
async def test_a_unique_name_belongs_to_who_came_first(desk: Desk, kind: DirectoryEntry) -> None:
    assert await enlisted(desk, ACME, kind, "name", "first")

    assert not await enlisted(desk, GLOBEX, kind, "name", "second")

    assert await desk.directory.find(kind, ["name"]) == [("name", ACME, "first")]


@pytest.mark.parametrize("kind", sorted(set(DirectoryEntry) - UNIQUE_ENTRIES))
async def test_other_names_may_belong_to_several(desk: Desk, kind: DirectoryEntry) -> None:
    assert await enlisted(desk, ACME, kind, "name", "one")
    assert await enlisted(desk, GLOBEX, kind, "name", "other")

    found = await desk.directory.find(kind, ["name"])

    assert sorted(found) == [("name", ACME, "one"), ("name", GLOBEX, "other")]


@pytest.mark.parametrize("kind", DirectoryEntry)
async def test_an_organization_may_list_its_own_name_anew(desk: Desk, kind: DirectoryEntry) -> None:
    await enlisted(desk, ACME, kind, "name", "before")

    assert await enlisted(desk, ACME, kind, "name", "after")

    assert await desk.directory.find(kind, ["name"]) == [("name", ACME, "after")]


async def test_of_those_who_want_one_name_at_the_same_time_one_gets_it(desk: Desk) -> None:
    asking = (partial(enlisted, desk, who, DirectoryEntry.NUMBER, "name", who) for who in (ACME, GLOBEX) * 5)
    won = await asyncio.gather(*(desk.again(each) for each in asking))

    winner = (await desk.directory.find(DirectoryEntry.NUMBER, ["name"]))[0][1]
    assert won == [who == winner for who in (ACME, GLOBEX) * 5]


async def test_a_lost_race_spoils_nothing_else_in_the_transaction(desk: Desk) -> None:
    await enlisted(desk, ACME, DirectoryEntry.NUMBER, "name")

    async with desk.store.transaction(GLOBEX) as tx:
        assert not await tx.enlist(DirectoryEntry.NUMBER, "name", "ref")
        assert await tx.enlist(DirectoryEntry.NUMBER, "another", "ref")

    assert await desk.directory.find(DirectoryEntry.NUMBER, ["another"]) == [("another", GLOBEX, "ref")]


async def test_a_name_taken_from_the_list_is_free(desk: Desk) -> None:
    await enlisted(desk, ACME, DirectoryEntry.NUMBER, "name")

    async with desk.store.transaction(ACME) as tx:
        await tx.delist(DirectoryEntry.NUMBER, "name")

    assert await desk.directory.find(DirectoryEntry.NUMBER, ["name"]) == []
    assert await enlisted(desk, GLOBEX, DirectoryEntry.NUMBER, "name")


@pytest.mark.parametrize("kind", [DirectoryEntry.NUMBER, DirectoryEntry.EMAIL])
async def test_nobody_takes_a_name_of_another_organization_from_the_list(desk: Desk, kind: DirectoryEntry) -> None:
    await enlisted(desk, ACME, kind, "name")

    async with desk.store.transaction(GLOBEX) as tx:
        await tx.delist(kind, "name")

    assert await desk.directory.find(kind, ["name"]) == [("name", ACME, "ref")]


async def test_a_rolled_back_transaction_lists_nothing(desk: Desk) -> None:
    await enlisted(desk, ACME, DirectoryEntry.NUMBER, "kept")

    with suppress(DeskOnFire):
        async with desk.store.transaction(ACME) as tx:
            await tx.enlist(DirectoryEntry.NUMBER, "lost", "ref")
            await tx.delist(DirectoryEntry.NUMBER, "kept")
            raise DeskOnFire

    assert await desk.directory.find(DirectoryEntry.NUMBER, ["lost", "kept"]) == [("kept", ACME, "ref")]


async def test_every_organization_that_is_listed_is_told(desk: Desk) -> None:
    await enlisted(desk, ACME, DirectoryEntry.ORGANIZATION, "acme", ACME)
    await enlisted(desk, GLOBEX, DirectoryEntry.ORGANIZATION, "globex", GLOBEX)

    assert sorted(await desk.directory.organizations()) == [ACME, GLOBEX]
