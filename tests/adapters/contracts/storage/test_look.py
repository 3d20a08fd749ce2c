"""What a decision reads: the same in a transaction, which then acts on it, and of a reader, which only tells."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias

import pytest

from domain.channels.channels import Channel
from domain.channels.templates import Template
from domain.contacts import IdentityKey, IdentityKind
from domain.conversations.library import LibraryItem
from domain.ids import (
    BusinessAccountId,
    ChannelId,
    ContactId,
    EntryId,
    MediaId,
    MessageId,
    OrganizationId,
    PhoneNumberId,
    TemplateId,
    ThreadId,
    UserId,
)
from domain.people.organizations import User
from domain.ports.store import Look
from domain.quota import ConversationKind
from tests.adapters.contracts.desks import Desk
from tests.builders import (
    ACCOUNT,
    ACME,
    CHANNEL,
    CONTACT,
    GLOBEX,
    HOUR,
    LIBRARY_ITEM,
    MEDIA,
    MESSAGE,
    MINUTE,
    NOON,
    TEMPLATE,
    THREAD,
    WA_ID,
    a_channel,
    a_contact,
    a_library_item,
    a_media,
    a_period,
    a_remembered,
    a_template,
    a_thread,
    a_user,
    an_entry,
    an_id,
    an_identity,
    an_inbound,
    an_organization,
    an_outbound,
)

TICK = timedelta(microseconds=1)
NOWHERE = an_id(99)

Looking: TypeAlias = Callable[[Desk, OrganizationId], AbstractAsyncContextManager[Look]]


def in_a_transaction(desk: Desk, organization: OrganizationId) -> AbstractAsyncContextManager[Look]:
    return desk.store.transaction(organization)


def from_outside(desk: Desk, organization: OrganizationId) -> AbstractAsyncContextManager[Look]:
    return desk.reader.look(organization)


@asynccontextmanager
async def with_nothing_held(desk: Desk, organization: OrganizationId) -> AsyncGenerator[Look]:
    async with desk.store.transaction(organization) as tx:
        yield tx.unheld


@pytest.fixture(params=[in_a_transaction, with_nothing_held, from_outside])
def looking(request: pytest.FixtureRequest) -> Looking:
    return request.param


async def test_each_row_is_found_by_its_id(desk: Desk, looking: Looking) -> None:
    await desk.given(
        a_template(), a_thread(), an_inbound(), an_outbound(), a_media(), a_remembered(), an_entry(), a_period()
    )
    await desk.given(a_library_item())

    async with looking(desk, ACME) as look:
        assert look.organization == ACME
        assert await look.settings() == an_organization()
        assert await look.row(Channel, CHANNEL) == a_channel()
        assert await look.row(Template, TEMPLATE) == a_template()
        assert await look.contacts([CONTACT, ContactId(NOWHERE)]) == {CONTACT: a_contact()}
        assert await look.threads([THREAD, ThreadId(NOWHERE)]) == {THREAD: a_thread()}
        assert await look.messages([MESSAGE, MessageId(NOWHERE)]) == {MESSAGE: an_inbound()}
        assert await look.media([MEDIA, MediaId(NOWHERE)]) == {MEDIA: a_media()}
        assert await look.remembered(a_remembered().id) == a_remembered()
        assert await look.row(LibraryItem, LIBRARY_ITEM) == a_library_item()
        assert await look.row(Template, TemplateId(NOWHERE)) is None
        assert await look.remembered("somebody/else") is None


async def test_what_a_transaction_saved_is_seen_in_it_though_nothing_is_held(desk: Desk) -> None:
    changed, renamed = a_channel(name="Sales"), a_contact(name="Bia")

    async with desk.store.transaction(ACME) as tx:
        assert await tx.row(Channel, CHANNEL) == a_channel()
        tx.save(changed, renamed)
        assert await tx.contacts([CONTACT]) == {CONTACT: renamed}
        assert await tx.unheld.row(Channel, CHANNEL) == await tx.row(Channel, CHANNEL) == changed
        assert await tx.unheld.contacts([CONTACT]) == {CONTACT: renamed}
        tx.save(a_channel(name="Support"))
        assert await tx.row(Channel, CHANNEL) == a_channel(name="Support")

    assert await desk.reader.all_of(Channel, ACME, "created_at") == [a_channel(name="Support")]


async def test_what_belongs_together_is_found_together_in_the_order_of_keys(desk: Desk, looking: Looking) -> None:
    second, elsewhere = TemplateId(an_id(2)), TemplateId(an_id(1))
    await desk.given(
        a_template(second, name="another"),
        a_template(),
        a_template(elsewhere, account=BusinessAccountId("77"), name="other"),
        a_contact(ContactId(an_id(5))),
        a_thread(ThreadId(an_id(4))),
        a_thread(),
        a_thread(ThreadId(an_id(3)), contact=ContactId(an_id(5))),
    )

    other = a_channel(ChannelId(an_id(7)), phone_number_id=PhoneNumberId("7"), account=BusinessAccountId("77"))
    await desk.given(other)

    async with looking(desk, ACME) as look:
        assert [each.id for each in await look.channels_of(ACCOUNT)] == [CHANNEL]
        assert await look.channels_of(other.account) == [other]
        assert [each.id for each in await look.templates_of(ACCOUNT)] == [TEMPLATE, second]
        assert [each.id for each in await look.threads_of([CONTACT])] == [THREAD, an_id(4)]
        assert await look.threads_of([]) == []


async def test_rows_of_any_type_are_found_by_ids_or_all_of_them(desk: Desk, looking: Looking) -> None:
    first, second = (a_user(UserId(an_id(each)), email=f"{each}@acme.example") for each in (1, 2))
    await desk.given(second, first)

    async with looking(desk, ACME) as look:
        assert list((await look.by_ids(User, [second.id, first.id, UserId(an_id(9))])).items()) == [
            (first.id, first),
            (second.id, second),
        ]
        assert await look.by_ids(User, []) == {}
        assert await look.all_of(User) == [a_user(), first, second]
    async with looking(desk, GLOBEX) as look:
        assert await look.by_ids(User, [first.id]) == {}
        assert first not in await look.all_of(User)


async def test_people_are_found_by_any_of_several_names(desk: Desk, looking: Looking) -> None:
    by_id = an_identity(an_id(7), kind=IdentityKind.BUSINESS_SCOPED_ID, value="US.1")
    await desk.given(an_identity(), by_id)
    number, scoped = IdentityKey(IdentityKind.WA_ID, WA_ID), IdentityKey(IdentityKind.BUSINESS_SCOPED_ID, "US.1")

    async with looking(desk, ACME) as look:
        assert await look.identities([scoped, number]) == [an_identity(), by_id]
        assert await look.identities([IdentityKey(IdentityKind.PHONE, WA_ID)]) == []
        assert await look.identities([]) == []


async def test_the_ledger_tells_the_month_the_thread_and_the_day(desk: Desk, looking: Looking) -> None:
    refunded = an_entry(EntryId(an_id(1)), at=NOON - MINUTE, refunded_at=NOON)
    replied = an_entry(EntryId(an_id(2)), at=NOON - MINUTE, kind=ConversationKind.USER_INITIATED)
    await desk.given(a_thread(), a_period(), an_entry(at=NOON), refunded, replied)

    async with looking(desk, ACME) as look:
        assert await look.period_at(NOON) == a_period()
        assert await look.period_at(a_period().starts_at - TICK) is None
        assert await look.entries_since(THREAD, NOON - HOUR) == [refunded, replied, an_entry(at=NOON)]
        assert await look.entries_since(THREAD, NOON) == [an_entry(at=NOON)]
        assert await look.allowance_taken(ACCOUNT, NOON - HOUR) == [NOON]
        assert await look.allowance_taken(ACCOUNT, NOON) == []


async def test_another_organizations_rows_are_unknown(desk: Desk, looking: Looking) -> None:
    await desk.given(
        a_template(), a_thread(), an_inbound(), an_outbound(), a_media(), a_remembered(), an_identity(), a_period()
    )

    async with looking(desk, GLOBEX) as look:
        assert (await look.settings()).id == GLOBEX
        assert (await look.row(Template, TEMPLATE), await look.templates_of(ACCOUNT)) == (None, [])
        assert (await look.threads([THREAD]), await look.threads_of([CONTACT])) == ({}, [])
        assert (await look.messages([MESSAGE]), await look.media([MEDIA])) == ({}, {})
        assert await look.identities([an_identity().key]) == []
        assert (await look.remembered(a_remembered().id), await look.period_at(NOON)) == (None, None)


async def test_a_look_from_outside_is_of_one_instant_and_holds_up_nobody(desk: Desk) -> None:
    await desk.given(a_thread())

    async with desk.reader.look(ACME) as look:
        assert await look.threads([THREAD]) == {THREAD: a_thread()}
        async with asyncio.timeout(5):
            await desk.given(replace(a_thread(), unread_count=1), a_template())
        assert (await look.threads([THREAD]), await look.row(Template, TEMPLATE)) == ({THREAD: a_thread()}, None)

    async with desk.reader.look(ACME) as look:
        assert (await look.threads([THREAD]))[THREAD].unread_count == 1
